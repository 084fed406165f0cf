"""The figures of a project: screen time by person, by video and over the years, and who is on screen with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np

from ..intervals import laid_out, lengths, shared, union
from ..schema import IntArray
from .programmes import Programme
from .screentime import Columns, Person

Unit = Literal["month", "year"]
_MONTHS_SHOWN = 36
"""Programmes of so many months are told apart by month, of more by year."""
_PERIODS = 400
"""Years or months without a programme are left out where there are more than so many between the first and the last."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What counts.

    Attributes:
        top: So many people are told apart.
        top_videos: So many videos.
        confidence: Appearances of known people that are less sure do not count. Those of unknown people always do.
        human: Whether only appearances count that a person decided about.
        unknown: Whether unknown people are among those who are told apart.
    """

    top: int = 30
    top_videos: int = 40
    confidence: float = 0.0
    human: bool = False
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One person, and how much of them is to be seen. Two tracks at a time count once."""

    person: Person
    name: str
    ms: int
    n_appearances: int
    n_videos: int


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Times are milliseconds of persons: two people on screen for a second are two seconds.

    Attributes:
        people: Who is on screen longest first. `n_people`: how many there would be.
        named_ms, unknown_ms: Of all known people, and of all unknown ones.
        n_appearances: What counted.
        videos: Programmes in which known people are longest on screen first: number, their time, and that of unknown people.
        n_videos: Videos in which anybody is to be seen.
        cells: (people, videos) time of each person in each of these videos.
        together: Two people by their place among `people`, for how long they are on screen at the same time, and how often.
        unit: What `periods` are; empty where no programme has a date.
        periods: `1938` or `1938-09`, in order, those without a programme too.
        period_videos: Programmes of each period.
        series: (people, periods) time of each person.
        other_ms, unknown_series_ms: (periods,) time of the other known people, and of all unknown ones who are not in `people`.
        undated_ms: Time in programmes without a date.
    """

    people: tuple[Shown, ...]
    n_people: int
    named_ms: int
    unknown_ms: int
    n_appearances: int
    videos: tuple[tuple[int, int, int], ...]
    n_videos: int
    cells: IntArray
    together: tuple[tuple[int, int, int, int], ...]
    unit: Unit | Literal[""]
    periods: tuple[str, ...]
    period_videos: IntArray
    series: IntArray
    other_ms: IntArray
    unknown_series_ms: IntArray
    undated_ms: int


class _OverTime(TypedDict):
    """The fields of `Figures` from `unit` on."""

    unit: Unit | Literal[""]
    periods: tuple[str, ...]
    period_videos: IntArray
    series: IntArray
    other_ms: IntArray
    unknown_series_ms: IntArray
    undated_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Stretches in which somebody is on screen: no two of one person in one video overlap.

    Attributes:
        who, number: (n,) int64, person and programme of each. `times`: (n, 2) int64 milliseconds.
        appearances: (n_people,) int64, how many of each were counted.
    """

    who: IntArray
    number: IntArray
    times: IntArray
    appearances: IntArray

    @property
    def ms(self) -> IntArray:
        return lengths(self.times)


def figures_of(columns: Columns, programmes: Sequence[Programme], asked: Asked) -> Figures:
    """Count.

    Args:
        columns: Who is on screen when.
        programmes: Where it counts.
        asked: What counts.
    """
    n_who, n_videos = len(columns.people), len(programmes)
    named = np.array([person[0] is not None for person in columns.people], np.bool_)
    table = _table(columns, programmes, asked, named)
    by_who = _sums(table.ms, table.who, n_who)
    pairs = np.unique(table.who * max(n_videos, 1) + table.number)
    videos_of = np.bincount(pairs // max(n_videos, 1), minlength=n_who)
    ranked = [who for who in np.flatnonzero(by_who).tolist() if asked.unknown or named[who]]
    ranked.sort(key=lambda who: (-by_who[who], columns.names[who].casefold(), columns.people[who][1] or 0))
    chosen = ranked[: asked.top]
    place = np.full(n_who + 1, -1, np.int64)
    place[chosen] = np.arange(len(chosen))
    is_named = named[table.who] if n_who else np.zeros(0, np.bool_)
    known, unknown = (_sums(table.ms[rows], table.number[rows], n_videos) for rows in (is_named, ~is_named))
    order = np.lexsort((np.arange(n_videos), -unknown, -known))[: asked.top_videos]
    shown = tuple((int(at), int(known[at]), int(unknown[at])) for at in order.tolist() if known[at] or unknown[at])
    return Figures(
        people=tuple(
            Shown(columns.people[who], columns.names[who], int(by_who[who]), int(table.appearances[who]), int(videos_of[who]))
            for who in chosen
        ),
        n_people=len(ranked),
        named_ms=int(known.sum()),
        unknown_ms=int(unknown.sum()),
        n_appearances=int(table.appearances.sum()),
        videos=shown,
        n_videos=int(((known + unknown) > 0).sum()),
        cells=_cells(table, place, len(chosen), [number for number, *_ in shown], n_videos),
        together=_pairs(table, place, len(chosen)),
        **_over_time(table, place, len(chosen), is_named, programmes),
    )


def _table(columns: Columns, programmes: Sequence[Programme], asked: Asked, named: np.ndarray) -> _Table:
    numbers = {one.analysis_id: number for number, one in enumerate(programmes)}
    number = np.array([*(numbers.get(analysis, -1) for analysis in columns.analyses), -1], np.int64)[columns.analysis]
    counts = number >= 0
    if asked.human:
        counts &= columns.human
    if asked.confidence > 0:
        counts &= (columns.confidence >= np.float32(asked.confidence)) | ~named[columns.who]
    who, number = columns.who[counts], number[counts]
    starts, ends = columns.start_ms[counts], columns.end_ms[counts]
    span = int(ends.max(initial=0)) + 1
    # A time line for each person in each video.
    found = union(laid_out(who * len(programmes) + number, starts, ends, span))
    lines = found[:, 0] // span
    times = found - (lines * span)[:, None]
    n = max(len(programmes), 1)
    return _Table(lines // n, lines % n, times, np.bincount(who, minlength=len(columns.people)))


def _cells(table: _Table, place: IntArray, n_people: int, videos: Sequence[int], n_videos: int) -> IntArray:
    column = np.full(n_videos + 1, -1, np.int64)
    column[list(videos)] = np.arange(len(videos))
    rows = (place[table.who] >= 0) & (column[table.number] >= 0)
    at = place[table.who[rows]] * len(videos) + column[table.number[rows]]
    return _sums(table.ms[rows], at, n_people * len(videos)).reshape(n_people, len(videos))


def _pairs(table: _Table, place: IntArray, n_people: int) -> tuple[tuple[int, int, int, int], ...]:
    rows = place[table.who] >= 0
    times = table.times[rows]
    span = int(times.max(initial=0)) + 1
    time, often = shared(place[table.who[rows]], laid_out(table.number[rows], times[:, 0], times[:, 1], span), n_people)
    one, other = np.nonzero(np.triu(time))
    found = sorted(zip(one.tolist(), other.tolist(), strict=True), key=lambda pair: (-time[pair], pair))
    return tuple((*pair, int(time[pair]), int(often[pair])) for pair in found)


def _over_time(
    table: _Table, place: IntArray, n_people: int, is_named: np.ndarray, programmes: Sequence[Programme]
) -> _OverTime:
    unit, periods = periods_of([one.date for one in programmes])
    number = {period: at for at, period in enumerate(periods)}
    length = 7 if unit == "month" else 4
    period = np.array([*(number.get(one.date[:length], -1) if one.date else -1 for one in programmes), -1], np.int64)
    n, at = len(periods), period[table.number]
    dated, row = at >= 0, place[table.who]
    told = dated & (row >= 0)
    rest = dated & (row < 0)
    return {
        "unit": unit,
        "periods": periods,
        "period_videos": np.bincount(period[:-1][period[:-1] >= 0], minlength=n),
        "series": _sums(table.ms[told], row[told] * n + at[told], n_people * n).reshape(n_people, n),
        "other_ms": _sums(table.ms[rest & is_named], at[rest & is_named], n),
        "unknown_series_ms": _sums(table.ms[rest & ~is_named], at[rest & ~is_named], n),
        "undated_ms": int(table.ms[~dated].sum()),
    }


def periods_of(dates: Sequence[str]) -> tuple[Unit | Literal[""], tuple[str, ...]]:
    """Return into what time is divided, and all divisions from the first to the last date.

    Args:
        dates: As in `Programme`; empty ones do not count. Where one is known to the year only, time is divided into years.
    """
    known = sorted(date for date in dates if date)
    if not known:
        return "", ()
    if all(len(date) >= 7 for date in known):
        first, last = (int(date[:4]) * 12 + int(date[5:7]) - 1 for date in (known[0], known[-1]))
        if last - first < _MONTHS_SHOWN:
            return "month", tuple(f"{month // 12:04}-{month % 12 + 1:02}" for month in range(first, last + 1))
    years = sorted({int(date[:4]) for date in known})
    if years[-1] - years[0] < _PERIODS:
        years = list(range(years[0], years[-1] + 1))
    return "year", tuple(f"{year:04}" for year in years)


def _sums(values: IntArray, places: IntArray, n: int) -> IntArray:
    """Return (n,) the sum of the values of each place. Exact: sums of whole milliseconds stay below 2^53."""
    return np.bincount(places, values, n).astype(np.int64) if n else np.zeros(0, np.int64)
