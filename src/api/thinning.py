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
    starts, sizes = edges[:-1] - 1, np.diff(edges)
    stretch = np.repeat(np.arange(len(sizes)), sizes)
    strays = _strays(npt, boxes_xywh, starts, sizes, stretch)
    furthest = np.flatnonzero(strays == np.maximum.reduceat(strays, starts)[stretch])
    # Of those that stray equally far, the first one of each stretch.
    kept = furthest[np.unique(stretch[furthest], return_index=True)[1]] + 1
    return np.concatenate([[0], kept, [n - 1]])


def _strays(npt: DoubleArray, boxes_xywh: FloatArray, starts: IntArray, sizes: IntArray, stretch: IntArray) -> DoubleArray:
    """Return how far, squared, each sample between the first and the last strays from the line of its stretch."""
    before, after = _beside(npt, starts, sizes)
    share = (npt[1:-1] - before[stretch]) / (after - before)[stretch]
    strays = np.zeros(len(stretch))
    # A column at a time: an eighth of the time that whole rows take, which do not stay in the processor's cache.
    for column in boxes_xywh.T.astype(np.float64):
        before, after = _beside(column, starts, sizes)
        strays += (column[1:-1] - before[stretch] - share * (after - before)[stretch]) ** 2
    strays[np.isnan(strays)] = np.inf
    return strays


def _beside(column: DoubleArray, starts: IntArray, sizes: IntArray) -> tuple[DoubleArray, DoubleArray]:
    """Return the middles of the stretches before and after each one; beside the outer ones lie the first and last sample."""
    middles = np.add.reduceat(column[1:-1], starts) / sizes
    around = np.concatenate([column[:1], middles, column[-1:]])
    return around[:-2], around[2:]
