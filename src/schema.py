"""Value types that the parts hand to each other. Nothing here is stored as it is; `records` holds what is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import ShapeError

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]
HalfArray = NDArray[np.float16]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
RgbImage = NDArray[np.uint8]

UNKNOWN = "Unknown"
"""Label of a face that is nobody we know, and name of the optional folder of strangers in a training set."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in float pixels of the original frame; `x + w` and `y + h` lie outside it."""

    x: float
    y: float
    w: float
    h: float

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.w * self.h


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The faces of one frame, best score first.

    Attributes:
        boxes_xywh: (n, 4) float32 pixels of the original frame.
        scores: (n,) float32 in [0, 1].
        landmarks: (n, 5, 2) float32 pixels: left eye, right eye, nose, left and right mouth corner, as the person has them.
    """

    boxes_xywh: FloatArray
    scores: FloatArray
    landmarks: FloatArray

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong together."""
        n = len(self.scores)
        if self.boxes_xywh.shape != (n, 4):
            raise ShapeError("boxes_xywh", f"({n}, 4)", self.boxes_xywh.shape)
        if self.landmarks.shape != (n, 5, 2):
            raise ShapeError("landmarks", f"({n}, 5, 2)", self.landmarks.shape)

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.scores)

    def take(self, rows: IntArray | BoolArray) -> Detections:
        """Return the faces at these rows, in this order."""
        return Detections(self.boxes_xywh[rows], self.scores[rows], self.landmarks[rows])

    @staticmethod
    def empty() -> Detections:
        """Return a frame without faces."""
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded image of a video.

    Attributes:
        frame_index: Counts from 0 in presentation order over the whole video, also when reading starts in the middle.
        npt: Seconds from the start of the video.
        image: (H, W, 3) uint8 RGB, upright (a rotation that the container asks for is applied).
        shot: Number of the shot that the frame belongs to, from 0.
    """

    frame_index: int
    npt: float
    image: RgbImage
    shot: int = 0


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of a video in seconds; `end_npt` lies outside it, `None` meaning the end of the video."""

    start_npt: float = 0.0
    end_npt: float | None = None

    def contains(self, npt: float) -> bool:
        """Say whether a time lies inside."""
        return self.start_npt <= npt and (self.end_npt is None or npt < self.end_npt)


WHOLE = Interval()
"""All of a video."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person that a face may be.

    Attributes:
        name: The person's name.
        score: Similarity to the person's gallery, cosine; higher is closer.
        confidence: Calibrated probability in [0, 1] that the face is this person.
    """

    name: str
    score: float
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a model says of n faces.

    Attributes:
        people: k names.
        confidences: (n, k) float32; a row sums to at most 1, and what is missing is the probability of nobody we know.
        scores: (n, k) float32 cosine similarity to each person's gallery.
    """

    people: tuple[str, ...]
    confidences: FloatArray
    scores: FloatArray

    def best(self) -> Iterator[Candidate]:
        """Yield the likeliest person of each face, however unlikely."""
        for row, column in enumerate(self.confidences.argmax(axis=1) if self.people else ()):
            yield self.candidate(row, int(column))

    def candidate(self, row: int, column: int) -> Candidate:
        """Return what is said of one face and one person."""
        return Candidate(self.people[column], float(self.scores[row, column]), float(self.confidences[row, column]))

    def top(self, row: int, n: int) -> tuple[Candidate, ...]:
        """Return the n likeliest people of one face, likeliest first."""
        order = np.argsort(-self.confidences[row], kind="stable")[:n]
        return tuple(self.candidate(row, int(column)) for column in order)
