"""Landmarks to aligned crops."""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import ShapeError
from ..schema import FloatArray, RgbImage

ARCFACE_TEMPLATE: FloatArray = np.array(
    [[73.5318, 51.5014], [38.2946, 51.6963], [56.0252, 71.7366], [70.7299, 92.2041], [41.5493, 92.3655]],
    np.float32,
)
"""(5, 2) where the landmarks lie in a crop of 112 x 112 pixels; a person's left eye is on the right of the picture.

Source: Deng et al., ArcFace, CVPR 2019 (published with its code); SFace is trained on the same.
"""


def similarity_transform(points: FloatArray, template: FloatArray) -> FloatArray:
    """Return the rotation, uniform scale and shift that bring points closest to a template.

    Args:
        points: (k, 2) pixels of the picture.
        template: (k, 2) pixels of the crop.

    Returns:
        (2, 3) float32 affine matrix from picture to crop.

    Raises:
        ShapeError: The two sets are not (k, 2) of the same k.

    Source: Umeyama, Least-squares estimation of transformation parameters, PAMI 1991, without the reflection case,
    which points of one face cannot ask for.
    """
    if points.shape != template.shape or points.ndim != 2 or points.shape[1] != 2:
        raise ShapeError("points", f"{template.shape}", points.shape)
    # A plane point is one complex number; rotation and scale together are one complex factor.
    source, target = points.astype(np.float64) @ [1, 1j], template.astype(np.float64) @ [1, 1j]
    centred = source - source.mean()
    spread = (centred * centred.conj()).real.sum()
    factor = ((target - target.mean()) * centred.conj()).sum() / spread if spread > 0 else 1.0
    shift = target.mean() - factor * source.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]], np.float32)


def align_faces(image: RgbImage, landmarks: FloatArray, template: FloatArray, size: int) -> RgbImage:
    """Cut faces out of a picture so that their landmarks lie on a template.

    Args:
        image: (H, W, 3) uint8 RGB.
        landmarks: (n, 5, 2) pixels; n may be 0.
        template: (5, 2) pixels of the crop.
        size: Side of the crop in pixels.

    Returns:
        (n, size, size, 3) uint8 RGB; what lies outside the picture is black.
    """
    crops = np.zeros((len(landmarks), size, size, 3), np.uint8)
    for crop, points in zip(crops, landmarks, strict=True):
        matrix = similarity_transform(points, template)
        crop[:] = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR)
    return crops
