"""Rates of pairs and of identification among strangers: by hand, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.scores.openset import Protocol, divide, identify_split, measure_rule
from evaluation.scores.rules import CONFIDENCE, RULES, Known
from evaluation.scores.verification import Answers, detection_and_identification, equal_error, threshold_for, verify
from src.recognition.calibration import STRANGER_ODDS, OpenSet
from src.recognition.gallery import Gallery
from src.schema import DoubleArray, FloatArray, IntArray

PRIOR = Known(OpenSet(-0.43 * 26, 26.0, 2.0))


def _array(*values: float) -> DoubleArray:
    return np.array(values, np.float64)


# Ten scores that should be refused -> how many of them the threshold lets through.
@pytest.mark.parametrize(("rate", "accepted"), [(0.0, 0), (0.05, 0), (0.1, 1), (0.19, 1), (0.3, 3), (1.0, 10)])
def test_threshold(rate: float, accepted: int) -> None:
    scores = np.random.default_rng(0).permutation(np.linspace(0, 1, 10))

    assert (scores >= threshold_for(scores, rate)).sum() == accepted


def test_threshold_of_equal_scores_lets_none_of_them_through() -> None:
    assert threshold_for(_array(0.5, 0.5, 0.5, 0.1), 0.5) > 0.5


def test_verification_equals_the_curve_of_scikit_learn() -> None:
    from sklearn.metrics import roc_curve

    embeddings, labels = _people(6, 12, spread=0.25)
    one, other = np.triu_indices(len(labels), 1)
    fpr, tpr, _ = roc_curve(labels[one] == labels[other], (embeddings @ embeddings.T)[one, other], drop_intermediate=False)

    found = verify(embeddings, labels, far=0.01)

    assert found.tar == pytest.approx(tpr[fpr <= 0.01].max())
    assert 0.2 < found.tar < 0.999
    crossing = np.abs(fpr - (1 - tpr)).argmin()
    assert found.eer == pytest.approx((fpr[crossing] + 1 - tpr[crossing]) / 2, abs=1e-3)
    assert (found.n_genuine, found.n_impostor) == (6 * 66, 72 * 71 // 2 - 6 * 66)


def test_equal_error_by_hand() -> None:
    # At 0.6 one of four pairs of each kind is on the wrong side.
    assert equal_error(_array(0.5, 0.7, 0.8, 0.9), _array(0.1, 0.2, 0.3, 0.6)) == pytest.approx(0.25, abs=0.01)
    assert equal_error(_array(0.8, 0.9), _array(0.1, 0.2)) == 0


def test_detection_and_identification_by_hand() -> None:
    known = [(0.9, True), (0.6, True), (0.8, False), (0.3, True)]
    answers = Answers(
        _array(*(score for score, _ in known), 0.7, 0.5, 0.2, 0.1),
        np.array([*(right for _, right in known), False, False, False, False]),
        np.array([False] * 4 + [True] * 4),
    )

    # No stranger may pass 0.7: one known face is left. One of four may: 0.6 passes too. All may: all but the wrong one.
    assert [detection_and_identification(answers, rate)[0] for rate in (0.0, 0.25, 1.0)] == [0.25, 0.5, 0.75]


def _people(n_people: int, n_faces: int, spread: float, dimension: int = 32) -> tuple[FloatArray, IntArray]:
    random = np.random.default_rng(3)
    labels = np.repeat(np.arange(n_people), n_faces)
    vectors = random.normal(size=(n_people, dimension))[labels] / np.sqrt(dimension)
    vectors = vectors + random.normal(size=vectors.shape) * spread
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels.astype(np.int64)


def test_division() -> None:
    embeddings, labels = _people(6, 7, 0.05)
    labels[labels == 5] = 4
    splits = list(divide(embeddings, labels, Protocol(splits=8, pictures=4)))

    for split in splits:
        assert len(split.gallery.people) == 2
        assert np.bincount(split.gallery.labels).tolist() == [4, 4]
        assert len(split.probes) + 8 == len(labels)
        known = np.flatnonzero(split.truth >= 0)
        assert set(split.truth.tolist()) == {-1, 0, 1}
        # No probe is in the gallery, and each known probe is nearest to its own person.
        assert not (split.probes @ split.gallery.embeddings.T > 0.99999).any()
        assert (split.gallery.evidence(split.probes[known]).argmax(axis=1) == split.truth[known]).all()
    assert len({split.gallery.people for split in splits}) > 1
    again = next(divide(embeddings, labels, Protocol(splits=1, pictures=4)))
    assert np.array_equal(again.probes, splits[0].probes)
    assert not np.array_equal(next(divide(embeddings, labels, Protocol(1, 4, seed=1))).probes, splits[0].probes)


def test_a_person_with_few_pictures_keeps_one_as_a_probe() -> None:
    embeddings, labels = _people(4, 3, 0.05)

    split = next(divide(embeddings, labels, Protocol(splits=1, pictures=10)))

    assert np.bincount(split.gallery.labels).tolist() == [2, 2]
    assert sorted(split.truth.tolist()) == [-1] * 6 + [0, 1]


@pytest.mark.parametrize("name", [name for name in RULES if "XGB" not in name and "RF" not in name])
def test_every_rule_parts_people_who_are_far_apart(name: str) -> None:
    embeddings, labels = _people(8, 12, 0.03)
    splits = list(divide(embeddings, labels, Protocol(splits=2, pictures=6)))

    found = measure_rule(splits, RULES[name], PRIOR, name)

    assert found.rank1 == 1
    assert found.dir == (1, 1)
    assert found.dir_spread == (0, 0)
    assert (found.ece is not None) == name.startswith(CONFIDENCE)


def test_a_rule_that_knows_nothing_finds_nobody() -> None:
    embeddings, labels = _people(8, 12, 0.03)

    def nothing(gallery: Gallery, engine: Known, probes: FloatArray) -> FloatArray:
        return np.zeros((len(probes), len(gallery.people)), np.float32)

    (split,) = divide(embeddings, labels, Protocol(splits=1))
    answers = identify_split(split, nothing, PRIOR)
    found = measure_rule([split], nothing, PRIOR, f"{CONFIDENCE}nothing")

    assert answers.stranger.sum() == 48
    assert found.dir == (0, 0)
    # A confidence of 0 where one of the four known people is right by chance; strangers weigh so many times as much.
    assert found.ece == pytest.approx(found.rank1 / (1 + STRANGER_ODDS))
