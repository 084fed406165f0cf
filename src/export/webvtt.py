"""WebVTT: captions that say who is to be seen, and metadata cues with the boxes for pages that draw them.

A caption lasts as long as the same people are to be seen. A metadata cue is an appearance; its text is one line of JSON with
the name and the box of each sample, `[npt, x, y, w, h]` in seconds and pixels.

Source: W3C WebVTT: The Web Video Text Tracks Format, sections 4 (syntax) and 6.4 (cue text).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..disk.files import replacing
from .document import Document, Seen, one_line
from .own import parsed_json
from .reading import Claim, Reading, Source, box_of, interval_of, refuse, spots_of_times, text_of, time_of

_TIMING = re.compile(r"([^\s>-]+)[ \t]*-->[ \t]*(\S+)(?:[ \t].*)?")
_STAMP = re.compile(r"(?:(\d{2,9}):)?([0-5]\d):([0-5]\d)\.(\d{3})", re.ASCII)
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t\n]+([^>]+)>")
"""Who speaks in a cue; classes stand in front, `<v.loud Mary>`."""
_NOTE = re.compile(r"analysis ([0-9a-zA-Z_-]+)")


def captions(people: Sequence[Seen]) -> Iterator[tuple[float, float, tuple[str, ...]]]:
    """Yield start, end and names of each stretch in which the same people are to be seen; stretches without anybody are left
    out."""
    changes = sorted({time for seen in people for time in (seen.start_npt, seen.end_npt)})
    starts = sorted(people, key=lambda seen: (seen.start_npt, seen.number))
    here: list[Seen] = []
    following = 0
    held: tuple[float, float, tuple[str, ...]] | None = None
    for start, end in pairwise(changes):
        while following < len(starts) and starts[following].start_npt <= start:
            here.append(starts[following])
            following += 1
        here = [seen for seen in here if seen.end_npt > start]
        names = tuple(
            dict.fromkeys(seen.name for seen in sorted(here, key=lambda seen: (not seen.is_known, seen.start_npt, seen.number)))
        )
        if held is not None and held[1:] == (start, names):
            held = (held[0], end, names)
            continue
        if held is not None and held[2]:
            yield held
        held = (start, end, names)
    if held is not None and held[2]:
        yield held


def write_captions(path: Path, document: Document) -> int:
    """Write captions, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    cues = [f"{_timing(start, end)}\n{escaped(', '.join(names))}\n" for start, end, names in captions(document.people)]
    with replacing(path) as partial:
        partial.write_text("\n".join([f"WEBVTT\n\nNOTE\n{_place(document)}\n", *cues]), encoding="utf-8", newline="\n")
    return len(cues)


def write_boxes(path: Path, document: Document) -> int:
    """Write a metadata cue an appearance, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    boxes = _boxes_of(document)
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"WEBVTT\n\nNOTE\nFaceRec metadata of analysis {document.analysis.analysis_id}\n{_place(document)}\n")
        for seen in document.people:
            payload = {
                "name": seen.name,
                "uri": seen.uri,
                "confidence": seen.confidence,
                "source": "human" if seen.by_human else "machine",
                "boxes": boxes.get(seen.number, []),
            }
            # An arrow in the text would end the cue.
            text = json.dumps(payload, ensure_ascii=False, allow_nan=False).replace(">", "\\u003e")
            file.write(f"\n{seen.key}\n{_timing(seen.start_npt, seen.end_npt)}\n{text}\n")
    return len(document.people)


def read_boxes(source: Source) -> Reading:
    """Read metadata cues as `write_boxes` writes them, also after somebody edited them, and captions.

    Of a caption every name, divided by commas, is a claim of its own; where the caption says who speaks, that is who is meant,
    and not what is said.

    Raises:
        ConfigError: It is no WebVTT; the message says in which line and what to do.
    """
    lines = source.text.split("\n")
    if not re.fullmatch(r"WEBVTT([ \t].*)?", lines[0]):
        raise refuse(source.name, 1, 'does not begin with "WEBVTT"', "Write this word in the first line")
    claims: list[Claim] = []
    analysis_id = ""
    for first, block in _blocks(lines):
        if re.fullmatch(r"NOTE([ \t].*)?", block[0]):
            found = _NOTE.search(" ".join(block))
            analysis_id = found[1] if found and not analysis_id else analysis_id
        elif any("-->" in line for line in block[:2]):
            claims += _cue(source.name, first, block)
        elif not re.match(r"(STYLE|REGION)\b", block[0]) and first > 1:
            raise refuse(source.name, first, "is no cue", "A cue has a line with times, 00:00:01.000 --> 00:00:02.000")
    return Reading(tuple(claims), analysis_id)


def escaped(text: str) -> str:
    """Return a text as that of a cue."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def stamp(npt: float) -> str:
    """Return a time as `hh:mm:ss.ttt`."""
    seconds, ms = divmod(round(npt * 1000), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def _place(document: Document) -> str:
    """Return where the video is, as a line of a note: it holds no arrow."""
    return one_line(document.locator).replace("-->", "->") or document.video.video_id


def _timing(start_npt: float, end_npt: float) -> str:
    return f"{stamp(start_npt)} --> {stamp(end_npt)}"


def _boxes_of(document: Document) -> dict[int, list[list[float]]]:
    """Return the boxes of each appearance, by time, in milliseconds and hundredths of a pixel."""
    boxes: dict[int, list[list[float]]] = {}
    for seen, samples in document.boxes():
        rows = zip(samples.npt.tolist(), samples.boxes_xywh.tolist(), strict=True)
        boxes.setdefault(seen.number, []).extend([round(npt, 3), *(round(value, 2) for value in box)] for npt, box in rows)
    return {number: sorted(own) for number, own in boxes.items()}


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the parts between empty lines with the number of their first line; the head is left out."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line:
            block.append(line)
            continue
        if block and number - len(block) > 1:
            yield number - len(block), block
        block = []


def _cue(name: str, first: int, block: list[str]) -> list[Claim]:
    at = 0 if "-->" in block[0] else 1
    found = _TIMING.fullmatch(block[at].strip())
    times = [_seconds(text) for text in found.groups()] if found else []
    if len(times) != 2 or None in times:
        raise refuse(name, first + at, "has no times", "Write them like this: 00:00:01.000 --> 00:00:02.000")
    start, end = interval_of(tuple(time_of(time, name, first + at) for time in times), name, first + at)
    text, line = "\n".join(block[at + 1 :]), first + at + 1
    if not text.startswith("{"):
        voices = [html.unescape(voice) for voice in _VOICE.findall(text)]
        names = voices or html.unescape(re.sub(r"<[^>]*>", "", text)).split(",")
        once = dict.fromkeys(one_line(who) for who in names)
        return [Claim(f"line {line}", who, start, end) for who in once if who]
    return [_metadata(parsed_json(Source(f"{name}, line {line}", text)), block[0] if at else "", (start, end), name, line)]


def _metadata(found: Any, key: str, times: tuple[float, float], name: str, line: int) -> Claim:
    if not isinstance(found, dict):
        raise refuse(name, line, "is no object", 'Write {"name": "…", "boxes": []}')
    boxes, npts = [], []
    rows = found.get("boxes") or []
    for row in rows if isinstance(rows, list) else [None]:
        if not (isinstance(row, list) and len(row) == 5):
            raise refuse(name, line, "has a box that is not [npt, x, y, w, h]", "Leave boxes out where nobody knows")
        npts.append(time_of(row[0], name, line))
        boxes.append(box_of(row[1:], name, line))
    spots = spots_of_times(npts, boxes) if boxes else None
    return Claim(f"line {line}", text_of(found.get("name"), name, line), *times, number_of(key), spots=spots)


def number_of(key: str) -> int | None:
    """Return the number of an appearance that is written as `Seen.key`; None for what is none of ours."""
    found = re.fullmatch(r"([as])(\d{1,18})", key)
    return None if found is None else int(found[2]) if found[1] == "a" else -int(found[2])


def _seconds(text: str) -> float | None:
    found = _STAMP.fullmatch(text)
    return found and int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3]) + int(found[4]) / 1000
