"""Weights that a published ONNX file keeps as 8-bit blocks, as the numbers they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..schema import FloatArray


def unpack(graph: Any) -> tuple[dict[str, np.ndarray], list[Any]]:
    """Return the constants of a graph by name, unpacked and in their shape, and the nodes that compute something.

    ONNX Runtime would unpack them at every call, or refuses them.

    Raises:
        KeyError: The graph unpacks what is no constant.
    """
    from onnx import numpy_helper

    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            constants[node.output[0]] = _weights(node, constants)
        elif node.op_type == "Reshape" and node.input[0] in constants:
            constants[node.output[0]] = constants[node.input[0]].reshape(constants[node.input[1]])
        else:
            nodes.append(node)
    return constants, nodes


def _weights(node: Any, constants: dict[str, np.ndarray]) -> FloatArray:
    from onnx import helper

    attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    numbers, scales, zeros = (constants[name] for name in node.input)
    return unpacked(numbers, scales, zeros, attributes["axis"], attributes["block_size"])


def unpacked(numbers: np.ndarray, scales: FloatArray, zeros: np.ndarray, axis: int, block: int) -> FloatArray:
    """Turn 8-bit numbers into weights: each block along an axis has a scale and a zero of its own."""

    def spread(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, block, axis).take(range(numbers.shape[axis]), axis)

    weights: FloatArray = ((numbers.astype(np.int32) - spread(zeros.astype(np.int32))) * spread(scales)).astype(np.float32)
    return weights
