"""Which packets of a reading are decoded, and how: everything, or what is asked for and what that needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from av.video.stream import VideoStream as AvVideoStream

from ..schema import Interval
from .bitstream import jump_test
from .clock import Clock
from .frameindex import AccessPoint
from .jumping import Jumps
from .looking import LONE, LoneChoice, Looks
from .sampling import Sampler, Sampling
from .skipping import SKIPPABLE, Choice
from .steps import Step

if TYPE_CHECKING:
    from .packets import Packet

CHOOSABLE = SKIPPABLE | LONE | {"vp9", "av1"}
"""Codecs in which something may be left out: pictures that no other refers to, lone pictures, or the rest of a group."""


def all_of(packets: Iterator[Packet]) -> Iterator[Step]:
    """Yield each packet to be decoded."""
    return map(Step, packets)


def chosen_of(
    packets: Iterator[Packet],
    stream: AvVideoStream,
    needed: Sampler | None,
    interval: Interval,
    clock: Clock,
    begin: AccessPoint | None,
) -> Iterator[Step]:
    """Yield each packet and how much of it is decoded.

    Args:
        packets: In the order of decoding, from `begin` on.
        stream: Whose packets they are, in a codec out of `CHOOSABLE`.
        needed: Who asks for frames; None for all frames of the interval.
        interval: The part of the video that is read.
        clock: Knows the time of the first frame.
        begin: Where the reading begins; None for the first frame.
    """
    context = stream.codec_context
    name, extradata = context.codec.canonical_name, context.extradata
    asking = Sampling(1).sampler() if needed is None else needed
    if name in LONE:
        return LoneChoice(None if needed is None else Looks(context), asking, interval, clock, begin).steps(packets)
    begins = jump_test(name, extradata)
    assert begins is not None, f"{name} is not one of CHOOSABLE"
    wanted = Choice(name, extradata, asking, interval, clock, begin).wanted(packets)
    return Jumps(begins, Looks(context), lambda pts: interval.contains(clock.at(pts))).steps(wanted)
