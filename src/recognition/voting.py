"""The samples of a track agree on one name, or on none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..schema import FloatArray


@dataclass(frozen=True, slots=True)
class VotingRule:
    """When a track gets the name that most of its samples carry.

    Attributes:
        confidence_threshold: The track's confidence in the name, at least.
        dominant_ratio: Share of the samples that carry the name, at least.
        weighted_dominant_ratio: Share of the samples' weight that the name carries, at least.
        min_length: Samples of the track, at least.
    """

    confidence_threshold: float = 0.5
    dominant_ratio: float = 0.5
    weighted_dominant_ratio: float = 0.5
    min_length: int = 1


@dataclass(frozen=True, slots=True)
class Vote:
    """What the samples say together.

    Attributes:
        name: The name with most weight; None without samples.
        ratio: Share of the samples that carry it.
        weighted_ratio: Share of the weight that it carries.
        confidence: Mean confidence of the samples that carry it, weighted.
        n_samples: All samples.
    """

    name: str | None
    ratio: float
    weighted_ratio: float
    confidence: float
    n_samples: int


def count_votes(names: Sequence[str], confidences: FloatArray, weights: FloatArray) -> Vote:
    """Let every sample vote for its name with its confidence times its weight.

    Args:
        names: The likeliest person of each of n samples.
        confidences: (n,) of that person, in [0, 1].
        weights: (n,) in [0, 1], what each sample is worth: a tiny or blurred face may not outvote a good one.

    Returns:
        The vote. Of names with equal weight the one that comes first in the alphabet wins.
    """
    if not names:
        return Vote(None, 0.0, 0.0, 0.0, 0)
    mass = np.maximum(confidences.astype(np.float64), 1e-6) * np.maximum(weights, 1e-6)
    sums: dict[str, float] = {name: 0.0 for name in sorted(names)}
    for name, weight in zip(names, mass, strict=True):
        sums[name] += float(weight)
    winner = max(sums, key=lambda name: sums[name])
    own = np.array([name == winner for name in names])
    return Vote(
        winner,
        float(own.mean()),
        sums[winner] / float(mass.sum()),
        float(np.average(confidences[own], weights=np.maximum(weights[own], 1e-6))),
        len(names),
    )


def accepts(rule: VotingRule, vote: Vote, confidence: float) -> bool:
    """Say whether a vote gives the track its name; all limits are inclusive.

    Args:
        rule: The limits.
        vote: What the samples say.
        confidence: Of the track in the winning name.
    """
    return (
        vote.name is not None
        and vote.n_samples >= rule.min_length
        and confidence >= rule.confidence_threshold
        and vote.ratio >= rule.dominant_ratio
        and vote.weighted_ratio >= rule.weighted_dominant_ratio
    )
