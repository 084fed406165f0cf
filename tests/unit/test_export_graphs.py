"""Web Annotations as Turtle and JSON-LD, and IIIF manifests, in independent readers and against their shapes."""

from __future__ import annotations

import json
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyshacl
import pytest
from hypothesis import HealthCheck, given, settings
from iiif_prezi3 import Manifest
from rdflib import RDF, XSD, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS, FOAF

from src.errors import ConfigError
from src.export import FORMATS, Document
from src.export.rdf import EBUCORE, ITSRDF, NIF, OA
from src.export.reading import decoded
from src.export.webannotation import SHAPES
from src.video.fragments import parse_fragment
from tests.documents import NAMES, document, documents, empty, seen, small

oa, ebucore, itsrdf = Namespace(OA), Namespace(EBUCORE), Namespace(ITSRDF)
quickly = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def text_of(name: str, what: Document) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        FORMATS[name].write(path, what)
        return path.read_text(encoding="utf-8")


def graph_of(name: str, what: Document) -> Graph:
    with warnings.catch_warnings():
        # rdflib 7 calls its own old names there.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Graph().parse(data=text_of(name, what), format="json-ld" if name == "jsonld" else "turtle")


def conforms(graph: Graph) -> tuple[bool, str]:
    shapes = Graph().parse(SHAPES, format="turtle")
    conform, _, text = pyshacl.validate(graph, shacl_graph=shapes, meta_shacl=False, inference="none")
    return bool(conform), str(text)


class TestAnnotations:
    @pytest.mark.parametrize("name", ["turtle", "jsonld"])
    @given(what=documents())
    @quickly
    def test_the_graph_has_the_shape_that_is_promised(self, name: str, what: Document) -> None:
        conform, why = conforms(graph_of(name, what))
        assert conform, why

    @given(what=documents())
    @quickly
    def test_both_ways_to_write_it_are_one_graph(self, what: Document) -> None:
        assert isomorphic(canonical(graph_of("turtle", what)), canonical(graph_of("jsonld", what)))

    def test_the_shapes_are_shapes_themselves(self) -> None:
        graph = Graph().parse(SHAPES, format="turtle")
        conform, _, why = pyshacl.validate(Graph(), shacl_graph=graph, meta_shacl=True)
        assert conform, why

    @pytest.mark.parametrize(
        ("predicate", "wrong"),
        [
            (oa.hasBody, Literal("a name")),
            (oa.hasTarget, None),
            (oa.motivatedBy, oa.linking),
            (itsrdf.taConfidence, Literal(1.5, datatype=XSD.double)),
            (DCTERMS.created, Literal("yesterday")),
            (DCTERMS.creator, None),
            (URIRef("http://www.w3.org/ns/activitystreams#generator"), None),
        ],
    )
    def test_the_shapes_can_fail(self, predicate: URIRef, wrong: Any) -> None:
        graph = graph_of("turtle", small())
        annotation = next(graph.subjects(RDF.type, oa.Annotation))
        graph.remove((annotation, predicate, None))
        if wrong is not None:
            graph.add((annotation, predicate, wrong))
        assert not conforms(graph)[0]

    def test_what_it_says(self) -> None:
        graph = graph_of("turtle", small())
        annotation = next(iter(graph.subjects(DCTERMS.identifier, Literal("a1"))))
        body, target = graph.value(annotation, oa.hasBody), graph.value(annotation, oa.hasTarget)
        assert body == URIRef("http://www.wikidata.org/entity/Q1")
        assert graph.value(body, FOAF.name) == Literal("Anna Albers")
        assert graph.value(annotation, oa.motivatedBy) == oa.identifying
        assert float(graph.value(annotation, itsrdf.taConfidence)) == 0.93  # type: ignore[arg-type]
        part, selector = graph.value(target, oa.hasSource), graph.value(target, oa.hasSelector)
        assert (part, RDF.type, ebucore.MediaFragment) in graph
        fragment = str(graph.value(selector, RDF.value))
        assert str(part).endswith(f"#{fragment}")
        read = parse_fragment(fragment)
        assert (read.interval.start_npt, read.interval.end_npt) == (0.0, 2.0)
        assert read.region is not None
        assert (read.region.x, read.region.y, read.region.w, read.region.h) == (10, 20, 36, 41)

    def test_who_says_so(self) -> None:
        graph = graph_of("turtle", small())
        kinds = {}
        for key in ("a1", "s1"):
            annotation = next(iter(graph.subjects(DCTERMS.identifier, Literal(key))))
            kinds[key] = graph.value(graph.value(annotation, DCTERMS.creator), RDF.type)
        assert kinds["a1"] == URIRef("http://www.w3.org/ns/activitystreams#Application")
        assert kinds["s1"] == FOAF.Person

    def test_a_part_of_a_video_is_told(self) -> None:
        what = small()
        part = replace(what, analysis=replace(what.analysis, fragment="t=10,20"))
        used = list(graph_of("turtle", part).objects(None, URIRef("http://www.w3.org/ns/prov#used")))
        assert [str(address).partition("#")[2] for address in used] == ["t=10,20"]

    def test_two_runs_give_the_same_bytes(self) -> None:
        for name in ("turtle", "jsonld", "memad", "iiif"):
            assert text_of(name, small()) == text_of(name, small())

    @pytest.mark.parametrize("name", ["turtle", "jsonld", "memad"])
    def test_nobody(self, name: str) -> None:
        graph = graph_of(name, empty())
        assert (None, RDF.type, oa.Annotation) not in graph
        assert (None, RDF.type, ebucore.MediaResource) in graph

    @pytest.mark.parametrize("name", NAMES)
    def test_odd_names_stay_what_they_are(self, name: str) -> None:
        what = document([seen(1, name, 0, 1)])
        for kind in ("turtle", "jsonld"):
            assert Literal(what.people[0].name) in set(graph_of(kind, what).objects(None, FOAF.name))

    def test_memad_has_named_people_alone(self) -> None:
        graph = graph_of("memad", small())
        names = {str(value) for value in graph.objects(None, RDF.value)}
        assert names == {"Anna Albers", "Ben Bo", "Çelik Özil"}
        assert len(set(graph.subjects(RDF.type, Namespace(NIF).Annotation))) == 4


class TestReading:
    def read(self, name: str, text: str) -> Any:
        reader = FORMATS[name].read
        assert reader is not None
        return reader(decoded(text.encode(), "x"))

    def test_annotations_of_others(self) -> None:
        text = json.dumps({
            "@context": "http://www.w3.org/ns/anno.jsonld",
            "id": "http://example.org/1",
            "type": "Annotation",
            "body": {"id": "http://example.org/mia", "name": "Mia Meier"},
            "target": "http://example.org/film.mp4#xywh=1,2,30,40&t=1.5,2.25",
        })  # fmt: skip
        (claim,) = self.read("jsonld", text).claims
        assert (claim.name, claim.start_npt, claim.end_npt, claim.number) == ("Mia Meier", 1.5, 2.25, None)
        assert claim.anchors[0].box.w == 30

    @pytest.mark.parametrize(
        "context",
        [
            "http://169.254.169.254/context.jsonld",
            "file:///etc/passwd",
            ["http://www.w3.org/ns/anno.jsonld", "http://10.0.0.1/x"],
            {"@import": "http://10.0.0.1/x"},
            {"a": {"@id": "http://x/a", "@context": "http://10.0.0.1/x"}},
            {"a": {"@id": "http://x/a", "@context": ["http://10.0.0.1/x"]}},
            {"a": {"@id": "http://x/a", "@context": {"b": {"@id": "x:b", "@context": [None, "http://10.0.0.1/x"]}}}},
            {"@context": ["http://10.0.0.1/x"]},
            {"@context": "http://10.0.0.1/x"},
            {"@import": ["http://10.0.0.1/x"]},
            [["http://10.0.0.1/x"]],
            [[["file:///etc/passwd"]]],
            [{"a": "http://x/a"}, [{"@context": [["http://10.0.0.1/x"]]}]],
        ],
    )
    def test_nothing_is_fetched(self, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("rdflib.plugins.shared.jsonld.context.source_to_json", lambda *_: pytest.fail("it was asked for"))
        text = json.dumps({"@context": context, "@id": "http://x", "inner": {"@context": context}})
        with pytest.raises(ConfigError, match=r"would have to be fetched\. Put the terms themselves"):
            self.read("jsonld", text)

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("turtle", "@prefix a: <b> .\n\na:b ] .\n", "x, line 3: is no Turtle"),
            ("turtle", "<a> <b> <c> .\n]", "is no Turtle"),
            ("jsonld", "{\n\n,}", "x, line 3: is no JSON"),
            ("turtle", f"<urn:a> a <{OA}Annotation> .", "annotation urn:a: has no body or no target"),
            (
                "turtle",
                f"<urn:a> a <{OA}Annotation> ; <{OA}hasBody> <urn:b> ; <{OA}hasTarget> <urn:c#t=x> .",
                "no fragment of time",
            ),
            ("turtle", f"<urn:a> a <{OA}Annotation> ; <{OA}hasBody> <urn:b> ; <{OA}hasTarget> <urn:c#t=1,2> .", "names nobody"),
        ],
    )
    def test_what_cannot_be_read(self, name: str, text: str, message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            self.read(name, text)


class TestManifest:
    @given(what=documents())
    @quickly
    def test_another_library_takes_it(self, what: Document) -> None:
        text = text_of("iiif", what)
        manifest = Manifest.model_validate_json(text)
        (canvas,) = manifest.items
        assert canvas.duration == pytest.approx(what.duration)
        assert len(canvas.annotations[0].items) == len(what.people)

    def test_what_it_says(self) -> None:
        what = replace(small(), base="https://archive.example")
        found = json.loads(text_of("iiif", what))
        (canvas,) = found["items"]
        assert (canvas["width"], canvas["height"], canvas["duration"]) == (192, 128, 40.0)
        body = canvas["items"][0]["items"][0]["body"]
        assert body["id"] == "https://archive.example/api/v1/videos/v1/media"
        first = canvas["annotations"][0]["items"][0]
        assert first["target"] == f"{canvas['id']}#xywh=10,20,36,41&t=0.000,2.000"
        assert [part["purpose"] for part in first["body"]] == ["tagging", "identifying"]
        assert first["body"][1]["source"] == "http://www.wikidata.org/entity/Q1"

    def test_a_video_of_unknown_size_and_one_elsewhere(self) -> None:
        what = small()
        video = replace(what.video, width=0, height=0, duration=None, media="https://example.org/a.webm")
        (canvas,) = json.loads(text_of("iiif", replace(what, video=video)))["items"]
        assert "width" not in canvas
        assert canvas["duration"] == 31.5
        assert canvas["items"][0]["items"][0]["body"]["id"] == "https://example.org/a.webm"
        assert canvas["items"][0]["items"][0]["body"]["format"] == "video/webm"


def canonical(graph: Graph) -> Graph:
    """Return a graph in which numbers are written in one way."""
    plain = Graph()
    for subject, predicate, value in graph:
        number = isinstance(value, Literal) and value.datatype in (XSD.double, XSD.decimal)
        plain.add((subject, predicate, Literal(f"{float(value):.6f}") if number else value))  # type: ignore[arg-type]
    return plain
