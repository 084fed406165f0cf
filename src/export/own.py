"""The results as JSON of our own, described in docs/exports.md: all that is known of who appears, to be read back without
loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .. import __version__
from ..disk.files import write_json
from ..records import Anchor
from ..schema import Box
from .document import Document, Seen
from .reading import Claim, Reading, Source, box_of, interval_of, refuse, text_of, time_of

FORMAT = "facerec-appearances"
VERSION = 1


def write_own(path: Path, document: Document) -> int:
    """Write who appears, and return how many appearances.

    Raises:
        ExportError: The file cannot be written.
    """
    write_json(path, plain(document))
    return len(document.people)


def plain(document: Document) -> dict[str, Any]:
    """Return a document as plain values."""
    video, analysis = document.video, document.analysis
    return {
        "format": FORMAT,
        "version": VERSION,
        "generator": f"FaceRec {__version__}",
        "project": document.project,
        "video": {
            "video_id": video.video_id,
            "locator": video.locator,
            "title": document.title,
            "date": video.date,
            "duration": video.duration,
            "width": video.width,
            "height": video.height,
            "frame_rate": video.frame_rate,
            "checksum": video.checksum,
            "metadata": dict(video.metadata),
        },
        "analysis": {
            "analysis_id": analysis.analysis_id,
            "engine": analysis.engine,
            "sampling": dict(analysis.sampling),
            "fragment": analysis.fragment,
            "updated_at": analysis.updated_at,
        },
        "appearances": [_appearance(seen) for seen in document.people],
    }


def _appearance(seen: Seen) -> dict[str, Any]:
    box = seen.box
    return {
        "appearance": seen.number,
        "name": seen.name,
        "person_id": seen.person_id,
        "uri": seen.uri,
        "unknown_id": seen.unknown_id,
        "start_npt": seen.start_npt,
        "end_npt": seen.end_npt,
        "confidence": seen.confidence,
        "source": "human" if seen.by_human else "machine",
        "best_npt": seen.best_npt,
        "box": [box.x, box.y, box.w, box.h] if box else None,
        "tracks": list(seen.tracks),
    }


def read_own(source: Source) -> Reading:
    """Read what `write_own` wrote, also after somebody edited it.

    Raises:
        ConfigError: It is no such file; the message says where and what to do.
    """
    found = parsed_json(source)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise refuse(source.name, 1, f'is no object with "format": "{FORMAT}"', "Export a video as json to see one")
    if found.get("version") != VERSION:
        raise refuse(source.name, 1, f"has the version {found.get('version')!r}", f"This program reads version {VERSION}")
    items = found.get("appearances")
    if not isinstance(items, list):
        raise refuse(source.name, 1, "has no list appearances", "Export a video as json to see one")
    claims = tuple(_claim(item, source.name, f"appearances[{number}]") for number, item in enumerate(items))
    analysis = found.get("analysis")
    analysis_id = str(analysis.get("analysis_id", "")) if isinstance(analysis, dict) else ""
    return Reading(claims, analysis_id)


def parsed_json(source: Source) -> Any:
    """Return the values of a JSON text.

    Raises:
        ConfigError: It is none.
    """
    try:
        return json.loads(source.text, parse_constant=_no_number)
    except json.JSONDecodeError as err:
        raise refuse(source.name, err.lineno, f"is no JSON ({err.msg})", "Export it once more, or mend the line") from err
    except (ValueError, RecursionError) as err:
        raise refuse(source.name, 1, f"is no JSON ({err})", "Export it once more") from err


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _claim(item: object, name: str, where: str) -> Claim:
    if not isinstance(item, dict):
        raise refuse(name, where, "is no object", "An appearance has name, start_npt and end_npt")
    times = (time_of(item.get(key), name, f"{where}.{key}") for key in ("start_npt", "end_npt"))
    start, end = interval_of(tuple(times), name, where)
    number = item.get("appearance")
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        raise refuse(name, f"{where}.appearance", "is no whole number", "Leave it out for a new appearance")
    best = item.get("best_npt")
    anchors = _anchors(item.get("box"), start if best is None else time_of(best, name, f"{where}.best_npt"), name, where)
    return Claim(where, text_of(item.get("name"), name, f"{where}.name"), start, end, number, anchors=anchors)


def _anchors(box: object, npt: float, name: str, where: str) -> tuple[Anchor, ...]:
    if box is None:
        return ()
    if not isinstance(box, list):
        raise refuse(name, f"{where}.box", "is no list of x, y, w, h in pixels", "Write null where nobody knows")
    return (Anchor(npt, Box(*box_of(box, name, f"{where}.box"))),)
