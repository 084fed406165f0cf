"""What the context of the Web Annotation vocabulary says of its terms (http://www.w3.org/ns/anno.jsonld), written down from the
vocabulary's appendix A: what ours are held against, and what stands in for it where no network is."""

from __future__ import annotations

from typing import Any

_PREFIXES = {
    "oa": "http://www.w3.org/ns/oa#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "dctypes": "http://purl.org/dc/dcmitype/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "as": "http://www.w3.org/ns/activitystreams#",
    "schema": "http://schema.org/",
}
_PLAIN = """
Annotation oa:Annotation, Dataset dctypes:Dataset, Image dctypes:StillImage, Video dctypes:MovingImage, Audio dctypes:Sound,
Text dctypes:Text, TextualBody oa:TextualBody, SpecificResource oa:SpecificResource, FragmentSelector oa:FragmentSelector,
Person foaf:Person, Software as:Application, Organization foaf:Organization, AnnotationCollection as:OrderedCollection,
AnnotationPage as:OrderedCollectionPage, classifying oa:classifying, commenting oa:commenting, describing oa:describing,
identifying oa:identifying, linking oa:linking, tagging oa:tagging, bodyValue oa:bodyValue, format dc:format,
language dc:language, value rdf:value, name foaf:name, label rdfs:label
"""
_TYPED = {
    "@id": "body oa:hasBody, target oa:hasTarget, source oa:hasSource, selector oa:hasSelector, state oa:hasState, "
    "scope oa:hasScope, creator dcterms:creator, generator as:generator, rights dcterms:rights, canonical oa:canonical, "
    "conformsTo dcterms:conformsTo, partOf as:partOf, first as:first, last as:last, next as:next, prev as:prev, "
    "id @id, type @type",
    "@vocab": "motivation oa:motivatedBy, purpose oa:hasPurpose",
    "xsd:dateTime": "created dcterms:created, modified dcterms:modified, generated dcterms:issued",
    "xsd:nonNegativeInteger": "start oa:start, end oa:end, total as:totalItems, startIndex as:startIndex",
}


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(term, name) for term, name in (pair.split() for pair in text.split(","))]


ANNOTATION_CONTEXT: dict[str, Any] = {
    **_PREFIXES,
    **dict(_pairs(_PLAIN)),
    **{term: {"@type": kind, "@id": name} for kind, text in _TYPED.items() for term, name in _pairs(text)},
    "items": {"@type": "@id", "@id": "as:items", "@container": "@list"},
}
