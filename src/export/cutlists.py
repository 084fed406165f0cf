"""Clip lists for editing programs: EDL (CMX 3600) and OpenTimelineIO, an event or a clip for each appearance.

Editing counts in frames of one rate. Times of a video with variable rate are those at its average rate, to the nearest frame.

Source: SMPTE ST 258 (edit decision lists) and the CMX 3600 form of it; SMPTE ST 12-1 (time code); OpenTimelineIO file format.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

from ..disk.files import replacing, write_json
from .document import Document, Seen, lanes, one_line

MAX_RATE = 60
"""Frames a second; frames have two digits in time code (SMPTE ST 12-3)."""
_USUAL = tuple(Fraction(rate) for rate in (24, 25, 30, 48, 50, 60)) + tuple(
    Fraction(1000 * rate, 1001) for rate in (24, 30, 48, 60)
)
"""Frames a second of editing programs."""


def write_edl(path: Path, document: Document) -> int:
    """Write an event an appearance, one after the other in the record, and return how many.

    Time code counts in whole frames without drop, at 29.97 frames a second too, where each frame has one number then and none
    is left out; the list says so. It is that of a file that starts at 00:00:00:00. Above 60 frames a second, which no time
    code counts, it is that of every second one. The form, CMX 3600, has three digits for the number of an event; longer lists
    go on with more, which all newer programs read.

    Raises:
        ExportError: The file cannot be written.
    """
    counted = countable(document.rate)
    rate, lines, at = nominal(counted), [f"TITLE: {one_line(document.title)}", "FCM: NON-DROP FRAME", ""], 0
    for number, seen in enumerate(document.people, start=1):
        start, end = frames_of(seen, counted)
        times = " ".join(timecode(frame, rate) for frame in (start, end, at, at + end - start))
        lines += [
            f"{number:03}  AX       V     C        {times}",
            f"* FROM CLIP NAME: {one_line(PurePath(document.video.locator).name or document.title)}",
            f"* COMMENT: {one_line(seen.name)}",
            *([f"* COMMENT: PART {one_line(document.analysis.fragment)}"] if document.analysis.fragment else []),
            "",
        ]
        at += end - start
    with replacing(path) as partial:
        partial.write_text("\n".join(lines) + ("" if document.people else "\n"), encoding="utf-8", newline="\n")
    return len(document.people)


def write_otio(path: Path, document: Document) -> int:
    """Write a timeline with a track a person, their clips where they are in the video, and return how many clips.

    Raises:
        ExportError: The file cannot be written.
    """
    tracks = [_track(name, lane, document) for name, lane in lanes(document.people)]
    timeline = {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {"facerec": _source(document)},
        "name": document.title,
        "global_start_time": None,
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            **_item("tracks", None),
            "children": tracks,
        },
    }
    write_json(path, timeline)
    return len(document.people)


def _source(document: Document) -> dict[str, Any]:
    analysis = document.analysis
    return {"project": document.project, "analysis_id": analysis.analysis_id, "fragment": analysis.fragment}


def frames_of(seen: Seen, rate: Fraction) -> tuple[int, int]:
    """Return the first frame of an appearance and the one after its last, at a constant rate."""
    start = round(Fraction(seen.start_npt) * rate)
    return start, max(round(Fraction(seen.end_npt) * rate), start + 1)


def countable(rate: Fraction) -> Fraction:
    """Return the rate that time code counts in for a video: the usual one that it is nearly, else its own, at most 60.

    The average rate of a video with variable rate is a little beside the one that editing programs take it for.
    """
    usual = min(_USUAL, key=lambda other: abs(other - rate))
    if abs(usual - rate) * 100 <= usual:
        return usual
    return rate if rate <= MAX_RATE else countable(rate / 2)


def nominal(rate: Fraction) -> int:
    """Return the whole number of frames that time code counts in a second: 30 for 30000/1001."""
    return max(math.ceil(rate - Fraction(1, 1000)), 1)


def timecode(frame: int, rate: int) -> str:
    """Return the time code of a frame, hh:mm:ss:ff without drop."""
    seconds, frames = divmod(frame, rate)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{frames:02}"


def _track(name: str, lane: Sequence[Seen], document: Document) -> dict[str, Any]:
    children: list[dict[str, Any]] = []
    at = 0
    for seen in lane:
        start, end = frames_of(seen, document.rate)
        start = max(start, at)
        end = max(end, start + 1)
        if start > at:
            children.append({"OTIO_SCHEMA": "Gap.1", **_item("", _range(0, start - at, document.rate))})
        children.append(_clip(seen, start, end, document))
        at = end
    return {"OTIO_SCHEMA": "Track.1", **_item(name, None), "kind": "Video", "children": children}


def _clip(seen: Seen, start: int, end: int, document: Document) -> dict[str, Any]:
    media, rate = document.video.media, document.rate
    url = PurePath(media).as_uri() if "://" not in media and PurePath(media).is_absolute() else media
    length = max(math.ceil(document.duration * rate), end)
    reference = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "metadata": {},
        "name": document.title,
        "available_range": _range(0, length, rate),
        "available_image_bounds": None,
        "target_url": url,
    }
    told = {"appearance": seen.number, "confidence": seen.confidence, "person_id": seen.person_id, "uri": seen.uri}
    return {
        "OTIO_SCHEMA": "Clip.2",
        **_item(seen.name, _range(start, end - start, rate)),
        "metadata": {"facerec": told},
        "media_references": {"DEFAULT_MEDIA": reference},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _item(name: str, source_range: dict[str, Any] | None) -> dict[str, Any]:
    return {"metadata": {}, "name": name, "source_range": source_range, "effects": [], "markers": [], "enabled": True}


def _range(start: int, length: int, rate: Fraction) -> dict[str, Any]:
    def time(value: int) -> dict[str, Any]:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate), "value": float(value)}

    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(length)}
