"""Unknown people keep their numbers, whatever comes later."""

from __future__ import annotations

import numpy as np

from src.clusters.unknowns import assign_unknowns
from src.schema import BoolArray, FloatArray


def near(axes: list[int], seed: int = 0) -> FloatArray:
    """Unit vectors close to the axes of a space."""
    vectors = np.eye(8)[axes] + np.random.default_rng(seed).normal(0, 0.05, (len(axes), 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def free(n: int) -> BoolArray:
    return np.zeros((n, n), np.bool_)


def test_the_largest_group_gets_the_first_number() -> None:
    assigned = assign_unknowns(near([1, 0, 0, 2]), free(4), {}, 0.5, next_id=1)
    assert assigned.unknown_ids == (2, 1, 1, 3)
    assert {number: count for number, (_, count) in assigned.centres.items()} == {1: 2, 2: 1, 3: 1}


def test_a_later_video_joins_and_adds_without_renumbering() -> None:
    first = assign_unknowns(near([0, 0, 1]), free(3), {}, 0.5, next_id=1)
    later = assign_unknowns(near([2, 1, 0], seed=1), free(3), first.centres, 0.5, next_id=3)
    assert later.unknown_ids == (3, 2, 1)
    assert later.centres[1][1] == 3


def test_a_mean_is_of_all_tracks_ever_seen() -> None:
    known = {1: (near([0])[0], 9)}
    assigned = assign_unknowns(near([0], seed=2), free(1), known, 0.5, next_id=2)
    centre, count = assigned.centres[1]
    assert count == 10
    expected = near([0])[0] * 9 + near([0], seed=2)[0]
    np.testing.assert_allclose(centre, expected / np.linalg.norm(expected), atol=1e-6)


def test_faces_of_one_moment_are_never_one_person() -> None:
    apart = free(2)
    apart[0, 1] = apart[1, 0] = True
    known = {1: (near([0])[0], 5)}
    assigned = assign_unknowns(near([0, 0]), apart, known, 0.5, next_id=2)
    assert sorted(assigned.unknown_ids) == [1, 2]


def test_a_forbidden_number_is_not_given() -> None:
    known = {1: (near([0])[0], 5)}
    assigned = assign_unknowns(near([0]), free(1), known, 0.5, next_id=7, forbidden=[frozenset({1})])
    assert assigned.unknown_ids == (7,)


def test_nobody_to_assign() -> None:
    assigned = assign_unknowns(np.zeros((0, 8), np.float32), free(0), {}, 0.5, next_id=1)
    assert assigned.unknown_ids == ()
    assert not assigned.centres
