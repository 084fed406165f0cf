"""The numbers of a training report, from arrays alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ...schema import UNKNOWN, BoolArray, DoubleArray, FloatArray, IntArray
from .inputs import HeldOut, named

FPIRS = (0.01, 0.001)
"""Shares of strangers that may be named at which the identification rate is given."""
CHOICES = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Thresholds whose effect is told, beside the one in force."""
CONFIDENCE_BINS = 10
"""Bins of the reliability diagram: with a hundred held-out faces more would hold one or two each."""
HISTOGRAM_BINS = 20
_INTERVAL = 0.95
_CURVE_POINTS = 400
"""Points of a curve that are kept: more than a plot has pixels to show."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the interval that the true share lies in with a probability of 95 %.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.
    """

    count: int
    total: int
    low: float | None
    high: float | None

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.count / self.total if self.total else None


def share(count: int, total: int) -> Share:
    """Return a share with its interval."""
    from scipy.stats import binomtest

    if not total:
        return Share(count, total, None, None)
    interval = binomtest(count, total).proportion_ci(_INTERVAL, method="wilson")
    return Share(count, total, float(interval.low), float(interval.high))


@dataclass(frozen=True, slots=True)
class PersonNumbers:
    """How well one person was told apart while their faces were held out.

    Attributes:
        name: The person.
        n_images: Pictures trained on.
        n_held_out: Of these, how many were held out in turn; 0 for a person with a single picture.
        n_right: Of these, how many got their own name. `n_unknown`: How many got none.
        n_taken_for: Held-out faces of others that got this name.
        n_strangers: Strangers that got this name.
        precision: Share right of the held-out faces that were given this name; None where none was.
        recall: Share of this person's held-out faces that were given their name; None where none was held out.
        confidence: Mean confidence in the own name over the held-out faces; None where none was held out.
        named_from: Confidence from which the name is given.
        confused_with: The most frequent wrong answer, `Unknown` among them; empty where there was none.
    """

    name: str
    n_images: int
    n_held_out: int
    n_right: int
    n_unknown: int
    n_taken_for: int
    n_strangers: int
    precision: float | None
    recall: float | None
    confidence: float | None
    named_from: float
    confused_with: str


@dataclass(frozen=True, slots=True)
class Confused:
    """Faces of one person that were taken for another one; `rows` are positions among the held-out faces."""

    person: str
    taken_for: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Open-set identification: what is right and what is wrongly named, threshold by threshold, strictest first.

    Attributes:
        thresholds: (t,) float64, confidence from which a face is named; the first names nobody.
        fpir: (t,) share of strangers that are named (false positive identification rate).
        dir: (t,) share of known faces that are named rightly (detection and identification rate).
        n_known, n_strangers: How many faces it rests on.
    """

    thresholds: DoubleArray
    fpir: DoubleArray
    dir: DoubleArray
    n_known: int
    n_strangers: int

    def dir_at(self, fpir: float) -> float | None:
        """Return the share of known faces named rightly while no more than this share of strangers is named."""
        if not len(self.fpir):
            return None
        return float(self.dir[self.fpir <= fpir + 1e-12].max())

    def threshold_at(self, fpir: float) -> float | None:
        """Return the lowest confidence to name from at which no more than this share of strangers is named."""
        if not len(self.fpir):
            return None
        lowest = float(self.thresholds[self.fpir <= fpir + 1e-12].min())
        return lowest if np.isfinite(lowest) else None

    def resolves(self, fpir: float) -> bool:
        """Whether there are strangers enough to measure a rate as low as this."""
        return self.n_strangers * fpir >= 1


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How often values occur, as shares of either kind.

    Attributes:
        edges: (b + 1,) float64. `genuine`, `strangers`: (b,) float64, each summing to 1, or to 0 where there are none.
    """

    edges: DoubleArray
    genuine: DoubleArray
    strangers: DoubleArray


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Faces of like confidence: `low` inclusive; mean `confidence`, share `right`, `weight` of all in [0, 1], `count`."""

    low: float
    high: float
    confidence: float
    right: float
    weight: float
    count: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """Whether a confidence is the share of right names among faces of this confidence.

    Attributes:
        ece: Expected calibration error over known faces and strangers; None where there is nothing to measure.
        ece_known: The same over known faces alone.
        bins: Those that hold a face.
    """

    ece: float | None
    ece_known: float | None
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What naming everybody from one confidence would give: shares of known faces and of strangers, None of none."""

    named_from: float
    right: float | None
    wrong: float | None
    strangers: float | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """All numbers of a report.

    Attributes:
        named_right: Held-out faces that were given their own name. `named_wrong`: that were given another one.
        strangers_named: Strangers that were given a name.
        people: One entry a person, in the order of the model.
        confused: Pairs of people with faces of one taken for the other, most first; `Unknown` is no one's pair.
        curve: Open-set identification by confidence.
        confidences: Of the likeliest person, for known faces in their own name.
        scores: Likewise of the uncalibrated scores.
        reliability: Of the confidences.
        choices: What other thresholds would give, the lowest first.
    """

    named_right: Share
    named_wrong: Share
    strangers_named: Share
    people: tuple[PersonNumbers, ...]
    confused: tuple[Confused, ...]
    curve: Curve
    confidences: Histogram
    scores: Histogram
    reliability: Reliability
    choices: tuple[Choice, ...]


def measure(held: HeldOut, used: IntArray) -> Numbers:
    """Work out all numbers.

    Args:
        held: What was said of held-out faces and of strangers.
        used: (n,) int64 in [0, k), whom each picture shows that is trained on.
    """
    said, strangers = held.named(), held.strangers_named()
    right = int((said == held.labels).sum())
    rows = np.arange(len(held.labels))
    return Numbers(
        share(right, len(said)),
        share(int((said >= 0).sum()) - right, len(said)),
        share(int((strangers >= 0).sum()), len(strangers)),
        person_numbers(held, used),
        confused_pairs(held.people, held.labels, said),
        identification_curve(held.confidences, held.labels, held.stranger_confidences),
        histogram(held.confidences[rows, held.labels], _highest(held.stranger_confidences, 0.0), 0.0, 1.0),
        _score_histogram(held.scores[rows, held.labels], _highest(held.stranger_scores, -1.0)),
        reliability(held.confidences, held.labels, held.stranger_confidences),
        tuple(choice(held, named_from) for named_from in CHOICES),
    )


def choice(held: HeldOut, named_from: float) -> Choice:
    """Count what would be named with one threshold for everybody."""
    everybody = np.full(len(held.people), named_from, np.float32)
    said, strangers = named(held.confidences, everybody), named(held.stranger_confidences, everybody)
    right, n_named = int((said == held.labels).sum()), int((said >= 0).sum())
    return Choice(
        named_from,
        right / len(said) if len(said) else None,
        (n_named - right) / len(said) if len(said) else None,
        float((strangers >= 0).mean()) if len(strangers) else None,
    )


def person_numbers(held: HeldOut, used: IntArray) -> tuple[PersonNumbers, ...]:
    """Count for each person; see `measure` for the arguments."""
    said, strangers, n_images = held.named(), held.strangers_named(), np.bincount(used, minlength=len(held.people))
    return tuple(_person(held, said, strangers, label, int(n_images[label])) for label in range(len(held.people)))


def _person(held: HeldOut, said: IntArray, strangers: IntArray, label: int, n_images: int) -> PersonNumbers:
    own, so_named = held.labels == label, said == label
    right, n_own, n_named = int((own & so_named).sum()), int(own.sum()), int(so_named.sum())
    answers = said[own & ~so_named].tolist()
    wrong = Counter(held.people[other] if other >= 0 else UNKNOWN for other in answers)
    return PersonNumbers(
        held.people[label],
        n_images,
        n_own,
        right,
        wrong[UNKNOWN],
        n_named - right,
        int((strangers == label).sum()),
        right / n_named if n_named else None,
        right / n_own if n_own else None,
        float(held.confidences[own, label].mean()) if n_own else None,
        float(held.named_from[label]),
        min(wrong, key=lambda answer: (-wrong[answer], answer)) if wrong else "",
    )


def confused_pairs(people: tuple[str, ...], labels: IntArray, said: IntArray) -> tuple[Confused, ...]:
    """Return who was taken for whom, most frequent first, then by name.

    Args:
        people: k names.
        labels: (n,) int64 in [0, k), who faces are.
        said: (n,) int64 in [0, k), or -1 for nobody; who they were taken for.
    """
    rows: dict[tuple[int, int], list[int]] = {}
    for row in np.flatnonzero((said >= 0) & (said != labels)).tolist():
        rows.setdefault((int(labels[row]), int(said[row])), []).append(row)
    pairs = [Confused(people[own], people[other], tuple(found)) for (own, other), found in rows.items()]
    return tuple(sorted(pairs, key=lambda pair: (-len(pair.rows), pair.person, pair.taken_for)))


def confusion(labels: IntArray, said: IntArray, n_people: int) -> IntArray:
    """Count answers.

    Args:
        labels: (n,) int64 in [0, k), or -1 for strangers: who faces are.
        said: (n,) int64 in [0, k), or -1 for nobody.
        n_people: k.

    Returns:
        (k + 1, k + 1) int64, a row for whom the faces show and a column for whom they were taken for; the last is unknown.
    """
    result = np.zeros((n_people + 1, n_people + 1), np.int64)
    np.add.at(result, (labels, said), 1)
    return result


def identification_curve(confidences: FloatArray, labels: IntArray, strangers: FloatArray) -> Curve:
    """Measure open-set identification at every threshold.

    A known face counts as right from a threshold up to its highest confidence, and only if that is in its own name.

    Args:
        confidences: (n, k) float32 of known faces.
        labels: (n,) int64, who they are.
        strangers: (s, k) float32 of strangers.

    Returns:
        The curve; without a point where there are no known faces or no strangers.

    Source: Grother et al., NIST FRVT 1:N identification; ISO/IEC 19795-1.
    """
    if not len(labels) or not len(strangers):
        return Curve(np.zeros(0), np.zeros(0), np.zeros(0), len(labels), len(strangers))
    from sklearn.metrics import roc_curve

    best = confidences.max(axis=1)
    # A face whose likeliest person is another is right at no threshold: it stands below all of them.
    known = np.where(confidences.argmax(axis=1) == labels, best, -1.0)
    truth = np.repeat([1, 0], [len(known), len(strangers)])
    fpir, found, thresholds = roc_curve(truth, np.concatenate([known, _highest(strangers, 0.0)]))
    reached = thresholds >= 0
    kept = _thinned(int(reached.sum()))
    return Curve(thresholds[reached][kept], fpir[reached][kept], found[reached][kept], len(labels), len(strangers))


def _thinned(count: int) -> IntArray:
    """Return which of many points are kept. The strict end, where few strangers are named, is what matters: all stay there."""
    if count <= _CURVE_POINTS:
        return np.arange(count)
    even = np.geomspace(1, count, _CURVE_POINTS).astype(np.int64) - 1
    return np.unique(np.concatenate([even, [count - 1]]))


def histogram(genuine: FloatArray, strangers: FloatArray, low: float, high: float) -> Histogram:
    """Count values of two kinds in bins of one width.

    Args:
        genuine: (n,) float32. `strangers`: (s,) float32; either may be empty.
        strangers: See above.
        low: Lower end of the first bin; what lies below counts there.
        high: Upper end of the last bin; what lies above counts there.
    """
    edges = np.linspace(low, high, HISTOGRAM_BINS + 1)
    counts = [np.histogram(np.clip(values, low, high), edges)[0] for values in (genuine, strangers)]
    return Histogram(edges, *(count / max(count.sum(), 1) for count in counts))


def _score_histogram(genuine: FloatArray, strangers: FloatArray) -> Histogram:
    """Count scores between round ends; the -1 of a person without another picture is no score."""
    genuine, strangers = genuine[genuine > -1], strangers[strangers > -1]
    values = np.concatenate([genuine, strangers]) if len(genuine) + len(strangers) else np.array([0.0, 1.0])
    low, high = np.floor(values.min() * 10) / 10, np.ceil(values.max() * 10) / 10
    return histogram(genuine, strangers, float(low), float(max(high, low + 0.1)))


def reliability(confidences: FloatArray, labels: IntArray, strangers: FloatArray) -> Reliability:
    """Compare confidences with how often they are right.

    Known faces and strangers weigh the same in sum, as they do where confidences are calibrated; who names a film with few
    known faces in it meets more strangers than that.

    Args:
        confidences: (n, k) float32 of known faces.
        labels: (n,) int64, who they are.
        strangers: (s, k) float32 of strangers, of whom no name is right.

    Source: Guo et al., On calibration of modern neural networks, ICML 2017, section 2.
    """
    known = _highest(confidences, 0.0)
    right = confidences.argmax(axis=1) == labels if len(labels) else np.zeros(0, np.bool_)
    alone = _bins(known, right, np.ones(len(known)))
    both = np.concatenate([known, _highest(strangers, 0.0)])
    weights = np.concatenate([np.full(count, 1 / max(count, 1)) for count in (len(known), len(strangers))])
    bins = _bins(both, np.concatenate([right, np.zeros(len(strangers), np.bool_)]), weights)
    return Reliability(_ece(bins), _ece(alone), bins)


def _bins(confidences: FloatArray, right: BoolArray, weights: DoubleArray) -> tuple[ReliabilityBin, ...]:
    places = np.minimum((confidences.astype(np.float64) * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
    total = weights.sum()
    result = []
    for place in np.unique(places).tolist():
        inside = places == place
        weight = weights[inside]
        result.append(
            ReliabilityBin(
                place / CONFIDENCE_BINS,
                (place + 1) / CONFIDENCE_BINS,
                float(np.average(confidences[inside], weights=weight)),
                float(np.average(right[inside], weights=weight)),
                float(weight.sum() / total),
                int(inside.sum()),
            )
        )
    return tuple(result)


def _ece(bins: tuple[ReliabilityBin, ...]) -> float | None:
    return sum(part.weight * abs(part.right - part.confidence) for part in bins) if bins else None


def _highest(values: FloatArray, empty: float) -> FloatArray:
    """Return the highest value of each row."""
    highest: FloatArray = values.max(axis=1, initial=empty)
    return highest
