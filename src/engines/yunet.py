"""The detector YuNet, through ONNX Runtime.

Source: Wu et al., YuNet: a tiny millisecond-level face detector, MIR 2023. How its answers are read, and how boxes are thinned
out, is as in `FaceDetectorYN` of OpenCV: the answers are the same within rounding, at a third of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..models import WeightsCache
from ..schema import Detections, FloatArray, IntArray, RgbImage
from .base import FaceDetector, keep_inside
from .runtime import CPU, Runtime
from .yunet_network import RECIPE, STRIDES, convert

WEIGHTS = "yunet-2023mar-int8bq"
_CELL_PX = 32
"""Of the coarsest grid: pictures are padded to a multiple, with black."""
_MIN_SIDE = 64
"""A smaller picture is padded to this. With one row or column of the coarsest cells YuNet finds faces of any place and size,
infinite ones too, in one of 30 pictures of noise or of one colour; with two, none."""
_MAX_OVERLAP = 0.3
_MOST = 5000
"""Candidates that are looked at, the best ones."""
_LEFT_FIRST = [1, 0, 2, 4, 3]
"""YuNet names the person's right eye first and the right mouth corner before the left."""


class YuNet(FaceDetector):
    """YuNet. Large pictures are scaled down first: it sees faces of about 10 to 300 pixels."""

    def __init__(self, weights: WeightsCache, runtime: Runtime = CPU, max_side: int = 640, min_score: float = 0.6) -> None:
        """Load the network, converting it once.

        Args:
            weights: Where weights are kept.
            runtime: The device and the threads.
            max_side: Longer side in pixels to which larger pictures are scaled down.
            min_score: Faces with a lower score are dropped.

        Raises:
            EngineError: The device cannot be had.
            WeightsError: The weights cannot be had.
        """
        self._max_side, self._min_score = max_side, min_score
        self._network = runtime.open(weights.derived(WEIGHTS, RECIPE, convert), "YuNet")

    def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
        """Find the faces of each picture, one picture at a time: batches are no faster."""
        return [self._detect(image) for image in images]

    def _detect(self, image: RgbImage) -> Detections:
        height, width = image.shape[:2]
        scale = min(1.0, self._max_side / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        found = decode(self._network.run(_as_batch(small.astype(np.uint8, copy=False))), self._min_score)
        back = np.array([width / size[0], height / size[1]], np.float32)
        boxes_xywh, landmarks = found.boxes_xywh * np.tile(back, 2), found.landmarks * back
        return keep_inside(Detections(boxes_xywh, found.scores, landmarks), width, height)


def _as_batch(picture: RgbImage) -> FloatArray:
    """Return (1, 3, H, W) float32, BGR, with both sides a multiple of 32."""
    sides = [max(_MIN_SIDE, -(-side // _CELL_PX) * _CELL_PX) for side in picture.shape[:2]]
    batch = np.zeros((1, 3, *sides), np.float32)
    for plane, channel in zip(batch[0], (2, 1, 0), strict=True):
        plane[: picture.shape[0], : picture.shape[1]] = picture[:, :, channel]
    return batch


def decode(grids: Sequence[FloatArray], min_score: float) -> Detections:
    """Turn what the network gives for one picture into faces.

    The corner of a cell is moved by the first two numbers of a box, in strides, to its middle; the other two are the logarithm
    of its size in strides. Landmarks are shifts from the corner. The score is the geometric mean of both probabilities.

    Args:
        grids: For strides 8, 16 and 32, (1, 16, rows, columns): see `yunet_network`.
        min_score: Cells with a lower score are dropped.

    Returns:
        Faces in pixels of the picture, best first, of which no two overlap by more than 0.3.

    Source: Wu et al. 2023, section 3.3.
    """
    parts = [_of_grid(grid[0], stride, min_score) for grid, stride in zip(grids, STRIDES, strict=True)]
    boxes_xywh, scores, landmarks = (np.concatenate(values) for values in zip(*parts, strict=True))
    found = Detections(boxes_xywh, scores, landmarks[:, _LEFT_FIRST])
    return found.take(_without_repeats(boxes_xywh, scores))


def _of_grid(grid: FloatArray, stride: int, min_score: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return boxes (n, 4), scores (n,) and points (n, 5, 2) of the cells of a grid that show a face."""
    with np.errstate(over="ignore"):  # what is that unlikely gets 0
        scores = np.sqrt(1 / ((1 + np.exp(-grid[0])) * (1 + np.exp(-grid[1]))))
    rows, columns = np.nonzero(scores >= min_score)
    values = grid[:, rows, columns].T
    places = np.stack([columns, rows], axis=1).astype(np.float32)
    centres, sizes = (places + values[:, 2:4]) * stride, np.exp(values[:, 4:6]) * stride
    points = (places[:, None] + values[:, 6:].reshape(-1, 5, 2)) * stride
    return np.concatenate([centres - sizes / 2, sizes], axis=1), scores[rows, columns], points


def _without_repeats(boxes_xywh: FloatArray, scores: FloatArray) -> IntArray:
    """Return which faces stay, best first: those that overlap no better one that stays, measured in whole pixels."""
    order = np.argsort(-scores, kind="stable")[:_MOST]
    corners = np.trunc(boxes_xywh[order]).astype(np.float64)
    areas = corners[:, 2:].prod(axis=1)
    corners[:, 2:] += corners[:, :2]
    kept: list[int] = []
    waiting = np.arange(len(order))
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        inner = np.minimum(corners[best, 2:], corners[waiting, 2:]) - np.maximum(corners[best, :2], corners[waiting, :2])
        shared = np.maximum(inner, 0).prod(axis=1)
        waiting = waiting[shared <= _MAX_OVERLAP * (areas[best] + areas[waiting] - shared)]
    stay: IntArray = order[np.array(kept, np.int64)]
    return stay
