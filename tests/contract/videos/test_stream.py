"""What every video reader promises, on drawn videos."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from src.errors import MediaError
from src.schema import Interval
from src.video import open_stream
from tests.videos import number_of, numbered, shots, truncate, with_grain, write_video

from .files import Open, cut_off, empty, folder, is_pyav, letter, noise, nothing, read


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.ts", "libx264"), ("a.avi", "mpeg4"), ("a.webm", "libvpx-vp9")],
)
def test_all_frames_in_presentation_order_with_their_times(open_video: Open, tmp_path: Path, name: str, codec: str) -> None:
    path = write_video(tmp_path / name, numbered(60), codec=codec, options={"bf": "2"} if codec != "libvpx-vp9" else None)

    frames = read(open_video(path))

    assert [index for index, _, _ in frames] == list(range(60))
    assert [number for _, _, number in frames] == list(range(60))
    # OpenCV counts the delay of reordering where a container tells no presentation times (AVI).
    tolerance = 0.001 if is_pyav(open_video) else 0.041
    assert [npt for _, npt, _ in frames] == pytest.approx([index / 25 for index in range(60)], abs=tolerance)


def test_what_the_container_says(open_video: Open, tmp_path: Path) -> None:
    rate = Fraction(30000, 1001)
    info = open_video(write_video(tmp_path / "a.mp4", numbered(30), rate=rate)).info

    assert (info.width, info.height, info.rotation) == (96, 64, 0)
    assert info.frame_rate == rate
    assert info.duration == pytest.approx(1.001, abs=0.002)
    assert info.n_frames == 30
    assert info.codec in ("h264", "avc1")
    assert info.locator == str(tmp_path / "a.mp4")


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (Interval(), range(50)),
        (Interval(0.4, 0.8), range(10, 20)),
        (Interval(1.9), range(48, 50)),
        (Interval(0.0, 0.04), range(1)),
        (Interval(1.0, 1.0), range(0)),
        (Interval(5.0), range(0)),
        (Interval(1.0, 99.0), range(25, 50)),
    ],
)
def test_an_interval_gives_its_frames_with_their_true_index(
    open_video: Open, tmp_path: Path, interval: Interval, expected: range
) -> None:
    frames = read(open_video(write_video(tmp_path / "a.mp4", numbered(50))), interval)

    assert [index for index, _, _ in frames] == list(expected)
    assert [number for _, _, number in frames] == list(expected)


def test_can_be_read_again_also_after_an_unfinished_reading(open_video: Open, tmp_path: Path) -> None:
    stream = open_video(write_video(tmp_path / "a.mp4", numbered(20)))
    first = stream.frames()
    next(first)

    assert [number for _, _, number in read(stream)] == list(range(20))
    assert [number for _, _, number in read(stream)] == list(range(20))
    assert list(first) == []  # a new reading ends the one before


def test_frames_stay_true_when_kept(open_video: Open, tmp_path: Path) -> None:
    frames = list(open_video(write_video(tmp_path / "a.mp4", numbered(20))).frames())

    assert [number_of(frame.rgb()) for frame in reversed(frames)] == list(range(19, -1, -1))


def test_pictures_and_thumbnails_are_rgb_bytes(open_video: Open, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(2, size=(128, 72), colour=(220, 40, 60)))

    frame = next(open_video(path).frames())
    image, small = frame.rgb(), frame.thumbnail()

    assert image.shape == (72, 128, 3) and image.dtype == np.uint8 and image.flags.c_contiguous
    assert small.shape == (36, 64, 3) and small.dtype == np.uint8
    assert image[60, 64].tolist() == pytest.approx([220, 40, 60], abs=6)
    assert small[30, 32].tolist() == pytest.approx([220, 40, 60], abs=6)
    image[:] = 0
    assert frame.rgb().any()  # a caller may draw on its picture


def test_two_readings_give_the_same_bytes(open_video: Open, tmp_path: Path) -> None:
    stream = open_video(write_video(tmp_path / "a.mp4", with_grain(shots([10]), 8)))

    one = [(frame.npt, frame.rgb().tobytes(), frame.thumbnail().tobytes()) for frame in stream.frames()]
    assert [(frame.npt, frame.rgb().tobytes(), frame.thumbnail().tobytes()) for frame in stream.frames()] == one


def test_close_ends_the_reading(open_video: Open, tmp_path: Path) -> None:
    with open_video(write_video(tmp_path / "a.mp4", numbered(20))) as stream:
        frames = stream.frames()
        next(frames)

    assert list(frames) == []
    stream.close()


def test_variable_frame_rate(open_video: Open, tmp_path: Path) -> None:
    times = [0, 0.1, 0.5, 0.52, 1.7, 3, 3.04]
    frames = read(open_video(write_video(tmp_path / "a.mp4", numbered(7), times=times)))

    assert [npt for _, npt, _ in frames] == pytest.approx(times, abs=0.001)
    assert [number for _, _, number in frames] == list(range(7))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_pictures_are_upright(open_video: Open, tmp_path: Path, rotation: int, mirrored: bool) -> None:
    if mirrored and not is_pyav(open_video):
        pytest.skip("OpenCV does not mirror")
    picture = np.zeros((48, 96, 3), np.uint8)
    picture[:24, :48] = (200, 30, 30)  # as coded, red is at the top left

    stream = open_video(write_video(tmp_path / "a.mp4", [picture] * 3, rotation=rotation, mirrored=mirrored))
    image = next(stream.frames()).rgb()

    expected = np.rot90(picture, -rotation // 90)
    expected = expected[:, ::-1] if mirrored else expected
    assert (stream.info.width, stream.info.height) == (expected.shape[1], expected.shape[0])
    assert stream.info.rotation == rotation
    assert np.abs(image.astype(int) - expected).mean() < 6


@pytest.mark.parametrize(
    ("size", "n", "codec", "pix_fmt"),
    [((1, 1), 3, "ffv1", "yuv444p"), ((17, 9), 20, "ffv1", "yuv420p"), ((96, 64), 1, "libx264", "yuv420p")],
)
def test_odd_sizes_and_a_single_frame(
    open_video: Open, tmp_path: Path, size: tuple[int, int], n: int, codec: str, pix_fmt: str
) -> None:
    stream = open_video(write_video(tmp_path / "a.mkv", numbered(n, size), codec=codec, pix_fmt=pix_fmt))

    frames = list(stream.frames())

    assert len(frames) == n
    assert (stream.info.width, stream.info.height) == size
    assert frames[0].rgb().shape == (size[1], size[0], 3)
    assert frames[0].thumbnail().shape == (36, 64, 3)


def test_one_frame_a_minute(open_video: Open, tmp_path: Path) -> None:
    stream = open_video(write_video(tmp_path / "a.mp4", numbered(4), rate=Fraction(1, 60)))

    assert stream.info.frame_rate == Fraction(1, 60)
    assert [npt for _, npt, _ in read(stream)] == [0, 60, 120, 180]


@pytest.fixture(scope="module")
def large_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = (np.kron(picture, np.ones((80, 80, 1), np.uint8)) for picture in numbered(1, (96, 54), first=5))
    return write_video(tmp_path_factory.mktemp("large") / "a.mp4", pictures, codec="mjpeg", pix_fmt="yuvj420p")


def test_very_large_pictures(open_video: Open, large_video: Path) -> None:
    frame = next(open_video(large_video).frames())

    assert number_of(frame.thumbnail()) == 5
    assert frame.rgb().shape == (4320, 7680, 3)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (nothing, "does not exist. Check the path"),
        (empty, "is an empty file"),
        (letter, "is no video that"),
        (noise, "is no video that"),
        (folder, "is a folder"),
        (cut_off, "is "),
    ],
)
def test_what_is_no_video_is_refused_with_the_reason(
    open_video: Open, tmp_path: Path, make: Callable[[Path], Path], why: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = make(tmp_path / "film.mp4")

    with pytest.raises(MediaError, match=why) as caught:
        open_video(path)

    assert caught.value.path == str(path)
    if is_pyav(open_video):
        assert capfd.readouterr().err == ""


@pytest.mark.parametrize("locator", ["", "  "])
def test_an_empty_name_is_no_folder(locator: str) -> None:
    with pytest.raises(MediaError, match="names no video"):
        open_stream(locator)


def test_a_truncated_file_is_read_as_far_as_it_goes(open_video: Open, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", with_grain(numbered(100), 8), container_options={"movflags": "faststart"})
    stream = open_video(truncate(path, 0.5))

    frames = read(stream)

    assert 20 < len(frames) < 80
    assert [number for _, _, number in frames[:-2]] == list(range(len(frames) - 2))
    assert "promise" in stream.damage


@pytest.mark.parametrize("rotation", [0, 90])
def test_small_grey_pictures_are_upright(open_video: Open, tmp_path: Path, rotation: int) -> None:
    picture = np.zeros((96, 192, 3), np.uint8)
    picture[:48, :96] = 220
    frame = next(open_video(write_video(tmp_path / "a.mp4", [picture] * 2, rotation=rotation)).frames())
    small = frame.grey(64)
    assert small.dtype == np.uint8 and small.flags.c_contiguous
    assert small.shape == ((32, 64) if rotation == 0 else (64, 32))
    whole = frame.rgb().mean(axis=2)
    assert np.abs(small.astype(float) - whole[1::3, 1::3]).mean() < 16
    assert frame.grey(10_000).shape == whole.shape  # never enlarged
