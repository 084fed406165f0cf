"""Boxes as arrays. The one place where box conventions are converted."""

from __future__ import annotations

import numpy as np

from .errors import ShapeError
from .schema import Box, FloatArray


def _check(name: str, boxes: FloatArray) -> None:
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ShapeError(name, "(n, 4)", boxes.shape)


def xywh_to_xyxy(boxes_xywh: FloatArray) -> FloatArray:
    """Turn (n, 4) x, y, w, h into (n, 4) x1, y1, x2, y2."""
    _check("boxes_xywh", boxes_xywh)
    return np.concatenate([boxes_xywh[:, :2], boxes_xywh[:, :2] + boxes_xywh[:, 2:]], axis=1)


def xyxy_to_xywh(boxes_xyxy: FloatArray) -> FloatArray:
    """Turn (n, 4) x1, y1, x2, y2 into (n, 4) x, y, w, h."""
    _check("boxes_xyxy", boxes_xyxy)
    return np.concatenate([boxes_xyxy[:, :2], boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]], axis=1)


def iou_matrix(boxes_a_xywh: FloatArray, boxes_b_xywh: FloatArray) -> FloatArray:
    """Intersection over union of every box of one set with every box of another.

    Args:
        boxes_a_xywh: (n, 4) float, x, y, w, h; n may be 0.
        boxes_b_xywh: (m, 4) float, same convention; m may be 0.

    Returns:
        (n, m) float32 in [0, 1]; a box without area overlaps nothing.

    Raises:
        ShapeError: An array is not (rows, 4).
    """
    a, b = xywh_to_xyxy(boxes_a_xywh)[:, None], xywh_to_xyxy(boxes_b_xywh)[None]
    overlap = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None)
    intersection = overlap.prod(axis=-1)
    area_a, area_b = boxes_a_xywh[:, 2:].prod(axis=1)[:, None], boxes_b_xywh[:, 2:].prod(axis=1)[None]
    union = area_a + area_b - intersection
    return np.where(union > 0, intersection / np.where(union > 0, union, 1), 0).astype(np.float32)


def iou_rows(boxes_a_xywh: FloatArray, boxes_b_xywh: FloatArray) -> FloatArray:
    """Intersection over union of each box with the one in the same row of another set.

    Args:
        boxes_a_xywh: (n, 4) float, x, y, w, h; n may be 0.
        boxes_b_xywh: (n, 4) float, same convention.

    Returns:
        (n,) float32 in [0, 1]; a box without area overlaps nothing.

    Raises:
        ShapeError: An array is not (rows, 4).
    """
    a, b = xywh_to_xyxy(boxes_a_xywh), xywh_to_xyxy(boxes_b_xywh)
    overlap = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None)
    intersection = overlap.prod(axis=-1)
    union = boxes_a_xywh[:, 2:].prod(axis=1) + boxes_b_xywh[:, 2:].prod(axis=1) - intersection
    return np.where(union > 0, intersection / np.where(union > 0, union, 1), 0).astype(np.float32)


def clip_boxes(boxes_xywh: FloatArray, width: int, height: int) -> FloatArray:
    """Cut boxes off at the edges of a picture; one that lies outside keeps no area."""
    corners = xywh_to_xyxy(boxes_xywh)
    corners[:, 0::2] = np.clip(corners[:, 0::2], 0, width)
    corners[:, 1::2] = np.clip(corners[:, 1::2], 0, height)
    return xyxy_to_xywh(corners)


def whole_pixels(box: Box) -> tuple[int, int, int, int]:
    """Return x, y, w, h of a box in whole pixels, cut off at the upper and left edge of the picture."""
    left, top = max(round(box.x), 0), max(round(box.y), 0)
    return left, top, max(round(box.x + box.w) - left, 0), max(round(box.y + box.h) - top, 0)
