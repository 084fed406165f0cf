"""Times that only PyAV knows: containers that start late, have no stamps, or were joined; and the clock by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from src.video.clock import Clock
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
        # A recording that starts its count again goes on, and keeps the new count's distances.
        (Fraction(5), [(500, None), (700, None), (0, None), (10, None)], [0, 2, 2.04, 2.14]),
    ],
)
def test_clock(start: Fraction | None, stamps: list[tuple[int | None, int | None]], expected: list[float]) -> None:
    clock = Clock(Fraction(1, 100), Fraction(25), start, None)

    assert [clock.npt(pts, dts) for pts, dts in stamps] == pytest.approx(expected)
