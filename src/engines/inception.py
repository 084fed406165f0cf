"""FaceNet's network as an ONNX graph, made from the weights that Keras stored. TensorFlow is not needed.

The network is an Inception-ResNet v1 for pictures of 160 pixels. Batch normalisation and the scales of the residual blocks are
folded into the convolutions: both are linear, and known once training is over.

Source: Szegedy et al., Inception-v4, Inception-ResNet and the impact of residual connections on learning, AAAI 2017, section
3.2 and figures 10 to 15; layers, widths and names as the stored files have them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import WeightsError
from ..schema import DoubleArray
from .layers import GraphBuilder

RECIPE = "inception-1"
"""Changes whenever the graph does, so that one made before is not used."""

_SIDE = 160
_EPSILON = 0.001
"""Added to variances by the batch normalisation of these networks."""

_STEM = (
    ("Conv2d_1a_3x3", 32, 2, False),
    ("Conv2d_2a_3x3", 32, 1, False),
    ("Conv2d_2b_3x3", 64, 1, True),
    ("MaxPool_3a_3x3", 0, 2, False),
    ("Conv2d_3b_1x1", 80, 1, False),
    ("Conv2d_4a_3x3", 192, 1, False),
    ("Conv2d_4b_3x3", 256, 2, False),
)
"""The first layers: name, channels, stride, whether the picture keeps its size. The end of a name is the size of the kernel."""

_Branches = tuple[tuple[tuple[str, int], ...], ...]

_BLOCK_35: _Branches = (
    (("Conv2d_1x1", 32),),
    (("Conv2d_0a_1x1", 32), ("Conv2d_0b_3x3", 32)),
    (("Conv2d_0a_1x1", 32), ("Conv2d_0b_3x3", 32), ("Conv2d_0c_3x3", 32)),
)
_BLOCK_17: _Branches = (
    (("Conv2d_1x1", 128),),
    (("Conv2d_0a_1x1", 128), ("Conv2d_0b_1x7", 128), ("Conv2d_0c_7x1", 128)),
)
_BLOCK_8: _Branches = (
    (("Conv2d_1x1", 192),),
    (("Conv2d_0a_1x1", 192), ("Conv2d_0b_1x3", 192), ("Conv2d_0c_3x1", 192)),
)
_MIXED_6A: _Branches = (
    (("Conv2d_1a_3x3", 384),),
    (("Conv2d_0a_1x1", 192), ("Conv2d_0b_3x3", 192), ("Conv2d_1a_3x3", 256)),
)
_MIXED_7A: _Branches = (
    (("Conv2d_0a_1x1", 256), ("Conv2d_1a_3x3", 384)),
    (("Conv2d_0a_1x1", 256), ("Conv2d_1a_3x3", 256)),
    (("Conv2d_0a_1x1", 256), ("Conv2d_0b_3x3", 256), ("Conv2d_1a_3x3", 256)),
)


def convert_inception(weights: Path, dimension: int) -> bytes:
    """Turn the weights of a FaceNet into an ONNX file.

    Args:
        weights: The HDF5 file, as Keras 2 wrote it.
        dimension: Length of an embedding.

    Returns:
        The file: (n, 160, 160, 3) float32 in, (n, dimension) float32 out, not normalised.

    Raises:
        WeightsError: The file holds another network.
    """
    import h5py

    try:
        file = h5py.File(weights, "r")
    except OSError as err:
        raise WeightsError(f"{weights} is no HDF5 file: {err}") from err
    with file:
        return _Inception(_Stored(file.get("model_weights", file), weights)).build(dimension)


class _Stored:
    """Weights by layer, in a file of Keras 2: a group a layer, in it `<layer>/<weight>:0`, deeper in some."""

    def __init__(self, groups: Any, path: Path) -> None:
        self._groups, self._path = groups, path

    def read(self, layer: str, weight: str, *shape: int) -> DoubleArray:
        """Return a weight.

        Raises:
            WeightsError: It is missing or has another shape.
        """
        found: dict[str, Any] = {}
        if layer in self._groups:
            self._groups[layer].visititems(lambda name, item: found.update({name.split("/")[-1].split(":")[0]: item}))
        stored = found.get(weight)
        if stored is None or tuple(stored.shape) != shape:
            raise WeightsError(f"{self._path} holds another network: {layer}/{weight} is missing or has another shape.")
        return np.asarray(stored, np.float64)


class _Inception:
    """Builds the network from its input to its end."""

    def __init__(self, stored: _Stored) -> None:
        self._stored, self._graph = stored, GraphBuilder(_SIDE, _SIDE)
        self._channels = {self._graph.start: 3}

    def build(self, dimension: int) -> bytes:
        """Return the ONNX file."""
        x = self._graph.start
        for name, channels, stride, same in _STEM:
            x = self._pool(x) if not channels else self._conv(x, name, channels, stride, same)
        for number in range(1, 6):
            x = self._residual(x, f"Block35_{number}", _BLOCK_35, 0.17)
        x = self._reduction(x, "Mixed_6a", _MIXED_6A)
        for number in range(1, 11):
            x = self._residual(x, f"Block17_{number}", _BLOCK_17, 0.1)
        x = self._reduction(x, "Mixed_7a", _MIXED_7A)
        for number in range(1, 6):
            x = self._residual(x, f"Block8_{number}", _BLOCK_8, 0.2)
        x = self._residual(x, "Block8_6", _BLOCK_8, 1.0, last=True)
        return self._graph.build([self._bottleneck(x, dimension)])

    def _residual(self, x: str, block: str, branches: _Branches, scale: float, last: bool = False) -> str:
        """Add to a value what branches make of it."""
        channels = self._channels[x]
        mixed = self._concat([self._branch(x, f"{block}_Branch_{number}", layers) for number, layers in enumerate(branches)])
        kernel = self._stored.read(f"{block}_Conv2d_1x1", "kernel", 1, 1, self._channels[mixed], channels)
        bias = self._stored.read(f"{block}_Conv2d_1x1", "bias", channels)
        total = self._graph.add(x, self._graph.conv(mixed, kernel * scale, bias * scale))
        return self._sized(total if last else self._graph.relu(total), channels)

    def _reduction(self, x: str, block: str, branches: _Branches) -> str:
        """Halve the sides and widen the channels."""
        ends = [self._branch(x, f"{block}_Branch_{number}", layers) for number, layers in enumerate(branches)]
        return self._concat([*ends, self._pool(x)])

    def _branch(self, x: str, prefix: str, layers: tuple[tuple[str, int], ...]) -> str:
        for name, channels in layers:
            halves = name.startswith("Conv2d_1a")
            x = self._conv(x, f"{prefix}_{name}", channels, 2 if halves else 1, same=not halves)
        return x

    def _conv(self, x: str, name: str, channels: int, stride: int, same: bool) -> str:
        """Convolve, normalise and rectify."""
        height, width = map(int, name.rsplit("_", 1)[-1].split("x"))
        kernel = self._stored.read(name, "kernel", height, width, self._channels[x], channels)
        factor, bias = self._normalisation(name, channels)
        return self._sized(self._graph.relu(self._graph.conv(x, kernel * factor, bias, stride, same)), channels)

    def _bottleneck(self, x: str, dimension: int) -> str:
        kernel = self._stored.read("Bottleneck", "kernel", self._channels[x], dimension)
        factor, bias = self._normalisation("Bottleneck", dimension)
        return self._graph.dense(self._graph.mean(x), kernel * factor, bias)

    def _normalisation(self, name: str, channels: int) -> tuple[DoubleArray, DoubleArray]:
        """Return factor and bias, (channels,) each, of the batch normalisation that follows a layer."""
        mean, variance, beta = (
            self._stored.read(f"{name}_BatchNorm", weight, channels) for weight in ("moving_mean", "moving_variance", "beta")
        )
        factor = 1 / np.sqrt(variance + _EPSILON)
        return factor, beta - mean * factor

    def _pool(self, x: str) -> str:
        return self._sized(self._graph.max_pool(x, 3), self._channels[x])

    def _concat(self, values: list[str]) -> str:
        return self._sized(self._graph.concat(values), sum(self._channels[value] for value in values))

    def _sized(self, x: str, channels: int) -> str:
        self._channels[x] = channels
        return x
