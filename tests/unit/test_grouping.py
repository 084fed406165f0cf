"""Groups of unnamed tracks."""

from __future__ import annotations

import numpy as np
import pytest

from src.clusters.grouping import group_tracks
from src.errors import ShapeError
from src.schema import BoolArray, FloatArray


def near(axes: list[int], seed: int = 0) -> FloatArray:
    """Unit vectors close to the axes of a space."""
    vectors = np.eye(8)[axes] + np.random.default_rng(seed).normal(0, 0.05, (len(axes), 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def free(n: int) -> BoolArray:
    return np.zeros((n, n), np.bool_)


def test_tracks_of_one_person_are_one_group() -> None:
    assert group_tracks(near([0, 1, 0, 2, 1, 0]), free(6), 0.5).tolist() == [0, 1, 0, 2, 1, 0]


def test_faces_seen_at_the_same_moment_are_two_people() -> None:
    apart = free(3)
    apart[0, 1] = apart[1, 0] = True
    groups = group_tracks(near([0, 0, 0]), apart, 0.5)
    assert groups[0] != groups[1]
    assert groups[2] in (groups[0], groups[1])


@pytest.mark.parametrize(("n", "expected"), [(0, []), (1, [0])])
def test_few_tracks(n: int, expected: list[int]) -> None:
    assert group_tracks(near([0] * n), free(n), 0.5).tolist() == expected


def test_similarity_decides() -> None:
    pair = np.array([[1, 0], [0.6, 0.8]], np.float32)
    assert group_tracks(pair, free(2), 0.55).tolist() == [0, 0]
    assert group_tracks(pair, free(2), 0.65).tolist() == [0, 1]


def test_a_wrong_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match="apart"):
        group_tracks(near([0, 1]), free(3), 0.5)
