"""Faces followed through pictures by optical flow: cheap beside detection, good for a second or two.

Each face is followed by itself, in a window around it that is scaled so that the face is small. While it moves slowly every
second picture is left out, and its boxes there lie between those before and behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..schema import BoolArray, FloatArray, IntArray, RgbImage

_GRID = 4
_INNER = 0.7
"""Points are laid on a grid of 4 x 4 over this share of a box: what moves at its edge is often not the face."""
_FACE_PX = 40.0
"""Larger faces are scaled down to this: then the surroundings of 16 points that flow looks at show most of a face."""
_PATCH_PX = 11
_LEVELS = 3
_MAX_ERROR_PX = 1.0
"""A point counts that comes back, followed there and back, to within this distance of where it was, not scaled."""
_MIN_POINTS = 6
"""Of 16: with fewer that count, a face is lost."""
_CRITERIA = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 0.03)
_MARGIN, _MARGIN_PX = 0.5, 16.0
"""So much a window shows around a face: in longer sides of its box, and in pixels at least."""
_LEAST_PX = 8
"""Sides of a window in which anything can be followed."""
_SLOW = 0.08
"""Of its longer side: a face that moves no further from picture to picture is followed in every second one."""

_STEPS = (np.arange(_GRID, dtype=np.float32) / (_GRID - 1) - 0.5) * _INNER + 0.5
_SHARES: FloatArray = np.stack(np.meshgrid(_STEPS, _STEPS), axis=-1).reshape(-1, 2).astype(np.float32)
"""Where the points lie, in shares of a box."""
_PAIRS: tuple[IntArray, IntArray] = np.triu_indices(len(_SHARES), 1)


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
        pictures: k further ones of the same size, at equal distances of time.

    Returns:
        Where they went; a box keeps its shape and changes place and size.

    Source: Kalal, Mikolajczyk and Matas, Forward-Backward Error: Automatic Detection of Tracking Failures, ICPR 2010 (Median
    Flow); flow after Bouguet, Pyramidal Implementation of the Lucas Kanade Feature Tracker, 2000. Other than in the paper,
    points count by a fixed error and not by the median one, so that a face that disappears is lost.
    """
    shape = len(pictures), len(boxes_xywh)
    boxes, known = np.zeros((*shape, 4), np.float32), np.zeros(shape, np.bool_)
    for column, box in enumerate(boxes_xywh.astype(np.float32)):
        way = _way(first, box, pictures)
        if way:
            boxes[: len(way), column], known[: len(way), column] = way, True
    return Trail(boxes, known)


def _way(first: RgbImage, box_xywh: FloatArray, pictures: Sequence[RgbImage]) -> list[FloatArray]:
    """Return the boxes of a face in the first pictures, as many as it is not lost in."""
    way: list[FloatArray] = []
    before, n = first, 1
    while len(way) < len(pictures):
        n = min(n, len(pictures) - len(way))
        after = pictures[len(way) + n - 1]
        moved = _moved(before, after, box_xywh)
        if moved is None:
            if n == 1:
                break
            n = 1
            continue
        speed = float(np.abs(_centre(moved) - _centre(box_xywh)).max() / box_xywh[2:].max()) / n
        way += [box_xywh + (moved - box_xywh) * np.float32((step + 1) / n) for step in range(n)]
        before, box_xywh, n = after, moved, 2 if speed <= _SLOW else 1
    return way


def _centre(box_xywh: FloatArray) -> FloatArray:
    centre: FloatArray = box_xywh[:2] + box_xywh[2:] * np.float32(0.5)
    return centre


def _moved(before: RgbImage, after: RgbImage, box_xywh: FloatArray) -> FloatArray | None:
    """Return where a box of one picture is in another one, (4,) float32; None where it is lost."""
    window = _window(before, box_xywh)
    if window is None:
        return None
    (left, top, right, bottom), size = window
    scale = np.array([size[0] / (right - left), size[1] / (bottom - top)], np.float32)
    corner = np.array([left, top], np.float32)
    one, other = (_cut(picture[top:bottom, left:right], size) for picture in (before, after))
    points = (box_xywh[:2] - corner + _SHARES * box_xywh[2:]) * scale
    there, found = _flow(one, other, points)
    back, found_back = _flow(other, one, there)
    errors: FloatArray = np.square((back - points) / scale).sum(axis=1)
    good = found & found_back & (errors <= _MAX_ERROR_PX**2)
    if good.sum() < _MIN_POINTS:
        return None
    centre = _centre(box_xywh) + _median((there - points)[good]) / scale
    if (centre < 0).any() or (centre >= before.shape[::-1]).any():
        return None
    half = box_xywh[2:] * _growth(points, there, good) / 2
    moved: FloatArray = np.concatenate([centre - half, half * 2]).astype(np.float32)
    return moved


def _window(picture: RgbImage, box_xywh: FloatArray) -> tuple[tuple[int, int, int, int], tuple[int, int]] | None:
    """Return a window around a box, left, top, right and bottom, and its scaled size; None where it would show nothing."""
    x, y, w, h = (float(value) for value in box_xywh)
    side = max(w, h)
    if min(w, h) < 1:
        return None
    margin = max(_MARGIN * side, _MARGIN_PX)
    left, top = max(int(x - margin), 0), max(int(y - margin), 0)
    right, bottom = min(int(x + w + margin) + 1, picture.shape[1]), min(int(y + h + margin) + 1, picture.shape[0])
    if right - left < _LEAST_PX or bottom - top < _LEAST_PX:
        return None
    scale = min(1.0, _FACE_PX / side)
    size = max(_LEAST_PX, round((right - left) * scale)), max(_LEAST_PX, round((bottom - top) * scale))
    return (left, top, right, bottom), size


def _cut(part: RgbImage, size: tuple[int, int]) -> RgbImage:
    """Return a part of a picture, scaled down to a size."""
    if part.shape[1::-1] == size:
        return part
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)


def _flow(before: RgbImage, after: RgbImage, points: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return where (p, 2) points go, and which of them are found, (p,) bool."""
    flat = np.ascontiguousarray(points.reshape(-1, 1, 2))
    patch = (_PATCH_PX, _PATCH_PX)
    empty = np.empty_like(flat)
    there, status, _ = cv2.calcOpticalFlowPyrLK(before, after, flat, empty, winSize=patch, maxLevel=_LEVELS, criteria=_CRITERIA)
    return np.asarray(there, np.float32).reshape(-1, 2), np.asarray(status).reshape(-1) == 1


def _growth(before: FloatArray, after: FloatArray, good: BoolArray) -> np.float32:
    """Return the median change of the distances between those (p, 2) points that count."""
    one, other = (side[good[_PAIRS[0]] & good[_PAIRS[1]]] for side in _PAIRS)
    near, far = (np.square(points[one] - points[other]).sum(axis=1) for points in (before, after))
    return np.float32(np.sqrt(_median(far / np.maximum(near, 1e-6))))


def _median(values: FloatArray) -> FloatArray:
    """Return the median along the first axis. For so few values `numpy.median` takes ten times as long."""
    ordered = np.sort(values, axis=0)
    middle: FloatArray = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) * np.float32(0.5)
    return middle
