"""An engine without weights, for tests: its faces are squares of strong colour, and the colour is the person.

Shipped with the code so that every test of a stage, and of a program built on this one, can run the real pipeline on
pictures and videos that it draws itself, in milliseconds, and knows the truth. It cannot be chosen by name: build it with
`make_fake_engine()`.

    image = np.full((240, 320, 3), 64, np.uint8)     # grey is background
    image[40:100, 60:120] = colour_of(3)             # the face of person 3
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import ShapeError
from ..faces.alignment import align_faces
from ..schema import Detections, FloatArray, RgbImage
from .base import Engine, FaceDetector, FaceEmbedder

PEOPLE = 12
"""Colours that are told apart, 30 degrees of hue from one to the next: lossy video shifts a hue by less than 10."""
_STEP = 180 // PEOPLE
"""OpenCV writes hue as 0 to 179."""
_PERSON_OF_HUE = ((np.arange(256) + _STEP // 2) // _STEP % PEOPLE).astype(np.uint8)
_MIN_STRENGTH = 96
"""Difference of the strongest and the weakest channel; greys have none, and edges blurred by a codec little."""
_MIN_SIDE = 4
_MIN_FILLED = 0.6
_PLACES: FloatArray = np.array([[0.7, 0.35], [0.3, 0.35], [0.5, 0.55], [0.65, 0.75], [0.35, 0.75]], np.float32)
"""(5, 2) landmarks as shares of the box, those of the person's left side on the right of the picture."""


def colour_of(person: int) -> tuple[int, int, int]:
    """Return the RGB colour of a person, 0 to 11.

    Raises:
        ValueError: There is no such person.
    """
    if not 0 <= person < PEOPLE:
        raise ValueError(f"person must be 0 to {PEOPLE - 1}, not {person}")
    red, green, blue = colorsys.hsv_to_rgb(person / PEOPLE, 1.0, 0.9)
    return round(red * 255), round(green * 255), round(blue * 255)


class FakeDetector(FaceDetector):
    """Finds squares of one strong colour, at least 4 pixels wide; the score is how much of its box a square fills."""

    def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
        """Find the squares of each picture."""
        return [self._detect(image) for image in images]

    def _detect(self, image: RgbImage) -> Detections:
        person = _person_of_pixels(image)
        # Few are in any one picture, and to look for patches of the others is most of the work.
        there = np.flatnonzero(np.bincount(person.ravel(), minlength=PEOPLE)[:PEOPLE])
        found = [row for number in there for row in _squares((person == number).astype(np.uint8))]
        if not found:
            return Detections.empty()
        # Best first; the larger one first among equals, then in reading order.
        rows = np.array(sorted(found, key=lambda row: (-row[4], -row[2] * row[3], row[1], row[0])), np.float32)
        boxes_xywh = rows[:, :4]
        landmarks = boxes_xywh[:, None, :2] + _PLACES * boxes_xywh[:, None, 2:]
        return Detections(boxes_xywh, rows[:, 4], landmarks)


class FakeEmbedder(FaceEmbedder):
    """Turns the colour of a crop into a vector: equal colours are equal, neighbouring ones nearly at right angles.

    One dimension stands for each person and one for a crop without colour; a hue between two people lies between their axes.
    """

    dimension = PEOPLE + 1
    crop_size = 32

    def align(self, image: RgbImage, detections: Detections) -> RgbImage:
        """Cut out the boxes, 32 x 32."""
        return align_faces(image, detections.landmarks, _PLACES * self.crop_size, self.crop_size)

    def embed(self, crops: RgbImage) -> FloatArray:
        """Embed crops one by one."""
        if crops.shape[1:] != (self.crop_size, self.crop_size, 3):
            raise ShapeError("crops", f"(n, {self.crop_size}, {self.crop_size}, 3)", crops.shape)
        vectors = np.zeros((len(crops), self.dimension), np.float32)
        for vector, crop in zip(vectors, crops, strict=True):
            vector[:] = _vector(crop)
        return vectors


def _person_of_pixels(image: RgbImage) -> RgbImage:
    """Return (H, W) uint8: the person whose colour a pixel has, 255 where it has none."""
    hue = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[:, :, 0]
    red, green, blue = cv2.split(image)
    strength = cv2.max(cv2.max(red, green), blue) - cv2.min(cv2.min(red, green), blue)
    result: RgbImage = np.where(strength >= _MIN_STRENGTH, _PERSON_OF_HUE[hue], np.uint8(255))
    return result


def _squares(mask: RgbImage) -> list[tuple[float, ...]]:
    """Return x, y, w, h and filled share of each patch that is large and full enough."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    rows = [(float(x), float(y), float(w), float(h), area / (w * h)) for x, y, w, h, area in stats[1:]]
    return [row for row in rows if min(row[2], row[3]) >= _MIN_SIDE and row[4] >= _MIN_FILLED]


def _vector(crop: RgbImage) -> FloatArray:
    vector = np.zeros(PEOPLE + 1, np.float64)
    red, green, blue = crop.reshape(-1, 3).mean(axis=0) / 255
    if max(red, green, blue) - min(red, green, blue) < _MIN_STRENGTH / 255 / 2:
        vector[PEOPLE] = 1.0
    else:
        steps = np.abs(colorsys.rgb_to_hsv(red, green, blue)[0] * PEOPLE - np.arange(PEOPLE))
        vector[:PEOPLE] = np.exp(-((2 * np.minimum(steps, PEOPLE - steps)) ** 2))
    unit: FloatArray = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


def make_fake_engine() -> Engine:
    """Build the engine; nothing is loaded."""
    return Engine("fake", "1", FakeDetector(), FakeEmbedder())
