"""The engines `insightface` and `insightface-s`: SCRFD finds faces, ArcFace embeds them, both through ONNX Runtime.

Only the networks are those of InsightFace; its package is not needed. Their licence allows research that earns nothing.

Sources: Guo et al., Sample and computation redistribution for efficient face detection, ICLR 2022; Deng et al., ArcFace:
additive angular margin loss for deep face recognition, CVPR 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..errors import ShapeError, WeightsError
from ..faces.alignment import ARCFACE_TEMPLATE, align_faces
from ..geometry import iou_matrix, xyxy_to_xywh
from ..models import WeightsCache, pack_version
from ..schema import Detections, FloatArray, RgbImage
from .base import Engine, FaceDetector, FaceEmbedder, keep_inside
from .runtime import CPU, Runtime

_SIDE = 640
_STRIDES = (8, 16, 32)
_ANCHORS = 2
"""Boxes that each cell of a grid proposes."""
_MAX_OVERLAP = 0.4
_BATCH = 16
_LEFT_FIRST = [1, 0, 2, 4, 3]
"""SCRFD gives the eye on the left of the picture first, which is the person's right one."""


class Scrfd(FaceDetector):
    """SCRFD on pictures scaled to 640 pixels, in the upper left corner of a square."""

    def __init__(self, weights: Path, runtime: Runtime = CPU, min_score: float = 0.5) -> None:
        """Load the network.

        Args:
            weights: The ONNX file, with landmarks.
            runtime: The device and the threads.
            min_score: Faces with a lower score are dropped.

        Raises:
            EngineError: The file or the device cannot be used.
        """
        self._network, self._name = runtime.open(weights, "SCRFD"), weights.name
        self._min_score = min_score

    def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
        """Find the faces of each picture, one picture at a time."""
        return [self._detect(image) for image in images]

    def pixels(self, width: int, height: int) -> float:
        """Return the pixels of the square, which is the same for all pictures: windows are never cheaper."""
        return float(_SIDE**2)

    def _detect(self, image: RgbImage) -> Detections:
        height, width = image.shape[:2]
        scale = _SIDE / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        square = np.zeros((_SIDE, _SIDE, 3), np.uint8)
        square[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        batch = ((square.astype(np.float32) - 127.5) / 128).transpose(2, 0, 1)[None]
        faces = self._decode(self._network.run(np.ascontiguousarray(batch)))
        back = np.array([width / size[0], height / size[1]], np.float32)
        return keep_inside(Detections(faces.boxes_xywh * np.tile(back, 2), faces.scores, faces.landmarks * back), width, height)

    def _decode(self, outputs: list[FloatArray]) -> Detections:
        try:
            return decode(outputs, _SIDE, self._min_score)
        except ShapeError as err:
            raise WeightsError(f"{self._name} is no SCRFD with landmarks: {err}") from err


def decode(outputs: list[FloatArray], side: int, min_score: float) -> Detections:
    """Turn what SCRFD gives into faces.

    Each stride has a grid of cells with two anchors each, row by row. An anchor lies at the upper left corner of its cell; its
    box is given by the distances to its four sides, its landmarks by their shifts, all in strides.

    Args:
        outputs: For strides 8, 16 and 32 scores (m, 1), distances (m, 4) and shifts (m, 10), in any order, perhaps with an
            axis for the one picture before them.
        side: Of the square that the network saw, in pixels; a multiple of 32.
        min_score: Anchors with a lower score are dropped.

    Returns:
        Faces in pixels of the square, best first, of which no two overlap by more than 0.4.

    Raises:
        ShapeError: The outputs are others.

    Source: Guo et al. 2022, section 3, and the detector's head of Li et al., Generalized focal loss, NeurIPS 2020.
    """
    boxes, scores, points = [], [], []
    for stride in _STRIDES:
        score, distances, shifts = (_output(outputs, (side // stride) ** 2 * _ANCHORS, n) for n in (1, 4, 10))
        rows = np.flatnonzero(score[:, 0] >= min_score)
        places = _anchors(side, stride)[rows]
        away = distances[rows] * stride
        boxes.append(np.concatenate([places - away[:, :2], places + away[:, 2:]], axis=1))
        scores.append(score[rows, 0])
        points.append(places[:, None] + shifts[rows].reshape(-1, 5, 2) * stride)
    boxes_xywh = xyxy_to_xywh(np.concatenate(boxes).astype(np.float32))
    score = np.concatenate(scores).astype(np.float32)
    landmarks = np.concatenate(points)[:, _LEFT_FIRST].astype(np.float32)
    return _without_repeats(Detections(boxes_xywh, score, landmarks).take(np.argsort(-score, kind="stable")))


def _without_repeats(found: Detections) -> Detections:
    """Leave out, from the best face down, those that overlap a better one that stays."""
    overlaps = iou_matrix(found.boxes_xywh, found.boxes_xywh)
    kept: list[int] = []
    for row in range(len(found)):
        if (overlaps[row, kept] <= _MAX_OVERLAP).all():
            kept.append(row)
    return found.take(np.array(kept, np.int64))


def _output(outputs: list[FloatArray], n_rows: int, n_columns: int) -> FloatArray:
    """Return the one output of a shape."""
    for output in outputs:
        if output.size == n_rows * n_columns and output.shape[-1] == n_columns:
            return output.reshape(n_rows, n_columns)
    shapes = ", ".join(str(output.shape) for output in outputs)
    raise ShapeError("outputs", f"9 arrays, one of them ({n_rows}, {n_columns}); they are {shapes}", (len(outputs),))


def _anchors(side: int, stride: int) -> FloatArray:
    """Return (m, 2) float32, x and y of the anchors of a stride."""
    rows, columns = np.indices((side // stride, side // stride))
    cells = np.stack([columns, rows], axis=-1).reshape(-1, 2) * stride
    return np.repeat(cells, _ANCHORS, axis=0).astype(np.float32)


class ArcFace(FaceEmbedder):
    """A network of 512 dimensions that was trained by ArcFace."""

    dimension = 512
    crop_size = 112

    def __init__(self, weights: Path, runtime: Runtime = CPU) -> None:
        """Load the network.

        Args:
            weights: The ONNX file.
            runtime: The device and the threads.

        Raises:
            EngineError: The file or the device cannot be used.
        """
        self._network, self._name = runtime.open(weights, "ArcFace"), weights.name

    def align(self, image: RgbImage, detections: Detections) -> RgbImage:
        """Cut the faces out on the template of ArcFace, 112 x 112."""
        return align_faces(image, detections.landmarks, ARCFACE_TEMPLATE, self.crop_size)

    def embed(self, crops: RgbImage) -> FloatArray:
        """Embed crops in batches."""
        if crops.shape[1:] != (self.crop_size, self.crop_size, 3):
            raise ShapeError("crops", f"(n, {self.crop_size}, {self.crop_size}, 3)", crops.shape)
        parts = [self._embed(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)

    def _embed(self, crops: RgbImage) -> FloatArray:
        planes = ((crops.astype(np.float32) - 127.5) / 127.5).transpose(0, 3, 1, 2)
        raw = self._network.run(np.ascontiguousarray(planes))[0]
        if raw.shape != (len(crops), self.dimension):
            raise WeightsError(f"{self._name} is no ArcFace: it gives {raw.shape} for {len(crops)} crops")
        unit: FloatArray = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12)
        return unit


def make_engine(weights: WeightsCache, runtime: Runtime = CPU, name: str = "insightface") -> Engine:
    """Load SCRFD and ArcFace from an accepted pack.

    Args:
        weights: Where weights are kept.
        runtime: The device and the threads.
        name: Of the engine and its pack: `insightface` is buffalo_l, `insightface-s` is buffalo_s.

    Raises:
        EngineError: The device cannot be had.
        WeightsError: The licence was not accepted, or files are missing or changed.
    """
    runtime.check()
    (detector, embedder), hashes = weights.packs.open(name)
    version = pack_version(f"arcface-112 scrfd-{_SIDE}", hashes)
    return Engine(name, version, Scrfd(detector, runtime), ArcFace(embedder, runtime))
