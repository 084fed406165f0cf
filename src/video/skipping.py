"""Which packets need not be decoded to their pictures, because nobody asks for these and no other picture refers to them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator
from statistics import median
from typing import TYPE_CHECKING

from ..schema import Interval
from .bitstream import layer_of
from .clock import Clock
from .frameindex import AccessPoint
from .sampling import Sampler
from .steps import Want

if TYPE_CHECKING:
    from .packets import Packet

SKIPPABLE = frozenset({"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4"})
"""Codecs whose decoders leave out pictures that no other refers to, and give all others as they are: tests prove it."""

_HELD = 40
"""Packets that are read ahead: no codec of these reorders by more than 16, the rest is for looking around big packets."""

_BIG = 1.8
_USUAL = 8
"""A packet that is so many times as large as the median of the last ones tells of a new picture; where B-frames lie before a
cut, the packet behind them is the one."""

_NEW = 0.4
"""A packet that is so large, compared with the last key frame, tells of a new picture even where the next key frame shows what
the last one did."""

_BEFORE, _BEHIND = 5, 2
"""Frames decoded before the B-frames in front of such a packet, and behind it. With these numbers all 86 cuts of 12 videos with
B-frames that x264 looked for cuts in are found at the same frames as with full decoding. Where it was told not to, 2 of 40 are
found a frame late, and with 8 B-frames always in a row 7 of 21 a few frames late or not at the same place."""


class Choice:
    """Says of each packet who wants its frame, before it is decoded.

    Packets are read some way ahead, so that the number and the time of each frame are known, and with them whether somebody
    asks for it. Wanted are besides: the first and last frame of the interval, and those around packets that are key frames or
    unusually large, where cuts are looked for frame by frame. As soon as anything is irregular (a packet without time or
    damaged, times that fall back, leap or stand still, layers in which one may refer to a frame of another), all frames from
    there on are wanted.
    """

    def __init__(
        self,
        codec: str,
        extradata: bytes | None,
        needed: Sampler,
        interval: Interval,
        clock: Clock,
        begin: AccessPoint | None = None,
    ) -> None:
        """Start before the first packet.

        Args:
            codec: FFmpeg's name of it.
            extradata: The headers that the container keeps apart.
            needed: Who asks for frames; nobody else may use it.
            interval: Frames outside it are asked for by nobody.
            clock: Knows the time of the first frame.
            begin: Where the reading begins; None for the first frame. What is shown before is wanted by nobody.
        """
        self._layer: Callable[[bytes], int] | None = layer_of(extradata) if codec == "hevc" else None
        self._needed, self._interval, self._clock = needed, interval, clock
        self._rank, begin_pts = (begin.frame_index, begin.pts) if begin else (0, -(2**63) + 1)
        self._begin_pts = begin_pts
        self._held: deque[Packet] = deque()
        self._ahead: list[int] = []
        self._wanted: dict[int, Want] = {}
        self._big: deque[tuple[int, int, int, Want]] = deque()
        self._usual: deque[int] = deque(maxlen=_USUAL)
        self._newest, self._decided, self._last_dts = begin_pts - 1, begin_pts - 1, -(2**63)
        self._n_behind = {Want.IF_CHANGED: 0, Want.ASKED: 0}
        self._key_dts: int | None = None
        self._key_distance: int | None = None
        self._key_size = 0
        self._is_begun = self._gave_up = False

    def wanted(self, packets: Iterator[Packet]) -> Iterator[tuple[Packet, Want]]:
        """Yield each packet in turn, and who wants its frame; an empty packet ends the video."""
        for packet in packets:
            if packet.size:
                self._take(packet)
            while len(self._held) > (_HELD if packet.size else 0):
                yield self._release()
            if not packet.size:
                yield packet, Want.ASKED

    def _take(self, packet: Packet) -> None:
        self._held.append(packet)
        is_shown = not packet.is_discard and not (packet.pts is not None and packet.pts < self._begin_pts)
        self._gave_up = self._gave_up or (is_shown and self._is_irregular(packet))
        if self._gave_up or packet.pts is None or not is_shown:
            return
        insort(self._ahead, packet.pts)
        self._key_size = packet.size if packet.is_keyframe else self._key_size
        if packet.pts > self._newest:
            n_before = self._around_key(packet.dts) if packet.is_keyframe else self._around_other(packet.size)
            if n_before is not None:
                near = Want.IF_CHANGED if packet.is_keyframe or packet.size < _NEW * self._key_size else Want.ASKED
                self._big.append((self._newest, packet.pts, n_before, near))
            self._newest = packet.pts

    def _is_irregular(self, packet: Packet) -> bool:
        if packet.pts is None or packet.is_corrupt:
            return True
        # Behind a seek Matroska's packets may have one DTS twice.
        falls_back = packet.dts is not None and packet.dts < self._last_dts
        leaps = packet.dts is not None and self._last_dts > -(2**63) and self._clock.leaps(self._last_dts, packet.dts)
        self._last_dts = packet.dts if packet.dts is not None else self._last_dts
        at = bisect_left(self._ahead, packet.pts)
        is_twice = at < len(self._ahead) and self._ahead[at] == packet.pts
        is_late = packet.pts <= self._decided
        return falls_back or leaps or is_twice or is_late or (self._layer is not None and self._layer(bytes(packet)) > 0)

    def _around_key(self, dts: int | None) -> int:
        """Return how many frames to decode before a key frame: one that comes at its usual distance tells of no cut."""
        distance = None if dts is None or self._key_dts is None else dts - self._key_dts
        is_usual = distance is not None and distance == self._key_distance
        self._key_dts, self._key_distance = dts, distance
        return 0 if is_usual else _BEFORE

    def _around_other(self, size: int) -> int | None:
        """Return how many frames to decode before a packet, None where it is as large as usual."""
        is_known = len(self._usual) == _USUAL
        is_large = not is_known or size >= _BIG * median(self._usual)
        self._usual.append(size)
        return _BEFORE if is_large else None

    def _release(self) -> tuple[Packet, Want]:
        packet = self._held.popleft()
        if self._gave_up or packet.pts is None or packet.is_discard:
            return packet, Want.ASKED
        while self._ahead and self._ahead[0] <= packet.pts:
            self._decide(self._ahead.pop(0))
        return packet, self._wanted.pop(packet.pts, Want.ASKED)

    def _decide(self, pts: int) -> None:
        """Say who wants the next frame in presentation order."""
        npt, rank = self._clock.at(pts), self._rank
        self._rank, self._decided = rank + 1, pts
        near, is_edge = self._near_big(pts), self._is_edge(npt)
        if not self._interval.contains(npt):
            # What lies behind the interval is wanted, so that the reading sees that it is over.
            is_behind = self._interval.end_npt is not None and npt >= self._interval.end_npt
            self._wanted[pts] = Want.ASKED if is_behind else Want.NOBODY
        else:
            is_asked = self._needed.wants(rank, npt)
            self._wanted[pts] = Want.ASKED if is_asked or is_edge else near

    def _is_edge(self, npt: float) -> bool:
        """Say whether a frame is the first or the last one of the interval."""
        if not self._interval.contains(npt):
            return False
        is_first, self._is_begun = not self._is_begun, True
        return is_first or not self._ahead or not self._interval.contains(self._clock.at(self._ahead[0]))

    def _near_big(self, pts: int) -> Want:
        """Say which kind of packet that tells of a new picture a frame is near to."""
        while self._big and self._big[0][1] < pts:
            _, _, _, near = self._big.popleft()
            self._n_behind[near] = _BEHIND + 1
        want = Want.NOBODY
        for near, n in self._n_behind.items():
            self._n_behind[near] = max(n - 1, 0)
            want = max(want, near) if n > 1 else want
        for anchor, _, n_before, near in self._big:
            if anchor < pts or bisect_left(self._ahead, anchor) < n_before:
                want = max(want, near)
        return want
