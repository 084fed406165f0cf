"""Reading videos: frames in order with their times, the cuts between shots, and which frames to look at."""

from __future__ import annotations

from ..errors import ConfigError
from .stream import VideoStream

BACKENDS = ("pyav", "opencv")
"""Readers of video, the one to use first."""


def open_stream(locator: str, backend: str = "pyav", timeout_s: float = 30.0) -> VideoStream:
    """Open a video for reading.

    Args:
        locator: Path or http(s) address, without fragment (see `fragments.split_locator`).
        backend: One of BACKENDS; `opencv` reads files only and promises less.
        timeout_s: Longest wait for a server.

    Raises:
        ConfigError: There is no such backend.
        FetchError: The address cannot be reached.
        MediaError: There is no such file, or it is no video that can be read.
    """
    if backend == "pyav":
        from .pyav import PyAvStream

        return PyAvStream(locator, timeout_s)
    if backend == "opencv":
        from .opencv import OpenCvStream

        return OpenCvStream(locator)
    raise ConfigError(f'There is no video backend "{backend}". Choose one of {", ".join(BACKENDS)}.')
