"""Faces in photos: found also where they fill the picture, and which of several is the one that was meant."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..schema import BoolArray, Detections, FloatArray, RgbImage
from .base import FaceDetector

_RETRY_SIDE = 640
"""Detectors scale pictures to about this side anyway; a smaller copy keeps the second look cheap."""
_BORDER = 0.5
"""Black border at each side, as a share of the picture's longer side: the face then fills at most half of it."""


def find_faces(detector: FaceDetector, images: Sequence[RgbImage]) -> list[Detections]:
    """Find the faces of photos, looking again with a border around a photo in which none was found.

    Detectors learn faces with surroundings; a crop that a face fills to the edges may give nothing.

    Args:
        detector: Finds faces.
        images: RGB photos, (H, W, 3) uint8, of any sizes.

    Returns:
        One Detections a photo, in its pixels, best score first; boxes may reach over its edges.
    """
    found = detector.detect(images)
    missing = [index for index, faces in enumerate(found) if not len(faces)]
    if missing:
        for index, faces in zip(missing, _find_with_border(detector, [images[i] for i in missing]), strict=True):
            found[index] = faces
    return found


def main_face(detections: Detections, width: int, height: int) -> int:
    """Return the row of the face that a photo is of: the largest, most central one.

    A face counts by its area, down to half of it at the corners of the photo.

    Args:
        detections: At least one face.
        width: Of the photo in pixels.
        height: Of the photo in pixels.
    """
    boxes = detections.boxes_xywh
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    middle = np.array([width, height], np.float32) / 2
    away = np.linalg.norm(centres - middle, axis=1) / max(float(np.linalg.norm(middle)), 1.0)
    area: FloatArray = boxes[:, 2] * boxes[:, 3]
    return int(np.argmax(area * (1 - 0.5 * np.clip(away, 0, 1))))


def _find_with_border(detector: FaceDetector, images: Sequence[RgbImage]) -> list[Detections]:
    scales: list[FloatArray] = []
    borders: list[int] = []
    copies: list[RgbImage] = []
    for image in images:
        height, width = image.shape[:2]
        scale = min(1.0, _RETRY_SIDE / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        border = max(1, round(max(size) * _BORDER))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        bordered = cv2.copyMakeBorder(small, border, border, border, border, cv2.BORDER_CONSTANT)
        copies.append(bordered.astype(np.uint8, copy=False))
        scales.append(np.array([width / size[0], height / size[1]], np.float32))
        borders.append(border)
    results = zip(detector.detect(copies), scales, borders, images, strict=True)
    return [_without_border(faces, back, border, image) for faces, back, border, image in results]


def _without_border(faces: Detections, back: FloatArray, border: int, image: RgbImage) -> Detections:
    """Bring faces back to the pixels of the photo, leaving out what lies in the border."""
    corners = (faces.boxes_xywh[:, :2] - border) * back
    sizes = faces.boxes_xywh[:, 2:] * back
    moved = Detections(np.concatenate([corners, sizes], axis=1), faces.scores, (faces.landmarks - border) * back)
    centres = corners + sizes / 2
    limits = np.array([image.shape[1], image.shape[0]], np.float32)
    inside: BoolArray = np.logical_and(centres >= 0, centres < limits).min(axis=1, initial=True)
    return moved.take(inside)
