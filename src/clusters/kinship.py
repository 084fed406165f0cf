"""Tracks of one video that show one person: a face seen badly is like the same face seen well, and nothing in a gallery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..schema import BoolArray, FloatArray
from .grouping import group_tracks

WINDOW = 1500
"""Tracks that are compared with each other, in the order given: memory grows with the square, and who is seen within an hour
is what they have in common."""
_STEEPNESS = 27.0
"""Of the curve from similarity to probability. On pairs of faces of twelve people, some as bad footage shows them, six pairs
of two people for each of one, the logistic curve has this slope and is even at 0.34; `_BELOW` puts it where the groups of many
tracks need it: each has many others that it might resemble by chance."""
_BELOW = 0.1
"""The curve is even at so much less than the similarity that is asked for, where it is 0.94."""


@dataclass(frozen=True, slots=True)
class Kin:
    """A track that has a name and shows the same person as one that has none.

    Attributes:
        row: The named track.
        similarity: Cosine of the two, in [-1, 1].
        probability: That the two are one person, in [0, 1].
    """

    row: int
    similarity: float
    probability: float


def find_kin(embeddings: FloatArray, names: Sequence[str | None], apart: BoolArray, min_similarity: float) -> Mapping[int, Kin]:
    """Group the tracks of a video, and find for each without a name the nearest named one of its group.

    Tracks with two names are never of one group. A group holds together by the mean of its similarities, so that one chance
    resemblance to somebody named is not enough where the rest of a group is unlike them.

    Args:
        embeddings: (n, d) float32, L2-normalised, one a track, by time; n may be 0.
        names: Of each track; None where there is none.
        apart: (n, n) bool: True where two tracks cannot be one person.
        min_similarity: Mean cosine between two groups that makes them one.

    Returns:
        The kin of each row that has any.
    """
    result: dict[int, Kin] = {}
    for rows in _windows(len(names)):
        named = [row for row in rows if names[row] is not None]
        if named and len(named) < len(rows):
            result |= _kin_of(embeddings, names, apart, min_similarity, rows)
    return result


def _windows(n: int) -> Iterator[list[int]]:
    for start in range(0, n, WINDOW):
        yield list(range(start, min(start + WINDOW, n)))


def _kin_of(
    embeddings: FloatArray, names: Sequence[str | None], apart: BoolArray, min_similarity: float, rows: list[int]
) -> dict[int, Kin]:
    called = np.array([names[row] or "" for row in rows])
    other = (called[:, None] != called[None]) & (called != "")[:, None] & (called != "")[None]
    groups = group_tracks(embeddings[rows], apart[np.ix_(rows, rows)] | other, min_similarity)
    result = {}
    for at in np.flatnonzero(called == "").tolist():
        members = np.flatnonzero((groups == groups[at]) & (called != ""))
        if len(members):
            similarities = embeddings[[rows[member] for member in members]] @ embeddings[rows[at]]
            best = int(similarities.argmax())
            similarity = float(similarities[best])
            probability = float(1 / (1 + np.exp(-_STEEPNESS * (similarity - min_similarity + _BELOW))))
            result[rows[at]] = Kin(rows[int(members[best])], similarity, probability)
    return result
