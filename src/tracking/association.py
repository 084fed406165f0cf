"""Which box of this sample goes on with which track."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ..schema import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Association:
    """Pairs of boxes and tracks.

    Attributes:
        pairs: (k, 2) int64, box and track.
        boxes: (n - k,) int64, boxes without a track.
        tracks: (m - k,) int64, tracks without a box.
    """

    pairs: IntArray
    boxes: IntArray
    tracks: IntArray

    @staticmethod
    def none(n: int, m: int) -> Association:
        """Return n boxes and m tracks without a pair."""
        return Association(np.zeros((0, 2), np.int64), np.arange(n, dtype=np.int64), np.arange(m, dtype=np.int64))

    def then(self, boxes: IntArray, tracks: IntArray, further: Association) -> Association:
        """Add the pairs of a further association.

        Args:
            boxes: (a,) int64, boxes that the further one was given, all without a track here.
            tracks: (b,) int64, tracks that it was given.
            further: Of these boxes and tracks, counted from 0.
        """
        added = np.stack([boxes[further.pairs[:, 0]], tracks[further.pairs[:, 1]]], axis=1)
        pairs = np.concatenate([self.pairs, added])
        return Association(pairs, np.setdiff1d(self.boxes, added[:, 0]), np.setdiff1d(self.tracks, added[:, 1]))


def associate(similarity: NDArray[np.floating], minimum: float, value: NDArray[np.floating] | None = None) -> Association:
    """Pair boxes with tracks so that the sum of values is largest, then reject pairs that are not similar enough.

    Args:
        similarity: (n, m) float, box against track; either may be 0. -inf marks pairs that may not be made.
        minimum: Pairs with less are rejected; one with exactly this much is not.
        value: (n, m) float, what is made largest; the similarity by default.

    Returns:
        Association in the order of the boxes.

    Source: Bewley et al., Simple Online and Realtime Tracking, ICIP 2016, section 3.3, with IoU as similarity.
    """
    n, m = similarity.shape
    # What may not be paired is worth nothing instead of infinitely little, and is taken out with what is too weak.
    worth = np.where(np.isneginf(similarity), 0.0, similarity if value is None else value)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    made = similarity[rows, columns] >= minimum
    pairs = np.stack([rows[made], columns[made]], axis=1).astype(np.int64)
    return Association(
        pairs,
        np.setdiff1d(np.arange(n, dtype=np.int64), pairs[:, 0]),
        np.setdiff1d(np.arange(m, dtype=np.int64), pairs[:, 1]),
    )


def cosine_similarities(embeddings: FloatArray, known: FloatArray) -> FloatArray:
    """Return the (n, m) cosines of (n, d) L2-normalised embeddings with (m, d) vectors of any length but 0."""
    result: FloatArray = embeddings @ known.T / np.maximum(np.linalg.norm(known, axis=1), 1e-12)
    return result


def only_from(similarity: FloatArray, minimum: float) -> FloatArray:
    """Forbid the pairs that are less similar than a minimum: they then take no other pair's place."""
    return np.where(similarity >= minimum, similarity, np.float32(-np.inf))
