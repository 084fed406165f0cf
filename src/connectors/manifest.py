"""What an IIIF manifest holds: the videos painted on its canvases, its ranges by time, its table of metadata, its texts.

Read leniently: manifests of versions 2 and 3 are taken apart by what their parts look like, not by their context.

Source: IIIF Presentation API 3.0, sections 3 and 5 (canvas, annotation, range), 2.1, section 5; W3C Web Annotation Data Model,
section 4 (specific resources and their selectors).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..mediafragments import EVERYTHING, Fragment, names_a_part, read_fragment
from ..schema import WHOLE, Interval
from .base import Segment
from .places import is_video_name

Part = Mapping[str, Any]

_VIDEO_TYPES = frozenset({"video", "movingimage", "dctypes:movingimage"})
_DASH = "application/dash+xml"
_PIECES = ("application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", _DASH)
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Painted:
    """A video of a manifest.

    Attributes:
        address: As it stands there.
        label: Its own, or that of its canvas.
        canvas: Id of the canvas.
        place: When it is to be seen, on the time of the canvas.
        fragment: The part of the file that is meant.
        unread: Whether it is a list of pieces in DASH, which is not read.
    """

    address: str
    label: str
    canvas: str
    place: Interval
    fragment: Fragment
    unread: bool


def videos_of(manifest: Part) -> Iterator[Painted]:
    """Yield the videos of a manifest in its order: one for each annotation that paints one on a canvas."""
    canvases = [*listed(manifest.get("items"))]
    for sequence in listed(manifest.get("sequences")):
        canvases += listed(sequence.get("canvases"))
    for sequence in listed(manifest.get("mediaSequences")):
        canvases += listed(sequence.get("elements"))
    for canvas in canvases:
        painted = list(_painted(canvas))
        # Older manifests paint nothing: the canvas is the video, or names renderings of it.
        alone = None if painted else _best(canvas)
        if alone is not None:
            yield _video(canvas, alone, None)
        for body, target in painted:
            yield _video(canvas, body, target)


def segments_of(manifest: Part, video: Painted) -> tuple[Segment, ...]:
    """Return the ranges of a manifest that are parts of a video, by time, on the time of its file."""
    shift = video.fragment.interval.start_npt - video.place.start_npt
    found: list[Segment] = []

    def walk(part: Part, depth: int) -> None:
        title = text_of(part.get("label"))
        for inner in listed(part.get("items"), also=part.get("canvases")):
            canvas, text = _place_of(inner)
            if canvas == video.canvas and names_a_part(text) and title:
                common = _common(read_fragment(text).fragment.interval, video.place)
                if common is not None:
                    end = None if common.end_npt is None else round(common.end_npt + shift, 6)
                    found.append(Segment(title, round(common.start_npt + shift, 6), end, id_of(part)))
            elif depth < _DEEPEST:
                walk(inner, depth + 1)

    for top in listed(manifest.get("structures")):
        walk(top, 0)
    return tuple(sorted(dict.fromkeys(found), key=lambda segment: (segment.start_npt, segment.title)))


def rows_of_table(manifest: Part) -> dict[str, str]:
    """Return the table of metadata: label in small letters, value; what stands there twice is joined."""
    rows: dict[str, str] = {}
    for row in listed(manifest.get("metadata")):
        label, value = text_of(row.get("label")).strip(" :").lower(), text_of(row.get("value"))
        rows[label] = "; ".join(filter(None, (rows.get(label, ""), value)))
    return rows


def text_of(value: Any, depth: int = 0) -> str:
    """Return a text of a manifest: plain, by language, or several of them; English where there is a choice."""
    if depth > 4:
        return ""
    if isinstance(value, str):
        return " ".join(re.sub(r"<[^>]*>", " ", value).split())
    if isinstance(value, list):
        return "; ".join(filter(None, (text_of(one, depth + 1) for one in _in_one_language(value))))
    if isinstance(value, dict):
        if "@value" in value:
            return text_of(value["@value"], depth + 1)
        chosen = next((value[language] for language in ("en", "none", *value) if language in value), "")
        return text_of(chosen, depth + 1)
    return ""


def _in_one_language(values: list[Any]) -> list[Any]:
    """Return the texts of a list that are in one language: version 2 writes a text in several as a list of them."""
    languages = [one.get("@language") if isinstance(one, dict) else None for one in values]
    told = [language for language in languages if isinstance(language, str)]
    wanted = next((language for language in told if language.startswith("en")), next(iter(told), None))
    return [one for one, language in zip(values, languages, strict=True) if language in (None, wanted)]


def listed(value: Any, also: Any = None) -> list[Part]:
    """Return the objects of a value that may be one or a list of them; an address alone counts as an object with that id."""
    values = [*(value if isinstance(value, list) else [value]), *(also if isinstance(also, list) else [])]
    return [{"id": one} if isinstance(one, str) else one for one in values if isinstance(one, str | dict)]


def id_of(part: Part) -> str:
    """Return the id of a part of a manifest; empty where it has none."""
    found = part.get("id") or part.get("@id")
    return found if isinstance(found, str) else ""


def type_of(part: Part) -> str:
    """Return the type of a part of a manifest in small letters, without the prefix of version 2."""
    kind = part.get("type") or part.get("@type")
    first = kind[0] if isinstance(kind, list) and kind else kind
    return str(first or "").lower().removeprefix("sc:")


def _painted(part: Part, depth: int = 0) -> Iterator[tuple[Part, Any]]:
    """Yield body and target of each annotation that paints a video."""
    if not _paints(part):
        return
    if "body" in part or "resource" in part:
        body = _best(part)
        if body is not None:
            yield body, part.get("target", part.get("on"))
    elif depth < _DEEPEST:
        for name in ("items", "images"):
            for inner in listed(part.get(name)):
                yield from _painted(inner, depth + 1)


def _paints(part: Part) -> bool:
    said = part.get("motivation")
    motives = said if isinstance(said, list) else [said]
    return any(motive is None or str(motive).removeprefix("sc:") == "painting" for motive in motives)


def _best(part: Part) -> Part | None:
    """Return the first video of a choice that is one file; else a list of pieces, in HLS rather than in DASH."""
    return min(_bodies(part), key=lambda body: (_in_pieces(body), _in_dash(body)), default=None)


def _bodies(part: Part, depth: int = 0) -> Iterator[Part]:
    """Yield what is a video: the body of an annotation, one of a choice, a part of another resource, or a rendering."""
    if _is_video(part):
        yield part
    if depth > _DEEPEST:
        return
    source = part.get("source")
    for inner in listed(source) if isinstance(source, dict) else ():
        # The selector stands beside the source; together they are what is painted.
        yield from ({"selector": part.get("selector"), **body} for body in _bodies(inner, depth + 1))
    for name in ("items", "body", "images", "resource", "default", "rendering"):
        for inner in listed(part.get(name)):
            if _paints(inner):
                yield from _bodies(inner, depth + 1)


def _is_video(part: Part) -> bool:
    kind = str(part.get("format", "")).lower()
    if not id_of(part):
        return False
    if not kind and not type_of(part):
        # Only its address stands there, or its id and nothing more: it tells by its ending.
        return _in_pieces(part) or is_video_name(id_of(part).partition("#")[0])
    return kind.startswith("video/") or (type_of(part) in _VIDEO_TYPES and not kind.startswith("audio/"))


def _in_pieces(body: Part) -> bool:
    return str(body.get("format", "")).lower() in _PIECES or _path_of(body).endswith((".m3u8", ".mpd"))


def _in_dash(body: Part) -> bool:
    return str(body.get("format", "")).lower() == _DASH or _path_of(body).endswith(".mpd")


def _path_of(body: Part) -> str:
    return id_of(body).partition("#")[0].partition("?")[0].lower()


def _video(canvas: Part, body: Part, target: Any) -> Painted:
    address, _, own = id_of(body).partition("#")
    part = own if names_a_part(own) else _selected(body)
    _, when = _place_of(next(iter(listed(target)), {}))
    place = read_fragment(when).fragment.interval if names_a_part(when) else WHOLE
    fragment = read_fragment(part).fragment if names_a_part(part) else EVERYTHING
    if place.end_npt is None and fragment.interval.end_npt is not None:
        place = Interval(place.start_npt, place.start_npt + fragment.interval.end_npt - fragment.interval.start_npt)
    return Painted(
        address if names_a_part(own) or not own else id_of(body),
        text_of(body.get("label")) or text_of(canvas.get("label")),
        id_of(canvas),
        place,
        fragment,
        _in_dash(body),
    )


def _place_of(part: Part) -> tuple[str, str]:
    """Return the resource that a part of a manifest points to, and the fragment of it."""
    source = part.get("source", part.get("full"))
    pointed = next(iter(listed(source)), part) if source is not None else part
    resource, _, fragment = id_of(pointed).partition("#")
    return resource, fragment or _selected(part)


def _selected(part: Part) -> str:
    """Return the fragment that a selector names; empty without one."""
    values = (one.get("value") for one in listed(part.get("selector")))
    return next((value.removeprefix("#") for value in values if isinstance(value, str)), "")


def _common(one: Interval, other: Interval) -> Interval | None:
    """Return what two intervals share; None for nothing."""
    start = max(one.start_npt, other.start_npt)
    end = min((end for end in (one.end_npt, other.end_npt) if end is not None), default=None)
    return Interval(start, end) if end is None or end > start else None
