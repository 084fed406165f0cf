"""Groups of tracks that look like one unnamed person."""

from __future__ import annotations

import numpy as np

from ..errors import ShapeError
from ..schema import BoolArray, FloatArray, IntArray

_APART = 10.0
"""Distance of two tracks that cannot be one person: larger than any average of cosine distances makes up for."""


def group_tracks(embeddings: FloatArray, apart: BoolArray, min_similarity: float) -> IntArray:
    """Group tracks by average-linkage clustering of their embeddings.

    Args:
        embeddings: (n, d) float32, L2-normalised, one a track; n may be 0.
        apart: (n, n) bool, symmetric: True where two tracks cannot be one person, being seen at the same moment.
        min_similarity: Mean cosine between two groups that makes them one.

    Returns:
        (n,) int64 group of each track, numbered from 0 in the order of their first track.

    Raises:
        ShapeError: `apart` is not (n, n).

    Source: Sokal and Michener, A statistical method for evaluating systematic relationships, 1958 (average linkage);
    the cannot-link rule as in Wagstaff et al., Constrained k-means clustering, ICML 2001.
    """
    n = len(embeddings)
    if apart.shape != (n, n):
        raise ShapeError("apart", f"({n}, {n})", apart.shape)
    if n < 2:
        return np.zeros(n, np.int64)
    from sklearn.cluster import AgglomerativeClustering

    distances = np.where(apart, _APART, 1 - embeddings @ embeddings.T)
    np.fill_diagonal(distances, 0)
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - min_similarity
    )
    labels = clustering.fit_predict(distances)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank: IntArray = np.argsort(np.argsort(first)).astype(np.int64)
    return rank[inverse]
