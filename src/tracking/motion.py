"""How boxes move: constant speed, in three ways of writing a box down and of dealing with boxes that were not seen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np

from ..schema import DoubleArray, FloatArray
from .kalman import Kalman

_MEASURED = 4


class Motion(ABC):
    """The motion of one box. A step is the usual time from one sample to the next."""

    def __init__(self, box_xywh: FloatArray) -> None:
        """Begin at a box, (4,) x, y, w, h in pixels, at rest."""
        self._kalman = self._begin(box_xywh)

    @abstractmethod
    def _begin(self, box_xywh: FloatArray) -> Kalman:
        """Return the filter at rest at a box."""

    @abstractmethod
    def predict(self, steps: float = 1.0) -> FloatArray:
        """Move on and return the box expected there, (4,) float32 x, y, w, h."""

    @abstractmethod
    def correct(self, box_xywh: FloatArray) -> None:
        """Take in where the box was seen."""

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on later, as plain numbers."""
        return self._kalman.state()

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Self:
        """Return the motion that `state` was taken from."""
        motion = cls(np.ones(4, np.float32))
        motion._kalman = Kalman.restored(state)
        return motion


def _transition(size: int, steps: float) -> DoubleArray:
    """Return the (size, size) matrix that adds speeds to what is measured; what has no speed stays."""
    matrix = np.eye(size)
    moving = np.arange(size - _MEASURED)
    matrix[moving, moving + _MEASURED] = steps
    return matrix


class AreaMotion(Motion):
    """Centre and area with speeds, and an aspect ratio that stays.

    Source: Bewley et al., Simple Online and Realtime Tracking, ICIP 2016, section 3.2; noise as in the published code.
    """

    _MEASURE_NOISE = np.diag([1.0, 1.0, 10.0, 10.0])
    _STEP_NOISE = np.diag([1.0, 1.0, 1.0, 1.0, 1e-2, 1e-2, 1e-4])

    def _begin(self, box_xywh: FloatArray) -> Kalman:
        # The speed is not known at all at first.
        covariance = np.diag([10.0] * _MEASURED + [1e4] * 3)
        return Kalman(np.concatenate([_centre_area_ratio(box_xywh), np.zeros(3)]), covariance)

    def predict(self, steps: float = 1.0) -> FloatArray:
        """Move on; a box that would shrink to nothing keeps its size instead."""
        kalman = self._kalman
        if kalman.mean[2] + steps * kalman.mean[6] <= 0:
            kalman.mean[6] = 0.0
        kalman.predict(_transition(7, steps), self._STEP_NOISE * steps)
        cx, cy, area, ratio = kalman.mean[:_MEASURED]
        w = np.sqrt(max(area * ratio, 0.0))
        h = area / w if w > 0 else 0.0
        return np.array([cx - w / 2, cy - h / 2, w, h], np.float32)

    def correct(self, box_xywh: FloatArray) -> None:
        """Take in where the box was seen."""
        self._kalman.correct(_centre_area_ratio(box_xywh), self._MEASURE_NOISE)


def _centre_area_ratio(box_xywh: FloatArray) -> DoubleArray:
    x, y, w, h = (float(value) for value in box_xywh)
    return np.array([x + w / 2, y + h / 2, w * h, w / max(h, 1e-6)])


class CornerMotion(Motion):
    """The corners with speeds of their own: noise small beside that of the measurement, which is trusted most of all.

    A box that jumps takes its prediction along at once, which is what sparse samples need. The numbers are those of
    ByteTrack in Roboflow's package `trackers`.
    """

    _MEASURE_NOISE = np.eye(_MEASURED) * 0.1
    _STEP_NOISE = np.eye(8) * 0.01

    def _begin(self, box_xywh: FloatArray) -> Kalman:
        return Kalman(np.concatenate([_corners(box_xywh), np.zeros(_MEASURED)]), np.eye(8))

    def predict(self, steps: float = 1.0) -> FloatArray:
        """Move on; a box that would turn inside out has no size."""
        self._kalman.predict(_transition(8, steps), self._STEP_NOISE * steps)
        x1, y1, x2, y2 = self._kalman.mean[:_MEASURED]
        return np.array([x1, y1, max(x2 - x1, 0.0), max(y2 - y1, 0.0)], np.float32)

    def correct(self, box_xywh: FloatArray) -> None:
        """Take in where the box was seen."""
        self._kalman.correct(_corners(box_xywh), self._MEASURE_NOISE)


def _corners(box_xywh: FloatArray) -> DoubleArray:
    x, y, w, h = (float(value) for value in box_xywh)
    return np.array([x, y, x + w, y + h])


class ObservedMotion(AreaMotion):
    """The motion of SORT, with what was really seen kept beside it.

    While a box is not seen, the errors of a guessed speed grow with the square of time. When it is seen again the filter goes
    back to where it was last sure, and follows a straight line of made-up boxes to the new one.

    Source: Cao et al., Observation-Centric SORT, CVPR 2023, section 4.1 (re-update) and 4.2 (direction). Other than in the
    published code the first box of a track counts as seen, and a box that ends a gap is taken in once and not twice.
    """

    LOOK_BACK = 3
    """Samples over which a direction is taken, the paper's time difference."""

    def __init__(self, box_xywh: FloatArray) -> None:
        """Begin at a box, at rest and without a direction."""
        super().__init__(box_xywh)
        self._age = 0
        self._seen: list[tuple[int, FloatArray]] = [(0, box_xywh.copy())]
        self._sure, self._steps = self._kalman.state(), list[float]()
        self.direction: DoubleArray | None = None

    @property
    def last_box(self) -> FloatArray:
        """The box where it was last seen, (4,) x, y, w, h."""
        return self._seen[-1][1]

    @property
    def earlier_box(self) -> FloatArray:
        """The box from which directions are taken: the oldest of the last samples, else the last one seen."""
        return next((box for age, box in self._seen if self._age - self.LOOK_BACK <= age < self._age), self.last_box)

    def predict(self, steps: float = 1.0) -> FloatArray:
        """Move on and remember by how much."""
        self._age += 1
        self._steps.append(steps)
        return super().predict(steps)

    def correct(self, box_xywh: FloatArray) -> None:
        """Take in where the box was seen; after a gap, all along the straight way there."""
        self.direction = _directions(self.earlier_box[None], box_xywh[None])[0, 0]
        if len(self._steps) > 1:
            self._follow_line(box_xywh)
        else:
            super().correct(box_xywh)
        self._sure, self._steps = self._kalman.state(), []
        oldest = self._age - self.LOOK_BACK
        self._seen = [entry for entry in self._seen if entry[0] > oldest] + [(self._age, box_xywh.copy())]

    def _follow_line(self, box_xywh: FloatArray) -> None:
        self._kalman = Kalman.restored(self._sure)
        start, done = self.last_box, 0.0
        for steps in self._steps:
            super().predict(steps)
            done += steps
            super().correct(start + (box_xywh - start) * np.float32(done / sum(self._steps)))

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on later, as plain numbers."""
        return super().state() | {
            "age": self._age,
            "seen": [[age, box.tolist()] for age, box in self._seen],
            "sure": self._sure,
            "steps": list(self._steps),
            "direction": None if self.direction is None else self.direction.tolist(),
        }

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Self:
        """Return the motion that `state` was taken from."""
        motion = super().restored(state)
        motion._age, motion._sure, motion._steps = state["age"], state["sure"], list(state["steps"])
        motion._seen = [(age, np.array(box, np.float32)) for age, box in state["seen"]]
        motion.direction = None if state["direction"] is None else np.array(state["direction"])
        return motion


def _directions(from_xywh: FloatArray, to_xywh: FloatArray) -> DoubleArray:
    """Return the (n, m, 2) unit vectors from the centre of each of m boxes to that of each of n others."""
    starts, ends = (boxes[:, :2].astype(np.float64) + boxes[:, 2:] / 2 for boxes in (from_xywh, to_xywh))
    ways = ends[:, None] - starts[None]
    lengths: DoubleArray = np.linalg.norm(ways, axis=2, keepdims=True)
    result: DoubleArray = ways / (lengths + 1e-6)
    return result


def direction_agreement(motions: list[ObservedMotion], boxes_xywh: FloatArray) -> DoubleArray:
    """Say how well each box lies in the direction that each track was going.

    Args:
        motions: m tracks, predicted to the time of the boxes.
        boxes_xywh: (n, 4) float32.

    Returns:
        (n, m) float64 in [-0.5, 0.5]: 0.5 straight on, 0 sideways or where a track has no direction yet, -0.5 back.

    Source: Cao et al., Observation-Centric SORT, CVPR 2023, section 4.2, as in the published code.
    """
    if not motions:
        return np.zeros((len(boxes_xywh), 0))
    ways = _directions(np.stack([motion.earlier_box for motion in motions]), boxes_xywh)
    headings = np.array([(0.0, 0.0) if motion.direction is None else motion.direction for motion in motions])
    angles = np.arccos(np.clip((ways * headings[None]).sum(axis=2), -1.0, 1.0))
    known = np.array([motion.direction is not None for motion in motions])
    result: DoubleArray = np.where(known[None], 0.5 - angles / np.pi, 0.0)
    return result
