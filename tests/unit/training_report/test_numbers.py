"""The numbers of a training report, against hand-computed values and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, det_curve, roc_curve

from src.training.report.doubtful import most_doubtful
from src.training.report.inputs import named
from src.training.report.numbers import (
    choice,
    confused_pairs,
    confusion,
    histogram,
    identification_curve,
    measure,
    person_numbers,
    reliability,
    share,
)
from src.training.report.report import build
from tests.unit.training_report.drawn import (
    ABOUT,
    FACES,
    HELD,
    STRANGERS,
    TRUTH,
    people_embeddings,
    pictures_of,
    random_held,
    rows,
)


@pytest.mark.parametrize(
    ("confidences", "limits", "expected"),
    [
        # a limit of just this names; each person has one of their own; the likeliest is asked and no other
        ([[0.5, 0.1]], [0.5, 0.5], [0]),
        ([[0.49, 0.1]], [0.5, 0.5], [-1]),
        ([[0.6, 0.5]], [0.7, 0.4], [-1]),
        ([[0.1, 0.45]], [0.7, 0.4], [1]),
    ],
)
def test_named(confidences: list[list[float]], limits: list[float], expected: list[int]) -> None:
    assert named(np.array(confidences, np.float32), np.array(limits, np.float32)).tolist() == expected


def test_nobody_is_named_where_nothing_is_known() -> None:
    assert named(np.zeros((0, 2), np.float32), np.zeros(2, np.float32)).tolist() == []
    assert named(np.zeros((3, 0), np.float32), np.zeros(0, np.float32)).tolist() == [-1, -1, -1]


def test_people_are_counted() -> None:
    a, b = person_numbers(HELD, np.array([0, 0, 0, 1, 1, 1]))
    assert (a.name, a.n_images, a.n_held_out, a.n_right, a.n_unknown, a.n_taken_for, a.n_strangers) == ("A", 3, 3, 2, 0, 0, 0)
    assert (b.name, b.n_images, b.n_held_out, b.n_right, b.n_unknown, b.n_taken_for, b.n_strangers) == ("B", 3, 2, 1, 1, 1, 1)
    assert (a.precision, a.recall, a.confused_with) == (1.0, pytest.approx(2 / 3), "B")
    assert (b.precision, b.recall, b.confused_with) == (0.5, 0.5, "Unknown")
    assert (a.confidence, b.confidence) == (pytest.approx(0.6), pytest.approx(0.6))


def test_totals_are_counted() -> None:
    numbers = measure(HELD, TRUTH)
    assert (numbers.named_right.count, numbers.named_wrong.count, numbers.named_right.total) == (3, 1, 5)
    assert (numbers.strangers_named.count, numbers.strangers_named.total) == (1, 4)
    assert [(pair.person, pair.taken_for, pair.rows) for pair in numbers.confused] == [("A", "B", (2,))]


def test_share_has_wilsons_interval() -> None:
    found = share(81, 263)
    # Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I: 0.2553 to 0.3662.
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert share(0, 0) == share(0, 0)
    assert share(0, 0).value is None


def test_confusion_is_that_of_scikit_learn() -> None:
    held = random_held(7, 9)
    said = held.named()
    mine = confusion(held.labels, said, 7)
    reference = confusion_matrix(np.where(held.labels < 0, 7, held.labels), np.where(said < 0, 7, said), labels=range(8))
    np.testing.assert_array_equal(mine, reference)
    pairs = confused_pairs(held.people, held.labels, said)
    assert sum(len(pair.rows) for pair in pairs) == mine[:7, :7].sum() - np.trace(mine[:7, :7])


def test_the_curve_by_hand() -> None:
    # known right: 0.9 0.6 0.8 0.4, and one never; strangers 0.1 0.5 0.3 0.4
    curve = identification_curve(FACES, TRUTH, STRANGERS)
    assert (curve.dir_at(0.0), curve.threshold_at(0.0)) == (pytest.approx(3 / 5), pytest.approx(0.6))
    assert curve.dir_at(0.25) == pytest.approx(3 / 5)
    assert curve.dir_at(0.5) == pytest.approx(4 / 5)
    assert curve.dir_at(1.0) == pytest.approx(4 / 5)
    assert not curve.resolves(0.01)
    assert curve.resolves(0.25)


def test_the_curve_is_that_of_scikit_learn_where_nobody_is_confused() -> None:
    held = random_held(2, 150)
    own = held.confidences[np.arange(300), held.labels]
    held.confidences[np.arange(300), 1 - held.labels] = 0
    curve = identification_curve(held.confidences, held.labels, held.stranger_confidences)
    truth, scores = np.repeat([1, 0], 300), np.concatenate([own, held.stranger_confidences.max(axis=1)])
    fpr, tpr, _ = roc_curve(truth, scores)
    det_fpr, det_fnr, _ = det_curve(truth, scores)
    for rate in (0.01, 0.05, 0.2, 0.5):
        assert curve.dir_at(rate) == pytest.approx(tpr[fpr <= rate].max())
        assert 1 - (curve.dir_at(rate) or 0) == pytest.approx(det_fnr[det_fpr <= rate].min())


def test_a_long_curve_keeps_its_strict_end() -> None:
    held = random_held(3, 2000, seed=3)
    curve = identification_curve(held.confidences, held.labels, held.stranger_confidences)
    assert len(curve.fpir) <= 401
    best = held.confidences.max(axis=1)
    right = held.confidences.argmax(axis=1) == held.labels
    allowed = np.sort(held.stranger_confidences.max(axis=1))[-60]
    exact = (right & (best > allowed)).mean()
    assert curve.dir_at(0.01) == pytest.approx(exact, abs=0.005)


@pytest.mark.parametrize("empty", ["known", "strangers"])
def test_without_either_kind_there_is_no_curve(empty: str) -> None:
    none = np.zeros((0, 2), np.float32)
    known = empty != "known"
    curve = identification_curve(
        FACES if known else none, TRUTH if known else np.zeros(0, np.int64), none if known else STRANGERS
    )
    assert (len(curve.fpir), curve.dir_at(0.01), curve.threshold_at(0.01)) == (0, None, None)


def test_reliability_by_hand() -> None:
    # known, 1/5 each: 0.92 right, 0.62 right, 0.72 wrong, 0.82 right, 0.42 right; without strangers five bins of one face
    faces, strangers = FACES + np.float32(0.02), STRANGERS + np.float32(0.02)
    alone = reliability(faces, TRUTH, np.zeros((0, 2), np.float32))
    assert alone.ece == pytest.approx((0.08 + 0.38 + 0.72 + 0.18 + 0.58) / 5)
    assert alone.ece_known == alone.ece
    # both kinds weigh 1/2: a known face 0.1, a stranger 0.125; strangers 0.12, 0.52, 0.32, and 0.42 beside a known face
    both = reliability(faces, TRUTH, strangers)
    shared = next(part for part in both.bins if part.low == 0.4)
    assert shared.count == 2
    assert shared.weight == pytest.approx(0.225)
    assert shared.right == pytest.approx(0.1 / 0.225)
    others = 0.1 * (0.08 + 0.38 + 0.72 + 0.18) + 0.125 * (0.12 + 0.52 + 0.32)
    assert both.ece == pytest.approx(others + 0.225 * abs(0.1 / 0.225 - 0.42), abs=1e-6)
    assert both.ece_known == alone.ece
    assert sum(part.weight for part in both.bins) == pytest.approx(1)


def test_true_confidences_have_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 40_000).astype(np.float32)
    right = rng.uniform(size=40_000) < confidence
    found = reliability(np.stack([confidence, 1 - confidence], axis=1), np.where(right, 0, 1), np.zeros((0, 2), np.float32))
    assert found.ece is not None
    assert found.ece < 0.01


def test_nothing_has_no_calibration_error() -> None:
    none = np.zeros((0, 2), np.float32)
    assert reliability(none, np.zeros(0, np.int64), none).ece is None


def test_histogram_counts_everything_once() -> None:
    found = histogram(rows((0.0, 0.049, 0.05, 1.0))[0], rows((2.0, -3.0))[0], 0.0, 1.0)
    assert found.genuine.tolist() == [0.5, 0.25, *[0.0] * 17, 0.25]
    assert (found.strangers[0], found.strangers[-1], found.strangers.sum()) == (0.5, 0.5, 1.0)
    assert histogram(np.zeros(0, np.float32), np.zeros(0, np.float32), 0, 1).genuine.sum() == 0


def test_other_thresholds_by_hand() -> None:
    found = choice(HELD, 0.4)
    assert (found.right, found.wrong, found.strangers) == (pytest.approx(4 / 5), pytest.approx(1 / 5), pytest.approx(2 / 4))
    assert choice(HELD, 0.85).right == pytest.approx(1 / 5)


def test_doubtful_pictures_come_wrong_ones_first() -> None:
    embeddings, _ = people_embeddings([3, 2])
    found = most_doubtful(pictures_of(TRUTH, embeddings), HELD)
    # the one taken for B, then by rising confidence in the own name: 0.4 and 0.6; 0.8 and 0.9 are sure
    assert [(entry.picture.shown, entry.taken_for) for entry in found] == [
        ("Person_0/000002_0.png", "B"),
        ("Person_1/000004_0.png", "Unknown"),
        ("Person_0/000001_0.png", "A"),
    ]
    assert (found[0].confidence, found[0].other_confidence) == (pytest.approx(0.3), pytest.approx(0.7))
    assert len(most_doubtful(pictures_of(TRUTH, embeddings), HELD, limit=1)) == 1


def test_the_input_is_not_changed() -> None:
    held = random_held(4, 6)
    before = [held.confidences.copy(), held.scores.copy(), held.stranger_confidences.copy()]
    embeddings, labels = people_embeddings([6] * 4)
    build(ABOUT, pictures_of(labels, embeddings), held)
    for now, then in zip((held.confidences, held.scores, held.stranger_confidences), before, strict=True):
        np.testing.assert_array_equal(now, then)
