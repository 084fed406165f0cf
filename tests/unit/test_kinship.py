"""Tracks of one video that show one person, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from src.clusters import kinship
from src.clusters.kinship import find_kin


def vectors(*angles: float) -> np.ndarray:
    """Directions in a plane, given in degrees: their cosines can be checked on paper."""
    radians = np.radians(angles)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def free(n: int) -> np.ndarray:
    return np.zeros((n, n), bool)


def test_a_track_follows_the_named_one_that_it_resembles() -> None:
    kin = find_kin(vectors(0, 20, 90), ["Ada", None, None], free(3), 0.5)
    assert set(kin) == {1}
    assert kin[1].row == 0
    assert abs(kin[1].similarity - np.cos(np.radians(20))) < 1e-6
    assert 0.9 < kin[1].probability <= 1


def test_a_chain_of_likenesses_reaches_further_than_one() -> None:
    # 0 and 60 degrees are just 0.5 apart; with 30 between them all three hold together.
    kin = find_kin(vectors(0, 30, 58), ["Ada", None, None], free(3), 0.5)
    assert set(kin) == {1, 2}


def test_two_faces_of_one_moment_are_never_kin() -> None:
    apart = free(2)
    apart[0, 1] = apart[1, 0] = True
    assert find_kin(vectors(0, 5), ["Ada", None], apart, 0.5) == {}


def test_between_two_names_the_nearer_one_counts() -> None:
    kin = find_kin(vectors(0, 30, 70), ["Ada", None, "Bob"], free(3), 0.5)
    assert kin[1].row == 0


def test_nobody_named_or_everybody_named_means_no_kin() -> None:
    assert find_kin(vectors(0, 5), [None, None], free(2), 0.5) == {}
    assert find_kin(vectors(0, 5), ["Ada", "Bob"], free(2), 0.5) == {}
    assert find_kin(np.zeros((0, 2), np.float32), [], free(0), 0.5) == {}


def test_probability_grows_with_similarity() -> None:
    near = find_kin(vectors(0, 10), ["Ada", None], free(2), 0.5)[1]
    far = find_kin(vectors(0, 59), ["Ada", None], free(2), 0.5)[1]
    assert near.probability > far.probability > 0.9


def test_long_videos_are_compared_a_window_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinship, "WINDOW", 2)
    kin = find_kin(vectors(0, 10, 10, 0), ["Ada", None, None, None], free(4), 0.5)
    assert set(kin) == {1}
