"""The table of formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .annotationreading import read_jsonld, read_turtle
from .annotationterms import CONTEXT_OF_W3C
from .coco import write_coco, write_fiftyone
from .cutlists import write_edl, write_otio
from .cvat import read_cvat, write_cvat
from .document import Document
from .elan import read_elan, write_elan
from .iiif import PROFILE, write_iiif
from .joining import Joined, csv_rows, json_lines, whole
from .mot import read_tracks, write_mot
from .own import read_own, write_own
from .reading import Reading, Source
from .shots import write_shots_csv, write_shots_json
from .subtitles import write_ass
from .tables import (
    PEOPLE,
    SAMPLES,
    write_people_csv,
    write_people_parquet,
    write_samples_csv,
    write_samples_lines,
    write_samples_parquet,
)
from .webannotation import write_jsonld, write_memad, write_page, write_turtle
from .webvtt import read_boxes, write_boxes, write_captions

_JSON, _CSV, _PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
_TURTLE, _LINKED = "text/turtle", "application/ld+json"


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write down an analysis.

    Attributes:
        suffix: Of the files, with its dot.
        media_type: Of the files.
        write: Writes all of a document to a file and returns how many rows these are.
        text: What it is.
        row: What one of these rows is, in the plural.
        tools: What opens it.
        profile: What tells it from others of its media type, as the parameter of that name.
        joined: How the files of many videos become one; None where they are put into an archive.
        read: Reads such a file back; None where it is written only.
        columns: Of a table, which has them also where there is no video.
    """

    suffix: str
    media_type: str
    write: Callable[[Path, Document], int]
    text: str
    row: str
    tools: str
    profile: str = ""
    joined: Joined | None = None
    read: Callable[[Source], Reading] | None = None
    columns: tuple[str, ...] = ()

    @property
    def empty(self) -> bytes:
        """What the files of no video at all are, where they become one: the first line of a table, else nothing."""
        return (",".join(self.columns) + "\r\n").encode() if self.columns else b""

    @property
    def content_type(self) -> str:
        """The media type of a file, with the profile as its parameter where the media type has one: RFC 6906, JSON-LD 1.1."""
        return f'{self.media_type};profile="{self.profile}"' if self.profile and self.media_type == _LINKED else self.media_type


_PANDAS = "spreadsheets, pandas, R, DuckDB"
_COLUMNS = "pandas, Polars, DuckDB, Spark"
_MOTION = "TrackEval, py-motmetrics, CVAT"

FORMATS: Mapping[str, Format] = {
    "json": Format(
        ".json", _JSON, write_own, "who appears, all that is known", "appearances", "FaceRec", joined=json_lines, read=read_own
    ),
    "csv": Format(
        ".csv", _CSV, write_people_csv, "a row an appearance", "appearances", _PANDAS, joined=csv_rows, columns=tuple(PEOPLE)
    ),
    "csv-samples": Format(
        ".csv", _CSV, write_samples_csv, "a row a sample", "samples", _PANDAS, joined=csv_rows, columns=tuple(SAMPLES)
    ),
    "jsonl-samples": Format(
        ".jsonl", "application/x-ndjson", write_samples_lines, "a JSON object a sample", "samples", "jq, pandas", joined=whole
    ),
    "parquet": Format(".parquet", _PARQUET, write_people_parquet, "a row an appearance", "appearances", _COLUMNS),
    "parquet-samples": Format(".parquet", _PARQUET, write_samples_parquet, "a row a sample", "samples", _COLUMNS),
    "turtle": Format(
        ".ttl",
        _TURTLE,
        write_turtle,
        "Web Annotations on EBUCore media fragments",
        "annotations",
        "rdflib, Apache Jena, GraphDB, Protégé",
        joined=whole,
        read=read_turtle,
    ),
    "jsonld": Format(
        ".jsonld",
        _LINKED,
        write_jsonld,
        "the same graph as JSON-LD",
        "annotations",
        "rdflib, PyLD, jsonld.js",
        joined=json_lines,
        read=read_jsonld,
    ),
    "annotations": Format(
        ".jsonld",
        _LINKED,
        write_page,
        "W3C Web Annotations: an annotation page in the W3C's context",
        "annotations",
        "Annotorious, Recogito, annotation servers, PyLD",
        profile=CONTEXT_OF_W3C,
        joined=json_lines,
        read=read_jsonld,
    ),
    "memad": Format(
        ".ttl",
        _TURTLE,
        write_memad,
        "named people as NIF annotations in the pattern of MeMAD",
        "appearances",
        "rdflib, Virtuoso",
        profile="https://memad.eu/ontology",
        joined=whole,
    ),
    "iiif": Format(
        ".json",
        _LINKED,
        write_iiif,
        "IIIF Presentation 3 manifest with a page of annotations",
        "annotations",
        "Mirador, Universal Viewer, Ramp, Clover",
        profile=PROFILE,
    ),
    "elan": Format(".eaf", "text/x-eaf+xml", write_elan, "ELAN: a tier a person", "annotations", "ELAN, pympi", read=read_elan),
    "vtt": Format(".vtt", "text/vtt", write_captions, "WebVTT captions with names", "captions", "browsers, VLC, mpv"),
    "vtt-boxes": Format(
        ".vtt",
        "text/vtt",
        write_boxes,
        "WebVTT metadata: boxes as JSON",
        "cues",
        "pages, by a text track of the kind metadata",
        profile="urn:facerec:vtt-boxes",
        read=read_boxes,
    ),
    "ass": Format(".ass", "text/x-ssa", write_ass, "subtitles with names", "lines", "VLC, mpv, Aegisub, FFmpeg"),
    "mot": Format(".txt", "text/plain", write_mot, "MOT challenge: a line a box", "boxes", _MOTION, read=read_tracks),
    "cvat": Format(".xml", "application/xml", write_cvat, "CVAT for video 1.1", "boxes", "CVAT, Datumaro", read=read_cvat),
    "coco": Format(
        ".json",
        _JSON,
        write_coco,
        "COCO with tracks",
        "boxes",
        "pycocotools, FiftyOne, Detectron2",
        profile="urn:facerec:coco",
    ),
    "fiftyone": Format(
        ".json",
        _JSON,
        write_fiftyone,
        "video labels of FiftyOne",
        "boxes",
        "FiftyOne (FiftyOneVideoLabelsDataset)",
        profile="urn:facerec:fiftyone",
    ),
    "edl": Format(
        ".edl",
        "application/x-edl",
        write_edl,
        "CMX 3600: an event an appearance",
        "events",
        "DaVinci Resolve, Premiere Pro, Avid, Kdenlive",
    ),
    "otio": Format(
        ".otio",
        "application/vnd.pixar.opentimelineio+json",
        write_otio,
        "OpenTimelineIO: a track a person",
        "clips",
        "DaVinci Resolve, Kdenlive, otioview",
    ),
    "shots": Format(
        ".csv",
        _CSV,
        write_shots_csv,
        "the shots between cuts: a line a shot",
        "shots",
        _PANDAS,
        profile="urn:facerec:shots",
    ),
    "shots-json": Format(
        ".json", _JSON, write_shots_json, "the same as a list of objects", "shots", "jq", profile="urn:facerec:shots"
    ),
}
"""Every format that can be named. Of several with one media type the first is meant where nobody says more."""

READABLE: Mapping[str, Format] = {name: found for name, found in FORMATS.items() if found.read is not None}
"""The formats that can be read back."""
