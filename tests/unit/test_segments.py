"""Where a video may be cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from src.schema import WHOLE, Interval
from src.tracker import segments
from src.tracker.segments import CELL_SAMPLES, Grid, plan_segments
from src.video.sampling import Sampling

EVEN = np.arange(2000) / 25
UNEVEN = np.cumsum(np.random.default_rng(3).choice([0.01, 0.04, 0.3], 700))
DENSE = Grid(Sampling(5), 1.0)
SPARSE = Grid(Sampling(25), None)


@pytest.mark.parametrize("npts", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("grid", [DENSE, SPARSE, Grid(Sampling(sample_period_s=0.7), None)])
@pytest.mark.parametrize("interval", [WHOLE, Interval(3.21, 70), Interval(0, 40), Interval(60, None)])
@pytest.mark.parametrize("n", [1, 2, 3, 7, 1000])
def test_segments_are_whole_cells_without_gap_or_overlap(npts: np.ndarray, grid: Grid, interval: Interval, n: int) -> None:
    planned = plan_segments(npts, interval, n, grid, 2.0)
    inside = np.flatnonzero([interval.contains(npt) for npt in npts])
    assert planned[0].first == inside[0]
    assert planned[-1].end is None
    assert 1 <= len(planned) <= n
    for segment, behind in pairwise(planned):
        assert segment.end == behind.first > segment.first
    for segment in planned[1:]:
        at = segment.first
        assert at <= inside[-1]
        assert grid.cell(at, npts[at]) > grid.cell(at - 1, npts[at - 1])
        assert segment.start_npt == npts[at]
        # Enough is read before it to find shots, but nothing before the part that is meant.
        assert segment.read_from <= max(min(npts[at] - 2, npts[at - 1]), interval.start_npt)
        assert segment.read_from >= interval.start_npt


def test_segments_are_of_about_the_same_length() -> None:
    planned = plan_segments(EVEN, WHOLE, 4, DENSE, 2.0)
    assert [segment.start_npt for segment in planned] == [0, 20, 40, 60]


def test_in_sparse_samples_a_segment_begins_with_one_and_so_does_a_batch_before_and_behind() -> None:
    starts = [segment.first for segment in plan_segments(EVEN, WHOLE, 5, SPARSE, 2.0)]
    assert starts == [0, 400, 800, 1200, 1600]
    assert all(start % (25 * CELL_SAMPLES) == 0 for start in starts)


def test_there_are_no_more_segments_than_places_to_cut() -> None:
    assert len(plan_segments(EVEN[:200], WHOLE, 5, SPARSE, 2.0)) == 1
    assert len(plan_segments(EVEN[:201], WHOLE, 500, SPARSE, 2.0)) == 2
    assert len(plan_segments(EVEN[:100], WHOLE, 50, DENSE, 2.0)) == 4
    assert plan_segments(EVEN, Interval(100, None), 2, DENSE, 2.0) == []


def test_long_videos_have_more_segments_than_are_worked_on_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_S", 15.0)
    assert len(plan_segments(EVEN, WHOLE, 2, DENSE, 2.0)) == 6
    assert len(plan_segments(EVEN, WHOLE, 4, DENSE, 2.0)) == 8
    assert len(plan_segments(EVEN, WHOLE, 7, DENSE, 2.0)) == 7
