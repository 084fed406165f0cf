"""The motion model of SORT: a box that moves and grows at constant speed."""

from __future__ import annotations

from typing import Any

import numpy as np
from filterpy.kalman import KalmanFilter

from ..schema import DoubleArray, FloatArray

_MEASURED = 4
_STATE = 7


def _to_measurement(box_xywh: FloatArray) -> DoubleArray:
    """Box to centre x, centre y, area, aspect ratio."""
    x, y, w, h = box_xywh
    return np.array([x + w / 2, y + h / 2, w * h, w / max(h, 1e-6)], np.float64)[:, None]


class BoxMotion:
    """Kalman filter over centre, area and aspect ratio of one box; a step is one sample.

    Source: Bewley et al., Simple Online and Realtime Tracking, ICIP 2016, section 3.2; noise as in the published code.
    """

    def __init__(self, box_xywh: FloatArray) -> None:
        """Begin at a box, at rest."""
        kalman = KalmanFilter(dim_x=_STATE, dim_z=_MEASURED)
        kalman.F = np.eye(_STATE) + np.eye(_STATE, k=_MEASURED)
        kalman.H = np.eye(_MEASURED, _STATE)
        kalman.R[2:, 2:] *= 10.0
        # The speed is not known at all at first.
        kalman.P[_MEASURED:, _MEASURED:] *= 1000.0
        kalman.P *= 10.0
        kalman.Q[-1, -1] *= 0.01
        kalman.Q[_MEASURED:, _MEASURED:] *= 0.01
        kalman.x[:_MEASURED] = _to_measurement(box_xywh)
        self._kalman = kalman

    def predict(self) -> FloatArray:
        """Move on by one step and return the box expected there, (4,) x, y, w, h."""
        kalman = self._kalman
        if kalman.x[2, 0] + kalman.x[6, 0] <= 0:
            kalman.x[6, 0] = 0.0
        kalman.predict()
        cx, cy, area, ratio = (float(value) for value in kalman.x[:_MEASURED, 0])
        w = float(np.sqrt(max(area * ratio, 0.0)))
        h = area / w if w > 0 else 0.0
        return np.array([cx - w / 2, cy - h / 2, w, h], np.float32)

    def correct(self, box_xywh: FloatArray) -> None:
        """Take in where the box was seen."""
        self._kalman.update(_to_measurement(box_xywh))

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on later, as plain numbers."""
        return {"x": self._kalman.x.tolist(), "P": self._kalman.P.tolist()}

    @classmethod
    def restored(cls, state: dict[str, Any]) -> BoxMotion:
        """Return the motion that `state` was taken from."""
        motion = cls(np.ones(4, np.float32))
        motion._kalman.x, motion._kalman.P = np.array(state["x"]), np.array(state["P"])
        return motion
