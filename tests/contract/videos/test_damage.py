"""What is damaged, cut off or no video is passed over and told, or refused."""

from __future__ import annotations

import gc
from itertools import pairwise
from pathlib import Path

import av
import pytest

from src.errors import MediaError
from src.schema import Interval
from src.video.numbering import PROBE_FRAMES, Numbering
from tests.videos import damage, numbered, texture, with_grain, write_sound, write_video

from .files import Open, cut_off, read


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.ts", "libx264")]
    + [("a.avi", codec) for codec in ("libx264", "mpeg4", "mjpeg")],
)
def test_damage_in_the_middle_is_passed_over_and_told(pyav: Open, tmp_path: Path, name: str, codec: str) -> None:
    pictures, pix_fmt = with_grain(numbered(150, (192, 128)), 10), "yuvj420p" if codec == "mjpeg" else "yuv420p"
    # MPEG-4 gets an even quality, so that the middle of the file is that of the film.
    options = {"g": "10"} | ({"qmin": "5", "qmax": "5"} if codec == "mpeg4" else {})
    path = write_video(tmp_path / name, pictures, options=options, codec=codec, pix_fmt=pix_fmt)
    stream = pyav(damage(path, 0.5, 0.53))

    frames = read(stream)

    assert 100 < len(frames) <= 150
    assert stream.n_damaged > 0
    assert stream.damage
    # Before and well after the damage, pictures are at their own times.
    assert all(number == round(npt * 25) for _, npt, number in frames if not 2.4 < npt < 4)
    assert frames[-1][1] == pytest.approx(149 / 25, abs=0.001)
    if name == "a.mp4":  # all packets are read, also those that cannot be decoded: no number moves
        assert [index for index, _, _ in frames] == [round(npt * 25) for _, npt, _ in frames]
    else:
        assert all(before < after for (before, _, _), (after, _, _) in pairwise(frames))


def test_an_index_of_a_damaged_avi_has_the_times_of_its_frames(pyav: Open, tmp_path: Path) -> None:
    """FFmpeg counts the packets of AVI as they come, and not those that were lost."""
    path = write_video(tmp_path / "a.avi", with_grain(numbered(150), 10), codec="mjpeg", pix_fmt="yuvj420p")
    with pyav(damage(path, 0.5, 0.53)) as stream:
        index = stream.index()
        frames = read(stream)
        part = [frame for frame in stream.frames(Interval(4), index=index)]

    assert index is not None
    assert {npt for _, npt, _ in frames} <= set(index.npts.tolist())
    assert frames[-1][1] == index.npts[-1] == pytest.approx(149 / 25)
    assert [frame.npt for frame in part] == [npt for _, npt, _ in frames if npt >= 4]


def test_a_frame_that_comes_late_has_no_number() -> None:
    """Whether it was lost or left out on purpose: those behind it are shown already."""
    numbering = Numbering(n_shown=PROBE_FRAMES)
    for pts in range(6):
        numbering.sent(pts, pts, is_left_out=pts == 1)

    assert [numbering.number(pts) for pts in (0, 3, 1, 2, 4)] == [(0, []), (3, [1]), (None, []), (None, []), (4, [])]


def test_damage_of_a_reading_is_forgotten_by_the_next(pyav: Open, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", with_grain(numbered(150, (192, 128)), 10), options={"g": "10"})
    stream = pyav(damage(path, 0.5, 0.53))
    read(stream)
    read(stream, Interval(0, 1))

    assert (stream.n_damaged, stream.damage) == (0, "")


def test_missing_frames_are_told_only_where_times_were_even(pyav: Open, tmp_path: Path) -> None:
    even = [index / 25 for index in range(60)]
    holed = write_video(tmp_path / "holed.mkv", numbered(60), times=[*even[:40], *(time + 0.2 for time in even[40:])])
    uneven = write_video(tmp_path / "uneven.mkv", numbered(60), times=[(index + index % 3 / 2) / 25 for index in range(60)])

    told = []
    for stream in (pyav(holed), pyav(uneven)):
        read(stream)
        told.append((stream.n_damaged, stream.damage))

    assert told == [(5, "frames are missing between 1.56 s and 1.80 s"), (0, "")]


def test_a_sound_file_has_no_video(pyav: Open, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"has no video stream \(only sound to be found\)"):
        pyav(write_sound(tmp_path / "a.m4a"))


def test_a_cover_picture_is_no_video(pyav: Open, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"has no video stream \(only sound and a cover picture to be found\)"):
        pyav(write_sound(tmp_path / "a.m4a", cover=texture(1)))


def test_a_video_of_which_nothing_can_be_decoded_is_refused(pyav: Open, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", with_grain(numbered(1, (192, 128)), 10), container_options={"movflags": "faststart"})

    with pytest.raises(MediaError, match="not one frame of it can be decoded"):
        pyav(damage(path, 0.45, 1.0))


def test_an_index_that_was_cut_off_is_named(pyav: Open, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"without its index \(moov\)"):
        pyav(cut_off(tmp_path / "a.mp4"))


def test_reading_keeps_no_frames(pyav: Open, tmp_path: Path) -> None:
    stream = pyav(write_video(tmp_path / "a.mp4", numbered(300)))
    gc.collect()
    alive = [
        sum(isinstance(thing, av.VideoFrame) or type(thing).__name__ == "PyAvFrame" for thing in gc.get_objects())
        for frame in stream.frames()
        if frame.frame_index in (50, 290)
    ]

    assert alive[1] <= alive[0] + 2
