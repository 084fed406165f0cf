"""The trackers: pairing and motion against tables worked out by hand, and what every one of them promises."""

from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pytest

from src.schema import Detections, FloatArray
from src.settings import TrackerName
from src.tracking import TRACKERS, AnyTracker, Appearance, ByteTracker, Life, OcSortTracker, SortTracker
from src.tracking.association import associate, only_from
from src.tracking.motion import AreaMotion, CornerMotion, Motion, ObservedMotion, direction_agreement

NAMES: tuple[TrackerName, ...] = get_args(TrackerName)
FROM_THE_FIRST = Life(max_age=2, min_hits=0)
LOOKS = Appearance(join=0.4)


def rows(*boxes: tuple[float, float, float, float]) -> FloatArray:
    return np.array(boxes, np.float32).reshape(-1, 4)


def seen(*boxes: tuple[float, float, float, float], scores: tuple[float, ...] | None = None) -> Detections:
    n = len(boxes)
    return Detections(rows(*boxes), np.array(scores or [0.9] * n, np.float32), np.zeros((n, 5, 2), np.float32))


def faces(*people: int) -> FloatArray:
    """One axis a person: the same person has cosine 1, two have 0."""
    return np.eye(8, dtype=np.float32)[list(people)].reshape(-1, 8)


def opened(name: TrackerName, life: Life = FROM_THE_FIRST, appearance: Appearance | None = None) -> AnyTracker:
    return TRACKERS[name](0.3, life, appearance)


@pytest.mark.parametrize(
    ("similarity", "minimum", "pairs", "left_boxes", "left_tracks"),
    [
        # Greedy would take 0.9 first and leave 0.1; together 0.8 + 0.7 is more.
        ([[0.9, 0.8], [0.7, 0.1]], 0.05, [[0, 1], [1, 0]], [], []),
        # A pair of exactly the minimum is made, one below it is not.
        ([[0.3, 0.0], [0.0, 0.29]], 0.3, [[0, 0]], [1], [1]),
        # As published, weak pairs are rejected after the sum was made largest: 0.25 + 0.25 takes the place of 0.45.
        ([[0.45, 0.25], [0.25, 0.0]], 0.3, [], [0, 1], [0, 1]),
        # More boxes than tracks.
        ([[0.2], [0.6], [0.5]], 0.3, [[1, 0]], [0, 2], []),
        # What is forbidden stays unpaired however little else there is, and takes no other pair's place.
        ([[-np.inf]], 0.3, [], [0], [0]),
        ([[0.5, -np.inf], [0.4, -np.inf]], 0.3, [[0, 0]], [1], [1]),
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


def test_weak_pairs_that_are_forbidden_beforehand_take_no_place() -> None:
    similarity = np.array([[0.45, 0.25], [0.25, 0.0]], np.float32)
    assert associate(only_from(similarity, 0.3), 0.3).pairs.tolist() == [[0, 0]]


def test_a_value_decides_among_pairs_that_are_similar_enough() -> None:
    similarity = np.array([[0.5, 0.5]], np.float32)
    assert associate(similarity, 0.3, np.array([[0.5, 0.6]])).pairs.tolist() == [[0, 1]]
    assert associate(np.array([[0.5, 0.2]], np.float32), 0.3, np.array([[0.5, 0.9]])).pairs.tolist() == []


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_on_one_side_leaves_the_other_alone(shape: tuple[int, int]) -> None:
    result = associate(np.zeros(shape, np.float32), 0.3)
    assert result.pairs.shape == (0, 2)
    assert (len(result.boxes), len(result.tracks)) == shape


MOTIONS = (AreaMotion, CornerMotion, ObservedMotion)


@pytest.mark.parametrize("kind", MOTIONS)
def test_motion_learns_a_constant_speed(kind: type[Motion]) -> None:
    motion = kind(np.array([0, 0, 20, 40], np.float32))
    for step in range(1, 60):
        motion.predict()
        motion.correct(np.array([5 * step, 2 * step, 20, 40], np.float32))
    np.testing.assert_allclose(motion.predict(), [300, 120, 20, 40], atol=0.6)


@pytest.mark.parametrize("kind", MOTIONS)
def test_a_longer_wait_goes_further(kind: type[Motion]) -> None:
    motion = kind(np.array([0, 0, 20, 40], np.float32))
    for step in range(1, 60):
        motion.predict()
        motion.correct(np.array([5 * step, 0, 20, 40], np.float32))
    np.testing.assert_allclose(motion.predict(steps=3.0), [310, 0, 20, 40], atol=0.6)


@pytest.mark.parametrize("kind", MOTIONS)
def test_motion_of_a_shrinking_box_never_turns_inside_out(kind: type[Motion]) -> None:
    motion = kind(np.array([0, 0, 40, 40], np.float32))
    for side in (20, 10, 4, 1):
        motion.predict()
        motion.correct(np.array([0, 0, side, side], np.float32))
    for _ in range(20):
        x, y, w, h = motion.predict()
        assert np.isfinite([x, y, w, h]).all()
        assert w >= 0 and h >= 0


def test_the_filter_of_sort_equals_a_step_by_hand() -> None:
    motion = AreaMotion(np.array([0, 0, 10, 10], np.float32))
    motion.predict()
    motion.correct(np.array([8, 0, 10, 10], np.float32))
    # Of centre x alone: P = 10 + 1e4 + 1 before the second box, R = 1, so that the gain is 10011 / 10012. The speed takes
    # 1e4 / 10012 of the 8 pixels.
    x, speed = 5 + 8 * 10011 / 10012, 8 * 1e4 / 10012
    np.testing.assert_allclose(motion.state()["x"][0], x, rtol=1e-9)
    np.testing.assert_allclose(motion.state()["x"][4], speed, rtol=1e-9)
    np.testing.assert_allclose(motion.state()["P"][0][0], 10011 / 10012, rtol=1e-9)


def test_after_a_gap_the_filter_is_as_if_it_had_seen_the_straight_way() -> None:
    observed, told = ObservedMotion(rows((0, 0, 40, 40))[0]), AreaMotion(rows((0, 0, 40, 40))[0])
    for step in range(1, 6):
        for motion in (observed, told):
            motion.predict()
            motion.correct(rows((10 * step, 0, 40, 40))[0])
    # Seen at 50, hidden for 3 samples, it is seen again at 30: 5 to the left a sample.
    for x in (45, 40, 35, 30):
        observed.predict()
        told.predict()
        told.correct(rows((x, 0, 40, 40))[0])
    observed.correct(rows((30, 0, 40, 40))[0])
    np.testing.assert_allclose(observed.state()["x"], told.state()["x"], rtol=1e-6)
    np.testing.assert_allclose(observed.state()["P"], told.state()["P"], rtol=1e-6)


def test_direction_is_taken_over_the_last_samples() -> None:
    motion = ObservedMotion(rows((0, 0, 10, 10))[0])
    boxes = rows((30, 0, 10, 10), (0, 30, 10, 10), (-30, 0, 10, 10))
    motion.predict()
    assert direction_agreement([motion], boxes).tolist() == [[0], [0], [0]]
    motion.correct(rows((10, 0, 10, 10))[0])
    motion.predict()
    np.testing.assert_allclose(direction_agreement([motion], boxes)[:, 0], [0.5, 0, -0.5], atol=1e-3)
    assert direction_agreement([], boxes).shape == (3, 0)


def test_every_tracker_can_be_named_in_the_settings() -> None:
    assert tuple(TRACKERS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_two_faces_that_cross_keep_their_ids(name: TrackerName) -> None:
    tracker, ids = opened(name), []
    for step in range(20):
        left, right = (10.0 * step, 0.0, 40.0, 40.0), (190.0 - 10 * step, 25.0, 40.0, 40.0)
        ids.append(tracker.update(seen(left, right)).tolist())
    assert ids == [[1, 2]] * 20


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_boxes_does_not_matter(name: TrackerName) -> None:
    one, other = opened(name, appearance=LOOKS), opened(name, appearance=LOOKS)
    for step in range(5):
        here, there = (float(step), 0.0, 30.0, 30.0), (100.0 + step, 50.0, 30.0, 30.0)
        ids = one.update(seen(here, there), faces(0, 1))
        swapped = other.update(seen(there, here), faces(1, 0))
    # Ids are given in the order of the first frame; who shares one with whom is the same.
    assert ids.tolist() == [1, 2]
    assert swapped.tolist() == [1, 2]


@pytest.mark.parametrize("name", NAMES)
def test_a_face_that_left_its_box_goes_on_by_likeness(name: TrackerName) -> None:
    far = opened(name, appearance=LOOKS)
    far.update(seen((0, 0, 30, 30)), faces(3))
    assert far.update(seen((200, 0, 30, 30)), faces(3)).tolist() == [1]
    by_boxes_only = opened(name)
    by_boxes_only.update(seen((0, 0, 30, 30)), faces(3))
    assert by_boxes_only.update(seen((200, 0, 30, 30)), faces(3)).tolist() == [2]


@pytest.mark.parametrize("name", NAMES)
def test_another_face_far_away_begins_a_track(name: TrackerName) -> None:
    tracker = opened(name, appearance=LOOKS)
    tracker.update(seen((0, 0, 30, 30)), faces(3))
    assert tracker.update(seen((200, 0, 30, 30)), faces(4)).tolist() == [2]


@pytest.mark.parametrize("name", NAMES)
def test_a_veto_parts_boxes_that_overlap(name: TrackerName) -> None:
    tracker = opened(name, appearance=Appearance(join=0.4, veto=0.1))
    tracker.update(seen((0, 0, 30, 30)), faces(3))
    assert tracker.update(seen((0, 0, 30, 30)), faces(4)).tolist() == [2]
    lenient = opened(name, appearance=Appearance(join=0.4, veto=-1.0))
    lenient.update(seen((0, 0, 30, 30)), faces(3))
    assert lenient.update(seen((0, 0, 30, 30)), faces(4)).tolist() == [1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("missed", "expected"), [(2, 1), (3, 2)])
def test_a_track_outlives_max_age_samples_and_no_more(name: TrackerName, missed: int, expected: int) -> None:
    tracker = opened(name)
    tracker.update(seen((0, 0, 30, 30)))
    for _ in range(missed):
        assert tracker.update(seen()).tolist() == []
    assert tracker.update(seen((0, 0, 30, 30))).tolist() == [expected]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("back_at", "expected"), [(1.0, 1), (1.25, 2)])
def test_a_track_outlives_max_lost_s_however_many_samples(name: TrackerName, back_at: float, expected: int) -> None:
    tracker = opened(name, Life(max_age=0, max_lost_s=1.0))
    tracker.update(seen((0, 0, 30, 30)), npt=0.0)
    for quarter in range(1, int(back_at * 4)):
        tracker.update(seen(), npt=quarter / 4)
    # The track is let go after the first sample at which it was not seen for more than a second.
    if expected == 2:
        tracker.update(seen(), npt=back_at - 0.1)
        tracker.update(seen(), npt=back_at)
        assert tracker.update(seen((0, 0, 30, 30)), npt=back_at + 0.1).tolist() == [2]
    else:
        assert tracker.update(seen((0, 0, 30, 30)), npt=back_at).tolist() == [1]


@pytest.mark.parametrize("name", NAMES)
def test_a_track_moves_on_with_time_and_not_with_samples(name: TrackerName) -> None:
    tracker = TRACKERS[name](0.3, FROM_THE_FIRST, None, period_s=0.2)
    for step in range(20):
        tracker.update(seen((20.0 * step, 0, 40, 40)), npt=0.2 * step)
    # A second passes without a sample, and the face has gone on: 5 steps of 20 pixels.
    assert tracker.update(seen((20.0 * 24, 0, 40, 40)), npt=0.2 * 24).tolist() == [1]


@pytest.mark.parametrize("name", NAMES)
def test_no_track_crosses_a_cut(name: TrackerName) -> None:
    tracker = opened(name)
    tracker.update(seen((0, 0, 30, 30)))
    tracker.end_shot()
    assert tracker.live_ids == frozenset()
    assert tracker.update(seen((0, 0, 30, 30))).tolist() == [2]


@pytest.mark.parametrize("name", NAMES)
def test_ids_count_from_1_again_in_another_video(name: TrackerName) -> None:
    tracker = opened(name)
    tracker.update(seen((0, 0, 30, 30)), npt=5.0)
    tracker.reset()
    assert tracker.update(seen((90, 0, 30, 30)), npt=0.0).tolist() == [1]


@pytest.mark.parametrize("name", NAMES)
def test_two_trackers_do_not_touch_each_other(name: TrackerName) -> None:
    one, other = opened(name), opened(name)
    one.update(seen((0, 0, 30, 30)))
    assert other.update(seen((0, 0, 30, 30))).tolist() == [1]


def some_samples(n: int = 30) -> list[tuple[Detections, FloatArray, float]]:
    """Seeded samples in which faces jump, vanish and are doubtful."""
    random = np.random.default_rng(0)
    samples = []
    for step in range(n):
        people = np.flatnonzero(random.random(5) < 0.8)
        boxes = [(60.0 * person + 8 * step % 90 + random.uniform(-9, 9), 20.0, 40.0, 50.0) for person in people]
        scores = tuple(random.uniform(0.4, 0.95, len(people)).tolist())
        samples.append((seen(*boxes, scores=scores), faces(*people.tolist()), 0.2 * step))
    return samples


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("appearance", [None, Appearance(veto=0.1)])
@pytest.mark.parametrize("cut_at", [1, 7, 15])
def test_a_tracker_goes_on_from_its_state_as_if_nothing_had_happened(
    name: TrackerName, appearance: Appearance | None, cut_at: int
) -> None:
    whole, first, second = (TRACKERS[name](0.3, Life(2, 0.5), appearance, 0.2) for _ in range(3))
    expected = [whole.update(*sample).tolist() for sample in some_samples()]
    got = [first.update(*sample).tolist() for sample in some_samples()[:cut_at]]
    second.restore(json.loads(json.dumps(first.state())))
    got += [second.update(*sample).tolist() for sample in some_samples()[cut_at:]]
    assert got == expected
    assert json.dumps(second.state()) == json.dumps(whole.state())


@pytest.mark.parametrize("name", NAMES)
def test_the_same_input_gives_the_same_bytes(name: TrackerName) -> None:
    one, other = opened(name, appearance=LOOKS), opened(name, appearance=LOOKS)
    ids = [tracker_ids.tobytes() for tracker_ids in (one.update(*sample) for sample in some_samples())]
    other.update(*some_samples()[3])
    other.reset()
    assert [other.update(*sample).tobytes() for sample in some_samples()] == ids
    assert json.dumps(one.state()) == json.dumps(other.state())


@pytest.mark.parametrize("name", NAMES)
def test_input_is_left_as_it_was(name: TrackerName) -> None:
    found, people = seen((0, 0, 30, 30)), faces(0)
    before = found.boxes_xywh.copy(), people.copy()
    tracker = opened(name, appearance=LOOKS)
    tracker.update(found, people)
    tracker.update(found, people)
    np.testing.assert_array_equal(found.boxes_xywh, before[0])
    np.testing.assert_array_equal(people, before[1])


@pytest.mark.parametrize("name", NAMES)
def test_sometimes_no_embeddings_is_no_error(name: TrackerName) -> None:
    tracker = opened(name, appearance=LOOKS)
    tracker.update(seen((0, 0, 30, 30)))
    assert tracker.update(seen((0, 0, 30, 30)), faces(0)).tolist() == [1]
    assert tracker.update(seen((0, 0, 30, 30))).tolist() == [1]


def test_sort_as_published_reports_a_track_after_three_hits() -> None:
    tracker, box = SortTracker(), seen((0, 0, 30, 30))
    # Not at the start of a sequence, where everything counts at once.
    assert [tracker.update(box).tolist() for _ in range(4)] == [[1]] * 4
    late = seen((0, 0, 30, 30), (100, 0, 30, 30))
    assert [tracker.update(late).tolist() for _ in range(5)] == [[1, 0], [1, 0], [1, 0], [1, 2], [1, 2]]


def test_bytetrack_continues_with_a_doubtful_detection_but_does_not_begin_with_it() -> None:
    tracker, here = ByteTracker(life=FROM_THE_FIRST), (0.0, 0.0, 30.0, 30.0)
    assert tracker.update(seen(here, scores=(0.3,))).tolist() == [0]
    assert tracker.update(seen(here, scores=(0.65,))).tolist() == [0]
    assert tracker.update(seen(here, scores=(0.7,))).tolist() == [1]
    assert tracker.update(seen(here, scores=(0.1,))).tolist() == [1]


def test_bytetrack_gives_good_detections_the_first_choice() -> None:
    tracker = ByteTracker(life=FROM_THE_FIRST)
    tracker.update(seen((0, 0, 30, 30)))
    # The doubtful one lies better, and yet comes second.
    assert tracker.update(seen((0, 0, 30, 30), (9, 0, 30, 30), scores=(0.5, 0.9))).tolist() == [0, 1]


def test_bytetrack_as_published_forgets_what_was_seen_once() -> None:
    tracker = ByteTracker()
    tracker.update(seen((0, 0, 30, 30)))
    assert tracker.update(seen((0, 0, 30, 30), (100, 0, 30, 30))).tolist() == [1, 0]
    assert tracker.update(seen((0, 0, 30, 30))).tolist() == [1]
    assert tracker.update(seen((0, 0, 30, 30), (100, 0, 30, 30))).tolist() == [1, 0]
    assert tracker.update(seen((0, 0, 30, 30), (100, 0, 30, 30))).tolist() == [1, 3]


def test_ocsort_finds_who_stood_still_behind_something_again() -> None:
    tracker, sort = OcSortTracker(life=Life(30)), SortTracker(life=Life(30))
    for step in range(6):
        for one in (tracker, sort):
            one.update(seen((12.0 * step, 0, 40, 40)))
    for _ in range(6):
        for one in (tracker, sort):
            one.update(seen())
    # The filter guesses that the face went on; it stopped where it was last seen.
    assert tracker.update(seen((60, 0, 40, 40))).tolist() == [1]
    assert sort.update(seen((60, 0, 40, 40))).tolist() == [2]


def test_ocsort_takes_the_box_that_lies_straight_on() -> None:
    tracker = OcSortTracker(min_iou=0.1, life=FROM_THE_FIRST, direction_weight=2.0)
    for step in range(4):
        tracker.update(seen((10.0 * step, 0, 40, 40)))
    # Expected at 40: one box overlaps more but lies 25 degrees off, the other lies straight on.
    assert tracker.update(seen((40, 14, 40, 40), (56, 0, 40, 40))).tolist() == [2, 1]
    plain = OcSortTracker(min_iou=0.1, life=FROM_THE_FIRST, direction_weight=0.0)
    for step in range(4):
        plain.update(seen((10.0 * step, 0, 40, 40)))
    assert plain.update(seen((40, 14, 40, 40), (56, 0, 40, 40))).tolist() == [1, 2]


def test_ocsort_does_not_look_at_doubtful_detections() -> None:
    tracker = OcSortTracker(life=FROM_THE_FIRST)
    tracker.update(seen((0, 0, 30, 30)))
    assert tracker.update(seen((0, 0, 30, 30), scores=(0.5,))).tolist() == [0]


def test_ocsort_goes_on_with_doubtful_detections_where_it_is_told_to_and_begins_nothing_with_them() -> None:
    tracker = OcSortTracker(life=FROM_THE_FIRST, with_doubtful=True)
    tracker.update(seen((0, 0, 30, 30)))
    assert tracker.update(seen((0, 0, 30, 30), (100, 0, 30, 30), scores=(0.5, 0.5))).tolist() == [1, 0]
    # A good one is paired first, however well the doubtful one fits.
    assert tracker.update(seen((0, 0, 30, 30), (6, 0, 30, 30), scores=(0.5, 0.9))).tolist() == [0, 1]


class Asked:
    """Gives the looks of people on demand, and remembers which boxes were asked for."""

    def __init__(self, *people: int) -> None:
        self._faces, self.rows = faces(*people), list[int]()

    def __call__(self, rows: np.ndarray) -> FloatArray:
        self.rows += rows.tolist()
        return self._faces[rows]


@pytest.mark.parametrize("name", NAMES)
def test_looks_are_asked_for_only_where_the_place_leaves_doubt(name: TrackerName) -> None:
    tracker = opened(name, appearance=Appearance(join=0.4, veto=0.2))
    near, far, beside = (10, 10, 20, 20), (200, 10, 20, 20), (212, 10, 20, 20)
    samples: list[tuple[tuple[tuple[int, int, int, int], ...], list[int]]] = [
        ((near, far), [0, 1]),  # both begin a track
        ((near, far), []),  # both clearly go on
        ((far, near), []),  # in whatever order
        ((near, far, beside), [1, 2]),  # one more beside a track: either could be it
        ((near,), []),
        ((near, far), [1]),  # back after a gap: perhaps somebody else in the same place
    ]
    for boxes, wanted in samples:
        asked = Asked(*range(len(boxes)))
        tracker.update(seen(*boxes), asked)
        assert asked.rows == wanted


@pytest.mark.parametrize("name", NAMES)
def test_looks_on_demand_tell_faces_apart_as_looks_of_all_do(name: TrackerName) -> None:
    whole, asked = (opened(name, appearance=Appearance(join=0.4, veto=0.2)) for _ in range(2))
    here, there = (10, 10, 20, 20), (200, 10, 20, 20)
    # 0 goes on, 1 disappears, 2 stands where 1 was, 1 comes back elsewhere.
    for boxes, people in [
        ((here, there), (0, 1)),
        ((here,), (0,)),
        ((here, there), (0, 2)),
        ((here, (90, 90, 20, 20)), (0, 1)),
    ]:
        found = seen(*boxes)
        assert whole.update(found, faces(*people)).tolist() == asked.update(found, Asked(*people)).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_a_track_that_turns_out_to_be_somebody_else_ends(name: TrackerName) -> None:
    tracker = opened(name, appearance=Appearance(join=0.4, veto=0.2))
    box = (10, 10, 20, 20)
    (first,) = tracker.update(seen(box), Asked(0)).tolist()
    tracker.remember(first, faces(0)[0])
    assert tracker.update(seen(box), Asked(0)).tolist() == [first]
    tracker.remember(first, faces(3)[0])
    assert tracker.live_ids == frozenset()
    assert tracker.update(seen(box), Asked(3)).tolist() != [first]
    tracker.remember(first, faces(3)[0])  # ended long ago: nothing happens


def test_without_appearance_no_looks_are_asked_for() -> None:
    asked = Asked(0)
    assert opened("sort").update(seen((10, 10, 20, 20)), asked).tolist() == [1]
    assert asked.rows == []
