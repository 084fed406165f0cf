"""Whether the pictures of each person agree: wrong ones among them, two people under one name, one picture under two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...schema import FloatArray, IntArray

SAME_PICTURE = 0.97
"""Cosine from which two pictures are one, scaled or saved again: two shots of one moment stay below."""
_OTHERS = 0.95
"""Share of pairs of different people that look less alike than pictures that count as agreeing."""
_PAIRS = 20_000
"""Pairs of pictures that say how much different people look alike."""
_MOST_PICTURES = 400
"""Pictures of one person that are compared with each other; of more, evenly spread ones."""
_FEWEST = 5
"""Pictures below which it cannot be known which are the wrong ones."""
_CHUNK = 512


@dataclass(frozen=True, slots=True)
class Agreement:
    """Which pictures of one person belong together, as positions among them.

    Attributes:
        first: The largest group that agrees.
        second: Another group, large enough to be a person of its own; empty mostly.
        odd: Pictures that agree with neither.
    """

    first: tuple[int, ...]
    second: tuple[int, ...] = ()
    odd: tuple[int, ...] = ()


def study(embeddings: FloatArray, rows_of: Sequence[IntArray]) -> list[Agreement]:
    """Look at each person's pictures.

    Pictures agree that look more alike than nearly all pictures of two different people do; average linkage groups them.

    Args:
        embeddings: (n, d) float32, L2-normalised.
        rows_of: The rows of each person.
    """
    limit = _likeness_of_others(embeddings, rows_of)
    return [_agreement(embeddings[rows], limit) for rows in rows_of]


def _likeness_of_others(embeddings: FloatArray, rows_of: Sequence[IntArray]) -> float:
    """Return the cosine that few pairs of different people reach, but never more than is usual within one person."""
    labels = np.full(len(embeddings), -1, np.int64)
    for label, rows in enumerate(rows_of):
        labels[rows] = label
    known = np.flatnonzero(labels >= 0)
    if not len(known):
        return 0.0
    one, other = known[np.random.default_rng(0).integers(0, len(known), (2, _PAIRS))]
    cosine = np.einsum("nd,nd->n", embeddings[one], embeddings[other])
    apart, within = cosine[labels[one] != labels[other]], cosine[(labels[one] == labels[other]) & (one != other)]
    if not len(apart) or not len(within):
        return 0.0
    return float(min(np.quantile(apart, _OTHERS), np.median(within)))


def _agreement(embeddings: FloatArray, limit: float) -> Agreement:
    from scipy.cluster.hierarchy import fcluster, linkage

    step = max(1, -(-len(embeddings) // _MOST_PICTURES))
    places = np.arange(0, len(embeddings), step)
    if len(places) < _FEWEST:
        return Agreement(tuple(places.tolist()))
    cosine = embeddings[places] @ embeddings[places].T
    upper = np.triu_indices(len(places), 1)
    groups = fcluster(linkage(np.clip(1 - cosine[upper], 0, 2), "average"), 1 - limit, "distance")
    by_size = sorted((places[groups == group].tolist() for group in np.unique(groups)), key=len, reverse=True)
    # A person of its own: three pictures or more, and a fifth of all. What is smaller are single mistakes.
    person = max(3, len(places) / 5)
    second = by_size[1] if len(by_size) > 1 and len(by_size[1]) >= person else []
    odd = [place for group in by_size[1 + bool(second) :] for place in group]
    return Agreement(tuple(by_size[0]), tuple(second), tuple(sorted(odd)))


def look_alikes(embeddings: FloatArray, labels: IntArray) -> list[tuple[int, int]]:
    """Return pairs of pictures that are as good as the same and stand under two names: each with the nearest such one.

    Args:
        embeddings: (n, d) float32, L2-normalised.
        labels: (n,) int64, under whose name each stands.

    Returns:
        Rows, the lower one first.
    """
    pairs: set[tuple[int, int]] = set()
    for start in range(0, len(embeddings), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        cosine = embeddings[chunk] @ embeddings.T
        cosine[labels[chunk][:, None] == labels] = -1.0
        nearest = cosine.argmax(axis=1)
        for row in np.flatnonzero(cosine[np.arange(len(nearest)), nearest] >= SAME_PICTURE).tolist():
            one, other = sorted((start + row, int(nearest[row])))
            pairs.add((one, other))
    return sorted(pairs)
