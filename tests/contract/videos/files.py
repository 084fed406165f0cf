"""How tests read a video, and files that are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from src.schema import Interval
from src.video.stream import VideoStream
from tests.videos import number_of, numbered, truncate, with_grain, write_video

Open = Callable[[Path], VideoStream]


def is_pyav(open_video: Open) -> bool:
    return bool(open_video.backend == "pyav")  # type: ignore[attr-defined]


def read(stream: VideoStream, interval: Interval | None = None) -> list[tuple[int, float, int]]:
    """Return index, time and drawn number of every frame."""
    frames = stream.frames() if interval is None else stream.frames(interval)
    return [(frame.frame_index, frame.npt, number_of(frame.rgb())) for frame in frames]


def nothing(path: Path) -> Path:
    return path


def empty(path: Path) -> Path:
    path.touch()
    return path


def letter(path: Path) -> Path:
    path.write_text("This is a letter and no film.\n" * 50, encoding="utf-8")
    return path


def noise(path: Path) -> Path:
    path.write_bytes(np.random.default_rng(0).bytes(50_000))
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def cut_off(path: Path) -> Path:
    return truncate(write_video(path, with_grain(numbered(30), 8)), 0.5)
