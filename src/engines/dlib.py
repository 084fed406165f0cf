"""The engines `dlib` and `dlib-mmod`: HOG or a small network finds faces, a ResNet embeds them, all in the library dlib.

Sources: Dalal and Triggs, Histograms of oriented gradients for human detection, CVPR 2005; King, Max-margin object detection,
arXiv 1502.00046, 2015; Kazemi and Sullivan, One millisecond face alignment with an ensemble of regression trees, CVPR 2014; He
et al., Deep residual learning for image recognition, CVPR 2016.
"""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from ..errors import EngineError, ShapeError, WeightsError
from ..faces.alignment import align_faces
from ..models import WeightsCache, weights_version
from ..schema import Detections, FloatArray, RgbImage
from .base import Engine, FaceDetector, FaceEmbedder, keep_inside
from .dlib_centre import CENTRE
from .runtime import CPU, Runtime

LANDMARK_WEIGHTS = "dlib-landmarks-68"
MMOD_WEIGHTS = "dlib-mmod"
EMBEDDER_WEIGHTS = "dlib-resnet"
CHIP_TEMPLATE: FloatArray = np.array([[99.35, 46.2], [47.15, 46.05], [74.5, 75.9], [97.75, 102.9], [48.55, 102.6]], np.float32)
"""(5, 2) where our landmarks lie in the crops of 150 x 150 pixels that dlib itself cuts, with its padding of 0.25.

The mean over 224 sample photos. Crops cut on it embed like those of dlib, which fits more points (mean cosine 0.995), and tell
people apart no worse: see docs/engines.md.
"""
_POINTS = (range(42, 48), range(36, 42), range(30, 31), range(54, 55), range(48, 49))
"""Which of the 68 points make our five, in our order: an eye is the middle of its six. dlib numbers from the person's right."""
_HOG_SIDE = 1280
_MMOD_SIDE = 640
_ENLARGE = 2.0
"""Small pictures are at most doubled: both detectors know faces from about 80 pixels only."""
_SLOPE, _OFFSET = 5.3, 0.67
"""Logistic curve from HOG's margin to the share of finds that are faces, fitted on 162 frames of film (finds down to a margin
of -0.5, YuNet's faces as the truth): 0.66 at a margin of 0, where dlib stops by default, and above 0.99 from 0.8 on. MMOD
had one wrong find in 81 of these frames, too few for a curve of its own; it gets the same one.
"""
_MIN_SIDE = 64
"""Smaller pictures are padded to this: the pyramid of the network needs a few pixels to begin with."""
_BATCH = 16


class _DlibDetector(FaceDetector):
    """Finds boxes in a way of its own and landmarks by regression trees, both in a scaled copy of the picture.

    dlib's scores are margins without a bound. They become the share of finds with such a score that are faces.
    """

    def __init__(self, landmarks: Path, max_side: int) -> None:
        """Load the landmark predictor.

        Args:
            landmarks: Its file, for 68 points.
            max_side: Longer side in pixels to which larger pictures are scaled down, and smaller ones up as far as allowed.
        """
        self._place, self._max_side = _load("shape_predictor", landmarks), max_side

    def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
        """Find the faces of each picture, one picture at a time."""
        return [self._detect(image) for image in images]

    def pixels(self, width: int, height: int) -> float:
        """Return the pixels of the scaled picture."""
        return width * height * min(_ENLARGE, self._max_side / max(width, height)) ** 2

    @abstractmethod
    def _find(self, image: RgbImage) -> list[tuple[Any, float]]:
        """Return dlib's rectangle and margin of each face."""

    def _detect(self, image: RgbImage) -> Detections:
        height, width = image.shape[:2]
        scale = min(_ENLARGE, self._max_side / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        scaled = cv2.resize(image, size, interpolation=how).astype(np.uint8, copy=False)
        bottom, right = max(0, _MIN_SIDE - size[1]), max(0, _MIN_SIDE - size[0])
        if bottom or right:
            scaled = np.pad(scaled, ((0, bottom), (0, right), (0, 0)))
        found = sorted(self._find(scaled), key=lambda face: -face[1])
        if not found:
            return Detections.empty()
        back = np.array([width / size[0], height / size[1]], np.float32)
        boxes = np.array([[box.left(), box.top(), box.width(), box.height()] for box, _ in found], np.float32)
        scores = 1 / (1 + np.exp(-(_SLOPE * np.array([margin for _, margin in found]) + _OFFSET)))
        landmarks = np.stack([_five(self._place(scaled, box)) for box, _ in found]) * back
        return keep_inside(Detections(boxes * np.tile(back, 2), scores.astype(np.float32), landmarks), width, height)


class Hog(_DlibDetector):
    """Histograms of oriented gradients under five linear filters, frontal to half profile. It comes with the library.

    Its window is 80 pixels wide. Pictures are doubled where there is room, as the package face_recognition does, so that faces
    from about 40 pixels are found; docs/engines.md has what that gains and costs.
    """

    def __init__(self, landmarks: Path, max_side: int = _HOG_SIDE) -> None:
        """Load it.

        Args:
            landmarks: File of the landmark predictor.
            max_side: Longer side in pixels that pictures are scaled to; work grows with its square.

        Raises:
            EngineError: dlib is not installed.
        """
        super().__init__(landmarks, max_side)
        self._detector = dlib_module().get_frontal_face_detector()

    def _find(self, image: RgbImage) -> list[tuple[Any, float]]:
        boxes, margins, _ = self._detector.run(image, 0, 0.0)
        return list(zip(boxes, margins, strict=True))


class Mmod(_DlibDetector):
    """A small convolutional network trained by max-margin object detection; sees turned faces better than HOG, and is slow."""

    def __init__(self, weights: Path, landmarks: Path, max_side: int = _MMOD_SIDE) -> None:
        """Load the network.

        Args:
            weights: Its file.
            landmarks: File of the landmark predictor.
            max_side: Longer side in pixels that pictures are scaled to; work grows with its square.

        Raises:
            EngineError: dlib is not installed.
        """
        super().__init__(landmarks, max_side)
        self._detector = _load("cnn_face_detection_model_v1", weights)

    def _find(self, image: RgbImage) -> list[tuple[Any, float]]:
        return [(face.rect, face.confidence) for face in self._detector(image, 0)]


class DlibResNet(FaceEmbedder):
    """dlib's ResNet, 128 dimensions.

    It was trained for Euclidean distances, and its vectors all point one way: strangers have a cosine of 0.83. The mean face is
    taken off before they are brought to length 1, so that strangers lie around 0 as with other engines; docs/engines.md has
    what that costs.
    """

    dimension = 128
    crop_size = 150

    def __init__(self, weights: Path) -> None:
        """Load the network.

        Args:
            weights: Its file.

        Raises:
            EngineError: dlib is not installed.
        """
        self._network = _load("face_recognition_model_v1", weights)

    def align(self, image: RgbImage, detections: Detections) -> RgbImage:
        """Cut the faces out where dlib's own crops have them, 150 x 150."""
        return align_faces(image, detections.landmarks, CHIP_TEMPLATE, self.crop_size)

    def embed(self, crops: RgbImage) -> FloatArray:
        """Embed crops in batches."""
        away = self.describe(crops) - CENTRE
        unit: FloatArray = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-12)
        return unit

    def describe(self, crops: RgbImage) -> FloatArray:
        """Return (n, 128) float32, the vectors as dlib gives them: neither centred nor of one length."""
        if crops.shape[1:] != (self.crop_size, self.crop_size, 3):
            raise ShapeError("crops", f"(n, {self.crop_size}, {self.crop_size}, 3)", crops.shape)
        vectors = np.zeros((len(crops), self.dimension), np.float32)
        for start in range(0, len(crops), _BATCH):
            batch = [np.ascontiguousarray(crop) for crop in crops[start : start + _BATCH]]
            vectors[start : start + _BATCH] = np.array(self._network.compute_face_descriptor(batch))
        return vectors


def dlib_module() -> Any:
    """Import dlib.

    Raises:
        EngineError: It is not installed.
    """
    try:
        return importlib.import_module("dlib")
    except ImportError as err:
        raise EngineError(
            "This engine needs the package dlib. Install it with: pip install -r requirements-dlib.txt (or, where there is a "
            "C++ compiler, pip install dlib: built for your processor it is faster)"
        ) from err


def _load(kind: str, path: Path) -> Any:
    try:
        return getattr(dlib_module(), kind)(str(path))
    except RuntimeError as err:
        raise WeightsError(f"{path} cannot be read by dlib: {str(err).splitlines()[0]}") from err


def _five(points: Any) -> FloatArray:
    """Return our five landmarks, (5, 2) float32, of the 68 that dlib found."""
    places = np.array([[point.x, point.y] for point in points.parts()], np.float32)
    return np.stack([places[chosen].mean(axis=0) for chosen in map(list, _POINTS)])


def check(runtime: Runtime) -> None:
    """Refuse what cannot run before 100 MB are fetched in vain.

    Raises:
        EngineError: dlib is not installed, or another device is asked for.
    """
    runtime.only_cpu("dlib")
    dlib_module()


def make_engine(weights: WeightsCache, runtime: Runtime = CPU, detector: Literal["hog", "mmod"] = "hog") -> Engine:
    """Load a detector and the ResNet.

    Args:
        weights: Where weights are kept.
        runtime: The device, which must be the CPU; dlib uses one thread.
        detector: What finds faces. HOG is more than ten times as fast, the network sees more turned faces.

    Raises:
        EngineError: dlib is not installed, or another device is asked for.
        WeightsError: The weights cannot be had.
    """
    check(runtime)
    landmarks, embedder = weights.path(LANDMARK_WEIGHTS), DlibResNet(weights.path(EMBEDDER_WEIGHTS))
    if detector == "hog":
        version = weights_version(f"chip-150 centred hog-{_HOG_SIDE}", LANDMARK_WEIGHTS, EMBEDDER_WEIGHTS)
        return Engine("dlib", version, Hog(landmarks), embedder)
    found_by = Mmod(weights.path(MMOD_WEIGHTS), landmarks)
    version = weights_version(f"chip-150 centred mmod-{_MMOD_SIDE}", LANDMARK_WEIGHTS, MMOD_WEIGHTS, EMBEDDER_WEIGHTS)
    return Engine("dlib-mmod", version, found_by, embedder)
