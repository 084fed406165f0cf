"""Records in RDF: Turtle, RDF/XML and JSON-LD, read without fetching anything."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import FetchError
from ..guard.jsonld import contexts_elsewhere
from .asking import whole_signs
from .base import Name, Segment, seconds_of
from .notice import Notice

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

_TITLE = ("title", "label", "name")
_DATES = (
    *("date", "issued", "created", "dateIssued", "dateCreated", "publicationStartDateTime", "datePublished", "available"),
    "uploadDate",
)
_PEOPLE = (
    *("hasContributor", "contributor", "creator", "hasCreator", "actor", "hasPersonRelatedAttribution", "hasCastMember"),
    *("hasParticipant", "participant", "hasPresenter", "features", "featured", "depicts", "director"),
)
_PERSON = ("agentName", "personName", "name", "label", "prefLabel", "title")
_LOCATORS = ("locator", "contentUrl", "hasFormat")
_IDENTIFIERS = ("identifier", "relation", "source", "sameAs")
_COPY_OF = ("instantiates", "isInstantiationOf", "isCopyOf", "isFormatOf", "exemplarOf", "isManifestationOf")
"""From a medium to the programme that it holds; `isInstantiatedBy` and the like lead the other way."""
_PARTS = ("hasPart", "isPartitionnedInto", "hasPartition")
_START, _END, _LASTS = ("start", "partStart", "startOffset"), ("end", "partEnd", "endOffset"), ("duration", "partDuration")
_CHANNELS = ("publicationChannelName", "channel", "publishedBy", "broadcastChannel")


def notice_of_rdf(locator: str, data: bytes, form: str) -> Notice:
    """Read a record in RDF.

    Args:
        locator: Its address or path.
        data: In UTF-8.
        form: `turtle`, `xml` or `json-ld`.

    Raises:
        FetchError: It cannot be read, or describes nothing that has a locator, an identifier or a title.
    """
    graph = _graph(locator, data, form)
    medium = _medium(graph)
    if medium is None:
        raise FetchError(locator, "is RDF that describes no video: nothing in it has a locator or an identifier")
    notice = Notice(locators=_texts(graph, medium, _LOCATORS), identifiers=[str(medium), *_texts(graph, medium, _IDENTIFIERS)])
    for subject in (medium, *_programmes(graph, medium)):
        _take(notice, graph, subject)
    return notice


def _graph(locator: str, data: bytes, form: str) -> Graph:
    from rdflib import Graph

    graph = Graph()
    if form == "json-ld":
        data = _with_contexts(locator, data)
    try:
        with warnings.catch_warnings():
            # The reader of JSON-LD uses what rdflib itself calls outdated.
            warnings.simplefilter("ignore", DeprecationWarning)
            graph.parse(data=data, format=form, publicID=locator if "://" in locator else None)
    except Exception as err:  # rdflib's readers raise errors of many libraries
        why = " ".join(str(err).split())[:200]
        raise FetchError(locator, f"cannot be read as {form}: {why}. Check the record") from err
    return graph


def _with_contexts(locator: str, data: bytes) -> bytes:
    """Return JSON-LD whose contexts are all within: its reader would fetch those elsewhere, from wherever the record says.

    That of schema.org is a vocabulary and little else, so that it needs no fetching.

    Raises:
        FetchError: It is no JSON, or a context lies elsewhere.
    """
    try:
        said = _replaced(json.loads(data))
        elsewhere = list(contexts_elsewhere(said))
        within = json.dumps(said).encode()
    except (ValueError, RecursionError) as err:
        raise FetchError(locator, "is no well-formed JSON-LD. Check the record") from err
    if elsewhere:
        raise FetchError(locator, "is JSON-LD whose @context lies elsewhere, which is not fetched. Ask for Turtle or RDF/XML")
    return within


def _is_schema(context: Any) -> bool:
    return isinstance(context, str) and re.fullmatch(r"https?://schema\.org/?", context) is not None


def _replaced(value: Any) -> Any:
    """Return JSON-LD with what schema.org's context says in the place of its address."""
    if _is_schema(value):
        return {"@vocab": "http://schema.org/"}
    if isinstance(value, list):
        return [_replaced(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _replaced(inner) if name in ("@context", "@import") or not isinstance(inner, str) else inner
        for name, inner in value.items()
    }


def _medium(graph: Graph) -> Node | None:
    """Return what a graph says can be played: the subject of a locator, else of an identifier, else of a title.

    Somebody who is named has a name too, and often a number or another address.
    """
    people = {value for _, predicate, value in graph if _local(predicate) in _PEOPLE}
    for names in (_LOCATORS, _IDENTIFIERS, _TITLE):
        for subject, predicate, _ in sorted(graph):
            if _local(predicate) in names and subject not in people:
                return subject
    return None


def _programmes(graph: Graph, medium: Node) -> list[Node]:
    """Return what a medium is a copy of, or is published as."""
    found = [value for predicate, value in sorted(graph.predicate_objects(medium)) if _local(predicate) in _COPY_OF]
    told = sorted(graph.triples((None, None, medium)))
    found += [subject for subject, predicate, _ in told if _local(predicate) != "hasPart"]
    again = [other for one in found for other, predicate, _ in sorted(graph.triples((None, None, one))) if other not in found]
    return list(dict.fromkeys([*found, *again]))


def _take(notice: Notice, graph: Graph, subject: Node) -> None:
    for predicate, value in sorted(graph.predicate_objects(subject)):
        name, text = _local(predicate), _text(value)
        if name in _DATES:
            notice.add_date(text)
        elif name in _PEOPLE:
            notice.people += _person(graph, value)
        elif name in _PARTS:
            _take_part(notice, graph, value)
        elif name in _CHANNELS:
            notice.add("channel", text or next(iter(_texts(graph, value, _PERSON)), ""))
        elif name not in _TITLE:
            notice.add(name, text)
    notice.add_title(next(iter(_texts(graph, subject, _TITLE)), ""))


def _take_part(notice: Notice, graph: Graph, part: Node) -> None:
    start, end, lasts = (_seconds(graph, part, names) for names in (_START, _END, _LASTS))
    people = tuple(
        name
        for predicate, value in sorted(graph.predicate_objects(part))
        if _local(predicate) in _PEOPLE
        for name in _person(graph, value)
    )
    if start is None:
        notice.people += people
        return
    end = start + lasts if end is None and lasts else end
    title, uri = next(iter(_texts(graph, part, _TITLE)), ""), str(part)
    kept = uri if uri.startswith(("http://", "https://")) else ""
    notice.segments.append(Segment(title, start, end if end is not None and end > start else None, kept, people))


def _person(graph: Graph, value: Node) -> Iterator[Name]:
    """Yield a person: by the text, or by the name and address of the node."""
    text = _text(value)
    names = [text] if text else _texts(graph, value, _PERSON)
    uri = "" if text or not str(value).startswith(("http://", "https://")) else str(value)
    if names:
        yield Name(names[0], uri, next(iter(_texts(graph, value, ("hasRole", "role"))), ""))


def _texts(graph: Graph, subject: Node, names: tuple[str, ...]) -> list[str]:
    """Return the values of some properties, in the order of their names: texts, and addresses as texts."""
    found = [
        (names.index(_local(predicate)), str(whole_signs(str(value))))
        for predicate, value in graph.predicate_objects(subject)
        if _local(predicate) in names
    ]
    return [text for _, text in sorted(found) if text]


def _seconds(graph: Graph, subject: Node, names: tuple[str, ...]) -> float | None:
    return next((seconds for text in _texts(graph, subject, names) if (seconds := seconds_of(text)) is not None), None)


def _text(value: Node) -> str:
    from rdflib import Literal

    # Turtle can write half a character as an escape, too.
    return " ".join(str(whole_signs(str(value))).split()) if isinstance(value, Literal) else ""


def _local(predicate: Node) -> str:
    text = str(predicate)
    return text[max(text.rfind("#"), text.rfind("/")) + 1 :]
