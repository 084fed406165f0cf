"""All that is seen in the videos of a project, in columns, and what people said of it: what an archive is put in order by.

The columns of each video are kept until its appearances change, and of the decisions those that were read already.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from ..extracts import Extract, Extracts
from ..records import Decision, ProjectVideo, Target, Verb
from ..schema import BoolArray, DoubleArray, FloatArray, IntArray
from ..storage import Query, Store
from .decisions import rulings_of_unknown
from .naming import HUMAN
from .unknowns import aliases_of

_FIELDS = ("track_id", "person_id", "unknown_id", "start_npt", "end_npt", "confidence", "source", "name", "candidates")
_SAID = ("decision_id", "verb", "target", "person_id", "other")
_PIECES_BITS = 44
"""Of a number that stands for a track: its own number, with that of its piece, takes no more."""


def doubt_of(confidence: float, rivals: Iterable[float]) -> float:
    """Return how doubtful it is what a track was taken for.

    That is one less the margin between what it was taken for and the likeliest of all other answers, "nobody we know" among
    them: 0 where nothing else can be, 1 where something else is as likely or likelier.

    Args:
        confidence: Calibrated, in [0, 1], of what the track was taken for.
        rivals: The same of everything else that it may be.

    Source: Scheffer et al., Active hidden Markov models for information extraction, IDA 2001 (the margin of two answers).
    """
    return min(max(1.0 - (confidence - max(rivals, default=0.0)), 0.0), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Who is seen, an entry an appearance in each array.

    Attributes:
        track_ids: (n,) int64. `starts`, `ends`: (n,) float64 seconds. `doubts`: (n,) float32 in [0, 1].
        is_human: (n,) bool, whether people said who it is.
        people: (n,) object, the person's id; empty for nobody. `unknown_ids`: (n,) int64; 0 for none.
    """

    track_ids: IntArray
    starts: DoubleArray
    ends: DoubleArray
    doubts: FloatArray
    is_human: BoolArray
    people: NDArray[np.object_]
    unknown_ids: IntArray

    def __len__(self) -> int:
        """Return how many appearances there are."""
        return len(self.track_ids)


@dataclass(frozen=True, slots=True)
class Said:
    """A decision, without what finds its track again in another analysis."""

    decision_id: str
    verb: Verb
    target: Target
    person_id: str
    other: Target | None


class Words:
    """What people said of the tracks and unknown people of a project, and did not take back: it holds before it is derived.

    Attributes:
        said: All decisions, oldest first.
        named: Person of an unknown id. `ignored`: unknown ids not to be shown. `not_people`: people that an unknown id is not.
        alias: Lowest number of the unknown people that are one with a number. `different`: pairs of groups that are two people.
        tracks: Those that somebody spoke of, as analysis and number.
        gone: Those that were named or are not to be shown; which person, empty for the latter.
        moved: Unknown id that tracks were put to. `left`: tracks with an unknown id that they are not.
    """

    def __init__(self, said: Iterable[Said] = ()) -> None:
        """Work it out.

        Args:
            said: All decisions, oldest first.
        """
        self.said = tuple(said)
        active = list(_active(self.said))
        rulings = rulings_of_unknown(_decision(one) for one in active)
        self.named, self.ignored = dict(rulings.unknown_persons), frozenset(rulings.unknown_ignored)
        self.not_people: Mapping[int, set[str]] = rulings.not_unknown
        self.alias = aliases_of(rulings.unknown_same)
        self.different = frozenset(frozenset(map(self.group_of, pair)) for pair in rulings.unknown_different)
        self._settled = {self.group_of(number) for number in (*self.named, *self.ignored)}
        self.tracks: set[tuple[str, int]] = set()
        self.gone: dict[tuple[str, int], str] = {}
        self.moved: dict[tuple[str, int], int] = {}
        self.left: set[tuple[str, int, int]] = set()
        for one in active:
            self._take_in(one)

    def group_of(self, unknown_id: int) -> int:
        """Return the lowest number of the unknown people that are one with a number."""
        return self.alias.get(unknown_id, unknown_id)

    def members_of(self, group: int) -> list[int]:
        """Return the numbers of the unknown people that are one, in order."""
        return sorted({group, *(number for number, lowest in self.alias.items() if lowest == group)})

    def settled(self, group: int) -> bool:
        """Say whether somebody named a group, or said that it is not to be shown."""
        return group in self._settled

    def _take_in(self, one: Said) -> None:
        places = [
            (target.analysis_id, target.track_id) for target in (one.target, one.other) if target and target.kind == "track"
        ]
        self.tracks.update(places)
        if one.other is not None and one.other.kind == "unknown" and places:
            self._take_in_move(places[0], one.verb, one.other.unknown_id)
        elif one.verb in (Verb.IS, Verb.IGNORE):
            self.gone.update(dict.fromkeys(places, one.person_id))
        elif one.verb is Verb.UNKNOWN or (
            one.verb is Verb.IS_NOT and self.gone.get(next(iter(places), ("", 0))) == one.person_id
        ):
            for place in places:
                self.gone.pop(place, None)

    def _take_in_move(self, place: tuple[str, int], verb: Verb, number: int) -> None:
        if verb is Verb.SAME_PERSON:
            self.moved[place] = number
            self.left.discard((*place, number))
            return
        self.left.add((*place, number))
        if self.moved.get(place) == number:
            del self.moved[place]


def _active(said: Sequence[Said]) -> Iterator[Said]:
    undone: set[str] = set()
    for one in reversed(said):
        if one.verb is Verb.UNDO and one.decision_id not in undone:
            undone.add(one.target.decision_id)
    return (one for one in said if one.decision_id not in undone and one.verb is not Verb.UNDO)


def _decision(one: Said) -> Decision:
    return Decision("", one.decision_id, one.verb, one.target, person_id=one.person_id, other=one.other, created_at="")


class Ledger:
    """What is seen in a project, at one moment. Never changed; what is worked out of it is worked out once.

    Attributes:
        members: The videos of the project, in the order of their analyses.
        words: What people said.
        analyses: (n,) int64, position of each appearance's analysis in `members`.
        columns: The appearances, those of one analysis after those of another.
    """

    def __init__(self, members: tuple[ProjectVideo, ...], parts: Iterable[Columns], words: Words) -> None:
        """Put the columns of analyses together."""
        parts = list(parts)
        self.members, self.words = members, words
        self.analyses: IntArray = np.repeat(np.arange(len(members)), np.array([len(part) for part in parts], np.int64))
        self.columns = parts[0] if len(parts) == 1 else _joined(parts)
        self.made: dict[str, Any] = {}
        """What others worked out of it, by a name of theirs."""

    @cached_property
    def seconds(self) -> DoubleArray:
        """(n,) float64, how long each appearance lasts."""
        seconds: DoubleArray = np.maximum(self.columns.ends - self.columns.starts, 0.0)
        return seconds

    @cached_property
    def is_said(self) -> BoolArray:
        """(n,) bool, whether people said something of who it is: also where it has not been derived yet."""
        return self.columns.is_human | np.isin(self._keys, self._numbers_of(self.words.tracks))

    @cached_property
    def groups(self) -> IntArray:
        """(n,) int64, the group of unknown people that each appearance belongs to; 0 where it has a name, or none."""
        words = self.words
        numbers = self.columns.unknown_ids.copy()
        for analysis_id, track_id, number in words.left:
            row = self.row_of(analysis_id, track_id)
            if row is not None and words.group_of(int(numbers[row])) == words.group_of(number):
                numbers[row] = 0
        for (analysis_id, track_id), number in words.moved.items():
            row = self.row_of(analysis_id, track_id)
            if row is not None and self.columns.unknown_ids[row]:
                numbers[row] = number
        known, inverse = np.unique(numbers, return_inverse=True)
        lowest = np.array(
            [0 if words.settled(words.group_of(one)) else words.group_of(one) for one in known.tolist()], np.int64
        )
        groups: IntArray = lowest[inverse] if len(known) else numbers
        groups[np.isin(self._keys, self._numbers_of(words.gone))] = 0
        return groups

    def row_of(self, analysis_id: str, track_id: int) -> int | None:
        """Return the row of a track; None where it is not seen."""
        (wanted,) = self._numbers_of([(analysis_id, track_id)]).tolist() or (None,)
        if wanted is None or not len(self._keys):
            return None
        at = int(np.searchsorted(self._keys, wanted, sorter=self._by_key))
        row = int(self._by_key[at]) if at < len(self._by_key) else None
        return row if row is not None and self._keys[row] == wanted else None

    def place_of(self, analysis_id: str) -> int | None:
        """Return the position of an analysis; None where it does not count here."""
        return self._places.get(analysis_id)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {member.analysis_id: place for place, member in enumerate(self.members)}

    @cached_property
    def _keys(self) -> IntArray:
        keys: IntArray = (self.analyses << _PIECES_BITS) + self.columns.track_ids
        return keys

    @cached_property
    def _by_key(self) -> IntArray:
        order: IntArray = np.argsort(self._keys, kind="stable")
        return order

    def _numbers_of(self, tracks: Iterable[tuple[str, int]]) -> IntArray:
        places = ((self._places.get(analysis_id), track_id) for analysis_id, track_id in tracks)
        return np.array([(place << _PIECES_BITS) + track for place, track in places if place is not None], np.int64)


def ledger_of(extracts: Extracts, project: str) -> Ledger:
    """Return the ledger of a project as it is now, the same one as before where nothing changed."""
    found = {member.analysis_id: member for member in extracts.store.find(ProjectVideo, project=project)}
    members = tuple(found[analysis_id] for analysis_id in sorted(found))
    before = extracts.last(project, _COLUMNS, _ledger)
    words = _words(extracts.store, project, before.words if before else Words())
    return extracts.whole(project, _COLUMNS, _ledger, (members, words), sorted(found))


def _ledger(parts: Mapping[str, Columns], given: tuple[tuple[ProjectVideo, ...], Words]) -> Ledger:
    members, words = given
    return Ledger(members, (parts[member.analysis_id] for member in members), words)


def _words(store: Store, project: str, before: Words) -> Words:
    """Read the decisions that are not known yet, or all where some were erased; return the same where there were none."""
    n_there = store.count(Decision, project=project)
    said = (*before.said, *_read_after(store, project, before.said[-1].decision_id if before.said else ""))
    if len(said) != n_there:
        said = tuple(_read_after(store, project, ""))
    return before if said == before.said else Words(said)


def _read_after(store: Store, project: str, decision_id: str) -> list[Said]:
    found: list[Said] = []
    after = (decision_id,) if decision_id else None
    while True:
        page = store.select_cells(Decision, _SAID, Query({"project": project}), 1000, after)
        found += [_said(cells) for cells in page.items]
        if page.end is None:
            return found
        after = page.end


def _said(cells: tuple[Any, ...]) -> Said:
    decision_id, verb, target, person_id, other = cells
    return Said(decision_id, Verb(verb), _target(target), person_id, _target(other) if other else None)


def _target(text: str) -> Target:
    plain = json.loads(text)
    return Target(**{**plain, "anchors": ()})


def columns_of(rows: Iterable[tuple[Any, ...]]) -> Columns:
    """Return the columns of the appearances of an analysis; those that somebody saw and no track shows are left out."""
    cells = [row for row in rows if row[0] >= 0]
    fields = list(zip(*cells, strict=True)) if cells else [()] * len(_FIELDS)
    tracks, people, unknown, starts, ends, confidences, sources, names, candidates = fields
    is_human = np.array([source == HUMAN for source in sources], bool)
    # One reading of all of them takes a third of the time of one each.
    doubts = map(_doubt, confidences, people, names, from_json(f"[{','.join(candidates)}]"))
    return Columns(
        np.array(tracks, np.int64),
        np.array(starts, np.float64),
        np.array(ends, np.float64),
        np.fromiter(doubts, np.float32, len(cells)),
        is_human,
        np.array([sys.intern(person) if person else "" for person in people], object),
        np.array([number or 0 for number in unknown], np.int64),
    )


def _doubt(confidence: float, person_id: str | None, name: str, found: Sequence[Mapping[str, Any]]) -> float:
    if person_id is None:
        return doubt_of(confidence, (one["confidence"] for one in found))
    unknown = max(1.0 - sum(one["confidence"] for one in found), 0.0) if found else 0.0
    return doubt_of(confidence, [unknown, *(one["confidence"] for one in found if one["name"] != name)])


def _joined(parts: list[Columns]) -> Columns:
    if not parts:
        return _nobody()
    names = Columns.__slots__
    return replace(parts[0], **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _nobody() -> Columns:
    """Return columns of nobody."""
    integers, floats = np.zeros(0, np.int64), np.zeros(0, np.float64)
    people = np.zeros(0, object)
    return Columns(integers, floats, floats, np.zeros(0, np.float32), np.zeros(0, bool), people, integers)


_COLUMNS = Extract(_FIELDS, columns_of, row_bytes=150)
