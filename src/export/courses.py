"""Where faces are between the samples that saw them, for everything that is drawn on pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..records import Shot
from ..schema import DoubleArray, FloatArray
from .document import Document, Seen

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

        Beyond the first and the last sample it may go on as it went before, at twice the speed.

        Args:
            npt: When.
            margin: Of its size, on every side.
        """
        after = int(np.searchsorted(self.npt, npt))
        rows = self.boxes_xywh[max(after - 1, 0) : after + 1].astype(np.float64)
        if after in (0, len(self.npt)) and len(self.npt) > 1:
            rows = np.vstack([rows, self._gone_on(npt, at_start=after == 0)])
        grown = rows[:, 2:] * margin
        left, top = (rows[:, :2] - grown).min(axis=0)
        right, bottom = (rows[:, :2] + rows[:, 2:] + grown).max(axis=0)
        return float(left), float(top), float(right), float(bottom)

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
    found = [
        _course(seen, samples.npt, samples.boxes_xywh, period_s, shots)
        for seen, samples in document.parts()
        if everybody or seen is not None
    ]
    return sorted(found, key=lambda course: course.start_npt)


def _course(seen: Seen | None, npt: DoubleArray, boxes: FloatArray, period_s: float, shots: Sequence[Shot]) -> Course:
    start, end = float(npt[0]) - period_s, float(npt[-1]) + period_s
    shot = next((shot for shot in shots if shot.start_npt <= npt[0] < shot.end_npt), None)
    if shot is not None:
        start, end = max(start, shot.start_npt), min(end, shot.end_npt)
    return Course(seen, npt, boxes, start, end)


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
