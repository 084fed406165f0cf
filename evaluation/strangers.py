"""Makes the bundled strangers: embeddings of people in photos of published packages, for the calibration of "unknown".

    python -m evaluation.strangers --engine sface --engine facenet

Faces are found, judged and told apart by one engine, `sface`, so that the same faces of the same people lie in every engine's
file; the others embed those of them that their own detector finds too. The same photos give the same bytes.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from src.cli import CONTEXT, config_option, run_command, workspace_of
from src.disk.files import replacing
from src.engines import Engine
from src.engines.finding import find_faces
from src.faces.quality import face_qualities
from src.geometry import iou_matrix
from src.recognition.strangers import Strangers, save_strangers
from src.schema import FloatArray

from .material.carriers import CARRIERS, CarriedPhoto, Carrier, carried_photos

REFERENCE = "sface"
"""The engine that chooses."""
FOLDER = Path(__file__).parents[1] / "src" / "recognition" / "strangers"
MIN_SCORE = 0.8
MIN_SIDE_PX = 32.0
"""Of the detector's box, its shorter side."""
MIN_SHARPNESS = 0.08
"""Variance of the Laplacian of 40: below lies what was out of focus or blown up from a thumbnail."""
SAME_PICTURE = 0.9
"""Cosine of the same photo saved anew; different photos of one person stay below."""
SAME_PERSON = 0.46
"""Cosine above which two faces count as one person; the rare strangers who lie above it merely count as one."""
PICTURES_EACH = 3
"""More pictures of one person would make that person's look count for more than others'."""
_SAME_FACE = 0.3
"""Overlap at which another detector's box is that of the same face."""

Photos = Callable[[], Iterable[CarriedPhoto]]


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A stranger's face.

    Attributes:
        carrier: Number of the package it comes from.
        path: Of the photo inside.
        box_xywh: (4,) float32 pixels of the photo as it is used.
        scale: Pixels of the photo's file for one of these.
        person: Number of the person, from 0.
    """

    carrier: int
    path: str
    box_xywh: FloatArray
    scale: float
    person: int


def choose_faces(reference: Engine, photos: Photos) -> list[Face]:
    """Find the faces that are good enough, and tell the people apart.

    Args:
        reference: Finds, judges and compares them.
        photos: Gives the photos, in an order that does not change.

    Returns:
        At most three faces a person, no picture twice, in the order of the photos.
    """
    faces: list[Face] = []
    vectors = np.zeros((0, reference.embedder.dimension), np.float32)
    for photo in photos():
        for box, vector in _good_faces(reference, photo):
            likeness = vectors @ vector
            closest = int(np.argmax(likeness)) if len(faces) else -1
            known = len(faces) > 0 and likeness[closest] >= SAME_PERSON
            person = faces[closest].person if known else 1 + max((face.person for face in faces), default=-1)
            pictures = sum(face.person == person for face in faces)
            if pictures >= PICTURES_EACH or (known and likeness[closest] >= SAME_PICTURE):
                continue
            faces.append(Face(photo.carrier, photo.path, box, photo.scale, person))
            vectors = np.concatenate([vectors, vector[None]])
    return faces


def _good_faces(engine: Engine, photo: CarriedPhoto) -> list[tuple[FloatArray, FloatArray]]:
    """Box and embedding of each face that is large, sharp and certain enough, from left to right."""
    (found,) = find_faces(engine.detector, [photo.image])
    found = found.take(np.argsort(found.boxes_xywh[:, 0], kind="stable"))
    crops = engine.embedder.align(photo.image, found)
    sharp = np.array([quality.sharpness for quality in face_qualities(found, crops)])
    good = (found.scores >= MIN_SCORE) & (found.boxes_xywh[:, 2:].min(axis=1, initial=np.inf) >= MIN_SIDE_PX)
    rows = np.flatnonzero(good & (sharp >= MIN_SHARPNESS))
    return list(zip(found.boxes_xywh[rows], engine.embedder.embed(crops[rows]), strict=True))


def embed_faces(engine: Engine, photos: Photos, faces: Sequence[Face]) -> Strangers:
    """Embed chosen faces with an engine; one that its detector does not find is left out.

    Args:
        engine: What embeds them.
        photos: The photos they were chosen in.
        faces: What `choose_faces` gave.
    """
    vectors = [np.zeros((0, engine.embedder.dimension), np.float32)]
    people: list[int] = []
    sources: list[int] = []
    for photo in photos():
        wanted = [number for number, face in enumerate(faces) if (face.carrier, face.path) == (photo.carrier, photo.path)]
        if not wanted:
            continue
        (found,) = find_faces(engine.detector, [photo.image])
        overlap = iou_matrix(np.stack([faces[number].box_xywh for number in wanted]), found.boxes_xywh)
        seen = overlap.max(axis=1, initial=0.0) >= _SAME_FACE
        sources += (chosen := [number for number, is_seen in zip(wanted, seen, strict=True) if is_seen])
        people += [faces[number].person for number in chosen]
        if chosen:
            crops = engine.embedder.align(photo.image, found.take(overlap[seen].argmax(axis=1)))
            vectors.append(engine.embedder.embed(crops))
    return Strangers(engine.id, np.concatenate(vectors), np.array(people, np.int64), np.array(sources, np.int64))


def sources_text(faces: Sequence[Face], carriers: Sequence[Carrier]) -> str:
    """Say where faces come from: a table of the packages and one of the faces, columns parted by tabs."""
    lines = [
        "Embeddings of these faces lie beside this file; the photos do not. Boxes are x, y, w, h in pixels of the photo.",
        "",
        "package\tversion\tregistry\tlicence\tsha256",
    ]
    for carrier in carriers:
        package, registry = carrier.package, "npm" if carrier.npm else "PyPI"
        lines.append("\t".join([package.name, package.version, registry, carrier.licence, package.sha256]))
    lines += ["", "source\tperson\tpackage\tbox\tphoto"]
    for number, face in enumerate(faces):
        box = " ".join(str(round(float(value) * face.scale)) for value in face.box_xywh)
        lines.append(f"{number}\t{face.person}\t{carriers[face.carrier].package.name}\t{box}\t{face.path}")
    return "\n".join(lines) + "\n"


def write_strangers(folder: Path, strangers: Strangers) -> Path:
    """Write an engine's file, under the name of the engine."""
    target = folder / f"{strangers.engine_id.partition('@')[0]}.npz"
    buffer = io.BytesIO()
    save_strangers(strangers, buffer)
    with replacing(target) as new:
        new.write_bytes(buffer.getvalue())
    return target


@click.command(context_settings=CONTEXT)
@click.option(
    "--engine", "engines", multiple=True, default=(REFERENCE,), show_default=True, help="Engine to write; repeatable."
)
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, help="Folder [that of the package]."
)
@config_option
def command(engines: tuple[str, ...], output: Path, config: Path | None) -> None:
    """Make the strangers that FaceRec comes with, from photos in published packages."""
    with workspace_of(config) as workspace:
        archives = workspace.settings.weights_dir / "archives"

        def photos() -> Iterable[CarriedPhoto]:
            return carried_photos(CARRIERS, workspace.weights(), archives)

        faces = choose_faces(workspace.engine(REFERENCE), photos)
        output.mkdir(parents=True, exist_ok=True)
        with replacing(output / "SOURCES.txt") as new:
            new.write_text(sources_text(faces, CARRIERS), encoding="utf-8")
        for name in engines:
            strangers = embed_faces(workspace.engine(name), photos, faces)
            path = write_strangers(output, strangers)
            n_people = len(np.unique(strangers.people))
            click.echo(f"{strangers.engine_id}: {len(strangers.people)} of {len(faces)} faces, {n_people} people, {path}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "strangers")


if __name__ == "__main__":
    sys.exit(main())
