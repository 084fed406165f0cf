"""Who appears when as RDF, in the pattern of the MeMAD project: EBUCore media fragments that NIF annotations name.

Each appearance is a Web Annotation whose target is a fragment of the medium in time and picture, and whose body says who that
is and how sure it is. Nodes have the same address in every run, so that two exports of one analysis are one graph.

Source: EBU Tech 3293 (EBUCore); Hellmann et al., Integrating NLP using Linked Data, ISWC 2013 (NIF); W3C Web Annotation
Vocabulary; W3C Media Fragments URI 1.0.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from .. import __version__
from ..geometry import whole_pixels
from ..mediafragments import joined
from ..records import Video
from ..schema import Box

if TYPE_CHECKING:
    from rdflib import Graph, URIRef

TURTLE = "text/turtle"
EBUCORE = "http://www.ebu.ch/metadata/ontologies/ebucore/ebucore#"
ITSRDF = "http://www.w3.org/2005/11/its/rdf#"
MEMAD = "https://memad.eu/ontology#"
NIF = "http://persistence.uni-leipzig.org/nlp2rdf/ontologies/nif-core#"
OA = "http://www.w3.org/ns/oa#"

_MACHINE = f"FaceRec {__version__}"
_PERSON = "somebody who watched the video"
_IRI_SAFE = "!#$%&'()*+,-./:;=?@[]_~"
"""Stays as it is in an address; besides these, letters and digits. What is escaped already is not escaped once more."""


@dataclass(frozen=True, slots=True)
class Identified:
    """Somebody who appears.

    Attributes:
        name: Theirs.
        start_npt: Of the appearance, as `end_npt` is.
        confidence: In [0, 1].
        box: Where in the picture, in pixels; None where nobody knows.
        uri: Theirs in a knowledge graph; None where there is none.
        by_human: Whether a person said so.
    """

    name: str
    start_npt: float
    end_npt: float
    confidence: float
    box: Box | None = None
    uri: str | None = None
    by_human: bool = False


@dataclass(frozen=True, slots=True)
class Medium:
    """What is annotated.

    Attributes:
        uri: Of the medium, without a fragment of time or place.
        title: Empty for none.
        programme: Address of what the medium is a copy of; None where nobody knows.
    """

    uri: str
    title: str = ""
    programme: str | None = None


def medium_of(video: Video) -> Medium:
    """Return how a video is called in a graph: by its address in a knowledge graph, by where it lies, or by its bytes.

    The path of a file says nothing to anybody elsewhere; its digest is the same on every machine (RFC 6920, `ni`).
    """
    known = _address(video.metadata.get("media")) or _address(video.locator)
    if known is None and video.checksum:
        digest = base64.urlsafe_b64encode(bytes.fromhex(video.checksum)).decode().rstrip("=")
        known = f"ni:///sha-256;{digest}"
    return Medium(known or f"urn:uuid:{uuid5(NAMESPACE_URL, video.video_id)}", video.title, _address(_programme(video)))


def memad_graph(medium: Medium, identified: Iterable[Identified], created: str, fragment: str = "") -> Graph:
    """Return who appears in a medium as a graph.

    Args:
        medium: What is annotated.
        identified: Who appears, named people alone.
        created: When that was found, ISO 8601 with its zone.
        fragment: The part of the medium that was looked at; empty for all of it.
    """
    from rdflib import RDF, Graph, Literal, Namespace, URIRef
    from rdflib.namespace import DCTERMS

    graph, ebucore = Graph(), Namespace(EBUCORE)
    for prefix, namespace in (("ebucore", EBUCORE), ("itsrdf", ITSRDF), ("memad", MEMAD), ("nif", NIF), ("oa", OA)):
        graph.bind(prefix, namespace)
    graph.bind("dcterms", DCTERMS)
    media = URIRef(iri(medium.uri))
    graph.add((media, RDF.type, ebucore.MediaResource))
    if medium.title:
        graph.add((media, DCTERMS.title, Literal(medium.title)))
    if medium.programme:
        graph.add((URIRef(iri(medium.programme)), ebucore.isInstantiatedBy, media))
    if fragment:
        looked_at = URIRef(joined(str(media), fragment))
        graph.add((looked_at, RDF.type, ebucore.MediaFragment))
        graph.add((looked_at, ebucore.isMediaFragmentOf, media))
    for found in identified:
        _annotate(graph, media, found, created)
    return graph


def turtle(graph: Graph) -> str:
    """Return a graph as Turtle."""
    return graph.serialize(format="turtle")


def fragment_of(medium: str, start_npt: float, end_npt: float, box: Box | None) -> str:
    """Return the address of a part of a medium, as Media Fragments URI 1.0 writes it.

    Args:
        medium: Its address; where that has a fragment which names no part, what is added follows it.
        start_npt: Seconds from the start. `end_npt`: where it ends.
        end_npt: See `start_npt`.
        box: In pixels of the picture; None for all of it.
    """
    end = f",{end_npt:.3f}" if end_npt > start_npt else ""
    place = f"&xywh={','.join(map(str, whole_pixels(box)))}" if box is not None and min(whole_pixels(box)[2:]) > 0 else ""
    return f"{medium}{'&' if '#' in medium else '#'}t=npt:{start_npt:.3f}{end}{place}"


def iri(text: str) -> str:
    """Return an address with all that may not stand in one escaped; letters of every script stay."""
    return "".join(sign if sign.isalnum() or sign in _IRI_SAFE else quote(sign, errors="replace") for sign in text)


def _annotate(graph: Graph, media: URIRef, found: Identified, created: str) -> None:
    from rdflib import RDF, XSD, Literal, Namespace, URIRef
    from rdflib.namespace import DCTERMS

    ebucore, nif, oa = Namespace(EBUCORE), Namespace(NIF), Namespace(OA)
    part = URIRef(fragment_of(str(media), found.start_npt, found.end_npt, found.box))
    body, annotation = (_node(kind, part, found.name) for kind in ("identification", "annotation"))
    graph.add((part, RDF.type, ebucore.MediaFragment))
    graph.add((part, ebucore.isMediaFragmentOf, media))
    graph.add((body, RDF.type, nif.Annotation))
    graph.add((body, RDF.type, Namespace(MEMAD).VisualPersonIdentification))
    graph.add((body, RDF.value, Literal(found.name)))
    graph.add((body, nif.taIdentProv, Literal(_PERSON if found.by_human else _MACHINE)))
    graph.add((body, nif.taIdentConf, Literal(Decimal(f"{found.confidence:.4f}"))))
    if found.uri:
        graph.add((body, Namespace(ITSRDF).taIdentRef, URIRef(iri(found.uri))))
    graph.add((annotation, RDF.type, oa.Annotation))
    graph.add((annotation, DCTERMS.created, Literal(created, datatype=XSD.dateTime)))
    graph.add((annotation, oa.motivatedBy, oa.identifying))
    graph.add((annotation, oa.hasTarget, part))
    graph.add((annotation, oa.hasBody, body))


def _node(kind: str, part: URIRef, name: str) -> URIRef:
    from rdflib import URIRef

    return URIRef(f"urn:uuid:{uuid5(NAMESPACE_URL, f'{kind} {part} {name}')}")


def _address(value: object) -> str | None:
    return value if isinstance(value, str) and value.lower().startswith(("http://", "https://")) else None


def _programme(video: Video) -> object:
    return video.metadata.get("programme") or video.metadata.get("notice")
