"""Faces followed through pictures by optical flow: cheap beside detection, good for a second or two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..schema import BoolArray, FloatArray, RgbImage

_GRID = 5
_INNER = 0.7
"""Points are laid on a grid of 5 x 5 over this share of a box: what moves at its edge is often not the face."""
_WINDOW_PX = 15
_LEVELS = 3
_MAX_ERROR_PX = 1.0
"""A point counts that comes back, followed there and back, to within this distance of where it was."""
_MIN_POINTS = 8
"""Of 25: with fewer that count, a face is lost."""
_CRITERIA = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 0.03)


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """Where n faces went in k pictures.

    Attributes:
        boxes_xywh: (k, n, 4) float32, in pixels of these pictures.
        known: (k, n) bool; once False, a face is lost and stays so.
    """

    boxes_xywh: FloatArray
    known: BoolArray

    def reversed(self) -> Trail:
        """Return the same with the pictures in the other order."""
        return Trail(self.boxes_xywh[::-1], self.known[::-1])


def follow_boxes(first: RgbImage, boxes_xywh: FloatArray, pictures: Sequence[RgbImage]) -> Trail:
    """Follow boxes from one picture through the ones behind it (or before it, in that order).

    Args:
        first: (H, W) uint8 grey, in which the boxes are.
        boxes_xywh: (n, 4) float32 pixels of it.
        pictures: k further ones of the same size.

    Returns:
        Where they went; a box keeps its shape and changes place and size.

    Source: Kalal, Mikolajczyk and Matas, Forward-Backward Error: Automatic Detection of Tracking Failures, ICPR 2010 (Median
    Flow); flow after Bouguet, Pyramidal Implementation of the Lucas Kanade Feature Tracker, 2000. Other than in the paper,
    points count by a fixed error and not by the median one, so that a face that disappears is lost.
    """
    n = len(boxes_xywh)
    boxes, known = np.zeros((len(pictures), n, 4), np.float32), np.zeros((len(pictures), n), np.bool_)
    alive, current = np.ones(n, np.bool_), boxes_xywh.astype(np.float32)
    before = first
    for step, after in enumerate(pictures):
        if not alive.any():
            break
        current = current.copy()
        current[alive], sure = _step(before, after, current[alive])
        alive[alive] = sure & _inside(current[alive], after)
        boxes[step], known[step] = current, alive
        before = after
    return Trail(boxes, known)


def _step(before: RgbImage, after: RgbImage, boxes_xywh: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Move (n, 4) boxes on by one picture, and say which of them are still sure, (n,) bool."""
    points = _grid(boxes_xywh)
    there = _flow(before, after, points)
    back = _flow(after, before, there)
    good: BoolArray = np.linalg.norm(back - points, axis=2) <= _MAX_ERROR_PX
    moved, sure = boxes_xywh.copy(), good.sum(axis=1) >= _MIN_POINTS
    for row in np.flatnonzero(sure):
        moved[row] = _moved(boxes_xywh[row], points[row, good[row]], there[row, good[row]])
    return moved, sure


def _grid(boxes_xywh: FloatArray) -> FloatArray:
    """Return the (n, 25, 2) points of each box."""
    steps = (np.arange(_GRID, dtype=np.float32) / (_GRID - 1) - 0.5) * _INNER + 0.5
    shares = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(1, -1, 2)
    points: FloatArray = (boxes_xywh[:, None, :2] + shares * boxes_xywh[:, None, 2:]).astype(np.float32)
    return points


def _flow(before: RgbImage, after: RgbImage, points: FloatArray) -> FloatArray:
    """Return where (n, 25, 2) points go; those that are not found go nowhere near."""
    flat = np.ascontiguousarray(points.reshape(-1, 1, 2))
    window = (_WINDOW_PX, _WINDOW_PX)
    empty = np.empty_like(flat)
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        before, after, flat, empty, winSize=window, maxLevel=_LEVELS, criteria=_CRITERIA
    )
    there, is_found = np.asarray(found).reshape(-1, 2), np.asarray(status).reshape(-1, 1) == 1
    result: FloatArray = np.where(is_found, there, np.float32(-1e4))
    return result.reshape(points.shape)


def _moved(box_xywh: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """Return a box after the median motion of its (p, 2) points, and the median change of their distances."""
    shift = np.median(after - before, axis=0)
    distances = [np.linalg.norm(points[:, None] - points[None], axis=2) for points in (before, after)]
    pairs = np.triu_indices(len(before), 1)
    scale = float(np.median(distances[1][pairs] / np.maximum(distances[0][pairs], 1e-6)))
    centre = box_xywh[:2] + box_xywh[2:] / 2 + shift
    size = box_xywh[2:] * scale
    result: FloatArray = np.concatenate([centre - size / 2, size]).astype(np.float32)
    return result


def _inside(boxes_xywh: FloatArray, picture: RgbImage) -> BoolArray:
    """Say whose centres lie in the picture."""
    height, width = picture.shape[:2]
    centres = boxes_xywh[:, :2] + boxes_xywh[:, 2:] / 2
    inside = (centres >= 0) & (centres < [width, height])
    return np.asarray(inside.all(axis=1), np.bool_)
