"""Frames and names drawn on a video, to be looked at by anybody without any program of ours."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..schema import RgbImage
from .courses import Course, Running, courses_of
from .document import Document

_KNOWN, _UNKNOWN, _PAPER = (46, 160, 67), (150, 150, 150), (255, 255, 255)
_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial.ttf", "Arial Unicode.ttf")
"""Tried in this order, where the system has them; the one that comes with Pillow has Latin letters only."""
_SHARE = 30
"""Letters are a thirtieth of the height of the picture."""


class Painter:
    """Draws who is to be seen."""

    def __init__(self, document: Document) -> None:
        """Begin before the first picture."""
        self._running = Running(courses_of(document, everybody=False))
        self.notes: list[str] = []

    def __call__(self, image: RgbImage, npt: float) -> RgbImage:
        """Return the picture with frames and names."""
        from PIL import Image, ImageDraw

        courses = list(self._running.at(npt))
        if not courses:
            return image
        picture = Image.fromarray(image)
        pen = ImageDraw.Draw(picture)
        for course in courses:
            _draw(pen, course, npt, picture.height)
        return np.asarray(picture)


def painter_of(document: Document) -> Painter:
    """Return what draws frames and names."""
    return Painter(document)


def _draw(pen: Any, course: Course, npt: float, height: int) -> None:
    assert course.seen is not None, "only who is to be seen is drawn"
    left, top, right, bottom = course.box_at(npt)
    colour = _KNOWN if course.seen.is_known else _UNKNOWN
    width = max(2, height // 240)
    pen.rectangle((left, top, max(right, left), max(bottom, top)), outline=colour, width=width)
    font = _font(max(10, height // _SHARE))
    name = course.seen.name
    box = pen.textbbox((0, 0), name, font=font, anchor="lt")
    # Beside the frame, but never beyond an edge of the picture: a name that is longer than it begins at its left edge.
    at = max(min(left, pen.im.size[0] - box[2] - width), 0)
    below = bottom + 2 * width
    down = below if below + box[3] <= height else max(top - box[3] - 2 * width, 0)
    place = (at + box[0], down + box[1], at + box[2], down + box[3])
    pen.rectangle((place[0] - width, place[1] - width, place[2] + width, place[3] + width), fill=colour)
    pen.text((at, down), name, fill=_PAPER, font=font, anchor="lt")


@lru_cache(maxsize=8)
def _font(size: int) -> Any:
    from PIL import ImageFont

    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)
