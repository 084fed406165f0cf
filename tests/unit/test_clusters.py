"""Purity, pieces and B-cubed against cases worked out by hand and against scikit-learn; the threshold curve; plots."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from evaluation.material.data import TruthRow
from evaluation.reports.plots import write_plots
from evaluation.scores.claims import Claim
from evaluation.scores.clusters import (
    BCubed,
    Fragmentation,
    Purity,
    bcubed,
    bcubed_of,
    fragmentation_of,
    mixed_clusters,
    purity_of,
)
from evaluation.scores.curve import curve_of
from evaluation.scores.moments import Footage, SampleSeen, TrackSeen
from evaluation.scores.scoring import Seconds


def _row(person: str, start: float, end: float, note: str = "") -> TruthRow:
    return TruthRow("v.mp4", start, end, person, note)


def _track(
    number: int, start: float, end: float, cluster: str = "", x: float = 0.5, said: tuple[str, float] = ("", 0)
) -> TrackSeen:
    return TrackSeen(number, start, end, *said, cluster, (SampleSeen((start + end) / 2, x, *said),))


def _claim(person: str, start: float, end: float) -> Claim:
    return Claim(person, person, start, end, 0.9)


ROWS = (
    _row("Ann", 0, 4),
    _row("unknown:x", 4, 8),
    _row("unknown:y", 8, 10),
    _row("Ann", 8, 10),
    _row("Bob", 10, 12, "optional"),
)


def test_purity() -> None:
    tracks = (_track(1, 0, 4), _track(2, 3, 6), _track(3, 7, 12))

    # The second one shows Ann for 1 s and the stranger for 2; the third one is certain from 7 to 8 only.
    assert purity_of([Footage(ROWS, tracks=tracks)]) == Purity(pure_s=7, certain_s=8, all_s=12)
    assert purity_of([Footage(ROWS, tracks=tracks)]).purity == 7 / 8
    assert purity_of([]).purity is None


def test_pieces() -> None:
    claims = (
        _claim("Ann", 0, 1),
        _claim("Ann", 2, 4.05),
        _claim("Unknown", 4, 8),
        _claim("Ann", 11, 12),
    )

    # Ann is there from 0 to 4 in two pieces and not found from 8 to 10; the stranger alone in one, the other one is not alone.
    assert fragmentation_of([Footage(ROWS, claims=claims)]) == Fragmentation(rows=3, found=2, appearances=3, in_pieces=1)
    assert fragmentation_of([Footage(ROWS, claims=claims)]).mean == 1.5
    assert fragmentation_of([]).mean is None


def test_an_appearance_that_only_touches_a_row_is_no_piece_of_it() -> None:
    rows = (_row("Ann", 0, 4), _row("Ann", 5, 5.05))
    claims = (_claim("Ann", 0, 2), _claim("Ann", 3.95, 5.05))

    # The second row is shorter than a tenth of a second: there it counts.
    assert fragmentation_of([Footage(rows, claims=claims)]) == Fragmentation(rows=2, found=2, appearances=2)


def test_b_cubed_by_hand() -> None:
    table = {("unknown:x", "1"): 3.0, ("unknown:x", "2"): 1.0, ("unknown:y", "2"): 2.0, ("Ann", "2"): 1.0, ("Ann", "Ann"): 9.0}

    # Precision: x 3 s at 1 and 1 s at 1/4, y 2 s at 2/4. Recall: x 3 s at 3/4 and 1 s at 1/4, y 2 s at 1.
    assert bcubed(table) == BCubed(pytest.approx(4.25 / 6), pytest.approx(4.5 / 6), 6, 2, 2)  # type: ignore[arg-type]
    assert bcubed(table).f1 == pytest.approx(2 * 4.25 * 4.5 / (6 * 8.75))
    assert bcubed({("Ann", "1"): 1.0}) == BCubed()
    assert BCubed().f1 is None


def test_b_cubed_equals_what_scikit_learn_counts() -> None:
    from sklearn.metrics.cluster import contingency_matrix

    random = np.random.default_rng(1)
    people, clusters = random.integers(0, 6, 200), random.integers(0, 9, 200)
    counts = contingency_matrix(people, clusters).astype(float)
    table = Counter(
        (f"unknown:{person}", str(cluster)) for person, cluster in zip(people.tolist(), clusters.tolist(), strict=True)
    )

    found = bcubed({cell: float(count) for cell, count in table.items()})

    assert found.precision == pytest.approx((counts**2 / counts.sum(axis=0)).sum() / 200)
    assert found.recall == pytest.approx((counts**2 / counts.sum(axis=1, keepdims=True)).sum() / 200)
    assert (found.weight, found.strangers, found.clusters) == (200, 6, 9)


def test_strangers_over_several_videos() -> None:
    one = Footage(ROWS, tracks=(_track(1, 0, 4, "Unknown 1"), _track(2, 4, 8, "Unknown 1"), _track(3, 8, 10, "Unknown 3")))
    two = Footage((_row("unknown:x", 0, 2),), tracks=(_track(1, 0, 1, "Unknown 2"), _track(2, 1, 2)))

    # x: 4 s with Ann's 4, 1 s by themselves, 1 s of a track that was taken for nothing. From 8 to 10 two people are there.
    assert bcubed_of([one, two]) == BCubed(pytest.approx((2 + 1 + 1) / 6), pytest.approx((16 + 1 + 1) / 36), 6, 1, 3)  # type: ignore[arg-type]
    assert bcubed_of([one, two], by_track=True) == BCubed(pytest.approx(2.5 / 3), pytest.approx(1 / 3), 3, 1, 3)  # type: ignore[arg-type]
    assert mixed_clusters([one, two]) == {"Unknown 1": {"Ann": 4, "unknown:x": 4}}


def test_side_by_side_the_place_tells_who_is_who() -> None:
    rows = (_row("unknown:x", 0, 2, "left half"), _row("unknown:y", 0, 2, "right half"))
    tracks = (_track(1, 0, 2, "Unknown 1", x=0.3), _track(2, 0, 2, "Unknown 2", x=0.7))

    found = bcubed_of([Footage(rows, tracks=tracks)])

    assert (found.precision, found.recall, found.strangers) == (1, 1, 2)


def _named() -> Footage:
    rows = (_row("Ann", 0, 4), _row("unknown:x", 4, 8))
    tracks = (_track(1, 0, 4, said=("Ann", 0.8)), _track(2, 4, 6, said=("Bob", 0.5)), _track(3, 6, 8, said=("Bob", 0.1)))
    return Footage(rows, tracks=tracks)


def test_threshold_curve() -> None:
    points = curve_of([_named(), _named()], [0.0, 0.5, 0.6, 0.9])

    assert [point.known for point in points] == [Seconds(8, 8, 0), Seconds(8, 4, 0), Seconds(8, 0, 0), Seconds(0, 0, 8)]
    assert [point.unknown for point in points] == [Seconds(0, 0, 8), Seconds(4, 0, 4), Seconds(8, 0, 0), Seconds(8, 8, 0)]
    assert [point.false_naming_s for point in points] == [8, 4, 0, 0]


def test_plots_are_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    curves = {"overall": curve_of([_named()]), "tune": curve_of([])}
    first = write_plots(tmp_path / "one", [_named()], curves)
    second = write_plots(tmp_path / "two", [_named()], curves)

    assert [path.name for path in first] == ["reliability.svg", "threshold.svg", "kinds.svg"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert one.read_text(encoding="utf-8").lstrip().startswith("<?xml")
    assert "ECE" in first[0].read_text(encoding="utf-8")


def test_plots_of_nothing(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")

    assert len(write_plots(tmp_path, [], {"overall": curve_of([])})) == 3
