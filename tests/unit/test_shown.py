"""The frame shown at a time: the same as by reading from the start, for every frame of every kind of video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.errors import ConfigError, MediaError
from src.video import shown
from src.video.pyav import PyAvStream
from src.video.shown import frame_at
from tests.videos import number_of, numbered, truncate, write_sound, write_video

VARIABLE = [0, 0.04, 0.1, 0.5, 0.52, 1.3, 1.34, 2.0, 2.5, 2.501, 3.7, 3.75, 4.0, 4.2, 4.9, 5.0]
LONG_GOP = {"crf": "12", "g": "12", "bf": "3"}

VIDEOS: dict[str, tuple[str, dict[str, Any]]] = {
    "B-frames": ("a.mp4", {"options": LONG_GOP}),
    "open groups of pictures": (
        "a.mp4",
        {"options": LONG_GOP | {"x264-params": "open-gop=1:keyint=12:min-keyint=12:bframes=3"}},
    ),
    "variable frame rate": ("a.mp4", {"times": VARIABLE, "options": {"crf": "12", "g": "5"}}),
    "film rate": ("a.mkv", {"rate": Fraction(24000, 1001), "options": LONG_GOP}),
    "late start": ("a.mkv", {"start_s": 7.5, "options": LONG_GOP}),
    "with sound that begins earlier": ("a.mp4", {"start_s": 0.5, "sound_s": 1.0, "options": LONG_GOP}),
    "turned": ("a.mp4", {"rotation": 90, "options": LONG_GOP}),
    "VP9": ("a.webm", {"codec": "libvpx-vp9", "options": {"crf": "20", "b": "0", "g": "10"}}),
    "transport stream": ("a.ts", {"start_s": 3, "options": LONG_GOP}),
    "AVI without times": ("a.avi", {"codec": "mpeg4", "options": {"g": "12"}}),
}


@pytest.fixture(scope="module", params=VIDEOS, ids=str)
def video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name, how = VIDEOS[request.param]
    n = len(how.get("times", range(60)))
    return write_video(tmp_path_factory.mktemp("shown") / name, numbered(n), **how)


def test_every_frame_is_found_at_its_time_and_until_the_next_one(video: Path) -> None:
    with PyAvStream(str(video)) as stream:
        truth = [(frame.npt, frame.rgb()) for frame in stream.frames()]
    for (npt, image), (following, _) in zip(truth[:-1:3], [*truth[1::3], (None, None)], strict=False):
        found = frame_at(str(video), npt)
        assert found.npt == npt
        np.testing.assert_array_equal(found.image, image)
        assert frame_at(str(video), round(npt, 3)).npt == npt
        if following is not None and following - npt > 0.01:
            assert frame_at(str(video), following - 0.002).npt == npt
    last = frame_at(str(video), truth[-1][0] + 0.5)
    assert last.npt == truth[-1][0]


def test_time_before_the_first_frame_shows_the_first(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(10, first=5), start_s=0.5, sound_s=2.0)
    assert number_of(frame_at(str(path), 0.0).image) == 5


@pytest.mark.parametrize("name", ["a.mp4", "a.ts"])
def test_time_behind_the_end_is_refused(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, numbered(50))
    with pytest.raises(ConfigError, match=r"nothing at 9 s: its last frame is at 1\.960 s"):
        frame_at(str(path), 9.0)


def test_indexed_video_is_not_read_from_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(500), options={"g": "25"})
    monkeypatch.setattr(shown, "_counted", None)
    counted = 0
    original = shown._frames

    def counting(*args: Any) -> Any:
        nonlocal counted
        for frame in original(*args):
            counted += 1
            yield frame

    monkeypatch.setattr(shown, "_frames", counting)
    assert number_of(frame_at(str(path), 19.0).image) == 475
    assert counted < 60


def test_what_is_no_video_says_so(tmp_path: Path) -> None:
    for path in (write_sound(tmp_path / "a.m4a"), truncate(write_video(tmp_path / "a.mp4", numbered(50)), 0.5)):
        with pytest.raises(MediaError):
            frame_at(str(path), 0.0)
