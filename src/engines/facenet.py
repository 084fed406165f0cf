"""The engines `facenet` and `facenet-512`: MTCNN finds faces, FaceNet embeds them, both on TensorFlow.

Sources: Zhang et al., Joint face detection and alignment using multitask cascaded convolutional networks, SPL 2016; Schroff
et al., FaceNet: a unified embedding for face recognition and clustering, CVPR 2015.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from ..errors import EngineError, ShapeError, WeightsError
from ..geometry import xyxy_to_xywh
from ..models import WeightsCache, weights_version
from ..schema import Detections, FloatArray, RgbImage
from .base import Engine, FaceDetector, FaceEmbedder, keep_inside
from .runtime import CPU, Runtime

_BATCH = 16
_WINDOW_PX = 12
"""What the first network of MTCNN looks at; it takes no smaller picture."""
_MARGIN = 1.2
"""A crop is so many times as wide and high as the box of the face."""
_LEFT_FIRST = [1, 0, 2, 4, 3]
_PYRAMID_STEP = 0.709
"""The square root of one half: each level has half the pixels of the one before. Zhang et al. 2016."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One published FaceNet.

    Attributes:
        engine: Name of the engine.
        weights: Entry of the table of weights.
        dimension: Length of an embedding.
        whiten: Whether each crop is brought to mean 0 and deviation 1; otherwise all are scaled from 0..255 to -1..1.
    """

    engine: str
    weights: str
    dimension: int
    whiten: bool


FACENET_128 = Variant("facenet", "facenet-128", 128, whiten=True)
FACENET_512 = Variant("facenet-512", "facenet-512", 512, whiten=False)


class Mtcnn(FaceDetector):
    """MTCNN with the networks of the package mtcnn and a pyramid of its own.

    The package counts the levels of its pyramid as if the first one were the picture itself. Begun at another size the last
    levels are smaller than the window of the first network; that fails, and is reported as a picture without faces.
    """

    def __init__(self, min_face_px: float = 20.0, max_side: int = 640, min_score: float = 0.8) -> None:
        """Load the networks, which come with the package.

        Args:
            min_face_px: Smallest face to look for, in pixels of the scaled picture; work grows with its inverse square.
            max_side: Longer side in pixels to which larger pictures are scaled down.
            min_score: Faces with a lower score are dropped.

        Raises:
            EngineError: TensorFlow or mtcnn is not installed.
        """
        stages = _import("mtcnn.stages")
        self._propose, self._refine, self._place = stages.StagePNet(), stages.StageRNet(), stages.StageONet()
        self._boxes = _import("mtcnn.utils.bboxes")
        self._min_face_px, self._max_side, self._min_score = min_face_px, max_side, min_score

    def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
        """Find the faces of each picture, one picture at a time."""
        return [self._detect(image) for image in images]

    def _detect(self, image: RgbImage) -> Detections:
        height, width = image.shape[:2]
        scale = min(1.0, self._max_side / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        rows = self._find(((small[None] - 127.5) / 128).astype(np.float32))
        if not len(rows):
            return Detections.empty()
        rows = rows[np.argsort(-rows[:, 5], kind="stable")]
        back = np.array([width / size[0], height / size[1]], np.float32)
        boxes_xyxy = rows[:, 1:5].astype(np.float32) * np.tile(back, 2)
        # Five x, then five y; the package means left and right of the picture, which is the other way round for the person.
        points = np.stack([rows[:, 6:11], rows[:, 11:16]], axis=2).astype(np.float32)[:, _LEFT_FIRST] * back
        return keep_inside(Detections(xyxy_to_xywh(boxes_xyxy), rows[:, 5].astype(np.float32), points), width, height)

    def _find(self, batch: FloatArray) -> FloatArray:
        """Run the three networks on one picture, (1, H, W, 3) in -1..1, and return (n, 16) rows of the package."""
        rows = self._proposals(batch)
        if len(rows):
            rows = self._refine(batch, rows)
        if len(rows):
            rows = self._place(batch, rows, threshold_onet=self._min_score)
        return rows

    def _proposals(self, batch: FloatArray) -> FloatArray:
        """Run the first network on each level of the pyramid, and return (n, 6) squares that may hold a face."""
        found = [np.zeros((0, 6))]
        height, width = batch.shape[1:3]
        for scale in _pyramid(min(height, width), self._min_face_px):
            size = max(_WINDOW_PX, round(width * scale)), max(_WINDOW_PX, round(height * scale))
            level = cv2.resize(batch[0], size, interpolation=cv2.INTER_AREA)
            offsets, scores = self._propose.model(level[None])
            rows = self._boxes.generate_bounding_box(offsets, scores, 0.6)
            rows[:, 1:5] *= np.tile([width / size[0], height / size[1]], 2)
            found.append(self._boxes.smart_nms_from_bboxes(rows, threshold=0.5, method="union", initial_sort=False))
        rows = self._boxes.smart_nms_from_bboxes(np.concatenate(found), threshold=0.7, method="union", initial_sort=True)
        squares: FloatArray = self._boxes.resize_to_square(rows)
        return squares


def _pyramid(shorter_side: int, min_face_px: float) -> list[float]:
    """Return the scales at which a window of 12 pixels sees faces from the smallest wanted to one that fills the picture."""
    scales = []
    scale = min(1.0, _WINDOW_PX / min_face_px)
    while shorter_side * scale >= _WINDOW_PX:
        scales.append(scale)
        scale *= _PYRAMID_STEP
    return scales


class FaceNet(FaceEmbedder):
    """FaceNet, an Inception-ResNet v1, on TensorFlow."""

    crop_size = 160

    def __init__(self, weights: Path, variant: Variant, threads: int = 0) -> None:
        """Build the network and set its weights.

        Args:
            weights: The HDF5 file, as Keras 2 wrote it.
            variant: What the file holds.
            threads: Threads to use; 0 means all cores. TensorFlow heeds it only before it has computed anything.

        Raises:
            EngineError: TensorFlow or keras-facenet is not installed.
            WeightsError: The file holds another network.
        """
        self.dimension, self._whiten = variant.dimension, variant.whiten
        tensorflow = _import("tensorflow")
        _limit_threads(tensorflow, threads)
        network = _import("keras_facenet.inception_resnet_v1")
        model = network.InceptionResNetV1(input_shape=(self.crop_size, self.crop_size, 3), classes=self.dimension)
        _set_weights(model, weights)
        # Traced once for batches of any size.
        shape = tensorflow.TensorSpec((None, self.crop_size, self.crop_size, 3), tensorflow.float32)
        self._run = tensorflow.function(lambda crops: model(crops, training=False), input_signature=[shape])

    def align(self, image: RgbImage, detections: Detections) -> RgbImage:
        """Cut out the boxes with a margin, turned upright and stretched to a square, 160 x 160.

        The network was trained on boxes of MTCNN with a margin, stretched to a square. On 92 photos of five people the cosine
        of equal and of different people lies apart (distance of the means in deviations; boxes of MTCNN / YuNet): box alone
        3.7 / 3.9, with a margin of a tenth on each side 3.9 / 4.1, turned as well 4.1 / 4.3, squared instead of stretched
        3.4 / 3.5; landmarks on the template of ArcFace at its best scale 3.6 / 3.8.
        """
        crops = np.zeros((len(detections), self.crop_size, self.crop_size, 3), np.uint8)
        for crop, box, points in zip(crops, detections.boxes_xywh, detections.landmarks, strict=True):
            matrix = _upright(box, points, self.crop_size)
            crop[:] = cv2.warpAffine(image, matrix, (self.crop_size, self.crop_size), flags=cv2.INTER_LINEAR)
        return crops

    def embed(self, crops: RgbImage) -> FloatArray:
        """Embed crops in batches."""
        if crops.shape[1:] != (self.crop_size, self.crop_size, 3):
            raise ShapeError("crops", f"(n, {self.crop_size}, {self.crop_size}, 3)", crops.shape)
        parts = [self._embed(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)

    def _embed(self, crops: RgbImage) -> FloatArray:
        raw = self._run(standardise(crops, self._whiten)).numpy()
        unit: FloatArray = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12)
        return unit


def _upright(box: FloatArray, points: FloatArray, size: int) -> FloatArray:
    """Return the (2, 3) affine matrix that turns a box about its centre until the eyes are level, and fills a crop with it."""
    x, y, w, h = (float(value) for value in box)
    across = points[0] - points[1]
    angle = -np.arctan2(across[1], across[0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = size / (_MARGIN * np.maximum([w, h], 1.0))
    linear = stretch[:, None] * turn
    shift = size / 2 - linear @ [x + w / 2, y + h / 2]
    return np.concatenate([linear, shift[:, None]], axis=1).astype(np.float32)


def standardise(crops: RgbImage, whiten: bool) -> FloatArray:
    """Bring pixels into the range that a FaceNet was trained on.

    Args:
        crops: (n, S, S, 3) uint8 RGB.
        whiten: Each crop to mean 0 and deviation 1, else all from 0..255 to -1..1.

    Returns:
        (n, S, S, 3) float32.

    Source: D. Sandberg's facenet, `prewhiten` and `fixed_image_standardization`; the models of 2017 were trained with the
    first, those of 2018 with the second, as keras-facenet's table of models says.
    """
    pixels = crops.astype(np.float32)
    if not whiten:
        return (pixels - 127.5) / 127.5
    mean = pixels.mean(axis=(1, 2, 3), keepdims=True)
    deviation = pixels.std(axis=(1, 2, 3), keepdims=True)
    # A crop of one colour has no deviation; noise is not blown up to more than one grey level would give.
    floor = 1 / np.sqrt(np.prod(crops.shape[1:], dtype=np.float32))
    white: FloatArray = (pixels - mean) / np.maximum(deviation, floor)
    return white


def _set_weights(model: Any, path: Path) -> None:
    """Set the weights layer by layer, by name: Keras 3 does not open the model description that Keras 2 saved beside them."""
    h5py = _import("h5py")
    try:
        file = h5py.File(path, "r")
    except OSError as err:
        raise WeightsError(f"{path} is no HDF5 file: {err}") from err
    with file:
        groups = file.get("model_weights", file)
        for layer in model.layers:
            if layer.weights:
                layer.set_weights(_weights_of(layer, groups, path))


def _weights_of(layer: Any, groups: Any, path: Path) -> list[FloatArray]:
    found: dict[str, Any] = {}
    if layer.name in groups:
        groups[layer.name].visititems(lambda name, item: found.update({name.split("/")[-1].split(":")[0]: item}))
    arrays = []
    for weight in layer.weights:
        stored = found.get(weight.name)
        if stored is None or tuple(stored.shape) != tuple(weight.shape):
            raise WeightsError(f"{path} holds another network: {layer.name}/{weight.name} is missing or has another shape.")
        arrays.append(np.asarray(stored, np.float32))
    return arrays


def _limit_threads(tensorflow: Any, threads: int) -> None:
    if threads:
        try:
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        except RuntimeError:
            return  # TensorFlow runs already, with the threads that it began with


def _import(module: str) -> Any:
    """Import a part of the TensorFlow stack, without its greetings.

    Raises:
        EngineError: It is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # No slower without oneDNN here, equal numbers on different processors, and no notice about it on standard error.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        return importlib.import_module(module)
    except ImportError as err:
        raise EngineError(
            f"This engine needs the package {err.name or module}. Install it with: pip install -r requirements-facenet.txt"
        ) from err


def make_engine(
    weights: WeightsCache,
    runtime: Runtime = CPU,
    variant: Variant = FACENET_128,
    detector: Literal["mtcnn", "yunet"] = "mtcnn",
) -> Engine:
    """Load a detector and FaceNet.

    Args:
        weights: Where weights are kept.
        runtime: The device and the threads.
        variant: Which FaceNet.
        detector: YuNet is forty times as fast as MTCNN, and the crops are cut in the same way.

    Raises:
        EngineError: TensorFlow is not installed.
        WeightsError: The weights cannot be had.
    """
    runtime.only_cpu("TensorFlow")
    _import("tensorflow")  # before 90 MB are fetched in vain
    embedder = FaceNet(weights.path(variant.weights), variant, runtime.threads)
    if detector == "mtcnn":
        version = weights_version("mtcnn-1.0.0 upright-160", variant.weights)
        return Engine(variant.engine, version, Mtcnn(), embedder)
    from .sface import DETECTOR_WEIGHTS, YuNet

    version = weights_version("upright-160", variant.weights, DETECTOR_WEIGHTS)
    return Engine(variant.engine, version, YuNet(weights.path(DETECTOR_WEIGHTS)), embedder)
