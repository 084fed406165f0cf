"""Who appears when as W3C Web Annotations on EBUCore media fragments, in Turtle and in JSON-LD: one graph, written in two ways.

An appearance is an annotation that identifies: its body is the person (their address in a knowledge graph where they have
one), its target the part of the medium, as a fragment with its own address and as a selector. Who says so is its creator, a
program or a person, and how sure that is stands in the term of ITS 2.0. `shapes.ttl` beside this file says in SHACL what a
graph has to hold.

The context of JSON-LD stands in the file, in the terms of the annotation vocabulary's own: it is read where there is no
network.

Source: W3C Web Annotation Data Model and Vocabulary, 2017; W3C Media Fragments URI 1.0; EBU Tech 3293 (EBUCore); W3C ITS 2.0,
section 8.9; W3C PROV-O.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from .. import __version__
from ..files import replacing, write_json
from .document import Document, Seen
from .rdf import EBUCORE, ITSRDF, OA, Identified, Medium, fragment_of, iri, medium_of, memad_graph, turtle

if TYPE_CHECKING:
    from rdflib import Graph

SHAPES = Path(__file__).with_name("shapes.ttl")
"""What a graph has to hold, in SHACL."""
MEDIA_FRAGMENTS = "http://www.w3.org/TR/media-frags/"
PROGRAM = f"https://pypi.org/project/facerec/{__version__}/"
"""What the generator is called in a graph."""

CONTEXT: dict[str, Any] = {
    "oa": OA,
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "as": "http://www.w3.org/ns/activitystreams#",
    "ebucore": EBUCORE,
    "foaf": "http://xmlns.com/foaf/0.1/",
    "itsrdf": ITSRDF,
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "id": {"@type": "@id", "@id": "@id"},
    "type": {"@type": "@id", "@id": "@type"},
    "Annotation": "oa:Annotation",
    "SpecificResource": "oa:SpecificResource",
    "FragmentSelector": "oa:FragmentSelector",
    "Person": "foaf:Person",
    "Software": "as:Application",
    "body": {"@type": "@id", "@id": "oa:hasBody"},
    "target": {"@type": "@id", "@id": "oa:hasTarget"},
    "source": {"@type": "@id", "@id": "oa:hasSource"},
    "selector": {"@type": "@id", "@id": "oa:hasSelector"},
    "motivation": {"@type": "@vocab", "@id": "oa:motivatedBy"},
    "identifying": "oa:identifying",
    "tagging": "oa:tagging",
    "conformsTo": {"@type": "@id", "@id": "dcterms:conformsTo"},
    "value": "rdf:value",
    "name": "foaf:name",
    "label": "rdfs:label",
    "creator": {"@type": "@id", "@id": "dcterms:creator"},
    "created": {"@type": "xsd:dateTime", "@id": "dcterms:created"},
    "generator": {"@type": "@id", "@id": "as:generator"},
    "generated": {"@type": "xsd:dateTime", "@id": "dcterms:issued"},
    "confidence": {"@type": "xsd:double", "@id": "itsrdf:taConfidence"},
    "identifier": "dcterms:identifier",
    "title": "dcterms:title",
    "analysis": {"@type": "@id", "@id": "prov:wasGeneratedBy"},
    "used": {"@type": "@id", "@id": "prov:used"},
    "isMediaFragmentOf": {"@type": "@id", "@id": "ebucore:isMediaFragmentOf"},
    "start": {"@type": "xsd:decimal", "@id": "ebucore:start"},
    "end": {"@type": "xsd:decimal", "@id": "ebucore:end"},
}
"""Terms of the files in JSON-LD."""


def write_turtle(path: Path, document: Document) -> int:
    """Write annotations as Turtle, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    with replacing(path) as partial:
        partial.write_text(turtle(graph_of(document)), encoding="utf-8", newline="\n")
    return len(document.people)


def write_jsonld(path: Path, document: Document) -> int:
    """Write annotations as JSON-LD, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    write_json(path, {"@context": CONTEXT, "@graph": list(nodes(document))})
    return len(document.people)


def write_memad(path: Path, document: Document) -> int:
    """Write named people in the pattern of the MeMAD project as Turtle, and return how many appearances.

    Raises:
        ExportError: The file cannot be written.
    """
    known = [seen for seen in document.people if seen.is_known]
    identified = [
        Identified(seen.name, seen.start_npt, seen.end_npt, seen.confidence, seen.box, seen.uri, seen.by_human)
        for seen in known
    ]
    graph = memad_graph(medium_of(document.video), identified, document.analysis.updated_at)
    with replacing(path) as partial:
        partial.write_text(turtle(graph), encoding="utf-8", newline="\n")
    return len(known)


def graph_of(document: Document) -> Graph:
    """Return the annotations as a graph of rdflib."""
    from rdflib import RDF, Graph, Literal, URIRef

    graph = Graph()
    for prefix, namespace in CONTEXT.items():
        if isinstance(namespace, str) and namespace.startswith("http"):
            graph.bind(prefix, namespace)
    for node in nodes(document):
        for inner in _flat(node):
            subject = URIRef(inner["id"])
            graph.add((subject, RDF.type, URIRef(_expanded(inner["type"]))))
            for term, value in inner.items():
                if term not in ("id", "type"):
                    predicate, kind = _term(term)
                    graph.add((subject, URIRef(predicate), _value(value, kind, Literal, URIRef)))
    return graph


def nodes(document: Document) -> Iterator[dict[str, Any]]:
    """Yield the nodes of the graph as JSON-LD, in the terms of `CONTEXT`."""
    medium = medium_of(document.video)
    media, program = iri(medium.uri), {"id": PROGRAM, "type": "Software", "name": f"FaceRec {__version__}"}
    analysis = f"urn:facerec:analysis:{document.analysis.analysis_id}"
    yield {"id": media, "type": "ebucore:MediaResource", **({"title": medium.title} if medium.title else {})}
    yield program
    fragment = document.analysis.fragment
    used = f"{media}{'&' if '#' in media else '#'}{fragment}" if fragment else media
    yield {"id": analysis, "type": "prov:Activity", "identifier": document.analysis.analysis_id, "used": iri(used)}
    yield from _people(document)
    for seen in document.people:
        yield _annotation(seen, medium, document, analysis)


def _annotation(seen: Seen, medium: Medium, document: Document, analysis: str) -> dict[str, Any]:
    media = iri(medium.uri)
    part = fragment_of(media, seen.start_npt, seen.end_npt, seen.box)
    own = f"{document.analysis.analysis_id} {document.project} {seen.number}"
    creator = {"id": _urn(f"annotator {document.project}"), "type": "Person", "name": "somebody who watched the video"}
    return {
        "id": _urn(f"annotation {own}"),
        "type": "Annotation",
        "label": seen.name,
        "identifier": seen.key,
        "motivation": "identifying" if seen.is_known else "tagging",
        "created": document.analysis.updated_at,
        "generated": document.analysis.updated_at,
        "generator": PROGRAM,
        "creator": creator if seen.by_human else PROGRAM,
        "confidence": seen.confidence,
        "analysis": analysis,
        "body": person_iri(seen, document),
        "target": {
            "id": _urn(f"target {own}"),
            "type": "SpecificResource",
            "source": {
                "id": part,
                "type": "ebucore:MediaFragment",
                "isMediaFragmentOf": media,
                "start": _decimal(seen.start_npt),
                "end": _decimal(seen.end_npt),
            },
            "selector": {
                "id": _urn(f"selector {own}"),
                "type": "FragmentSelector",
                "conformsTo": MEDIA_FRAGMENTS,
                "value": fragment_of("", seen.start_npt, seen.end_npt, seen.box).lstrip("#"),
            },
        },
    }


def person_iri(seen: Seen, document: Document) -> str:
    """Return what somebody is called in a graph: by their address in a knowledge graph, else by their place in the project."""
    if seen.uri:
        return iri(seen.uri)
    return _urn(f"person {document.project} {seen.person_id or seen.name if seen.is_known else f'unknown {seen.unknown_id}'}")


def _people(document: Document) -> Iterator[dict[str, Any]]:
    for address, name in {(person_iri(seen, document), seen.name): None for seen in document.people}:
        yield {"id": address, "type": "Person", "name": name}


def _flat(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node and those in it, each with the addresses of the others."""
    yield {key: value["id"] if isinstance(value, dict) else value for key, value in node.items()}
    for value in node.values():
        if isinstance(value, dict):
            yield from _flat(value)


def _term(term: str) -> tuple[str, str]:
    found = CONTEXT[term]
    return (_expanded(found), "") if isinstance(found, str) else (_expanded(found["@id"]), found["@type"])


def _value(value: Any, kind: str, literal: Any, address: Any) -> Any:
    if kind in ("@id", "@vocab"):
        return address(_expanded(value) if kind == "@vocab" else value)
    return literal(value, datatype=address(_expanded(kind))) if kind else literal(value)


def _expanded(word: str) -> str:
    """Return the full address of a term or of a prefixed name."""
    found = CONTEXT.get(word, word)
    prefix, _, rest = str(found).partition(":")
    known = CONTEXT.get(prefix)
    return known + rest if isinstance(known, str) and not rest.startswith("//") else str(found)


def _decimal(npt: float) -> str:
    return f"{Decimal(f'{npt:.3f}').normalize():f}"


def _urn(what: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'facerec {what}')}"
