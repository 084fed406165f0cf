"""Who appears when as W3C Web Annotations on EBUCore media fragments, in Turtle and in JSON-LD: one graph, written in two ways.

An appearance is an annotation that identifies: its body is the person (their address in a knowledge graph where they have
one), its target the part of the medium, which has an address of its own and is chosen from the medium by a selector: the
address of the medium, `#` and the selector's value are that address. Somebody unknown is tagged. Who says so is the creator, a
program or a person, and how sure that is stands in the term of ITS 2.0. `shapes.ttl` beside this file says in SHACL what a
graph has to hold.

There is JSON-LD for readers of graphs, all of whose terms stand in the file, so that no network is needed; and a page of
annotations for programs that know Web Annotations by the vocabulary's own context, each annotation whole in itself.

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
from ..disk.files import replacing, write_json
from .annotationterms import CONTEXT, CONTEXT_OF_W3C, OURS, expanded, term
from .document import Document, Seen
from .rdf import Identified, Medium, fragment_of, iri, medium_of, memad_graph, turtle

if TYPE_CHECKING:
    from rdflib import Graph

SHAPES = Path(__file__).with_name("shapes.ttl")
"""What a graph has to hold, in SHACL."""
MEDIA_FRAGMENTS = "http://www.w3.org/TR/media-frags/"
PROGRAM = f"urn:facerec:version:{__version__}"
"""What the generator is called in a graph."""


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


def write_page(path: Path, document: Document) -> int:
    """Write annotations as a page of the Web Annotation Data Model, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    write_json(path, page(document))
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
    graph = memad_graph(medium_of(document.video), identified, document.analysis.updated_at, document.analysis.fragment)
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
            for word, values in inner.items():
                predicate, kind = (str(RDF.type), "@vocab") if word == "type" else term(word)
                for value in values if isinstance(values, list) else [values]:
                    if word != "id":
                        graph.add((subject, URIRef(predicate), _value(value, kind, Literal, URIRef)))
    return graph


def nodes(document: Document) -> Iterator[dict[str, Any]]:
    """Yield the nodes of the graph as JSON-LD, in the terms of `CONTEXT`."""
    medium = medium_of(document.video)
    yield _medium(medium)
    yield _program()
    yield _analysis(document, medium)
    yield from _people(document)
    for seen in document.people:
        yield _annotation(seen, medium, document)


def page(document: Document) -> dict[str, Any]:
    """Return a page of annotations as plain values, in the terms of W3C's context and ours; nothing stands outside of them."""
    medium = medium_of(document.video)
    return {
        "@context": [CONTEXT_OF_W3C, OURS],
        "id": _urn(f"page {document.analysis.analysis_id} {document.project}"),
        "type": "AnnotationPage",
        "label": document.title,
        "items": [_whole(seen, medium, document) for seen in document.people],
    }


def _whole(seen: Seen, medium: Medium, document: Document) -> dict[str, Any]:
    """Return an annotation with all that it speaks of."""
    found = _annotation(seen, medium, document)
    body = {"id": person_iri(seen, document), "type": "Person", "name": seen.name}
    source = _medium(medium)
    return {
        **found,
        "generator": _program(),
        "creator": found["creator"] if seen.by_human else _program(),
        "analysis": _analysis(document, medium),
        "body": body,
        "target": {**found["target"], "source": {**source, "type": ["Video", source["type"]]}},
    }


def _medium(medium: Medium) -> dict[str, Any]:
    titled = {"title": medium.title} if medium.title else {}
    return {"id": iri(medium.uri), "type": "ebucore:MediaResource", **titled}


def _program() -> dict[str, Any]:
    return {"id": PROGRAM, "type": "Software", "name": f"FaceRec {__version__}"}


def _analysis(document: Document, medium: Medium) -> dict[str, Any]:
    media, fragment = iri(medium.uri), document.analysis.fragment
    used = f"{media}{'&' if '#' in media else '#'}{fragment}" if fragment else media
    analysis_id = document.analysis.analysis_id
    return {"id": _analysis_iri(document), "type": "prov:Activity", "identifier": analysis_id, "used": iri(used)}


def _analysis_iri(document: Document) -> str:
    return f"urn:facerec:analysis:{document.analysis.analysis_id}"


def _annotation(seen: Seen, medium: Medium, document: Document) -> dict[str, Any]:
    creator = {"id": _urn(f"annotator {document.project}"), "type": "Person", "name": "somebody who watched the video"}
    return {
        "id": _urn(f"annotation {document.analysis.analysis_id} {document.project} {seen.number}"),
        "type": "Annotation",
        "label": seen.name,
        "identifier": seen.key,
        "motivation": "identifying" if seen.is_known else "tagging",
        "created": document.moment,
        "generated": document.moment,
        "generator": PROGRAM,
        "creator": creator if seen.by_human else PROGRAM,
        "confidence": seen.confidence,
        "analysis": _analysis_iri(document),
        "body": person_iri(seen, document),
        "target": _target(seen, iri(medium.uri)),
    }


def _target(seen: Seen, media: str) -> dict[str, Any]:
    """Return the part of the medium in which somebody is to be seen; parts that are the same have one address."""
    part = fragment_of(media, seen.start_npt, seen.end_npt, seen.box)
    return {
        "id": part,
        "type": ["SpecificResource", "ebucore:MediaFragment"],
        "source": media,
        "isMediaFragmentOf": media,
        "ebucore:start": _decimal(seen.start_npt),
        "ebucore:end": _decimal(seen.end_npt),
        "selector": {
            "id": _urn(f"selector {part}"),
            "type": "FragmentSelector",
            "conformsTo": MEDIA_FRAGMENTS,
            "value": fragment_of("", seen.start_npt, seen.end_npt, seen.box).lstrip("#"),
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


def _value(value: Any, kind: str, literal: Any, address: Any) -> Any:
    if kind in ("@id", "@vocab"):
        return address(expanded(value) if kind == "@vocab" else value)
    # As it is written: rdflib would make another form of UTC of a `Z`.
    return literal(value, datatype=address(expanded(kind)), normalize=False) if kind else literal(value)


def _decimal(npt: float) -> str:
    return f"{Decimal(f'{npt:.3f}').normalize():f}"


def _urn(what: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'facerec {what}')}"
