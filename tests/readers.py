"""A reader of somebody else's for every format: what an export holds, as programs see it that know nothing of FaceRec.

python -m tests.readers    takes the results of `make demo` through all of them, and ends with 1 where one finds anything else

No package of a size that tests should have reads the video labels of FiftyOne; their fields are held against its description.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from src.cli import CONTEXT, config_option, run_command, workspace_of
from src.export import FORMATS
from src.export.cutlists import countable, nominal
from src.export.webannotation import SHAPES
from src.verbs import exporting
from src.workspace import Workspace
from tests.w3c import ANNOTATION_CONTEXT

DEMO = "demo"
_EAF = Path(__file__).parent / "unit" / "eaf.xsd"
OA = "http://www.w3.org/ns/oa#"


def table(path: Path) -> int:
    """Count the rows of a table in DuckDB."""
    import duckdb

    read = {
        ".csv": "read_csv(?, header=true, all_varchar=true, delim=',', quote='\"', escape='\"', strict_mode=true)",
        ".jsonl": "read_ndjson_objects(?)",
        ".json": "read_json(?, format='array', records=false)",
        ".parquet": "read_parquet(?)",
    }
    with duckdb.connect() as database:
        (n_rows,) = database.execute(f"SELECT count(*) FROM {read[path.suffix]}", [str(path)]).fetchone()
    return int(n_rows)


def own(path: Path) -> int:
    """Count the appearances of our own JSON."""
    return len(json.loads(path.read_text(encoding="utf-8"))["appearances"])


def graph_of(path: Path) -> Any:
    """Read a graph with rdflib; in the place of W3C's context stands what the vocabulary says: no test has a network."""
    from rdflib import Graph

    if path.suffix == ".ttl":
        return Graph().parse(path, format="turtle")
    found = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(found["@context"], list):
        found["@context"][0] = ANNOTATION_CONTEXT
    with warnings.catch_warnings():
        # rdflib 7 calls its own old names there.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Graph().parse(data=json.dumps(found), format="json-ld")


def annotations(path: Path) -> int:
    """Count the annotations of a graph, which keeps to our shapes."""
    import pyshacl
    from rdflib import RDF, Graph, URIRef

    graph = graph_of(path)
    conforms, _, why = pyshacl.validate(graph, shacl_graph=Graph().parse(SHAPES, format="turtle"), inference="none")
    assert conforms, why
    return len(set(graph.subjects(RDF.type, URIRef(f"{OA}Annotation"))))


def named_annotations(path: Path) -> int:
    """Count the annotations of a graph in the pattern of MeMAD."""
    from rdflib import RDF, Graph, URIRef

    return len(set(Graph().parse(path, format="turtle").subjects(RDF.type, URIRef(f"{OA}Annotation"))))


def manifest(path: Path) -> int:
    """Count the annotations of a IIIF manifest."""
    from iiif_prezi3 import Manifest

    (canvas,) = Manifest.model_validate_json(path.read_bytes()).items
    return len(canvas.annotations[0].items)


def elan(path: Path) -> int:
    """Count the annotations of an ELAN file, which keeps to the schema."""
    import pympi
    from lxml import etree

    etree.XMLSchema(etree.parse(_EAF)).assertValid(etree.parse(path))
    found = pympi.Eaf(path)
    return sum(len(found.get_annotation_data_for_tier(tier)) for tier in found.get_tier_names())


def cues(path: Path) -> int:
    """Count the cues of a WebVTT file."""
    import webvtt

    return len(webvtt.from_buffer(io.BytesIO(path.read_bytes())).captions)


def subtitles(path: Path) -> int:
    """Count the lines of an ASS file."""
    import pysubs2

    return len(pysubs2.SSAFile.load(str(path)))


def motion(path: Path) -> int:
    """Count the boxes of a file of the MOT challenge in TrackEval."""
    frames = [int(line.split(",")[0]) for line in path.read_text(encoding="ascii").splitlines()]
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
        from trackeval.datasets import MotChallenge2DBox

        folder = Path(name)
        for place in (folder / "gt" / "x" / "gt" / "gt.txt", folder / "said" / "ours" / "data" / "x.txt"):
            place.parent.mkdir(parents=True)
            place.write_bytes(path.read_bytes())
        data = MotChallenge2DBox(
            {
                "GT_FOLDER": str(folder / "gt"),
                "TRACKERS_FOLDER": str(folder / "said"),
                "SKIP_SPLIT_FOL": True,
                "SEQ_INFO": {"x": max(frames, default=1)},
                "BENCHMARK": "MOT15",
                "DO_PREPROC": False,
                "PRINT_CONFIG": False,
            }
        )
        return sum(len(ids) for ids in data.get_raw_seq_data("ours", "x")["tracker_ids"])


def cvat(path: Path) -> int:
    """Count the boxes that CVAT would show, in Datumaro."""
    from datumaro.plugins.data_formats.cvat.base import CvatBase

    boxes = [box for item in CvatBase(str(path)) for box in item.annotations]
    return sum(not box.attributes["outside"] for box in boxes)


def coco(path: Path) -> int:
    """Count the annotations of a COCO file; each is of an image, a category and a track that are there."""
    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        found = COCO(str(path))
    tracks = {track["id"]: track["category_id"] for track in found.dataset["tracks"]}
    for one in found.loadAnns(found.getAnnIds()):
        assert one["image_id"] in found.imgs
        assert tracks[one["track_id"]] == one["category_id"] in found.cats
    return len(found.getAnnIds())


def labels(path: Path) -> int:
    """Count the labels of a file for FiftyOne."""
    n_labels = 0
    for key, frame in json.loads(path.read_text(encoding="utf-8"))["frames"].items():
        assert frame["frame_number"] == int(key) >= 1
        for label in frame["objects"]["objects"]:
            corners = [label["bounding_box"][corner] for corner in ("top_left", "bottom_right")]
            assert corners[0]["x"] < corners[1]["x"]
            assert corners[0]["y"] < corners[1]["y"]
            assert isinstance(label["label"], str)
            assert isinstance(label["index"], int)
            n_labels += 1
    return n_labels


def clips_of(path: Path) -> int:
    """Count the clips of a timeline."""
    import opentimelineio

    return len(list(opentimelineio.adapters.read_from_file(str(path), "otio_json").find_clips()))


def events(path: Path, rate: int = 25) -> int:
    """Count the events of an edit decision list, which does not say how many frames a second it counts."""
    import opentimelineio

    text = path.read_text(encoding="utf-8")
    return len(list(opentimelineio.adapters.read_from_string(text, "cmx_3600", rate=rate).find_clips()))


READERS: Mapping[str, Callable[[Path], int]] = {
    "json": own,
    "csv": table,
    "csv-samples": table,
    "jsonl-samples": table,
    "parquet": table,
    "parquet-samples": table,
    "turtle": annotations,
    "jsonld": annotations,
    "annotations": annotations,
    "memad": named_annotations,
    "iiif": manifest,
    "elan": elan,
    "vtt": cues,
    "vtt-boxes": cues,
    "ass": subtitles,
    "mot": motion,
    "cvat": cvat,
    "coco": coco,
    "fiftyone": labels,
    "edl": events,
    "otio": clips_of,
    "shots": table,
    "shots-json": table,
}
"""How each format is opened; returns how many of its rows there are."""


def frames_in(path: Path) -> int:
    """Count the pictures of a video in FFmpeg."""
    import av

    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def sound_in(path: Path) -> list[bytes]:
    """Return the packets of sound of a video; none where it has no sound."""
    import av

    with av.open(str(path)) as container:
        streams = container.streams.audio
        return [bytes(packet) for packet in container.demux(streams[0]) if packet.size] if streams else []


def check_formats(workspace: Workspace, project: str, video: str, folder: Path) -> dict[str, int]:
    """Write every format of a video, open each, and return what was found; a reader that counts otherwise is an error."""
    found, rate = {}, nominal(countable(exporting.document_named(workspace, project, video).rate))
    for name, chosen in FORMATS.items():
        report = exporting.run(workspace, project, video, name, folder / f"{name}{chosen.suffix}")
        found[name] = events(report.output, rate) if name == "edl" else READERS[name](report.output)
        assert found[name] == report.n_rows, f"{name}: {found[name]} {chosen.row} are in it, {report.n_rows} were written"
    return found


def check_videos(workspace: Workspace, project: str, video: str, folder: Path) -> dict[str, int]:
    """Write the clips and the drawn videos, open each, and return their frames; sound is the same to the bit."""
    clips = exporting.write_clips(workspace, project, video, folder / "clips").output
    with (clips / "clips.csv").open(encoding="utf-8", newline="") as file:
        found = {row["file"]: frames_in(clips / row["file"]) for row in csv.DictReader(file)}
    assert all(found.values()), "a clip shows nothing"
    original = Path(exporting.document_named(workspace, project, video).video.media)
    for name, redact in (("annotated", ""), ("redacted", "everyone")):
        path = folder / f"{name}{original.suffix}"
        report = exporting.write_picture(workspace, project, video, redact, path)
        found[path.name] = frames_in(path)
        assert found[path.name] == report.n_rows == frames_in(original), name
        assert sound_in(path) == sound_in(original), name
    return found


@click.command(context_settings=CONTEXT)
@config_option
def command(config: Path | None) -> None:
    """Take the results of `make demo` through every format and an independent reader of each."""
    with workspace_of(config) as workspace, tempfile.TemporaryDirectory() as name:
        video = str(workspace.data_dir / "demo" / "videos" / "demo.mp4")
        for kind, n_rows in check_formats(workspace, DEMO, video, Path(name)).items():
            click.echo(f"{kind:18} {n_rows:6} {FORMATS[kind].row} by {READERS[kind].__name__}")
        for file, n_frames in check_videos(workspace, DEMO, video, Path(name)).items():
            click.echo(f"{file:40} {n_frames:6} frames")


if __name__ == "__main__":
    sys.exit(run_command(command, None, "python -m tests.readers"))
