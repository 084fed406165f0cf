"""A IIIF Presentation manifest of the video, with a page of annotations that say who is to be seen when and where.

Addresses are those of the service that the video can be played from; a video that has an http(s) address of its own is
played from there.

Source: IIIF Presentation API 3.0, sections 3 (properties) and 5 (resource structure); W3C Web Annotation Data Model.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from ..disk.files import write_json
from ..geometry import whole_pixels
from ..video.source import is_address
from .document import Document, Seen
from .webannotation import person_iri

CONTEXT = "http://iiif.io/api/presentation/3/context.json"
PROFILE = CONTEXT
_SHORTEST_S = 0.001


def write_iiif(path: Path, document: Document) -> int:
    """Write a manifest, and return how many annotations it has.

    Raises:
        ExportError: The file cannot be written.
    """
    write_json(path, manifest(document))
    return len(document.people)


def manifest(document: Document) -> dict[str, Any]:
    """Return the manifest as plain values."""
    video = f"{document.base}/api/v1/projects/{quote(document.project)}/videos/{document.video.video_id}"
    own, fragment = f"{video}/iiif", document.analysis.fragment
    canvas = f"{own}/canvas"
    return {
        "@context": CONTEXT,
        # Where it is to be had: section 3.2.
        "id": f"{video}/export?{urlencode({'format': 'iiif', **({'fragment': fragment} if fragment else {})})}",
        "type": "Manifest",
        "label": _label(document.title),
        "metadata": _metadata(document),
        "items": [
            {
                "id": canvas,
                "type": "Canvas",
                "label": _label(document.title),
                **_extent(document),
                "items": [{"id": f"{own}/page", "type": "AnnotationPage", "items": [_painting(document, own, canvas)]}],
                "annotations": [
                    {
                        "id": f"{own}/people",
                        "type": "AnnotationPage",
                        "label": _label("People"),
                        "items": [_annotation(seen, document, own, canvas) for seen in document.people],
                    }
                ],
            }
        ],
    }


def _painting(document: Document, own: str, canvas: str) -> dict[str, Any]:
    media = document.video.media
    address = media if is_address(media) else f"{document.base}/api/v1/videos/{document.video.video_id}/media"
    kind = mimetypes.guess_type(media)[0] or ""
    told = {"format": kind} if kind.startswith("video/") else {}
    body = {"id": address, "type": "Video", **told, **_extent(document)}
    return {"id": f"{own}/painting", "type": "Annotation", "motivation": "painting", "body": body, "target": canvas}


def _annotation(seen: Seen, document: Document, own: str, canvas: str) -> dict[str, Any]:
    bodies: list[dict[str, Any]] = [
        {"type": "TextualBody", "value": seen.name, "format": "text/plain", "purpose": "tagging"},
    ]
    if seen.is_known:
        bodies.append({"type": "SpecificResource", "source": person_iri(seen, document), "purpose": "identifying"})
    return {
        "id": f"{own}/people/{seen.key}",
        "type": "Annotation",
        "motivation": ["identifying", "tagging"] if seen.is_known else ["tagging"],
        "created": document.moment,
        "body": bodies,
        "target": f"{canvas}#{_place(seen)}t={seen.start_npt:.3f},{seen.end_npt:.3f}",
    }


def _place(seen: Seen) -> str:
    pixels = whole_pixels(seen.box) if seen.box is not None else (0, 0, 0, 0)
    return f"xywh={','.join(map(str, pixels))}&" if min(pixels[2:]) > 0 else ""


def _extent(document: Document) -> dict[str, Any]:
    """Return the size of the canvas; a duration above 0 has to be there, width and height both or neither."""
    width, height = document.video.width, document.video.height
    size = {"height": height, "width": width} if width > 0 and height > 0 else {}
    return {**size, "duration": max(document.duration, _SHORTEST_S)}


def _metadata(document: Document) -> list[dict[str, Any]]:
    told = {"Date": document.video.date, "Part": document.analysis.fragment, "Engine": document.analysis.engine}
    return [{"label": _label(name), "value": _label(text)} for name, text in told.items() if text]


def _label(text: str) -> dict[str, list[str]]:
    return {"none": [text]}
