"""SORT against tables worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from src.schema import FloatArray
from src.tracking import SortTracker
from src.tracking.association import associate
from src.tracking.motion import BoxMotion

NO_LIKENESS = 1.0


def boxes(*rows: tuple[float, float, float, float]) -> FloatArray:
    return np.array(rows, np.float32).reshape(-1, 4)


def faces(*people: int) -> FloatArray:
    """One axis a person: the same person has cosine 1, two have 0."""
    return np.eye(8, dtype=np.float32)[list(people)].reshape(-1, 8)


@pytest.mark.parametrize(
    ("similarity", "minimum", "pairs", "left_boxes", "left_tracks"),
    [
        # Greedy would take 0.9 first and leave 0.1; together 0.8 + 0.7 is more.
        ([[0.9, 0.8], [0.7, 0.1]], 0.05, [[0, 1], [1, 0]], [], []),
        # A pair of exactly the minimum is made, one below it is not.
        ([[0.3, 0.0], [0.0, 0.29]], 0.3, [[0, 0]], [1], [1]),
        # More boxes than tracks.
        ([[0.2], [0.6], [0.5]], 0.3, [[1, 0]], [0, 2], []),
        # What is forbidden stays unpaired however little else there is.
        ([[-np.inf]], 0.3, [], [0], [0]),
    ],
)
def test_pairs_with_the_largest_sum_are_made(
    similarity: list[list[float]],
    minimum: float,
    pairs: list[list[int]],
    left_boxes: list[int],
    left_tracks: list[int],
) -> None:
    result = associate(np.array(similarity, np.float32), minimum)
    assert result.pairs.tolist() == pairs
    assert result.boxes.tolist() == left_boxes
    assert result.tracks.tolist() == left_tracks


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_on_one_side_leaves_the_other_alone(shape: tuple[int, int]) -> None:
    result = associate(np.zeros(shape, np.float32), 0.3)
    assert result.pairs.shape == (0, 2)
    assert (len(result.boxes), len(result.tracks)) == shape


def test_motion_learns_a_constant_speed() -> None:
    motion = BoxMotion(np.array([0, 0, 20, 40], np.float32))
    for step in range(1, 30):
        motion.predict()
        motion.correct(np.array([5 * step, 2 * step, 20, 40], np.float32))
    np.testing.assert_allclose(motion.predict(), [150, 60, 20, 40], atol=0.5)


def test_motion_of_a_shrinking_box_never_turns_inside_out() -> None:
    motion = BoxMotion(np.array([0, 0, 40, 40], np.float32))
    for side in (20, 10, 4, 1):
        motion.predict()
        motion.correct(np.array([0, 0, side, side], np.float32))
    for _ in range(20):
        x, y, w, h = motion.predict()
        assert np.isfinite([x, y, w, h]).all()
        assert w >= 0 and h >= 0


def test_two_faces_that_cross_keep_their_ids() -> None:
    tracker = SortTracker(appearance=NO_LIKENESS)
    seen = []
    for step in range(20):
        left, right = (10.0 * step, 0.0, 40.0, 40.0), (190.0 - 10 * step, 15.0, 40.0, 40.0)
        seen.append(tracker.update(boxes(left, right), faces(0, 1)).tolist())
    assert seen == [[1, 2]] * 20


def test_the_order_of_the_boxes_does_not_matter() -> None:
    one, other = SortTracker(), SortTracker()
    for step in range(5):
        rows = boxes((step, 0, 30, 30), (100 + step, 50, 30, 30))
        ids = one.update(rows, faces(0, 1))
        swapped = other.update(rows[::-1], faces(1, 0))
    # Ids are given in the order of the first frame; who shares one with whom is the same.
    assert ids.tolist() == [1, 2]
    assert swapped.tolist() == [1, 2]


def test_a_face_that_left_its_box_goes_on_by_likeness() -> None:
    far = SortTracker(appearance=0.4)
    far.update(boxes((0, 0, 30, 30)), faces(3))
    assert far.update(boxes((200, 0, 30, 30)), faces(3)).tolist() == [1]
    by_boxes_only = SortTracker(appearance=NO_LIKENESS)
    by_boxes_only.update(boxes((0, 0, 30, 30)), faces(3))
    assert by_boxes_only.update(boxes((200, 0, 30, 30)), faces(3)).tolist() == [2]


def test_another_face_far_away_begins_a_track() -> None:
    tracker = SortTracker()
    tracker.update(boxes((0, 0, 30, 30)), faces(3))
    assert tracker.update(boxes((200, 0, 30, 30)), faces(4)).tolist() == [2]


@pytest.mark.parametrize(("missed", "expected"), [(2, 1), (3, 2)])
def test_a_track_outlives_max_age_samples_and_no_more(missed: int, expected: int) -> None:
    tracker = SortTracker(max_age=2)
    tracker.update(boxes((0, 0, 30, 30)), faces(0))
    for _ in range(missed):
        assert tracker.update(boxes(), faces()).tolist() == []
    assert tracker.update(boxes((0, 0, 30, 30)), faces(0)).tolist() == [expected]


def test_no_track_crosses_a_cut() -> None:
    tracker = SortTracker()
    tracker.update(boxes((0, 0, 30, 30)), faces(0))
    tracker.end_shot()
    assert tracker.live_ids == frozenset()
    assert tracker.update(boxes((0, 0, 30, 30)), faces(0)).tolist() == [2]


def test_two_trackers_do_not_touch_each_other() -> None:
    one, other = SortTracker(), SortTracker()
    one.update(boxes((0, 0, 30, 30)), faces(0))
    assert other.update(boxes((0, 0, 30, 30)), faces(0)).tolist() == [1]


def test_a_tracker_goes_on_from_its_state_as_if_nothing_had_happened() -> None:
    rng = np.random.default_rng(0)
    whole, first = SortTracker(), SortTracker()
    steps = [(boxes(*((*tuple(rng.uniform(0, 200, 2)), 40.0, 50.0) for _ in range(4))), faces(0, 1, 2, 3)) for _ in range(12)]
    expected = [whole.update(*step).tolist() for step in steps]
    got = [first.update(*step).tolist() for step in steps[:6]]
    second = SortTracker()
    second.restore(json.loads(json.dumps(first.state())))
    got += [second.update(*step).tolist() for step in steps[6:]]
    assert got == expected


def test_input_is_left_as_it_was() -> None:
    rows, people = boxes((0, 0, 30, 30)), faces(0)
    before = rows.copy(), people.copy()
    tracker = SortTracker()
    tracker.update(rows, people)
    tracker.update(rows, people)
    np.testing.assert_array_equal(rows, before[0])
    np.testing.assert_array_equal(people, before[1])
