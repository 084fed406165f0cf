"""Tiny networks with the interface of SCRFD and ArcFace, for drawn faces: squares of strong colour, 160 pixels of 640 wide."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DETECTOR, EMBEDDER = "det_10g.onnx", "w600k_r50.onnx"
FACE = 160
"""Side of a drawn face in pixels of the square of 640 that the network sees."""
_PLACES = np.array([[-0.2, -0.15], [0.2, -0.15], [0, 0.05], [-0.2, 0.25], [0.2, 0.25]], np.float32)
"""Landmarks around the centre, in sides of a face, as SCRFD has them: those on the left of the picture first."""


def write_networks(folder: Path, shift: float = 0.0) -> None:
    """Write both networks into a folder.

    Args:
        folder: One that exists.
        shift: Added to the first number of an embedding: networks of other shifts are other files.
    """
    onnx.save(_detector(), str(folder / DETECTOR))
    onnx.save(_embedder(shift), str(folder / EMBEDDER))


def _detector() -> onnx.ModelProto:
    """Score of a cell of stride 32: how far strong colour fills the 160 pixels around it; the other strides see nothing."""
    constants = {
        "half": np.array(0.5, np.float32),  # a patch of strong colour then has 0.9, and one that is half filled 0.45
        "from": np.array([0, 0, 0, 0], np.int64),
        "to": np.array([1, 1, 20, 20], np.int64),
        "column": np.array([400, 1], np.int64),
        "all": np.array([800, 1], np.int64),
        "none": np.zeros((400, 1), np.float32),
        "box_32": np.full((800, 4), FACE / 2 / 32, np.float32),
        "kps_32": np.tile(_PLACES.ravel() * FACE / 32, (800, 1)).astype(np.float32),
    }
    for stride, m in ((8, 12800), (16, 3200)):
        constants |= {f"{name}_{stride}": np.zeros((m, n), np.float32) for name, n in (("score", 1), ("box", 4), ("kps", 10))}
    nodes = [
        helper.make_node("ReduceMax", ["input.1"], ["most"], axes=[1], keepdims=1),
        helper.make_node("ReduceMin", ["input.1"], ["least"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["most", "least"], ["difference"]),
        helper.make_node("Mul", ["difference", "half"], ["strength"]),
        helper.make_node(
            "AveragePool", ["strength"], ["pool"], kernel_shape=[FACE] * 2, strides=[32] * 2, pads=[FACE // 2] * 4
        ),
        helper.make_node("Slice", ["pool", "from", "to"], ["cells"]),
        helper.make_node("Clip", ["cells"], ["score"], min=0.0, max=1.0),
        # The second anchor of each cell sees nothing.
        helper.make_node("Reshape", ["score", "column"], ["first"]),
        helper.make_node("Concat", ["first", "none"], ["pair"], axis=1),
        helper.make_node("Reshape", ["pair", "all"], ["score_32"]),
    ]
    outputs = []
    for name, n in (("score", 1), ("box", 4), ("kps", 10)):
        for stride, m in ((8, 12800), (16, 3200), (32, 800)):
            nodes.append(helper.make_node("Identity", [f"{name}_{stride}"], [f"out_{name}_{stride}"]))
            outputs.append(helper.make_tensor_value_info(f"out_{name}_{stride}", TensorProto.FLOAT, [m, n]))
    entry = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, 640, 640])
    return _model(nodes, [entry], outputs, constants)


def _embedder(shift: float) -> onnx.ModelProto:
    """The mean colour of a crop, spread over 512 numbers."""
    spread = np.random.default_rng(0).normal(size=(3, 512)).astype(np.float32)
    first = np.zeros(512, np.float32)
    first[0] = shift
    nodes = [
        helper.make_node("GlobalAveragePool", ["input.1"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["colour"]),
        helper.make_node("Gemm", ["colour", "spread", "first"], ["683"]),
    ]
    entry = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, ["n", 3, 112, 112])
    exit_ = helper.make_tensor_value_info("683", TensorProto.FLOAT, ["n", 512])
    return _model(nodes, [entry], [exit_], {"spread": spread, "first": first})


def _model(nodes: list, entries: list, outputs: list, constants: dict[str, np.ndarray]) -> onnx.ModelProto:
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "tiny", entries, outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 10)], ir_version=8)
    onnx.checker.check_model(model)
    return model
