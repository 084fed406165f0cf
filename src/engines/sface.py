"""The engine `sface`: YuNet finds faces, SFace embeds them. Small, fast, free for any use.

Source: Zhong et al., SFace: sigmoid-constrained hypersphere loss for robust face recognition, TIP 2021.
"""

from __future__ import annotations

import numpy as np

from ..errors import ShapeError
from ..faces.alignment import ARCFACE_TEMPLATE, align_faces
from ..models import WeightsCache, weights_version
from ..schema import Detections, FloatArray, RgbImage
from .base import Engine, FaceEmbedder
from .runtime import CPU, Runtime
from .sface_network import RECIPE, convert
from .yunet import WEIGHTS as DETECTOR_WEIGHTS
from .yunet import YuNet

EMBEDDER_WEIGHTS = "sface-2021dec-int8bq"
_BATCH = 16


class SFace(FaceEmbedder):
    """SFace through ONNX Runtime, 128 dimensions."""

    dimension = 128
    crop_size = 112

    def __init__(self, weights: WeightsCache, runtime: Runtime = CPU) -> None:
        """Load the network, converting it once.

        Args:
            weights: Where weights are kept.
            runtime: The device and the threads.

        Raises:
            EngineError: The device cannot be had.
            WeightsError: The weights cannot be had.
        """
        self._session = runtime.open(weights.derived(EMBEDDER_WEIGHTS, RECIPE, convert), "SFace")

    def align(self, image: RgbImage, detections: Detections) -> RgbImage:
        """Cut the faces out on the template of ArcFace, 112 x 112."""
        return align_faces(image, detections.landmarks, ARCFACE_TEMPLATE, self.crop_size)

    def embed(self, crops: RgbImage) -> FloatArray:
        """Embed crops in batches."""
        if crops.shape[1:] != (self.crop_size, self.crop_size, 3):
            raise ShapeError("crops", f"(n, {self.crop_size}, {self.crop_size}, 3)", crops.shape)
        parts = [self._run(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)

    def _run(self, crops: RgbImage) -> FloatArray:
        # The network was trained on RGB in 0..255; its own first layers shift and scale.
        planes = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), np.float32)
        raw = self._session.run(planes)[0]
        unit: FloatArray = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12)
        return unit


def make_engine(weights: WeightsCache, runtime: Runtime = CPU) -> Engine:
    """Load YuNet and SFace.

    Raises:
        EngineError: The device cannot be had.
        WeightsError: The weights cannot be had.
    """
    runtime.check()
    detector = YuNet(weights, runtime)
    embedder = SFace(weights, runtime)
    version = weights_version("arcface-112", DETECTOR_WEIGHTS, EMBEDDER_WEIGHTS)
    return Engine("sface", version, detector, embedder)
