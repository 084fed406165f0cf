"""Numbers of frames that stay true where frames are left out, lost, or read from the middle: the rank of their packets."""

from __future__ import annotations

from heapq import heappop, heappush

PROBE_FRAMES = 32
"""So many frames at the start of a video are compared with their packets before the packets are trusted."""


class Numbering:
    """Gives each decoded frame its rank in presentation order, among all packets that were read.

    A frame that is left out on purpose or lost keeps its number. That needs packets that are frames: where one of the first
    packets shows nothing by itself (a field, a hidden picture, pictures that refer to what was cut off), frames are counted
    as they come, and lost ones have no number.

    Attributes:
        is_by_packets: Whether packets are still taken for frames.
    """

    def __init__(self, first: int = 0, n_shown: int = 0) -> None:
        """Start before the first packet.

        Args:
            first: Number of the first frame.
            n_shown: Frames already compared with their packets.
        """
        self._rank, self._last, self._n_shown = first, first - 1, n_shown
        self._waiting: list[tuple[int, int]] = []
        self._left_out: dict[tuple[int, int], bool] = {}
        self._passed: tuple[int, int] | None = None
        self._epoch, self._last_dts = 0, -(2**63)
        self._shown_epoch = 0
        self.is_by_packets = True

    @property
    def is_proved(self) -> bool:
        """Whether enough frames were compared with their packets."""
        return self.is_by_packets and self._n_shown >= PROBE_FRAMES

    def sent(self, pts: int | None, dts: int | None, is_left_out: bool = False) -> None:
        """Take note of a packet that is to be shown, in the order of decoding.

        Args:
            pts: Its presentation time stamp.
            dts: Its decoding time stamp; one that falls back begins a new count of times.
            is_left_out: It is not decoded, on purpose.
        """
        if dts is not None:
            self._epoch += dts < self._last_dts
            self._last_dts = dts
        if pts is not None and (self._epoch, pts) not in self._left_out:
            self._left_out[self._epoch, pts] = is_left_out
            heappush(self._waiting, (self._epoch, pts))

    def number(self, pts: int | None) -> tuple[int | None, list[int]]:
        """Take note of the next decoded frame.

        Returns:
            Its number, None where a damaged frame comes so late that it was taken for lost and frames behind it are shown
            already; and the PTS of the frames left out on purpose since the frame before.
        """
        if self.is_proved and self._is_late(pts):
            return None, []
        left_out, is_found = self._pass(pts)
        self._last = self._rank - 1 if self.is_by_packets and is_found else self._last + 1
        self._rank = max(self._rank, self._last + 1)
        self._n_shown += 1
        return self._last, left_out

    def rest(self) -> list[int]:
        """Return the PTS of the frames left out on purpose behind the last decoded one."""
        return [key[1] for key in sorted(self._waiting) if self._left_out[key]]

    def _is_late(self, pts: int | None) -> bool:
        """Say whether a frame should have come before those shown already; lost or left out, it was gone over."""
        here = None if pts is None else (self._shown_epoch, pts)
        is_awaited = any((epoch, pts) in self._left_out for epoch in range(self._shown_epoch, self._epoch + 1))
        return here is not None and self._passed is not None and here < self._passed and not is_awaited

    def _pass(self, pts: int | None) -> tuple[list[int], bool]:
        """Take out all packets up to a frame's own; return those left out, and whether its own was there."""
        epochs = range(self._shown_epoch, self._epoch + 1)
        own = next(((epoch, pts) for epoch in epochs if pts is not None and (epoch, pts) in self._left_out), None)
        left_out: list[int] = []
        while own is not None and self._waiting and self._waiting[0] <= own:
            key = self._passed = heappop(self._waiting)
            is_left_out = self._left_out.pop(key)
            self._rank += 1
            self._shown_epoch = key[0]
            if key == own:
                break
            if is_left_out:
                left_out.append(key[1])
            else:
                self.is_by_packets &= self._n_shown >= PROBE_FRAMES
        return left_out, own is not None
