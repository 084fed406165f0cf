"""The facenet engines: crops, conversion of the network, and that both backends give the same."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from src.engines import ENGINES, Runtime, open_engine
from src.engines.facenet import FACENET_512, _upright, make_engine, standardise
from src.engines.facenet_tensorflow import TensorFlowInception, import_package
from src.engines.inception import _Inception, convert_inception
from src.errors import EngineError, WeightsError
from src.models import PACKS, WeightsCache, find_weights, weights_of_engine
from src.models.download import Url
from src.schema import DoubleArray, FloatArray, RgbImage


def test_whitened_crops_have_mean_0_and_deviation_1() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    white = standardise(crops, whiten=True)
    assert white.mean(axis=(1, 2, 3)) == pytest.approx([0, 0, 0], abs=1e-5)
    assert white.std(axis=(1, 2, 3)) == pytest.approx([1, 1, 1], abs=1e-5)
    assert standardise(np.full((1, 8, 8, 3), 7, np.uint8), whiten=True).max() == 0


def test_fixed_standardisation_maps_bytes_to_minus_1_to_1() -> None:
    crops = np.array([0, 255, 127], np.uint8).reshape(1, 1, 1, 3)
    assert standardise(crops, whiten=False).ravel() == pytest.approx([-1, 1, -1 / 255])


def test_a_crop_is_the_box_with_a_margin_and_level_eyes() -> None:
    # A box of 100 x 50 at (10, 20); the eyes lie on a line that falls by 45 degrees to the right.
    points = np.array([[70, 55], [50, 35], [60, 45], [65, 60], [45, 50]], np.float32)
    matrix = _upright(np.array([10, 20, 100, 50], np.float32), points, 120)
    left, right, centre = (matrix @ [x, y, 1] for x, y in ((70, 55), (50, 35), (60, 45)))
    assert centre == pytest.approx([60, 60], abs=1e-4)
    assert left[1] == pytest.approx(right[1], abs=1e-4)
    assert left[0] - right[0] == pytest.approx(np.hypot(20, 20) * 120 / (1.2 * 100), abs=1e-3)


onnxruntime = pytest.importorskip("onnxruntime")
TENSORFLOW = Runtime(facenet_backend="tensorflow")


@pytest.mark.parametrize("missing", ["tensorflow", "mtcnn.stages", "keras_facenet.inception_resnet_v1"])
def test_missing_packages_say_how_to_install_them(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(EngineError, match=r"pip install -r requirements-facenet\.txt, or set facenet_backend: onnx"):
        import_package(missing)


def test_nothing_is_fetched_for_an_engine_that_cannot_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    for runtime, said in (
        (TENSORFLOW, "needs the package tensorflow"),
        (Runtime("cdua"), 'no device "cdua"'),
        (replace(TENSORFLOW, device="cuda"), 'TensorFlow runs on the CPU only, not on "cuda"'),
    ):
        for name in ("facenet", "facenet-yunet", "facenet-512"):
            with pytest.raises(EngineError, match=said):
                open_engine(name, WeightsCache(tmp_path / "weights"), runtime)
    assert not (tmp_path / "weights").exists()


def test_an_unknown_engine_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match='Did you mean "sface"'):
        open_engine("sfase", WeightsCache(tmp_path))


# Other tests add an engine without weights.
@pytest.mark.parametrize("name", [name for name in ENGINES if name != "fake"])
def test_the_weights_of_every_engine_are_in_the_table(name: str) -> None:
    assert name in {pack.name for pack in PACKS} or weights_of_engine(name)


def test_heavy_packages_are_imported_late() -> None:
    code = "import sys, src.engines, src.models.__main__; print(*sorted(sys.modules))"
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert not {"cv2", "onnx", "onnxruntime", "tensorflow"} & set(run.stdout.split())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serves the files of a folder, and gives its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    (tmp_path / "served").mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served"))) as http:
        thread = Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def random_weights(dimension: int) -> dict[str, dict[str, FloatArray]]:
    """Return random weights, layer by layer, in the shapes that the graph asks for."""
    shapes: dict[str, dict[str, tuple[int, ...]]] = {}

    class Asked:
        def read(self, layer: str, weight: str, *shape: int) -> DoubleArray:
            shapes.setdefault(layer, {})[weight] = shape
            return np.ones(shape)

    _Inception(Asked()).build(dimension)  # type: ignore[arg-type]
    random = np.random.default_rng(0)
    found: dict[str, dict[str, FloatArray]] = {}
    for layer, weights in shapes.items():
        # Scaled so that numbers neither vanish nor burst on their way through.
        found[layer] = {
            name: (0.05 * random.normal(size=shape) + (name == "moving_variance")).astype(np.float32)
            if name != "kernel"
            else (random.normal(size=shape) * np.sqrt(2 / np.prod(shape[:-1]))).astype(np.float32)
            for name, shape in weights.items()
        }
    return found


def write_weights(weights: Mapping[str, Mapping[str, FloatArray]], path: Path, skip: str = "") -> None:
    """Write weights as `save_weights` of Keras 2 laid them out: a group a layer, in it `<layer>/<weight>:0`."""
    import h5py

    with h5py.File(path, "w") as file:
        for layer, values in weights.items():
            for name, value in values.items():
                if layer != skip:
                    file[f"{layer}/{layer}/{name}:0"] = value


@pytest.fixture(scope="module", params=[128, 512])
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A file of random weights in the real layout, and the length of its embeddings."""
    path = tmp_path_factory.mktemp("weights") / f"{request.param}.h5"
    write_weights(random_weights(request.param), path)
    return path, request.param


@pytest.mark.facenet
def test_the_graph_is_the_network_of_keras_facenet(stored: tuple[Path, int]) -> None:
    path, dimension = stored
    pytest.importorskip("keras_facenet.inception_resnet_v1")
    crops = standardise(np.random.default_rng(0).integers(0, 256, (2, 160, 160, 3), dtype=np.uint8), whiten=True)
    (found,) = Runtime().open(convert_inception(path, dimension), "Test").run(crops)
    expected = TensorFlowInception(path, dimension)(crops)
    assert unit(found) == pytest.approx(expected, abs=1e-5)
    assert abs(expected[0] @ expected[1]) < 0.999  # what comes out depends on what goes in


def unit(vectors: FloatArray) -> FloatArray:
    length: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return length


@pytest.mark.weights
def test_the_512_dimensions_of_keras_facenet_come_by_address(tmp_path: Path, server: str, cache: WeightsCache) -> None:
    # The real ones cannot be had everywhere: random weights in the real layout.
    entry = find_weights("facenet-512")
    file = tmp_path / "served" / entry.file
    write_weights(random_weights(512), file)
    entry = replace(entry, sha256=hashlib.sha256(file.read_bytes()).hexdigest(), sources=(Url(f"{server}/{entry.file}"),))
    networks = tuple(find_weights(name) for name in ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet"))
    folder = tmp_path / "weights"
    folder.mkdir()
    for network in networks:
        (folder / network.file).symlink_to(cache.path(network.name).resolve())
    engine = make_engine(WeightsCache(folder, table=(entry, *networks)), variant=FACENET_512)
    crops = np.random.default_rng(0).integers(0, 256, (2, 160, 160, 3), dtype=np.uint8)
    assert engine.name == "facenet-512"
    assert engine.embedder.embed(crops).shape == (2, 512)
    assert engine.embedder.dimension == 512


@pytest.mark.parametrize("convert", ["onnx", pytest.param("tensorflow", marks=pytest.mark.facenet)])
def test_a_file_with_another_network_is_one_line(convert: str, tmp_path: Path) -> None:
    if convert == "tensorflow":
        pytest.importorskip("keras_facenet.inception_resnet_v1")
    make: Callable[[Path, int], object] = convert_inception if convert == "onnx" else TensorFlowInception
    write_weights(random_weights(128), tmp_path / "a.h5", skip="Bottleneck")
    with pytest.raises(WeightsError, match=r"another network: Bottleneck/kernel is missing"):
        make(tmp_path / "a.h5", 128)
    (tmp_path / "b.h5").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match=r"b\.h5 is no HDF5 file"):
        make(tmp_path / "b.h5", 128)


@pytest.mark.weights
@pytest.mark.facenet
def test_both_backends_see_the_same_in_photos(photos: list[RgbImage], cache: WeightsCache) -> None:
    pytest.importorskip("tensorflow")
    onnx, tensorflow = open_engine("facenet", cache), open_engine("facenet", cache, TENSORFLOW)
    assert onnx.id == tensorflow.id
    n_faces = 0
    for photo in photos:
        (here,), (there,) = onnx.detector.detect([photo]), tensorflow.detector.detect([photo])
        assert len(here) == len(there)
        n_faces += len(here)
        assert here.boxes_xywh == pytest.approx(there.boxes_xywh, abs=1e-3)
        assert here.landmarks == pytest.approx(there.landmarks, abs=1e-3)
        crops = onnx.embedder.align(photo, here)
        assert onnx.embedder.embed(crops) == pytest.approx(tensorflow.embedder.embed(crops), abs=1e-5)
        # Crops of places that differ by less than a thousandth of a pixel differ in a few grey levels.
        again = tensorflow.embedder.embed(tensorflow.embedder.align(photo, there))
        assert ((onnx.embedder.embed(crops) * again).sum(axis=1) > 0.9999).all()
    assert n_faces >= len(photos)


@pytest.mark.weights
def test_nothing_of_tensorflow_is_needed(photos: list[RgbImage], cache: WeightsCache, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("tensorflow", "keras", "keras_facenet", "mtcnn", "lz4"):
        monkeypatch.setitem(sys.modules, package, None)
    engine = open_engine("facenet", cache)
    (faces,) = engine.detector.detect(photos[:1])
    assert len(faces) == 1
    assert engine.embedder.embed(engine.embedder.align(photos[0], faces)).shape == (1, 128)


@pytest.mark.skipif(
    "OpenVINOExecutionProvider" not in onnxruntime.get_available_providers(), reason="onnxruntime-openvino is not installed"
)
def test_openvino_sees_the_same_in_photos(photos: list[RgbImage], cache: WeightsCache) -> None:
    here, there = open_engine("facenet", cache), open_engine("facenet", cache, Runtime("openvino"))
    assert here.id == there.id
    for photo, faces, others in zip(photos, here.detector.detect(photos), there.detector.detect(photos), strict=True):
        assert faces.landmarks == pytest.approx(others.landmarks, abs=2e-3)
        crops = here.embedder.align(photo, faces)
        assert here.embedder.embed(crops) == pytest.approx(there.embedder.embed(crops), abs=1e-5)
