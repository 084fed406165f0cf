"""Which samples of a track show most of a person: the best one, and those that differ most from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..schema import FloatArray

_MIN_QUALITY = 0.5
"""Share of the best sample's quality below which a sample is not worth learning from, however different it looks: the
farthest of all embeddings are those of blurred and half hidden faces."""
_MIN_NEWS = 0.02
"""Cosine distance to the nearest sample already chosen that makes another one news. Frames of a still face differ by less."""


def choose_varied(
    qualities: FloatArray, embeddings: FloatArray, n: int, taken: Sequence[int] = (), usable: Sequence[int] | None = None
) -> list[int]:
    """Choose samples that are good and differ: the best first, then again and again the farthest from all chosen.

    Args:
        qualities: (m,) float32 in [0, 1].
        embeddings: (m, d), L2-normalised.
        n: How many to choose at most, besides those taken.
        taken: Samples that were chosen before.
        usable: Samples to choose from; all where None.

    Returns:
        Rows in the order of the choice.

    Source: Gonzalez, Clustering to minimize the maximum intercluster distance, 1985 (farthest-point traversal).
    """
    pool = [row for row in (range(len(qualities)) if usable is None else usable) if row not in set(taken)]
    best = max((float(qualities[row]) for row in [*pool, *taken]), default=0.0)
    pool = [row for row in pool if qualities[row] >= _MIN_QUALITY * best]
    vectors = embeddings.astype(np.float32)
    chosen: list[int] = []
    while pool and len(chosen) < n:
        known = [*taken, *chosen]
        if known:
            news = 1 - (vectors[pool] @ vectors[known].T).max(axis=1)
            if float(news.max()) < _MIN_NEWS:
                break
            chosen.append(pool.pop(int(news.argmax())))
        else:
            chosen.append(pool.pop(int(np.argmax(qualities[pool]))))
    return chosen
