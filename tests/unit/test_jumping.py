"""Where groups are short and samples rare, reading jumps from key frame to key frame, and gives what full decoding gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from src.schema import WHOLE, Interval, RgbImage
from src.video.bitstream import jump_test
from src.video.pyav import PyAvStream
from src.video.sampling import Sampling
from src.video.shots import ShotDetector
from src.video.steps import Decode, Step
from tests.made_streams import calm_pictures, make
from tests.unit.test_reading_part import REAL, Shown, open_pyav, shown
from tests.unit.test_skipping import sampled, sparse
from tests.videos import damage, numbered, pan, with_grain, write_video

JUMPS = [
    "h264 of short groups without B-frames",
    "h264 of short groups with B-frames",
    "h264 of short groups at uneven times",
    "h264 with open groups",
    "h264 with open groups in MPEG-TS",
    "h264 with open groups in Matroska",
    "h264 of slices",
    "h264 interlaced",
    "h264 in MPEG-TS",
    "h264 in fragments",
    "h264 that begins late",
    "h264 turned",
    "hevc",
    "hevc with closed groups",
    "hevc with open groups in MPEG-TS",
    "mpeg2 with B-frames",
    "mpeg2 in MPEG-TS",
    "mpeg2 interlaced",
    "mpeg1",
    "mpeg4",
    "vp9",
    "av1",
]
"""Of the made streams those of several groups, where a jump can be made."""

STAY = [
    "h264 of one group",
    "h264 that is refreshed bit by bit",
    "h264 in AVI",
    "h264 without a container",
    "hevc in layers",
    "mpeg4 in AVI",
    "mpeg2 in a program stream",  # small pictures share a time there
]
"""Those in which nothing may be passed over: there is no other group, or where it begins or which frames it has is not told."""

SAMPLINGS = (Sampling(35), Sampling(sample_period_s=1.2), Sampling(sample_period_s=3), Sampling(17))
INTERVALS = (WHOLE, Interval(1.7), Interval(2.3, 4.1))


@pytest.fixture
def passed_over(monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """Collect the packets that are not sent to the decoder."""
    steps: list[Step] = []
    numbered_frames = PyAvStream._numbered

    def noting(chosen: Iterator[Step]) -> Iterator[Step]:
        for step in chosen:
            if step.decode is Decode.NOTHING:
                steps.append(step)
            yield step

    def watched(self: PyAvStream, stream: object, chosen: Iterator[Step], *args: object) -> object:
        return numbered_frames(self, stream, noting(chosen), *args)  # type: ignore[arg-type]

    monkeypatch.setattr(PyAvStream, "_numbered", watched)
    return steps


def assert_as_whole(path: Path, samplings: Sequence[Sampling] = SAMPLINGS) -> None:
    """Say that samples are those of full decoding, in every part, with an index and without."""
    with open_pyav(path) as stream:
        whole = shown(stream)
        is_indexed = stream.index() is not None
        for interval in INTERVALS:
            part = [frame for frame in whole if interval.contains(frame[1])]
            assert shown(stream, interval) == part
            for sampling in samplings:
                left = sparse(stream, sampling, interval)
                assert set(left) <= set(part)
                assert sampled(left, sampling) == sampled(part, sampling)
                assert left[:1] == part[:1] and left[-1:] == part[-1:]
                if is_indexed:
                    assert sparse(stream, sampling, interval, seek=True) == left
        assert (stream.n_damaged, stream.damage) == (0, "")


@pytest.mark.parametrize("name", JUMPS)
def test_what_is_jumped_over_changes_nothing(name: str, tmp_path: Path, passed_over: list[Step]) -> None:
    path = make(name, tmp_path, calm_pictures)
    with open_pyav(path) as stream:
        sparse(stream, Sampling(75))
    assert len(passed_over) >= 20

    assert_as_whole(path)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real videos at {REAL}")
@pytest.mark.parametrize("path", sorted(REAL.glob("*.mp4")), ids=lambda path: path.name)
def test_real_videos(path: Path) -> None:
    assert_as_whole(path, (Sampling(sample_period_s=2.5),))


@pytest.mark.parametrize("name", STAY)
def test_where_no_jump_is_to_be_had_none_is_made(name: str, tmp_path: Path, passed_over: list[Step]) -> None:
    path = make(name, tmp_path, calm_pictures)
    with open_pyav(path) as stream:
        sparse(stream, Sampling(35))

    assert passed_over == []
    assert_as_whole(path)


@pytest.mark.parametrize("name", ["h264 with open groups", "hevc", "mpeg2 with B-frames", "mpeg1"])
@pytest.mark.parametrize("at", range(17, 25))
def test_a_sample_among_the_pictures_that_lead_a_key_frame(name: str, at: int, tmp_path: Path) -> None:
    """They refer to what lies before the key frame, so the group before is decoded to its end."""
    path = make(name, tmp_path, calm_pictures)
    with open_pyav(path) as stream:
        whole, sampling = shown(stream), Sampling(at)
        assert sampled(sparse(stream, sampling), sampling) == sampled(whole, sampling)


def test_few_frames_are_decoded(tmp_path: Path) -> None:
    """Groups of 12 without B-frames, a sample a second: the key frames, and the samples with what leads to them."""
    path = make("h264 of short groups without B-frames", tmp_path, calm_pictures)
    with open_pyav(path) as stream:
        left = [index for index, _, _ in sparse(stream, Sampling(25))]

    # The cut lies at 78, in the group from 72 on, which is decoded whole.
    assert set(range(72, 85)) <= set(left)
    assert len(left) <= 13 + 3 * 8 + 13
    assert {0, 12, 24, 25, 36, 48, 50, 60, 96, 100, 108, 120, 125, 132, 149} <= set(left)


def found_cuts(path: Path, sampling: Sampling | None) -> list[int]:
    detector, settled = ShotDetector(), []
    with open_pyav(path) as stream:
        for frame in stream.frames(needed=None if sampling is None else sampling.sampler()):
            settled += detector.update(frame.frame_index, frame.npt, frame.thumbnail())
    return [one.frame_index for one in (*settled, *detector.finish()) if one.transition]


def inserted(at: int, n: int, total: int = 150) -> Iterator[RgbImage]:
    """Draw one shot, with so many pictures of another one in it."""
    film = list(pan(total, 3, step_px=0.05))
    film[at : at + n] = pan(n, 8, step_px=0.05)
    return with_grain(film, 1.5)


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
@pytest.mark.parametrize(("at", "n"), [(50, 25), (52, 40), (74, 11), (49, 10)])
def test_a_shot_that_comes_and_goes_is_found(codec: str, at: int, n: int, tmp_path: Path) -> None:
    """Also where it lies within one group, so that the key frames on both sides show the same."""
    if codec == "libx264":
        options = {"preset": "veryfast", "x264-params": "bframes=0:keyint=24:min-keyint=24:scenecut=0"}
        path = write_video(tmp_path / "a.mp4", inserted(at, n), options=options)
    else:
        path = write_video(tmp_path / "a.ts", inserted(at, n), codec=codec, options={"bf": "2", "g": "24", "b": "2M"})

    assert found_cuts(path, None) == [at, at + n]
    assert found_cuts(path, Sampling(70)) == [at, at + n]


@pytest.mark.parametrize("at", [30, 36, 41, 47])
def test_a_flash_is_no_cut(at: int, tmp_path: Path) -> None:
    film = list(pan(150, 3, step_px=0.05))
    film[at : at + 2] = [np.clip(picture.astype(np.int16) + 150, 0, 255).astype(np.uint8) for picture in film[at : at + 2]]
    options = {"preset": "veryfast", "x264-params": "bframes=0:keyint=12:min-keyint=12:scenecut=0"}
    path = write_video(tmp_path / "a.mp4", with_grain(film, 1.5), options=options)

    assert found_cuts(path, Sampling(25)) == found_cuts(path, None) == []


def test_what_moves_is_not_jumped_over(tmp_path: Path, passed_over: list[Step]) -> None:
    """A pan that key frames alone would show as a row of cuts."""
    options = {"preset": "veryfast", "x264-params": "bframes=0:keyint=12:min-keyint=12:scenecut=0"}
    path = write_video(tmp_path / "a.mp4", with_grain(pan(150, 3, step_px=1.5), 1.5), options=options)

    assert found_cuts(path, Sampling(25)) == []
    assert passed_over == []


@pytest.mark.parametrize("name", ["a.mp4", "a.ts"])
def test_damage_between_jumps_leaves_times_right(name: str, tmp_path: Path) -> None:
    options = {"preset": "veryfast", "x264-params": "bframes=0:keyint=12:min-keyint=12:scenecut=0"}
    film = with_grain(pan(300, 3, (192, 128), 0.05), 4)
    path = damage(write_video(tmp_path / name, film, options=options), 0.5, 0.52)
    with open_pyav(path) as stream:
        whole = {(index, npt) for index, npt, _ in shown(stream)}
        left = sparse(stream, Sampling(30))

    assert {(index, npt) for index, npt, _ in left} <= whole
    assert [index for index, _, _ in left if index % 30 == 0 and index < 140] == [0, 30, 60, 90, 120]
    assert left[-1][:2] == max(whole)
    assert len(left) < 250


@pytest.mark.parametrize(
    "name", ["h264 of short groups without B-frames", "h264 with open groups in MPEG-TS", "mpeg2 in MPEG-TS", "mjpeg"]
)
def test_a_fragment_that_starts_late_is_not_decoded_from_the_start(name: str, tmp_path: Path, passed_over: list[Step]) -> None:
    """Nor is an index asked for: packets before it are read, and passed over, so that frames keep their numbers."""
    with open_pyav(make(name, tmp_path)) as stream:
        whole = shown(stream)
        passed_over.clear()
        part = shown(stream, Interval(5.0, 5.5))

    assert part == [frame for frame in whole if 5.0 <= frame[1] < 5.5]
    assert len(passed_over) >= 90


def test_a_fragment_behind_the_end_has_no_frames(tmp_path: Path) -> None:
    with open_pyav(make("h264 of short groups without B-frames", tmp_path)) as stream:
        assert list(stream.frames(Interval(100))) == []
        assert list(stream.frames(Interval(100), needed=Sampling(25).sampler())) == []


def test_long_silence_is_counted(tmp_path: Path) -> None:
    """Also where thousands of frames are passed over."""
    path = write_video(tmp_path / "a.mp4", numbered(5200, (32, 16)), options={"g": "10", "bf": "0", "preset": "ultrafast"})
    with open_pyav(path) as stream:
        frames: list[Shown] = sparse(stream, Sampling(25), Interval(200.0))

    assert [index for index, _, _ in frames if index % 25 == 0] == list(range(5000, 5200, 25))


def h264(*units: bytes) -> bytes:
    return b"".join(b"\0\0\1" + unit for unit in units)


IDR, SLICE = b"\x65\x88\x80", b"\x41\x9a\x00"


@pytest.mark.parametrize(
    ("packet", "is_exact"),
    [
        (h264(IDR), True),
        (h264(SLICE), False),
        (h264(b"\x41\xb8\x00"), False),  # an I slice alone promises nothing
        (h264(b"\x06\x06\x01\xc4\x80", b"\x41\xb8\x00"), True),  # count 0, exact
        (h264(b"\x06\x06\x01\x84\x80", b"\x41\xb8\x00"), False),  # count 0, not exact
        (h264(b"\x06\x06\x01\x44\x80", SLICE), False),  # some pictures later
        (h264(b"\x06\x05\x01\xc4\x80", b"\x41\xb8\x00"), False),  # another message
        (b"", False),
    ],
)
def test_where_h264_may_be_jumped_to(packet: bytes, is_exact: bool) -> None:
    test = jump_test("h264", None)
    assert test is not None
    assert test(packet) is is_exact
    lengths = jump_test("h264", b"\x01\x64\x00\x1e\xff")
    assert lengths is not None
    pieces = packet.split(b"\0\0\1")[1:]
    assert lengths(b"".join(len(piece).to_bytes(4, "big") + piece for piece in pieces)) is is_exact


@pytest.mark.parametrize(
    ("packet", "is_key"),
    [
        (b"\x12\x00\x32\x02\x10\x00", True),  # temporal delimiter, then a frame: key frame, shown
        (b"\x12\x00\x32\x02\x00\x00", False),  # key frame, not shown
        (b"\x12\x00\x32\x02\x30\x00", False),  # inter frame
        (b"\x12\x00\x32\x02\x90\x00", False),  # an older frame is shown
        (b"\x12\x00\x36\x00\x02\x10\x00", True),  # with an extension byte
        (b"\x12\x00\x0a\x82\x00\xaa\xbb\x1a\x02\x10\x00", True),  # behind a sequence header whose size takes two bytes
        (b"\x12\x00", False),
        (b"\x32\x81", False),  # cut off
        (b"", False),
    ],
)
def test_where_av1_may_be_jumped_to(packet: bytes, is_key: bool) -> None:
    test = jump_test("av1", None)
    assert test is not None
    assert test(packet) is is_key


def test_a_codec_that_nobody_looked_at_is_not_jumped_in() -> None:
    assert jump_test("theora", None) is None
