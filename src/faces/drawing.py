"""Whether a face was drawn rather than photographed, by what pixels are like and not by what they show.

Drawings, cartoons and posters have even areas with hard edges between them, few colours, strong ones or none at all; a photo
has noise and shading everywhere. What an artist shades like a photo, oil paint among it, passes for one: such a picture is
found only where it does not look like the person.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..schema import Box, RgbImage

DRAWN = 2.4
"""Score from which on a face counts as drawn.

The weights below were fitted on the faces of the 93 sample photos, each as it is, at JPEG quality 30, blurred and at twice its
size, against every second of them made a drawing in eight ways with OpenCV; the threshold lies above all of the photos.
`python -m evaluation.cleaning` measures on other photos what of each way is found.
"""
LEAST_PX = 64
"""Sides of the face with its surroundings below which nothing is said: so small, photos have hard edges too."""

_MARGIN = 0.25
"""Surroundings on each side of the face, as a share of its longer side."""
_MOST_PX = 300
"""Larger faces are made smaller first: the areas of a drawing are as large as its face, not as its file."""
_WEIGHTS = np.array([0.369, 9.423, 4.816, -0.367, -0.411, 1.927, -0.626, 1.483, 1.255, 3.888, -0.847])
_BIAS = 4.928


def drawing_score(image: RgbImage, face: Box) -> float:
    """Say how much a face looks drawn.

    Args:
        image: (H, W, 3) uint8 RGB, the whole picture.
        face: In its pixels.

    Returns:
        Log odds; `DRAWN` and more is a drawing. Minus infinity where the face is too small to say.
    """
    part = _surroundings(image, face)
    if min(part.shape[:2]) < LEAST_PX:
        return float("-inf")
    return float(_features(part) @ _WEIGHTS + _BIAS)


def _surroundings(image: RgbImage, face: Box) -> RgbImage:
    height, width = image.shape[:2]
    room = _MARGIN * max(face.w, face.h)
    left, top = int(max(0, face.x - room)), int(max(0, face.y - room))
    right, bottom = int(min(width, face.x + face.w + room)), int(min(height, face.y + face.h + room))
    part = image[top : max(bottom, top), left : max(right, left)]
    scale = _MOST_PX / max(*part.shape[:2], 1)
    if scale < 1 and min(part.shape[:2]) > 1:
        part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return part


def _features(part: RgbImage) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return what the score weighs, in the order of the weights."""
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    window = np.ones((3, 3), np.uint8)
    span = (cv2.dilate(grey, window) - cv2.erode(grey, window)).astype(np.float64)
    middle = (grey > 12) & (grey < 243)
    coarse = (part >> 3).astype(np.int64)
    counts = np.bincount((coarse[..., 0] << 10 | coarse[..., 1] << 5 | coarse[..., 2]).ravel())
    level = grey.astype(np.float32)
    noise = float(np.abs(level - cv2.GaussianBlur(level, (0, 0), 1)).mean())
    saturation = float(cv2.cvtColor(part, cv2.COLOR_RGB2HSV)[..., 1].mean() / 255)
    return np.array(
        [
            np.log((span <= 2).mean() + 0.01),
            (span[middle] <= 2).mean() if middle.any() else 1.0,
            (span > 40).mean(),
            np.log(np.quantile(span, 0.98) + 1),
            np.log(np.quantile(span, 0.5) + 1),
            (grey > 240).mean(),
            np.log((counts > 0).sum() / np.sqrt(grey.size) + 0.05),
            np.log(np.sort(counts)[-8:].sum() / grey.size + 0.01),
            np.log(noise + 0.05),
            saturation,
            np.log(min(grey.shape)),
        ]
    )
