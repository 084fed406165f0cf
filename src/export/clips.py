"""Appearances cut out of a video as files of their own, without coding anything anew: exact to the key frame, and not finer.

A clip begins at the last key frame before the appearance, up to some seconds early, because what follows cannot be decoded
without it; it ends a few frames late, because pictures are stored in another order than they are shown. `clips.csv` in the
folder says of each clip what was wanted and what it holds; clips of an earlier run that are no longer wanted are removed.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

from ..disk.files import replacing, write_csv
from ..errors import ExportError
from ..guard import Guard
from ..names import video_folder
from ..video.guarded import GuardedAddress
from ..video.source import is_address, open_container, video_stream
from .document import Document, Seen
from .rendering import sound_streams, suffix_for

TABLE = "clips.csv"
_TIMEOUT_S = 30.0
_INTERLEAVED_S = 10
"""Streams of a file that can be played are no further apart than this."""
_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that was written.

    Attributes:
        file: Its name in the folder.
        name: Who is to be seen.
        appearance: Its number.
        wanted_start_npt, wanted_end_npt: Of the appearance.
        start_npt, end_npt: What the clip holds, seconds of the video.
    """

    file: str
    name: str
    appearance: int
    wanted_start_npt: float
    wanted_end_npt: float
    start_npt: float
    end_npt: float


def cut_clips(
    document: Document, folder: Path, advance: Callable[[], None] = lambda: None, guard: Guard | None = None
) -> list[Clip]:
    """Cut every appearance out of a video.

    Args:
        document: Whose video.
        folder: Where the clips go, with their table.
        advance: Called after every clip.
        guard: Says which servers may be called; any where None.

    Raises:
        ExportError: A file cannot be written, or no container holds what the video is coded in.
        FetchError: The video cannot be fetched.
        MediaError: The video cannot be read any more.
    """
    locator: str = document.video.media
    if guard is not None and is_address(locator):
        guard.check(locator)
        locator = GuardedAddress(locator, guard)
    suffix, clips, before = suffix_for(document), [], _listed(folder)
    with open_container(locator, _TIMEOUT_S) as source:
        for number, seen in enumerate(document.people, start=1):
            file = f"{number:04}_{video_folder(f'{_plain(seen.name)}.x')}{suffix}"
            start, end = _cut(source, locator, seen, folder / file)
            clips.append(Clip(file, seen.name, seen.number, seen.start_npt, seen.end_npt, start, end))
            advance()
    columns = tuple(field.name for field in fields(Clip))
    write_csv(folder / TABLE, columns, [astuple(clip) for clip in clips])
    for file in before - {clip.file for clip in clips}:
        # Of somebody who is called otherwise now, or is not to be shown any more.
        (folder / file).unlink(missing_ok=True)
    return clips


def _listed(folder: Path) -> set[str]:
    """Return the names of the clips that an earlier run says to have left in a folder."""
    try:
        with (folder / TABLE).open(encoding="utf-8", newline="") as table:
            named = [row.get("file") or "" for row in csv.DictReader(table)]
    except (OSError, UnicodeDecodeError, csv.Error):
        return set()
    return {file for file in named if file and PurePath(file).name == file and PurePath(file).suffix in _FORMATS}


def _plain(name: str) -> str:
    return name.replace("/", "-").replace("\\", "-")


def _cut(source: Any, locator: str, seen: Seen, path: Path) -> tuple[float, float]:
    """Write one clip, and return what it holds."""
    import av

    picture = video_stream(source, locator, 1)
    streams = [picture, *sound_streams(source)]
    origin = Fraction(source.start_time or 0, 1_000_000)
    wanted = round((origin + Fraction(seen.start_npt)) / (picture.time_base or Fraction(1)))
    try:
        key = _seek(source, picture, wanted)
        with replacing(path) as partial, av.open(str(partial), "w", format=_FORMATS[PurePath(path).suffix]) as sink:
            return _copied(source, sink, streams, origin, origin + Fraction(seen.end_npt), key)
    except av.FFmpegError as err:
        raise ExportError(f"{path} cannot be written: {err}. Export an EDL instead, and cut elsewhere.") from err


def _seek(source: Any, picture: Any, wanted: int) -> int | None:
    """Stand before the last key frame that is not behind a time, and return when it is shown; None for the first one there is.

    Not every container finds it: transport streams and files whose times begin late may be read from behind it. Then it is
    looked for from further and further before.

    Args:
        source: The container.
        picture: Its stream of pictures.
        wanted: The time, in ticks of the stream.
    """
    # Some seek by the time of decoding, which is before that of showing: the very start lies before the first picture.
    a_second, back_s = round(1 / (picture.time_base or Fraction(1))), 0
    first = min(picture.start_time or 0, wanted) - 2 * a_second
    while True:
        target = max(wanted - back_s * a_second, first)
        source.seek(target, stream=picture, backward=True, any_frame=False)
        key = _last_key(source.demux(picture), wanted)
        if key is not None or target <= first:
            source.seek(target, stream=picture, backward=True, any_frame=False)
            return key
        back_s = max(2 * back_s, 2)


def _last_key(packets: Iterable[Any], wanted: int) -> int | None:
    """Return when the last key frame is shown that is not behind a time."""
    key = None
    for packet in _timed(packets):
        if packet.dts > wanted:
            break
        shown = packet.pts if packet.pts is not None else packet.dts
        if packet.is_keyframe and shown <= wanted:
            key = shown
    return key


def _timed(packets: Iterable[Any]) -> Iterator[Any]:
    """Yield packets with the times at which they are decoded: Matroska tells those of the first ones after a jump too late.

    They lie one duration each before the first one that is told. What marks the end of a stream is left out.
    """
    waiting: dict[int, list[Any]] = {}
    for packet in packets:
        if packet.dts is None:
            if packet.size and packet.pts is not None:
                waiting.setdefault(packet.stream.index, []).append(packet)
            continue
        early = waiting.pop(packet.stream.index, [])
        for before, one in zip(range(len(early), 0, -1), early, strict=True):
            one.dts = min(packet.dts - before * max(packet.duration or one.duration or 1, 1), one.pts)
            yield one
        yield packet
    for one in (one for early in waiting.values() for one in early):
        one.dts = one.pts
        yield one


def _copied(
    source: Any, sink: Any, streams: list[Any], origin: Fraction, end: Fraction, key: int | None
) -> tuple[float, float]:
    """Copy packets from a key frame on, which the source stands before, and return their times in the video."""
    targets = {stream.index: sink.add_stream_from_template(stream) for stream in streams}
    first: Fraction | None = None
    last, open_streams = Fraction(0), set(targets)
    held: list[Any] = []
    for packet in _timed(source.demux(*streams)):
        index = packet.stream.index
        if first is None and index == streams[0].index:
            shown = packet.pts if packet.pts is not None else packet.dts
            if not packet.is_keyframe or (key is not None and shown < key):
                continue
            first = shown * packet.time_base
        if first is None:
            held.append(packet)
            continue
        packet_at = packet.dts * packet.time_base
        if packet_at >= end:
            open_streams.discard(index)
        for ready in (*held, packet):
            last = max(last, _pass_on(ready, sink, targets, first, end, streams[0].index))
        held.clear()
        # Sound may lie behind the pictures in the file, but not far.
        if not open_streams or packet_at >= end + _INTERLEAVED_S:
            break
    begun = first if first is not None else origin
    return round(float(begun - origin), 3), round(float(max(last, begun) - origin), 3)


def _pass_on(packet: Any, sink: Any, targets: dict[int, Any], first: Fraction, end: Fraction, picture: int) -> Fraction:
    """Write a packet with the time that it has in the clip, and return when it ends; 0 where it lies outside."""
    tick, index = packet.time_base, packet.stream.index
    at = (packet.pts if packet.pts is not None else packet.dts) * tick
    if packet.dts * tick >= end or (index != picture and at < first):
        return Fraction(0)
    # Written packets count in ticks of the clip.
    until = at + (packet.duration or 0) * tick
    shift = round(first / tick)
    packet.dts -= shift
    packet.pts = None if packet.pts is None else packet.pts - shift
    packet.stream = targets[index]
    sink.mux(packet)
    return until if index == picture else Fraction(0)
