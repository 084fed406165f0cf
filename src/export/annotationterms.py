"""The terms of Web Annotations in JSON-LD: those of the vocabulary's own context that we write or read, and ours.

A file either carries all of them, so that it is read where there is no network, or names the vocabulary's own context and
carries only ours, as the Web Annotation Data Model asks of a document that travels by its profile.

Source: W3C Web Annotation Vocabulary, 2017, appendix A (JSON-LD context); JSON-LD 1.1, section 4.1.
"""

from __future__ import annotations

from typing import Any

from .rdf import EBUCORE, ITSRDF, OA

CONTEXT_OF_W3C = "http://www.w3.org/ns/anno.jsonld"
"""Address of the vocabulary's own context, and profile of documents that name it."""


def _linking(**terms: str) -> dict[str, Any]:
    """Return terms whose values are addresses."""
    return {term: {"@type": "@id", "@id": name} for term, name in terms.items()}


def _worded(**terms: str) -> dict[str, Any]:
    """Return terms whose values are terms themselves."""
    return {term: {"@type": "@vocab", "@id": name} for term, name in terms.items()}


def _typed(kind: str, **terms: str) -> dict[str, Any]:
    """Return terms whose values are of a type."""
    return {term: {"@type": kind, "@id": name} for term, name in terms.items()}


OF_W3C: dict[str, Any] = {
    "oa": OA,
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "dctypes": "http://purl.org/dc/dcmitype/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "as": "http://www.w3.org/ns/activitystreams#",
    "schema": "http://schema.org/",
    "id": {"@type": "@id", "@id": "@id"},
    "type": {"@type": "@id", "@id": "@type"},
    "Annotation": "oa:Annotation",
    "AnnotationCollection": "as:OrderedCollection",
    "AnnotationPage": "as:OrderedCollectionPage",
    "SpecificResource": "oa:SpecificResource",
    "FragmentSelector": "oa:FragmentSelector",
    "TextualBody": "oa:TextualBody",
    "Video": "dctypes:MovingImage",
    "Person": "foaf:Person",
    "Software": "as:Application",
    "identifying": "oa:identifying",
    "tagging": "oa:tagging",
    "commenting": "oa:commenting",
    "describing": "oa:describing",
    "classifying": "oa:classifying",
    **_linking(
        body="oa:hasBody",
        target="oa:hasTarget",
        source="oa:hasSource",
        selector="oa:hasSelector",
        conformsTo="dcterms:conformsTo",
        creator="dcterms:creator",
        generator="as:generator",
        first="as:first",
        partOf="as:partOf",
    ),
    **_worded(motivation="oa:motivatedBy", purpose="oa:hasPurpose"),
    **_typed("xsd:dateTime", created="dcterms:created", generated="dcterms:issued"),
    "items": {"@type": "@id", "@id": "as:items", "@container": "@list"},
    "value": "rdf:value",
    "bodyValue": "oa:bodyValue",
    "name": "foaf:name",
    "label": "rdfs:label",
}
"""What the vocabulary's own context says too; a test holds each of them against it."""

OF_IIIF: dict[str, Any] = {
    **OF_W3C,
    "annotations": {"@type": "@id", "@id": "http://iiif.io/api/presentation/3#annotations", "@container": "@list"},
}
"""What the context of IIIF Presentation 3 says besides, as far as annotations are found by it."""

OURS: dict[str, Any] = {
    "ebucore": EBUCORE,
    "itsrdf": ITSRDF,
    "prov": "http://www.w3.org/ns/prov#",
    **_linking(analysis="prov:wasGeneratedBy", used="prov:used", isMediaFragmentOf="ebucore:isMediaFragmentOf"),
    **_typed("xsd:double", confidence="itsrdf:taConfidence"),
    # By their full names: `start` and `end` alone are places in a text there.
    **_typed("xsd:decimal", **{"ebucore:start": "ebucore:start", "ebucore:end": "ebucore:end"}),
    "identifier": "dcterms:identifier",
    "title": "dcterms:title",
}
"""What it lacks."""

CONTEXT: dict[str, Any] = {**OF_W3C, **OURS}
"""All terms, for files that are read without a network."""


def expanded(word: str) -> str:
    """Return the full address of a term or of a prefixed name; what is neither stays as it is."""
    found = CONTEXT.get(word, word)
    prefix, _, rest = str(found["@id"] if isinstance(found, dict) else found).partition(":")
    known = CONTEXT.get(prefix)
    return known + rest if isinstance(known, str) and rest and not rest.startswith("//") else str(found)


def term(word: str) -> tuple[str, str]:
    """Return the full address of a predicate, and the type of its values: empty for plain text."""
    found = CONTEXT[word]
    return expanded(word), found["@type"] if isinstance(found, dict) else ""
