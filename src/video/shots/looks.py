"""What is compared of a frame, and how: its luma with brightness and contrast made equal, and its colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...schema import FloatArray, RgbImage
from ..stream import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

_BLOCK_PX = 4
_REACH_X, _REACH_Y = 2, 1
"""How far a block may have come from, in pixels of the thumbnail: cameras pan further than they tilt."""

_CONTRAST = 40.0
_QUIET = 4.0
"""Luma is brought to one mean and this standard deviation; pictures with hardly any contrast are raised less, so that the
noise of a black picture does not look like content."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What is compared of a frame.

    Attributes:
        frame_index, npt: Which frame it is.
        before_npt: Of the frame that it is compared with; -inf where there is none.
        luma: (36, 64) uint8.
        even: The same with mean and contrast made equal.
        colours: (8, 8, 8) float32 shares of all pixels.
        structure: How much the even luma differs from that of the frame before, levels of 255.
        colour: The share of pixels that changed their colour since then.
        change: How much the luma differs, levels of 255.
    """

    frame_index: int
    npt: float
    before_npt: float
    luma: RgbImage
    even: RgbImage
    colours: FloatArray
    structure: float
    colour: float
    change: float

    @staticmethod
    def at(frame_index: int, npt: float, thumbnail: RgbImage, before: Look | None) -> Look:
        """Take it from a thumbnail, and compare it with the frame before."""
        luma = np.asarray(cv2.cvtColor(thumbnail, cv2.COLOR_RGB2GRAY), np.uint8)
        even, colours = _even_luma(luma), _histogram(thumbnail)
        if before is None:
            return Look(frame_index, npt, -np.inf, luma, even, colours, 0.0, 0.0, 0.0)
        structure = moved_difference(before.even, even)
        colour = float(np.abs(colours - before.colours).sum()) / 2
        change = float(cv2.norm(luma, before.luma, cv2.NORM_L1)) / luma.size
        return Look(frame_index, npt, before.npt, luma, even, colours, structure, colour, change)


def _even_luma(luma: RgbImage) -> RgbImage:
    """Bring (36, 64) uint8 luma to mean 128 and standard deviation 40."""
    mean, deviation = cv2.meanStdDev(luma)
    levels = (np.arange(256) - mean.item()) * (_CONTRAST / (deviation.item() + _QUIET)) + 128
    return np.asarray(cv2.LUT(luma, np.clip(levels, 0, 255).astype(np.uint8)), np.uint8)


def _histogram(thumbnail: RgbImage) -> FloatArray:
    """Return the shares of 8 x 8 x 8 colours, (8, 8, 8) float32."""
    counts = cv2.calcHist([thumbnail], [0, 1, 2], None, [8, 8, 8], [0, 256, 0, 256, 0, 256])
    return np.asarray(counts / (thumbnail.size / 3), np.float32)


def moved_difference(before: RgbImage, after: RgbImage) -> float:
    """Return the mean difference of blocks, each with the neighbouring place that it fits best; levels of 255."""
    padded = cv2.copyMakeBorder(before, _REACH_Y, _REACH_Y, _REACH_X, _REACH_X, cv2.BORDER_REPLICATE)
    # All places one below the other, so that OpenCV is called once and not once a place.
    places = sliding_window_view(padded, after.shape).reshape(-1, THUMBNAIL_WIDTH)
    n_places = len(places) // THUMBNAIL_HEIGHT
    differences = cv2.absdiff(places, np.tile(after, (n_places, 1)))
    size = (THUMBNAIL_WIDTH // _BLOCK_PX, len(places) // _BLOCK_PX)
    blocks = cv2.resize(differences, size, interpolation=cv2.INTER_AREA)
    return float(np.asarray(blocks).reshape(n_places, -1).min(axis=0).mean())
