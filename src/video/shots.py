"""Finding the hard cuts between shots, frame by frame, without looking ahead."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..errors import ShapeError
from ..schema import FloatArray, RgbImage
from .stream import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

_BLOCK_PX = 4
_REACH_X, _REACH_Y = 2, 1
"""How far a block may have come from, in pixels of the thumbnail: cameras pan further than they tilt."""

_CONTRAST = 40.0
_QUIET = 4.0
"""Luma is brought to one mean and this standard deviation; pictures with hardly any contrast are raised less, so that the
noise of a black picture does not look like content."""

_STRUCTURE_WEIGHT = 1 / 10
_COLOUR_WEIGHT = 1.5
_MIN_EVIDENCE = 1.25
_MIN_CHANGE = 3.0
"""Mean difference of luma, levels of 255: less is what coding brings about."""

_WINDOW = 8
_LEARN = 3


class ShotDetector:
    """Says of each frame whether it begins a new shot.

    Two comparisons with the frame before are evidence of other content. The colour histogram is hardly touched by motion
    inside the picture. The luma of blocks, each compared with the best of its neighbouring places and after brightness and
    contrast are made equal, is hardly touched by pans, flicker and fades. Of each only the excess over its median in the last
    frames of the same shot counts: grain, snow and fast motion make it large in every frame, a cut in one only. The usual
    level of a new shot is learned from its first three frames, in which there is no cut: so a flash, or the first frames of
    snow, cuts once and not at every frame. Gradual transitions are not looked for.

    It decides at once, depends on nothing but the thumbnails in order, and gives the same answer every time.

    Source: Zhang, Kankanhalli, Smoliar, Automatic partitioning of full-motion video, Multimedia Systems 1, 1993 (comparison
    of histograms and of blocks); Yeo and Liu, Rapid scene analysis on compressed video, IEEE TCSVT 5(6), 1995 (a threshold
    that follows a sliding window; theirs looks ahead too). The numbers were set by hand on drawn videos and four real ones.
    They lean towards cutting: a false cut splits a track that is joined again later, a missed one may join two people.
    """

    def __init__(self) -> None:
        """Start before the first frame of a video."""
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next frame is the first of a video."""
        self._last: _Look | None = None
        self._structure: deque[float] = deque(maxlen=_WINDOW)
        self._colour: deque[float] = deque(maxlen=_WINDOW)

    def update(self, thumbnail: RgbImage) -> bool:
        """Look at the next frame.

        Args:
            thumbnail: (36, 64, 3) uint8 RGB, as `DecodedFrame.thumbnail` gives it.

        Returns:
            Whether the frame starts a new shot; False for the first frame, which starts none that was not there.

        Raises:
            ShapeError: The picture has another size.
        """
        if thumbnail.shape != (THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, 3):
            raise ShapeError("thumbnail", f"({THUMBNAIL_HEIGHT}, {THUMBNAIL_WIDTH}, 3)", thumbnail.shape)
        look = _Look.at(thumbnail)
        before, self._last = self._last, look
        if before is None:
            return False
        structure = _moved_difference(before.even, look.even)
        colour = float(np.abs(look.colours - before.colours).sum()) / 2
        changed = float(cv2.norm(look.luma, before.luma, cv2.NORM_L1)) >= _MIN_CHANGE * look.luma.size
        is_cut = changed and self._evidence(structure, colour) >= _MIN_EVIDENCE
        if is_cut:
            self._structure.clear()
            self._colour.clear()
        else:
            self._structure.append(structure)
            self._colour.append(colour)
        return is_cut

    def _evidence(self, structure: float, colour: float) -> float:
        if len(self._structure) < _LEARN:
            return 0.0
        return _STRUCTURE_WEIGHT * (structure - median(self._structure)) + _COLOUR_WEIGHT * (colour - median(self._colour))


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What is compared of a frame.

    Attributes:
        luma: (36, 64) uint8.
        even: The same with mean and contrast made equal.
        colours: (8, 8, 8) float32 shares of all pixels.
    """

    luma: RgbImage
    even: RgbImage
    colours: FloatArray

    @staticmethod
    def at(thumbnail: RgbImage) -> _Look:
        """Take it from a thumbnail."""
        luma = np.asarray(cv2.cvtColor(thumbnail, cv2.COLOR_RGB2GRAY), np.uint8)
        return _Look(luma, _even_luma(luma), _histogram(thumbnail))


def _even_luma(luma: RgbImage) -> RgbImage:
    """Bring (36, 64) uint8 luma to mean 128 and standard deviation 40."""
    mean, deviation = cv2.meanStdDev(luma)
    levels = (np.arange(256) - mean.item()) * (_CONTRAST / (deviation.item() + _QUIET)) + 128
    return np.asarray(cv2.LUT(luma, np.clip(levels, 0, 255).astype(np.uint8)), np.uint8)


def _histogram(thumbnail: RgbImage) -> FloatArray:
    """Return the shares of 8 x 8 x 8 colours, (8, 8, 8) float32."""
    counts = cv2.calcHist([thumbnail], [0, 1, 2], None, [8, 8, 8], [0, 256, 0, 256, 0, 256])
    return np.asarray(counts / (thumbnail.size / 3), np.float32)


def _moved_difference(before: RgbImage, after: RgbImage) -> float:
    """Return the mean difference of blocks, each with the neighbouring place that it fits best; levels of 255."""
    padded = cv2.copyMakeBorder(before, _REACH_Y, _REACH_Y, _REACH_X, _REACH_X, cv2.BORDER_REPLICATE)
    # All places one below the other, so that OpenCV is called once and not once a place.
    places = sliding_window_view(padded, after.shape).reshape(-1, THUMBNAIL_WIDTH)
    n_places = len(places) // THUMBNAIL_HEIGHT
    differences = cv2.absdiff(places, np.tile(after, (n_places, 1)))
    size = (THUMBNAIL_WIDTH // _BLOCK_PX, len(places) // _BLOCK_PX)
    blocks = cv2.resize(differences, size, interpolation=cv2.INTER_AREA)
    return float(np.asarray(blocks).reshape(n_places, -1).min(axis=0).mean())
