"""What speaks against a face by itself: too few pixels, no detail, turned away."""

from __future__ import annotations

import numpy as np

from ..records import FaceQuality, ImageState
from ..schema import FloatArray

TINY_PX = 18.0
"""Faces below this side are never learned from. Made smaller step by step, a face of 24 pixels keeps 85 % of its similarity to
its person, one of 20 three quarters; one of 16 is taken for somebody else in one of 25 (SFace) or one of 4 cases (FaceNet)."""
BLURRED = 0.015
"""`FaceQuality.sharpness` below which a face is never learned from: what a blur of 2.5 pixels in a crop of 112 leaves. With 3
pixels 2 % (SFace) or 13 % (FaceNet) of the faces are nearest to somebody else, with 4 pixels 8 % or more than half."""
DOUBTFUL_TINY_PX = 32.0
"""The same where it is not clear by the embedding who the face is."""
DOUBTFUL_BLURRED = 0.04
"""The same where it is not clear by the embedding who the face is."""
PROFILE_EYES = 0.15
"""Distance of the eyes as a share of the face's side below which a face is seen from the side; frontal ones have about 0.4."""


def never_good(quality: FaceQuality | None) -> tuple[ImageState, str] | None:
    """Return why a face is no use to anybody, whoever it is; None where it is of use or was not measured."""
    return _lacking(quality, TINY_PX, BLURRED)


def bad_trait(quality: FaceQuality | None, landmarks: FloatArray | None) -> tuple[ImageState, str] | None:
    """Return why a face that is hard to recognise may be so; None where nothing about it is bad.

    Meant for faces that do not clearly look like their person. A profile that does is a good picture: it teaches what the
    person looks like from the side.

    Args:
        quality: Of the face.
        landmarks: (5, 2) pixels.
    """
    lacking = _lacking(quality, DOUBTFUL_TINY_PX, DOUBTFUL_BLURRED)
    if lacking is not None or quality is None or landmarks is None:
        return lacking
    eyes = float(np.linalg.norm(landmarks[0] - landmarks[1])) / max(quality.size_px, 1.0)
    if quality.frontality == 0 and eyes < PROFILE_EYES:
        return ImageState.PROFILE, f"seen from the side: the eyes are {eyes:.0%} of the face's width apart"
    return None


def _lacking(quality: FaceQuality | None, least_px: float, least_sharpness: float) -> tuple[ImageState, str] | None:
    if quality is None:
        return None
    if quality.size_px < least_px:
        return ImageState.TINY, f"tiny: the face is {quality.size_px:.0f} pixels wide"
    if quality.sharpness < least_sharpness:
        return ImageState.BLURRED, f"blurred: sharpness {quality.sharpness:.3f} of 1"
    return None
