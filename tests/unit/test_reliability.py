"""Calibration error against cases worked out by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.material.data import TruthRow
from evaluation.scores.claims import Claim
from evaluation.scores.moments import Footage, SampleSeen, TrackSeen
from evaluation.scores.reliability import Bin, Reliability, measure, reliability_of


def _row(person: str, start: float, end: float, note: str = "") -> TruthRow:
    return TruthRow("v.mp4", start, end, person, note)


def _track(start: float, end: float, person: str, confidence: float, *samples: tuple[float, str, float]) -> TrackSeen:
    return TrackSeen(
        1, start, end, person, confidence, "", tuple(SampleSeen(npt, 0.25, who, sure) for npt, who, sure in samples)
    )


def test_by_hand() -> None:
    # 3 s of 0.9, of which 2 are right, and 1 s of 0.3 that is wrong: (3 * |2/3 - 0.9| + 1 * |0 - 0.3|) / 4 = 0.25
    found = reliability_of([(0.9, True, 2), (0.9, False, 1), (0.3, False, 1)])

    assert found.bins == (Bin(1, 0.3, 0), Bin(3, pytest.approx(0.9), pytest.approx(2 / 3)))
    assert found.error == pytest.approx(0.25)
    assert found.seconds == 4


def test_nothing_to_measure() -> None:
    assert reliability_of([]) == Reliability()
    assert reliability_of([(0.5, True, 0.0)]).error is None


@pytest.mark.parametrize("value", [0.0, 0.1, 0.30000000000000004, 0.7, 1.0])
def test_borders_and_ends_of_the_scale_are_counted(value: float) -> None:
    assert reliability_of([(value, True, 1.0)]).bins == (Bin(1, value, 1),)


def test_equals_the_curve_of_scikit_learn() -> None:
    from sklearn.calibration import calibration_curve

    random = np.random.default_rng(0)
    confidences = random.uniform(0, 1, 500).round(2)
    right = random.uniform(0, 1, 500) < confidences**2
    accuracies, means = calibration_curve(right, confidences, n_bins=10)

    found = reliability_of(zip(confidences.tolist(), right.tolist(), [1.0] * 500, strict=True))

    assert [bin.accuracy for bin in found.bins] == pytest.approx(accuracies.tolist())
    assert [bin.confidence for bin in found.bins] == pytest.approx(means.tolist())
    counts = [bin.seconds for bin in found.bins]
    assert found.error == pytest.approx(np.average(np.abs(accuracies - means), weights=counts))


def test_each_kind_of_confidence() -> None:
    rows = (_row("Ann", 0, 2), _row("unknown:x", 2, 4), _row("Bob", 4, 6, "optional"))
    footage = Footage(
        rows,
        claims=(Claim("Ann", "Ann", 0, 3, 0.8), Claim("Unknown", "Unknown 1", 1, 6, 0.6)),
        tracks=(
            _track(0, 3, "Ann", 0.8, (0.5, "Ann", 1.0), (1.5, "Bob", 0.2), (2.5, "Ann", 0.7)),
            _track(3, 6, "Bob", 0.4, (3.5, "Bob", 0.4), (4.5, "Bob", 0.4), (5.5, "Ann", 0.4)),
        ),
    )

    found = measure([footage])

    # Samples of a second each: Ann right, Bob wrong, Ann and Bob in place of the stranger; optional time is left out.
    assert found["samples"].bins == (Bin(1, 0.2, 0), Bin(1, 0.4, 0), Bin(1, 0.7, 0), Bin(1, 1.0, 1))
    # Tracks: 2 s of Ann are right, 1 s is the stranger; of the second one 1 s is the stranger and 2 s are optional.
    assert found["tracks"].bins == (Bin(1, 0.4, 0), Bin(3, pytest.approx(0.8), pytest.approx(2 / 3)))
    # Appearances: "unknown" is right beside Ann who is named (1 s) and for the stranger (2 s).
    assert found["appearances"].bins == (Bin(3, pytest.approx(0.6), 1), Bin(3, pytest.approx(0.8), pytest.approx(2 / 3)))


def test_unknown_is_wrong_where_somebody_known_is_not_named() -> None:
    rows = (_row("Ann", 0, 2), _row("Bob", 0, 2))
    claims = (Claim("Unknown", "Unknown 1", 0, 2, 1.0), Claim("Ann", "Ann", 0, 2, 1.0), Claim("Bob", "Bob", 1.5, 2, 1.0))

    found = measure([Footage(rows, claims=claims)])["appearances"]

    # 2 s of Ann, 0.5 s of Bob and 0.5 s of "unknown" beside both of them are right.
    assert found.bins == (Bin(4.5, 1.0, pytest.approx(3 / 4.5)),)


def test_where_two_pictures_stand_side_by_side_the_place_tells() -> None:
    rows = (_row("Ann", 0, 1, "left half"), _row("Bob", 0, 1, "right half"))

    found = measure([Footage(rows, tracks=(_track(0, 1, "Bob", 0.5, (0.5, "Bob", 0.5)),))])

    assert found["tracks"].bins == found["samples"].bins == (Bin(1, 0.5, 0),)
