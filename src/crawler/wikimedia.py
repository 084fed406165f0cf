"""Wikimedia: Wikidata says who a name stands for, Wikimedia Commons has the pictures, each with its licence.

Source: https://www.wikidata.org/w/api.php and https://commons.wikimedia.org/w/api.php (MediaWiki Action API).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import FetchError
from .base import Description, FoundImage, Provider
from .web import Web

WIKIDATA = "https://www.wikidata.org/w/api.php"
COMMONS = "https://commons.wikimedia.org/w/api.php"
ENTITY = "http://www.wikidata.org/entity/"

_HUMAN, _INSTANCE_OF, _IMAGE, _COMMONS_CATEGORY = "Q5", "P31", "P18", "P373"
_WIDTH = 1280
"""Larger pictures are asked for in this width: enough for faces, and one of the widths that the servers keep ready."""
_PAGE = 50
_MAX_PAGES = 20
"""A category of books and films would otherwise be read to its end without a single photo."""
_KINDS = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff"})
"""What may be a photo; Commons also has drawings, books and films."""
_LANGUAGE = "en"
_ENTITY = re.compile(r"https?://www\.wikidata\.org/(?:entity|wiki)/(Q[1-9]\d*)", re.ASCII)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Entity:
    """What Wikidata says of a person."""

    description: Description
    images: tuple[str, ...]
    category: str | None


class Wikimedia(Provider):
    """Wikidata and Wikimedia Commons."""

    name = "wikimedia"

    def __init__(self, web: Web) -> None:
        """Ask over a web."""
        self._web = web
        self._known: dict[str, _Entity | None] = {}

    def describe(self, query: str) -> Description | None:
        """Return the first human whom Wikidata knows by this name, or the one of this address there."""
        entity = self._entity(query)
        return entity.description if entity else None

    def search(self, query: str, limit: int) -> Iterator[FoundImage]:
        """Yield the person's portrait, then their category on Commons, then what a search for the name finds there."""
        seen: set[str] = set()
        for found in self._in_order(query):
            if len(seen) >= limit:
                return
            if found.url not in seen:
                seen.add(found.url)
                yield found

    def _in_order(self, query: str) -> Iterator[FoundImage]:
        try:
            entity = self._entity(query)
        except FetchError as err:
            _LOG.warning("Wikidata is left out: %s", err)
            entity = None
        if entity and entity.images:
            titles = "|".join(f"File:{image}" for image in entity.images[:_PAGE])
            yield from self._files({"titles": titles})
        if entity and entity.category:
            category = f"Category:{entity.category}"
            yield from self._files({"generator": "categorymembers", "gcmtitle": category, "gcmtype": "file", "gcmlimit": _PAGE})
        quoted = query.replace('"', " ")
        yield from self._files(
            {
                "generator": "search",
                "gsrsearch": f'"{quoted}" filetype:bitmap',
                "gsrnamespace": 6,
                "gsrlimit": _PAGE,
            }
        )

    def _files(self, which: Mapping[str, str | int]) -> Iterator[FoundImage]:
        """Yield the pictures of a query to Commons, following its continuations."""
        parameters: dict[str, str | int] = {
            "action": "query",
            "format": "json",
            "formatversion": 2,
            "prop": "imageinfo",
            "iiprop": "url|extmetadata|size|mime",
            "iiextmetadatafilter": "LicenseShortName",
            "iiurlwidth": _WIDTH,
            **which,
        }
        more: Mapping[str, str | int] = {}
        for _ in range(_MAX_PAGES):
            answer = self._ask(COMMONS, {**parameters, **more})
            pages = _mapping(answer.get("query")).get("pages") or []
            # A search gives each page its rank; the list itself is in the order of page numbers.
            for page in sorted(pages, key=lambda page: int(page.get("index", 0))):
                yield from _found(page)
            more = _mapping(answer.get("continue"))
            # iistart would lead to older versions of the same file.
            if set(more) <= {"continue", "iistart"}:
                return

    def _entity(self, query: str) -> _Entity | None:
        if query not in self._known:
            self._known[query] = self._find_entity(query)
        return self._known[query]

    def _find_entity(self, query: str) -> _Entity | None:
        named = _ENTITY.fullmatch(query)
        if named:
            return self._first_human([named[1]])
        search: dict[str, str | int] = {"action": "wbsearchentities", "format": "json", "type": "item", "limit": 7}
        answer = self._ask(WIKIDATA, {**search, "search": query, "language": _LANGUAGE, "uselang": _LANGUAGE})
        ids = [str(hit["id"]) for hit in answer.get("search") or () if "id" in hit]
        return self._first_human(ids) if ids else None

    def _first_human(self, ids: list[str]) -> _Entity | None:
        details = {"action": "wbgetentities", "format": "json", "props": "labels|descriptions|aliases|claims"}
        answer = self._ask(WIKIDATA, {**details, "ids": "|".join(ids), "languages": _LANGUAGE})
        entities = _mapping(answer.get("entities"))
        humans = (entities[key] for key in ids if key in entities and _HUMAN in _values(entities[key], _INSTANCE_OF))
        return next((_read_entity(human) for human in humans), None)

    def _ask(self, api: str, parameters: Mapping[str, str | int]) -> Mapping[str, Any]:
        answer = self._web.get_json(api, parameters)
        if not isinstance(answer, dict):
            raise FetchError(api, "answers JSON of another form", passing=True)
        if "error" in answer:
            why = _mapping(answer["error"])
            raise FetchError(api, f"refuses: {why.get('info') or why.get('code') or 'no reason given'}", passing=True)
        return answer


def _read_entity(entity: Mapping[str, Any]) -> _Entity:
    label = _mapping(_mapping(entity.get("labels")).get(_LANGUAGE)).get("value", "")
    text = _mapping(_mapping(entity.get("descriptions")).get(_LANGUAGE)).get("value", "")
    aliases = tuple(str(alias["value"]) for alias in _mapping(entity.get("aliases")).get(_LANGUAGE) or ())
    category = next(iter(_values(entity, _COMMONS_CATEGORY)), None)
    metadata = {"commons_category": category} if category else {}
    description = Description(ENTITY + str(entity["id"]), str(label), str(text), aliases, metadata)
    return _Entity(description, tuple(_values(entity, _IMAGE)), category)


def _values(entity: Mapping[str, Any], claim: str) -> list[str]:
    """Return the values of a property: the text, or the id where the value is another entity."""
    values = []
    for statement in _mapping(entity.get("claims")).get(claim) or ():
        # A statement may say that there is no value, or that nobody knows it.
        value = _mapping(_mapping(statement.get("mainsnak")).get("datavalue")).get("value")
        text = value.get("id") if isinstance(value, dict) else value
        if isinstance(text, str):
            values.append(text)
    return values


def _found(page: Mapping[str, Any]) -> Iterator[FoundImage]:
    """Yield the picture of a file's page; none where the file is missing or no photo."""
    for info in page.get("imageinfo") or ():
        url = info.get("thumburl") or info.get("url")
        if info.get("mime") not in _KINDS or not isinstance(url, str):
            continue
        licence = _mapping(_mapping(info.get("extmetadata")).get("LicenseShortName")).get("value", "")
        yield FoundImage(url, page=str(info.get("descriptionurl", "")), licence=_plain(str(licence)))


def _plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def _mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object as it is, and an empty one for anything else: MediaWiki writes an empty object as a list."""
    return value if isinstance(value, dict) else {}
