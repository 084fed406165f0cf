"""The decisions of a model that most deserve a look: how doubtful they are, times how long they are to be seen."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from ..schema import BoolArray, DoubleArray, IntArray
from .ledger import Ledger

MIN_DOUBT = 0.1
"""What is less doubtful counts as settled: nine of ten such names are right, and an archivist has better things to look at."""

Place = tuple[float, str, int]
"""Where a page of the queue ends: weight, analysis and track of its last item."""


@dataclass(frozen=True, slots=True)
class Item:
    """A track to look at.

    Attributes:
        analysis_id, track_id: Which one.
        video_id, fragment: Where it is seen.
        doubt: In [0, 1]; see `ledger.doubt_of`.
        weight: Seconds times doubt, which the queue is ordered by.
    """

    analysis_id: str
    track_id: int
    video_id: str
    fragment: str
    doubt: float
    weight: float


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue.

    Attributes:
        items: The heaviest first; of equal ones by analysis, then by track.
        end: Where the page ends; None on the last one.
        n_left: Items on all pages. `seconds_left`: how long they are to be seen.
        seconds: How long everybody is to be seen, the settled ones too.
    """

    items: tuple[Item, ...]
    end: Place | None
    n_left: int
    seconds_left: float
    seconds: float


def queue(ledger: Ledger, limit: int, *, after: Place | None = None, video_id: str = "", person_id: str = "") -> Queue:
    """Return a page of what is to be looked at. What people said something of is never among it.

    Args:
        ledger: Of the project.
        limit: At most so many items.
        after: Where the page before ended; what became heavier since is not on this one.
        video_id: Only in this video; in all where empty.
        person_id: Only what was taken for this person; for anybody where empty.
    """
    wanted = _wanted(ledger, video_id, person_id)
    order, weights = _order(ledger)
    rows = order[wanted[order]]
    left = float(ledger.seconds[rows].sum())
    following = rows if after is None else rows[_is_after(ledger, weights, rows, after)]
    items = tuple(_item(ledger, weights, int(row)) for row in following[:limit])
    end = (items[-1].weight, items[-1].analysis_id, items[-1].track_id) if len(following) > limit else None
    return Queue(items, end, len(rows), left, float(ledger.seconds[wanted].sum()))


def _wanted(ledger: Ledger, video_id: str, person_id: str) -> BoolArray:
    wanted = np.ones(len(ledger.columns), bool)
    if video_id:
        of_video = np.array([member.video_id == video_id for member in ledger.members], bool)
        wanted &= of_video[ledger.analyses]
    if person_id:
        wanted &= (ledger.columns.people == person_id).astype(bool)
    return wanted


def _order(ledger: Ledger) -> tuple[IntArray, DoubleArray]:
    """Return the rows of the whole queue in order, and the weight of every row."""
    if "review" not in ledger.made:
        doubts = ledger.columns.doubts.astype(np.float64)
        weights = ledger.seconds * doubts
        rows = np.flatnonzero(~ledger.is_said & (doubts >= np.float32(MIN_DOUBT)) & (weights > 0))
        # Rows stand by analysis and track: a stable sort leaves equal ones in that order.
        ledger.made["review"] = rows[np.argsort(-weights[rows], kind="stable")], weights
    found: tuple[IntArray, DoubleArray] = ledger.made["review"]
    return found


def _is_after(ledger: Ledger, weights: DoubleArray, rows: IntArray, after: Place) -> BoolArray:
    weight, analysis_id, track_id = after
    place = bisect_left([member.analysis_id for member in ledger.members], analysis_id)
    is_here = ledger.place_of(analysis_id) is not None
    analyses, tracks = ledger.analyses[rows], ledger.columns.track_ids[rows]
    later = analyses > place if is_here else analyses >= place
    later |= is_here & (analyses == place) & (tracks > track_id)
    result: BoolArray = (weights[rows] < weight) | ((weights[rows] == weight) & later)
    return result


def _item(ledger: Ledger, weights: DoubleArray, row: int) -> Item:
    member = ledger.members[int(ledger.analyses[row])]
    track_id, doubt = int(ledger.columns.track_ids[row]), float(ledger.columns.doubts[row])
    return Item(member.analysis_id, track_id, member.video_id, member.fragment, round(doubt, 4), float(weights[row]))
