"""Opens videos with every reader, or with the only one that promises something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.video import BACKENDS, open_stream
from src.video.stream import VideoStream

from .files import Open


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


@pytest.fixture
def pyav() -> Iterator[Open]:
    yield from _opening("pyav")
