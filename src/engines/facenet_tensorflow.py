"""FaceNet and MTCNN on TensorFlow, for those who choose `facenet_backend: tensorflow`.

The networks are those of the packages keras-facenet and mtcnn. They give the same numbers as the graphs for ONNX Runtime, which
tests compare with them.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import EngineError, WeightsError
from ..schema import FloatArray

_SIDE = 160


class TensorFlowNetworks:
    """The networks of MTCNN, whose weights come with the package mtcnn."""

    def __init__(self) -> None:
        """Load the networks.

        Raises:
            EngineError: TensorFlow or mtcnn is not installed.
        """
        stages = import_package("mtcnn.stages")
        self._propose, self._refine, self._place = (
            stage().model for stage in (stages.StagePNet, stages.StageRNet, stages.StageONet)
        )

    def propose(self, picture: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Look at every window."""
        offsets, scores = (value.numpy() for value in self._propose(picture[None]))
        return offsets[0], scores[0, ..., 1]

    def refine(self, patches: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Look closer."""
        offsets, scores = (value.numpy() for value in self._refine(patches))
        return offsets, scores[:, 1]

    def place(self, patches: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Look closest."""
        offsets, landmarks, scores = (value.numpy() for value in self._place(patches))
        return offsets, landmarks, scores[:, 1]


class TensorFlowInception:
    """The network of FaceNet, of keras-facenet."""

    def __init__(self, weights: Path, dimension: int, threads: int = 0) -> None:
        """Build the network and set its weights.

        Args:
            weights: The HDF5 file, as Keras 2 wrote it.
            dimension: Length of an embedding.
            threads: Threads to use; 0 means all cores. TensorFlow heeds it only before it has computed anything.

        Raises:
            EngineError: TensorFlow or keras-facenet is not installed.
            WeightsError: The file holds another network.
        """
        tensorflow = import_package("tensorflow")
        _limit_threads(tensorflow, threads)
        model = keras_inception(weights, dimension)
        # Traced once for batches of any size.
        shape = tensorflow.TensorSpec((None, _SIDE, _SIDE, 3), tensorflow.float32)
        self._run = tensorflow.function(lambda crops: model(crops, training=False), input_signature=[shape])

    def __call__(self, crops: FloatArray) -> FloatArray:
        """Embed standardised crops, (n, 160, 160, 3)."""
        vectors: FloatArray = self._run(crops).numpy()
        return vectors


def keras_inception(weights: Path, dimension: int) -> Any:
    """Return FaceNet as a model of Keras.

    Args:
        weights: The HDF5 file, as Keras 2 wrote it.
        dimension: Length of an embedding.

    Raises:
        EngineError: TensorFlow or keras-facenet is not installed.
        WeightsError: The file holds another network.
    """
    network = import_package("keras_facenet.inception_resnet_v1")
    model = network.InceptionResNetV1(input_shape=(_SIDE, _SIDE, 3), classes=dimension)
    _set_weights(model, weights)
    return model


def import_package(module: str) -> Any:
    """Import a part of the TensorFlow stack, without its greetings.

    Raises:
        EngineError: It is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # No slower without oneDNN here, equal numbers on different processors, and no notice about it on standard error.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        return importlib.import_module(module)
    except ImportError as err:
        raise _missing(err.name or module) from err


def find_package(module: str) -> None:
    """Say whether a package of the TensorFlow stack is here without importing it, which takes seconds.

    Raises:
        EngineError: It is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise _missing(module)


def _missing(package: str) -> EngineError:
    return EngineError(
        f"facenet_backend: tensorflow needs the package {package}. Install it with: "
        "pip install -r requirements-facenet.txt, or set facenet_backend: onnx."
    )


def _set_weights(model: Any, path: Path) -> None:
    """Set the weights layer by layer, by name: Keras 3 does not open the model description that Keras 2 saved beside them."""
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as err:
        raise WeightsError(f"{path} is no HDF5 file: {err}") from err
    with file:
        groups = file.get("model_weights", file)
        for layer in model.layers:
            if layer.weights:
                layer.set_weights(_weights_of(layer, groups, path))


def _weights_of(layer: Any, groups: Any, path: Path) -> list[FloatArray]:
    found: dict[str, Any] = {}
    if layer.name in groups:
        groups[layer.name].visititems(lambda name, item: found.update({name.split("/")[-1].split(":")[0]: item}))
    arrays = []
    for weight in layer.weights:
        stored = found.get(weight.name)
        if stored is None or tuple(stored.shape) != tuple(weight.shape):
            raise WeightsError(f"{path} holds another network: {layer.name}/{weight.name} is missing or has another shape.")
        arrays.append(np.asarray(stored, np.float32))
    return arrays


def _limit_threads(tensorflow: Any, threads: int) -> None:
    if threads:
        try:
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        except RuntimeError:
            return  # TensorFlow runs already, with the threads that it began with
