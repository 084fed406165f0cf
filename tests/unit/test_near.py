"""Windows around expected faces: where they lie, what is found in them, and when a whole picture is looked at instead."""

from __future__ import annotations

import numpy as np
import pytest

from src.engines.fake import FakeDetector, colour_of
from src.engines.near import WINDOW_PX, Window, glance_of, has_others, joined, windows_around
from src.schema import Detections, FloatArray, RgbImage

WIDTH, HEIGHT = 1280, 720


def boxes(*rows: tuple[float, ...]) -> FloatArray:
    return np.array(rows, np.float32).reshape(-1, 4)


def faces(*rows: tuple[float, ...]) -> Detections:
    """Return faces of x, y, w, h, score, with landmarks in the middle."""
    found = np.array(rows, np.float32).reshape(-1, 5)
    centres = found[:, :2] + found[:, 2:4] / 2
    return Detections(found[:, :4], found[:, 4], np.repeat(centres[:, None], 5, axis=1))


def drawn(*squares: tuple[int, int, int]) -> RgbImage:
    """Return a grey picture with squares of x, y and side, in different colours."""
    image = np.full((HEIGHT, WIDTH, 3), 64, np.uint8)
    for person, (x, y, side) in enumerate(squares):
        image[y : y + side, x : x + side] = colour_of(person)
    return image


# Windows


def test_a_window_is_twice_as_large_as_its_face_and_scaled_down() -> None:
    (window,) = windows_around(boxes((500, 300, 100, 120)), WIDTH, HEIGHT)
    assert (window.left, window.top, window.width, window.height) == (430, 240, 240, 240)
    assert window.size == (WINDOW_PX, WINDOW_PX)


def test_a_small_face_is_not_scaled_up() -> None:
    (window,) = windows_around(boxes((500, 300, 20, 20)), WIDTH, HEIGHT)
    assert (window.width, window.size, window.scale) == (WINDOW_PX, (WINDOW_PX, WINDOW_PX), 1)


@pytest.mark.parametrize("box", [(-30, -30, 100, 100), (1240, 700, 100, 100), (5000, 5000, 9, 9), (0, 0, 1280, 720)])
def test_windows_lie_in_the_picture(box: tuple[float, ...]) -> None:
    (window,) = windows_around(boxes(box), WIDTH, HEIGHT)
    assert 0 <= window.left <= window.left + window.width <= WIDTH
    assert 0 <= window.top <= window.top + window.height <= HEIGHT
    assert window.cut(drawn()).shape == (window.size[1], window.size[0], 3)


@pytest.mark.parametrize(
    ("others", "n"),
    [
        ((), 1),
        (((560, 350, 60, 60),), 1),  # inside the window of the first
        (((690, 350, 60, 60),), 2),  # at its side
        (((560, 350, 20, 20),), 2),  # too small there
        (((100, 100, 60, 60), (900, 100, 60, 60)), 3),
    ],
)
def test_a_face_well_inside_another_window_has_none_of_its_own(others: tuple[tuple[float, ...], ...], n: int) -> None:
    assert len(windows_around(boxes((500, 300, 160, 160), *others), WIDTH, HEIGHT)) == n


def test_without_faces_there_is_no_window() -> None:
    assert windows_around(boxes(), WIDTH, HEIGHT) == []
    assert len(joined([], [], WIDTH, HEIGHT)) == 0


# What was found in them


def test_faces_are_brought_back_and_those_cut_off_are_dropped() -> None:
    window = Window(100, 50, 320, 320, 0.5)
    found = window.brought_back(faces((40, 40, 80, 80, 0.9), (0, 40, 40, 40, 0.8), (100, 100, 60, 60, 0.7)), WIDTH, HEIGHT)
    assert found.boxes_xywh.tolist() == [[180, 130, 160, 160]]
    assert found.landmarks[0, 0].tolist() == [260, 210]


def test_boxes_are_placed_where_they_were_brought_back_from() -> None:
    window, found = Window(100, 50, 320, 320, 0.5), faces((40, 40, 80, 80, 0.9), (100, 100, 40, 20, 0.8))
    back = window.brought_back(found, WIDTH, HEIGHT)
    np.testing.assert_allclose(window.placed(back.boxes_xywh), found.boxes_xywh, atol=1e-4)
    assert window.placed(boxes()).shape == (0, 4)


def test_the_edge_of_the_picture_cuts_nothing_off() -> None:
    corner = Window(0, HEIGHT - 320, 320, 320, 0.5)
    found = corner.brought_back(faces((0, 100, 40, 60, 0.9), (60, 100, 60, 60, 0.8), (130, 20, 30, 30, 0.7)), WIDTH, HEIGHT)
    assert found.scores.tolist() == pytest.approx([0.9, 0.8])


def test_a_face_in_two_windows_is_one_and_two_faces_in_one_are_two() -> None:
    windows = [Window(100, 100, 160, 160, 1), Window(120, 100, 160, 160, 1)]
    found = joined(windows, [faces((60, 60, 40, 40, 0.8), (70, 60, 40, 40, 0.7)), faces((40, 60, 42, 40, 0.9))], WIDTH, HEIGHT)
    assert found.boxes_xywh.tolist() == [[160, 160, 42, 40]]
    alone = joined(windows[:1], [faces((60, 60, 40, 40, 0.8), (70, 60, 40, 40, 0.9))], WIDTH, HEIGHT)
    assert alone.scores.tolist() == pytest.approx([0.9, 0.8])


def test_others_are_faces_that_lie_on_none_known() -> None:
    known = faces((100, 100, 50, 50, 0.9))
    assert not has_others(faces((110, 110, 60, 60, 0.9)), known)
    assert has_others(faces((110, 110, 60, 60, 0.9), (300, 100, 50, 50, 0.9)), known)
    assert not has_others(Detections.empty(), Detections.empty())
    assert has_others(known, Detections.empty())


def test_a_glance_has_a_detector_work_at_half_its_scale() -> None:
    assert glance_of(WIDTH, HEIGHT, lambda width, height: width * height).size == (640, 360)
    assert glance_of(WIDTH, HEIGHT, lambda width, height: width * height * min(1, 640 / width) ** 2).size == (320, 180)
    # One that doubles small pictures.
    assert glance_of(WIDTH, HEIGHT, lambda width, height: width * height * min(2, 1280 / width) ** 2).size == (320, 180)


# All together


def near(image: RgbImage, *rows: tuple[float, ...]) -> Detections | None:
    return FakeDetector().detect_near(image, boxes(*rows))


def test_faces_are_found_near_where_they_are_expected() -> None:
    image = drawn((500, 300, 100), (200, 100, 30))
    found = near(image, (470, 330, 100, 100), (205, 95, 32, 32))
    assert found is not None
    (whole,) = FakeDetector().detect([image])
    order = np.argsort(found.boxes_xywh[:, 0])
    np.testing.assert_allclose(found.boxes_xywh[order], whole.boxes_xywh[np.argsort(whole.boxes_xywh[:, 0])], atol=2.5)


def test_a_face_that_is_gone_leaves_nothing() -> None:
    found = near(drawn(), (470, 330, 100, 100))
    assert found is not None
    assert len(found) == 0


def test_a_face_somewhere_else_wants_the_whole_picture() -> None:
    assert near(drawn((500, 300, 100), (1000, 500, 60)), (500, 300, 100, 100)) is None
    assert near(drawn((1000, 500, 60))) is None


class Scaling(FakeDetector):
    """Scales pictures down to 640 pixels, as most detectors do."""

    def pixels(self, width: int, height: int) -> float:
        return width * height * min(1.0, 640 / max(width, height)) ** 2


@pytest.mark.parametrize(("n", "is_whole"), [(1, False), (4, False), (5, True), (12, True)])
def test_many_faces_want_the_whole_picture(n: int, is_whole: bool) -> None:
    places = [(40 + 180 * (k % 6), 40 + 300 * (k // 6), 60, 60) for k in range(n)]
    found = Scaling().detect_near(drawn(*[place[:3] for place in places]), boxes(*places))
    assert (found is None) == is_whole
    assert found is None or len(found) == n


def test_a_small_picture_is_looked_at_as_a_whole() -> None:
    assert FakeDetector().detect_near(drawn((20, 20, 40))[:120, :160], boxes((20, 20, 40, 40))) is None
