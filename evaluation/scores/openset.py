"""Identification among strangers: half of the people are known, half are not, over several random halves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from src.recognition.calibration import STRANGER_ODDS
from src.recognition.gallery import Gallery
from src.schema import FloatArray, IntArray

from .reliability import reliability_of
from .rules import CONFIDENCE, Known, Rule
from .verification import Answers, detection_and_identification

FPIRS = (0.01, 0.001)
"""Shares of strangers that may get a name."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """How people are divided.

    Attributes:
        splits: Random halves.
        pictures: Of each known person in the gallery; the others are probes.
        seed: Of the first split.
    """

    splits: int = 20
    pictures: int = 10
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One division: a gallery, and the probes with their place in it, or -1 for a stranger."""

    gallery: Gallery
    probes: FloatArray
    truth: IntArray


@dataclass(frozen=True, slots=True)
class OpenSetResult:
    """What a rule is worth.

    Attributes:
        dir: Share of known probes with their right name, at each of `FPIRS`, each split with a threshold of its own: the mean.
        dir_spread: Standard deviation of these over the splits.
        common_dir: The same with one threshold for all splits together, as a program has that never saw the strangers.
        threshold: Mean of the thresholds of the splits at the first of `FPIRS`. `threshold_spread`: their standard deviation.
        rank1: Share of known probes whose likeliest person is right, strangers aside.
        ece: Calibration error of the score, where strangers are as many times the known probes as confidences are made for
            (`STRANGER_ODDS`); None for what is no confidence.
    """

    dir: tuple[float, ...]
    dir_spread: tuple[float, ...]
    common_dir: tuple[float, ...]
    threshold: float
    threshold_spread: float
    rank1: float
    ece: float | None


def divide(embeddings: FloatArray, labels: IntArray, protocol: Protocol) -> Iterator[Split]:
    """Yield the splits; the same seed gives the same ones.

    Args:
        embeddings: (n, d) float32, L2-normalised.
        labels: (n,) int64, people from 0; four at least.
        protocol: How to divide. A known person with too few pictures keeps one as a probe, so that all are tried.
    """
    for number in range(protocol.splits):
        random = np.random.default_rng([protocol.seed, number])
        people = random.permutation(np.unique(labels))
        known = np.sort(people[: len(people) // 2])
        chosen: list[int] = []
        for person in known.tolist():
            rows = np.flatnonzero(labels == person)
            n_pictures = min(protocol.pictures, len(rows) - 1)
            chosen += np.sort(random.permutation(rows)[:n_pictures]).tolist()
        place = {person: row for row, person in enumerate(known.tolist())}
        truth = np.array([place.get(label, -1) for label in labels.tolist()], np.int64)
        rest = np.setdiff1d(np.arange(len(labels)), chosen)
        gallery = Gallery(tuple(map(str, known.tolist())), embeddings[chosen], truth[chosen])
        yield Split(gallery, embeddings[rest], truth[rest])


def identify_split(split: Split, rule: Rule, engine: Known) -> Answers:
    """Ask a rule who the probes of a split are."""
    scores = rule(split.gallery, engine, split.probes).astype(np.float64)
    return Answers(scores.max(axis=1), scores.argmax(axis=1) == split.truth, split.truth < 0)


def measure_rule(splits: Sequence[Split], rule: Rule, engine: Known, name: str) -> OpenSetResult:
    """Measure one rule over all splits.

    Args:
        splits: As `divide` gives them.
        rule: What is measured.
        engine: What holds for it before any gallery is seen.
        name: Of the rule; calibration is measured where it gives confidences.
    """
    from threadpoolctl import threadpool_limits

    # Hundreds of trainings on a few pictures each: threads would wait for each other most of the time.
    with threadpool_limits(limits=1):
        each = [identify_split(split, rule, engine) for split in splits]
    table = np.array([[detection_and_identification(answers, fpir) for fpir in FPIRS] for answers in each])
    every = Answers(*(np.concatenate([getattr(answers, part) for answers in each]) for part in Answers.__slots__))
    return OpenSetResult(
        tuple(table[:, :, 0].mean(axis=0).tolist()),
        tuple(table[:, :, 0].std(axis=0).tolist()),
        tuple(detection_and_identification(every, fpir)[0] for fpir in FPIRS),
        float(table[:, 0, 1].mean()),
        float(table[:, 0, 1].std()),
        float(every.right[~every.stranger].mean()),
        _ece(every) if name.startswith(CONFIDENCE) else None,
    )


def _ece(answers: Answers) -> float | None:
    n_strangers, n_known = max(int(answers.stranger.sum()), 1), max(int((~answers.stranger).sum()), 1)
    weights = np.where(answers.stranger, STRANGER_ODDS / n_strangers, 1 / n_known)
    return reliability_of(zip(answers.scores.tolist(), answers.right.tolist(), weights.tolist(), strict=True)).error
