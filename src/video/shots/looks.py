"""What is compared of a frame, and how: its luma with brightness and contrast made equal, and its colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...schema import FloatArray, RgbImage
from ..stream import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

_BLOCK_PX = 4
_REACH_X, _REACH_Y = 2, 1
"""How far a block may have come from, in pixels of the thumbnail: cameras pan further than they tilt."""
_PLACES = tuple((y, x) for y in range(2 * _REACH_Y + 1) for x in range(2 * _REACH_X + 1))

_CONTRAST = 40.0
_QUIET = 4.0
"""Luma is brought to one mean and this standard deviation; pictures with hardly any contrast are raised less, so that the
noise of a black picture does not look like content."""
_ALL_LEVELS = np.arange(256)

_HANN = cv2.createHanningWindow((THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT), cv2.CV_32F)

_POINTS = (16, 9)
"""Few enough that people who move hardly matter: what is left is the picture as a whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What is compared of a frame.

    Attributes:
        frame_index, npt: Which frame it is.
        is_first: Whether there is none before it.
        picture: (36, 64, 3) uint8: the thumbnail.
        luma: (36, 64) uint8.
        contrast: Standard deviation of the luma.
        levels: (256,) uint8: what makes brightness and contrast equal.
        even: The luma after that.
        colours: (512,) float32, which share of all pixels has each of 8 x 8 x 8 colours.
        points: (432,) float32: 16 x 9 colours.
        structure: How much the even luma differs from that of the frame before, levels of 255.
        colour: The share of pixels that changed their colour since then.
        change: How much the luma differs, levels of 255.
    """

    frame_index: int
    npt: float
    is_first: bool
    picture: RgbImage
    luma: RgbImage
    contrast: float
    levels: RgbImage
    even: RgbImage
    colours: FloatArray
    points: FloatArray
    structure: float
    colour: float
    change: float

    @staticmethod
    def at(frame_index: int, npt: float, thumbnail: RgbImage, before: Look | None) -> Look:
        """Take it from a thumbnail, and compare it with the frame before."""
        luma = np.asarray(cv2.cvtColor(thumbnail, cv2.COLOR_RGB2GRAY), np.uint8)
        contrast, levels = _levels(luma)
        even, colours = np.asarray(cv2.LUT(luma, levels), np.uint8), _histogram(thumbnail)
        points = np.asarray(cv2.resize(thumbnail, _POINTS, interpolation=cv2.INTER_AREA), np.float32).ravel()
        structure = colour = change = 0.0
        if before is not None:
            structure = moved_difference(before.even, even)
            colour = _share(colours, before.colours)
            change = float(cv2.norm(luma, before.luma, cv2.NORM_L1)) / luma.size
        kept = before is None, thumbnail, luma, contrast, levels, even, colours, points
        return Look(frame_index, npt, *kept, structure, colour, change)

    def structure_from(self, other: Look) -> float:
        """Return how much the even luma differs from that of any other frame, levels of 255."""
        return moved_difference(other.even, self.even)

    def moved_structure_from(self, other: Look) -> float:
        """Return the same where the camera may have gone anywhere meanwhile: in what both frames show, if that is half."""
        ours, theirs = self.even.astype(np.float32), other.even.astype(np.float32)
        (x, y), _ = cv2.phaseCorrelate(theirs, ours, _HANN)
        height, width = self.even.shape
        # Half of the picture at least: it may have gone half its width, half its height, or less of both.
        if not (abs(x) <= width / 2 and abs(y) <= height / 2 and (width - abs(x)) * (height - abs(y)) >= width * height / 2):
            return self.structure_from(other)
        dx, dy = round(x), round(y)
        here = self.even[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)]
        there = other.even[max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)]
        return min(self.structure_from(other), float(cv2.absdiff(here, there).mean()))

    def colour_from(self, other: Look) -> float:
        """Return the share of pixels whose colour is another one than in any other frame, in whichever light."""
        as_they_are = _share(self.colours, other.colours)
        return min(as_they_are, _share(self._even_colours(), other._even_colours()))

    def detail(self) -> float:
        """Return by how much neighbouring places differ, levels of 255."""
        return float(cv2.norm(self.luma[:, 1:], self.luma[:, :-1], cv2.NORM_L1)) / self.luma.size

    def _even_colours(self) -> FloatArray:
        return _histogram(np.asarray(cv2.LUT(self.picture, self.levels), np.uint8))


def _levels(luma: RgbImage) -> tuple[float, RgbImage]:
    """Return the contrast of (36, 64) uint8 luma, and what brings it to mean 128 and standard deviation 40."""
    mean, deviation = cv2.meanStdDev(luma)
    levels = (_ALL_LEVELS - mean.item()) * (_CONTRAST / (deviation.item() + _QUIET)) + 128
    return deviation.item(), np.clip(levels, 0, 255).astype(np.uint8)


def _share(colours: FloatArray, others: FloatArray) -> float:
    return float(np.abs(colours - others).sum()) / 2


def _histogram(thumbnail: RgbImage) -> FloatArray:
    """Return the shares of 8 x 8 x 8 colours, (512,) float32."""
    counts = cv2.calcHist([thumbnail], [0, 1, 2], None, [8, 8, 8], [0, 256, 0, 256, 0, 256])
    return np.asarray(counts / (thumbnail.size / 3), np.float32).ravel()


def moved_difference(before: RgbImage, after: RgbImage) -> float:
    """Return the mean difference of blocks, each with the neighbouring place that it fits best; levels of 255."""
    padded = cv2.copyMakeBorder(before, _REACH_Y, _REACH_Y, _REACH_X, _REACH_X, cv2.BORDER_REPLICATE)
    # All places one below the other, so that OpenCV is called once and not once a place.
    height, width = after.shape
    places = np.empty((len(_PLACES), height, width), np.uint8)
    again = np.empty_like(places)
    for n, (y, x) in enumerate(_PLACES):
        places[n] = padded[y : y + height, x : x + width]
    again[:] = after
    differences = cv2.absdiff(places.reshape(-1, width), again.reshape(-1, width))
    size = (width // _BLOCK_PX, len(_PLACES) * height // _BLOCK_PX)
    blocks = cv2.resize(differences, size, interpolation=cv2.INTER_AREA)
    return float(np.asarray(blocks).reshape(len(_PLACES), -1).min(axis=0).mean())
