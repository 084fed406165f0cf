"""Which pictures of a codec whose every picture stands alone need not be decoded: most of those that nobody asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import Interpolation, VideoReformatter

from ..schema import Interval, RgbImage
from .clock import Clock
from .frameindex import AccessPoint
from .sampling import Sampler
from .steps import Decode, Step
from .stream import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

if TYPE_CHECKING:
    from .packets import Packet

LONE = frozenset({"mjpeg", "prores", "dnxhd", "dvvideo"})
"""Codecs that this is done for: each picture stands alone, and one packet gives its picture at once."""

_GROUP = 6
"""One picture of so many is looked at."""
_CHANGE = 8.0
"""Mean difference of two small pictures, levels of 255, from which on all between them are wanted. On five films in MJPEG all
63 cuts are found at the same frames as with full decoding, and 48 % of the frames are decoded; with 5, 59 %."""
_BEHIND = 2
"""Frames that are wanted behind such a change."""


class Looks:
    """Small pictures of single packets that need no others, by a decoder of its own."""

    def __init__(self, like: VideoCodecContext) -> None:
        """Decode what another decoder decodes."""
        self._context = cast(VideoCodecContext, av.CodecContext.create(like.name, "r"))
        self._context.extradata = like.extradata
        self._context.width, self._context.height = like.width, like.height
        # Threads that work on one frame: with several frames at once, none would come out at once.
        self._context.thread_type = "SLICE"
        self._scaler = VideoReformatter()
        self._last: tuple[int | None, RgbImage | None] = None, None

    def differs(self, packet: Packet) -> bool:
        """Say whether a picture differs from the one looked at before; what cannot be decoded does."""
        before = self._last[1]
        self._last = packet.pts, self._look(packet)
        return _differ(before, self._last[1])

    def differ(self, packet: Packet, other: Packet) -> bool:
        """Say whether two pictures differ; the second one is kept, to be compared with a third."""
        if packet.pts is None or self._last[0] != packet.pts:
            self.differs(packet)
        return self.differs(other)

    def _look(self, packet: Packet) -> RgbImage | None:
        try:
            frames = self._context.decode(packet)
            if not frames:
                # Where pictures may be reordered, one comes out when it is known that none follow.
                frames = self._context.decode(None)
                self._context.flush_buffers()
        except (av.FFmpegError, EOFError, ValueError):
            return None
        if len(frames) != 1:
            return None
        size = THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT
        small = self._scaler.reformat(frames[0], *size, "rgb24", interpolation=Interpolation.AREA, threads=1)
        return cast(RgbImage, small.to_ndarray())


def _differ(picture: RgbImage | None, other: RgbImage | None) -> bool:
    if picture is None or other is None:
        return True
    return float(np.abs(picture.astype(np.int16) - other).mean()) >= _CHANGE


class LoneChoice:
    """Says of each packet whether its picture is wanted, before it is decoded; packets come in presentation order.

    Wanted are the pictures that somebody asks for, the first and last one of the interval, each sixth, and all between two of
    these that differ: there may be a cut, and it is found at its frame. As soon as anything is irregular (a packet without time
    or damaged, times that do not rise), all pictures from there on are wanted.
    """

    def __init__(
        self, looks: Looks | None, needed: Sampler, interval: Interval, clock: Clock, begin: AccessPoint | None = None
    ) -> None:
        """Start before the first packet; the arguments are those of `Choice`, and without `looks` none are taken."""
        self._looks, self._needed, self._interval, self._clock = looks, needed, interval, clock
        self._rank, self._last_pts = (begin.frame_index, begin.pts - 1) if begin else (0, -(2**63))
        self._held: list[Packet] = []
        self._wanted: list[bool] = []
        self._n_before, self._n_behind = 0, 0
        self._was_inside = self._gave_up = False

    def steps(self, packets: Iterator[Packet]) -> Iterator[Step]:
        """Yield each packet in turn, and whether its picture is wanted; an empty packet ends the video."""
        for packet in packets:
            if not packet.size:
                self._want(-1)
                yield from self._release(len(self._held))
                yield Step(packet)
            elif self._gave_up or self._is_irregular(packet):
                self._gave_up = True
                yield from (Step(step.packet) for step in self._release(len(self._held)))
                yield Step(packet)
            else:
                yield from self._take(packet)

    def _is_irregular(self, packet: Packet) -> bool:
        return packet.pts is None or packet.is_corrupt or packet.is_discard or packet.pts <= self._last_pts

    def _take(self, packet: Packet) -> Iterator[Step]:
        """Hold a packet; when that ends a group, let go of the group before: whether it is wanted may depend on this one."""
        assert packet.pts is not None
        self._last_pts, npt, rank = packet.pts, self._clock.at(packet.pts), self._rank
        self._rank += 1
        is_inside = self._interval.contains(npt)
        if is_inside != self._was_inside:
            self._want(-1)
        is_first, self._was_inside = is_inside and not self._was_inside, is_inside
        is_asked = is_inside and self._needed.wants(rank, npt)
        self._held.append(packet)
        # What lies behind the interval is wanted, so that the reading sees that it is over.
        is_behind = self._interval.end_npt is not None and npt >= self._interval.end_npt
        self._wanted.append(is_asked or is_first or is_behind or self._n_behind > 0)
        self._n_behind = max(self._n_behind - 1, 0)
        if is_inside and rank % _GROUP == 0:
            if self._looks is not None:
                self._look(self._looks, packet)
            n_before, self._n_before = self._n_before, len(self._held) - self._n_before
            yield from self._release(n_before)
        elif not is_inside:
            self._n_before = 0
            yield from self._release(len(self._held) - 1)

    def _look(self, looks: Looks, packet: Packet) -> None:
        self._want(-1)
        if looks.differs(packet):
            self._wanted = [True] * len(self._wanted)
            self._n_behind = _BEHIND

    def _want(self, at: int) -> None:
        if self._wanted:
            self._wanted[at] = True

    def _release(self, n: int) -> list[Step]:
        """Let go of the oldest packets that are held."""
        told = zip(self._held[:n], self._wanted[:n], strict=True)
        released = [Step(packet, Decode.WHOLE if is_wanted else Decode.NOTHING) for packet, is_wanted in told]
        self._held, self._wanted = self._held[n:], self._wanted[n:]
        return released
