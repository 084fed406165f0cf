"""Where one video may be cut so that its segments, worked on apart, give what it gives in one go."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..schema import DoubleArray, IntArray, Interval
from ..video.sampling import Sampling

CELL_SAMPLES = 8
"""Sparse samples between two places for a cut. Batches end there in any case, so that they come out the same."""
SEGMENT_S = 180.0
"""Longest segment: with many short ones all processes stay near the one that stitches, and little lies on the disk."""
LEAST_S = 60.0
"""Shortest segment that is worth what is decoded twice at its borders, where nobody asked for segments."""
_LEAD_S = 0.5
_LEAD_FRAMES = 3
"""A segment is read from this much before what finding shots needs, and from so many frames before its start at least."""
_LOOK_FRAMES = 24
"""And from so many frames before that where frames are left out: only behind them the same ones are left out as in one go."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Divides the frames of a video into cells; it may be cut between any two of them.

    Where samples are dense a cell is a window of time. Where they are sparse it has the frames of `CELL_SAMPLES` samples, so
    that its first frame is a sample, whatever was done before.

    Attributes:
        sampling: Which frames are samples.
        window_s: Length of a window in seconds; None where samples are sparse.
    """

    sampling: Sampling
    window_s: float | None

    def cell(self, frame_index: int, npt: float) -> int:
        """Return the number of a frame's cell; it never falls from one frame to the next."""
        if self.window_s is not None:
            return int(npt / self.window_s)
        return self.sampling.ordinal(frame_index, npt) // CELL_SAMPLES


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a video.

    Attributes:
        first: Index of its first frame.
        end: Index of the frame behind it; None for the last segment.
        start_npt: When its first frame is shown.
        read_from: From when it is read, so that shots are found as if all was read.
    """

    first: int
    end: int | None
    start_npt: float
    read_from: float

    def owns(self, frame_index: int) -> bool:
        """Say whether a frame is one of this segment."""
        return frame_index >= self.first and (self.end is None or frame_index < self.end)


def plan_segments(
    npts: DoubleArray, interval: Interval, n: int, grid: Grid, context_s: float, starts: IntArray | None = None
) -> list[Segment]:
    """Cut a part of a video into segments of about the same length.

    Args:
        npts: (n,) the times of all its frames, rising.
        interval: The part.
        n: How many are worked on at a time; there are so many, or a multiple of it where they would be long.
        grid: Where it may be cut; where it has fewer places there are fewer segments.
        context_s: How far before a frame one has to look to know whether a shot begins there.
        starts: (k,) int64, the frames at which decoding may begin, where frames are left out that nobody asks for: segments are
            read from one of these. None where all frames are decoded.

    Returns:
        The segments in order, without gaps and overlaps; none where no frame lies in the interval.
    """
    first = int(np.searchsorted(npts, interval.start_npt))
    end = len(npts) if interval.end_npt is None else int(np.searchsorted(npts, interval.end_npt))
    if first >= end:
        return []
    start_npt, length = float(npts[first]), float(npts[end - 1] - npts[first])
    n_all = n * max(1, math.ceil(length / (n * SEGMENT_S)))
    wanted = [start_npt + length * k / n_all for k in range(1, n_all)]
    borders = {_start_of_cell(npts, int(np.searchsorted(npts, npt)), first, grid) for npt in wanted} - {first}
    edges = [first, *sorted(borders)]
    segments = [Segment(at, behind, float(npts[at]), 0.0) for at, behind in pairwise([*edges, end])]
    return [
        replace(segment, end=None if segment.end == end else segment.end, read_from=max(early, interval.start_npt))
        for segment in segments
        for early in [_read_from(segment, npts, context_s, starts)]
    ]


def _start_of_cell(npts: DoubleArray, at: int, first: int, grid: Grid) -> int:
    """Return the first frame, from `first` on, of the cell that a frame lies in."""

    def cell_of(frame_index: int) -> int:
        return grid.cell(frame_index, float(npts[frame_index]))

    return bisect_left(range(at + 1), cell_of(at), lo=first, key=cell_of)


def _read_from(segment: Segment, npts: DoubleArray, context_s: float, starts: IntArray | None) -> float:
    """Return the time from which a segment is read, 0 or less where that is the start of the video."""
    early = min(segment.start_npt - context_s - _LEAD_S, float(npts[max(segment.first - _LEAD_FRAMES, 0)]))
    if starts is None:
        return early
    at = int(np.searchsorted(npts, early)) - _LOOK_FRAMES
    k = int(np.searchsorted(starts, at, side="right")) - 1
    return float(npts[starts[k]]) if k >= 0 else 0.0
