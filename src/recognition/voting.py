"""The samples of a track agree on one name, or on none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..schema import BoolArray, DoubleArray, FloatArray

Voting = Literal["weighted", "majority"]
"""How samples vote: `weighted`, ours, or `majority`, the plain double majority of the original FaceRec."""

_LEAST_WEIGHT = 1e-6
"""Worthless samples still vote where there are no others."""
_SURE = 0.999
"""No sample is surer than this, for or against: a single mistake of the calibration must not decide."""
_REPETITION = 0.7
"""What further samples of a track add: they resemble each other, so that n of them are worth 1 + 0.7 ln n independent ones.
Measured on the videos for tuning (evaluation/README.md): 0 gives a mean F1 of 0.79, 0.7 gives 0.81, 1 hardly more."""
_OPINION = 0.1
"""Confidence from which a weighted sample has an opinion: one that knows nobody is no vote for whomever it resembles most."""
_WORTH_HEARING = 1 / 3
"""Share of the best sample's quality from which a sample has a vote."""
_ROUNDING = 1e-9
"""Limits are met in spite of this much: the mean of three times 0.7 is a little less than 0.7."""


@dataclass(frozen=True, slots=True)
class VotingRule:
    """When a track gets the name that most of its samples carry.

    Attributes:
        confidence_threshold: The track's confidence in the name, at least.
        dominant_ratio: Share of the samples that carry the name, at least; with `majority` it must be more than this.
        weighted_dominant_ratio: Their `Vote.weighted_ratio`, at least; with `majority` it must be more than this.
        min_length: Samples of the track, at least.
        voting: How the samples vote.
    """

    confidence_threshold: float = 0.5
    dominant_ratio: float = 0.5
    weighted_dominant_ratio: float = 0.5
    min_length: int = 1
    voting: Voting = "weighted"


@dataclass(frozen=True, slots=True)
class Vote:
    """What the samples say together.

    Attributes:
        name: The name that wins; None without samples, and without a winner.
        ratio: Share of the samples that carry it; with `weighted`, of those that have an opinion, where any has.
        weighted_ratio: Share of the weight that it carries; with `majority` the sum of its confidences by all samples.
        confidence: In the name, of the samples that carry it: `joint_confidence`; with `majority` their mean.
        n_samples: All samples.
    """

    name: str | None
    ratio: float
    weighted_ratio: float
    confidence: float
    n_samples: int


def count_votes(
    names: Sequence[str], confidences: FloatArray | DoubleArray, weights: FloatArray | None = None, voting: Voting = "weighted"
) -> Vote:
    """Let the samples of a track vote for its name.

    - `weighted`: every sample votes with its confidence times its weight, and the name with most weight wins. Samples with a
      confidence below 0.1 have no opinion: they count neither for nor against it in `Vote.ratio`.
    - `majority`: the name that most samples carry wins if it is also the one with the largest sum of confidences; else
      nobody does. Weights are not used.

    Args:
        names: The likeliest person of each of n samples; n may be 0.
        confidences: (n,) of that person, in [0, 1].
        weights: (n,) in [0, 1], what each sample is worth: a tiny or blurred face may not outvote a good one. By default
            all are worth the same.
        voting: One of the two.

    Returns:
        The vote. Of names that are equal the one that comes first in the alphabet wins.

    Source: Lisena, Laaksonen and Troncy, FaceRec: An Interactive Framework for Face Recognition in Video Archives, DataTV
    2021, and the program it describes, for `majority`.
    """
    if not names:
        return Vote(None, 0.0, 0.0, 0.0, 0)
    values = confidences.astype(np.float64)
    return _majority(names, values) if voting == "majority" else _weighted(names, values, weights)


def worth_hearing(qualities: FloatArray) -> BoolArray:
    """Say which samples of a track have a vote: the good ones, by size, sharpness, pose and detector score.

    A weight alone would let many poor faces outvote a good one: a head that turns away shows more profile than face.

    Args:
        qualities: (n,) float32 in [0, 1].

    Returns:
        (n,) bool, True for those with a third of the best one's quality or more.
    """
    heard: BoolArray = qualities >= _WORTH_HEARING * qualities.max(initial=0)
    return heard


def _weighted(names: Sequence[str], confidences: DoubleArray, weights: FloatArray | None) -> Vote:
    worth = np.ones(len(names)) if weights is None else np.maximum(weights, _LEAST_WEIGHT)
    mass = np.maximum(confidences, _LEAST_WEIGHT) * worth
    sums = _sums(names, mass)
    winner = max(sums, key=lambda name: sums[name])
    own = np.array([name == winner for name in names])
    sure = confidences >= _OPINION if (confidences >= _OPINION).any() else np.ones(len(names), bool)
    share = sums[winner] / float(mass.sum())
    return Vote(winner, float(own[sure].mean()), share, joint_confidence(confidences[own], mass[own]), len(names))


def _majority(names: Sequence[str], confidences: DoubleArray) -> Vote:
    counts, sums = Counter(sorted(names)), _sums(names, confidences)
    winner = max(counts, key=lambda name: counts[name])
    count, n_samples = counts[winner], len(names)
    heaviest = max(sums, key=lambda name: sums[name])
    mean = sums[winner] / count
    return Vote(winner if winner == heaviest else None, count / n_samples, sums[winner] / n_samples, mean, n_samples)


def _sums(names: Sequence[str], values: DoubleArray) -> dict[str, float]:
    sums: dict[str, float] = dict.fromkeys(sorted(names), 0.0)
    for name, value in zip(names, values.tolist(), strict=True):
        sums[name] += value
    return sums


def joint_confidence(confidences: DoubleArray, weights: DoubleArray) -> float:
    """Join the confidences that samples of one face have in one name.

    The mean of their log-odds, by weight, grows with the number of samples: what many samples hold for likely is likelier
    than each of them says, and what many hold for unlikely is less so.

    Args:
        confidences: (n,) in [0, 1]; n at least 1. More than 0.999 counts as 0.999, less than 0.001 as 0.001.
        weights: (n,) positive. The number of samples is what they are worth together (Kish): samples of little weight
            hardly count.

    Returns:
        In [0, 1]; of one sample its own confidence.

    Source: Satopää et al., Combining multiple probability predictions using a simple logit model, International Journal of
    Forecasting 30, 2014: the mean of the log-odds times a factor. That the factor grows with n is ours.
    """
    sure = np.clip(confidences, 1 - _SURE, _SURE)
    worth = float(weights.sum() ** 2 / (weights**2).sum())
    evidence = float(np.average(np.log(sure / (1 - sure)), weights=weights)) * (1 + _REPETITION * np.log(max(worth, 1.0)))
    return float(1 / (1 + np.exp(-evidence)))


def accepts(rule: VotingRule, vote: Vote, confidence: float) -> bool:
    """Say whether a vote gives the track its name.

    All limits are inclusive, but for the two ratios of `majority`: a majority is more than its share.

    Args:
        rule: The limits.
        vote: What the samples say, counted by the rule's `voting`.
        confidence: Of the track in the winning name.
    """
    return (
        vote.name is not None
        and vote.n_samples >= rule.min_length
        and at_least(confidence, rule.confidence_threshold)
        and _reaches(rule, vote.ratio, rule.dominant_ratio)
        and _reaches(rule, vote.weighted_ratio, rule.weighted_dominant_ratio)
    )


def at_least(value: float, limit: float) -> bool:
    """Compare but for rounding."""
    return value >= limit - _ROUNDING


def _reaches(rule: VotingRule, ratio: float, limit: float) -> bool:
    return not at_least(limit, ratio) if rule.voting == "majority" else at_least(ratio, limit)
