"""Scores to probabilities: is this face the person it looks most like, or nobody we know?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
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

    Attributes:
        bias, slope, margin: As in the formula.
        offsets: Added to the formula for each person, 0 or less: what was learned from faces that somebody said are not
            that person. Empty where nobody said so.
    """

    bias: float
    slope: float
    margin: float
    offsets: tuple[float, ...] = ()

    def known(self, evidence: FloatArray) -> FloatArray:
        """Return (m,) float32 probabilities in [0, 1] for (m, k) evidence, before any person's own offset."""
        return _probability(self._logits(evidence))

    def known_as(self, evidence: FloatArray) -> FloatArray:
        """Return the probability that a face is known, as it counts for each person.

        Args:
            evidence: (m, k) float32.

        Returns:
            (m, k) float32 in [0, 1]; (m, 1) where it is the same for all people.
        """
        logits = self._logits(evidence)
        common = _probability(logits)[:, None]
        if not any(self.offsets):
            return common
        result: FloatArray = np.repeat(common, evidence.shape[1], axis=1)
        for person in np.flatnonzero(self.offsets).tolist():
            result[:, person] = _probability(logits + self.offsets[person])
        return result

    def _logits(self, evidence: FloatArray) -> DoubleArray:
        logits: DoubleArray = _features(evidence) @ [self.bias, self.slope, self.margin]
        return logits

    @property
    def threshold(self) -> float:
        """Evidence of a face without any rival at which known and unknown are equally likely, with a margin of 0.15."""
        return float((-self.bias - 0.15 * self.margin) / self.slope)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Negatives:
    """Faces that somebody said are not the person they were taken for.

    Attributes:
        embeddings: (n, d) float32, L2-normalised; n may be 0.
        labels: (n,) int64, who each is not, in [0, k).
    """

    embeddings: FloatArray
    labels: IntArray


def fit_open_set(gallery: Gallery, prior: OpenSet, negatives: Negatives | None = None) -> OpenSet:
    """Learn from a gallery where its people end and strangers begin.

    Every picture is once a genuine probe (compared with all other pictures) and once a stranger (its own person taken out
    of the gallery); the faces of the `Unknown` folder are strangers too. Both kinds weigh the same. The prior stands in
    where a gallery is too small to say much.

    A face that somebody said is not a person raises the bar for that person only: people correct the mistakes they see, and
    a bar raised for everybody by mistakes about one would lose faces that nobody complained of.

    Args:
        gallery: Known people and strangers.
        prior: What holds for the engine in general.
        negatives: Faces that are not somebody.

    Source: Platt, Probabilistic outputs for support vector machines, 1999, with a Gaussian prior on the weights.
    """
    common = _fit_common(gallery, prior)
    if negatives is None or not len(negatives.labels):
        return common
    return replace(common, offsets=_offsets(common, gallery.known(), negatives))


def _fit_common(gallery: Gallery, prior: OpenSet) -> OpenSet:
    """Learn the three numbers that all people share."""
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


def _offsets(common: OpenSet, known: Gallery, negatives: Negatives) -> tuple[float, ...]:
    """Return by how much the bar of each person is raised, as a number to add: 0 or less.

    A negative is a stranger of one person: its evidence is that for this person, its rival whoever is best among the others.
    Each counts as one observation; the person's own pictures, held out, together as much as one person does elsewhere.
    """
    false = _logits_of(common, known.evidence(negatives.embeddings), negatives.labels)
    evidence = known.evidence_without_self()
    own = evidence[np.arange(len(evidence)), known.labels] > -1
    true = _logits_of(common, evidence[own], known.labels[own])
    labels = known.labels[own]
    return tuple(_offset(true[labels == person], false[negatives.labels == person]) for person in range(len(known.people)))


def _offset(true: DoubleArray, false: DoubleArray) -> float:
    """Find the number that added to the logits makes the true ones high and the false ones low, near 0 and never above."""
    if not len(false):
        return 0.0
    weight = _WORTH_OF_A_PERSON / max(len(true), 1)

    def loss(offset: float) -> float:
        likelihood = np.logaddexp(0, false + offset).sum() + weight * np.logaddexp(0, -(true + offset)).sum()
        return float(likelihood + 0.5 * (offset / _PRIOR_WIDTH[0]) ** 2)

    return min(float(minimize_scalar(loss, bounds=(-50.0, 0.0), method="bounded").x), 0.0)


def _logits_of(common: OpenSet, evidence: FloatArray, labels: IntArray) -> DoubleArray:
    """Return how sure the formula is that each face is one given person, who need not be the best."""
    rows = np.arange(len(evidence))
    own = evidence[rows, labels].astype(np.float64)
    others = evidence.copy()
    others[rows, labels] = 0.0
    lead = np.maximum(own - np.maximum(others.max(axis=1, initial=0.0), 0.0), 0.0)
    logits: DoubleArray = common.bias + common.slope * own + common.margin * lead
    return logits


def _probability(logits: DoubleArray) -> FloatArray:
    probability: FloatArray = (1 / (1 + np.exp(-np.clip(logits, -50, 50)))).astype(np.float32)
    return probability


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
