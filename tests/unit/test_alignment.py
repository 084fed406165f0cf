"""The similarity transform against transforms made by hand, and crops against pictures drawn for it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from src.errors import ShapeError
from src.faces.alignment import ARCFACE_TEMPLATE, align_faces, similarity_transform
from src.schema import FloatArray, RgbImage


def apply(matrix: FloatArray, points: FloatArray) -> FloatArray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def turned(points: FloatArray, degrees: float, scale: float, shift: tuple[float, float]) -> FloatArray:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (scale * points @ turn.T + np.array(shift)).astype(np.float32)


@pytest.mark.parametrize(
    ("points", "template", "matrix"),
    [
        # a square on itself; shifted; twice as large; a quarter turn: (x, y) -> (-y, x)
        ([[0, 0], [1, 0], [1, 1], [0, 1]], [[0, 0], [1, 0], [1, 1], [0, 1]], [[1, 0, 0], [0, 1, 0]]),
        ([[0, 0], [1, 0], [1, 1], [0, 1]], [[5, -2], [6, -2], [6, -1], [5, -1]], [[1, 0, 5], [0, 1, -2]]),
        ([[0, 0], [1, 0], [1, 1], [0, 1]], [[0, 0], [2, 0], [2, 2], [0, 2]], [[2, 0, 0], [0, 2, 0]]),
        ([[0, 0], [1, 0], [1, 1], [0, 1]], [[0, 0], [0, 1], [-1, 1], [-1, 0]], [[0, -1, 0], [1, 0, 0]]),
        # two points are enough for rotation, scale and shift
        ([[0, 0], [2, 0]], [[1, 1], [1, 5]], [[0, -2, 1], [2, 0, 1]]),
        # all points in one place: nothing is known but the shift
        ([[3, 3], [3, 3]], [[0, 0], [2, 0]], [[1, 0, -2], [0, 1, -3]]),
    ],
)
def test_by_hand(points: list[list[float]], template: list[list[float]], matrix: list[list[float]]) -> None:
    found = similarity_transform(np.array(points, np.float32), np.array(template, np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, matrix, atol=1e-6)


@pytest.mark.parametrize("degrees", [0, 7, 90, 179, -45])
@pytest.mark.parametrize("scale", [0.05, 1, 13])
def test_any_turn_scale_and_shift_is_undone(degrees: float, scale: float) -> None:
    points = turned(ARCFACE_TEMPLATE, degrees, scale, (300, -20))
    np.testing.assert_allclose(apply(similarity_transform(points, ARCFACE_TEMPLATE), points), ARCFACE_TEMPLATE, atol=0.01)


def test_no_small_change_comes_closer_to_the_template() -> None:
    rng = np.random.default_rng(0)
    points = turned(ARCFACE_TEMPLATE, 20, 2, (50, 60)) + rng.normal(0, 4, (5, 2)).astype(np.float32)
    best = similarity_transform(points, ARCFACE_TEMPLATE)

    def error(a: float, b: float, x: float, y: float) -> float:
        return float(((apply(np.array([[a, -b, x], [b, a, y]]), points) - ARCFACE_TEMPLATE) ** 2).sum())

    fitted = np.array([best[0, 0], best[1, 0], best[0, 2], best[1, 2]], np.float64)
    for change in np.concatenate([np.eye(4), -np.eye(4)]) * [0.01, 0.01, 0.5, 0.5]:
        assert error(*fitted) < error(*(fitted + change))


def test_picture_is_never_mirrored() -> None:
    mirrored = ARCFACE_TEMPLATE * np.array([-1, 1], np.float32)
    assert np.linalg.det(similarity_transform(mirrored, ARCFACE_TEMPLATE)[:, :2].astype(np.float64)) >= 0


def test_template_names_the_left_side_of_the_person() -> None:
    left_eye, right_eye, nose, left_mouth, right_mouth = ARCFACE_TEMPLATE
    assert left_eye[0] > nose[0] > right_eye[0]
    assert left_mouth[0] > nose[0] > right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]


@pytest.mark.parametrize(("points", "template"), [((5, 2), (4, 2)), ((5, 3), (5, 3)), ((5,), (5,)), ((2, 5, 2), (2, 5, 2))])
def test_other_shapes_are_refused(points: tuple[int, ...], template: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError):
        similarity_transform(np.zeros(points, np.float32), np.zeros(template, np.float32))


class TestCrops:
    COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255]], np.uint8)

    def picture(self, landmarks: FloatArray) -> RgbImage:
        """Draw a disc of its own colour on each landmark, on grey."""
        image = np.full((400, 500, 3), 90, np.uint8)
        for (x, y), colour in zip(landmarks, self.COLOURS, strict=True):
            cv2.circle(image, (round(float(x)), round(float(y))), 9, colour.tolist(), -1)
        return image

    @pytest.mark.parametrize("degrees", [0, 30, -90, 170])
    def test_landmarks_come_to_lie_on_the_template_in_their_colours(self, degrees: float) -> None:
        landmarks = turned(ARCFACE_TEMPLATE - 56, degrees, 2, (250, 200))
        crops = align_faces(self.picture(landmarks), landmarks[None], ARCFACE_TEMPLATE, 112)
        assert crops.shape == (1, 112, 112, 3)
        for (x, y), colour in zip(ARCFACE_TEMPLATE, self.COLOURS, strict=True):
            np.testing.assert_array_equal(crops[0, round(float(y)), round(float(x))], colour)

    def test_outside_of_the_picture_is_black(self) -> None:
        image = np.full((112, 112, 3), 200, np.uint8)
        crop = align_faces(image, (ARCFACE_TEMPLATE + np.array([56, 0], np.float32))[None], ARCFACE_TEMPLATE, 112)[0]
        np.testing.assert_array_equal(crop[:, :55], 200)  # shifted left by 56: the right half comes from outside
        np.testing.assert_array_equal(crop[:, 57:], 0)

    def test_each_face_has_its_own_crop(self) -> None:
        image = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)
        both = np.stack([ARCFACE_TEMPLATE, ARCFACE_TEMPLATE + 100])
        crops = align_faces(image, both, ARCFACE_TEMPLATE, 112)
        for number in range(2):
            np.testing.assert_array_equal(
                crops[number], align_faces(image, both[number : number + 1], ARCFACE_TEMPLATE, 112)[0]
            )

    def test_no_faces(self) -> None:
        crops = align_faces(np.zeros((10, 10, 3), np.uint8), np.zeros((0, 5, 2), np.float32), ARCFACE_TEMPLATE, 112)
        assert crops.shape == (0, 112, 112, 3)

    def test_inputs_are_not_changed_and_two_runs_agree(self) -> None:
        image = np.random.default_rng(0).integers(0, 255, (120, 120, 3), np.uint8)
        landmarks = ARCFACE_TEMPLATE[None] + 1
        before = image.copy(), landmarks.copy()
        first = align_faces(image, landmarks, ARCFACE_TEMPLATE, 112)
        np.testing.assert_array_equal(first, align_faces(image, landmarks, ARCFACE_TEMPLATE, 112))
        np.testing.assert_array_equal(image, before[0])
        np.testing.assert_array_equal(landmarks, before[1])
