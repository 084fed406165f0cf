"""Faces of a data folder as one engine sees them, kept in a work folder so that they are embedded once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.disk.files import replacing
from src.engines import Engine
from src.engines.finding import find_faces, main_face
from src.faces.alignment import ARCFACE_TEMPLATE
from src.records import stable_id
from src.schema import BoolArray, Detections, FloatArray, IntArray, RgbImage

from .sources import read_photo

_TOGETHER = 64
_NEARLY_EQUAL = 2.0
"""Mean difference in grey levels of a crop and the same aligned once more: the interpolation of no shift at all gives 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Embeddings of the photos in which a face was found.

    Attributes:
        people: k names in order.
        embeddings: (n, d) float32, L2-normalised.
        labels: (n,) int64 in [0, k).
        missing: Photos in which none was found.
    """

    people: tuple[str, ...]
    embeddings: FloatArray
    labels: IntArray
    missing: int


Embed = Callable[[Engine, Sequence[RgbImage]], tuple[FloatArray, BoolArray]]
"""Pictures to the embeddings of those with a face, and which these are."""


def embed_found(engine: Engine, images: Sequence[RgbImage]) -> tuple[FloatArray, BoolArray]:
    """Find the face that each picture is of and embed it, as the aligner does."""
    found = find_faces(engine.detector, images)
    seen = np.array([len(faces) > 0 for faces in found], np.bool_)
    crops = [
        engine.embedder.align(image, faces.take(np.array([main_face(faces, image.shape[1], image.shape[0])])))
        for image, faces in zip(images, found, strict=True)
        if len(faces)
    ]
    size = engine.embedder.crop_size
    stacked: RgbImage = np.concatenate([np.zeros((0, size, size, 3), np.uint8), *crops])
    return engine.embedder.embed(stacked), seen


def embed_as_they_are(engine: Engine, images: Sequence[RgbImage]) -> tuple[FloatArray, BoolArray]:
    """Embed crops that are aligned already."""
    return engine.embedder.embed(np.stack(images)), np.ones(len(images), np.bool_)


def takes_crops(engine: Engine, crop: RgbImage) -> bool:
    """Say whether an engine takes crops of 112 x 112 on the template of ArcFace as they are: aligning one changes nothing."""
    side = engine.embedder.crop_size
    if crop.shape != (side, side, 3) or side != 112:
        return False
    box = np.array([[0, 0, side, side]], np.float32)
    again = engine.embedder.align(crop, Detections(box, np.ones(1, np.float32), ARCFACE_TEMPLATE[None]))
    return float(np.abs(again[0].astype(np.int16) - crop).mean()) < _NEARLY_EQUAL


def load_faces(engine: Engine, photos: Mapping[str, Sequence[Path]], embed: Embed, cache: Path) -> Faces:
    """Embed photos of people, or read what an earlier run found.

    Args:
        engine: What finds and embeds.
        photos: Of each person.
        embed: How.
        cache: Folder for the results, each in a file named by engine, photos and way of embedding.

    Raises:
        MediaError: A photo cannot be read.
    """
    paths = [(person, path) for person in photos for path in photos[person]]
    content = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for _, path in paths]
    file = cache / f"{engine.id}-{stable_id([embed.__name__, content])[:16]}.npz"
    if not file.exists():
        vectors, seen = _embed_all(engine, [path for _, path in paths], embed)
        with replacing(file) as partial, partial.open("wb") as stream:
            np.savez(stream, embeddings=vectors, seen=seen)
    with np.load(file, allow_pickle=False) as arrays:
        vectors, seen = arrays["embeddings"], arrays["seen"]
    people = tuple(photos)
    labels = np.array([people.index(person) for person, _ in paths], np.int64)[seen]
    return Faces(people, vectors, labels, int((~seen).sum()))


def _embed_all(engine: Engine, paths: Sequence[Path], embed: Embed) -> tuple[FloatArray, BoolArray]:
    parts = [
        embed(engine, [read_photo(path) for path in paths[start : start + _TOGETHER]])
        for start in range(0, len(paths), _TOGETHER)
    ]
    vectors = [np.zeros((0, engine.embedder.dimension), np.float32), *(part for part, _ in parts)]
    return np.concatenate(vectors), np.concatenate([np.zeros(0, np.bool_), *(seen for _, seen in parts)])
