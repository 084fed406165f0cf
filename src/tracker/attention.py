"""Where samples are dense, not all of each is searched for faces: now and then a whole picture, else only where faces were.

What is found in a window around an expected face is detected as in a whole picture: box, landmarks and score. A face that is
not found where it was expected, or another one that shows at a glance, has all of the picture looked at. Only a new face that
is small has to wait for the next whole picture. Nothing is remembered from one window of time to the next, nor from one shot to
the next: what is found does not depend on where the work began.
"""

from __future__ import annotations

import numpy as np

from ..engines.base import FaceDetector
from ..schema import Detections, FloatArray, Frame, RgbImage
from ..tracking.association import Association, associate

_NEAR = 0.6
"""In longer sides of its box: so far a face may be from where it was expected."""
_SAME = 1.5
"""The same where it is only to be known how fast a face goes; before that it is expected where it was."""
_CHANGED = 24.0
"""Mean difference of grey levels, of 255, from the sample before, above which all of a picture is looked at."""
_GLANCE = 32
"""Pixels of the longer side that are compared for that."""
_EARLY_S = 1e-3
"""Times of samples are rounded: a whole picture may be looked at by this much earlier."""


class Attention:
    """Looks for faces in the samples of a video, one after the other.

    Attributes:
        was_whole: Whether all of the last sample was looked at.
    """

    def __init__(self, detector: FaceDetector, period_s: float) -> None:
        """Begin.

        Args:
            detector: Finds faces.
            period_s: A whole picture is looked at each so many seconds, at least.
        """
        self._detector, self._period_s = detector, period_s
        self.was_whole = False
        self._where: tuple[int, int] | None = None
        self._whole_npt, self._npt = 0.0, 0.0
        self._expected, self._speed = np.zeros((0, 4), np.float32), np.zeros((0, 2), np.float32)
        self._is_crowd = False
        self._glance: FloatArray = np.zeros((0, 0), np.float32)

    def look(self, frame: Frame, window: int) -> Detections:
        """Return the faces of the next sample.

        Args:
            frame: The sample.
            window: Which window of time it belongs to.
        """
        glance = _glance(frame.image)
        due = self._where != (window, frame.shot) or frame.npt - self._whole_npt >= self._period_s - _EARLY_S
        if self._where != (window, frame.shot):
            self._where = window, frame.shot
            self._expected, self._speed = np.zeros((0, 4), np.float32), np.zeros((0, 2), np.float32)
        found = None if due or self._is_crowd or self._is_other(glance) else self._look_near(frame)
        self._glance = glance
        self.was_whole = found is None
        if found is None:
            self._whole_npt = frame.npt
            (found,) = self._detector.detect([frame.image])
        return found

    def expect(self, frame: Frame, faces: Detections, is_crowd: bool) -> None:
        """Take note of which faces go on being followed.

        Args:
            frame: The sample they were found in.
            faces: Those that are followed.
            is_crowd: There were more than may be followed: to know the best ones, all have to be looked at.
        """
        speed = np.zeros((len(faces), 2), np.float32)
        step_s = frame.npt - self._npt
        if len(faces) and len(self._expected) and step_s > 0:
            pairs = _paired(self._moved(frame.npt), faces.boxes_xywh, _SAME).pairs
            to, of = pairs[:, 0], pairs[:, 1]
            speed[to] = (_centres(faces.boxes_xywh[to]) - _centres(self._expected[of])) / np.float32(step_s)
        self._expected, self._speed, self._npt, self._is_crowd = faces.boxes_xywh, speed, frame.npt, is_crowd

    def _look_near(self, frame: Frame) -> Detections | None:
        """Look where faces are expected; None where one is missing, or where a whole picture costs no more."""
        expected = self._moved(frame.npt)
        found = self._detector.detect_near(frame.image, expected)
        if found is None or len(_paired(expected, found.boxes_xywh, _NEAR).tracks):
            return None
        return found

    def _moved(self, npt: float) -> FloatArray:
        """Return where the faces should be by now."""
        moved = self._expected.copy()
        moved[:, :2] += self._speed * np.float32(npt - self._npt)
        return moved

    def _is_other(self, glance: FloatArray) -> bool:
        return glance.shape != self._glance.shape or bool(np.abs(glance - self._glance).mean() > _CHANGED)


def _paired(expected: FloatArray, found: FloatArray, furthest: float) -> Association:
    """Pair boxes found (n, 4) with expected ones (m, 4) by the distance of their middles, in sizes of the face."""
    away = np.linalg.norm(_centres(found)[:, None] - _centres(expected)[None], axis=2)
    return associate(-away / np.maximum(expected[:, 2:].max(axis=1), 1), -furthest)


def _centres(boxes_xywh: FloatArray) -> FloatArray:
    centres: FloatArray = boxes_xywh[:, :2] + boxes_xywh[:, 2:] * np.float32(0.5)
    return centres


def _glance(image: RgbImage) -> FloatArray:
    """Return a few pixels of a picture, grey."""
    step = max(1, max(image.shape[:2]) // _GLANCE)
    pixels: FloatArray = image[step // 2 :: step, step // 2 :: step].astype(np.float32)
    grey: FloatArray = pixels.mean(axis=2)
    return grey
