"""Web Annotations read back, from Turtle or JSON-LD: who is said to be seen in which part of a medium.

Nothing is fetched for a file that is read: a context of JSON-LD has to stand in the file, except the one of the annotation
vocabulary itself and that of IIIF, which takes it over: in their places our own terms are put.

A target without a time means all of the video, as a player shows it; one without an end goes on to the end of the video. Of the
annotations in a IIIF manifest those that paint its pictures or lay texts over them say nothing of who is seen.
"""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from ..guard.jsonld import contexts_elsewhere
from ..mediafragments import names_a_part
from ..records import Anchor
from ..schema import Box
from ..video.fragments import Region, parse_fragment
from .annotationterms import CONTEXT, OF_IIIF, OF_W3C
from .own import parsed_json
from .rdf import OA
from .reading import FARTHEST_PX, Claim, Reading, Source, refuse, text_of, time_of
from .webvtt import number_of

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

KNOWN_CONTEXTS = {
    f"{scheme}://{place}": terms
    for scheme in ("http", "https")
    for place, terms in (("www.w3.org/ns/anno.jsonld", OF_W3C), ("iiif.io/api/presentation/3/context.json", OF_IIIF))
}
_NOT_OF_PEOPLE = ("painting", "supplementing")
"""Motivations of IIIF Presentation 3.0, section 5.6 and appendix A, as whole words or at the end of an address."""
_ANALYSIS = "urn:facerec:analysis:"
_BASE = "http://file.invalid/"
"""What addresses in a file are relative to."""


def read_turtle(source: Source) -> Reading:
    """Read annotations written in Turtle.

    Raises:
        ConfigError: It is no Turtle, or an annotation says nothing of use; the message says where and what to do.
    """
    from rdflib import Graph
    from rdflib.plugins.parsers.notation3 import BadSyntax

    graph = Graph()
    try:
        graph.parse(data=source.text, format="turtle", publicID=_BASE)
    except BadSyntax as err:
        raise refuse(source.name, err.lines + 1, "is no Turtle", "Export it once more, or mend the line") from err
    except Exception as err:  # rdflib raises whatever it stumbles over, also Exception itself
        raise refuse(source.name, 1, f"is no Turtle ({type(err).__name__}: {err})", "Export it once more") from err
    return _reading(graph, source.name)


def read_jsonld(source: Source) -> Reading:
    """Read annotations written in JSON-LD.

    Raises:
        ConfigError: It is no JSON-LD, names a context elsewhere, or an annotation says nothing of use.
    """
    from rdflib import Graph

    given = parsed_json(source)
    try:
        found = _with_known_contexts(given)
        elsewhere = next(contexts_elsewhere(found), None)
    except RecursionError as err:
        raise refuse(source.name, 1, "is nested too deeply", "Export it once more") from err
    if elsewhere is not None:
        why = f"{elsewhere[:80]!r} would have to be fetched"
        raise refuse(source.name, "@context", why, "Put the terms themselves into the file")
    graph = Graph()
    try:
        with warnings.catch_warnings():
            # rdflib 7 calls its own old names there.
            warnings.simplefilter("ignore", DeprecationWarning)
            graph.parse(data=json.dumps(found), format="json-ld", publicID=_BASE)
    except Exception as err:  # rdflib raises whatever it stumbles over, also Exception itself
        raise refuse(source.name, 1, f"is no JSON-LD ({type(err).__name__}: {err})", "Export it once more") from err
    return _reading(graph, source.name)


def _with_known_contexts(value: Any) -> Any:
    """Return JSON-LD with our own terms in the place of the vocabulary's context, so that it need not be fetched."""
    if isinstance(value, list):
        return [_with_known_contexts(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _with_known_contexts(item) for key, item in value.items() if key != "@context"}
    if "@context" in value:
        contexts = value["@context"] if isinstance(value["@context"], list) else [value["@context"]]
        kept["@context"] = [
            KNOWN_CONTEXTS.get(context, context) if isinstance(context, str) else context for context in contexts
        ]
    return kept


def _reading(graph: Graph, name: str) -> Reading:
    from rdflib import RDF, Namespace

    oa = Namespace(OA)
    claims = [
        claim
        for annotation in sorted(graph.subjects(RDF.type, oa.Annotation), key=str)
        if not any(
            re.split(r"[/#:]", str(motive))[-1] in _NOT_OF_PEOPLE for motive in graph.objects(annotation, oa.motivatedBy)
        )
        for claim in _claims(graph, annotation, name)
    ]
    prov = Namespace(CONTEXT["prov"])
    analyses = {str(node).removeprefix(_ANALYSIS) for node in graph.objects(None, prov.wasGeneratedBy)}
    return Reading(
        tuple(sorted(claims, key=lambda claim: (claim.start_npt, claim.end_npt, claim.name))),
        analyses.pop() if len(analyses) == 1 else "",
    )


def _claims(graph: Graph, annotation: Node, name: str) -> Iterator[Claim]:
    """Yield what an annotation says of each of its targets."""
    from rdflib import Namespace
    from rdflib.namespace import DCTERMS

    oa, where = Namespace(OA), f"annotation {annotation}"
    bodies = sorted({*graph.objects(annotation, oa.hasBody), *graph.objects(annotation, oa.bodyValue)}, key=str)
    targets = sorted(graph.objects(annotation, oa.hasTarget), key=str)
    if not bodies or not targets:
        raise refuse(name, where, "has no body or no target", "Say who is seen, and in which part of the medium")
    number = number_of(str(graph.value(annotation, DCTERMS.identifier) or ""))
    for target in targets:
        try:
            fragment = parse_fragment(_part(graph, target))
            if fragment.clock is not None:
                raise ConfigError("a time by the clock is not read")
        except ConfigError as err:
            raise refuse(name, where, f"has no fragment of time ({err})", "Write t=12.5,14") from err
        start, end = fragment.interval.start_npt, fragment.interval.end_npt
        times = time_of(start, name, where), math.inf if end is None else time_of(end, name, where)
        who = _name(graph, annotation, bodies, name, where)
        yield Claim(where, who, *times, number, anchors=_anchors(fragment.region, times))


def _part(graph: Graph, target: Node) -> str:
    """Return the media fragment of a target, which is a selector's value, or stands in the address of target or source.

    Raises:
        ConfigError: There are selectors, and none is a media fragment.
    """
    from rdflib import RDF, Namespace

    oa = Namespace(OA)
    selectors = sorted(graph.objects(target, oa.hasSelector), key=str)
    values = sorted(str(value) for selector in selectors for value in graph.objects(selector, RDF.value))
    source = str(graph.value(target, oa.hasSource) or "")
    address = (source if "#" in source else str(target)).partition("#")[2]
    told = next((value for value in (*values, address) if names_a_part(value)), "")
    if selectors and not told:
        # A point or a drawing says nothing of a stretch of time, and must not stand for all of the video.
        raise ConfigError("its selector is no media fragment")
    return told


def _name(graph: Graph, annotation: Node, bodies: Sequence[Node], name: str, where: str) -> str:
    """Return who an annotation is about; of a body with several names the one that the annotation itself says, of one without
    any its address.

    Of several bodies those that identify or tag count, and not what somebody remarks.
    """
    from rdflib import RDF, RDFS, Literal, Namespace, URIRef
    from rdflib.namespace import FOAF

    oa, label = Namespace(OA), str(graph.value(annotation, RDFS.label) or "")
    remarks = {body for body in bodies if set(graph.objects(body, oa.hasPurpose)) & {oa.commenting, oa.describing}}
    telling = [body for body in bodies if body not in remarks] or bodies
    nodes = [node for body in telling for node in (body, *graph.objects(body, oa.hasSource))]
    for predicate in (FOAF.name, URIRef("http://schema.org/name"), RDF.value, RDFS.label):
        found = sorted(str(value) for node in nodes for value in graph.objects(node, predicate) if isinstance(value, Literal))
        if found:
            return text_of(label if label in found else found[0], name, where)
    said = [str(body) for body in telling if isinstance(body, Literal)]
    if said:
        return text_of(said[0], name, where)
    addresses = [str(node) for node in nodes if isinstance(node, URIRef) and str(node).startswith(("http://", "https://"))]
    if addresses:
        return min(addresses)
    raise refuse(name, where, "names nobody", "Give its body a foaf:name")


def _anchors(region: Region | None, times: tuple[float, float]) -> tuple[Anchor, ...]:
    """Return where the face was, as far as one box can say that: in the middle of the time, or at a start without an end."""
    if region is None or region.unit != "pixel" or max(region.x, region.y, region.w, region.h) > FARTHEST_PX:
        return ()
    middle = times[0] if math.isinf(times[1]) else round(sum(times) / 2, 3)
    return (Anchor(middle, Box(region.x, region.y, region.w, region.h)),)
