"""YuNet as a graph that ONNX Runtime runs well, made once from the published file.

That file keeps its weights as 8-bit blocks, in a form that ONNX Runtime refuses, and is fixed to pictures of 640 x 640. Here
the weights are unpacked, pictures may have any size, and the four heads of each grid, which look at the same features, are one.
What it computes is the same.

Source: Wu et al., YuNet: a tiny millisecond-level face detector, MIR 2023, figure 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import WeightsError
from .unpacking import unpack

RECIPE = "yunet-1"
"""Changes whenever the graph does, so that one made before is not used."""

STRIDES = (8, 16, 32)
HEADS = ("cls", "obj", "bbox", "kps")
"""In the order of the channels: 1 for the face, 1 for how well the box fits, 4 for the box, 10 for the landmarks."""
CHANNELS = 16
_OPSET, _IR_VERSION = 17, 8
"""Old enough for every build of ONNX Runtime that brings a device."""


def convert(path: Path) -> bytes:
    """Return the graph, from `input` (n, 3, height, width) float32, BGR in 0..255, both sides multiples of 32, to three grids.

    Each is (n, 16, height / stride, width / stride), before the logistic function of the first two channels.

    Raises:
        WeightsError: The file holds something else.
    """
    import onnx

    try:
        return _Converter(onnx.load(str(path)).graph).build()
    except (KeyError, IndexError, ValueError, onnx.checker.ValidationError) as err:
        raise WeightsError(f"{path} holds no YuNet: {err!r}. Run: python -m src models pull") from err


class _Converter:
    """Takes a graph apart and puts together what is needed of it."""

    def __init__(self, graph: Any) -> None:
        """Unpack the weights."""
        self._constants, self._nodes = unpack(graph)
        self._makers = {name: node for node in self._nodes for name in node.output}

    def build(self) -> bytes:
        """Return the file."""
        from onnx import TensorProto, checker, helper, numpy_helper

        nodes: list[Any] = []
        outputs = []
        for stride in STRIDES:
            nodes += self._head(stride)
            shape: list[str | int | None] = ["n", CHANNELS, f"rows_{stride}", f"columns_{stride}"]
            outputs.append(helper.make_tensor_value_info(f"grid_{stride}", TensorProto.FLOAT, shape))
        wanted = {name for node in self._before(nodes) for name in node.output}
        nodes = [node for node in self._nodes if node.output[0] in wanted] + nodes
        used = {name for node in nodes for name in node.input} & self._constants.keys()
        constants = [numpy_helper.from_array(np.ascontiguousarray(self._constants[name]), name) for name in sorted(used)]
        pictures = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, "height", "width"])
        graph = helper.make_graph(nodes, "yunet", [pictures], outputs, constants)
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="facerec")
        checker.check_model(model)
        content: bytes = model.SerializeToString()
        return content

    def _head(self, stride: int) -> list[Any]:
        """Return the two convolutions that stand for those of all heads of a grid: every channel, then its surroundings."""
        from onnx import helper

        pairs = [self._convolutions(f"{head}_{stride}") for head in HEADS]
        (features,) = {first.input[0] for first, _ in pairs}
        names = []
        for which in (0, 1):
            for part in (1, 2):
                name = f"{('weights', 'bias')[part - 1]}_{stride}_{which}"
                self._constants[name] = np.concatenate([self._constants[pair[which].input[part]] for pair in pairs])
                names.append(name)
        between, grid = f"between_{stride}", f"grid_{stride}"
        return [
            helper.make_node("Conv", [features, *names[:2]], [between], kernel_shape=[1, 1]),
            helper.make_node("Conv", [between, *names[2:]], [grid], kernel_shape=[3, 3], pads=[1] * 4, group=CHANNELS),
        ]

    def _convolutions(self, output: str) -> tuple[Any, Any]:
        """Return the last two convolutions before an output of the published graph."""
        found: list[Any] = []
        node = self._makers[output]
        while len(found) < 2:
            if node.op_type == "Conv":
                found.append(node)
            node = self._makers[node.input[0]]
        return found[1], found[0]

    def _before(self, nodes: list[Any]) -> Iterator[Any]:
        """Yield all nodes of the published graph that others rest on."""
        waiting, known = list(nodes), set()
        while waiting:
            for name in waiting.pop().input:
                if name in self._makers and name not in known:
                    known.add(name)
                    waiting.append(self._makers[name])
                    yield self._makers[name]
