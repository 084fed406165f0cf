"""A segment leaves out the very frames that are left out where the whole video is read in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from src.schema import WHOLE, Interval, RgbImage
from src.tracker.segment_work import Extract
from src.tracker.segments import Grid, Segment, plan_segments
from src.video.pyav import PyAvStream
from src.video.sampling import Sampling
from src.video.shots import CONTEXT_S
from tests.made_streams import MADE, calm_pictures, make, pictures
from tests.unit.test_reading_part import REAL, Shown, mark_of, open_pyav

LONG = 450
Drawing: TypeAlias = Callable[[tuple[int, int], int], Iterator[RgbImage]]
NAMES = [
    "h264 of short groups without B-frames",
    "h264 with a pyramid of B-frames",
    "h264 with open groups",
    "h264 with open groups in MPEG-TS",
    "h264 interlaced",
    "h264 at uneven times",
    "h264 that begins late",
    "h264 of one group",
    "h264 that is refreshed bit by bit",
    "hevc",
    "hevc in layers",
    "mpeg2 with B-frames",
    "mpeg2 in MPEG-TS",
    "mpeg4",
    "mjpeg",
    "vp8",
    "vp9",
    "av1",
]


def read(stream: PyAvStream | Extract, interval: Interval, sampling: Sampling) -> list[Shown]:
    frames = stream.frames(interval, needed=sampling.sampler())
    return [(frame.frame_index, frame.npt, mark_of(frame)) for frame in frames]


def check(path: Path, sampling: Sampling, window_s: float | None, n: int) -> tuple[int, int]:
    """Compare each of so many segments; return how many there are, and how many frames were left out."""
    with open_pyav(path) as stream, open_pyav(path) as other:
        index = stream.index()
        assert index is not None
        segments = plan_segments(index.npts, WHOLE, n, Grid(sampling, window_s), CONTEXT_S, index.starts)
        whole = read(stream, WHOLE, sampling)
        for segment in segments:
            part = read(Extract(other, index, segment), Interval(segment.read_from), sampling)
            assert [one for one in part if _matters(one, segment)] == [one for one in whole if _matters(one, segment)]
            assert segment.read_from <= max(segment.start_npt - CONTEXT_S, 0)
        return len(segments), len(index.npts) - len(whole)


def _matters(one: Shown, segment: Segment) -> bool:
    """Say whether what is found in a segment depends on a frame."""
    return one[1] >= segment.start_npt - CONTEXT_S


@pytest.mark.parametrize("drawing", [pictures, calm_pictures])
@pytest.mark.parametrize("name", NAMES)
def test_the_same_frames_are_left_out(name: str, drawing: Drawing, tmp_path: Path) -> None:
    path = make(name, tmp_path, drawing, LONG)
    n_segments, n_left_out = check(path, Sampling(15), None, 4)
    assert n_segments >= 3
    assert n_left_out > 0 or drawing is pictures or not MADE[name].may_skip


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real videos at {REAL}")
@pytest.mark.parametrize("path", sorted(REAL.glob("*.mp4")), ids=lambda path: path.name)
def test_real_videos(path: Path) -> None:
    check(path, Sampling(25), None, 5)
    check(path, Sampling(5), 1.0, 5)
