"""When all of a sample is searched for faces, and when only where they were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from src.engines.fake import FakeDetector, colour_of
from src.schema import Detections, Frame, RgbImage
from src.tracker.attention import Attention

WIDTH, HEIGHT = 1280, 720
STEP_S = 0.2
Square = tuple[float, float, int]
"""x, y, side."""


class Counting(FakeDetector):
    """Counts whole pictures."""

    def __init__(self) -> None:
        self.n_whole = 0

    def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
        self.n_whole += sum(image.shape[:2] == (HEIGHT, WIDTH) for image in images)
        return super().detect(images)


def sample(index: int, *squares: Square, shot: int = 0, grey: int = 64) -> Frame:
    image = np.full((HEIGHT, WIDTH, 3), grey, np.uint8)
    for person, (x, y, side) in enumerate(squares):
        image[round(y) : round(y) + side, round(x) : round(x) + side] = colour_of(person)
    return Frame(index, index * STEP_S, image, shot)


def watch(
    frames: Sequence[Frame], period_s: float = 1.0, window_s: float = 1.0, crowd: bool = False
) -> list[tuple[bool, Detections]]:
    """Return for each sample whether all of it was looked at, and its faces."""
    detector = Counting()
    attention, seen = Attention(detector, period_s), []
    for frame in frames:
        before = detector.n_whole
        found = attention.look(frame, int(frame.npt / window_s + 1e-6))
        attention.expect(frame, found, crowd)
        seen.append((detector.n_whole > before, found))
    return seen


def whole(seen: Sequence[tuple[bool, Detections]]) -> list[int]:
    return [index for index, (is_whole, _) in enumerate(seen) if is_whole]


STILL: Square = (400, 300, 90)


def test_the_first_sample_of_each_window_is_looked_at_whole() -> None:
    seen = watch([sample(n, STILL) for n in range(12)], period_s=9)
    assert whole(seen) == [0, 5, 10]
    assert [len(found) for _, found in seen] == [1] * 12


@pytest.mark.parametrize(("period_s", "expected"), [(0.4, [0, 2, 4, 6, 8]), (0.5, [0, 3, 6, 9]), (1.0, [0, 5])])
def test_all_is_looked_at_each_period(period_s: float, expected: list[int]) -> None:
    assert whole(watch([sample(n, STILL) for n in range(10)], period_s, window_s=9)) == expected


def test_the_first_sample_of_each_shot_is_looked_at_whole() -> None:
    frames = [sample(n, STILL, shot=int(n >= 3)) for n in range(6)]
    assert whole(watch(frames, 9, 9)) == [0, 3]


def test_a_face_that_moves_is_followed_at_its_speed() -> None:
    # 60 pixels a sample would leave a window around the last place after two samples.
    seen = watch([sample(n, (100 + 60 * n, 200 + 10 * n, 80)) for n in range(10)], 9, 9)
    # Its speed is not known before the second sample.
    assert set(whole(seen)) <= {0, 1, 2}
    for index, (_, found) in enumerate(seen):
        np.testing.assert_allclose(found.boxes_xywh, [[100 + 60 * index, 200 + 10 * index, 80, 80]], atol=2.5)


def test_a_lost_face_has_all_of_the_picture_looked_at_once() -> None:
    frames = [sample(n, STILL, *([(900.0, 100.0, 60)] if n < 3 else [])) for n in range(7)]
    seen = watch(frames, 9, 9)
    assert whole(seen) == [0, 3]
    assert [len(found) for _, found in seen] == [2, 2, 2, 1, 1, 1, 1]


def test_a_face_that_jumps_away_is_found_there() -> None:
    frames = [sample(n, STILL if n < 3 else (900, 100, 90)) for n in range(5)]
    seen = watch(frames, 9, 9)
    assert whole(seen) == [0, 3]
    np.testing.assert_allclose(seen[3][1].boxes_xywh, [[900, 100, 90, 90]], atol=1)


def test_a_new_face_is_found_at_once() -> None:
    frames = [sample(n, STILL, *([(900.0, 100.0, 60)] if n >= 3 else [])) for n in range(6)]
    seen = watch(frames, 9, 9)
    assert whole(seen) == [0, 3]
    assert [len(found) for _, found in seen] == [1, 1, 1, 2, 2, 2]


def test_a_small_new_face_is_found_by_the_next_whole_picture() -> None:
    # 6 pixels are 3 at a glance, which the detector does not see.
    frames = [sample(n, STILL, *([(900.0, 100.0, 6)] if n >= 2 else [])) for n in range(7)]
    seen = watch(frames, 1.0, 9)
    assert [len(found) for _, found in seen] == [1, 1, 1, 1, 1, 2, 2]


def test_a_picture_that_is_quite_another_is_looked_at_whole() -> None:
    frames = [sample(n, STILL, grey=64 if n < 3 else 120) for n in range(5)]
    assert whole(watch(frames, 9, 9)) == [0, 3]


def test_where_nobody_is_a_glance_is_enough() -> None:
    assert whole(watch([sample(n) for n in range(5)], 9, 9)) == [0]


def test_of_a_crowd_all_is_looked_at() -> None:
    assert whole(watch([sample(n, STILL) for n in range(4)], 9, 9, crowd=True)) == [0, 1, 2, 3]


def test_what_is_found_does_not_depend_on_where_the_work_began() -> None:
    frames = [sample(n, (100 + 35 * n, 200, 80), (900 - 11 * n, 300 + 7 * n, 55)) for n in range(20)]
    all_of_it = watch(frames)
    for start in (5, 10, 15):
        for (is_whole, found), (was_whole, before) in zip(watch(frames[start:]), all_of_it[start:], strict=True):
            assert is_whole == was_whole
            assert found.boxes_xywh.tobytes() == before.boxes_xywh.tobytes()
            assert found.scores.tobytes() == before.scores.tobytes()
