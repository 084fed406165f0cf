"""The detector MTCNN: three networks, each of which looks closer at what the one before left over.

Source: Zhang et al., Joint face detection and alignment using multitask cascaded convolutional networks, SPL 2016. Thresholds,
and how boxes are thinned out, squared and cut, are those of the package mtcnn 1.0.0, whose weights these are.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..geometry import iou_matrix, xyxy_to_xywh
from ..schema import BoolArray, Detections, DoubleArray, FloatArray, IntArray, RgbImage
from .base import FaceDetector, keep_inside
from .mtcnn_networks import MtcnnNetworks
from .near import SAME_PLACE

_WINDOW_PX = 12
"""What the first network looks at; it takes no smaller picture."""
_STRIDE_PX = 2
_PROPOSE_SCORE, _REFINE_SCORE = 0.6, 0.7
_LEFT_FIRST = [1, 0, 2, 4, 3]
"""The networks mean left and right of the picture, which is the other way round for the person."""
_LARGE_PX = 32.0
"""Smallest face that is looked for where small ones do not matter."""
_GLANCE_SCORE = 0.6
"""Lowest score of what may be a face at a glance."""
_PYRAMID_STEP = 0.709
"""The square root of one half: each level has half the pixels of the one before. Zhang et al. 2016."""
_LEVELS = ((np.arange(256) - 127.5) / 128).astype(np.float32)
"""What each of the 256 values of a pixel is to the networks."""
_BATCH = 512
"""Patches looked at together: a crowd must not fill the memory."""


class Mtcnn(FaceDetector):
    """MTCNN with a pyramid of its own.

    The package counts the levels of its pyramid as if the first one were the picture itself. Begun at another size the last
    levels are smaller than the window of the first network; that fails, and is reported as a picture without faces.
    """

    def __init__(self, networks: MtcnnNetworks, min_face_px: float = 20.0, max_side: int = 640, min_score: float = 0.8) -> None:
        """Begin with loaded networks.

        Args:
            networks: The three networks.
            min_face_px: Smallest face to look for, in pixels of the scaled picture; work grows with its inverse square.
            max_side: Longer side in pixels to which larger pictures are scaled down.
            min_score: Faces with a lower score are dropped.
        """
        self._networks = networks
        self._min_face_px, self._max_side, self._min_score = min_face_px, max_side, min_score

    def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
        """Find the faces of each picture, one picture at a time."""
        return [self._detect(image, self._min_face_px, self._min_score) for image in images]

    def _detect_large(self, images: Sequence[RgbImage]) -> list[Detections]:
        """Find larger faces only, which leaves out the largest levels of the pyramid."""
        return [self._detect(image, max(self._min_face_px, _LARGE_PX), self._min_score) for image in images]

    def _glance(self, image: RgbImage, known_xywh: FloatArray) -> Detections:
        """Find small faces too, and doubtful ones: at half the size many a good face is one. Known ones are not looked into."""
        return self._detect(image, self._min_face_px, min(self._min_score, _GLANCE_SCORE), known_xywh)

    def pixels(self, width: int, height: int) -> float:
        """Return the pixels of the scaled picture."""
        return width * height * min(1.0, self._max_side / max(width, height)) ** 2

    def _detect(
        self, image: RgbImage, min_face_px: float, min_score: float, known_xywh: FloatArray | None = None
    ) -> Detections:
        height, width = image.shape[:2]
        scale = min(1.0, self._max_side / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        known = None if known_xywh is None else known_xywh * np.float32(scale)
        boxes, scores, points = self._find(_LEVELS[small], min_face_px, min_score, known)
        if not len(boxes):
            return Detections.empty()
        back = np.array([width / size[0], height / size[1]], np.float32)
        boxes_xyxy = boxes.astype(np.float32) * np.tile(back, 2)
        landmarks = points.astype(np.float32)[:, _LEFT_FIRST] * back
        return keep_inside(Detections(xyxy_to_xywh(boxes_xyxy), scores, landmarks), width, height)

    def _find(
        self, picture: FloatArray, min_face_px: float, min_score: float, known_xywh: FloatArray | None = None
    ) -> tuple[DoubleArray, FloatArray, DoubleArray]:
        """Return boxes (n, 4) x1, y1, x2, y2, scores (n,) and points (n, 5, 2) of a picture in -1..1, best first.

        What lies on a known face is left out after the first network.
        """
        boxes = self._propose(picture, min_face_px)
        if known_xywh is not None and len(boxes):
            boxes = boxes[iou_matrix(xyxy_to_xywh(boxes.astype(np.float32)), known_xywh).max(axis=1, initial=0) < SAME_PLACE]
        boxes = self._refine(picture, boxes) if len(boxes) else boxes
        if not len(boxes):
            return boxes, np.zeros(0, np.float32), np.zeros((0, 5, 2))
        parts = [self._networks.place(patches) for patches in _patches(picture, boxes, 48)]
        offsets, shares, scores = (np.concatenate(values) for values in zip(*parts, strict=True))
        points = _points(boxes, shares)
        boxes = _moved(boxes, offsets)
        kept = _thin_out(boxes, scores, min_score, 0.7, of_smaller=True)
        return boxes[kept], scores[kept], points[kept]

    def _propose(self, picture: FloatArray, min_face_px: float) -> DoubleArray:
        """Run the first network on each level of the pyramid, and return (n, 4) squares that may hold a face."""
        boxes, scores = [np.zeros((0, 4))], [np.zeros(0, np.float32)]
        height, width = picture.shape[:2]
        for scale in _pyramid(min(height, width), min_face_px):
            size = max(_WINDOW_PX, round(width * scale)), max(_WINDOW_PX, round(height * scale))
            found, seen = self._windows(cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False))
            kept = _thin_out(found, seen, _PROPOSE_SCORE, 0.5)
            boxes.append(found[kept] * np.tile([width / size[0], height / size[1]], 2))
            scores.append(seen[kept])
        together, seen = np.concatenate(boxes), np.concatenate(scores)
        return _squares(together[_thin_out(together, seen, _PROPOSE_SCORE, 0.7)])

    def _windows(self, level: FloatArray) -> tuple[DoubleArray, FloatArray]:
        """Return box (n, 4) and score (n,) of each window of a level that may hold a face."""
        offsets, scores = self._networks.propose(level)
        rows, columns = np.nonzero(scores > _PROPOSE_SCORE)
        # The package counts a window from its second pixel to its 13th.
        corners = np.stack([columns, rows], axis=1) * _STRIDE_PX
        windows = np.concatenate([corners + 1, corners + _WINDOW_PX], axis=1)
        return windows + offsets[rows, columns] * (_WINDOW_PX - 1.0), scores[rows, columns]

    def _refine(self, picture: FloatArray, boxes: DoubleArray) -> DoubleArray:
        parts = [self._networks.refine(patches) for patches in _patches(picture, boxes, 24)]
        offsets, scores = (np.concatenate(values) for values in zip(*parts, strict=True))
        boxes = _moved(boxes, offsets)
        return _squares(boxes[_thin_out(boxes, scores, _REFINE_SCORE, 0.7)])


def _pyramid(shorter_side: int, min_face_px: float) -> list[float]:
    """Return the scales at which a window of 12 pixels sees faces from the smallest wanted to one that fills the picture."""
    scales = []
    scale = min(1.0, _WINDOW_PX / min_face_px)
    while shorter_side * scale >= _WINDOW_PX:
        scales.append(scale)
        scale *= _PYRAMID_STEP
    return scales


def _moved(boxes: DoubleArray, offsets: FloatArray) -> DoubleArray:
    """Move the sides of boxes (n, 4) by offsets (n, 4) in shares of their size, which counts both border pixels."""
    sizes = boxes[:, 2:] - boxes[:, :2] + 1
    return boxes + offsets * np.tile(sizes, 2)


def _points(boxes: DoubleArray, shares: FloatArray) -> DoubleArray:
    """Turn shares (n, 10) of boxes, five x and five y, into points (n, 5, 2) in pixels."""
    sizes = boxes[:, 2:] - boxes[:, :2] + 1
    return boxes[:, None, :2] + shares.reshape(-1, 2, 5).transpose(0, 2, 1) * sizes[:, None] - 1


def _squares(boxes: DoubleArray) -> DoubleArray:
    """Widen boxes (n, 4) to squares with the same middle."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    side = sizes.max(axis=1, keepdims=True, initial=0)
    corners = boxes[:, :2] + sizes / 2 - side / 2
    return np.concatenate([corners, corners + side], axis=1)


def _thin_out(boxes: DoubleArray, scores: FloatArray, min_score: float, limit: float, of_smaller: bool = False) -> IntArray:
    """Return which boxes (n, 4) stay, best first: those with a score above the least that overlap no better one.

    Unlike in the usual suppression a box also falls to a better one that falls itself; so it is in the package.

    Args:
        boxes: x1, y1, x2, y2.
        scores: (n,).
        min_score: Boxes with this or a lower score go.
        limit: Overlap above which the worse one goes.
        of_smaller: Measure the overlap by the smaller box, else by the union.
    """
    # Scores are often exactly 1; of equal ones the last goes first, as in the package.
    order = np.argsort(scores, kind="stable")[::-1]
    order = order[scores[order] > min_score]
    chosen = boxes[order]
    if not len(chosen):
        return order
    inner = np.minimum(chosen[:, None, 2:], chosen[None, :, 2:]) - np.maximum(chosen[:, None, :2], chosen[None, :, :2])
    shared = np.maximum(inner, 0).prod(axis=2)
    areas = (chosen[:, 2:] - chosen[:, :2]).prod(axis=1)
    whole = np.minimum(areas[:, None], areas) if of_smaller else areas[:, None] + areas - shared
    # Boxes without area overlap nothing.
    worse = np.triu(shared > limit * whole, k=1).any(axis=0)
    stay: IntArray = order[~worse]
    return stay


def _patches(picture: FloatArray, boxes: DoubleArray, side: int) -> list[FloatArray]:
    """Cut boxes out of a picture and scale them to squares.

    Args:
        picture: (H, W, 3) float32.
        boxes: (n, 4) x1, y1, x2, y2; what lies outside the picture is 0, which is grey.
        side: Of the squares in pixels.

    Returns:
        Batches of (up to 512, side, side, 3) float32, interpolated linearly between the four nearest pixels. Places are
        shares of the picture times the index of its last pixel, as `crop_and_resize` of TensorFlow has them.
    """
    height, width = picture.shape[:2]
    shares = (boxes / [width, height, width, height]).astype(np.float32)
    xs, inside_x = _places(shares[:, 0], shares[:, 2], width, side)
    ys, inside_y = _places(shares[:, 1], shares[:, 3], height, side)
    parts = [slice(start, start + _BATCH) for start in range(0, len(boxes), _BATCH)]
    return [_sampled(picture, xs[part], ys[part], inside_x[part], inside_y[part]) for part in parts]


def _places(starts: FloatArray, ends: FloatArray, length: int, side: int) -> tuple[FloatArray, BoolArray]:
    """Return where to look along one axis, (n, side), and which of these places lie in the picture."""
    last = np.float32(length - 1)
    steps = (ends - starts) * last / np.float32(side - 1)
    places = (starts * last)[:, None] + np.arange(side, dtype=np.float32) * steps[:, None]
    inside = (places >= 0) & (places <= last)
    return np.where(inside, places, 0), inside


def _sampled(picture: FloatArray, xs: FloatArray, ys: FloatArray, inside_x: BoolArray, inside_y: BoolArray) -> FloatArray:
    """Interpolate (n, side, side, 3) at the places (n, side) of both axes."""
    left, top = np.floor(xs).astype(np.int64), np.floor(ys).astype(np.int64)
    right, bottom = np.ceil(xs).astype(np.int64), np.ceil(ys).astype(np.int64)
    share_x, share_y = (xs - left)[:, None, :, None], (ys - top)[:, :, None, None]
    flat, width = picture.reshape(-1, picture.shape[2]), picture.shape[1]

    def line(rows: IntArray) -> FloatArray:
        begin = flat[rows[:, :, None] * width + left[:, None]]
        values: FloatArray = begin + (flat[rows[:, :, None] * width + right[:, None]] - begin) * share_x
        return values

    upper = line(top)
    patches = (upper + (line(bottom) - upper) * share_y).astype(np.float32)
    patches[~(inside_y[:, :, None] & inside_x[:, None])] = 0
    return patches
