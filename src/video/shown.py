"""The frame that a player shows at a time, without decoding all that comes before it where the container has an index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from ..errors import ConfigError
from ..schema import RgbImage
from .planes import Converter, Upright
from .pyav import PyAvStream, _rate, _start, _time_base
from .source import open_container, video_stream

_INDEXED = ("mov,", "matroska,")
"""Containers that know where their pictures lie, and whose times never begin anew half-way: others are read from the start."""
_BACK_S = (0, 2, 10, 60)
"""How far before a time a reading begins: where the picture sought is not whole from there, further back."""
_GRACE = Fraction(1, 1999)
"""A time written with milliseconds may fall up to half of one before its own frame; the grace is a hair more."""
_BEHIND_S = 1.0
"""A player holds the last frame for a while; later there is nothing to show."""


@dataclass(frozen=True, slots=True, eq=False)
class ShownFrame:
    """A frame and the time from which it is shown.

    Attributes:
        npt: Seconds from the start of the video.
        image: (H, W, 3) uint8 RGB, upright.
    """

    npt: float
    image: RgbImage


def frame_at(locator: str, npt: float, timeout_s: float = 30.0, threads: int = 0) -> ShownFrame:
    """Return the frame that is shown at a time: the last one that does not begin later; the first where all do.

    Args:
        locator: Path or http(s) address, without fragment.
        npt: Seconds from the start of the video, 0 or more.
        timeout_s: Longest wait for a server.
        threads: Threads of the decoder; 0 as many as FFmpeg sees fit.

    Raises:
        ConfigError: The time lies behind the end.
        FetchError: The address cannot be reached.
        MediaError: There is no such file, or it is no video that can be read.
    """
    with open_container(locator, timeout_s) as container:
        stream = video_stream(container, locator, threads)
        found = _sought(container, stream, npt) if container.format.name.startswith(_INDEXED) else None
    return found or _counted(locator, npt, timeout_s, threads)


def _sought(container: InputContainer, stream: AvVideoStream, npt: float) -> ShownFrame | None:
    """Look the frame up; None where that cannot be done for certain."""
    first = next(iter(_frames(container, stream)), None)
    if first is None or first.pts is None:
        return None
    tick, declared = _time_base(stream), _start(container)
    start = first.pts * tick if declared is None else min(declared, first.pts * tick)
    target = Fraction(npt) + start + _GRACE
    upright = Upright.of(first)
    converter = Converter(first.width, first.height, upright)
    for back_s in _BACK_S:
        found = _from_before(container, stream, target, max(target - back_s, start), tick)
        if found is not None and found.pts is not None:
            _check_end(container, stream, found, float(found.pts * tick - start), npt)
            return ShownFrame(float(found.pts * tick - start), converter.rgb(found))
    return None


def _from_before(
    container: InputContainer, stream: AvVideoStream, target: Fraction, begin: Fraction, tick: Fraction
) -> VideoFrame | None:
    """Return the last frame up to a time, read from the key frame before another; None where it may not be whole."""
    try:
        container.seek(int(begin / tick), stream=stream, backward=True)
    except (av.FFmpegError, OSError):
        return None
    found: VideoFrame | None = None
    key: int | None = None
    for frame in _frames(container, stream):
        if frame.pts is None or frame.is_corrupt:
            return None
        if frame.key_frame and key is None:
            key = frame.pts
        if frame.pts * tick > target:
            break
        found = frame
    # What is shown before the first key frame may rest on pictures that were never read.
    whole = found is not None and found.pts is not None and key is not None and found.pts >= key
    return found if whole else None


def _check_end(container: InputContainer, stream: AvVideoStream, found: VideoFrame, shown: float, npt: float) -> None:
    """Refuse a time long after the frame that was found, where no further one comes."""
    if npt <= shown + max(_BEHIND_S, float(2 / _rate(stream))):
        return
    if next(iter(_frames(container, stream)), None) is None:
        raise _behind(npt, shown)


def _behind(npt: float, last: float) -> ConfigError:
    return ConfigError(f"The video shows nothing at {npt:g} s: its last frame is at {last:.3f} s.")


def _counted(locator: str, npt: float, timeout_s: float, threads: int) -> ShownFrame:
    """Read the video from its start."""
    with PyAvStream(locator, timeout_s, threads) as video:
        shown = None
        for frame in video.frames():
            if shown is not None and frame.npt > npt + float(_GRACE):
                return ShownFrame(shown.npt, shown.rgb())
            shown = frame
        assert shown is not None, "a video without a frame is an error when it is opened"
        if npt > shown.npt + max(_BEHIND_S, float(2 / video.info.frame_rate)):
            raise _behind(npt, shown.npt)
        return ShownFrame(shown.npt, shown.rgb())


def _frames(container: InputContainer, stream: AvVideoStream) -> Iterator[VideoFrame]:
    """Yield frames from where the container stands, passing over packets that cannot be decoded."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            frames = stream.decode(packet)
        except (StopIteration, EOFError):
            return
        except (av.FFmpegError, OSError, ValueError):
            continue
        yield from frames
