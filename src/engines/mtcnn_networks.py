"""The three networks of MTCNN as ONNX graphs, made from the weights in the package mtcnn, which need not be installed.

Sources: Zhang et al., Joint face detection and alignment using multitask cascaded convolutional networks, SPL 2016, figure 2;
Y. Collet, LZ4 frame format 1.6 and LZ4 block format, for the files.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..errors import WeightsError
from ..models import WeightsCache
from ..schema import FloatArray
from .layers import GraphBuilder
from .runtime import Runtime

RECIPE = "mtcnn-2"
"""Changes whenever a graph does, so that one made before is not used."""

WEIGHTS = ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet")


class MtcnnNetworks(Protocol):
    """What finds faces in ever fewer places. Offsets are left, top, right and bottom in shares of the window looked at."""

    def propose(self, picture: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Look at every window of 12 pixels, in steps of 2.

        Args:
            picture: (H, W, 3) float32, -1 to 1, at least 12 x 12.

        Returns:
            Offsets (rows, columns, 4) and scores (rows, columns) of the windows.
        """

    def refine(self, patches: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Look closer: patches (n, 24, 24, 3); offsets (n, 4) and scores (n,)."""

    def place(self, patches: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Look closest: patches (n, 48, 48, 3); offsets (n, 4), landmarks (n, 10), five x, then five y, and scores (n,)."""


class OnnxNetworks:
    """The networks through ONNX Runtime."""

    def __init__(self, weights: WeightsCache, runtime: Runtime) -> None:
        """Load the networks, converting their weights once.

        Raises:
            EngineError: The device cannot be had.
            WeightsError: The weights cannot be had.
        """
        makers = (_proposal_network, _refinement_network, _output_network)
        self._propose, self._refine, self._place = (
            runtime.open(weights.derived(name, RECIPE, partial(_convert, make)), "MTCNN")
            for name, make in zip(WEIGHTS, makers, strict=True)
        )

    def propose(self, picture: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Look at every window."""
        offsets, scores = self._propose.run(picture[None])
        return offsets[0], scores[0, ..., 1]

    def refine(self, patches: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Look closer."""
        offsets, scores = self._refine.run(patches)
        return offsets, scores[:, 1]

    def place(self, patches: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Look closest."""
        offsets, landmarks, scores = self._place.run(patches)
        return offsets, landmarks, scores[:, 1]


def _convert(make: Callable[[list[FloatArray]], bytes], path: Path) -> bytes:
    return make(_read_weights(path))


def _proposal_network(weights: list[FloatArray]) -> bytes:
    """P-Net: all convolutions, so that it looks at a picture of any size at once."""
    take = iter(weights)
    net = GraphBuilder(None, None)
    x = net.prelu(net.conv(net.start, next(take), next(take)), next(take))
    x = net.max_pool(x, 2, same=True)
    for _ in range(2):
        x = net.prelu(net.conv(x, next(take), next(take)), next(take))
    offsets = net.conv(x, next(take), next(take))
    scores = net.softmax(net.conv(x, next(take), next(take)))
    return net.build([net.channels_last(offsets), net.channels_last(scores)])


def _refinement_network(weights: list[FloatArray]) -> bytes:
    """R-Net, for patches of 24 pixels."""
    take = iter(weights)
    net = GraphBuilder(24, 24)
    x = net.prelu(net.conv(net.start, next(take), next(take)), next(take))
    x = net.prelu(net.conv(net.max_pool(x, 3, same=True), next(take), next(take)), next(take))
    x = net.prelu(net.conv(net.max_pool(x, 3), next(take), next(take)), next(take))
    x = net.prelu(net.dense(net.flat(x), next(take), next(take)), next(take))
    offsets = net.dense(x, next(take), next(take))
    return net.build([offsets, net.softmax(net.dense(x, next(take), next(take)))])


def _output_network(weights: list[FloatArray]) -> bytes:
    """O-Net, for patches of 48 pixels."""
    take = iter(weights)
    net = GraphBuilder(48, 48)
    x = net.prelu(net.conv(net.start, next(take), next(take)), next(take))
    x = net.prelu(net.conv(net.max_pool(x, 3, same=True), next(take), next(take)), next(take))
    x = net.prelu(net.conv(net.max_pool(x, 3), next(take), next(take)), next(take))
    x = net.prelu(net.conv(net.max_pool(x, 2, same=True), next(take), next(take)), next(take))
    x = net.prelu(net.dense(net.flat(x), next(take), next(take)), next(take))
    offsets = net.dense(x, next(take), next(take))
    landmarks = net.dense(x, next(take), next(take))
    return net.build([offsets, landmarks, net.softmax(net.dense(x, next(take), next(take)))])


def _read_weights(path: Path) -> list[FloatArray]:
    """Return the arrays of a file of the package: a list that joblib pickled, compressed with LZ4.

    The cache has checked the hash; even so nothing is made but arrays, whatever the pickle asks for.

    Raises:
        WeightsError: The file holds something else.
    """
    try:
        return _unpickle(unpack_lz4(path.read_bytes()))
    except (pickle.UnpicklingError, EOFError, IndexError, KeyError, TypeError, ValueError) as err:
        raise WeightsError(f"{path} holds no weights of MTCNN: {err}") from err


def _unpickle(data: bytes) -> list[FloatArray]:
    """Read a pickled list of arrays. joblib puts the numbers of each behind its description, in the middle of the pickle."""
    stream = io.BytesIO(data)

    class Stored:
        """Stands in for joblib's wrapper of an array: reads the numbers as soon as it is described."""

        array: FloatArray

        def __setstate__(self, state: dict[str, Any]) -> None:
            kind, shape = np.dtype(state["dtype"]), tuple(state["shape"])
            stream.read(stream.read(1)[0])  # so many bytes bring the numbers to an even address
            numbers = np.frombuffer(stream.read(kind.itemsize * int(np.prod(shape))), kind)
            self.array = numbers.reshape(shape, order=state["order"]).astype(np.float32)

    known = {
        ("joblib.numpy_pickle", "NumpyArrayWrapper"): Stored,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    class Reader(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) not in known:
                raise pickle.UnpicklingError(f"it asks for {module}.{name}")
            return known[module, name]

    found = Reader(stream).load()
    return [stored.array for stored in found]


def unpack_lz4(data: bytes) -> bytes:
    """Decompress an LZ4 frame of linked or independent blocks.

    Weights hardly shrink: most blocks are stored as they are, and Python is fast enough for the rest.

    Raises:
        ValueError: It is no such frame, or ends too early.
    """
    if data[:4] != b"\x04\x22\x4d\x18":
        raise ValueError("it is no LZ4 frame")
    flags = data[4]
    position = 7 + (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0)  # size of the content, dictionary, check of the head
    out = bytearray()
    while size := int.from_bytes(data[position : position + 4], "little"):
        length, position = size & 0x7FFFFFFF, position + 4
        block = data[position : position + length]
        if len(block) < length:
            raise ValueError("it ends too early")
        out += block if size >> 31 else b""
        if not size >> 31:
            _unpack_block(block, out)
        position += length + (4 if flags & 0x10 else 0)  # check of the block
    return bytes(out)


def _unpack_block(block: bytes, out: bytearray) -> None:
    """Append a block to what is unpacked already: runs of new bytes, each followed by a copy of earlier ones."""
    position = 0
    while position < len(block):
        token = block[position]
        length, position = _length(block, position + 1, token >> 4)
        out += block[position : position + length]
        position += length
        if position >= len(block):
            return  # the last run has no copy behind it
        distance = int.from_bytes(block[position : position + 2], "little")
        length, position = _length(block, position + 2, token & 15)
        if not 0 < distance <= len(out):
            raise ValueError("it copies from before its beginning")
        for _ in range(length + 4):  # byte by byte: a copy may reach into itself
            out.append(out[-distance])


def _length(block: bytes, position: int, length: int) -> tuple[int, int]:
    """Return a length and where it ends: four bits, or more bytes where those are not enough."""
    if length == 15:
        while True:
            length += block[position]
            position += 1
            if block[position - 1] != 255:
                break
    return length, position
