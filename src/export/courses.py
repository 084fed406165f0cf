"""Where faces are between the samples that saw them, for everything that is drawn on pictures."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..records import Shot
from ..schema import DoubleArray, FloatArray
from .document import Document, Seen

GRADUAL = ("dissolve", "fade")
"""Shots that begin so are seen before their first frame, and the ones before them after their last."""
GRADUAL_S = 1.0
"""Seconds on either side of the cut in which both may be seen."""
_NONE = (-np.inf, np.inf)
"""The limits of a face that lies in no shot."""
Edges = tuple[float, float, float, float]
"""Left, top, right and bottom of a rectangle, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A face on its way through a shot.

    Attributes:
        seen: Who; None where nobody is to be shown for it.
        npt: (n,) float64, when it was seen.
        boxes_xywh: (n, 4) float32, where.
        start_npt, end_npt: From when to when it may be there: a sample's distance beyond the first and the last, in its shot.
    """

    seen: Seen | None
    npt: DoubleArray
    boxes_xywh: FloatArray
    start_npt: float
    end_npt: float

    def box_at(self, npt: float) -> Edges:
        """Return where it is, on a straight line between the samples beside it; before and after them, where it was there."""
        x, y, w, h = (float(np.interp(npt, self.npt, self.boxes_xywh[:, side])) for side in range(4))
        return x, y, x + w, y + h

    def reach_at(self, npt: float, margin: float) -> Edges:
        """Return a rectangle that it cannot have left: all of both samples beside it, with a margin.

        Where it changed its speed from sample to sample, it may have swung out between them: by an eighth of the change where
        it turned evenly, by half of it at the most. Beyond the first and the last sample it may go on as it went before, at
        twice the speed.

        Args:
            npt: When.
            margin: Of its size, on every side.
        """
        after = int(np.searchsorted(self.npt, npt))
        rows = self.boxes_xywh[max(after - 1, 0) : after + 1].astype(np.float64)
        if after in (0, len(self.npt)) and len(self.npt) > 1:
            rows = np.vstack([rows, self._gone_on(npt, at_start=after == 0)])
        grown, swing = rows[:, 2:] * margin, self._swing(after)
        left, top = (rows[:, :2] - grown).min(axis=0) - swing[:2]
        right, bottom = (rows[:, :2] + rows[:, 2:] + grown).max(axis=0) + swing[2:]
        return float(left), float(top), float(right), float(bottom)

    def _swing(self, after: int) -> DoubleArray:
        """Return how far left, top, right and bottom may lie outside of the samples beside a time: (4,) pixels."""
        rows = self.boxes_xywh[max(after - 2, 0) : after + 2].astype(np.float64)
        if len(rows) < 3:
            return np.zeros(4)
        edges = np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:]])
        changes: DoubleArray = np.abs(np.diff(edges, n=2, axis=0)).max(axis=0) / 2
        return changes

    def _gone_on(self, npt: float, *, at_start: bool) -> DoubleArray:
        end, inner = (0, 1) if at_start else (-1, -2)
        passed = abs(npt - self.npt[end]) / max(abs(float(self.npt[end] - self.npt[inner])), 1e-6)
        step = self.boxes_xywh[end].astype(np.float64) - self.boxes_xywh[inner]
        step[2:] = np.maximum(step[2:], 0)
        gone: DoubleArray = self.boxes_xywh[end] + 2 * min(passed, 2.0) * step
        return gone


def courses_of(document: Document, *, everybody: bool) -> list[Course]:
    """Return the courses of all faces of a video, by their start.

    Args:
        document: What is known of it.
        everybody: Also faces that nobody is to be shown for.
    """
    shots = document.shots()
    period_s = float(document.analysis.sampling.get("period_s", 1.0) or 1.0)
    starts = [shot.start_npt for shot in shots]
    found = []
    for seen, samples in document.parts():
        if everybody or seen is not None:
            at = bisect_right(starts, float(samples.npt[0])) - 1
            limits = _limits(shots[at : at + 2], period_s) if at >= 0 and samples.npt[0] < shots[at].end_npt else _NONE
            found.append(_course(seen, samples.npt, samples.boxes_xywh, period_s, limits))
    if everybody:
        found += _between(found)
    return sorted(found, key=lambda course: course.start_npt)


def _limits(shots: Sequence[Shot], period_s: float) -> tuple[float, float]:
    """Return from when to when a face of a shot may be seen: in a dissolve or a fade it is there before and after the cut.

    Args:
        shots: The shot, and the one after it where there is one.
        period_s: Between two samples.
    """
    before, after = (
        max(period_s, GRADUAL_S) if shot is not None and shot.transition in GRADUAL else 0.0
        for shot in (shots[0], shots[1] if len(shots) > 1 else None)
    )
    return shots[0].start_npt - before, shots[0].end_npt + after


def _course(seen: Seen | None, npt: DoubleArray, boxes: FloatArray, period_s: float, limits: tuple[float, float]) -> Course:
    start, end = float(npt[0]) - period_s, float(npt[-1]) + period_s
    return Course(seen, npt, boxes, max(start, limits[0]), min(end, limits[1]))


def _between(courses: Sequence[Course]) -> Iterator[Course]:
    """Yield courses for the times at which somebody is to be seen, as it is said, and no track shows the face.

    An appearance may be of several tracks: a face that turned away, or that a cut has parted. It lies then where it was before,
    where it is afterwards, or between the two.
    """
    own: dict[int, list[Course]] = defaultdict(list)
    for course in courses:
        if course.seen is not None:
            own[course.seen.number].append(course)
    for mine in own.values():
        mine.sort(key=lambda course: course.start_npt)
        seen, last = mine[0].seen, mine[0]
        assert seen is not None, "only who is to be seen is taken"
        if seen.start_npt < mine[0].start_npt:
            yield Course(seen, mine[0].npt[:1], mine[0].boxes_xywh[:1], seen.start_npt, mine[0].start_npt)
        for course in mine[1:]:
            if course.start_npt > last.end_npt:
                times, boxes = (
                    np.append(last.npt[-1:], course.npt[:1]),
                    np.vstack([last.boxes_xywh[-1:], course.boxes_xywh[:1]]),
                )
                yield Course(seen, times, boxes, last.end_npt, course.start_npt)
            last = max(last, course, key=lambda one: one.end_npt)
        if seen.end_npt > last.end_npt:
            yield Course(seen, last.npt[-1:], last.boxes_xywh[-1:], last.end_npt, seen.end_npt)


class Running:
    """The courses at one time after the other: times only rise."""

    def __init__(self, courses: Sequence[Course]) -> None:
        """Begin before the first one; they are ordered by their start."""
        self._waiting, self._next = courses, 0
        self._running: list[Course] = []

    def at(self, npt: float) -> Iterator[Course]:
        """Yield the courses that are under way."""
        while self._next < len(self._waiting) and self._waiting[self._next].start_npt <= npt:
            self._running.append(self._waiting[self._next])
            self._next += 1
        self._running = [course for course in self._running if course.end_npt > npt]
        yield from self._running
