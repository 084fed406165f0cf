"""Decoding on hardware, and with so many threads."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NoReturn

import pytest

from src.errors import ConfigError, MediaError
from src.video import open_stream, source
from src.video.sampling import Sampling
from tests.videos import number_of, numbered, shots, with_grain, write_video

from .files import Open, letter, read


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
        open_stream(str(letter(tmp_path / "a.mp4")), hwaccel="cuda")


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_threads_changes_nothing(tmp_path: Path, threads: int) -> None:
    path = str(write_video(tmp_path / "a.mp4", with_grain(shots([20, 20]), 8)))
    with open_stream(path) as one, open_stream(path, threads=threads) as other:
        assert [frame.rgb().tobytes() for frame in one.frames()] == [frame.rgb().tobytes() for frame in other.frames()]


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
