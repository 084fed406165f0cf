"""How long who is on screen, in which videos, with whom, and when these were broadcast: figures over a whole project.

What they are made of, who is on screen from when to when, is held in memory as columns and brought up to date by the revisions
of the store: after a decision about one video that video is read again, and no other. All else is arithmetic on these columns.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from .programmes import Programme
from .records import Appearance
from .schema import BoolArray, FloatArray, IntArray
from .storage import Query, Store

Person = tuple[str | None, int | None]
"""`person_id` of somebody known, or `unknown_id`."""

_FIELDS = ("analysis_id", "person_id", "unknown_id", "name", "start_npt", "end_npt", "confidence", "source")
_HUMAN = "human"
_FEW = 20
"""So many videos are read one by one, more of them in one go with those that have not changed."""
_MOST_ROWS = 4_000_000
"""Appearances that are held in memory of all projects together, about 40 bytes each; the project asked for last stays."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Who is on screen when, one row an appearance.

    Attributes:
        people: Who the numbers of `who` are. `names`: what they are called.
        analyses: What the numbers of `analysis` are.
        who, analysis: (n,) int64. `start_ms`, `end_ms`: (n,) int64. `confidence`: (n,) float32. `human`: (n,) bool, whether a
            person decided about it.
    """

    people: tuple[Person, ...]
    names: tuple[str, ...]
    analyses: tuple[str, ...]
    who: IntArray
    analysis: IntArray
    start_ms: IntArray
    end_ms: IntArray
    confidence: FloatArray
    human: BoolArray


@dataclass(slots=True, eq=False)
class _Part:
    """The rows of one analysis; `who` counts the people of this one."""

    stamp: str
    people: dict[Person, str] = field(default_factory=dict)
    who: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    start_ms: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    end_ms: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    confidence: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    human: BoolArray = field(default_factory=lambda: np.zeros(0, np.bool_))


class _Project:
    """What is held of one project. One thread at a time brings it up to date."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.parts: dict[str, _Part] = {}
        self.columns: Columns | None = None

    @property
    def n_rows(self) -> int:
        return sum(len(part.who) for part in self.parts.values())

    def update(self, store: Store, project: str, stamps: Mapping[str, str]) -> Columns:
        """Read what changed, and return all of it."""
        changed = [name for name, stamp in stamps.items() if name not in self.parts or self.parts[name].stamp != stamp]
        gone = [name for name in self.parts if name not in stamps]
        for name in gone:
            del self.parts[name]
        if len(changed) > _FEW:
            wanted = set(changed)
            self.parts.update({name: _Part(stamps[name]) for name in changed})
            # In the order of the key, which begins with project and analysis.
            rows = store.cells(Appearance, _FIELDS, Query({"project": project}))
            for name, of_one in groupby(rows, key=lambda row: row[0]):
                if name in wanted:
                    self.parts[name] = _part(stamps[name], of_one)
        else:
            for name in changed:
                query = Query({"project": project, "analysis_id": name})
                self.parts[name] = _part(stamps[name], store.cells(Appearance, _FIELDS, query))
        if self.columns is None or changed or gone:
            self.columns = _joined(self.parts)
        return self.columns


class ScreenTimes:
    """Columns of several projects, a bounded number of rows; the projects that were asked for last stay. Threads share it."""

    def __init__(self, most_rows: int = _MOST_ROWS) -> None:
        """Begin with nothing.

        Args:
            most_rows: Of all projects together; the last one asked for is held however large it is.
        """
        self._most_rows = most_rows
        self._projects: OrderedDict[str, _Project] = OrderedDict()
        self._lock = threading.Lock()

    def columns(self, store: Store, project: str, stamps: Mapping[str, str]) -> Columns:
        """Return who is on screen when in a project.

        Args:
            store: Where appearances are.
            project: Whose.
            stamps: The revision of each analysis that counts there, from before now; see `stamps_of`.
        """
        with self._lock:
            held = self._projects.setdefault(project, _Project())
            self._projects.move_to_end(project)
        with held.lock:
            columns = held.update(store, project, stamps)
        with self._lock:
            while len(self._projects) > 1 and sum(one.n_rows for one in self._projects.values()) > self._most_rows:
                self._projects.popitem(last=False)
        return columns


def stamps_of(store: Store, project: str, programmes: Iterable[Programme]) -> dict[str, str]:
    """Return the revision of the appearances of each programme, in one question to the store."""
    known = store.revisions(Appearance, project)
    return {one.analysis_id: known.get((one.analysis_id,), "") for one in programmes}


def revision_of(stamps: Mapping[str, str]) -> str:
    """Return one text that changes with any of these revisions."""
    return hashlib.sha256(json.dumps(sorted(stamps.items())).encode()).hexdigest()[:16]


def _part(stamp: str, rows: Iterable[Sequence[Any]]) -> _Part:
    found = list(rows)
    people: dict[Person, str] = {}
    numbers: dict[Person, int] = {}
    who = np.empty(len(found), np.int64)
    for at, row in enumerate(found):
        person: Person = (row[1], row[2])
        who[at] = numbers.setdefault(person, len(numbers))
        people[person] = str(row[3])
    times = np.array([row[4:6] for row in found], np.float64).reshape(-1, 2)
    start_ms, end_ms = np.rint(times.T * 1000).astype(np.int64)
    confidence = np.array([row[6] for row in found], np.float32)
    return _Part(stamp, people, who, start_ms, end_ms, confidence, np.array([row[7] == _HUMAN for row in found], np.bool_))


def _joined(parts: Mapping[str, _Part]) -> Columns:
    """Return the rows of all analyses, with one number for each person in all of them."""
    names: dict[Person, str] = {}
    for part in parts.values():
        names.update(part.people)
    number = {person: at for at, person in enumerate(names)}
    there = [part for part in parts.values() if len(part.who)]
    who = [np.array([number[person] for person in part.people], np.int64)[part.who] for part in there]
    sizes = [len(part.who) for part in parts.values()]
    none = np.zeros(0, np.int64)
    return Columns(
        tuple(names),
        tuple(names.values()),
        tuple(parts),
        np.concatenate([none, *who]),
        np.repeat(np.arange(len(sizes)), sizes),
        np.concatenate([none, *(part.start_ms for part in there)]),
        np.concatenate([none, *(part.end_ms for part in there)]),
        np.concatenate([none.astype(np.float32), *(part.confidence for part in there)]),
        np.concatenate([none.astype(np.bool_), *(part.human for part in there)]),
    )
