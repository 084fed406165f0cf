"""Quality of faces: what is better must score higher, and the numbers of simple cases are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from src.faces.alignment import ARCFACE_TEMPLATE
from src.faces.quality import FULL_SIZE_PX, face_qualities, frontality, sharpness, turn
from src.schema import Detections, FloatArray, RgbImage


def landmarks(nose_x: float, nose_y: float = 70.0) -> FloatArray:
    """Return a face with its left eye at x = 80 and its right eye at x = 40, both at y = 50."""
    return np.array([[[80, 50], [40, 50], [nose_x, nose_y], [75, 90], [45, 90]]], np.float32)


def noise(seed: int = 0, size: int = 112) -> RgbImage:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


def faces(size: float, score: float = 1.0) -> Detections:
    return Detections(np.array([[0, 0, size, size]], np.float32), np.array([score], np.float32), landmarks(60))


@pytest.mark.parametrize(
    ("nose_x", "wanted"),
    [
        (60, 1.0),  # midway
        (70, 0.5),  # a quarter of the distance away from the middle
        (50, 0.5),
        (80, 0.0),  # over an eye
        (40, 0.0),
        (120, 0.0),  # beyond it
        (-999, 0.0),
    ],
)
def test_frontality_by_hand(nose_x: float, wanted: float) -> None:
    assert frontality(landmarks(nose_x)) == pytest.approx([wanted], abs=1e-6)


@pytest.mark.parametrize(("nose_x", "wanted"), [(60, 0), (70, 0.5), (50, -0.5), (80, 1), (40, -1), (120, 1), (-999, -1)])
def test_faces_turn_to_where_the_nose_is(nose_x: float, wanted: float) -> None:
    assert turn(landmarks(nose_x)) == pytest.approx([wanted], abs=1e-6)


def test_frontality_does_not_mind_height_roll_scale_or_place() -> None:
    assert frontality(landmarks(66, 55)) == pytest.approx(frontality(landmarks(66, 100)))
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]], np.float32)
    assert frontality(landmarks(66) @ rotation.T * 7 - 30) == pytest.approx(frontality(landmarks(66)), abs=1e-5)


def test_template_is_frontal() -> None:
    assert frontality(ARCFACE_TEMPLATE[None])[0] > 0.98


def test_frontality_of_both_eyes_in_one_place_is_no_error() -> None:
    assert 0 <= frontality(np.zeros((1, 5, 2), np.float32))[0] <= 1


def test_frontality_of_nothing() -> None:
    assert frontality(np.zeros((0, 5, 2), np.float32)).shape == (0,)


def test_flat_crop_has_no_sharpness_and_noise_has_all() -> None:
    assert sharpness(np.full((112, 112, 3), 128, np.uint8)) == 0.0
    assert sharpness(noise()) == 1.0


def test_the_more_blur_the_less_sharpness() -> None:
    crop = cv2.GaussianBlur(noise(), (0, 0), 1.2)
    found = [sharpness(cv2.GaussianBlur(crop, (0, 0), sigma)) for sigma in (0.5, 1, 2, 4, 8)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 4 * found[-1]


@pytest.mark.parametrize("size", [1, 7, 112, 160, 500])
def test_crops_of_any_size_have_sharpness(size: int) -> None:
    assert 0 <= sharpness(noise(size=size)) <= 1


@pytest.mark.parametrize(
    ("size", "score", "wanted"),
    [
        (FULL_SIZE_PX, 1.0, 1.0),
        (FULL_SIZE_PX * 3, 1.0, 1.0),  # larger than needed is not better
        (FULL_SIZE_PX / 4, 1.0, 0.25**0.25),
        (FULL_SIZE_PX, 0.5, 0.5**0.25),
        (0, 1.0, 0.01**0.25),  # a trait counts at least a hundredth
    ],
)
def test_overall_is_the_geometric_mean(size: float, score: float, wanted: float) -> None:
    (found,) = face_qualities(faces(size, score), noise()[None])
    assert found.size_px == pytest.approx(size)
    assert (found.sharpness, found.frontality) == (1.0, 1.0)
    assert found.overall == pytest.approx(wanted, rel=1e-6)


def test_one_quality_a_face_in_their_order() -> None:
    detections = Detections(
        np.array([[0, 0, 80, 80], [0, 0, 20, 20]], np.float32),
        np.ones(2, np.float32),
        np.concatenate([landmarks(70), landmarks(60)]),
    )
    first, second = face_qualities(detections, np.stack([noise(), noise(1)]))
    assert (first.size_px, first.frontality) == (80, 0.5)
    assert (second.size_px, second.frontality) == (20, 1.0)


def test_no_faces() -> None:
    assert face_qualities(Detections.empty(), np.zeros((0, 112, 112, 3), np.uint8)) == []


def test_as_many_crops_as_faces() -> None:
    with pytest.raises(ValueError, match="zip"):
        face_qualities(faces(80), np.zeros((0, 112, 112, 3), np.uint8))
