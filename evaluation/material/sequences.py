"""What trackers are measured on: the truth of every frame, and what a detector made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from src.schema import Detections, FloatArray, IntArray

_LANDMARKS = np.array([[0.7, 0.35], [0.3, 0.35], [0.5, 0.55], [0.65, 0.75], [0.35, 0.75]], np.float32)
_DIMENSION = 64


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One frame.

    Attributes:
        npt: Seconds. `shot`: from 0.
        ids: (n,) int64 of the people to be seen, from 1. `boxes_xywh`: (n, 4) float32.
        hidden_xywh: (k, 4) float32: what lies there is neither right nor wrong.
        found: What was detected.
        embeddings: (len(found), d) float32, L2-normalised.
    """

    npt: float
    shot: int
    ids: IntArray
    boxes_xywh: FloatArray
    hidden_xywh: FloatArray
    found: Detections
    embeddings: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class FaceSequence:
    """A video as trackers see it, `rate` frames a second."""

    name: str
    rate: float
    moments: tuple[Moment, ...]

    def sampled(self, per_second: float) -> FaceSequence:
        """Return every so many-eth frame, so that there are about so many samples a second."""
        every = max(1, round(self.rate / per_second))
        return FaceSequence(self.name, self.rate / every, self.moments[::every])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.moments) / self.rate


def boxes_only(boxes_xywh: FloatArray, scores: FloatArray) -> Detections:
    """Return detections whose landmarks are where they usually are."""
    return Detections(boxes_xywh, scores, boxes_xywh[:, None, :2] + _LANDMARKS * boxes_xywh[:, None, 2:])


_Place = Callable[[float], tuple[float, float, float, float]]


def made_sequences(seed: int = 0, rate: float = 25.0, duration_s: float = 12.0) -> list[FaceSequence]:
    """Return sequences that need no picture: boxes that move by rule, detections with seeded faults.

    They are in the manner of the MOT challenge: people who cross, who are hidden for a while, whom the detector doubts for a
    while, and who stand before a camera that shakes and pans. Detections are a few pixels off; some are missing, some are of
    nothing. Embeddings are seeded vectors, one a person, with noise.
    """
    random = np.random.default_rng(seed)
    kinds = {"crossing": _crossing, "occlusion": _occlusion, "low scores": _low_scores, "camera": _camera}
    return [_make(name, kind(random), random, rate, duration_s) for name, kind in kinds.items()]


@dataclass(frozen=True, slots=True)
class _Person:
    """A way, when the person is hidden, and when the detector is in doubt: pairs of seconds."""

    place: _Place
    hidden: tuple[float, float] = (-1.0, -1.0)
    doubtful: tuple[float, float] = (-1.0, -1.0)


def _line(x: float, y: float, dx: float, dy: float, w: float) -> _Place:
    return lambda t: (x + dx * t, y + dy * t, w, w * 1.25)


def _swing(x: float, y: float, reach: float, pace: float, phase: float, w: float) -> _Place:
    return lambda t: (x + reach * np.sin(pace * t + phase), y + 0.2 * reach * np.sin(1.7 * pace * t), w, w * 1.25)


def _crossing(random: np.random.Generator) -> list[_Person]:
    people = [_Person(_line(20, 100 + 12 * n, random.uniform(30, 45), 0, 50)) for n in range(3)]
    return people + [_Person(_line(560, 105 + 12 * n, -random.uniform(30, 45), 0, 50)) for n in range(3)]


def _occlusion(random: np.random.Generator) -> list[_Person]:
    people = []
    for n in range(5):
        start = random.uniform(2, 9)
        way = _swing(100 + 110 * n, 150, random.uniform(30, 60), random.uniform(0.5, 1.2), random.uniform(0, 6), 48)
        people.append(_Person(way, hidden=(start, start + random.uniform(0.4, 1.0))))
    return people


def _low_scores(random: np.random.Generator) -> list[_Person]:
    people = []
    for n in range(5):
        start = random.uniform(2, 8)
        way = _swing(90 + 115 * n, 160, random.uniform(30, 70), random.uniform(0.6, 1.3), random.uniform(0, 6), 48)
        people.append(_Person(way, doubtful=(start, start + random.uniform(1.2, 2.5))))
    return people


def _camera(random: np.random.Generator) -> list[_Person]:
    pan, pace = random.uniform(80, 120), random.uniform(0.8, 1.2)

    def standing(x: float, y: float) -> _Place:
        return lambda t: (
            x + pan * np.sin(pace * t) + 3 * np.sin(21 * t),
            y + 4 * np.sin(17 * t),
            50 + 8 * np.sin(0.7 * t),
            62 + 10 * np.sin(0.7 * t),
        )

    return [_Person(standing(130 + 85 * n, 140 + 30 * (n % 2))) for n in range(5)]


def _make(name: str, people: Sequence[_Person], random: np.random.Generator, rate: float, duration_s: float) -> FaceSequence:
    looks = _unit(random.normal(size=(len(people), _DIMENSION)))
    return FaceSequence(name, rate, tuple(_moments(people, looks, random, rate, duration_s)))


def _moments(
    people: Sequence[_Person], looks: FloatArray, random: np.random.Generator, rate: float, duration_s: float
) -> Iterator[Moment]:
    for index in range(round(duration_s * rate)):
        t = index / rate
        boxes = np.array([person.place(t) for person in people], np.float32)
        seen = np.array([not person.hidden[0] <= t < person.hidden[1] for person in people])
        doubtful = np.array([person.doubtful[0] <= t < person.doubtful[1] for person in people])
        found, embeddings = _detect(boxes, seen, doubtful, looks, random)
        ids = np.flatnonzero(seen).astype(np.int64) + 1
        yield Moment(t, 0, ids, boxes[seen], boxes[~seen], found, embeddings)


def _detect(
    boxes: FloatArray, seen: np.ndarray, doubtful: np.ndarray, looks: FloatArray, random: np.random.Generator
) -> tuple[Detections, FloatArray]:
    """Return the boxes as a detector sees them, a few pixels off, best score first."""
    rows = np.flatnonzero(seen & (random.random(len(boxes)) > 0.03))
    noisy = boxes[rows] + random.normal(0, 1.0, (len(rows), 4)).astype(np.float32)
    scores = np.where(doubtful[rows], random.uniform(0.2, 0.5, len(rows)), random.uniform(0.75, 0.95, len(rows)))
    vectors = looks[rows] + random.normal(0, 0.05, (len(rows), looks.shape[1]))
    if random.random() < 0.02:
        false = np.array([[*random.uniform((0, 0), (560, 280)), 40, 50]], np.float32)
        noisy, scores = np.concatenate([noisy, false]), np.append(scores, random.uniform(0.3, 0.6))
        vectors = np.concatenate([vectors, random.normal(size=(1, looks.shape[1]))])
    order = np.argsort(-scores, kind="stable")
    return boxes_only(noisy[order].astype(np.float32), scores[order].astype(np.float32)), _unit(vectors[order])


def _unit(vectors: np.ndarray) -> FloatArray:
    result: FloatArray = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return result
