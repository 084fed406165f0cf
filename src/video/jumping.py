"""Jumps from group to group: what lies behind the last picture of a group that somebody asks for is not decoded at all.

A group is what lies between two access points, in the order of decoding. Jumps are made while packets are read in order, not
by seeking in the file: to read and pass over a packet takes some microseconds, and number and time of every frame stay known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from .looking import Looks
from .steps import Decode, Step, Want

if TYPE_CHECKING:
    from .packets import Packet

Wanted: TypeAlias = "tuple[Packet, Want]"

_LEAST = 6
"""So many packets have to be left out for a jump to be made: it costs a look at a key frame, and the decoder runs dry."""
_MOST, _MOST_BYTES = 320, 64_000_000
"""Longest group that is held to see where it ends; x264 and x265 make groups of 250 pictures if they are not told otherwise."""
_LEADING = 16
"""Packets behind a key frame among which are all that are shown before it: no codec of these reorders by more."""
_SILENT = 2000
"""Frames are counted as left out when the next one is decoded. So one is after so many packets, where nobody asks for any."""


class Jumps:
    """Says how much of each packet is decoded, from who wants its picture.

    A group is left after its last picture that is asked for if the key frames at its beginning and at its end show the same; in
    between its key frame and what is asked for are all that is wanted then, besides what others refer to. Of groups outside the
    interval in which nobody wants a picture nothing is decoded. Pictures that are shown before the key frame that was jumped
    to, but come behind it, may refer to what was left out (open group), and are left out too; where one of them is
    wanted, the group before is not left.
    """

    def __init__(self, begins: Callable[[bytes], bool], looks: Looks, is_inside: Callable[[int], bool]) -> None:
        """Start before the first packet.

        Args:
            begins: Says of a key frame whether all that is shown behind it can be decoded without what comes before.
            looks: Decodes single key frames.
            is_inside: Says of a PTS whether its frame lies in the interval.
        """
        self._begins, self._looks, self._is_inside = begins, looks, is_inside
        self._group: list[Wanted] = []
        self._next: list[Wanted] = []
        self._n_bytes = 0
        self._is_anew = self._was_quiet = False
        self._n_silent = 0

    def steps(self, wanted: Iterator[Wanted]) -> Iterator[Step]:
        """Yield each packet in turn, and how much of it is decoded; an empty packet ends the video."""
        for packet, want in wanted:
            if not packet.size:
                yield from self._end()
                yield Step(packet)
            elif packet.is_keyframe and packet.pts is not None and self._begins(bytes(packet)):
                if self._next:
                    yield from self._decide()
                (self._next if self._group else self._group).append((packet, want))
            else:
                yield from self._take(packet, want)

    def _take(self, packet: Packet, want: Want) -> Iterator[Step]:
        """Take in a packet that begins no group."""
        if self._next:
            self._next.append((packet, want))
            if len(self._next) > _LEADING:
                yield from self._decide()
            return
        if not self._group:
            yield _as_wanted(packet, want)
            return
        self._group.append((packet, want))
        self._n_bytes += packet.size
        if len(self._group) > _MOST or self._n_bytes > _MOST_BYTES:
            yield from self._end()

    def _end(self) -> Iterator[Step]:
        """Let go of all that is held, where no end of the group is to be seen."""
        if self._next:
            yield from self._decide()
        yield from self._release(len(self._group), is_quiet=False)
        self._group, self._n_bytes, self._is_anew, self._was_quiet = [], 0, False, False

    def _decide(self) -> Iterator[Step]:
        """Let go of a group of which the end is known, and go on to the next one."""
        n_kept, is_quiet = self._kept(self._group, self._next)
        n_left_out = len(self._group) - n_kept
        yield from self._release(n_kept, is_quiet=is_quiet)
        self._is_anew, self._was_quiet = n_left_out > 0, is_quiet
        self._group, self._next = self._next, []
        self._n_bytes = sum(packet.size for packet, _ in self._group)

    def _kept(self, group: Sequence[Wanted], following: Sequence[Wanted]) -> tuple[int, bool]:
        """Return how many packets of a group are sent, and whether no cut is looked for in it."""
        everything = len(group), False
        (first, _), (key, _) = group[0], following[0]
        if first.pts is None or key.pts is None or any(packet.is_keyframe or packet.pts is None for packet, _ in group[1:]):
            return everything
        if any(want == Want.ASKED for packet, want in following[1:] if packet.pts is None or packet.pts < key.pts):
            return everything
        if not any(want for _, want in group) and not self._is_inside(first.pts):
            self._n_silent = (self._n_silent + len(group)) % _SILENT
            return int(self._n_silent < len(group)), True
        n_kept = max((n + 1 for n, want in enumerate(self._wants(is_quiet=True)) if want), default=1)
        if len(group) - n_kept < _LEAST or self._looks.differ(first, key):
            return everything
        return n_kept, True

    def _wants(self, *, is_quiet: bool) -> list[Want]:
        """Return who wants the pictures of the group if it is quiet, or if not."""
        first = self._group[0][0].pts if self._group else None
        wants = []
        for packet, want in self._group:
            # What is shown before the key frame belongs to the time of the group before.
            is_calm = self._was_quiet if _is_before(packet, first) else is_quiet
            wants.append(Want.NOBODY if is_calm and want == Want.IF_CHANGED else want)
        return wants

    def _release(self, n_kept: int, *, is_quiet: bool) -> Iterator[Step]:
        """Yield the steps of the group, of which so many packets are sent."""
        first = self._group[0][0].pts if self._group else None
        for n, ((packet, _), want) in enumerate(zip(self._group, self._wants(is_quiet=is_quiet), strict=True)):
            if n >= n_kept or (self._is_anew and _is_before(packet, first)):
                yield Step(packet, Decode.NOTHING)
            elif n == 0:
                yield Step(packet, Decode.WHOLE, self._is_anew)
            else:
                yield _as_wanted(packet, want)


def _is_before(packet: Packet, pts: int | None) -> bool:
    return pts is not None and packet.pts is not None and packet.pts < pts


def _as_wanted(packet: Packet, want: Want) -> Step:
    return Step(packet, Decode.WHOLE if want else Decode.IF_REFERRED_TO)
