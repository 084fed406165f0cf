"""The engine `sface`: YuNet finds faces, SFace embeds them. Small, fast, free for any use.

Source: Zhong et al., SFace: sigmoid-constrained hypersphere loss for robust face recognition, TIP 2021.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..errors import ShapeError
from ..faces.alignment import ARCFACE_TEMPLATE, align_faces
from ..models import WeightsCache, weights_version
from ..schema import Detections, FloatArray, RgbImage
from .base import Engine, FaceEmbedder
from .runtime import CPU, Runtime
from .yunet import WEIGHTS as DETECTOR_WEIGHTS
from .yunet import YuNet

EMBEDDER_WEIGHTS = "sface-2021dec-int8bq"
_BATCH = 16


class SFace(FaceEmbedder):
    """SFace through ONNX Runtime, 128 dimensions."""

    dimension = 128
    crop_size = 112

    def __init__(self, weights: Path, runtime: Runtime = CPU) -> None:
        """Load the network, folding its quantised weights once and keeping the result beside the file.

        Args:
            weights: The ONNX file.
            runtime: The device and the threads.

        Raises:
            EngineError: The device cannot be had.
        """
        import onnxruntime

        folded = weights.with_suffix(f".ort-{onnxruntime.__version__}.onnx")
        if not folded.exists():
            _fold(weights, folded)
        self._session = runtime.open(folded, "SFace")

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


def _fold(weights: Path, folded: Path) -> None:
    """Save the network with its weights dequantised once and room for batches of any size.

    The published file lists its weights as graph inputs and keeps them as 8-bit blocks: ONNX Runtime would then unpack them
    at every call, which takes two thirds longer.
    """
    import onnx
    import onnxruntime

    model = onnx.load(str(weights))
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants and value.name == "data"]
    for value in (*inputs, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    options.log_severity_level = 3
    # Two processes may do this at once: each writes its own file, the last one stays.
    partial = folded.with_suffix(f".{os.getpid()}.partial")
    options.optimized_model_filepath = str(partial)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    partial.replace(folded)


def make_engine(weights: WeightsCache, runtime: Runtime = CPU) -> Engine:
    """Load YuNet and SFace.

    Raises:
        EngineError: The device cannot be had.
        WeightsError: The weights cannot be had.
    """
    runtime.check()
    detector = YuNet(weights, runtime)
    embedder = SFace(weights.path(EMBEDDER_WEIGHTS), runtime)
    version = weights_version("arcface-112", DETECTOR_WEIGHTS, EMBEDDER_WEIGHTS)
    return Engine("sface", version, detector, embedder)
