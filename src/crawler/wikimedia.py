"""Wikimedia: Wikidata says who a name stands for, Wikimedia Commons has the pictures, each with its licence.

Source: https://www.wikidata.org/w/api.php and https://commons.wikimedia.org/w/api.php (MediaWiki Action API).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_ANY_LANGUAGE = "mul"
"""Names that are the same in all languages stand under this one alone."""
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

    def __init__(self, web: Web, languages: Sequence[str] = ("en",)) -> None:
        """Begin.

        Args:
            web: What is asked over.
            languages: In which names are looked up, as two letters each, in this order.
        """
        self._web, self._languages = web, tuple(languages)
        self._known: dict[tuple[str, str], _Entity | None] = {}

    def describe(self, query: str, language: str = "") -> Description | None:
        """Return the first human whom Wikidata knows by this name, or the one of this address there.

        Args:
            query: Name or address.
            language: Of whoever wrote the name, two letters: it is asked in first.
        """
        entity = self._entity(query, language)
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
            pages = _mappings(_mapping(answer.get("query")).get("pages"))
            # A search gives each page its rank; the list itself is in the order of page numbers.
            for page in sorted(pages, key=_rank):
                yield from _found(page)
            more = _mapping(answer.get("continue"))
            # iistart would lead to older versions of the same file.
            if set(more) <= {"continue", "iistart"}:
                return

    def _entity(self, query: str, language: str = "") -> _Entity | None:
        if (query, language) not in self._known:
            self._known[query, language] = self._find_entity(query, (language, *self._languages))
        return self._known[query, language]

    def _find_entity(self, query: str, wanted: Iterable[str]) -> _Entity | None:
        languages = tuple(dict.fromkeys(filter(None, wanted)))
        named = _ENTITY.fullmatch(query)
        if named:
            return self._first_human([named[1]], languages)
        search: dict[str, str | int] = {"action": "wbsearchentities", "format": "json", "type": "item", "limit": 7}
        tried: set[str] = set()
        for language in languages:
            answer = self._ask(WIKIDATA, {**search, "search": query, "language": language, "uselang": language})
            ids = [str(hit["id"]) for hit in _mappings(answer.get("search")) if "id" in hit]
            new = [found for found in ids if found not in tried]
            tried.update(new)
            entity = self._first_human(new, languages) if new else None
            if entity is not None:
                return entity
        return None

    def _first_human(self, ids: list[str], languages: tuple[str, ...]) -> _Entity | None:
        details = {"action": "wbgetentities", "format": "json", "props": "labels|descriptions|aliases|claims"}
        asked = "|".join((*languages, _ANY_LANGUAGE))
        answer = self._ask(WIKIDATA, {**details, "ids": "|".join(ids), "languages": asked})
        entities = _mapping(answer.get("entities"))
        found = ((key, _mapping(entities.get(key))) for key in ids)
        humans = ((key, entity) for key, entity in found if _HUMAN in _values(entity, _INSTANCE_OF))
        return next((_read_entity(key, human, languages) for key, human in humans), None)

    def _ask(self, api: str, parameters: Mapping[str, str | int]) -> Mapping[str, Any]:
        answer = self._web.get_json(api, parameters)
        if not isinstance(answer, dict):
            raise FetchError(api, "answers JSON of another form", passing=True)
        if "error" in answer:
            why = _mapping(answer["error"])
            raise FetchError(api, f"refuses: {why.get('info') or why.get('code') or 'no reason given'}", passing=True)
        return answer


def _read_entity(key: str, entity: Mapping[str, Any], languages: Iterable[str]) -> _Entity:
    """Read who somebody is: name and description in the first language that has them, the names in all others as aliases."""
    order = (*languages, _ANY_LANGUAGE)
    labels = _texts(entity.get("labels"), order)
    names = (*labels, *_texts(entity.get("aliases"), order))
    label, text = next(iter(labels), ""), next(iter(_texts(entity.get("descriptions"), order)), "")
    aliases = tuple(name for name in dict.fromkeys(names) if name != label)
    category = next(iter(_values(entity, _COMMONS_CATEGORY)), None)
    metadata = {"commons_category": category} if category else {}
    description = Description(ENTITY + key, label, text, aliases, metadata)
    return _Entity(description, tuple(_values(entity, _IMAGE)), category)


def _texts(said: Any, languages: Iterable[str]) -> list[str]:
    """Return the texts of some languages in their order; Wikidata gives one or a list of them for each."""
    found = [_mapping(said).get(language) for language in languages]
    each = [one for texts in found for one in _mappings(texts if isinstance(texts, list) else [texts])]
    return [text for one in each if isinstance(text := one.get("value"), str) and text]


def _values(entity: Mapping[str, Any], claim: str) -> list[str]:
    """Return the values of a property: the text, or the id where the value is another entity."""
    values = []
    for statement in _mappings(_mapping(entity.get("claims")).get(claim)):
        # A statement may say that there is no value, or that nobody knows it.
        value = _mapping(_mapping(statement.get("mainsnak")).get("datavalue")).get("value")
        text = value.get("id") if isinstance(value, dict) else value
        if isinstance(text, str):
            values.append(text)
    return values


def _found(page: Mapping[str, Any]) -> Iterator[FoundImage]:
    """Yield the picture of a file's page; none where the file is missing or no photo."""
    for info in _mappings(page.get("imageinfo")):
        url = info.get("thumburl") or info.get("url")
        if str(info.get("mime")) not in _KINDS or not isinstance(url, str):
            continue
        licence = _mapping(_mapping(info.get("extmetadata")).get("LicenseShortName")).get("value", "")
        yield FoundImage(url, page=str(info.get("descriptionurl", "")), licence=_plain(str(licence)))


def _rank(page: Mapping[str, Any]) -> float:
    rank = page.get("index", 0)
    return float(rank) if isinstance(rank, int | float) else 0.0


def _plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def _mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object as it is, and an empty one for anything else: MediaWiki writes an empty object as a list."""
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    """Return the JSON objects of a list; none of anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
