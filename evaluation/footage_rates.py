"""Open-set identification of crops in all kinds of footage, with and without degraded copies of the gallery's pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.engines import Engine
from src.engines.finding import find_faces, main_face
from src.errors import GalleryError
from src.faces.alignment import ARCFACE_TEMPLATE
from src.recognition.gallery import Gallery
from src.schema import BoolArray, Detections, FloatArray, IntArray, RgbImage

from .material.data import PHOTO_TYPES
from .material.degrade import CLEAN, CROP_BOX, CROP_PX, DEGRADATIONS, MIRRORED, degrade
from .material.sources import read_photo

KINDS = (*DEGRADATIONS, MIRRORED)
GALLERY_SIZES = (10, 3, 1)
SPLITS = 10
PROBES_FROM = max(GALLERY_SIZES)
"""Pictures of a person before this one may be in the gallery; the others are asked for, whatever the gallery's size."""
COPIES: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "grey": ("grey",),
    "low28": ("low28",),
    "grey + low28": ("grey", "low28"),
    "dark": ("dark",),
    "mirrored": (MIRRORED,),
    "all": ("grey", "low28", "dark", MIRRORED),
}
"""Copies that each training picture gets beside itself."""
LEAD_WEIGHT = 0.5
"""A score is the best evidence and this share of its lead over the second best."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Open-set identification, averaged over the splits.

    Attributes:
        dir_1, dir_01: Share of known faces that get their name while 1 % and 0.1 % of the strangers, degraded alike, get one.
        named, false: Share of known faces rightly named and of strangers named, at the limit of 1 % on clean pictures.
    """

    dir_1: float
    dir_01: float
    named: float
    false: float


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Crops in all kinds of footage.

    Attributes:
        people: k names.
        labels: (n,) int64 in [0, k).
        plain: (n, d) float32 by kind.
        both_ways: The same, of each crop and its mirror image together.
    """

    people: tuple[str, ...]
    labels: IntArray
    plain: Mapping[str, FloatArray]
    both_ways: Mapping[str, FloatArray]


def read_crops(folder: Path) -> tuple[tuple[str, ...], IntArray, list[RgbImage]]:
    """Read `crops24/<Person>/*`: names, labels and crops.

    Raises:
        GalleryError: There are fewer than four people with enough pictures to part and to ask for.
        MediaError: A crop cannot be read.
    """
    people = {path.name: _photos(path) for path in sorted((folder / "crops24").glob("*")) if path.is_dir()}
    people = {name: paths for name, paths in people.items() if len(paths) > PROBES_FROM}
    if len(people) < 4:
        raise GalleryError(f"{folder}/crops24 needs four people with {PROBES_FROM + 1} pictures each, and has {len(people)}.")
    labels = np.repeat(np.arange(len(people)), [len(paths) for paths in people.values()])
    return tuple(people), labels, [read_photo(path) for paths in people.values() for path in paths]


def _photos(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_TYPES)


def embed_crops(engine: Engine, people: tuple[str, ...], labels: IntArray, crops: Sequence[RgbImage]) -> Embedded:
    """Embed crops as they are and in each kind of footage, aligned by the face found in the clean crop."""
    faces = [_face_in_crop(engine, crop) for crop in crops]
    plain: dict[str, FloatArray] = {}
    mirrored: dict[str, FloatArray] = {}
    for kind in DEGRADATIONS:
        pictures = [degrade(crop, kind, seed) for seed, crop in enumerate(crops)]
        aligned = np.concatenate([engine.embedder.align(*pair) for pair in zip(pictures, faces, strict=True)])
        plain[kind] = engine.embedder.embed(aligned)
        mirrored[kind] = engine.embedder.embed(np.ascontiguousarray(aligned[:, :, ::-1]))
    plain[MIRRORED], mirrored[MIRRORED] = mirrored[CLEAN], plain[CLEAN]
    both = {kind: _unit(plain[kind] + mirrored[kind]) for kind in KINDS}
    return Embedded(people, labels, plain, both)


def _face_in_crop(engine: Engine, crop: RgbImage) -> Detections:
    """The face of a crop as the engine's detector sees it, else as the template of the crop says."""
    (found,) = find_faces(engine.detector, [crop])
    if len(found):
        return found.take(np.array([main_face(found, crop.shape[1], crop.shape[0])]))
    scale = crop.shape[1] / CROP_PX
    box = np.array([CROP_BOX], np.float32) * scale
    return Detections(box, np.ones(1, np.float32), (ARCFACE_TEMPLATE * scale)[None].astype(np.float32))


def _unit(vectors: FloatArray) -> FloatArray:
    unit: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit


def measure(
    embedded: Embedded, n_pictures: int, copies: Sequence[str], splits: int, both_ways: bool = False
) -> dict[str, Rates]:
    """Ask for every kind of probe, averaged over random halves of the people.

    Args:
        embedded: The crops.
        n_pictures: Pictures of each person in the gallery.
        copies: Kinds of copies that each of these gets beside itself.
        splits: How often people are parted; the first split is the same whatever else is asked.
        both_ways: Whether embeddings of crops and of their mirror images are averaged.
    """
    vectors = embedded.both_ways if both_ways else embedded.plain
    parts = [_measure_split(embedded, vectors, n_pictures, copies, seed) for seed in range(splits)]
    return {kind: Rates(*np.mean([part[kind] for part in parts], axis=0).round(6).tolist()) for kind in KINDS}


def _measure_split(
    embedded: Embedded, vectors: Mapping[str, FloatArray], n_pictures: int, copies: Sequence[str], seed: int
) -> dict[str, tuple[float, float, float, float]]:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(embedded.people))
    known, strangers = order[: len(order) // 2], order[len(order) // 2 :]
    shuffled = [rng.permutation(np.flatnonzero(embedded.labels == person)) for person in known]
    rows = np.concatenate([own[:n_pictures] for own in shuffled])
    labels = np.repeat(np.arange(len(known)), n_pictures)
    probes = np.concatenate([own[PROBES_FROM:] for own in shuffled])
    truth = np.repeat(np.arange(len(known)), [len(own) - PROBES_FROM for own in shuffled])
    others = np.flatnonzero(np.isin(embedded.labels, strangers))
    pictures = np.concatenate([vectors[kind][rows] for kind in (CLEAN, *copies)])
    gallery = Gallery(tuple(embedded.people[person] for person in known), pictures, np.tile(labels, 1 + len(copies)))
    limit = _limit(_scores(gallery, vectors[CLEAN][others])[0], 0.01)
    result = {}
    for kind in KINDS:
        score, best = _scores(gallery, vectors[kind][probes])
        false, _ = _scores(gallery, vectors[kind][others])
        right = best == truth
        result[kind] = (
            _rate(score, right, _limit(false, 0.01)),
            _rate(score, right, _limit(false, 0.001)),
            _rate(score, right, limit),
            float((false > limit).mean()),
        )
    return result


def _scores(gallery: Gallery, probes: FloatArray) -> tuple[FloatArray, IntArray]:
    evidence = gallery.evidence(probes)
    two = np.sort(evidence, axis=1)[:, -2:]
    score: FloatArray = two[:, 1] + LEAD_WEIGHT * (two[:, 1] - two[:, 0])
    return score, evidence.argmax(axis=1)


def _rate(score: FloatArray, right: BoolArray, limit: float) -> float:
    return float(((score > limit) & right).mean())


def _limit(strangers: FloatArray, share: float) -> float:
    """The score that this share of strangers exceeds."""
    return float(np.quantile(strangers, 1 - share))
