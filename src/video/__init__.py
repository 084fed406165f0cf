"""Reading videos: frames in order with their times, the cuts between shots, and which frames to look at."""

from __future__ import annotations

from ..errors import ConfigError
from ..guard import Guard
from .guarded import GuardedAddress
from .source import is_address
from .stream import VideoStream

BACKENDS = ("pyav", "opencv")
"""Readers of video, the one to use first."""


def open_stream(
    locator: str,
    backend: str = "pyav",
    timeout_s: float = 30.0,
    threads: int = 0,
    hwaccel: str = "none",
    guard: Guard | None = None,
) -> VideoStream:
    """Open a video for reading.

    Args:
        locator: Path or http(s) address, without fragment (see `fragments.split_locator`).
        backend: One of BACKENDS; `opencv` reads files only and promises less.
        timeout_s: Longest wait for a server.
        threads: Threads of the decoder; 0 as many as FFmpeg sees fit. `opencv` does not look at it.
        hwaccel: What decodes, one of `source.HWACCELS`; `opencv` knows `none` only.
        guard: Says which servers may be called, where somebody else named the address; any where None.

    Raises:
        ConfigError: There is no such backend, or it cannot do what is asked.
        ForbiddenAddressError: The guard does not let the address through.
        FetchError: The address cannot be reached.
        MediaError: There is no such file, or it is no video that can be read.
    """
    if guard is not None and is_address(locator):
        guard.check(locator)
        locator = GuardedAddress(locator, guard)
    if backend == "pyav":
        from .pyav import PyAvStream

        return PyAvStream(locator, timeout_s, threads, hwaccel)
    if backend == "opencv":
        from .opencv import OpenCvStream

        if hwaccel != "none":
            raise ConfigError(f'The video backend "opencv" does not decode on hardware ("{hwaccel}"). Use pyav.')
        return OpenCvStream(locator)
    raise ConfigError(f'There is no video backend "{backend}". Choose one of {", ".join(BACKENDS)}.')
