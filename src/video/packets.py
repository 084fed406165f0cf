"""Reading packets without decoding them: to find all frames and where decoding may begin, and to begin there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import TypeAlias

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream as AvVideoStream

from ..schema import DoubleArray, IntArray
from .bitstream import access_test
from .frameindex import AccessPoint, FrameIndex

_LOG = logging.getLogger(__name__)

Packet: TypeAlias = "av.Packet[AvVideoStream]"


_CHUNK_HEAD = 8
"""Bytes before the data of a chunk of AVI: what it is, and its length."""


def read_packets(container: InputContainer, stream: AvVideoStream) -> Iterator[Packet]:
    """Yield the packets from here on, in the order of decoding.

    Packets of AVI have no times: FFmpeg counts them as they come, and all behind a damaged place are too early by as many as
    were lost there. They get those of the index, which knows where each lies in the file.
    """
    packets = container.demux(stream)
    return _timed_by_index(packets, stream) if container.format.name == "avi" else packets


def _timed_by_index(packets: Iterator[Packet], stream: AvVideoStream) -> Iterator[Packet]:
    entries = stream.index_entries
    places = np.array(sorted((entry.pos + _CHUNK_HEAD, entry.timestamp) for entry in entries), np.int64).reshape(-1, 2)
    late = 0
    for packet in packets:
        if packet.dts is not None and packet.pos is not None:
            at = int(np.searchsorted(places[:, 0], packet.pos))
            if at < len(places) and places[at, 0] == packet.pos:
                late = int(places[at, 1]) - packet.dts
        if late:
            packet.dts = None if packet.dts is None else packet.dts + late
            packet.pts = None if packet.pts is None else packet.pts + late
        yield packet


def packets_from(container: InputContainer, stream: AvVideoStream, begin: AccessPoint) -> Iterator[Packet]:
    """Yield the packets from an access point on, in the order of decoding.

    FFmpeg does not say where it lands when it seeks, and with some containers that is behind the place asked for. So the
    packet itself is looked for; where seeking, twice, does not lead to it, all before it are read and passed over.
    """
    second = int(1 / (stream.time_base or Fraction(1)))
    for wanted in (begin.dts, begin.dts - 2 * second, None):
        if wanted is not None:
            container.seek(wanted, stream=stream)
        else:
            container.seek(min(stream.start_time or 0, 0) - 10 * second, stream=stream)
        packets = read_packets(container, stream)
        for packet in packets:
            if packet.pts == begin.pts and packet.size == begin.size and packet.is_keyframe:
                yield packet
                yield from packets
                return
            if wanted is not None and packet.dts is not None and packet.dts > begin.dts:
                break


class _Irregular(Exception):
    """The video can only be read in order; the text says why."""


def scan(
    container: InputContainer,
    stream: AvVideoStream,
    shown: Iterable[int],
    start: Fraction | None,
    leaps: Callable[[int, int], bool],
) -> FrameIndex | None:
    """Read all packets of a video.

    Args:
        container: Freshly opened.
        stream: Its video stream.
        shown: PTS of the first frames that a reading from the start gives: they must be those of the first packets.
        start: Seconds at which the time of the container begins, None where it does not say.
        leaps: Says of two neighbouring stamps whether the second belongs to a new count.

    Returns:
        None where a frame's number cannot be known from packets alone, or no frame but the first may be begun with: packets
        without times, or two of one time, times that fall back or leap, packets that are read but not shown or shown but not
        frames, damage, or a codec of which it is not proved. The reason is logged.
    """
    try:
        return _scan(container, stream, list(shown), start, leaps)
    except _Irregular as why:
        _LOG.info("%s is read in order only: %s.", container.name, why)
    except (av.FFmpegError, OSError) as err:
        _LOG.info("%s is read in order only: %s.", container.name, getattr(err, "strerror", err))
    return None


def _scan(
    container: InputContainer,
    stream: AvVideoStream,
    shown: list[int],
    start: Fraction | None,
    leaps: Callable[[int, int], bool],
) -> FrameIndex:
    context = stream.codec_context
    begins = access_test(context.codec.canonical_name, context.extradata)
    if begins is None:
        raise _Irregular(f"nobody has proved where decoding may begin in {context.name}")
    pts: list[int] = []
    starts: list[tuple[int, int, int]] = []
    last_dts = None
    for packet in read_packets(container, stream):
        if not packet.size:
            continue
        if packet.pts is None or packet.is_discard or packet.is_corrupt:
            raise _Irregular("a packet has no time, is not to be shown, or is damaged")
        if packet.dts is not None and last_dts is not None and (packet.dts <= last_dts or leaps(last_dts, packet.dts)):
            raise _Irregular("times fall back or leap")
        last_dts = packet.dts if packet.dts is not None else last_dts
        pts.append(packet.pts)
        if packet.is_keyframe and begins(bytes(packet)):
            starts.append((packet.pts, packet.dts if packet.dts is not None else packet.pts, packet.size))
    return _index(np.sort(np.array(pts, np.int64)), sorted(starts), shown, stream, start)


def _index(
    pts: IntArray, starts: list[tuple[int, int, int]], shown: list[int], stream: AvVideoStream, start: Fraction | None
) -> FrameIndex:
    if not len(pts) or (np.diff(pts) <= 0).any():
        raise _Irregular("it has no packets, or two of one time")
    if not shown or shown != pts[: len(shown)].tolist():
        raise _Irregular("its first packets are not its first frames")
    if not starts or starts[0][0] != pts[0]:
        raise _Irregular("its first frame is no access point")
    ticks = np.array(starts, np.int64)
    tick = stream.time_base or Fraction(1, 90000)
    return FrameIndex(pts, _npts(pts, tick, start), np.searchsorted(pts, ticks[:, 0]), ticks[:, 1], ticks[:, 2])


def _npts(pts: IntArray, tick: Fraction, start: Fraction | None) -> DoubleArray:
    """Return the times, rounded once, as `Clock` gives them."""
    first = int(pts[0]) * tick
    begin = first if start is None else min(start, first)
    # Over a common denominator all are whole numbers; below 2**53 their quotients are rounded correctly.
    denominator = (tick.denominator * begin.denominator) // np.gcd(tick.denominator, begin.denominator)
    factor, offset = int(tick * denominator), int(begin * denominator)
    if max(abs(int(pts[0])), abs(int(pts[-1]))) * factor + abs(offset) < 2**53 and denominator < 2**53:
        return (pts * factor - offset) / np.float64(denominator)
    return np.array([float(stamp * tick - begin) for stamp in pts.tolist()])
