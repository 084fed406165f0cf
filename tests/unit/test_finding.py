"""Finding faces in photos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from src.engines.base import FaceDetector
from src.engines.finding import find_faces, main_face
from src.schema import Detections, RgbImage
from tests.servers.engine import SquareDetector
from tests.servers.photos import GREEN, RED, draw


def test_each_photo_has_its_faces() -> None:
    images = [draw(1), draw(2, ()), draw(3, ((10, 10, 20, RED), (60, 60, 40, GREEN)))]
    assert [len(faces) for faces in find_faces(SquareDetector(), images)] == [1, 0, 2]


def test_no_photos_have_no_faces() -> None:
    assert find_faces(SquareDetector(), []) == []


@pytest.mark.parametrize(("width", "height"), [(100, 100), (100, 60), (1600, 1200)])
def test_a_face_that_fills_the_photo_is_found_with_a_border_and_brought_back(width: int, height: int) -> None:
    image = np.full((height, width, 3), RED, np.uint8)
    assert not len(SquareDetector().detect([image])[0])
    faces = find_faces(SquareDetector(), [image])[0]
    np.testing.assert_allclose(faces.boxes_xywh, [[0, 0, width, height]], atol=0.01 * width)
    np.testing.assert_allclose(faces.landmarks[0, 0], [0.7 * width, 0.35 * height], atol=0.01 * width)


def test_what_a_detector_sees_in_the_border_does_not_count() -> None:
    class InTheCorner(FaceDetector):
        def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
            bordered = images[0].shape[0] > 50
            face = Detections(np.array([[0, 0, 9, 9]], np.float32), np.ones(1, np.float32), np.zeros((1, 5, 2), np.float32))
            return [face if bordered else Detections.empty()]

    assert not len(find_faces(InTheCorner(), [np.zeros((50, 50, 3), np.uint8)])[0])


@pytest.mark.parametrize(
    ("boxes", "row"),
    [
        ([(0, 0, 10, 10), (0, 0, 20, 20)], 1),  # the larger one
        ([(90, 90, 20, 20), (0, 0, 20, 20)], 0),  # of equals the central one
        ([(95, 95, 10, 10), (0, 0, 30, 30)], 1),  # a much larger one also at the edge
        ([(50, 50, 20, 20)], 0),
    ],
)
def test_the_main_face_is_the_largest_most_central_one(boxes: list[tuple[int, ...]], row: int) -> None:
    n = len(boxes)
    faces = Detections(np.array(boxes, np.float32), np.ones(n, np.float32), np.zeros((n, 5, 2), np.float32))
    assert main_face(faces, 200, 200) == row
