"""The engines `facenet`, `facenet-yunet` and `facenet-512`: MTCNN or YuNet finds faces, FaceNet embeds them.

Source: Schroff et al., FaceNet: a unified embedding for face recognition and clustering, CVPR 2015.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ..errors import ShapeError
from ..models import WeightsCache, weights_version
from ..schema import Detections, FloatArray, RgbImage
from .base import Engine, FaceDetector, FaceEmbedder
from .inception import RECIPE, convert_inception
from .mtcnn import Mtcnn
from .mtcnn_networks import OnnxNetworks
from .runtime import CPU, Runtime

_BATCH = 16
_MARGIN = 1.2
"""A crop is so many times as wide and high as the box of the face."""


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


class FaceNet(FaceEmbedder):
    """FaceNet, an Inception-ResNet v1."""

    crop_size = 160

    def __init__(self, network: Callable[[FloatArray], FloatArray], variant: Variant) -> None:
        """Begin with a loaded network.

        Args:
            network: Turns standardised crops, (n, 160, 160, 3) float32, into vectors (n, dimension) of any length.
            variant: What the network is.
        """
        self._network = network
        self.dimension, self._whiten = variant.dimension, variant.whiten

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
        raw = self._network(standardise(crops, self._whiten))
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


def make_engine(
    weights: WeightsCache,
    runtime: Runtime = CPU,
    variant: Variant = FACENET_128,
    detector: Literal["mtcnn", "yunet"] = "mtcnn",
) -> Engine:
    """Load a detector and FaceNet.

    What computes the networks is not part of the version: vectors agree to 1e-6, boxes and landmarks to 1e-3 pixels.

    Args:
        weights: Where weights are kept.
        runtime: The device, the threads and what computes the networks.
        variant: Which FaceNet.
        detector: YuNet is many times as fast as MTCNN, and the crops are cut in the same way.

    Raises:
        EngineError: The device, or TensorFlow where it was chosen, is not here.
        WeightsError: The weights cannot be had.
    """
    check(runtime)
    embedder = FaceNet(_network(weights, runtime, variant), variant)
    if detector == "mtcnn":
        version = weights_version("mtcnn-1.0.0 upright-160", variant.weights)
        return Engine(variant.engine, version, _mtcnn(weights, runtime), embedder)
    from .yunet import WEIGHTS as DETECTOR_WEIGHTS
    from .yunet import YuNet

    version = weights_version("upright-160", variant.weights, DETECTOR_WEIGHTS)
    return Engine(f"{variant.engine}-yunet", version, YuNet(weights, runtime), embedder)


def check(runtime: Runtime) -> None:
    """Refuse what cannot run before 90 MB are fetched in vain.

    Raises:
        EngineError: The device, or TensorFlow where it was chosen, is not here.
    """
    if runtime.facenet_backend == "onnx":
        runtime.check()
        return
    from .facenet_tensorflow import find_package

    runtime.only_cpu("TensorFlow")
    find_package("tensorflow")


def _network(weights: WeightsCache, runtime: Runtime, variant: Variant) -> Callable[[FloatArray], FloatArray]:
    if runtime.facenet_backend == "tensorflow":
        from .facenet_tensorflow import TensorFlowInception

        return TensorFlowInception(weights.path(variant.weights), variant.dimension, runtime.threads)
    file = weights.derived(variant.weights, RECIPE, lambda path: convert_inception(path, variant.dimension))
    session = runtime.open(file, "FaceNet")
    return lambda crops: session.run(crops)[0]


def _mtcnn(weights: WeightsCache, runtime: Runtime) -> FaceDetector:
    if runtime.facenet_backend == "tensorflow":
        from .facenet_tensorflow import TensorFlowNetworks

        return Mtcnn(TensorFlowNetworks())
    return Mtcnn(OnnxNetworks(weights, runtime))
