"""A small engine for tests of photos: saturated squares are faces, their colour is the person."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from src.engines import Engine
from src.engines.base import FaceDetector, FaceEmbedder, ScorePrior
from src.faces.alignment import align_faces
from src.schema import Detections, FloatArray, RgbImage

_PLACES = np.array([[0.7, 0.35], [0.3, 0.35], [0.5, 0.55], [0.65, 0.75], [0.35, 0.75]], np.float32)
_STRENGTH = 96


class SquareDetector(FaceDetector):
    """Finds squares of strong colour that do not touch the edge of the picture: a face wants surroundings."""

    def __init__(self) -> None:
        self.n_images = 0

    def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
        self.n_images += len(images)
        return [self._detect(image) for image in images]

    def _detect(self, image: RgbImage) -> Detections:
        height, width = image.shape[:2]
        strong = image.max(axis=2).astype(int) - image.min(axis=2) >= _STRENGTH
        stats = cv2.connectedComponentsWithStats(strong.astype(np.uint8), connectivity=4)[2][1:]
        rows = [row for row in stats if row[4] >= 0.6 * row[2] * row[3] and min(row[2], row[3]) >= 8]
        rows = [(x, y, w, h) for x, y, w, h, _ in rows if x > 0 and y > 0 and x + w < width and y + h < height]
        if not rows:
            return Detections.empty()
        boxes_xywh = np.array(rows, np.float32)
        landmarks = boxes_xywh[:, None, :2] + _PLACES * boxes_xywh[:, None, 2:]
        return Detections(boxes_xywh, np.full(len(rows), 0.9, np.float32), landmarks.astype(np.float32))


class ColourEmbedder(FaceEmbedder):
    """The mean colour of a crop is its vector."""

    dimension = 3
    crop_size = 32

    def align(self, image: RgbImage, detections: Detections) -> RgbImage:
        return align_faces(image, detections.landmarks, _PLACES * self.crop_size, self.crop_size)

    def embed(self, crops: RgbImage) -> FloatArray:
        means = crops.reshape(len(crops), -1, 3).mean(axis=1) + 1.0
        return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)


def make_square_engine(version: str = "1") -> Engine:
    """Build the engine `squares`; another version gives other vectors."""
    return Engine("squares", version, SquareDetector(), ColourEmbedder(), ScorePrior(0.5, 20.0))
