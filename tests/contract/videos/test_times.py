"""Times that only PyAV knows: containers that start late, have no stamps, or were joined; and the clock by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from src.video.clock import Clock
from src.video.sampling import Sampling
from tests.videos import number_of, numbered, write_video

from .files import Open, read


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_time_counts_from_the_start_of_the_container(pyav: Open, tmp_path: Path, name: str) -> None:
    """As a player shows it: sound that begins before the first picture counts."""
    alone = write_video(tmp_path / f"alone-{name}", numbered(10), start_s=5)
    beside = write_video(tmp_path / name, numbered(10), start_s=0.84, sound_s=1.5)

    assert read(pyav(alone))[0][1] == 0.0
    # The encoder of the sound begins up to 1024 samples before 0.
    times = [npt for _, npt, _ in read(pyav(beside))]
    assert times == pytest.approx([0.84 + index / 25 for index in range(10)], abs=0.025)
    assert np.diff(times) == pytest.approx([0.04] * 9, abs=0.0011)


@pytest.mark.parametrize(("name", "codec"), [("a.h264", "libx264"), ("b.avi", "libx264"), ("a.m2v", "mpeg2video")])
def test_containers_without_presentation_times(pyav: Open, tmp_path: Path, name: str, codec: str) -> None:
    frames = read(pyav(write_video(tmp_path / name, numbered(40), codec=codec, options={"bf": "2"})))

    assert [number for _, _, number in frames] == list(range(40))
    assert [npt for _, npt, _ in frames] == pytest.approx([index / 25 for index in range(40)], abs=1e-6)


def test_the_container_says_where_its_own_clock_begins(pyav: Open, tmp_path: Path) -> None:
    """What browsers count from: in fragments without a list of edits, B-frames put off the first picture."""
    late = write_video(tmp_path / "late.mkv", numbered(10), start_s=5)
    fragments = {"movflags": "frag_keyframe+empty_moov"}
    put_off = write_video(tmp_path / "a.mp4", numbered(10), options={"bf": "2"}, container_options=fragments)
    usual = write_video(tmp_path / "b.mp4", numbered(10), options={"bf": "2"})

    assert [pyav(path).info.start_time for path in (late, put_off, usual)] == pytest.approx([5.0, 0.08, 0.0])
    assert read(pyav(put_off))[0][1] == 0.0


def test_a_recording_that_was_joined_goes_on(pyav: Open, tmp_path: Path) -> None:
    """Time stamps start again and the size changes: times go on, pictures keep the first size."""
    first = write_video(tmp_path / "1.ts", numbered(30))
    second = write_video(tmp_path / "2.ts", numbered(30, (64, 96), first=30))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())

    stream = pyav(joined)
    frames = list(stream.frames())
    times = [frame.npt for frame in frames]

    assert (stream.info.width, stream.info.height) == (96, 64)
    assert {frame.rgb().shape for frame in frames} == {(64, 96, 3)}
    assert [number_of(frame.rgb()) for frame in frames] == list(range(60))
    assert all(before < after for before, after in pairwise(times))


@pytest.mark.parametrize("starts_s", [(9000, 0), (0, 9000), (80_000, 2, 1)])
def test_counts_that_are_far_apart_are_no_hole(pyav: Open, tmp_path: Path, starts_s: tuple[int, ...]) -> None:
    """FFmpeg takes a count that falls back far for one that wrapped around, and would have a day go by."""
    parts = [write_video(tmp_path / f"{k}.ts", numbered(30), start_s=start_s) for k, start_s in enumerate(starts_s)]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    n = 30 * len(parts)

    with pyav(joined) as stream:
        whole = [(frame.frame_index, frame.npt) for frame in stream.frames()]
        assert [npt for _, npt in whole] == pytest.approx([index / 25 for index in range(n)])
        # Nothing but the seams, where the counters of packets do not go on.
        assert stream.n_damaged < len(parts)
        assert stream.info.duration == pytest.approx(n / 25)
        sampler = Sampling(10).sampler()
        assert {(frame.frame_index, frame.npt) for frame in stream.frames(needed=sampler)} >= set(whole[::10])
        assert stream.index() is None


def test_a_count_that_wraps_around_goes_on(pyav: Open, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", numbered(50), start_s=2**33 / 90_000 - 1)

    with pyav(path) as stream:
        assert [npt for _, npt, _ in read(stream)] == pytest.approx([index / 25 for index in range(50)], abs=1e-4)
        assert stream.n_damaged == 0


@pytest.mark.parametrize("name", ["a.mkv", "a.webm"])
def test_a_late_start_is_no_missing_end(pyav: Open, tmp_path: Path, name: str) -> None:
    """What Matroska calls its length may be the time of its end."""
    codec, options = ("libx264", {}) if name == "a.mkv" else ("libvpx", {"deadline": "realtime", "cpu-used": "8"})
    path = write_video(tmp_path / name, numbered(30), codec=codec, options=options, start_s=10)

    with pyav(path) as stream:
        assert [npt for _, npt, _ in read(stream)] == pytest.approx([index / 25 for index in range(30)], abs=0.0011)
        assert (stream.n_damaged, stream.damage) == (0, "")


# The clock, by hand. Ticks of 1/100 s at 25 frames a second.


@pytest.mark.parametrize(
    ("start", "stamps", "expected"),
    [
        (Fraction(0), [(0, 0), (4, 4), (8, 8)], [0, 0.04, 0.08]),
        (Fraction(1), [(150, None), (154, None)], [0.5, 0.54]),
        # Nobody knows the start, or it lies after the first frame: the first frame is at 0.
        (None, [(50, None), (54, None)], [0, 0.04]),
        (Fraction(2), [(150, None), (154, None)], [0, 0.04]),
        # No stamps at all, or a gap: one frame at a time.
        (None, [(None, None)] * 3, [0, 0.04, 0.08]),
        (Fraction(0), [(0, None), (None, None), (8, None)], [0, 0.04, 0.08]),
        # DTS only, ahead by a delay of two frames, with a frame left out.
        (Fraction(0), [(None, 8), (None, 12), (None, 20)], [0, 0.04, 0.12]),
        # Stamps that stand still or fall back a little are put just behind.
        (Fraction(0), [(0, None), (4, None), (4, None), (8, None)], [0, 0.04, 0.045, 0.08]),
        # A damaged frame that comes late where packets go on begins no new count; where packets fall back, one does.
        (Fraction(0), [(0, 0), (300, 8), (8, 12), (304, 16)], [0, 3, 3.005, 3.04]),
        (Fraction(0), [(0, 0), (300, 300), (304, 4), (0, 8), (4, 12)], [0, 3, 3.04, 3.08, 3.12]),
        # A recording that starts its count again goes on, and keeps the new count's distances.
        (Fraction(5), [(500, None), (700, None), (0, None), (10, None)], [0, 2, 2.04, 2.14]),
    ],
)
def test_clock(start: Fraction | None, stamps: list[tuple[int | None, int | None]], expected: list[float]) -> None:
    clock = Clock(Fraction(1, 100), Fraction(25), start, None)

    assert [clock.npt(pts, dts) for pts, dts in stamps] == pytest.approx(expected)
    assert clock.has_begun_anew == (stamps[-1] in ((10, None), (4, 12)))


@pytest.mark.parametrize(("may_begin_anew", "npt"), [(False, 3601.05), (True, 1.08)])
def test_a_hole_of_more_than_an_hour(may_begin_anew: bool, npt: float) -> None:
    clock = Clock(Fraction(1, 100), Fraction(25), Fraction(0), None, may_begin_anew)

    assert [clock.npt(pts, None) for pts in (0, 104, 360_105)] == pytest.approx([0, 1.04, npt])
    assert clock.leaps(104, 360_105) == may_begin_anew
    assert not clock.leaps(104, 360_104)
