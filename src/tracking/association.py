"""Which box of this frame goes on with which track."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
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


def associate(similarity: FloatArray, minimum: float) -> Association:
    """Pair boxes with tracks so that the sum of similarities is largest.

    Args:
        similarity: (n, m) float, box against track; either may be 0. Pairs that may not be made hold -inf.
        minimum: Pairs with less are not made; one with exactly this much is.

    Returns:
        Association in the order of the boxes.

    Source: Bewley et al., Simple Online and Realtime Tracking, ICIP 2016, section 3.3, with IoU as similarity.
    """
    n, m = similarity.shape
    # Forbidden pairs cost nothing instead of infinitely much, and are taken out afterwards, as too weak ones are.
    allowed = similarity >= minimum
    rows, columns = linear_sum_assignment(np.where(allowed, similarity - minimum + 1e-3, 0.0), maximize=True)
    made = allowed[rows, columns]
    pairs = np.stack([rows[made], columns[made]], axis=1).astype(np.int64)
    return Association(
        pairs,
        np.setdiff1d(np.arange(n, dtype=np.int64), pairs[:, 0]),
        np.setdiff1d(np.arange(m, dtype=np.int64), pairs[:, 1]),
    )
