"""Optical flow on drawn pictures whose every motion is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from src.schema import FloatArray, RgbImage
from src.tracking import flow
from src.tracking.flow import follow_boxes
from tests.videos import texture

SIZE = (160, 120)


def grey(seed: int, size: tuple[int, int]) -> RgbImage:
    return np.ascontiguousarray(texture(seed, size)[:, :, 1])


def film(places: list[tuple[int, int]], side: int = 40) -> list[RgbImage]:
    """Draw a patch that goes from place to place (its top left corner) over a still background."""
    background, patch = grey(1, SIZE), grey(2, (side, side))
    pictures = []
    for x, y in places:
        picture = background.copy()
        picture[y : y + side, x : x + side] = patch
        pictures.append(picture)
    return pictures


def box(x: float, y: float, side: float = 40) -> FloatArray:
    return np.array([[x, y, side, side]], np.float32)


CURVE = [(20 + 4 * step, 30 + round(12 * np.sin(step / 3))) for step in range(16)]


def test_a_box_follows_a_curve() -> None:
    pictures = film(CURVE)
    trail = follow_boxes(pictures[0], box(*CURVE[0]), pictures[1:])
    assert trail.known.all()
    wanted = np.array([(x, y, 40, 40) for x, y in CURVE[1:]], np.float32)
    np.testing.assert_allclose(trail.boxes_xywh[:, 0], wanted, atol=2.0)


def test_backwards_is_the_same_way() -> None:
    pictures = film(CURVE)
    trail = follow_boxes(pictures[-1], box(*CURVE[-1]), pictures[-2::-1]).reversed()
    np.testing.assert_allclose(trail.boxes_xywh[:, 0, :2], np.array(CURVE[:-1], np.float32), atol=2.0)


def test_a_face_that_comes_nearer_grows() -> None:
    background, patch = grey(1, SIZE), grey(2, (80, 80))
    import cv2

    pictures = []
    for side in range(40, 61, 2):
        picture = background.copy()
        picture[60 - side // 2 : 60 + side // 2, 80 - side // 2 : 80 + side // 2] = cv2.resize(patch, (side, side))
        pictures.append(picture)
    trail = follow_boxes(pictures[0], box(60, 40), pictures[1:])
    assert trail.known.all()
    assert trail.boxes_xywh[-1, 0] == pytest.approx([50, 30, 60, 60], abs=4)


def test_a_face_that_is_gone_is_lost_and_stays_lost() -> None:
    there = film(CURVE)
    gone = [*there[:5], *(grey(seed, SIZE) for seed in (7, 8)), *there[7:]]
    trail = follow_boxes(gone[0], box(*CURVE[0]), gone[1:])
    assert trail.known[:4].all()
    assert not trail.known[4:].any()


def test_two_faces_do_not_touch_each_other() -> None:
    pictures = film(CURVE)
    alone = follow_boxes(pictures[0], box(*CURVE[0]), pictures[1:])
    both = follow_boxes(pictures[0], np.concatenate([box(110, 70), box(*CURVE[0])]), pictures[1:])
    np.testing.assert_array_equal(both.boxes_xywh[:, 1], alone.boxes_xywh[:, 0])


@pytest.mark.parametrize(("n", "k"), [(0, 3), (2, 0), (0, 0)])
def test_nothing_to_follow(n: int, k: int) -> None:
    trail = follow_boxes(grey(1, SIZE), np.zeros((n, 4), np.float32), [grey(1, SIZE)] * k)
    assert trail.boxes_xywh.shape == (k, n, 4)
    assert trail.known.shape == (k, n)


def test_a_flat_picture_holds_nothing_to_follow() -> None:
    flat = np.full((120, 160), 90, np.uint8)
    assert not follow_boxes(flat, box(20, 20), [flat]).known.any()


def test_inputs_stay_as_they_are() -> None:
    pictures, start = film(CURVE[:3]), box(*CURVE[0])
    copies = [picture.copy() for picture in pictures]
    follow_boxes(pictures[0], start, pictures[1:])
    np.testing.assert_array_equal(start, box(*CURVE[0]))
    for picture, copy in zip(pictures, copies, strict=True):
        np.testing.assert_array_equal(picture, copy)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list that gets an entry whenever a face is looked for in a picture."""
    looks: list[None] = []
    moved = flow._moved

    def counting(*args: Any) -> Any:
        looks.append(None)
        return moved(*args)

    monkeypatch.setattr(flow, "_moved", counting)
    return looks


def test_a_slow_face_is_followed_in_every_second_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = watched(monkeypatch)
    places = [(40 + 2 * step, 40) for step in range(12)]
    trail = follow_boxes(film(places)[0], box(*places[0]), film(places)[1:])
    # The first one by itself, then five pairs.
    assert len(looks) == 6
    np.testing.assert_allclose(trail.boxes_xywh[:, 0, :2], np.array(places[1:], np.float32), atol=0.5)


def test_a_fast_face_is_followed_in_every_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = watched(monkeypatch)
    places = [(10 + 8 * step, 40) for step in range(12)]
    trail = follow_boxes(film(places)[0], box(*places[0]), film(places)[1:])
    assert len(looks) == 11
    np.testing.assert_allclose(trail.boxes_xywh[:, 0, :2], np.array(places[1:], np.float32), atol=1.5)


def test_what_is_lost_in_the_second_picture_is_looked_for_in_the_next() -> None:
    """Pictures 0 to 4 show the face, the fifth does not: in pairs the fourth would be left out."""
    places = [(40, 40)] * 5
    pictures = [*film(places), grey(7, SIZE)]
    trail = follow_boxes(pictures[0], box(40, 40), pictures[1:])
    assert trail.known[:, 0].tolist() == [True] * 4 + [False]


def test_a_large_face_is_followed_as_well() -> None:
    places = [(20 + 3 * step, 10 + step) for step in range(8)]
    pictures = film(places, side=90)
    trail = follow_boxes(pictures[0], box(*places[0], side=90), pictures[1:])
    wanted = np.array([(x, y, 90, 90) for x, y in places[1:]], np.float32)
    np.testing.assert_allclose(trail.boxes_xywh[:, 0], wanted, atol=2.0)


def test_a_face_at_the_edge_of_the_picture_is_lost_when_its_middle_leaves() -> None:
    places = [(100 + 6 * step, 40) for step in range(10)]
    wide = grey(1, (220, 120))
    pictures = []
    for x, y in places:
        picture = wide.copy()
        picture[y : y + 40, x : x + 40] = grey(2, (40, 40))
        pictures.append(np.ascontiguousarray(picture[:, :160]))
    trail = follow_boxes(pictures[0], box(100, 40), pictures[1:])
    middle = trail.boxes_xywh[:, 0, 0] + trail.boxes_xywh[:, 0, 2] / 2
    assert trail.known[:3].all()
    assert not trail.known[-1].any()
    assert (middle[trail.known[:, 0]] < 160).all()
