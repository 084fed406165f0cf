"""Samples of a track thinned out so that the path of the box keeps its shape."""

from __future__ import annotations

import numpy as np

from ..schema import DoubleArray, FloatArray, IntArray


def thinned(npt: DoubleArray, boxes_xywh: FloatArray, max_points: int) -> IntArray:
    """Return which samples to keep: the first, the last, and of each stretch between the one that strays furthest.

    The samples between the first and the last are divided into as many stretches as points are left. Of each stretch that
    sample is kept whose box lies furthest from the line between the middles of the two stretches beside it.

    Args:
        npt: (n,) float64 seconds, rising.
        boxes_xywh: (n, 4) float32 pixels.
        max_points: At most so many are kept, 2 or more.

    Returns:
        (m,) int64 rows, rising; all of them where there are not more than `max_points`.

    Source: after Steinarsson, Downsampling Time Series for Visual Representation, 2013, section 4.2 (largest triangle three
    buckets), with the middle of the stretch before in the place of the point kept there, and four values in the place of one.
    """
    n = len(npt)
    if n <= max_points:
        return np.arange(n)
    if max_points <= 2:
        return np.array([0, n - 1])[:max_points]
    edges = np.linspace(1, n - 1, max_points - 1).round().astype(np.int64)
    starts, sizes = edges[:-1], np.diff(edges)
    points = np.column_stack([npt, boxes_xywh.astype(np.float64)])
    middles = np.add.reduceat(points[1 : n - 1], starts - 1, axis=0) / sizes[:, None]
    around = np.vstack([points[:1], middles, points[-1:]])
    before, after = (np.repeat(part, sizes, axis=0) for part in (around[:-2], around[2:]))
    inner = points[1 : n - 1]
    share = ((inner[:, 0] - before[:, 0]) / (after[:, 0] - before[:, 0]))[:, None]
    strays = np.linalg.norm(inner[:, 1:] - (before + share * (after - before))[:, 1:], axis=1)
    stretch = np.repeat(np.arange(len(sizes)), sizes)
    # Sorted by stretch, then by how far a sample strays, the last of each stretch is the one to keep.
    order = np.lexsort((-np.arange(n - 2), strays, stretch))
    kept = order[np.cumsum(sizes) - 1] + 1
    return np.concatenate([[0], np.sort(kept), [n - 1]])
