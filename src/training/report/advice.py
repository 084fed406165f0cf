"""What a person can do to make the next model better, in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .agreement import Agreement, look_alikes, study
from .inputs import HeldOut, Picture, TrainingPictures
from .numbers import Numbers, PersonNumbers

ENOUGH = 5
"""Pictures of a person from which a training set can be judged, and from which more add little to a clear face."""
_SHOWN = 3
"""Pictures that an advice names."""
_MOST = 0.6
"""Share from which it is said that most pictures are of a kind."""
_TURNED, _SMALL_PX, _BLURRED = 0.5, 40.0, 0.1
"""From where a face counts as turned away, small, blurred: half-way to a profile; less than half of what embedders see;
the sharpness that a strongly blurred crop stays below (`faces.quality`)."""
_OFTEN = 10
"""Held-out pictures of a person beyond which a single one that is taken for somebody else is no confusion of the two."""
_STRANGERS = 0.01
"""Share of strangers that may get somebody's name before something is said."""
_SOME = 3
"""Pictures below which nothing is said of what all or most of them are like."""

HEADINGS = {
    "shared": "The same picture under two names",
    "mixed": "Perhaps two people under one name",
    "confused": "Confused with each other",
    "odd": "Pictures that may show somebody else",
    "strangers": "Strangers who get a name",
    "few": "Too few pictures",
    "missed": "Often not recognised",
    "turned": "Seen from one side only",
    "aside": "Most pictures set aside",
    "poor": "Small or blurred pictures",
    "grey": "Only black-and-white",
    "calibration": "Confidences that promise too much or too little",
    "unknown": "No pictures of strangers",
}
"""Kinds of advice, the most important first, with the heading that they stand under."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that can be done.

    Attributes:
        kind: One of `HEADINGS`.
        people: The names of those it is about; none where it is about the project.
        text: One or two sentences.
        weight: Larger is more important among advice of one kind.
        pictures: What to look at, at most a few.
    """

    kind: str
    people: tuple[str, ...]
    text: str
    weight: float
    pictures: tuple[Picture, ...] = ()


def advise(
    pictures: TrainingPictures, held: HeldOut, numbers: Numbers, is_grey: Callable[[Picture], bool | None]
) -> list[Advice]:
    """Return all advice, the most important first.

    Args:
        pictures: The training set.
        held: What was said of held-out faces.
        numbers: What follows from it.
        is_grey: Says whether a picture is black-and-white; None where it cannot be seen.
    """
    rows_of = [np.flatnonzero(pictures.labels == label) for label in range(len(held.people))]
    agreements = study(pictures.embeddings, rows_of)
    found = [*_shared(pictures, held), *_confused(pictures, held, numbers), *_about_all(pictures, held, numbers)]
    for person, rows, agreement in zip(numbers.people, rows_of, agreements, strict=True):
        own = [pictures.used[row] for row in rows]
        found += _about_agreement(person, own, agreement)
        found += _about_person(person, own, held)
        found += _about_looks(person, own, is_grey)
    found += _aside(pictures, numbers)
    order = {kind: place for place, kind in enumerate(HEADINGS)}
    return [_with_pictures_named(entry) for entry in sorted(found, key=lambda entry: (order[entry.kind], -entry.weight))]


def _with_pictures_named(advice: Advice) -> Advice:
    pictures = advice.pictures[:_SHOWN]
    if not pictures:
        return advice
    return replace(advice, text=f"{advice.text} Look at {_listed([picture.shown for picture in pictures])}.", pictures=pictures)


def _shared(pictures: TrainingPictures, held: HeldOut) -> Iterator[Advice]:
    pairs: dict[tuple[int, int], list[Picture]] = defaultdict(list)
    for one, other in look_alikes(pictures.embeddings, pictures.labels):
        people = sorted((int(pictures.labels[one]), int(pictures.labels[other])))
        pairs[people[0], people[1]] += [pictures.used[one], pictures.used[other]]
    for (one, other), shown in pairs.items():
        names = held.people[one], held.people[other]
        n_pairs = len(shown) // 2
        if n_pairs == 1:
            text = f"{names[0]} and {names[1]} have a picture in common: delete it from whom it does not show."
        else:
            text = f"{names[0]} and {names[1]} have {n_pairs} pictures in common: delete them from whom they do not show."
        yield Advice("shared", names, text, n_pairs, tuple(dict.fromkeys(shown)))


def _confused(pictures: TrainingPictures, held: HeldOut, numbers: Numbers) -> Iterator[Advice]:
    pairs = {(pair.person, pair.taken_for): pair for pair in numbers.confused}
    n_held_out = {person.name: person.n_held_out for person in numbers.people}
    for (one, other), pair in pairs.items():
        back = pairs.get((other, one))
        if back is not None and (len(back.rows), other) > (len(pair.rows), one):
            continue
        if len(pair.rows) < 2 and n_held_out[one] > _OFTEN:
            continue
        parts = [f"{_pictures(len(pair.rows))} of {one} {_verb(len(pair.rows), 'look')} like {other}"]
        rows = [*pair.rows]
        if back is not None:
            parts.append(f"{len(back.rows)} of {other} like {one}")
            rows += back.rows
        text = f"{one} and {other} are confused: {' and '.join(parts)}."
        shown = tuple(pictures.used[held.rows[row]] for row in rows)
        yield Advice("confused", (one, other), text, len(rows), shown)


def _about_all(pictures: TrainingPictures, held: HeldOut, numbers: Numbers) -> Iterator[Advice]:
    error = numbers.reliability.ece
    if error is not None and error > 0.05:
        text = (
            f"Confidences are off by {error:.0%} on average: read them as a ranking. More people and pictures make them true."
        )
        yield Advice("calibration", (), text, error)
    if not pictures.n_strangers:
        text = (
            "Add a folder Unknown with faces of people who are nobody here: the model then learns better where to stop naming."
        )
        yield Advice("unknown", (), text, 1)


def _about_agreement(person: PersonNumbers, own: Sequence[Picture], agreement: Agreement) -> Iterator[Advice]:
    if agreement.second:
        first, second = len(agreement.first), len(agreement.second)
        groups = f"{first} look like one person, {second} like another"
        text = f"Pictures of {person.name} disagree: {groups}. Two people under one name?"
        shown = tuple(own[place] for place in (*agreement.first[:1], *agreement.second[:2]))
        yield Advice("mixed", (person.name,), text, second, shown)
    if agreement.odd:
        count = len(agreement.odd)
        do = "does" if count == 1 else "do"
        text = f"{_pictures(count)} of {person.name} {do} not agree with the others: somebody else, or a very bad picture?"
        yield Advice("odd", (person.name,), text, count, tuple(own[place] for place in agreement.odd))


def _about_person(person: PersonNumbers, own: Sequence[Picture], held: HeldOut) -> Iterator[Advice]:
    name, n_strangers = person.name, len(held.stranger_confidences)
    if person.n_strangers > _STRANGERS * n_strangers:
        whom = "strangers gets" if person.n_strangers == 1 else "strangers get"
        remedy = f"add pictures of {name}, or to Unknown those who look alike"
        text = f"{person.n_strangers} of {n_strangers} {whom} the name {name}: {remedy}."
        yield Advice("strangers", (name,), text, person.n_strangers)
    if len(own) == 1:
        text = f"Only 1 picture of {name}, which leaves none to check it with: add at least {ENOUGH - 1}."
        yield Advice("few", (name,), text, ENOUGH - 1)
    elif len(own) < ENOUGH:
        text = f"Only {len(own)} pictures of {name}: add at least {ENOUGH - len(own)}."
        yield Advice("few", (name,), text, ENOUGH - len(own))
    if len(own) >= ENOUGH and person.n_unknown >= 2 and person.n_unknown > (1 - _MOST) * person.n_held_out:
        text = (
            f"{person.n_unknown} of {person.n_held_out} pictures of {name} are not recognised by the others: add pictures, "
            "also of how the person looks in the films."
        )
        yield Advice("missed", (name,), text, person.n_unknown / person.n_held_out)


def _about_looks(person: PersonNumbers, own: Sequence[Picture], is_grey: Callable[[Picture], bool | None]) -> Iterator[Advice]:
    """Say what most pictures of a person are like, where they are all alike in what makes recognition hard."""
    if len(own) < _SOME:
        return
    name = person.name
    turns = [picture.turn for picture in own if picture.turn is not None and abs(picture.turn) > _TURNED]
    if len(turns) >= _MOST * len(own):
        left, right = sum(turn < 0 for turn in turns), sum(turn > 0 for turn in turns)
        count, where = max((left, "to the left"), (right, "to the right"))
        if count < 0.8 * len(turns):
            count, where = len(turns), "away to either side"
        yield Advice(
            "turned", (name,), f"Add frontal pictures of {name}: {count} of {len(own)} are turned {where}.", count / len(own)
        )
    qualities = [picture.quality for picture in own if picture.quality is not None]
    small = sum(quality.size_px < _SMALL_PX for quality in qualities)
    blurred = sum(quality.sharpness < _BLURRED for quality in qualities)
    count, what = max((small, f"smaller than {_SMALL_PX:.0f} pixels"), (blurred, "blurred"))
    if count >= _MOST * len(own):
        yield Advice(
            "poor",
            (name,),
            f"Add sharper, larger pictures of {name}: {count} of {len(own)} faces are {what}.",
            count / len(own),
        )
    # Stops at the first picture in colour: most people cost one file.
    if all(is_grey(picture) for picture in own):
        text = f"All {len(own)} pictures of {name} are black-and-white: add some in colour, unless the films have none."
        yield Advice("grey", (name,), text, len(own))


def _aside(pictures: TrainingPictures, numbers: Numbers) -> Iterator[Advice]:
    aside: dict[str, Counter[str]] = defaultdict(Counter)
    for picture in pictures.aside:
        aside[picture.person][picture.state.replace("_", " ")] += 1
    for person in numbers.people:
        states = aside[person.name]
        count, total = states.total(), states.total() + person.n_images
        if count > total / 2:
            kinds = ", ".join(f"{n} {state}" for state, n in states.most_common())
            text = f"{count} of {total} pictures of {person.name} do not train ({kinds}): find others."
            yield Advice("aside", (person.name,), text, count / total)


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _verb(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
