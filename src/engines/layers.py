"""Builds ONNX graphs from weights as Keras stores them: channels last, kernels as height, width, in, out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..schema import DoubleArray, FloatArray
from .prelu import prelu_nodes

_OPSET, _IR_VERSION = 17, 8
"""Old enough for every build of ONNX Runtime that brings a device."""


class GraphBuilder:
    """A graph that grows layer by layer. Layers take and return names of values, which are (n, channels, height, width)."""

    def __init__(self, height: int | None, width: int | None) -> None:
        """Begin with the input, (n, height, width, 3) float32, brought into the order of ONNX.

        Args:
            height: None where it differs from call to call.
            width: Likewise.
        """
        from onnx import TensorProto, helper

        self._helper = helper
        shape = ["n", height or "height", width or "width", 3]
        self._inputs = [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, shape)]
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self.start = self._add("Transpose", ["pictures"], perm=[0, 3, 1, 2])

    def conv(
        self, x: str, kernel: FloatArray | DoubleArray, bias: FloatArray | DoubleArray, stride: int = 1, same: bool = False
    ) -> str:
        """Convolve.

        Args:
            x: What.
            kernel: (height, width, in, out); odd sides where `same`.
            bias: (out,).
            stride: Step in pixels, both ways.
            same: Whether the picture keeps its size at stride 1, with zeros around it.
        """
        weights = self._constant(kernel.transpose(3, 2, 0, 1))
        pads = [side // 2 for side in kernel.shape[:2]] * 2 if same else [0, 0, 0, 0]
        return self._add(
            "Conv", [x, weights, self._constant(bias)], strides=[stride, stride], pads=pads, kernel_shape=list(kernel.shape[:2])
        )

    def dense(self, x: str, kernel: FloatArray | DoubleArray, bias: FloatArray | DoubleArray) -> str:
        """Multiply (n, in) by a kernel (in, out) and add a bias (out,)."""
        return self._add("Gemm", [x, self._constant(kernel), self._constant(bias)])

    def relu(self, x: str) -> str:
        """Set what is negative to 0."""
        return self._add("Relu", [x])

    def prelu(self, x: str, slope: FloatArray) -> str:
        """Multiply what is negative by a slope: (1, 1, channels) of a picture, or (channels,) of a vector."""
        if slope.ndim == 1:
            return self._add("PRelu", [x, self._constant(slope)])
        name = f"prelu_{len(self._nodes)}"
        nodes, constants = prelu_nodes(x, name, slope.reshape(-1))
        self._nodes += nodes
        self._constants += constants
        return name

    def max_pool(self, x: str, size: int, same: bool = False) -> str:
        """Take the largest of each window, in steps of 2; `same` has the last window hang over the edge."""
        return self._add("MaxPool", [x], kernel_shape=[size, size], strides=[2, 2], ceil_mode=int(same))

    def mean(self, x: str) -> str:
        """Average each channel: (n, channels)."""
        return self._add("Flatten", [self._add("GlobalAveragePool", [x])])

    def softmax(self, x: str) -> str:
        """Turn the channels into probabilities that add up to 1."""
        return self._add("Softmax", [x], axis=1)

    def add(self, x: str, y: str) -> str:
        """Add two values of one shape."""
        return self._add("Add", [x, y])

    def concat(self, values: list[str]) -> str:
        """Put channels of several values behind each other."""
        return values[0] if len(values) == 1 else self._add("Concat", values, axis=1)

    def flat(self, x: str) -> str:
        """Return (n, width * height * channels), column by column."""
        return self._add("Flatten", [self._add("Transpose", [x], perm=[0, 3, 2, 1])])

    def channels_last(self, x: str) -> str:
        """Return (n, height, width, channels)."""
        return self._add("Transpose", [x], perm=[0, 2, 3, 1])

    def build(self, outputs: list[str]) -> bytes:
        """Return the file: its outputs are these values, in this order."""
        from onnx import TensorProto

        ends = [self._helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = self._helper.make_graph(self._nodes, "network", self._inputs, ends, self._constants)
        opset = self._helper.make_opsetid("", _OPSET)
        model = self._helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="facerec")
        content: bytes = model.SerializeToString()
        return content

    def _constant(self, values: FloatArray | DoubleArray) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def _add(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(self._helper.make_node(kind, inputs, [name], **attributes))
        return name
