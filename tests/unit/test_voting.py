"""The votes of a track's samples, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from src.recognition.voting import Vote, Voting, VotingRule, accepts, count_votes, joint_confidence, worth_hearing


def votes(*samples: tuple[str, float, float], voting: Voting = "weighted") -> Vote:
    names, confidences, weights = zip(*samples, strict=True) if samples else ((), (), ())
    return count_votes(names, np.array(confidences, np.float32), np.array(weights, np.float32), voting)


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
        # Who knows nobody abstains; where nobody knows anybody, all count.
        ([("A", 0.9, 1), ("A", 0.1, 1), ("B", 0.09, 1), ("C", 0.01, 1)], "A", 1.0, 1.0 / 1.1),
        ([("A", 0.09, 1), ("B", 0.01, 1)], "A", 0.5, 0.9),
    ],
)
def test_weight_wins(samples: list[tuple[str, float, float]], name: str, ratio: float, weighted: float) -> None:
    vote = votes(*samples)
    assert vote.name == name
    assert vote.ratio == pytest.approx(ratio)
    assert vote.weighted_ratio == pytest.approx(weighted, rel=1e-5)
    assert vote.n_samples == len(samples)


def test_poor_faces_have_no_vote_beside_good_ones() -> None:
    qualities = np.array([0.9, 0.3, 0.29, 0.05], np.float32)
    assert worth_hearing(qualities).tolist() == [True, True, False, False]
    # Where all are poor, all are heard.
    assert worth_hearing(np.array([0.05, 0.04], np.float32)).all()
    assert worth_hearing(np.zeros(2, np.float32)).all()
    assert worth_hearing(np.zeros(0, np.float32)).shape == (0,)


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


@pytest.mark.parametrize(
    ("samples", "name", "ratio", "weighted", "confidence"),
    [
        ([("A", 0.9)], "A", 1.0, 0.9, 0.9),
        # Most samples and most confidence: the sum 1.5 by all four samples, and by its own three.
        ([("A", 0.6), ("A", 0.5), ("A", 0.4), ("B", 0.9)], "A", 0.75, 0.375, 0.5),
        # Most samples say A, most confidence says B: nobody wins.
        ([("A", 0.2), ("A", 0.2), ("A", 0.2), ("B", 0.9), ("B", 0.9)], None, 0.6, 0.12, 0.2),
        # A tie goes by the alphabet, whatever the order of the samples.
        ([("B", 0.5), ("A", 0.5)], "A", 0.5, 0.25, 0.5),
    ],
)
def test_majority_counts_samples(
    samples: list[tuple[str, float]], name: str | None, ratio: float, weighted: float, confidence: float
) -> None:
    vote = votes(*((name, confidence, 1.0) for name, confidence in samples), voting="majority")
    assert (vote.name, vote.n_samples) == (name, len(samples))
    assert (vote.ratio, vote.weighted_ratio, vote.confidence) == pytest.approx((ratio, weighted, confidence), rel=1e-6)


def test_majority_does_not_look_at_the_quality() -> None:
    samples = [("A", 0.6, 0.1), ("A", 0.6, 0.1), ("B", 0.9, 1.0)]
    assert votes(*samples, voting="majority").name == "A"
    assert votes(*samples).name == "B"


def test_no_sample_no_majority() -> None:
    assert votes(voting="majority") == Vote(None, 0.0, 0.0, 0.0, 0)


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({}, True),
        ({"dominant_ratio": 0.75}, False),
        ({"dominant_ratio": 0.74}, True),
        ({"weighted_dominant_ratio": 0.9}, False),
        ({"weighted_dominant_ratio": 0.89}, True),
        ({"confidence_threshold": 0.8}, True),
        ({"min_length": 4}, True),
    ],
)
def test_a_majority_is_more_than_its_share(change: dict[str, float], accepted: bool) -> None:
    vote = Vote("A", ratio=0.75, weighted_ratio=0.9, confidence=0.8, n_samples=4)
    assert accepts(VotingRule(voting="majority", **change), vote, 0.8) is accepted  # type: ignore[arg-type]


def test_limits_are_met_but_for_rounding() -> None:
    """The sum of three times 0.7 is 2.0999999999999996."""
    mean = (0.7 + 0.7 + 0.7) / 3
    assert mean < 0.7
    assert accepts(VotingRule(0.7), Vote("A", 1.0, 1.0, mean, 3), mean)
    # Nor does rounding make a majority of a share.
    assert not accepts(VotingRule(0, 0.6, 0.3, voting="majority"), Vote("A", 0.6 + 1e-12, 0.5, mean, 5), mean)


@pytest.mark.parametrize(
    ("confidences", "weights", "joint"),
    [
        ([0.7], [0.3], 0.7),
        # ln(0.7 / 0.3) = 0.847, times 1 + 0.7 ln 2 = 1.485, is 1.258.
        ([0.7, 0.7], [1, 1], 0.779),
        ([0.3, 0.3], [1, 1], 0.221),
        ([0.5] * 9, [1] * 9, 0.5),
        # Opposite samples of equal weight say nothing.
        ([0.9, 0.1], [1, 1], 0.5),
        # A sample of hardly any weight is no second one, and no contradiction.
        ([0.7, 0.1], [1, 1e-9], 0.7),
        # A single sample is never surer than 0.999.
        ([1.0], [1], 0.999),
        ([0.0], [1], 0.001),
    ],
)
def test_samples_strengthen_each_other(confidences: list[float], weights: list[float], joint: float) -> None:
    assert joint_confidence(np.array(confidences), np.array(weights, np.float64)) == pytest.approx(joint, abs=1e-3)


def test_a_few_poor_samples_hardly_matter() -> None:
    """A face turned away in two of five samples: their mean would be 0.61."""
    vote = votes(*(("A", confidence, 1.0) for confidence in (0.06, 0.04, 0.99, 0.95, 1.0)))
    assert vote.confidence > 0.98


def test_votes_leave_their_input_alone() -> None:
    confidences, weights = np.array([0.0, 1.0], np.float32), np.array([0.0, 1.0], np.float32)
    for voting in ("weighted", "majority"):
        count_votes(["A", "B"], confidences, weights, voting)  # type: ignore[arg-type]
    np.testing.assert_array_equal(confidences, [0, 1])
    np.testing.assert_array_equal(weights, [0, 1])
