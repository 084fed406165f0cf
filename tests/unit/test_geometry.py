"""Boxes against hand-computed tables, and what must hold for any box."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from src.errors import ShapeError
from src.geometry import clip_boxes, iou_matrix, iou_rows, xywh_to_xyxy, xyxy_to_xywh
from src.schema import FloatArray


def boxes(*rows: tuple[float, float, float, float]) -> FloatArray:
    return np.array(rows, np.float32).reshape(-1, 4)


def random_boxes(seed: int, n: int = 50) -> FloatArray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.uniform(-50, 150, (n, 2)), rng.uniform(0, 100, (n, 2))], axis=1).astype(np.float32)


def test_conversion_both_ways() -> None:
    xywh, xyxy = boxes((10, 20, 30, 40), (-5, 0, 0, 2.5)), boxes((10, 20, 40, 60), (-5, 0, -5, 2.5))
    np.testing.assert_array_equal(xywh_to_xyxy(xywh), xyxy)
    np.testing.assert_array_equal(xyxy_to_xywh(xyxy), xywh)


@pytest.mark.parametrize(
    ("a", "b", "iou"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 10, 10), 1 / 3),  # 50 shared of 150
        ((0, 0, 10, 10), (5, 5, 10, 10), 25 / 175),
        ((0, 0, 10, 10), (2, 2, 5, 5), 0.25),  # one inside the other
        ((0, 0, 10, 10), (10, 0, 10, 10), 0.0),  # edge to edge: x + w lies outside
        ((0, 0, 10, 10), (20, 20, 5, 5), 0.0),  # apart in both directions: two negative sides are no area
        ((-10, -10, 10, 10), (-5, -10, 10, 10), 1 / 3),
        ((0, 0, 0, 0), (0, 0, 0, 0), 0.0),  # no area overlaps nothing, not even itself
        ((0, 0, 10, 10), (5, 5, 0, 0), 0.0),
        ((0, 0, 10, 0), (0, 0, 10, 10), 0.0),
        ((0, 0, 1e4, 1e4), (0, 0, 1, 1), 1e-8),
    ],
)
def test_iou_by_hand(a: tuple[float, ...], b: tuple[float, ...], iou: float) -> None:
    found = iou_matrix(boxes(a), boxes(b))  # type: ignore[arg-type]
    assert found.shape == (1, 1)
    assert found.dtype == np.float32
    assert found[0, 0] == pytest.approx(iou, rel=1e-5)


def test_iou_has_rows_of_the_first_and_columns_of_the_second() -> None:
    found = iou_matrix(boxes((0, 0, 10, 10)), boxes((0, 0, 10, 10), (5, 0, 10, 10), (50, 0, 1, 1)))
    np.testing.assert_allclose(found, [[1, 1 / 3, 0]], rtol=1e-6)


@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 3), (3, 0)])
def test_iou_of_nothing(n: int, m: int) -> None:
    assert iou_matrix(random_boxes(0, n), random_boxes(1, m)).shape == (n, m)


def test_iou_is_symmetric_bounded_and_blind_to_place_and_scale() -> None:
    a, b = random_boxes(0), random_boxes(1)
    found = iou_matrix(a, b)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_array_equal(found, iou_matrix(b, a).T)
    moved = np.array([64, 32, 0, 0], np.float32)
    np.testing.assert_allclose(found, iou_matrix(a + moved, b + moved), atol=1e-4)
    np.testing.assert_allclose(found, iou_matrix(a * 2, b * 2), rtol=1e-5)
    np.testing.assert_allclose(np.diag(iou_matrix(a, a)), 1, rtol=1e-4)


def test_iou_does_not_depend_on_the_order() -> None:
    a, b = random_boxes(0), random_boxes(1)
    order = np.random.default_rng(2).permutation(len(a))
    np.testing.assert_array_equal(iou_matrix(a[order], b), iou_matrix(a, b)[order])


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        ((10, 10, 20, 20), (10, 10, 20, 20)),
        ((-10, -10, 20, 20), (0, 0, 10, 10)),
        ((90, 40, 20, 20), (90, 40, 10, 10)),
        ((-10, -10, 200, 200), (0, 0, 100, 50)),
        ((0, 0, 100, 50), (0, 0, 100, 50)),
        ((200, 10, 5, 5), (100, 10, 0, 5)),  # outside: no width is left
        ((-20, -20, 5, 5), (0, 0, 0, 0)),
    ],
)
def test_clip_to_a_picture_of_100_by_50(box: tuple[float, ...], clipped: tuple[float, ...]) -> None:
    np.testing.assert_array_equal(clip_boxes(boxes(box), 100, 50), boxes(clipped))  # type: ignore[arg-type]


def test_clipping_twice_changes_nothing() -> None:
    once = clip_boxes(random_boxes(3), 100, 50)
    np.testing.assert_array_equal(clip_boxes(once, 100, 50), once)


@pytest.mark.parametrize("call", [xywh_to_xyxy, xyxy_to_xywh, lambda b: clip_boxes(b, 10, 10), lambda b: iou_matrix(b, b)])
def test_inputs_are_not_changed(call: Callable[[FloatArray], FloatArray]) -> None:
    given = random_boxes(4)
    before = given.copy()
    call(given)
    np.testing.assert_array_equal(given, before)


@pytest.mark.parametrize("call", [xywh_to_xyxy, xyxy_to_xywh, lambda b: clip_boxes(b, 10, 10), lambda b: iou_matrix(b, b)])
@pytest.mark.parametrize("shape", [(4,), (0,), (2, 5), (1, 2, 4)])
def test_other_shapes_are_refused(call: Callable[[FloatArray], FloatArray], shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError) as caught:
        call(np.zeros(shape, np.float32))
    assert caught.value.got == shape


def test_rows_overlap_as_the_diagonal_of_all_pairs() -> None:
    rng = np.random.default_rng(3)
    a, b = (rng.uniform(0, 20, (50, 4)).astype(np.float32) for _ in range(2))
    b[:3, 2:] = a[:3, 2:] = 0
    np.testing.assert_array_equal(iou_rows(a, b), np.diag(iou_matrix(a, b)))
    assert iou_rows(a[:0], b[:0]).shape == (0,)
