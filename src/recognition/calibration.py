"""Scores to probabilities: is this face the person it looks most like, or nobody we know?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from ..schema import DoubleArray, FloatArray, IntArray
from .gallery import Gallery

_PRIOR_WIDTH = np.array([3.0, 10.0, 5.0])
"""How far evidence may move the prior's bias, slope and margin weight: one standard deviation."""
_WORTH_OF_A_PERSON = 2.0
"""Independent observations that one person adds. Pictures of one person repeat each other, and strangers to a gallery of
three people are only those three: a small gallery moves the prior little, whatever the number of its pictures."""


@dataclass(frozen=True, slots=True)
class OpenSet:
    """Probability that a face is its best candidate: `1 / (1 + exp(-(bias + slope * best + margin * (best - second))))`.

    `best` and `second` are the two highest evidences of `Gallery.evidence`. A stranger resembles several people a little,
    a known person one of them clearly: that is what the margin adds.
    """

    bias: float
    slope: float
    margin: float

    def known(self, evidence: FloatArray) -> FloatArray:
        """Return (m,) float32 probabilities in [0, 1] for (m, k) evidence."""
        logits = _features(evidence) @ [self.bias, self.slope, self.margin]
        probability: FloatArray = (1 / (1 + np.exp(-np.clip(logits, -50, 50)))).astype(np.float32)
        return probability

    @property
    def threshold(self) -> float:
        """Evidence of a face without any rival at which known and unknown are equally likely, with a margin of 0.15."""
        return float((-self.bias - 0.15 * self.margin) / self.slope)

    def to_dict(self) -> dict[str, Any]:
        """Return the three numbers by name."""
        return asdict(self)


def fit_open_set(gallery: Gallery, prior: OpenSet) -> OpenSet:
    """Learn from a gallery where its people end and strangers begin.

    Every picture is once a genuine probe (compared with all other pictures) and once a stranger (its own person taken out
    of the gallery); the faces of the `Unknown` folder are strangers too. Both kinds weigh the same. The prior stands in
    where a gallery is too small to say much.

    Args:
        gallery: Known people and strangers.
        prior: What holds for the engine in general.

    Source: Platt, Probabilistic outputs for support vector machines, 1999, with a Gaussian prior on the weights.
    """
    genuine, strangers = _genuine_and_strangers(gallery)
    if not len(genuine) or not len(strangers):
        return prior
    features = np.concatenate([_features(genuine), _features(strangers)])
    targets = np.concatenate([np.ones(len(genuine)), np.zeros(len(strangers))])
    weights = np.concatenate([_shares(len(genuine)), _shares(len(strangers))])
    weights *= _WORTH_OF_A_PERSON * len(gallery.people)
    centre = np.array([prior.bias, prior.slope, prior.margin])

    def loss(parameters: DoubleArray) -> float:
        logits = features @ parameters
        likelihood = np.logaddexp(0, np.where(targets > 0, -logits, logits)) @ weights
        return float(likelihood + 0.5 * (((parameters - centre) / _PRIOR_WIDTH) ** 2).sum())

    bounds = [(None, None), (1.0, None), (0.0, None)]
    bias, slope, margin = minimize(loss, centre, method="L-BFGS-B", bounds=bounds).x
    return OpenSet(float(bias), float(slope), float(margin))


def _genuine_and_strangers(gallery: Gallery) -> tuple[FloatArray, FloatArray]:
    known = gallery.known()
    evidence = known.evidence_without_self()
    rows = np.arange(len(evidence))
    own = evidence[rows, known.labels]
    without_own = evidence.copy()
    without_own[rows, known.labels] = -1.0
    genuine = evidence[(own > -1) & (evidence.argmax(axis=1) == known.labels)]
    strangers = without_own[without_own.max(axis=1) > -1] if len(known.people) > 1 else without_own[:0]
    return genuine, np.concatenate([strangers, known.evidence(gallery.strangers)])


def _features(evidence: FloatArray) -> DoubleArray:
    """Columns 1, best, best minus second best; a single person's rival is a face like nobody."""
    if not evidence.shape[1]:
        return np.tile([1.0, -1.0, 0.0], (len(evidence), 1))
    rows, winners = np.arange(len(evidence)), evidence.argmax(axis=1)
    best = evidence[rows, winners].astype(np.float64)
    # Two passes for the two largest: sorting hundreds of people for each of millions of faces takes far longer.
    rest = evidence.copy()
    rest[rows, winners] = 0.0
    second = np.maximum(rest.max(axis=1), 0.0).astype(np.float64)
    return np.stack([np.ones(len(best)), best, np.maximum(best - second, 0.0)], axis=1)


def _shares(count: int) -> DoubleArray:
    return np.full(count, 1.0 / count)


def fit_temperature(scores: FloatArray, labels: IntArray) -> float:
    """Find the factor that makes the softmax of scores as probable as the true labels allow.

    Args:
        scores: (n, k) float of held-out faces.
        labels: (n,) int64 in [0, k).

    Returns:
        Factor in [0.1, 100]; 1 where there is nothing to learn from.

    Source: Guo et al., On calibration of modern neural networks, ICML 2017 (temperature scaling; this is its inverse).
    """
    if not len(labels) or scores.shape[1] < 2:
        return 1.0

    def loss(log_factor: float) -> float:
        return float(-np.log(softmax(scores, np.exp(log_factor))[np.arange(len(labels)), labels] + 1e-12).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.1), np.log(100.0)), method="bounded").x))


def softmax(scores: FloatArray, factor: float) -> FloatArray:
    """Return (n, k) float32 probabilities, a row summing to 1."""
    # In place: with hundreds of people and thousands of faces each temporary costs more than the arithmetic.
    probability: FloatArray = (scores - scores.max(axis=1, keepdims=True, initial=-np.inf)).astype(np.float32, copy=False)
    probability *= np.float32(factor)
    np.exp(probability, out=probability)
    probability /= probability.sum(axis=1, keepdims=True)
    return probability
