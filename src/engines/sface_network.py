"""SFace as a graph that ONNX Runtime runs well, made once from the published file.

That file keeps its weights as 8-bit blocks that would be unpacked at every call, takes one face at a time, and more than half
of its time goes into its activations. What it computes is the same, but for rounding.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import WeightsError
from .prelu import prelu_nodes
from .unpacking import unpack

RECIPE = "sface-1"
"""Changes whenever the graph does, so that one made before is not used."""

_OPSET, _IR_VERSION = 17, 8
"""Old enough for every build of ONNX Runtime that brings a device."""


def convert(path: Path) -> bytes:
    """Return the graph, from `data` (n, 3, 112, 112) float32, RGB in 0..255, to `fc1` (n, 128).

    Raises:
        WeightsError: The file holds something else.
    """
    import onnx

    try:
        return _converted(onnx.load(str(path)).graph)
    except (KeyError, IndexError, ValueError, onnx.checker.ValidationError) as err:
        raise WeightsError(f"{path} holds no SFace: {err!r}. Run: python -m src models pull") from err


def _converted(graph: Any) -> bytes:
    from onnx import TensorProto, checker, helper, numpy_helper

    constants, published = unpack(graph)
    nodes: list[Any] = []
    added: list[Any] = []
    for node in published:
        steps, numbers = _replaced(node, constants)
        nodes += steps
        added += numbers
    used = {name for node in nodes for name in node.input} & constants.keys()
    kept = [numpy_helper.from_array(np.ascontiguousarray(constants[name]), name) for name in sorted(used)]
    faces = helper.make_tensor_value_info("data", TensorProto.FLOAT, ["n", 3, 112, 112])
    vectors = helper.make_tensor_value_info("fc1", TensorProto.FLOAT, ["n", 128])
    opset = helper.make_opsetid("", _OPSET)
    made = helper.make_graph(nodes, "sface", [faces], [vectors], kept + added)
    model = helper.make_model(made, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="facerec")
    checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def _replaced(node: Any, constants: dict[str, np.ndarray]) -> tuple[list[Any], list[Any]]:
    if node.op_type != "PRelu":
        return [node], []
    return prelu_nodes(node.input[0], node.output[0], constants[node.input[1]].reshape(-1))
