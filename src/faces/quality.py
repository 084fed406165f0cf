"""How good a face is for recognition: size, sharpness and pose, from the crop and the landmarks alone."""

from __future__ import annotations

import cv2
import numpy as np

from ..records import FaceQuality
from ..schema import Detections, FloatArray, RgbImage

FULL_SIZE_PX = 80.0
"""Eye-to-mouth detail grows little beyond a face of this side: embedders see 112 to 160 pixels with margin."""
FULL_SHARPNESS = 500.0
"""Variance of the Laplacian of a well focused crop of 112 pixels; a strongly blurred one stays below 50."""


LEAST_CONTRAST = 4.0
"""Spread of grey levels below which a crop shows nothing that could be sharp or drawn; a blurred face keeps 15 and more."""


def shows_something(crop: RgbImage) -> bool:
    """Say whether a crop is more than an even patch of colour."""
    return float(crop.mean(axis=2).std()) >= LEAST_CONTRAST


def frontality(landmarks: FloatArray) -> FloatArray:
    """Say how far faces look into the camera: 1 frontal, 0 full profile.

    The nose of a frontal face lies midway between the eyes; turned away, it wanders over one of them.

    Args:
        landmarks: (n, 5, 2) pixels.

    Returns:
        (n,) float32 in [0, 1].
    """
    result: FloatArray = np.clip(1 - np.abs(turn(landmarks)), 0, 1).astype(np.float32)
    return result


def turn(landmarks: FloatArray) -> FloatArray:
    """Say to which side faces are turned: -1 fully to the left of the picture, 0 frontal, 1 fully to the right.

    Args:
        landmarks: (n, 5, 2) pixels.

    Returns:
        (n,) float32 in [-1, 1].
    """
    left, right, nose = landmarks[:, 0], landmarks[:, 1], landmarks[:, 2]
    eyes = left - right
    squared = (eyes**2).sum(axis=1)
    along = ((nose - right) * eyes).sum(axis=1) / np.maximum(squared, 1e-6)
    # A person's left eye lies on the right of the picture, unless it is mirrored.
    result: FloatArray = np.clip(2 * along - 1, -1, 1).astype(np.float32)
    return result


def sharpness(crop: RgbImage) -> float:
    """Return the variance of the Laplacian of a crop, scaled to [0, 1].

    Source: Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.
    """
    grey = cv2.cvtColor(cv2.resize(crop, (112, 112), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    return float(min(cv2.Laplacian(grey, cv2.CV_64F).var() / FULL_SHARPNESS, 1.0))


def face_qualities(detections: Detections, crops: RgbImage) -> list[FaceQuality]:
    """Measure each face of a picture.

    Args:
        detections: n faces.
        crops: (n, size, size, 3) uint8 RGB, their aligned crops.

    Returns:
        n qualities; `overall` is the geometric mean of size, sharpness, pose and detector score, so that one bad trait
        cannot hide behind good ones.
    """
    fronts = frontality(detections.landmarks)
    result = []
    for box, score, front, crop in zip(detections.boxes_xywh, detections.scores, fronts, crops, strict=True):
        size = float(np.sqrt(max(box[2] * box[3], 0)))
        sharp = sharpness(crop)
        traits = np.array([min(size / FULL_SIZE_PX, 1), sharp, front, score], np.float64)
        overall = float(np.exp(np.log(np.maximum(traits, 0.01)).mean()))
        result.append(FaceQuality(size, sharp, float(front), overall))
    return result
