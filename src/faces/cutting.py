"""Cutting a face out of a frame with room around it, and with nobody else in the cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..schema import Box, FloatArray, RgbImage


@dataclass(frozen=True, slots=True)
class Cut:
    """A rectangle of whole pixels; right and bottom lie outside."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, image: RgbImage) -> RgbImage:
        """Return the part of a picture, with its own memory."""
        part: RgbImage = np.ascontiguousarray(image[self.top : self.bottom, self.left : self.right])
        return part


def room_around(box: Box, others_xywh: FloatArray, margin: float, width: int, height: int) -> Cut | None:
    """Return what to cut out for a face, so that a detector finds it again and finds nobody else.

    Args:
        box: The face, in pixels of the frame.
        others_xywh: (n, 4) the other faces of the frame; n may be 0.
        margin: Room on each side as a share of the face's longer side; less where another face is near.
        width: Of the frame, pixels.
        height: Of the frame, pixels.

    Returns:
        The cut; None where another face overlaps this one.
    """
    room = margin * max(box.w, box.h)
    left, top = max(box.x - room, 0.0), max(box.y - room, 0.0)
    right, bottom = min(box.x + box.w + room, float(width)), min(box.y + box.h + room, float(height))
    for x, y, w, h in others_xywh.tolist():
        if x >= right or y >= bottom or x + w <= left or y + h <= top:
            continue
        # Of the sides that can be moved in so far that the other face lies outside, the one that costs least.
        ways = {"left": x + w - left, "top": y + h - top, "right": right - x, "bottom": bottom - y}
        free = {"left": x + w <= box.x, "top": y + h <= box.y, "right": x >= box.x + box.w, "bottom": y >= box.y + box.h}
        sides = [side for side in ways if free[side]]
        if not sides:
            return None
        side = min(sides, key=lambda name: ways[name])
        left, top = (x + w if side == "left" else left), (y + h if side == "top" else top)
        right, bottom = (x if side == "right" else right), (y if side == "bottom" else bottom)
    cut = Cut(int(np.ceil(left)), int(np.ceil(top)), int(right), int(bottom))
    return cut if cut.right > cut.left and cut.bottom > cut.top else None
