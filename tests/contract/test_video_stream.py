"""What every video reader promises, on drawn videos; then what only PyAV can: damage, time bases, colour, addresses."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import av
import numpy as np
import pytest

from src.errors import ConfigError, FetchError, MediaError
from src.schema import Interval, RgbImage
from src.video import BACKENDS, open_stream, source
from src.video.clock import Clock
from src.video.sampling import Sampling
from src.video.stream import VideoStream
from tests.videos import damage, number_of, numbered, shots, texture, truncate, with_grain, write_sound, write_video

Open = Callable[[Path], VideoStream]


def _opening(backend: str) -> Iterator[Open]:
    opened: list[VideoStream] = []

    def opening(path: Path) -> VideoStream:
        opened.append(open_stream(str(path), backend))
        return opened[-1]

    opening.backend = backend  # type: ignore[attr-defined]
    yield opening
    for stream in opened:
        stream.close()


@pytest.fixture(params=BACKENDS)
def open_video(request: pytest.FixtureRequest) -> Iterator[Open]:
    yield from _opening(request.param)


def is_pyav(open_video: Open) -> bool:
    return bool(open_video.backend == "pyav")  # type: ignore[attr-defined]


@pytest.fixture
def pyav() -> Iterator[Open]:
    yield from _opening("pyav")


def read(stream: VideoStream, interval: Interval | None = None) -> list[tuple[int, float, int]]:
    """Return index, time and drawn number of every frame."""
    frames = stream.frames() if interval is None else stream.frames(interval)
    return [(frame.frame_index, frame.npt, number_of(frame.rgb())) for frame in frames]


# Promises of every reader.


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


def _nothing(path: Path) -> Path:
    return path


def _empty(path: Path) -> Path:
    path.touch()
    return path


def _text(path: Path) -> Path:
    path.write_text("This is a letter and no film.\n" * 50, encoding="utf-8")
    return path


def _noise(path: Path) -> Path:
    path.write_bytes(np.random.default_rng(0).bytes(50_000))
    return path


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _cut_off(path: Path) -> Path:
    return truncate(write_video(path, with_grain(numbered(30), 8)), 0.5)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (_nothing, "does not exist. Check the path"),
        (_empty, "is an empty file"),
        (_text, "is no video that"),
        (_noise, "is no video that"),
        (_folder, "is a folder"),
        (_cut_off, "is "),
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


# What only PyAV promises.


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


@pytest.mark.parametrize("hwaccel", ["vaapi", "videotoolbox", "cuda"])
def test_hardware_decodes_the_same_pictures_or_is_an_error(tmp_path: Path, hwaccel: str) -> None:
    path = str(write_video(tmp_path / "a.mp4", numbered(20)))
    try:
        stream = open_stream(path, hwaccel=hwaccel)
    except ConfigError as err:
        assert f'The hardware "{hwaccel}" cannot decode this video here' in str(err)
        assert "tracker.hwaccel" in str(err)
        return
    with stream:
        assert [number for _, _, number in read(stream)] == list(range(20))


def test_any_hardware_or_none(tmp_path: Path) -> None:
    with open_stream(str(write_video(tmp_path / "a.mp4", numbered(20))), hwaccel="auto") as stream:
        assert [number for _, _, number in read(stream)] == list(range(20))


def test_where_there_is_no_hardware_auto_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it can do all that the processor can: read from the middle, and leave frames out."""
    monkeypatch.setattr(source, "HWAccel", _no_hardware)
    path = str(write_video(tmp_path / "a.mp4", numbered(50), options={"g": "10"}))
    with open_stream(path, hwaccel="auto") as stream, open_stream(path) as other:
        assert (stream.hwaccel, other.hwaccel) == ("none", "none")
        assert stream.index() is not None
        needed = [list(each.frames(needed=Sampling(25).sampler())) for each in (stream, other)]
        assert len(needed[0]) == len(needed[1]) < 50
    with pytest.raises(ConfigError, match=r'"cuda" cannot decode this video here \(nothing here\)\. Check its driver'):
        open_stream(path, hwaccel="cuda")


def _no_hardware(*_: object, **__: object) -> NoReturn:
    raise NotImplementedError("nothing here")


def test_hardware_that_does_not_exist(tmp_path: Path) -> None:
    path = str(write_video(tmp_path / "a.mp4", numbered(2)))
    with pytest.raises(ConfigError, match='There is no hwaccel "steam"'):
        open_stream(path, hwaccel="steam")
    with pytest.raises(ConfigError, match="does not decode on hardware"):
        open_stream(path, "opencv", hwaccel="cuda")


def test_hardware_is_not_blamed_for_what_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is no video"):
        open_stream(str(_text(tmp_path / "a.mp4")), hwaccel="cuda")


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_threads_changes_nothing(tmp_path: Path, threads: int) -> None:
    path = str(write_video(tmp_path / "a.mp4", with_grain(shots([20, 20]), 8)))
    with open_stream(path) as one, open_stream(path, threads=threads) as other:
        assert [frame.rgb().tobytes() for frame in one.frames()] == [frame.rgb().tobytes() for frame in other.frames()]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_damage_in_the_middle_is_passed_over_and_told(pyav: Open, tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, with_grain(numbered(150, (192, 128)), 10), options={"g": "10"})
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
        pyav(_cut_off(tmp_path / "a.mp4"))


_RED = (200, 30, 40)


@pytest.mark.parametrize(("colorspace", "color_range"), [(1, 1), (5, 1), (1, 2), (5, 2), (None, None)])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p10le"])
def test_colours_follow_the_matrix_and_range_of_the_stream(
    pyav: Open, tmp_path: Path, colorspace: int | None, color_range: int | None, pix_fmt: str
) -> None:
    picture: RgbImage = np.full((64, 96, 3), _RED, np.uint8)
    path = write_video(tmp_path / "a.mp4", [picture] * 3, pix_fmt=pix_fmt, colorspace=colorspace, color_range=color_range)

    frame = next(pyav(path).frames())

    assert frame.rgb()[32, 48].tolist() == pytest.approx(_RED, abs=5)
    assert frame.thumbnail()[18, 32].tolist() == pytest.approx(_RED, abs=5)


def test_untagged_high_definition_is_taken_for_bt709(pyav: Open, tmp_path: Path) -> None:
    """As players do: a wrong matrix turns skin orange or pink."""
    picture: RgbImage = np.full((720, 1280, 3), _RED, np.uint8)
    planes = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        planes.colorspace, planes.color_range, planes.pts = 2, 0, 0
        container.mux([*stream.encode(planes), *stream.encode(None)])

    assert next(pyav(tmp_path / "a.mp4").frames()).rgb()[360, 640].tolist() == pytest.approx(_RED, abs=4)


def test_grey_videos_are_grey(pyav: Open, tmp_path: Path) -> None:
    picture: RgbImage = np.full((64, 96, 3), 90, np.uint8)
    path = write_video(tmp_path / "a.mkv", [picture] * 2, codec="ffv1", pix_fmt="gray")

    assert next(pyav(path).frames()).rgb()[32, 48].tolist() == pytest.approx([90, 90, 90], abs=2)


def test_frames_can_be_converted_from_several_threads(pyav: Open, tmp_path: Path) -> None:
    frames = list(pyav(write_video(tmp_path / "a.mp4", numbered(60))).frames())
    got: dict[int, int] = {}

    def convert(part: int) -> None:
        for frame in frames[part::4]:
            frame.thumbnail()
            got[frame.frame_index] = number_of(frame.rgb())

    threads = [threading.Thread(target=convert, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got == {index: index for index in range(60)}


def test_reading_keeps_no_frames(pyav: Open, tmp_path: Path) -> None:
    stream = pyav(write_video(tmp_path / "a.mp4", numbered(300)))
    gc.collect()
    alive = [
        sum(isinstance(thing, av.VideoFrame) or type(thing).__name__ == "PyAvFrame" for thing in gc.get_objects())
        for frame in stream.frames()
        if frame.frame_index in (50, 290)
    ]

    assert alive[1] <= alive[0] + 2


@pytest.mark.parametrize(
    "locator",
    ["concat:a.mp4|b.mp4", "ftp://example.org/a.mp4", "file:///etc/hosts", "data://text/plain,hello", "rtsp://h/a", "\0"],
)
def test_other_protocols_are_refused(locator: str) -> None:
    with pytest.raises(MediaError, match=r"only files and|does not exist|cannot be used"):
        open_stream(locator)


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4"])
def test_playlists_are_refused_because_they_open_further_files(tmp_path: Path, name: str) -> None:
    film = write_video(tmp_path / "film.ts", numbered(30))
    playlists = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.2,\n{film.name}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile {film.name}\n",
    }
    for text in playlists.values():
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(MediaError, match="is a playlist, not a video"):
            open_stream(str(tmp_path / name))


def test_a_name_with_a_colon_or_a_hash_is_a_file(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.mp4", numbered(3))
    odd = path.rename(tmp_path / "concat: reel #3 100%.mp4")

    assert len(list(open_stream(str(odd)).frames())) == 3


def test_an_unknown_backend_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Choose one of pyav, opencv"):
        open_stream(str(tmp_path / "a.mp4"), "vlc")


# Addresses.


class _Media(BaseHTTPRequestHandler):
    """Serves a folder. `/plain/` knows no byte ranges, `/hang/` never answers, `/stall/` stops in the middle.

    `/moved/` leads to the same file, `/leak/` to one on the reader's own disk.
    """

    protocol_version = "HTTP/1.0"

    def __init__(self, root: Path, release: threading.Event, *args: object) -> None:
        self.root, self.release = root, release
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        _, kind, name = self.path.split("?")[0].split("/", 2)
        if kind == "hang":
            self.release.wait(20)
            return
        if kind in ("moved", "leak"):
            self.send_response(302)
            self.send_header("Location", f"/ranges/{name}" if kind == "moved" else f"file://{self.root / name}")
            self.end_headers()
            return
        if not (self.root / name).is_file():
            self.send_error(404)
            return
        self._send((self.root / name).read_bytes(), kind)

    def _send(self, body: bytes, kind: str) -> None:
        ranged = self.headers.get("Range") if kind == "ranges" else None
        first = int(ranged.removeprefix("bytes=").split("-")[0]) if ranged else 0
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        try:
            self.wfile.write(body[first : len(body) * 2 // 3 if kind == "stall" else None])
            if kind == "stall":
                self.wfile.flush()
                self.release.wait(20)
        except OSError:
            pass  # the reader has seen enough


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    release = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Media, tmp_path, release)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        release.set()
        server.shutdown()
        thread.join()


def _noisy(path: Path, **options: str) -> Path:
    return write_video(path, with_grain(numbered(100, (160, 120)), 20), options={"crf": "10"}, container_options=options)


@pytest.mark.parametrize("kind", ["ranges", "moved"])
def test_an_address_is_read_like_a_file(tmp_path: Path, site: str, kind: str) -> None:
    path = _noisy(tmp_path / "a.mp4")  # its index is at the end: needs byte ranges

    with open_stream(f"{site}/{kind}/a.mp4?token=1#t=1", timeout_s=10) as remote, open_stream(str(path)) as local:
        assert read(remote) == read(local)
        assert remote.damage == ""


def test_a_server_without_byte_ranges_will_do_where_the_index_comes_first(tmp_path: Path, site: str) -> None:
    _noisy(tmp_path / "a.mp4", movflags="faststart")

    assert len(read(open_stream(f"{site}/plain/a.mp4", timeout_s=10))) == 100


def test_a_server_without_byte_ranges_and_an_index_at_the_end(tmp_path: Path, site: str) -> None:
    _noisy(tmp_path / "a.mp4")

    with pytest.raises((MediaError, FetchError), match=r"download it first|Check the address"):
        read(open_stream(f"{site}/plain/a.mp4", timeout_s=5))


def test_an_address_that_does_not_exist(site: str) -> None:
    with pytest.raises(FetchError, match=r"the server refused .*404"):
        open_stream(f"{site}/ranges/none.mp4", timeout_s=5)


def test_an_address_that_leads_to_a_file_of_ours_is_not_followed(tmp_path: Path, site: str) -> None:
    write_video(tmp_path / "a.mp4", numbered(3))

    with pytest.raises((FetchError, MediaError), match="/leak/"):
        open_stream(f"{site}/leak/a.mp4", timeout_s=5)


def test_a_page_instead_of_a_video(tmp_path: Path, site: str) -> None:
    (tmp_path / "page.mp4").write_text("<!doctype html><title>Sorry</title>" * 100, encoding="utf-8")

    with pytest.raises(MediaError, match="is no video that can be read from there"):
        open_stream(f"{site}/ranges/page.mp4", timeout_s=5)


def test_a_server_that_never_answers(site: str) -> None:
    with pytest.raises(FetchError, match=r"did not answer within 0\.3 s"):
        open_stream(f"{site}/hang/a.mp4", timeout_s=0.3)


def test_a_server_that_stops_in_the_middle_is_no_damage_of_the_video(tmp_path: Path, site: str) -> None:
    _noisy(tmp_path / "a.mp4", movflags="faststart")
    stream = open_stream(f"{site}/stall/a.mp4", timeout_s=1)

    with pytest.raises(FetchError, match="did not answer within 1 s"):
        read(stream)


def test_nobody_listens() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Media) as server:
        port = server.server_port  # free again once the server is closed

    with pytest.raises(FetchError, match="refuses connections"):
        open_stream(f"http://127.0.0.1:{port}/a.mp4", timeout_s=5)


def test_opencv_reads_no_addresses(site: str) -> None:
    with pytest.raises(MediaError, match='Use "pyav"'):
        open_stream(f"{site}/ranges/a.mp4", "opencv")


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
