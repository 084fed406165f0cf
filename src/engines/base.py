"""What every engine can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..geometry import clip_boxes
from ..schema import Detections, FloatArray, RgbImage
from .near import glance_of, has_others, joined, windows_around

_CHEAPER = 0.7
"""Share of the cost of a whole picture above which windows are not worth while: boxes in them are a little less exact."""


class FaceDetector(ABC):
    """Finds faces and their five landmarks."""

    @abstractmethod
    def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
        """Find the faces of each picture.

        Args:
            images: RGB pictures, (H, W, 3) uint8, of any and of different sizes, down to 1 x 1.

        Returns:
            One Detections a picture, boxes and landmarks in pixels of that picture, best score first.
        """

    def detect_near(self, image: RgbImage, boxes_xywh: FloatArray) -> Detections | None:
        """Find faces where they are expected, in windows around boxes, at a part of the cost.

        Args:
            image: (H, W, 3) uint8 RGB.
            boxes_xywh: (n, 4) where faces should be, in pixels of the picture; n may be 0.

        Returns:
            All faces that were found there, expected or not, best score first, as in a whole picture; None where the whole
            picture has to be looked at: a glance shows a face somewhere else, or it costs hardly more.
        """
        height, width = image.shape[:2]
        windows, glance = windows_around(boxes_xywh, width, height), glance_of(width, height, self.pixels)
        if sum(self.pixels(*window.size) for window in (*windows, glance)) > _CHEAPER * self.pixels(width, height):
            return None
        found = joined(windows, self._detect_large([window.cut(image) for window in windows]), width, height)
        seen = self._glance(glance.cut(image), glance.placed(found.boxes_xywh))
        return None if has_others(glance.brought_back(seen, width, height), found) else found

    def _detect_large(self, images: Sequence[RgbImage]) -> list[Detections]:
        """Do what `detect` does, where faces below 24 pixels do not matter: for detectors that small ones cost much."""
        return self.detect(images)

    def _glance(self, image: RgbImage, known_xywh: FloatArray) -> Detections:
        """Find what may be a face in a picture at half the usual size: where a new one may be, a whole picture is looked at.

        Args:
            image: (H, W, 3) uint8 RGB.
            known_xywh: (n, 4) faces that are known, in pixels of it; they need not be found.
        """
        (seen,) = self.detect([image])
        return seen

    def pixels(self, width: int, height: int) -> float:
        """Return how many pixels `detect` looks at in a picture of such a size: what it costs, compared with other sizes."""
        return float(width * height)


def keep_inside(faces: Detections, width: int, height: int) -> Detections:
    """Cut boxes off at the edges of a picture, and drop faces that are not in it.

    Networks are sure of faces far outside of very small pictures, whose edges they take for something else.

    Args:
        faces: n faces.
        width: Pixels of the picture.
        height: Pixels of the picture.

    Returns:
        The faces whose landmarks are centred in the picture and whose box shows there by a quarter at least.
    """
    clipped = clip_boxes(faces.boxes_xywh, width, height)
    shown = clipped[:, 2:].prod(axis=1) >= np.maximum(0.25 * faces.boxes_xywh[:, 2:].prod(axis=1), 1e-6)
    centres = faces.landmarks.mean(axis=1)
    centred = ((centres >= 0) & (centres <= [width, height])).all(axis=1)
    return Detections(clipped, faces.scores, faces.landmarks).take(shown & centred)


class FaceEmbedder(ABC):
    """Turns aligned faces into vectors: the closer two vectors, the likelier one person.

    Attributes:
        dimension: Length of an embedding.
        crop_size: Side of an aligned crop in pixels.
    """

    dimension: int
    crop_size: int

    @abstractmethod
    def align(self, image: RgbImage, detections: Detections) -> RgbImage:
        """Cut the faces out of a picture, upright and scaled as the network was trained on them.

        Args:
            image: (H, W, 3) uint8 RGB.
            detections: n faces in pixels of this picture.

        Returns:
            (n, crop_size, crop_size, 3) uint8 RGB; what lies outside the picture is black.
        """

    @abstractmethod
    def embed(self, crops: RgbImage) -> FloatArray:
        """Turn aligned crops into embeddings.

        Args:
            crops: (n, crop_size, crop_size, 3) uint8 RGB; n may be 0.

        Returns:
            (n, dimension) float32, L2-normalised.

        Raises:
            ShapeError: The crops have another size.
        """


@dataclass(frozen=True, slots=True)
class ScorePrior:
    """Where an engine's evidence parts a known person from a stranger, before any gallery is seen.

    The evidence of a face for a person is the mean of its cosine to the person's mean and to the three nearest pictures.
    With a lead of `lead` over the next person, the probability that the face is known is
    `1 / (1 + exp(-(slope * (evidence - threshold) + margin * lead + pictures * ln(n))))`, n being the person's pictures.

    Attributes:
        threshold: Evidence at which, for a person with one picture and without a lead, both are equally likely.
        slope: Steepness there; higher is sharper.
        margin: What a lead counts.
        pictures: What more pictures count; below 0, as everybody resembles some of many pictures.
    """

    threshold: float
    slope: float
    margin: float
    pictures: float = 0.0


@dataclass(frozen=True, slots=True)
class Engine:
    """A detector and an embedder. Vectors of engines with different `id` are never compared.

    Attributes:
        name: As in the command line: `sface`.
        version: Changes whenever weights or alignment do.
    """

    name: str
    version: str
    detector: FaceDetector
    embedder: FaceEmbedder

    @property
    def id(self) -> str:
        """Name and version: what is stored beside every embedding."""
        return f"{self.name}@{self.version}"
