"""Detectors on whole pictures in all kinds of footage, and how much photos of a person from different years look alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from src.engines import ENGINES, Engine
from src.engines.finding import find_faces, main_face
from src.geometry import iou_matrix
from src.recognition.gallery import Gallery
from src.schema import Detections, FloatArray, RgbImage

from .data import PHOTO_TYPES, read_outliers
from .degrade import CROP_BOX, DEGRADATIONS, MIRRORED, degrade, letterboxed
from .sources import read_photo

LETTERBOX = "letterbox"
_FOUND_IOU = 0.5
_AGES_FROM = 5
"""Fewer photos of a person say nothing of how their looks change."""


@dataclass(frozen=True, slots=True)
class Found:
    """How a detector does on whole pictures.

    Attributes:
        kind: What was done to them.
        recall: Share of the faces found in the clean pictures that are found.
        cosine: Median cosine of their embeddings to those of the clean pictures; None where nothing was found.
    """

    kind: str
    recall: float
    cosine: float | None


@dataclass(frozen=True, slots=True)
class Ages:
    """How much photos of a person look like their other photos.

    Attributes:
        person: Who.
        n_photos: With a face.
        median, least: Evidence for the person, each photo compared with all others.
        named: Share of them that look like this person most, with more evidence than the engine's prior asks for.
    """

    person: str
    n_photos: int
    median: float
    least: float
    named: float


def read_pictures(folder: Path) -> tuple[list[str], list[RgbImage]]:
    """Read the photos of one person each in `gallery/` and `probe/`, without outliers: names and pictures."""
    outliers = set(read_outliers(folder))
    people: dict[str, list[Path]] = {}
    for part in ("gallery", "probe"):
        for person in sorted(path for path in (folder / part).glob("[!_.]*") if path.is_dir()):
            photos = sorted(path for path in person.iterdir() if path.suffix.lower() in PHOTO_TYPES and path not in outliers)
            people.setdefault(person.name, []).extend(photos)
    names = [name for name, paths in people.items() for _ in paths]
    return names, [read_photo(path) for paths in people.values() for path in paths]


def measure_pictures(engine: Engine, names: Sequence[str], pictures: Sequence[RgbImage]) -> tuple[list[Found], list[Ages], int]:
    """Look for the main face of whole pictures in each kind of footage, and compare each person's photos with one another.

    A picture is scaled so that a crop of its face has 112 pixels, as that of a person seen from head to waist in a film.

    Returns:
        Rows by kind, rows by person, and how many clean pictures show a face.
    """
    scaled = [_scaled(engine, picture) for picture in pictures]
    shown = [(name, *found) for name, found in zip(names, scaled, strict=True) if found is not None]
    clean = [(name, image, face, _embedded(engine, image, face)) for name, image, face in shown]
    found = [_found(engine, kind, [row[1:] for row in clean]) for kind in (*DEGRADATIONS, MIRRORED, LETTERBOX)]
    ages = ages_of([row[0] for row in clean], np.concatenate([row[3] for row in clean]), engine.name) if clean else []
    return found, ages, len(clean)


def _scaled(engine: Engine, picture: RgbImage) -> tuple[RgbImage, Detections] | None:
    """The picture with its face at the size of the crop, and the face; None where none is found."""
    face = _main(engine, picture)
    if face is None:
        return None
    scale = (CROP_BOX[2] * CROP_BOX[3] / max(float(face.boxes_xywh[0, 2:].prod()), 1.0)) ** 0.5
    if scale < 1:
        size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        face = _main(engine, picture)
    return None if face is None else (picture, face)


def _main(engine: Engine, picture: RgbImage) -> Detections | None:
    (found,) = find_faces(engine.detector, [picture])
    return found.take(np.array([main_face(found, picture.shape[1], picture.shape[0])])) if len(found) else None


def _embedded(engine: Engine, picture: RgbImage, face: Detections) -> FloatArray:
    return engine.embedder.embed(engine.embedder.align(picture, face))


def _found(engine: Engine, kind: str, clean: Sequence[tuple[RgbImage, Detections, FloatArray]]) -> Found:
    cosines = []
    for seed, (picture, face, vector) in enumerate(clean):
        image, box = _shown_as(kind, picture, face.boxes_xywh, seed)
        (found,) = find_faces(engine.detector, [image])
        overlap = iou_matrix(box, found.boxes_xywh)[0]
        if overlap.max(initial=0.0) >= _FOUND_IOU:
            best = found.take(np.array([overlap.argmax()]))
            cosines.append(float((_embedded(engine, image, best) @ vector[0])[0]))
    return Found(kind, len(cosines) / max(len(clean), 1), float(np.median(cosines)) if cosines else None)


def _shown_as(kind: str, picture: RgbImage, box_xywh: FloatArray, seed: int) -> tuple[RgbImage, FloatArray]:
    """A picture in a kind of footage, and where its face then is."""
    box = box_xywh.copy()
    if kind == MIRRORED:
        box[:, 0] = picture.shape[1] - box[:, 0] - box[:, 2]
        return np.ascontiguousarray(picture[:, ::-1]), box
    if kind == LETTERBOX:
        box[:, 1] += picture.shape[0] // 4
        return letterboxed(picture), box
    return degrade(picture, kind, seed), box


def ages_of(names: Sequence[str], vectors: FloatArray, engine_name: str) -> list[Ages]:
    """Compare each photo with all others: how much it looks like its own person, for people with five photos at least."""
    people = tuple(sorted(set(names)))
    gallery = Gallery(people, vectors, np.array([people.index(name) for name in names], np.int64))
    evidence = gallery.evidence_without_self()
    threshold = ENGINES[engine_name].prior.threshold if engine_name in ENGINES else 0.5
    rows = []
    for number, person in enumerate(people):
        own = evidence[gallery.labels == number]
        if len(own) >= _AGES_FROM:
            named = (own.argmax(axis=1) == number) & (own[:, number] > threshold)
            mine = own[:, number]
            rows.append(Ages(person, len(own), float(np.median(mine)), float(mine.min()), float(named.mean())))
    return rows
