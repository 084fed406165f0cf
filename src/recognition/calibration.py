"""Scores to probabilities: is this face the person it looks most like, or nobody we know?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from ..schema import DoubleArray, FloatArray, IntArray
from .gallery import Gallery

STRANGER_ODDS = 1.0
"""Strangers for one known face. The strangers of a fit are harder than those of an archive, being other famous people: at even
odds none of 147 portraits of ordinary people passes for one of 24 celebrities, and on the videos for tuning half of the
confidence that is missing with three for one is found (expected calibration error of tracks 0.045, then 0.036)."""
VERSION = 2
"""Changes when the same pictures would give other probabilities: models of an older version are trained again."""

_BIAS_WIDTH = 1.0
"""How far a gallery may move the prior's bias: one standard deviation, in units of log-odds. Slope and margin stay those of
the engine: they were fitted on degraded faces too, which the clean photos of a gallery know nothing of."""
_WORTH_OF_A_PERSON = 4.0
"""Independent observations that one person adds. Pictures of one person repeat each other, and strangers to a gallery of
three people are only those three: a small gallery moves the prior little, whatever the number of its pictures."""
_OFFSET_WIDTH = 0.5
"""How far what is known of one person may move the bar for that name: one standard deviation, in log-odds."""
_TAUGHT_WIDTH = 3.0
"""The same where people said of faces that they are not this person: they are believed more."""
_ENOUGH_PICTURES = 5
"""Pictures of a person from which the bar may be their own; fewer say too little of how a person's faces vary."""
MANY_PICTURES = 40
"""More pictures of a person change their evidence no further."""
_ALIKE = 0.5
"""Probability of being one of the gallery from which a bundled stranger is taken for that very person, and left out."""


@dataclass(frozen=True, slots=True)
class OpenSet:
    """Probability that a face is its best candidate: `1 / (1 + exp(-(bias + slope * best + margin * (best - second))))`.

    `best` and `second` are the two highest evidences of `Gallery.evidence`. A stranger resembles several people a little,
    a known person one of them clearly: that is what the margin adds.

    Attributes:
        bias, slope, margin: As in the formula.
        offsets: Added to the bias for each person: below 0 for somebody with many pictures, whom strangers resemble, or whom
            people said that faces are not. Empty where nobody differs.
        pictures: Of a prior: what the natural logarithm of the number of a person's pictures adds to the bias. The more
            there are, the more everybody resembles their mean and the three nearest of them.
    """

    bias: float
    slope: float
    margin: float
    offsets: tuple[float, ...] = ()
    pictures: float = 0.0

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
        if not any(self.offsets):
            return _probability(logits)[:, None]
        # exp(-(a + b)) is a product of two: no exponential for each of millions of cells.
        unlikely = np.exp(-np.clip(logits, -50, 50)).astype(np.float32)
        raised = np.exp(-np.clip(self.offsets, -30, 30)).astype(np.float32)
        result: FloatArray = unlikely[:, None] * raised[None]
        result += 1
        return np.reciprocal(result, out=result)

    def _logits(self, evidence: FloatArray) -> DoubleArray:
        logits: DoubleArray = _features(evidence) @ [self.bias, self.slope, self.margin]
        return logits

    @property
    def threshold(self) -> float:
        """Evidence of a face without any rival at which known and unknown are equally likely, with a margin of 0.15."""
        return float((-self.bias - 0.15 * self.margin) / self.slope)

    def threshold_of(self, person: int) -> float:
        """Return the same for one person, given by position in the gallery."""
        offset = self.offsets[person] if self.offsets else 0.0
        return self.threshold - offset / self.slope

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


def fit_open_set(
    gallery: Gallery, prior: OpenSet, negatives: Negatives | None = None, bundled: FloatArray | None = None
) -> OpenSet:
    """Learn from a gallery where its people end and strangers begin.

    Every picture is once a genuine probe (compared with all other pictures) and once a stranger (its own person taken out
    of the gallery). The faces of the `Unknown` folder are strangers too; without any, bundled ones are, but for those who
    look like one of the people. A stranger weighs `STRANGER_ODDS` times what a known face does.

    The gallery moves the common bias, and the bar of each person who has five pictures or more. A face that somebody said
    is not a person raises the bar for that person only: people correct the mistakes they see, and a bar raised for everybody
    by mistakes about one would lose faces that nobody complained of.

    Args:
        gallery: Known people and strangers.
        prior: What holds for the engine in general.
        negatives: Faces that are not somebody.
        bundled: (s, d) embeddings of strangers that come with the program; not used where the gallery has its own.

    Source: Platt, Probabilistic outputs for support vector machines, 1999, with a Gaussian prior on the weights.
    """
    known = gallery.known()
    fitted = replace(prior, offsets=_by_wealth(known, prior))
    genuine, strangers = _held_out(known, _outsiders(gallery, fitted, bundled))
    if len(genuine.best) and len(strangers.best):
        fitted = replace(fitted, bias=_bias(genuine, strangers, fitted, len(known.people)))
        fitted = _moved(fitted, _personal(genuine, strangers, fitted))
    if negatives is not None and len(negatives.labels):
        fitted = _moved(fitted, _taught(fitted, known, negatives))
    return fitted if any(fitted.offsets) else replace(fitted, offsets=())


def _by_wealth(known: Gallery, prior: OpenSet) -> tuple[float, ...]:
    """Return what the number of each person's pictures adds."""
    counts = np.bincount(known.labels, minlength=len(known.people)).clip(1, MANY_PICTURES)
    return tuple((prior.pictures * np.log(counts)).tolist())


def _moved(open_set: OpenSet, more: DoubleArray) -> OpenSet:
    return replace(open_set, offsets=tuple(np.round(np.add(open_set.offsets, more), 6).tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class _Probes:
    """Faces compared with people: (n, 3) features of the formula, (n,) whom each is most like, (n,) weights that sum to 1."""

    features: DoubleArray
    best: IntArray
    weights: DoubleArray

    def logits(self, open_set: OpenSet) -> DoubleArray:
        """Return (n,) log-odds of being known, with the offset of whom each is most like."""
        result: DoubleArray = self.features @ [open_set.bias, open_set.slope, open_set.margin]
        return result + np.array(open_set.offsets)[self.best] if len(self.best) else result


def _probes(*groups: FloatArray) -> _Probes:
    """Return faces of one kind; of several groups each counts alike, however many faces it has."""
    evidence = np.concatenate(groups)
    best: IntArray = evidence.argmax(axis=1) if evidence.shape[1] else np.zeros(len(evidence), np.int64)
    sizes = [len(group) for group in groups if len(group)]
    weights = np.concatenate([np.zeros(0), *(np.full(size, 1 / size / len(sizes)) for size in sizes)])
    return _Probes(_features(evidence), best, weights)


def _outsiders(gallery: Gallery, prior: OpenSet, bundled: FloatArray | None) -> FloatArray:
    """Return the evidence of strangers who are in no folder of a person."""
    known = gallery.known()
    if len(gallery.strangers) or bundled is None:
        return known.evidence(gallery.strangers)
    evidence = known.evidence(bundled)
    strangers: FloatArray = evidence[prior.known_as(evidence).max(axis=1, initial=0) < _ALIKE]
    return strangers


def _held_out(known: Gallery, outsiders: FloatArray) -> tuple[_Probes, _Probes]:
    """Return the pictures as known faces and as strangers."""
    evidence = known.evidence_without_self()
    rows = np.arange(len(evidence))
    own = evidence[rows, known.labels]
    without_own = evidence.copy()
    without_own[rows, known.labels] = -1.0
    genuine = evidence[(own > -1) & (evidence.argmax(axis=1) == known.labels)]
    strangers = without_own[without_own.max(axis=1) > -1] if len(known.people) > 1 else without_own[:0]
    return _probes(genuine), _probes(strangers, outsiders)


def _bias(genuine: _Probes, strangers: _Probes, prior: OpenSet, n_people: int) -> float:
    worth = _WORTH_OF_A_PERSON * n_people / (1 + STRANGER_ODDS)
    true, false = genuine.logits(prior), strangers.logits(prior)

    def loss(shift: float) -> float:
        known = np.logaddexp(0, -(true + shift)) @ genuine.weights
        unknown = STRANGER_ODDS * (np.logaddexp(0, false + shift) @ strangers.weights)
        return float(worth * (known + unknown) + 0.5 * (shift / _BIAS_WIDTH) ** 2)

    return prior.bias + float(minimize_scalar(loss, bounds=(-20.0, 20.0), method="bounded").x)


def _personal(genuine: _Probes, strangers: _Probes, common: OpenSet) -> DoubleArray:
    """Return how much the bar of each person differs from that of others with as many pictures: 0 for those with few."""
    true, false = genuine.logits(common), strangers.logits(common)
    result = np.zeros(len(common.offsets))
    shares = STRANGER_ODDS * len(result) * strangers.weights
    for person in np.flatnonzero(np.bincount(genuine.best, minlength=len(result)) >= _ENOUGH_PICTURES).tolist():
        alike = strangers.best == person
        result[person] = _offset(true[genuine.best == person], false[alike], shares[alike], _OFFSET_WIDTH)
    return result


def _taught(fitted: OpenSet, known: Gallery, negatives: Negatives) -> DoubleArray:
    """Return by how much the bar of each person is raised besides, as a number to add: 0 or less.

    A negative is a stranger of one person: its evidence is that for this person, its rival whoever is best among the others.
    Each counts as one observation; the person's own pictures, held out, together as much as one person does elsewhere.
    """
    false = _logits_of(fitted, known.evidence(negatives.embeddings), negatives.labels)
    evidence = known.evidence_without_self()
    own = evidence[np.arange(len(evidence)), known.labels] > -1
    labels = known.labels[own]
    true = _logits_of(fitted, evidence[own], labels)
    raised, one = np.zeros(len(fitted.offsets)), (1 + STRANGER_ODDS) / _WORTH_OF_A_PERSON
    for person in np.unique(negatives.labels).tolist():
        said = false[negatives.labels == person]
        raised[person] = min(_offset(true[labels == person], said, np.full(len(said), one), _TAUGHT_WIDTH), 0.0)
    return raised


def _offset(true: DoubleArray, false: DoubleArray, shares: DoubleArray, width: float) -> float:
    """Find the number near 0 that added to the logits makes the true ones high and the false ones low.

    Args:
        true: Logits of the person's own faces; together they count as one person.
        false: Logits of others.
        shares: What each of these counts, where the true ones together count 1.
        width: One standard deviation of the answer, before anything is seen.
    """
    worth = _WORTH_OF_A_PERSON / (1 + STRANGER_ODDS)

    def loss(offset: float) -> float:
        likelihood = np.logaddexp(0, -(true + offset)).mean() if len(true) else 0.0
        likelihood += np.logaddexp(0, false + offset) @ shares
        return float(worth * likelihood + 0.5 * (offset / width) ** 2)

    return float(minimize_scalar(loss, bounds=(-50.0, 50.0), method="bounded").x)


def _logits_of(common: OpenSet, evidence: FloatArray, labels: IntArray) -> DoubleArray:
    """Return how sure the formula is that each face is one given person, who need not be the best."""
    rows = np.arange(len(evidence))
    own = evidence[rows, labels].astype(np.float64)
    others = evidence.copy()
    others[rows, labels] = 0.0
    lead = np.maximum(own - np.maximum(others.max(axis=1, initial=0.0), 0.0), 0.0)
    logits: DoubleArray = common.bias + common.slope * own + common.margin * lead
    logits += np.array(common.offsets)[labels]
    return logits


def _probability(logits: DoubleArray) -> FloatArray:
    probability: FloatArray = (1 / (1 + np.exp(-np.clip(logits, -50, 50)))).astype(np.float32)
    return probability


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
