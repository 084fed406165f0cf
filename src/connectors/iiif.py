"""IIIF Presentation manifests, version 3 and what came before it, whose canvases carry video.

A manifest with several videos stands for as many: `…/manifest.json#canvas-2` is the second. Its ranges become segments.

Source: IIIF Presentation API 3.0, sections 3 and 5 (manifest, canvas, annotation, range, collection) and 2.1, section 5; the
media sequences of manifests from before version 3 (IxIF 0.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..errors import ConfigError, FetchError, MediaError
from .asking import Answer, Asker, is_web, read_json
from .base import Connector, Entries, Found, Name, merged
from .manifest import Painted, id_of, listed, rows_of_table, segments_of, text_of, type_of, videos_of
from .places import beside, is_readable

_CANVAS = re.compile(r"#canvas-([1-9]\d{0,5})$", re.ASCII)
_LARGEST_FILE = 50_000_000
_PEOPLE = frozenset(
    {
        *("contributor", "contributors", "creator", "creators", "director", "cast", "people", "person", "persons"),
        *("contributeur", "contributeurs", "créateur", "auteur", "réalisateur", "participants", "personnes", "interprètes"),
        *("mitwirkende", "beteiligte", "regie", "urheber", "personen"),
    }
)
_LISTED_AS = {
    "date": "date",
    "datum": "date",
    "programme": "programme",
    "program": "programme",
    "series": "programme",
    "émission": "programme",
    "collection": "programme",
    "sendung": "programme",
    "channel": "channel",
    "chaîne": "channel",
    "sender": "channel",
    "language": "language",
    "langue": "language",
    "sprache": "language",
    "publisher": "publisher",
    "éditeur": "publisher",
    "genre": "genre",
}
"""Labels of a manifest's table of metadata, in English, French and German and small letters, and what they are called here."""


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
        if type_of(said) == "collection":
            found = [id_of(item) for item in (*listed(said.get("items")), *listed(said.get("manifests")))]
            addresses = [beside(locator, address) for address in found if address]
            if not addresses:
                raise MediaError(locator, "is an empty IIIF collection. Check the address.")
            kept = tuple(addresses[: self._max_entries])
            return Entries(kept, len(addresses) - len(kept), text_of(said.get("label")))
        n = len(list(videos_of(said)))
        if n <= 1:
            return None
        kept = tuple(f"{locator}#canvas-{number}" for number in range(1, min(n, self._max_entries) + 1))
        return Entries(kept, n - len(kept), text_of(said.get("label")))

    def resolve(self, locator: str) -> Found:
        """Return the video of a manifest, and what the manifest says of it."""
        said = self._read(_CANVAS.sub("", locator))
        if type_of(said) == "collection":
            raise ConfigError(f"{locator} is an IIIF collection of several manifests. Give one of them.")
        videos = list(videos_of(said))
        if not videos:
            raise MediaError(locator, "is an IIIF manifest without a video. Check the address.")
        wanted = _CANVAS.search(locator)
        number = int(wanted[1]) if wanted else 1
        if number > len(videos) or (wanted is None and len(videos) > 1):
            raise ConfigError(f"{locator} has {len(videos)} videos. Name one: #canvas-1 to #canvas-{len(videos)}.")
        return self._found(locator, said, videos[number - 1], len(videos))

    def _found(self, locator: str, said: Mapping[str, Any], video: Painted, n_videos: int) -> Found:
        if video.unread:
            raise MediaError(
                locator, "has its video in pieces of DASH only, which are not read. Download it, and give the file."
            )
        label, rows = text_of(said.get("label")), rows_of_table(said)
        facts: dict[str, Any] = {}
        for row, value in rows.items():
            facts.setdefault(_LISTED_AS.get(row, ""), value)
        date = said.get("navDate") or facts.pop("date", "")
        play = beside(_CANVAS.sub("", locator), video.address)
        stated = text_of(_value_of(said.get("requiredStatement"))) or text_of(said.get("attribution"))
        facts.pop("", None)
        more = {
            "publisher": "; ".join(filter(None, (text_of(one.get("label")) for one in listed(said.get("provider"))))),
            **facts,
            "description": text_of(said.get("summary") or said.get("description")),
            "rights": text_of(said.get("rights") or said.get("license")) or rows.get("rights") or stated,
        }
        people = tuple(Name(name) for row in rows if row in _PEOPLE for name in _names(rows[row]))
        own = video.label
        return Found(
            self.name,
            locator if is_web(locator) else play,
            play,
            play,
            title=f"{label}: {own}" if n_videos > 1 and own and own != label else label or own,
            date=str(date),
            segments=segments_of(said, video),
            people=merged(people),
            more=more,
            fragment=video.fragment,
            guard=self._asker.guard if is_web(play) else None,
        )

    def _read(self, locator: str) -> Mapping[str, Any]:
        if is_web(locator):
            said = self._asker.ask_json(locator, accept="application/ld+json, application/json")
        else:
            said = read_json(locator, Answer(_bytes_of(locator), "", locator))
        if not isinstance(said, dict) or type_of(said) not in ("manifest", "collection"):
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


def _value_of(part: Any) -> Any:
    return part.get("value") if isinstance(part, dict) else None


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(";") if name.strip()]
