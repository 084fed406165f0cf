"""IIIF Presentation manifests, version 3 and what came before it, whose canvases carry video.

A manifest with several videos stands for as many: `…/manifest.json#canvas-2` is the second. Its ranges become segments.

Source: IIIF Presentation API 3.0, sections 3 and 5 (manifest, canvas, annotation, range, collection) and 2.1, section 5; the
media sequences of manifests from before version 3 (IxIF 0.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..errors import ConfigError, FetchError, MediaError
from ..mediafragments import EVERYTHING, Fragment, names_a_part, read_fragment
from .asking import Answer, Asker, is_web, read_json
from .base import Connector, Entries, Found, Name, Segment
from .places import beside, is_readable

_CANVAS = re.compile(r"#canvas-([1-9]\d{0,5})$", re.ASCII)
_VIDEO_TYPES = frozenset({"video", "movingimage", "dctypes:movingimage"})
_LARGEST_FILE = 50_000_000
_PEOPLE = frozenset(
    {"contributor", "contributors", "creator", "creators", "cast", "people", "person", "persons", "participants"}
)
_LISTED_AS = {
    "date": "date",
    "programme": "programme",
    "program": "programme",
    "series": "programme",
    "channel": "channel",
    "language": "language",
    "publisher": "publisher",
    "genre": "genre",
}
"""Labels of a manifest's table of metadata, in English and small letters, and what they are called here."""


@dataclass(frozen=True, slots=True)
class _Video:
    """A video of a manifest: its address, its canvas, and the part that is meant."""

    address: str
    canvas: Mapping[str, Any]
    fragment: Fragment = EVERYTHING


class Iiif(Connector):
    """Manifests and collections, by address or as a file."""

    name = "iiif"

    def __init__(self, patterns: tuple[str, ...], asker: Asker, max_entries: int) -> None:
        """Begin.

        Args:
            patterns: What addresses of manifests look like, `*/manifest.json`.
            asker: Carries the requests.
            max_entries: Of a collection or a manifest with several videos, at most so many.
        """
        self._patterns, self._asker, self._max_entries = patterns, asker, max_entries

    def takes(self, locator: str) -> bool:
        """Say whether an address looks like that of a manifest, or a file is one by its name."""
        bare = _CANVAS.sub("", locator)
        if is_web(bare):
            return any(fnmatchcase(bare.partition("?")[0].lower(), pattern.lower()) for pattern in self._patterns)
        return bare.lower().endswith(("manifest.json", ".iiif.json")) and is_readable(bare)

    def entries(self, locator: str) -> Entries | None:
        """Return the manifests of a collection, or the videos of a manifest that has several."""
        if _CANVAS.search(locator):
            return None
        said = self._read(locator)
        if _type_of(said) == "collection":
            found = [_id_of(item) for item in (*_list(said.get("items")), *_list(said.get("manifests")))]
            addresses = [beside(locator, address) for address in found if address]
            if not addresses:
                raise MediaError(locator, "is an empty IIIF collection. Check the address.")
            kept = tuple(addresses[: self._max_entries])
            return Entries(kept, len(addresses) - len(kept), _text_of(said.get("label")))
        n = len(list(_videos(said)))
        if n <= 1:
            return None
        kept = tuple(f"{locator}#canvas-{number}" for number in range(1, min(n, self._max_entries) + 1))
        return Entries(kept, n - len(kept), _text_of(said.get("label")))

    def resolve(self, locator: str) -> Found:
        """Return the video of a manifest, and what the manifest says of it."""
        said = self._read(_CANVAS.sub("", locator))
        if _type_of(said) == "collection":
            raise ConfigError(f"{locator} is an IIIF collection of several manifests. Give one of them.")
        videos = list(_videos(said))
        if not videos:
            raise MediaError(locator, "is an IIIF manifest without a video. Check the address.")
        wanted = _CANVAS.search(locator)
        number = int(wanted[1]) if wanted else 1
        if number > len(videos) or (wanted is None and len(videos) > 1):
            raise ConfigError(f"{locator} has {len(videos)} videos. Name one: #canvas-1 to #canvas-{len(videos)}.")
        return self._found(locator, said, videos[number - 1], len(videos))

    def _found(self, locator: str, said: Mapping[str, Any], video: _Video, n_videos: int) -> Found:
        label, own = _text_of(said.get("label")), _text_of(video.canvas.get("label"))
        rows = dict(_rows(said))
        more: dict[str, Any] = {name: rows[label] for label, name in _LISTED_AS.items() if label in rows and name != "date"}
        play = beside(_CANVAS.sub("", locator), video.address)
        more["description"] = _text_of(said.get("summary") or said.get("description"))
        more["rights"] = said.get("rights") or said.get("license") or _text_of(rows.get("rights"))
        people = tuple(Name(name) for label in sorted(_PEOPLE & rows.keys()) for name in _names(rows[label]))
        return Found(
            self.name,
            locator if is_web(locator) else play,
            play,
            play,
            title=f"{label}: {own}" if n_videos > 1 and own and own != label else label or own,
            date=str(said.get("navDate") or rows.get("date") or ""),
            segments=_segments(said, _id_of(video.canvas)),
            people=people,
            more=more,
            fragment=video.fragment,
            guard=self._asker.guard if is_web(play) else None,
        )

    def _read(self, locator: str) -> Mapping[str, Any]:
        if is_web(locator):
            said = self._asker.ask_json(locator, accept="application/ld+json, application/json")
        else:
            said = read_json(locator, Answer(_bytes_of(locator), "", locator))
        if not isinstance(said, dict) or _type_of(said) not in ("manifest", "collection"):
            raise FetchError(locator, "is no IIIF manifest: its type is neither Manifest nor Collection")
        return said


def _bytes_of(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as err:
        raise MediaError(path, f"cannot be read: {err.strerror}. Check who may read it.") from err
    if len(data) > _LARGEST_FILE:
        raise MediaError(path, f"is larger than {_LARGEST_FILE} bytes, which no manifest is.")
    return data


def _videos(said: Mapping[str, Any]) -> Iterator[_Video]:
    """Yield the videos of a manifest in its order, one a canvas."""
    canvases = [*_list(said.get("items"))]
    for sequence in _list(said.get("sequences")):
        canvases += _list(sequence.get("canvases"))
    for sequence in _list(said.get("mediaSequences")):
        canvases += _list(sequence.get("elements"))
    for canvas in canvases:
        body = next(_bodies(canvas), None)
        if body is not None:
            address, _, part = _id_of(body).partition("#")
            fragment = read_fragment(part).fragment if names_a_part(part) else EVERYTHING
            yield _Video(address, canvas, fragment)


def _bodies(part: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield what is a video within a canvas: painted on it, one of a choice, or another rendering of it."""
    if _is_video(part):
        yield part
    if depth > 6:
        return
    for name in ("items", "body", "images", "resource", "default", "rendering"):
        for inner in _list(part.get(name)):
            if inner.get("motivation") in (None, "painting", "sc:painting"):
                yield from _bodies(inner, depth + 1)


def _is_video(part: Mapping[str, Any]) -> bool:
    kind = str(part.get("format", "")).lower()
    return bool(_id_of(part)) and (
        kind.startswith("video/") or (_type_of(part) in _VIDEO_TYPES and not kind.startswith("audio/"))
    )


def _segments(said: Mapping[str, Any], canvas: str) -> tuple[Segment, ...]:
    """Return the ranges of a manifest that are parts of a canvas, by time."""
    found: list[Segment] = []

    def walk(part: Mapping[str, Any], depth: int) -> None:
        title = _text_of(part.get("label"))
        for inner in _list(part.get("items"), also=part.get("canvases")):
            target = _id_of(inner) or _id_of(inner.get("source", {}) if isinstance(inner.get("source"), dict) else inner)
            head, _, text = target.partition("#")
            interval = read_fragment(text).fragment.interval
            if head == canvas and names_a_part(text) and title:
                found.append(Segment(title, interval.start_npt, interval.end_npt, _id_of(part)))
            elif depth < 6:
                walk(inner, depth + 1)

    for top in _list(said.get("structures")):
        walk(top, 0)
    return tuple(sorted(dict.fromkeys(found), key=lambda segment: (segment.start_npt, segment.title)))


def _rows(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the table of metadata of a manifest: label in small letters, value."""
    for row in _list(said.get("metadata")):
        yield _text_of(row.get("label")).strip().lower(), _text_of(row.get("value"))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(";") if name.strip()]


def _text_of(value: Any) -> str:
    """Return a text of a manifest: plain, by language, or several of them; English where there is a choice."""
    if isinstance(value, str):
        return " ".join(re.sub(r"<[^>]*>", " ", value).split())
    if isinstance(value, list):
        return "; ".join(filter(None, map(_text_of, value)))
    if isinstance(value, dict):
        if "@value" in value:
            return _text_of(value["@value"])
        chosen = next((value[language] for language in ("en", "none", *value) if language in value), "")
        return _text_of(chosen)
    return ""


def _list(value: Any, also: Any = None) -> list[Mapping[str, Any]]:
    """Return the objects of a value that may be one or a list of them; an address alone counts as an object with that id."""
    values = [*(value if isinstance(value, list) else [value]), *(also if isinstance(also, list) else [])]
    return [{"id": one} if isinstance(one, str) else one for one in values if isinstance(one, str | dict)]


def _id_of(part: Mapping[str, Any]) -> str:
    found = part.get("id") or part.get("@id")
    return found if isinstance(found, str) else ""


def _type_of(part: Mapping[str, Any]) -> str:
    kind = part.get("type") or part.get("@type")
    first = kind[0] if isinstance(kind, list) and kind else kind
    return str(first or "").lower().removeprefix("sc:")
