"""Answers of services with anything anywhere: they are read, or refused with one of our own errors, and can be written down."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.connectors.asking import Answer, Asker, read_json
from src.connectors.base import Found
from src.connectors.iiif import Iiif
from src.connectors.limecraft import Limecraft, Login
from src.connectors.sparql import Archive, SparqlConnector
from src.crawler.wikimedia import Wikimedia
from src.errors import AnnotationError
from src.export import READABLE
from src.export.edits import edits_of
from src.guard import Guard
from src.guard.pieces import fetch_list
from tests.documents import small
from tests.unit import test_crawler_providers as providers
from tests.unit.test_reading_others import read
from tests.unit.test_round_trips import written

from .connectors.archives import MANIFEST

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 10**30, "", "x", "\ud800", "\x00", "a\nb", "http://[::1", "//[", "https://x/a.mp4#t=1", "#t=",
    "file:///etc/passwd", "9" * 5000, [], {}, [[]], [{}], [None], ["a", 1, None], {"id": None}, {"@value": None},
    {"value": {"value": []}}, "npt:99:99:99",
)  # fmt: skip
ROWS = {
    "locator": "https://x/a.mp4", "title": "T", "date": "2000", "segment": "http://s/1", "segment_title": "S", "start": "263",
    "end": "2.7E2", "person": "http://p/1", "person_name": "Ann", "role": "x", "channel": "C",
}  # fmt: skip
RESULTS = {"results": {"bindings": [{name: {"type": "literal", "value": value} for name, value in ROWS.items()}] * 2}}
SEARCH = {"search": [{"id": "Q8016"}, {"id": "Q1"}]}
ENTITIES = {"entities": {"Q8016": providers.TestWikimedia.HUMAN}}
FILES = {"query": {"pages": [{"index": 1, "imageinfo": [{"url": "https://x/a.jpg", "mime": "image/jpeg", "extmetadata": {}}]}]}}
MOA = {"hrefs": {"moi": "https://l/api/moi", "downloadLink": "https://l/api/link"}, "mimeType": "video/mp4"}
LIST = '#EXTM3U\n#EXT-X-MAP:URI="f.mp4",BYTERANGE="7@0"\n#EXTINF:2.5,t\n#EXT-X-BYTERANGE:10@7\nf.mp4\n#EXT-X-ENDLIST\n'

often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*at, key))


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """Draw a value in which some places hold something else, or nothing."""
    found = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 4))):
        there = list(places(found))
        if not there:
            return found
        *way, last = draw(st.sampled_from(there))
        holder = found
        for key in way:
            holder = holder[key]
        if draw(st.booleans()) and draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
    return found


def asker_of(*answers: Any) -> Asker:
    """Return what gets these answers, one after the other, whatever it asks."""
    asker = mock.Mock(spec=Asker, guard=Guard(), clock=lambda: 0.0)
    texts = iter(answers)

    def ask(url: str, **_: Any) -> Answer:
        said = next(texts, answers[-1])
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        return Answer(data, "application/json", url)

    asker.ask, asker.ask_json = ask, lambda url, **how: read_json(url, ask(url, **how))
    return asker


def can_be_stored(found: Found) -> None:
    json.dumps([found.metadata(), found.title, found.date, found.play], ensure_ascii=False, allow_nan=False).encode()


@given(said=changed(MANIFEST))
@often
def test_manifests(said: Any) -> None:
    connector = Iiif(("*/manifest.json",), asker_of(said), 100)
    for locator in ("https://x/manifest.json", "https://x/manifest.json#canvas-1"):
        try:
            connector.entries(locator)
            can_be_stored(connector.resolve(locator))
        except AnnotationError as err:
            assert locator in str(err) or "IIIF" in str(err)


@given(said=changed(RESULTS))
@often
def test_results_of_sparql(said: Any) -> None:
    connector = SparqlConnector(Archive("a", ("http://a/",), "http://e/sparql", "Q <URI>"), Asker(Guard()), lambda _: None)
    answer = Answer(json.dumps(said).encode(), "application/json", "http://e/sparql")
    with mock.patch("src.connectors.sparql.SparqlEndpoint._ask", lambda *_: answer):
        try:
            can_be_stored(connector.resolve("http://a/1"))
        except AnnotationError as err:
            assert "http://" in str(err)


@given(
    moa=changed(MOA),
    media=changed([MOA]),
    token=changed({"token": "t"}),
    data=st.sampled_from((b'"https://x/a.mp4"', b"<html>", b"\xff")),
)
@often
def test_limecraft(moa: Any, media: Any, token: Any, data: bytes) -> None:
    with mock.patch("src.connectors.limecraft.replace", lambda asker, **_: asker):
        connector = Limecraft("https://l/api", Login("ann", "secret"), asker_of(token, moa, media, data))
        try:
            can_be_stored(connector.resolve("https://l/api/moa"))
        except AnnotationError as err:
            assert "secret" not in str(err)


@given(search=changed(SEARCH), entities=changed(ENTITIES), files=changed(FILES))
@often
def test_wikidata_and_commons(search: Any, entities: Any, files: Any) -> None:
    answers = {"wbsearchentities": search, "wbgetentities": entities, "query": files}
    web = mock.Mock(get_json=lambda _, asked: answers[str(asked["action"])])
    for wikimedia in (Wikimedia(web, ("en", "fr")),):
        try:
            wikimedia.describe("Winston Churchill")
            list(wikimedia.search("Winston Churchill", 5))
        except AnnotationError as err:
            assert "api.php" in str(err)


@given(text=st.lists(st.sampled_from(LIST.splitlines()) | st.text(max_size=40) | st.sampled_from([
    "#EXTINF:-1,", "#EXTINF:1e400,", "#EXT-X-BYTERANGE:@", "#EXT-X-STREAM-INF:RESOLUTION=1xB", "//[", "#EXT-X-MAP:", "a b",
]), max_size=12))  # fmt: skip
@often
def test_lists_of_pieces(text: list[str]) -> None:
    fetched = mock.Mock(data="\n".join(["#EXTM3U", *text]).encode("utf-8", "replace"), url="https://x/a.m3u8")
    with mock.patch("src.guard.pieces.fetch", lambda *_: fetched):
        try:
            assert fetch_list("https://x/a.m3u8", Guard(), 5.0).duration_s >= 0
        except AnnotationError as err:
            assert "https://x/" in str(err)


@pytest.mark.parametrize("name", [name for name in READABLE if name in ("json", "jsonld", "annotations")])
@given(data=st.data())
@often
def test_files_that_come_back(name: str, data: st.DataObject) -> None:
    said = data.draw(changed(json.loads(written(name, small()))))
    try:
        edits_of(small(), read(name, json.dumps(said)))
    except AnnotationError as err:
        assert str(err).startswith("a.file, ")
