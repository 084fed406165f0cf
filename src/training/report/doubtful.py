"""The pictures that a person should look at first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...schema import UNKNOWN
from .inputs import HeldOut, Picture, TrainingPictures

MOST = 60
"""Doubtful pictures of a report: an evening's work, and 200 kB of thumbnails."""
_SURE = 0.8
"""Own confidence from which a picture that got its name is in no doubt."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A picture whose name its person's other pictures do not bear out.

    Attributes:
        picture: The picture.
        taken_for: Who it was taken for while it was held out, or `Unknown`; the own name where the doubt is small.
        nearest: The likeliest other person.
        confidence: In the own name. `other_confidence`: In the nearest.
    """

    picture: Picture
    taken_for: str
    nearest: str
    confidence: float
    other_confidence: float


def most_doubtful(pictures: TrainingPictures, held: HeldOut, limit: int = MOST) -> tuple[Doubtful, ...]:
    """Return the held-out pictures that are least like their name: most wrongly named first, then the least sure.

    Args:
        pictures: The training set.
        held: What was said of them.
        limit: How many at most.
    """
    if not len(held.labels):
        return ()
    rows = np.arange(len(held.labels))
    own = held.confidences[rows, held.labels]
    others = held.confidences.copy()
    others[rows, held.labels] = -1.0
    nearest, said = others.argmax(axis=1), held.named()
    rival = others[rows, nearest]
    is_wrong, is_doubtful = (said >= 0) & (said != held.labels), (said != held.labels) | (own < _SURE)
    order = np.lexsort((np.where(is_wrong, -rival, own), ~is_wrong))
    return tuple(
        Doubtful(
            pictures.used[held.rows[row]],
            held.people[said[row]] if said[row] >= 0 else UNKNOWN,
            held.people[nearest[row]],
            float(own[row]),
            float(max(rival[row], 0.0)),
        )
        for row in order[is_doubtful[order]][:limit].tolist()
    )
