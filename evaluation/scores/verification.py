"""How well scores part equal from different people: verification of pairs, and identification among strangers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from src.schema import BoolArray, DoubleArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Verification:
    """Pairs of faces told apart by their cosine.

    Attributes:
        tar: Share of pairs of one person that are accepted where at most the wanted share of other pairs is.
        threshold: The cosine from which a pair is accepted then.
        eer: Share of errors of both kinds where they are equally frequent.
        n_genuine, n_impostor: Pairs of one person, and of two.
    """

    tar: float
    threshold: float
    eer: float
    n_genuine: int
    n_impostor: int


def verify(embeddings: FloatArray, labels: IntArray, far: float = 1e-3) -> Verification:
    """Compare every face with every other one.

    Args:
        embeddings: (n, d) float32, L2-normalised.
        labels: (n,) int64, who each is; two faces of one person and two people at least.
        far: Share of the pairs of two people that may be accepted.
    """
    one, other = np.triu_indices(len(labels), 1)
    cosine = (embeddings @ embeddings.T)[one, other].astype(np.float64)
    same = labels[one] == labels[other]
    genuine, impostor = cosine[same], cosine[~same]
    threshold = threshold_for(impostor, far)
    return Verification(
        float((genuine >= threshold).mean()), threshold, equal_error(genuine, impostor), len(genuine), len(impostor)
    )


def threshold_for(scores: DoubleArray, rate: float) -> float:
    """Return the lowest threshold that at most a share of scores reaches; a score that equals it is accepted.

    Args:
        scores: (n,) of pairs or probes that should be refused; n at least 1.
        rate: Share of them that may be accepted: of n scores the whole number at most `rate * n`.
    """
    allowed = int(np.floor(rate * len(scores) + 1e-9))
    ordered = np.sort(scores)[::-1]
    if allowed >= len(ordered):
        return -np.inf
    return float(np.nextafter(ordered[allowed], np.inf))


def equal_error(genuine: DoubleArray, impostor: DoubleArray) -> float:
    """Return the equal error rate: the mean of both errors at the threshold where they differ least."""
    thresholds = np.unique(np.concatenate([genuine, impostor]))
    rejected = np.searchsorted(np.sort(genuine), thresholds) / len(genuine)
    accepted = 1 - np.searchsorted(np.sort(impostor), thresholds) / len(impostor)
    best = int(np.abs(rejected - accepted).argmin())
    return float((rejected[best] + accepted[best]) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a rule said of probes.

    Attributes:
        scores: (m,) float64 of the likeliest person, higher is surer.
        right: (m,) whether that is who it is; False for strangers.
        stranger: (m,) whether the probe is nobody of the gallery.
    """

    scores: DoubleArray
    right: BoolArray
    stranger: BoolArray


def detection_and_identification(answers: Answers, fpir: float) -> tuple[float, float]:
    """Return the share of known probes that get their right name, and the threshold, at a rate of false alarms.

    Args:
        answers: With strangers and known people among the probes.
        fpir: Share of the strangers that may get a name.

    Source: Phillips, Grother and Micheals, Evaluation methods in face recognition, in Handbook of Face Recognition, 2011:
    detection and identification rate (DIR) at rank 1.
    """
    threshold = threshold_for(answers.scores[answers.stranger], fpir)
    known = ~answers.stranger
    return float((answers.right & (answers.scores >= threshold))[known].mean()), threshold
