"""What every engine promises, tried on every engine."""

from __future__ import annotations

import itertools
import re

import cv2
import numpy as np
import pytest

from src.errors import ShapeError
from src.geometry import iou_matrix
from src.schema import Detections, FloatArray, RgbImage

from .conftest import Case

LEFT_EYE, RIGHT_EYE, NOSE, LEFT_MOUTH, RIGHT_MOUTH = range(5)


def same(first: Detections, second: Detections) -> bool:
    return all(
        getattr(first, name).tobytes() == getattr(second, name).tobytes() for name in ("boxes_xywh", "scores", "landmarks")
    )


def close(first: FloatArray, second: FloatArray) -> bool:
    """Equal up to what another order of the same sums changes."""
    return bool(np.allclose(first, second, atol=1e-4))


# Detection


def test_the_face_of_each_picture_is_found(case: Case) -> None:
    assert len(case.found) == len(case.images)
    assert [len(faces) > 0 for faces in case.found] == [True] * len(case.found)


def test_faces_come_best_first_in_the_picture_in_float32(case: Case) -> None:
    for image, faces in zip(case.images, case.found, strict=True):
        height, width = image.shape[:2]
        x, y, w, h = faces.boxes_xywh.T
        assert (x >= 0).all()
        assert (y >= 0).all()
        assert (x + w <= width + 1e-3).all()
        assert (y + h <= height + 1e-3).all()
        assert (w > 0).all()
        assert (h > 0).all()
        assert ((faces.scores >= 0) & (faces.scores <= 1)).all()
        assert (np.diff(faces.scores) <= 0).all()
        assert {array.dtype for array in (faces.boxes_xywh, faces.scores, faces.landmarks)} == {np.dtype(np.float32)}


def test_landmarks_are_named_as_the_person_has_them(case: Case) -> None:
    for faces in case.found:
        points = faces.landmarks[0]
        # Whoever faces the camera has the left eye on the right of the picture.
        assert points[LEFT_EYE, 0] > points[RIGHT_EYE, 0]
        assert points[LEFT_MOUTH, 0] > points[RIGHT_MOUTH, 0]
        assert points[[LEFT_EYE, RIGHT_EYE], 1].mean() < points[NOSE, 1] < points[[LEFT_MOUTH, RIGHT_MOUTH], 1].mean()


def test_landmarks_lie_in_their_box(case: Case) -> None:
    for faces in case.found:
        x, y, w, h = faces.boxes_xywh[0]
        share = (faces.landmarks[0] - [x, y]) / [w, h]
        assert (share > -0.1).all()
        assert (share < 1.1).all()


@pytest.mark.parametrize("shape", [(1, 1), (9, 17), (17, 9), (12, 500), (500, 12), (240, 320)])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_picture_without_a_face_has_none(case: Case, shape: tuple[int, int], grey: int) -> None:
    (faces,) = case.engine.detector.detect([np.full((*shape, 3), grey, np.uint8)])
    assert same(faces, Detections.empty())


def test_near_its_place_a_face_is_found_as_in_the_whole_picture(case: Case) -> None:
    detector, n_near = case.engine.detector, 0
    for picture in case.images[::3]:
        scene = np.full((720, 1280, 3), 64, np.uint8)
        height, width = (round(side * 320 / max(picture.shape[:2])) for side in picture.shape[:2])
        scene[200 : 200 + height, 500 : 500 + width] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        (whole,) = detector.detect([scene])
        face = whole.take(np.arange(min(len(whole), 1)))
        found = detector.detect_near(scene, face.boxes_xywh + np.array([8, -8, 0, 0], np.float32))
        if found is None:
            continue
        n_near += len(face)
        overlaps = iou_matrix(face.boxes_xywh, found.boxes_xywh).max(axis=1, initial=0)
        # Boxes of dlib come in steps of a fifth.
        assert (overlaps > 0.5).all()
        assert {array.dtype for array in (found.boxes_xywh, found.scores, found.landmarks)} == {np.dtype(np.float32)}
    # SCRFD looks at as many pixels in any picture, so that windows are never cheaper.
    assert (n_near > 0) == (case.engine.name != "insightface")


def test_no_pictures_have_no_faces(case: Case) -> None:
    assert case.engine.detector.detect([]) == []


def test_pictures_do_not_influence_each_other(case: Case) -> None:
    images = [case.images[0], np.zeros((1, 1, 3), np.uint8), *case.images[-3:]]
    together = case.engine.detector.detect(images)
    alone = [case.engine.detector.detect([image])[0] for image in images]
    backwards = case.engine.detector.detect(images[::-1])[::-1]
    assert all(map(same, together, alone))
    assert all(map(same, together, backwards))


def test_a_view_of_a_picture_is_as_good_as_a_copy(case: Case) -> None:
    mirrored = case.images[0][:, ::-1]
    (view,), (copy,) = case.engine.detector.detect([mirrored]), case.engine.detector.detect([mirrored.copy()])
    assert same(view, copy)
    assert np.array_equal(case.engine.embedder.align(mirrored, view), case.engine.embedder.align(mirrored.copy(), copy))


def test_a_face_keeps_its_place_when_the_picture_grows(case: Case) -> None:
    image = case.images[0]
    factor = 1500 / max(image.shape)
    grown = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    (small,), (large,) = case.engine.detector.detect([image]), case.engine.detector.detect([grown])
    size = small.boxes_xywh[0, 2:].max()
    assert np.abs(large.landmarks[0] / factor - small.landmarks[0]).max() < 0.15 * size


# Alignment


def test_crops_have_the_size_that_is_said(case: Case) -> None:
    crops = case.crops
    side = case.engine.embedder.crop_size
    assert crops.shape == (len(case.images), side, side, 3)
    assert crops.dtype == np.uint8


def test_no_face_gives_no_crop(case: Case) -> None:
    side = case.engine.embedder.crop_size
    assert case.engine.embedder.align(case.images[0], Detections.empty()).shape == (0, side, side, 3)


def test_outside_the_picture_is_black(case: Case) -> None:
    image = np.full_like(case.images[0], 255)
    (faces,) = case.engine.detector.detect([case.images[0]])
    height, width = image.shape[:2]
    away = np.array([width, height], np.float32)
    shifted = Detections(faces.boxes_xywh + np.tile(away, 2) * [1, 1, 0, 0], faces.scores, faces.landmarks + away)
    crop = case.engine.embedder.align(image, shifted)[0]
    assert (crop[-1, -1] == 0).all()


def test_points_that_coincide_do_no_harm(case: Case) -> None:
    nothing = Detections(np.zeros((1, 4), np.float32), np.ones(1, np.float32), np.zeros((1, 5, 2), np.float32))
    assert len(case.engine.embedder.align(case.images[0], nothing)) == 1


# Embedding


def test_embeddings_are_unit_vectors(case: Case) -> None:
    vectors = case.engine.embedder.embed(case.crops)
    assert vectors.shape == (len(case.images), case.engine.embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_crop_of_one_colour_gives_a_unit_vector_too(case: Case, grey: int) -> None:
    side = case.engine.embedder.crop_size
    (vector,) = case.engine.embedder.embed(np.full((1, side, side, 3), grey, np.uint8))
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_no_crops_have_no_embeddings(case: Case) -> None:
    side = case.engine.embedder.crop_size
    vectors = case.engine.embedder.embed(np.zeros((0, side, side, 3), np.uint8))
    assert vectors.shape == (0, case.engine.embedder.dimension)
    assert vectors.dtype == np.float32


@pytest.mark.parametrize("shape", [(2, 50, 50, 3), (2, 50, 50), (0, 50, 50, 3)])
def test_crops_of_another_size_are_refused(case: Case, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="crops"):
        case.engine.embedder.embed(np.zeros(shape, np.uint8))


def test_a_batch_is_the_same_as_one_by_one_in_any_order(case: Case) -> None:
    crops = case.crops
    many = np.concatenate([crops, crops])[:20]
    together = case.engine.embedder.embed(many)
    assert close(together, np.concatenate([case.engine.embedder.embed(crop[None]) for crop in many]))
    assert close(together, case.engine.embedder.embed(many[::-1])[::-1])


def test_two_runs_give_the_same_bytes(case: Case) -> None:
    again = case.engine.detector.detect(case.images)
    assert all(map(same, again, case.found))
    crops = case.align_best(again)
    assert crops.tobytes() == case.crops.tobytes()
    assert case.engine.embedder.embed(crops).tobytes() == case.engine.embedder.embed(crops).tobytes()


def test_what_goes_in_is_not_changed(case: Case) -> None:
    image = case.images[0].copy()
    image.flags.writeable = False
    (faces,) = case.engine.detector.detect([image])
    before = [array.copy() for array in (faces.boxes_xywh, faces.scores, faces.landmarks)]
    crops = case.engine.embedder.align(image, faces)
    kept = crops.copy()
    case.engine.embedder.embed(crops)
    assert np.array_equal(crops, kept)
    assert all(map(np.array_equal, before, (faces.boxes_xywh, faces.scores, faces.landmarks)))
    assert np.array_equal(image, case.images[0])


def similarities(case: Case) -> tuple[FloatArray, RgbImage]:
    """Cosines of all pairs of pictures, and whether both show one person."""
    vectors = case.engine.embedder.embed(case.crops)
    owners = [person for person, images in case.people.items() for _ in images]
    pairs = list(itertools.combinations(range(len(owners)), 2))
    scores = np.array([vectors[a] @ vectors[b] for a, b in pairs])
    return scores, np.array([owners[a] == owners[b] for a, b in pairs])


def test_pictures_of_one_person_are_closer_than_of_two(case: Case) -> None:
    scores, one_person = similarities(case)
    own, others = scores[one_person], scores[~one_person]
    assert np.median(own) > others.max()
    # A pair of one person beats a pair of two in 24 cases of 25.
    assert (own[:, None] > others).mean() > 0.96


def test_the_id_names_the_version(case: Case) -> None:
    assert re.fullmatch(r"[a-z0-9-]+@[0-9a-f]+", case.engine.id)
