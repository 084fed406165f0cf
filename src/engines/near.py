"""Looking for faces only where they are expected: windows around boxes, and what was found in them brought back.

A face is looked at in a window of twice its size, scaled so that it is about 80 pixels large, and the whole picture at half the
size that a detector would look at it, which shows whether there are other faces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..geometry import iou_matrix
from ..schema import BoolArray, Detections, FloatArray, RgbImage

WINDOW_PX = 160
"""Side of a window as detectors see it. Windows are scaled down to this, never up."""
_REACH = 2.0
"""Side of a window in longer sides of its box: a face may move by half its size and is still whole in it."""
_LEAST_PX = 24
"""A face that is at least this large in the window of another one, scaled, needs no window of its own."""
_MARGIN = 0.02
"""Of the side of a window: what comes closer to it was cut off there."""
_MAX_OVERLAP = 0.4
"""Of faces in two windows that overlap by more, IoU, the better one stays: they are one."""
SAME_PLACE = 0.2
"""Overlap from which on a face of the whole picture, at half size, is one of those in the windows: its box is rough."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture: whole pixels, inside it. `scale`: by how much it is scaled down to be looked at, at most 1."""

    left: int
    top: int
    width: int
    height: int
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as it is looked at."""
        return max(1, round(self.width * self.scale)), max(1, round(self.height * self.scale))

    @property
    def _box(self) -> FloatArray:
        return np.array([self.left, self.top, self.left + self.width, self.top + self.height], np.float32)

    def holds(self, box_xyxy: FloatArray) -> bool:
        """Say whether a box lies inside."""
        return bool((box_xyxy[:2] >= self._box[:2]).all() and (box_xyxy[2:] <= self._box[2:]).all())

    def cut(self, image: RgbImage) -> RgbImage:
        """Return the part of a picture, scaled."""
        part = image[self.top : self.top + self.height, self.left : self.left + self.width]
        if self.size == (self.width, self.height):
            return np.ascontiguousarray(part)
        import cv2

        return cv2.resize(part, self.size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)

    def placed(self, boxes_xywh: FloatArray) -> FloatArray:
        """Return boxes (n, 4) of the picture in pixels of the scaled window; they may lie outside."""
        scale = np.array([self.size[0] / self.width, self.size[1] / self.height], np.float32)
        corner = np.array([self.left, self.top], np.float32)
        placed: FloatArray = np.concatenate([(boxes_xywh[:, :2] - corner) * scale, boxes_xywh[:, 2:] * scale], axis=1)
        return placed

    def brought_back(self, found: Detections, width: int, height: int) -> Detections:
        """Return faces of this window in pixels of its picture, without those that the window cut off.

        Args:
            found: In pixels of the scaled window.
            width: Of the picture.
            height: Of the picture.
        """
        back = np.array([self.width / self.size[0], self.height / self.size[1]], np.float32)
        corner = np.array([self.left, self.top], np.float32)
        boxes = np.concatenate([found.boxes_xywh[:, :2] * back + corner, found.boxes_xywh[:, 2:] * back], axis=1)
        faces = Detections(boxes, found.scores, found.landmarks * back + corner)
        return faces.take(self._is_whole(boxes, width, height))

    def _is_whole(self, boxes_xywh: FloatArray, width: int, height: int) -> BoolArray:
        """Say which boxes (n, 4) keep off the sides of the window that are not those of the picture."""
        margin = _MARGIN * max(self.width, self.height)
        inner = self._box + np.array([margin, margin, -margin, -margin], np.float32)
        at_edge = np.array([self.left == 0, self.top == 0, self.left + self.width >= width, self.top + self.height >= height])
        starts, ends = boxes_xywh[:, :2], boxes_xywh[:, :2] + boxes_xywh[:, 2:]
        inside = np.concatenate([starts >= inner[:2], ends <= inner[2:]], axis=1)
        whole: BoolArray = (inside | at_edge).all(axis=1)
        return whole


def windows_around(boxes_xywh: FloatArray, width: int, height: int) -> list[Window]:
    """Return windows in which faces can be found that are at these places, or near them.

    Args:
        boxes_xywh: (n, 4) where faces are expected, in pixels of the picture.
        width: Of the picture.
        height: Of the picture.

    Returns:
        The windows of the largest faces first; a face that lies well inside the window of a larger one has none of its own.
    """
    windows: list[Window] = []
    for x, y, w, h in boxes_xywh[np.argsort(-boxes_xywh[:, 2:].max(axis=1, initial=0), kind="stable")].tolist():
        room = _limited(np.array([x - w / 4, y - h / 4, x + 1.25 * w, y + 1.25 * h], np.float32), width, height)
        if not any(window.scale * max(w, h) >= _LEAST_PX and window.holds(room) for window in windows):
            windows.append(_window(x + w / 2, y + h / 2, max(w, h), width, height))
    return windows


def _limited(box_xyxy: FloatArray, width: int, height: int) -> FloatArray:
    limits = np.array([width, height] * 2, np.float32)
    limited: FloatArray = np.clip(box_xyxy, 0, limits)
    return limited


def _window(x: float, y: float, face_px: float, width: int, height: int) -> Window:
    """Return the window around a place, moved into the picture where it would reach over its edge."""
    side = max(WINDOW_PX, round(_REACH * face_px))
    across, down = min(side, width), min(side, height)
    left = min(max(round(x - across / 2), 0), width - across)
    top = min(max(round(y - down / 2), 0), height - down)
    return Window(left, top, across, down, WINDOW_PX / side)


def glance_of(width: int, height: int, pixels: Callable[[int, int], float]) -> Window:
    """Return the whole picture as a window that is scaled so that a detector looks at it at half its usual size.

    Args:
        width: Of the picture.
        height: Of the picture.
        pixels: How many pixels the detector looks at in a picture of some size.
    """
    whole = Window(0, 0, width, height, min(1.0, pixels(width, height) / (width * height)) ** 0.5 / 2)
    # A detector that enlarges small pictures is given a smaller one.
    return whole if pixels(*whole.size) <= pixels(width, height) / 2 else replace(whole, scale=whole.scale / 2)


def joined(windows: Sequence[Window], found: Sequence[Detections], width: int, height: int) -> Detections:
    """Return the faces of all windows in pixels of their picture, best score first, each once.

    Args:
        windows: Parts of the picture.
        found: What was found in each, in pixels of the scaled window.
        width: Of the picture.
        height: Of the picture.
    """
    parts = [window.brought_back(faces, width, height) for window, faces in zip(windows, found, strict=True)]
    if not parts:
        return Detections.empty()
    origin = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    boxes, scores, landmarks = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("boxes_xywh", "scores", "landmarks")
    )
    kept: list[int] = []
    for row, overlaps in _best_first(boxes, scores):
        if not any(origin[other] != origin[row] and overlaps[other] > _MAX_OVERLAP for other in kept):
            kept.append(row)
    return Detections(boxes, scores, landmarks).take(np.array(kept, np.int64))


def _best_first(boxes_xywh: FloatArray, scores: FloatArray) -> Iterator[tuple[int, FloatArray]]:
    overlaps = iou_matrix(boxes_xywh, boxes_xywh)
    for row in np.argsort(-scores, kind="stable").tolist():
        yield row, overlaps[row]


def has_others(found: Detections, known: Detections) -> bool:
    """Say whether there are faces that lie on none of those known."""
    return bool((iou_matrix(found.boxes_xywh, known.boxes_xywh).max(axis=1, initial=0) < SAME_PLACE).any())
