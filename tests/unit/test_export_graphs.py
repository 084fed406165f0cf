"""Web Annotations as Turtle and JSON-LD, and IIIF manifests, in independent readers and against their shapes."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyshacl
import pytest
from hypothesis import HealthCheck, given, settings
from iiif_prezi3 import Manifest
from rdflib import RDF, RDFS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS, FOAF

from src.errors import ConfigError
from src.export import FORMATS, Document
from src.export.annotationterms import OF_W3C, OURS
from src.export.rdf import EBUCORE, ITSRDF, NIF, OA
from src.export.reading import decoded
from src.export.webannotation import SHAPES
from src.video.fragments import parse_fragment
from tests.documents import NAMES, document, documents, empty, seen, small
from tests.readers import graph_of as read_graph
from tests.w3c import ANNOTATION_CONTEXT

oa, ebucore, itsrdf = Namespace(OA), Namespace(EBUCORE), Namespace(ITSRDF)
quickly = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def text_of(name: str, what: Document) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        FORMATS[name].write(path, what)
        return path.read_text(encoding="utf-8")


def graph_of(name: str, what: Document) -> Graph:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{FORMATS[name].suffix}"
        FORMATS[name].write(path, what)
        return read_graph(path)


def conforms(graph: Graph) -> tuple[bool, str]:
    shapes = Graph().parse(SHAPES, format="turtle")
    conform, _, text = pyshacl.validate(graph, shacl_graph=shapes, meta_shacl=False, inference="none")
    return bool(conform), str(text)


class TestAnnotations:
    @pytest.mark.parametrize("name", ["turtle", "jsonld", "annotations"])
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
            (DCTERMS.created, Literal("2026-01-01T00:00:00+02:00", datatype=XSD.dateTime)),
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
        assert (target, RDF.type, ebucore.MediaFragment) in graph
        assert (part, RDF.type, ebucore.MediaResource) in graph
        fragment = str(graph.value(selector, RDF.value))
        # Web Annotation Data Model, section 4.2.1: together they are the address of the part.
        assert str(target) == f"{part}#{fragment}"
        assert graph.value(selector, DCTERMS.conformsTo) == URIRef("http://www.w3.org/TR/media-frags/")
        read = parse_fragment(fragment)
        assert (read.interval.start_npt, read.interval.end_npt) == (0.0, 2.0)
        assert read.region is not None
        assert (read.region.x, read.region.y, read.region.w, read.region.h) == (10, 20, 36, 41)

    @pytest.mark.parametrize("name", ["turtle", "jsonld", "annotations", "iiif"])
    def test_moments_are_in_utc_with_a_z(self, name: str) -> None:
        what = small()
        what = replace(what, analysis=replace(what.analysis, updated_at="2026-03-01T01:30:00.250000+02:00"))
        text = text_of(name, what)
        assert "2026-02-28T23:30:00.250000Z" in text
        assert "+02:00" not in text
        assert "+00:00" not in text

    def test_two_at_one_place_and_time_share_the_part(self) -> None:
        what = document([seen(-1, "Ann", 1, 2, by_human=True), seen(-2, "Ben", 1, 2, by_human=True)])
        graph = graph_of("turtle", what)
        assert len(set(graph.objects(None, oa.hasTarget))) == 1
        conform, why = conforms(graph)
        assert conform, why

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
        for name in ("turtle", "jsonld", "annotations", "memad", "iiif"):
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


class TestPage:
    def test_our_terms_are_those_of_the_vocabulary(self) -> None:
        assert {term: ANNOTATION_CONTEXT[term] for term in OF_W3C} == OF_W3C
        assert not set(OURS) & set(ANNOTATION_CONTEXT)

    @given(what=documents())
    @quickly
    def test_it_is_the_same_graph_and_says_that_it_is_a_page(self, what: Document) -> None:
        page, graph = (canonical(graph_of(name, what)) for name in ("annotations", "jsonld"))
        about = set(page) - set(graph)
        kinds = {predicate for _, predicate, _ in about}
        assert kinds <= {RDF.type, RDF.first, RDF.rest, RDFS.label, URIRef("http://www.w3.org/ns/activitystreams#items")}
        missing = {subject for subject, _, _ in set(graph) - set(page)}
        # What nobody speaks of is not on the page: the program and the analysis of a video without people.
        assert not missing or not what.people

    def test_each_annotation_is_whole(self) -> None:
        found = json.loads(text_of("annotations", small()))
        assert found["@context"][0] == "http://www.w3.org/ns/anno.jsonld"
        assert (found["type"], len(found["items"])) == ("AnnotationPage", 5)
        first = found["items"][0]
        assert first["body"] == {"id": "http://www.wikidata.org/entity/Q1", "type": "Person", "name": "Anna Albers"}
        assert first["generator"]["type"] == first["creator"]["type"] == "Software"
        assert found["items"][-1]["creator"]["type"] == "Person"
        assert first["target"]["selector"]["type"] == "FragmentSelector"
        assert "Video" in first["target"]["source"]["type"]
        # In that context these are places in a text.
        assert not {"start", "end"} & set(first["target"])


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
        ("more", "expected"),
        [
            ({"bodyValue": "Mia", "target": "http://x/a.mp4#t=1,2"}, [("Mia", 1, 2)]),
            ({"body": {"type": "TextualBody", "value": "Mia"}, "target": "http://x/a.mp4#t=1,2"}, [("Mia", 1, 2)]),
            (
                {
                    "body": [
                        {"type": "TextualBody", "value": "A nice shot", "purpose": "commenting"},
                        {"type": "TextualBody", "value": "Mia", "purpose": "tagging"},
                    ],
                    "target": "http://x/a.mp4#t=1,2",
                },
                [("Mia", 1, 2)],
            ),
            (
                {
                    "body": {
                        "type": "SpecificResource",
                        "purpose": "identifying",
                        "source": {"id": "http://www.wikidata.org/entity/Q1", "schema:name": "Mia"},
                    },
                    "target": ["http://x/a.mp4#t=1,2", "http://x/a.mp4#t=5,6"],
                },
                [("Mia", 1, 2), ("Mia", 5, 6)],
            ),
            (
                {
                    "body": {"id": "http://x/mia", "name": "Mia"},
                    "target": {
                        "source": "http://x/a.mp4",
                        "selector": {
                            "type": "FragmentSelector",
                            "conformsTo": "http://www.w3.org/TR/media-frags/",
                            "value": "t=npt:00:01:00,00:01:02.5&xywh=percent:1,2,3,4",
                        },
                    },
                },
                [("Mia", 60, 62.5)],
            ),
        ],
    )
    @pytest.mark.parametrize("around", ["alone", "page", "collection"])
    def test_as_the_data_model_has_it(self, more: dict[str, Any], expected: list[Any], around: str) -> None:
        found = {"id": "http://x/1", "type": "Annotation", "motivation": "identifying", **more}
        if around != "alone":
            found = {"id": "http://x/p", "type": "AnnotationPage", "items": [found]}
        if around == "collection":
            found = {"id": "http://x/c", "type": "AnnotationCollection", "first": found}
        text = json.dumps({"@context": "http://www.w3.org/ns/anno.jsonld", **found})
        assert [(one.name, one.start_npt, one.end_npt) for one in self.read("jsonld", text).claims] == expected

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
