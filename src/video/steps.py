"""What is to be done with each packet of a video, as those who choose tell the one who decodes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .packets import Packet


class Want(IntEnum):
    """Who wants the picture of a packet.

    `IF_CHANGED` are pictures among which a cut is to be looked for on slight evidence: where the key frames on both sides show
    the same, there is none.
    """

    NOBODY = 0
    IF_CHANGED = 1
    ASKED = 2


class Decode(Enum):
    """How much of a packet is decoded: all; its picture only if others refer to it; nothing, it is not even sent."""

    WHOLE = "whole"
    IF_REFERRED_TO = "if referred to"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Step:
    """A packet, in the order of decoding.

    Attributes:
        packet: An empty one ends the video.
        decode: How much of it is decoded.
        begins_anew: Packets before it were not sent: the decoder forgets all pictures first, as after seeking.
    """

    packet: Packet
    decode: Decode = Decode.WHOLE
    begins_anew: bool = False
