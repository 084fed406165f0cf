"""Seconds on screen: who was said to be there against who was.

Time is cut at every start and end of an interval. In each of the slots between two such moments nothing changes, so that a
slot is scored by comparing sets of people; intervals of one person that overlap count once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from src.schema import UNKNOWN

NOBODY = "(nobody)"
"""Row of the confusion table for time in which nobody is to be recognised; column for somebody whom nothing was found of."""

STRANGER = "unknown:"
"""What the ground truth puts before the id of somebody who is in no gallery."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody is on screen, or is said to be; `end_s` lies outside.

    Attributes:
        person: Folder of a known person; in the truth `unknown:<id>` for a stranger and empty for nobody; in a prediction
            `Unknown` for somebody without a name.
        start_s, end_s: Seconds from the start of the video. An interval without length counts nothing.
        optional: To find this person here is neither right nor wrong.
        excluded: This stretch of the video is not scored at all, whoever is named in it.
    """

    person: str
    start_s: float
    end_s: float
    optional: bool = False
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Seconds:
    """Seconds that were found rightly, said wrongly and missed; ratios are None where there is nothing to divide."""

    tp: float = 0.0
    fp: float = 0.0
    fn: float = 0.0

    def __add__(self, other: Seconds) -> Seconds:
        """Join the seconds of two people or two videos."""
        return Seconds(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def precision(self) -> float | None:
        """Share of what was said that is right."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """Share of what is to be seen that was found."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


@dataclass(frozen=True, slots=True)
class Score:
    """What a scoring gives, of one video or of several added up.

    Attributes:
        people: Seconds of each known person who is on screen or was named.
        confusion: Seconds by (who was to be seen, who was said). A row of a known person adds up to the time that person is
            on screen, the row `Unknown` to the time in which a stranger is. Who was said in place of a missed person is
            whoever was wrongly named at that moment, in equal shares where those are several, else `Unknown` where somebody
            without a name was found, else nobody. A wrong name with no known person missing goes to the row `Unknown` where
            a stranger is on screen, else to the row of nobody.
        unknown: Seconds of "unknown" as a class: right while a stranger is on screen and somebody unknown is shown, missed
            while none is shown, wrong where somebody unknown is shown beside known people only.
        crowd_s: Seconds in which somebody unknown is shown where nobody is to be recognised, as in a crowd: neither right
            nor wrong, as the truth does not say whether there are faces.
    """

    people: Mapping[str, Seconds] = field(default_factory=dict)
    confusion: Mapping[tuple[str, str], float] = field(default_factory=dict)
    unknown: Seconds = Seconds()
    crowd_s: float = 0.0

    def __add__(self, other: Score) -> Score:
        """Add up two videos."""
        names = sorted({*self.people, *other.people})
        people = {name: self.people.get(name, Seconds()) + other.people.get(name, Seconds()) for name in names}
        cells = sorted({*self.confusion, *other.confusion})
        confusion = {cell: self.confusion.get(cell, 0.0) + other.confusion.get(cell, 0.0) for cell in cells}
        return Score(people, confusion, self.unknown + other.unknown, self.crowd_s + other.crowd_s)

    @property
    def overall(self) -> Seconds:
        """All known people together: a second of one counts as much as a second of another."""
        return sum(self.people.values(), Seconds())

    @property
    def strangers_s(self) -> float:
        """Seconds in which a stranger is on screen, whatever was said."""
        return sum((s for (row, _), s in self.confusion.items() if row == UNKNOWN), 0.0)

    @property
    def false_naming_s(self) -> float:
        """Seconds in which a stranger on screen was given the name of somebody known."""
        return sum(
            (s for (row, column), s in self.confusion.items() if row == UNKNOWN and column not in (UNKNOWN, NOBODY)), 0.0
        )


@dataclass(frozen=True, slots=True)
class _Slot:
    """A stretch of time in which nothing changes."""

    length_s: float
    required: frozenset[str]
    optional: frozenset[str]
    stranger: bool
    maybe_stranger: bool
    named: frozenset[str]
    unnamed: bool

    @property
    def missed(self) -> frozenset[str]:
        return self.required - self.named

    @property
    def wrong(self) -> frozenset[str]:
        return self.named - self.required - self.optional

    @property
    def unknown(self) -> Seconds:
        """What the slot adds to the class of unknown people."""
        if self.stranger:
            return Seconds(tp=self.length_s) if self.unnamed else Seconds(fn=self.length_s)
        if self.unnamed and self.required and not self.optional and not self.maybe_stranger:
            return Seconds(fp=self.length_s)
        return Seconds()

    @property
    def crowd_s(self) -> float:
        """How long somebody unknown is shown and the truth has nobody."""
        nobody = not (self.required or self.optional or self.stranger or self.maybe_stranger)
        return self.length_s if self.unnamed and nobody else 0.0


def score(truth: Iterable[Presence], found: Iterable[Presence]) -> Score:
    """Compare what was found in one video with what is to be seen in it.

    Args:
        truth: Who is to be seen, in any order; may be empty.
        found: Who was said to be there, in any order; may be empty.

    Returns:
        The seconds of every known person and the confusion table. Optional and excluded time counts nowhere.
    """
    people: dict[str, Seconds] = defaultdict(Seconds)
    confusion: dict[tuple[str, str], float] = defaultdict(float)
    unknown, crowd_s = Seconds(), 0.0
    for slot in _slots(list(truth), list(found)):
        for names, seconds in (
            (slot.required & slot.named, Seconds(tp=slot.length_s)),
            (slot.wrong, Seconds(fp=slot.length_s)),
            (slot.missed, Seconds(fn=slot.length_s)),
        ):
            for name in names:
                people[name] += seconds
        for row, column, length_s in _confusion(slot):
            confusion[row, column] += length_s
        unknown, crowd_s = unknown + slot.unknown, crowd_s + slot.crowd_s
    return Score(dict(sorted(people.items())), dict(sorted(confusion.items())), unknown, crowd_s)


def _slots(truth: Sequence[Presence], found: Sequence[Presence]) -> Iterator[_Slot]:
    moments = sorted({moment for row in (*truth, *found) for moment in (row.start_s, row.end_s)})
    for start, end in pairwise(moments):
        there = [row for row in truth if row.start_s <= start and row.end_s >= end]
        said = {row.person for row in found if row.start_s <= start and row.end_s >= end}
        if any(row.excluded for row in there):
            continue
        required = frozenset(row.person for row in there if _is_known(row.person) and not row.optional)
        optional = frozenset(row.person for row in there if _is_known(row.person)) - required
        strangers = [row for row in there if row.person.startswith(STRANGER)]
        sure = any(not row.optional for row in strangers)
        named = frozenset(said - {UNKNOWN, ""})
        yield _Slot(end - start, required, optional, sure, bool(strangers) and not sure, named, UNKNOWN in said)


def _is_known(person: str) -> bool:
    return bool(person) and not person.startswith(STRANGER)


def _confusion(slot: _Slot) -> Iterator[tuple[str, str, float]]:
    """Say who was taken for whom in a slot, and how long; see `Score.confusion`."""
    yield from ((person, person, slot.length_s) for person in slot.required & slot.named)
    blank = UNKNOWN if slot.unnamed else NOBODY
    for person in slot.missed:
        yield from _shared(slot, person, slot.wrong or {blank})
    if slot.wrong and not slot.missed:
        yield from _shared(slot, UNKNOWN if slot.stranger else NOBODY, slot.wrong)
    elif slot.stranger:
        yield UNKNOWN, blank, slot.length_s
    elif slot.unnamed and not slot.required and not slot.optional:
        yield NOBODY, UNKNOWN, slot.length_s


def _shared(slot: _Slot, row: str, columns: Collection[str]) -> Iterator[tuple[str, str, float]]:
    return ((row, column, slot.length_s / len(columns)) for column in columns)
