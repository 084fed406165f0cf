"""Unnamed people over many videos: every new track joins somebody seen before, or begins somebody new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..schema import BoolArray, FloatArray, IntArray
from .grouping import group_tracks


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """Who each track was taken for.

    Attributes:
        unknown_ids: One id a track; ids above those known before are new people.
        centres: New mean embedding and number of tracks of every id that got a track.
    """

    unknown_ids: tuple[int, ...]
    centres: Mapping[int, tuple[FloatArray, int]]


def assign_unknowns(
    embeddings: FloatArray,
    apart: BoolArray,
    known: Mapping[int, tuple[FloatArray, int]],
    min_similarity: float,
    next_id: int,
    forbidden: Sequence[frozenset[int]] = (),
) -> Assignment:
    """Give each track the number of an unknown person, without ever renumbering anybody.

    The tracks are grouped among themselves first, because together they show a person better than one by one. A group
    then joins the known person it is most like; two groups that hold faces of one moment never join the same one.

    Args:
        embeddings: (n, d) float32, L2-normalised, one a track; n may be 0.
        apart: (n, n) bool: True where two tracks cannot be one person.
        known: Mean embedding and number of tracks of each person known by number.
        min_similarity: Cosine between a group's mean and a person's mean that makes them one.
        next_id: First number that was never given.
        forbidden: For each track, numbers that it may not get; empty for no such rule.

    Returns:
        Assignment for the n tracks.
    """
    groups = group_tracks(embeddings, apart, min_similarity)
    ids = np.zeros(len(embeddings), np.int64)
    centres: dict[int, tuple[FloatArray, int]] = {}
    taken: dict[int, list[int]] = {}
    for group in _largest_first(groups):
        rows = np.flatnonzero(groups == group).tolist()
        mean = _unit(embeddings[rows].sum(axis=0))
        barred = set().union(*(forbidden[row] for row in rows)) if forbidden else set()
        barred |= {number for number, others in taken.items() if apart[rows][:, others].any()}
        number = _nearest(mean, known, min_similarity, barred)
        if number is None:
            number, next_id = next_id, next_id + 1
        taken.setdefault(number, []).extend(rows)
        ids[rows] = number
        old, count = centres.get(number) or known.get(number) or (np.zeros_like(mean), 0)
        centres[number] = (_unit(old * count + embeddings[rows].sum(axis=0)), count + len(rows))
    return Assignment(tuple(ids.tolist()), centres)


def _largest_first(groups: IntArray) -> list[int]:
    labels, counts = np.unique(groups, return_counts=True)
    return [int(label) for label in labels[np.argsort(-counts, kind="stable")]]


def _nearest(
    mean: FloatArray, known: Mapping[int, tuple[FloatArray, int]], min_similarity: float, barred: set[int]
) -> int | None:
    scores = {number: float(mean @ centre) for number, (centre, _) in known.items() if number not in barred}
    best = max(scores, key=lambda number: (scores[number], -number), default=None)
    return best if best is not None and scores[best] >= min_similarity else None


def _unit(vector: FloatArray) -> FloatArray:
    unit: FloatArray = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
    return unit
