"""What became better or worse since the model before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .inputs import About
from .numbers import Numbers, PersonNumbers

VERSION = 1
"""Of the form of `report.json`."""


@dataclass(frozen=True, slots=True)
class PreviousPerson:
    """What an earlier report says of a person; numbers that it lacks are None."""

    name: str
    n_images: int
    recall: float | None
    precision: float | None


@dataclass(frozen=True, slots=True)
class Previous:
    """An earlier model, as far as its report can be read.

    Attributes:
        model_id, engine, classifier, created_at: As in its record.
        people: Its people by name.
        metrics: Its numbers of `METRICS`.
        problem: Why its numbers are missing, as a sentence; empty where they are not.
    """

    model_id: str
    engine: str
    classifier: str
    created_at: str
    people: Mapping[str, PreviousPerson]
    metrics: Mapping[str, float | None]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One number of two models. `better` is 1 where more is better, -1 where less is, 0 where neither."""

    key: str
    title: str
    before: float | None
    now: float | None
    better: int
    is_share: bool

    @property
    def change(self) -> float | None:
        """By how much it grew."""
        return None if self.before is None or self.now is None else self.now - self.before


@dataclass(frozen=True, slots=True)
class PersonChange:
    """One person in two models that both know them."""

    name: str
    images_before: int
    images: int
    recall_before: float | None
    recall: float | None

    @property
    def change(self) -> float:
        """By how much recall grew; 0 where it is not known twice."""
        return 0.0 if self.recall is None or self.recall_before is None else self.recall - self.recall_before


@dataclass(frozen=True, slots=True)
class Comparison:
    """A model beside the one before.

    Attributes:
        previous: The other one.
        added, removed: People whom only one of the two knows.
        metrics: Numbers of both.
        people: Those whose pictures or recall changed, what became worse first.
        notes: What to keep in mind, as sentences.
    """

    previous: Previous
    added: tuple[str, ...]
    removed: tuple[str, ...]
    metrics: tuple[Metric, ...]
    people: tuple[PersonChange, ...]
    notes: tuple[str, ...]


METRICS: tuple[tuple[str, str, int, bool], ...] = (
    ("n_people", "People", 0, False),
    ("n_pictures", "Pictures that train", 0, False),
    ("named_right", "Held-out faces named rightly", 1, True),
    ("named_wrong", "Held-out faces named wrongly", -1, True),
    ("strangers_named", "Strangers named", -1, True),
    ("dir_at_1_percent", "Identified, 1 % of strangers named", 1, True),
    ("dir_at_0_1_percent", "Identified, 0.1 % of strangers named", 1, True),
    ("ece", "Calibration error", -1, True),
    ("named_from", "Named from a confidence of", 0, True),
    ("evidence", "Score at which known and unknown are equally likely", 0, False),
)
"""Numbers that models are compared by: key in `summary` of the JSON, title, whether more is better, whether a share."""


def summary_of(numbers: Numbers, about: About) -> dict[str, float | int | None]:
    """Return the numbers of `METRICS`."""
    curve = numbers.curve
    return {
        "n_people": len(numbers.people),
        "n_pictures": sum(person.n_images for person in numbers.people),
        "named_right": numbers.named_right.value,
        "named_wrong": numbers.named_wrong.value,
        "strangers_named": numbers.strangers_named.value,
        "dir_at_1_percent": curve.dir_at(0.01),
        "dir_at_0_1_percent": curve.dir_at(0.001),
        "ece": numbers.reliability.ece,
        "named_from": _number(about.settings.get("named_from")),
        "evidence": _number(about.settings.get("evidence")),
    }


def read_previous(record: Previous, path: Path) -> Previous:
    """Fill in what the report of an earlier model says.

    Args:
        record: What is known without it: the model's record, with its people and how many pictures each has.
        path: Its `report.json`.

    Returns:
        The same with numbers, or with `problem` where the report is missing, damaged or of another form.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.get("version") != VERSION:
            return _without(record, "has another form")
        people = {str(entry["name"]): _person(entry) for entry in document["people"]}
        metrics = {key: _number(document["summary"].get(key)) for key, *_ in METRICS}
    except FileNotFoundError:
        return _without(record, "is gone")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _without(record, "cannot be read")
    return Previous(record.model_id, record.engine, record.classifier, record.created_at, people, metrics)


def compare(previous: Previous, about: About, numbers: Numbers) -> Comparison:
    """Put a model beside the one before."""
    now = summary_of(numbers, about)
    metrics = [
        Metric(key, title, previous.metrics.get(key), now[key], better, is_share) for key, title, better, is_share in METRICS
    ]
    names = {person.name for person in numbers.people}
    return Comparison(
        previous,
        tuple(person.name for person in numbers.people if person.name not in previous.people),
        tuple(name for name in previous.people if name not in names),
        tuple(metric for metric in metrics if metric.before is not None or metric.now is not None),
        tuple(_changes(previous.people, numbers.people)),
        tuple(_notes(previous, about)),
    )


def _changes(before: Mapping[str, PreviousPerson], people: Sequence[PersonNumbers]) -> list[PersonChange]:
    changes = [
        PersonChange(person.name, before[person.name].n_images, person.n_images, before[person.name].recall, person.recall)
        for person in people
        if person.name in before
    ]
    changed = [entry for entry in changes if abs(entry.change) >= 0.005 or entry.images != entry.images_before]
    return sorted(changed, key=lambda entry: (entry.change, entry.name))


def _notes(previous: Previous, about: About) -> list[str]:
    notes = [previous.problem] if previous.problem else []
    if previous.engine != about.engine:
        notes.append(f"The engine was {previous.engine}; scores and thresholds of two engines do not compare.")
    if previous.classifier != about.classifier:
        notes.append(f"The classifier was {previous.classifier}.")
    if not previous.problem:
        notes.append(
            "Each model was measured on its own pictures: adding difficult ones can lower the numbers of a better model."
        )
    return notes


def _without(record: Previous, what: str) -> Previous:
    problem = f"The report of {record.model_id} {what}: only people and pictures are compared."
    counts = {"n_people": float(len(record.people)), "n_pictures": float(sum(p.n_images for p in record.people.values()))}
    return Previous(record.model_id, record.engine, record.classifier, record.created_at, record.people, counts, problem)


def _person(entry: Mapping[str, Any]) -> PreviousPerson:
    return PreviousPerson(
        str(entry["name"]), int(entry["n_images"]), _number(entry.get("recall")), _number(entry.get("precision"))
    )


def _number(value: object) -> float | None:
    """Return a finite number; anything else, from a file that somebody may have edited, is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < float("inf") else None
