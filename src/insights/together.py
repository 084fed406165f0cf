"""Who is to be seen with whom, and without whom: moments of all videos of a project, by arithmetic on stored appearances.

At every instant of a moment each of the people who are wanted is on screen, or was or will be less than `gap_s` seconds away,
and none of the people who are not wanted is on screen. With `gap_s` 0 they share the picture; with some seconds a conversation
that is cut from face to face is one moment. A moment begins and ends with one of the wanted people on screen. Shots play no
part: in one shot two people may come and go without ever meeting, and a conversation goes on over many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from ..errors import ConfigError
from ..intervals import EMPTY, difference, intersection, laid_out, lengths, trimmed, union, widened
from ..records import Appearance
from ..schema import FloatArray, IntArray
from ..storage import Query, Store
from .programmes import Programme

MOST = 300_000
"""Appearances of one person that are read at most."""

_FIELDS = ("analysis_id", "track_id", "start_npt", "end_npt", "confidence", "source")
_HUMAN = "human"


@dataclass(frozen=True, slots=True)
class Who:
    """A known person, or an unknown one."""

    person_id: str | None = None
    unknown_id: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which moments are looked for.

    Attributes:
        present: Those who are together; one at least.
        absent: Those who are not there.
        gap_s: How far apart in time they may be, seconds.
        min_s: Moments that are shorter are left out.
        confidence: Appearances of known people that are less sure do not count. Those of unknown people always do: what they
            have is the confidence of a name that they did not get.
        human: Whether only appearances count that a person decided about.
    """

    present: tuple[Who, ...]
    absent: tuple[Who, ...] = ()
    gap_s: float = 0.0
    min_s: float = 0.0
    confidence: float = 0.0
    human: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """When somebody is to be seen in the videos that are searched, one row an appearance, in order of their starts.

    Attributes:
        stretches: (n, 2) int64 milliseconds on the line of all videos, see `intervals.laid_out`.
        tracks: (n,) int64. `confidences`: (n,) float32.
    """

    stretches: IntArray
    tracks: IntArray
    confidences: FloatArray


@dataclass(frozen=True, slots=True)
class Sight:
    """The appearance that shows somebody in a moment: the one that lasts longest in it. Below 0 `track_id` is of no track."""

    track_id: int
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """All moments that were found.

    Attributes:
        numbers: (m,) int64, which of the programmes each is of; in rising order.
        times_ms: (m, 2) int64, start and end on the time of that video.
        span_ms: How long the time line of a video is among `present`.
        whom: The wanted people. `present`: when each of them is to be seen.
    """

    numbers: IntArray
    times_ms: IntArray
    span_ms: int
    whom: tuple[Who, ...]
    present: tuple[Seen, ...]
    gap_ms: int

    def sights(self, row: int) -> list[Sight | None]:
        """Return what shows each of the wanted people in a moment, in their order."""
        start, end = (self.times_ms[row] + self.numbers[row] * self.span_ms).tolist()
        return [_best(seen, start, end, int(self.numbers[row]) * self.span_ms, self.gap_ms) for seen in self.present]


def find_together(store: Store, project: str, programmes: Sequence[Programme], wanted: Wanted) -> Found:
    """Find the moments at which people are together.

    Only the appearances of those who are named are read, by the index of their names.

    Args:
        store: Where appearances are.
        project: Whose.
        programmes: Where to look.
        wanted: What to look for.

    Raises:
        ConfigError: Nobody is wanted, somebody is both wanted and not, or has more appearances than are looked at.
    """
    _check(wanted)
    line = {one.analysis_id: number for number, one in enumerate(programmes)}
    rows = {who: _rows(store, project, who, line, wanted) for who in (*wanted.present, *wanted.absent)}
    gap_ms = round(wanted.gap_s * 1000)
    last = max((int(found[1][:, 1].max()) for found in rows.values() if len(found[1])), default=0)
    # Far enough apart that nobody comes near somebody of another video.
    span_ms = last + 2 * gap_ms + 1
    seen = {who: _seen(*found, span_ms) for who, found in rows.items()}
    present = tuple(seen[who] for who in wanted.present)
    times = _together(
        [union(one.stretches) for one in present],
        union(np.concatenate([EMPTY, *(seen[who].stretches for who in wanted.absent)])),
        gap_ms,
    )
    times = times[lengths(times) >= max(round(wanted.min_s * 1000), 1)]
    numbers = times[:, 0] // span_ms
    return Found(numbers, times - (numbers * span_ms)[:, None], span_ms, wanted.present, present, gap_ms)


SORTS = ("date", "-date", "-seconds", "title")


def in_order(found: Found, programmes: Sequence[Programme], sort: str) -> list[int]:
    """Return the rows of all moments, those of one video together and by time.

    Args:
        found: What was found in these programmes.
        programmes: The same ones.
        sort: How videos follow each other, one of `SORTS`: by date, where those without one come last; those with the longest
            moments, all added up, first; or by title.
    """
    total = np.bincount(found.numbers, lengths(found.times_ms), len(programmes))
    ways: dict[str, Callable[[int], Any]] = {
        "title": lambda number: (programmes[number].title or programmes[number].locator).casefold(),
        "-seconds": lambda number: -total[number],
        "date": lambda number: programmes[number].date or "~",
        "-date": lambda number: programmes[number].date,
    }
    begins = np.searchsorted(found.numbers, np.arange(len(programmes) + 1)).tolist()
    shown = [number for number in range(len(programmes)) if begins[number] < begins[number + 1]]
    # Sorted one way after the other, so that titles decide between videos of one day.
    shown.sort(key=ways["title"])
    shown.sort(key=ways[sort], reverse=sort == "-date")
    return [row for number in shown for row in range(begins[number], begins[number + 1])]


def _together(present: Sequence[IntArray], absent: IntArray, gap_ms: int) -> IntArray:
    """Return when all of some people are on screen, or less than a gap away, and others are not.

    Args:
        present: When each of the wanted people is on screen.
        absent: When any of the others is.
        gap_ms: See above.
    """
    times = difference(intersection([widened(one, gap_ms) for one in present]), absent)
    return trimmed(times, union(np.concatenate(present))) if gap_ms else times


def _check(wanted: Wanted) -> None:
    if not wanted.present:
        raise ConfigError("Say who is to be seen: one person at least.")
    both = set(wanted.present) & set(wanted.absent)
    if both:
        name = next(one.person_id or f"unknown person {one.unknown_id}" for one in both)
        raise ConfigError(f"{name} cannot be both with and without. Take them out of one of the two.")


def _rows(
    store: Store, project: str, who: Who, line: dict[str, int], wanted: Wanted
) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """Return video, times in milliseconds, track and confidence of somebody's appearances in the videos that are searched."""
    if who.person_id is not None:
        # From 0 on: there is nothing less sure, and the index is the same.
        bounds = {"confidence": wanted.confidence}
        query = Query({"project": project, "person_id": who.person_id}, ("confidence",), at_least=bounds)
    else:
        query = Query({"project": project, "unknown_id": who.unknown_id}, ("confidence",))
    read = list(islice(store.cells(Appearance, _FIELDS, query), MOST + 1))
    if len(read) > MOST:
        name = who.person_id or f"Unknown person {who.unknown_id}"
        raise ConfigError(f"{name} has more than {MOST:,} appearances. Ask for those with more confidence.")
    kept: list[tuple[Any, ...]] = [row for row in read if row[0] in line and (not wanted.human or row[5] == _HUMAN)]
    times = np.array([row[2:4] for row in kept], np.float64).reshape(-1, 2)
    return (
        np.array([line[row[0]] for row in kept], np.int64),
        np.rint(times * 1000).astype(np.int64),
        np.array([row[1] for row in kept], np.int64),
        np.array([row[4] for row in kept], np.float32),
    )


def _seen(lines: IntArray, times: IntArray, tracks: IntArray, confidences: FloatArray, span_ms: int) -> Seen:
    stretches = laid_out(lines, times[:, 0], times[:, 1], span_ms)
    order = np.lexsort((tracks, stretches[:, 0]))
    return Seen(stretches[order], tracks[order], confidences[order])


def _best(seen: Seen, start: int, end: int, line_start: int, gap_ms: int) -> Sight | None:
    """Return the appearance that covers most of a moment, or comes nearest to it."""
    starts = seen.stretches[:, 0]
    first, beyond = np.searchsorted(starts, [line_start, end + gap_ms + 1])
    if first >= beyond:
        return None
    near = seen.stretches[first:beyond]
    row = int(first) + int(np.argmax(np.minimum(near[:, 1], end) - np.maximum(near[:, 0], start)))
    return Sight(int(seen.tracks[row]), round(float(seen.confidences[row]), 4))
