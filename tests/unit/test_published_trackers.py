"""Our trackers against those of the package `trackers`, at the same detections of made sequences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from src.schema import IntArray
from src.tracking import TRACKERS, Life

pytest.importorskip("trackers", reason="needs: pip install --no-deps -r requirements-tracking.txt")
pytest.importorskip("trackeval", reason="needs: pip install --no-deps -r requirements-tracking.txt")

from evaluation.material.sequences import FaceSequence, made_sequences
from evaluation.published_trackers import follow_published
from evaluation.scores.track_scores import Tracked, score

BUFFER = 30
SEEDS = (0, 1)


def ours(name: str, sequence: FaceSequence) -> Tracked:
    """Follow boxes alone, reported from the first on."""
    tracker = TRACKERS[name](0.2 if name == "bytetrack" else 0.3, Life(BUFFER))
    return Tracked(sequence, tuple(tracker.update(moment.found) for moment in sequence.moments))


def theirs(name: str, sequence: FaceSequence) -> Tracked:
    """Follow with the package, which reports SORT's and ByteTrack's tracks from their second box on."""
    options: dict[str, object] = {"lost_track_buffer": BUFFER, "minimum_consecutive_frames": int(name != "ocsort")}
    if name == "sort":
        from trackers.utils.state_representations import XCYCSRStateEstimator

        options |= {"state_estimator_class": XCYCSRStateEstimator, "track_activation_threshold": 0.0}
    if name == "bytetrack":
        options["minimum_iou_threshold"] = 0.2
    return follow_published(name, sequence, **options)


def both(one: Tracked, other: Tracked) -> Iterator[tuple[int, int]]:
    """Yield the two ids of every detection that both put into a track."""
    for a, b in zip(one.ids, other.ids, strict=True):
        yield from ((i, j) for i, j in zip(a.tolist(), b.tolist(), strict=True) if i and j)


def first_boxes(ids: tuple[IntArray, ...]) -> int:
    return len(np.unique(np.concatenate(ids)[np.concatenate(ids) > 0]))


SEQUENCES = [sequence for seed in SEEDS for sequence in made_sequences(seed)]


@pytest.mark.parametrize("name", TRACKERS)
@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda sequence: sequence.name)
def test_the_same_detections_are_parted_alike(name: str, sequence: FaceSequence) -> None:
    mine, published = ours(name, sequence), theirs(name, sequence)
    pairs = set(both(mine, published))
    # One to one: no track of either has boxes of two tracks of the other.
    assert len(pairs) == len({i for i, _ in pairs}) == len({j for _, j in pairs})
    n_mine, n_published = (sum(int((ids > 0).sum()) for ids in one.ids) for one in (mine, published))
    # The package reports no track before its second box; beyond that both put the same detections into tracks.
    assert 0 <= n_mine - n_published <= first_boxes(mine.ids)


@pytest.mark.parametrize(
    ("name", "rate", "tolerance"),
    [
        *((name, 25, 0.0) for name in TRACKERS),
        ("sort", 5, 0.0),
        ("ocsort", 5, 0.0),
        # Without looks the two part half a hundredth of the detections differently where boxes jump.
        ("bytetrack", 5, 0.02),
    ],
)
def test_tracks_are_kept_together_no_worse(name: str, rate: int, tolerance: float) -> None:
    mine, published = [], []
    for sequence in SEQUENCES:
        sampled = sequence.sampled(rate)
        published.append(theirs(name, sampled))
        # Only what the package reports too: a first box that it leaves out cannot be wrong.
        ids = zip(ours(name, sampled).ids, published[-1].ids, strict=True)
        mine.append(Tracked(sampled, tuple(np.where(other > 0, own, 0) for own, other in ids)))
    assert score(mine).assa >= score(published).assa - tolerance - 1e-9


def test_the_scorer_knows_perfect_tracks_and_broken_ones() -> None:
    sequence = SEQUENCES[0]
    moments = [moment for moment in sequence.moments if len(moment.ids)]
    exact = FaceSequence("exact", sequence.rate, tuple(_seen_exactly(moment) for moment in moments))
    right = score([Tracked(exact, tuple(moment.ids for moment in exact.moments))])
    assert (right.hota, right.idf1, right.mota, right.switches) == (1.0, 1.0, 1.0, 0.0)
    half = len(exact.moments) // 2
    broken = [moment.ids + (100 if index >= half else 0) for index, moment in enumerate(exact.moments)]
    parted = score([Tracked(exact, tuple(broken))])
    # Every track is in two: each half agrees with half of the truth.
    assert parted.assa == pytest.approx(0.5, abs=0.01)
    assert parted.deta == 1.0
    assert parted.switches == pytest.approx(6 / (exact.duration_s / 60))


def _seen_exactly(moment: object) -> object:
    from dataclasses import replace

    from evaluation.material.sequences import Moment, boxes_only

    assert isinstance(moment, Moment)
    found = boxes_only(moment.boxes_xywh, np.full(len(moment.ids), 0.9, np.float32))
    return replace(moment, found=found, hidden_xywh=np.zeros((0, 4), np.float32))
