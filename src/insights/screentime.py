"""Who is on screen from when to when in the videos of a project, in columns: what figures over all of it are made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..extracts import Extract, Extracts
from ..records import Appearance
from ..schema import BoolArray, FloatArray, IntArray
from ..storage import Store
from .programmes import Programme

Person = tuple[str | None, int | None]
"""`person_id` of somebody known, or `unknown_id`."""

_FIELDS = ("person_id", "unknown_id", "name", "start_npt", "end_npt", "confidence", "source")
_HUMAN = "human"


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


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The rows of one analysis; `who` counts the people of this one."""

    people: dict[Person, str]
    who: IntArray
    start_ms: IntArray
    end_ms: IntArray
    confidence: FloatArray
    human: BoolArray


def columns_of(extracts: Extracts, project: str, programmes: Iterable[Programme]) -> Columns:
    """Return who is on screen when in a project.

    Args:
        extracts: Of the store where appearances are.
        project: Whose.
        programmes: Which of its videos.
    """
    return extracts.whole(project, _COLUMNS, _joined, None, (one.analysis_id for one in programmes))


def stamps_of(store: Store, project: str, programmes: Iterable[Programme]) -> dict[str, str]:
    """Return the revision of the appearances of each programme, in one question to the store."""
    known = store.revisions(Appearance, project)
    return {one.analysis_id: known.get((one.analysis_id,), "") for one in programmes}


def revision_of(stamps: Mapping[str, str]) -> str:
    """Return one text that changes with any of these revisions."""
    return hashlib.sha256(json.dumps(sorted(stamps.items())).encode()).hexdigest()[:16]


def _part(rows: list[tuple[Any, ...]]) -> _Part:
    people: dict[Person, str] = {}
    numbers: dict[Person, int] = {}
    who = np.empty(len(rows), np.int64)
    for at, row in enumerate(rows):
        person: Person = row[:2]
        who[at] = numbers.setdefault(person, len(numbers))
        people[person] = row[2]
    times = np.array([row[3:5] for row in rows], np.float64).reshape(-1, 2)
    start_ms, end_ms = np.rint(times.T * 1000).astype(np.int64)
    confidence = np.array([row[5] for row in rows], np.float32)
    return _Part(people, who, start_ms, end_ms, confidence, np.array([row[6] == _HUMAN for row in rows], np.bool_))


def _joined(parts: Mapping[str, _Part], _: None) -> Columns:
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


_COLUMNS = Extract(_FIELDS, _part, row_bytes=160)
