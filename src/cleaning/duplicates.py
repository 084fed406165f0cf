"""The same picture twice, in one folder or in two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..records import Image
from ..schema import IntArray

NEAR = 10
"""Bits of 64 in which the hashes of two copies may differ: those of a copy whose light parts clip differ in so many. Many
pictures that are no copies do so too, and a look at the face decides."""
_CHUNK = 1024
"""Hashes that are compared with all others at a time."""


def near_pairs(images: Sequence[Image], near: int = NEAR) -> Iterator[tuple[int, int]]:
    """Yield the pairs of pictures that look alike as a whole, the first of a pair before the second.

    Args:
        images: Those without a hash are like no other.
        near: Bits that may differ.
    """
    rows = np.array([row for row, image in enumerate(images) if image.phash], np.int64)
    hashes = np.array([int(images[row].phash, 16) for row in rows], np.uint64)
    for start in range(0, len(rows), _CHUNK):
        differ = np.bitwise_count(hashes[start : start + _CHUNK, None] ^ hashes[None])
        for one, other in np.argwhere(differ <= near).tolist():
            if start + one < other:
                yield int(rows[start + one]), int(rows[other])


def copies_of(
    images: Sequence[Image], pairs: Sequence[tuple[int, int]], same: Callable[[Image, Image], bool]
) -> dict[int, int]:
    """Say which pictures are copies of which other ones.

    Of copies one stays: one that a person switched on, else the best face, else the first by path.

    Args:
        images: Of one person.
        pairs: Rows of pictures that look alike, as from `near_pairs`.
        same: Looks at two pictures closely.

    Returns:
        Row of the picture that stays, by the row of its copy. A picture that a person switched on is never a copy.
    """
    rank = {row: place for place, row in enumerate(_best_first(images))}
    found: dict[int, int] = {}
    for better, worse in sorted((sorted(pair, key=rank.__getitem__) for pair in pairs), key=lambda pair: (rank[pair[0]], pair)):
        free = better not in found and worse not in found and images[worse].state_by == "machine"
        if free and same(images[better], images[worse]):
            found[worse] = better
    return found


def _best_first(images: Sequence[Image]) -> IntArray:
    def key(row: int) -> tuple[bool, float, str]:
        image = images[row]
        return image.state_by == "machine", -(image.quality.overall if image.quality else 0.0), image.path

    return np.array(sorted(range(len(images)), key=key), np.int64)
