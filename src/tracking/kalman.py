"""A linear Kalman filter whose measurement is the first part of its state."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..schema import DoubleArray


class Kalman:
    """Mean and covariance of a state of d numbers, the first m of which are measured.

    Source: Kalman, A New Approach to Linear Filtering and Prediction Problems, 1960; covariance in Joseph's form, which stays
    symmetric and positive however often it is corrected.
    """

    def __init__(self, mean: DoubleArray, covariance: DoubleArray) -> None:
        """Begin with what is known: (d,) mean and (d, d) covariance, float64."""
        self.mean, self.covariance = mean, covariance

    def predict(self, transition: DoubleArray, noise: DoubleArray) -> None:
        """Move on: (d, d) transition of the state, (d, d) noise that the move adds."""
        self.mean = transition @ self.mean
        self.covariance = transition @ self.covariance @ transition.T + noise

    def correct(self, measured: DoubleArray, noise: DoubleArray) -> None:
        """Take in a measurement: (m,) values, (m, m) noise."""
        m, d = len(measured), len(self.mean)
        gain = np.linalg.solve(self.covariance[:m, :m] + noise, self.covariance[:m]).T
        self.mean = self.mean + gain @ (measured - self.mean[:m])
        kept = np.eye(d)
        kept[:, :m] -= gain
        self.covariance = kept @ self.covariance @ kept.T + gain @ noise @ gain.T

    def state(self) -> dict[str, Any]:
        """Return mean and covariance as plain numbers."""
        return {"x": self.mean.tolist(), "P": self.covariance.tolist()}

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Kalman:
        """Return the filter that `state` was taken from."""
        return cls(np.array(state["x"], np.float64), np.array(state["P"], np.float64))
