"""The votes of a track's samples, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from src.recognition.voting import Vote, VotingRule, accepts, count_votes


def votes(*samples: tuple[str, float, float]) -> Vote:
    names, confidences, weights = zip(*samples, strict=True) if samples else ((), (), ())
    return count_votes(names, np.array(confidences, np.float32), np.array(weights, np.float32))


@pytest.mark.parametrize(
    ("samples", "name", "ratio", "weighted"),
    [
        ([("A", 0.9, 1.0)], "A", 1.0, 1.0),
        # Two good samples against three doubtful ones: 1.8 of 2.4 is three quarters.
        ([("A", 0.9, 1), ("A", 0.9, 1), ("B", 0.2, 1), ("B", 0.2, 1), ("B", 0.2, 1)], "A", 0.4, 0.75),
        # A tiny face with high confidence may not outvote a good one.
        ([("A", 0.6, 1.0), ("B", 0.9, 0.1)], "A", 0.5, 0.6 / 0.69),
        # A tie goes by the alphabet, whatever the order of the samples.
        ([("B", 0.5, 1), ("A", 0.5, 1)], "A", 0.5, 0.5),
    ],
)
def test_weight_wins(samples: list[tuple[str, float, float]], name: str, ratio: float, weighted: float) -> None:
    vote = votes(*samples)
    assert vote.name == name
    assert vote.ratio == pytest.approx(ratio)
    assert vote.weighted_ratio == pytest.approx(weighted, rel=1e-5)
    assert vote.n_samples == len(samples)


def test_nobody_votes() -> None:
    vote = votes()
    assert vote.name is None
    assert not accepts(VotingRule(0, 0, 0, 1), vote, 1.0)


def test_the_order_of_the_samples_does_not_matter() -> None:
    samples = [("A", 0.3, 0.5), ("B", 0.8, 0.9), ("A", 0.7, 0.2), ("C", 0.1, 1.0)]
    forward, backward = votes(*samples), votes(*samples[::-1])
    assert forward.name == backward.name
    assert forward.weighted_ratio == pytest.approx(backward.weighted_ratio)


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({}, True),
        ({"confidence_threshold": 0.8}, True),
        ({"confidence_threshold": 0.81}, False),
        ({"dominant_ratio": 0.75}, True),
        ({"dominant_ratio": 0.76}, False),
        ({"weighted_dominant_ratio": 0.9}, True),
        ({"weighted_dominant_ratio": 0.91}, False),
        ({"min_length": 4}, True),
        ({"min_length": 5}, False),
    ],
)
def test_limits_are_inclusive(change: dict[str, float], accepted: bool) -> None:
    vote = Vote("A", ratio=0.75, weighted_ratio=0.9, confidence=0.8, n_samples=4)
    assert accepts(VotingRule(**change), vote, 0.8) is accepted
