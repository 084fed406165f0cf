"""Everything a training report says, worked out once for the page and for programs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .advice import HEADINGS, Advice, advise
from .comparison import VERSION, Comparison, Previous, compare, summary_of
from .crops import is_grey
from .doubtful import Doubtful, most_doubtful
from .inputs import About, HeldOut, TrainingPictures
from .numbers import FPIRS, Numbers, measure

_DIGITS = 5


@dataclass(frozen=True, slots=True, eq=False)
class TrainingReport:
    """How well a model knows its people, and what would make it better.

    Attributes:
        about: Which model.
        pictures, held: What it was worked out from.
        numbers: How well the people are told apart.
        advice: What to do, the most important first.
        doubtful: Pictures to look at.
        comparison: With the model before; None for the first one.
    """

    about: About
    pictures: TrainingPictures
    held: HeldOut
    numbers: Numbers
    advice: tuple[Advice, ...]
    doubtful: tuple[Doubtful, ...]
    comparison: Comparison | None

    @property
    def aside(self) -> Mapping[str, Counter[str]]:
        """The pictures that do not train, by person and by state."""
        return count_aside(self.pictures, by_reason=False)

    def document(self) -> dict[str, Any]:
        """Return the report as plain values; docs/training-report.md describes each."""
        numbers, curve = self.numbers, self.numbers.curve
        return {
            "version": VERSION,
            "model": asdict(self.about),
            "summary": _rounded(summary_of(numbers, self.about) | {"n_strangers": len(self.held.stranger_confidences)}),
            "strangers_are": self.held.strangers_are,
            "held_out": {
                name: _rounded(asdict(getattr(numbers, name)) | {"value": getattr(numbers, name).value})
                for name in ("named_right", "named_wrong", "strangers_named")
            },
            "people": self._people(),
            "confused": [
                {
                    "person": pair.person,
                    "taken_for": pair.taken_for,
                    "count": len(pair.rows),
                    "pictures": self._shown(pair.rows),
                }
                for pair in numbers.confused
            ],
            "identification": {
                "thresholds": [_rounded(value) if value <= 1 else None for value in curve.thresholds.tolist()],
                "fpir": _rounded(curve.fpir.tolist()),
                "dir": _rounded(curve.dir.tolist()),
                "at": [
                    _rounded(
                        {
                            "fpir": fpir,
                            "dir": curve.dir_at(fpir),
                            "threshold": curve.threshold_at(fpir),
                            "enough_strangers": curve.resolves(fpir),
                        }
                    )
                    for fpir in FPIRS
                ],
            },
            "choices": [_rounded(asdict(entry)) for entry in numbers.choices],
            "confidences": _rounded({key: value.tolist() for key, value in asdict(numbers.confidences).items()}),
            "scores": _rounded({key: value.tolist() for key, value in asdict(numbers.scores).items()}),
            "reliability": _rounded(asdict(numbers.reliability)),
            "advice": [
                {
                    "kind": entry.kind,
                    "people": list(entry.people),
                    "text": entry.text,
                    "pictures": [p.shown for p in entry.pictures],
                }
                for entry in self.advice
            ],
            "doubtful": [
                _rounded({"person": entry.picture.person, "picture": entry.picture.shown} | _without_picture(entry))
                for entry in self.doubtful
            ],
            "comparison": _compared(self.comparison),
        }

    def _people(self) -> list[dict[str, Any]]:
        reasons = count_aside(self.pictures, by_reason=True)
        said: dict[str, list[str]] = defaultdict(list)
        for entry in self.advice:
            for name in entry.people:
                said[name].append(entry.text)
        return [
            _rounded(asdict(person)) | {"aside": dict(reasons[person.name]), "advice": said[person.name]}
            for person in self.numbers.people
        ]

    def _shown(self, rows: tuple[int, ...]) -> list[str]:
        return [self.pictures.used[self.held.rows[row]].shown for row in rows]


def build(about: About, pictures: TrainingPictures, held: HeldOut, previous: Previous | None = None) -> TrainingReport:
    """Work out a report.

    Args:
        about: Which model it is about.
        pictures: The training set; the files of its aligned faces are read to see whether they have colours.
        held: What the model said of faces that it did not know.
        previous: The model before, where there was one.
    """
    numbers = measure(held, pictures.labels)
    return TrainingReport(
        about,
        pictures,
        held,
        numbers,
        tuple(advise(pictures, held, numbers, lambda picture: is_grey(picture.crop))),
        most_doubtful(pictures, held),
        compare(previous, about, numbers) if previous is not None else None,
    )


def count_aside(pictures: TrainingPictures, *, by_reason: bool) -> defaultdict[str, Counter[str]]:
    """Count the pictures that do not train, by person, and by state or also by the reason in words."""
    result: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for picture in pictures.aside:
        what = picture.state.replace("_", " ")
        # "no face: no face found" says nothing twice.
        is_told = by_reason and picture.reason and not picture.reason.startswith(what)
        result[picture.person][f"{what}: {picture.reason}" if is_told else what] += 1
    return result


def grouped(advice: tuple[Advice, ...]) -> list[tuple[str, list[Advice]]]:
    """Return advice by heading, in order."""
    groups = [(heading, [entry for entry in advice if entry.kind == kind]) for kind, heading in HEADINGS.items()]
    return [(heading, entries) for heading, entries in groups if entries]


def _compared(comparison: Comparison | None) -> dict[str, Any] | None:
    if comparison is None:
        return None
    previous = comparison.previous
    return {
        "model_id": previous.model_id,
        "engine": previous.engine,
        "classifier": previous.classifier,
        "created_at": previous.created_at,
        "added": list(comparison.added),
        "removed": list(comparison.removed),
        "metrics": [_rounded({"key": entry.key, "before": entry.before, "now": entry.now}) for entry in comparison.metrics],
        "people": [_rounded(asdict(entry)) for entry in comparison.people],
        "notes": list(comparison.notes),
    }


def _without_picture(entry: Doubtful) -> dict[str, Any]:
    return {
        "taken_for": entry.taken_for,
        "nearest": entry.nearest,
        "confidence": entry.confidence,
        "other_confidence": entry.other_confidence,
    }


def _rounded(value: Any) -> Any:
    """Return plain values with numbers as exact as they can be read."""
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, Mapping):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return value
