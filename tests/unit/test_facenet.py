"""The parts of the facenet engines that need no weights of others."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from src.engines import ENGINES, open_engine
from src.engines.facenet import FACENET_128, FACENET_512, FaceNet, Mtcnn, _pyramid, _upright, make_engine, standardise
from src.errors import EngineError, WeightsError
from src.models import WeightsCache, find_weights, weights_of_engine
from src.models.download import Url


@pytest.mark.parametrize("min_face_px", [12, 15, 20, 25, 40, 80, 200])
@pytest.mark.parametrize("side", [12, 13, 24, 100, 480, 640])
def test_no_level_is_smaller_than_the_window(side: int, min_face_px: int) -> None:
    scales = _pyramid(side, min_face_px)
    assert all(side * scale >= 12 for scale in scales)
    assert bool(scales) == (side >= min_face_px)
    if scales:
        # The first level shows the smallest face in the window; the last one a face nearly as large as the picture.
        assert scales[0] == pytest.approx(12 / min_face_px)
        assert side * scales[-1] * 0.709 < 12


def test_a_picture_smaller_than_the_window_has_no_level() -> None:
    assert _pyramid(11, 12) == []


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


@pytest.mark.parametrize("what", [lambda: Mtcnn(), lambda: FaceNet(Path("x"), FACENET_128)])
def test_missing_packages_say_how_to_install_them(what: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setitem(sys.modules, "mtcnn.stages", None)
    with pytest.raises(EngineError, match=r"pip install -r requirements-facenet\.txt"):
        what()  # type: ignore[operator]


def test_nothing_is_fetched_for_an_engine_that_cannot_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(EngineError, match="needs the package tensorflow"):
        open_engine("facenet", WeightsCache(tmp_path / "weights"))
    assert not (tmp_path / "weights").exists()


def test_an_unknown_engine_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match='Did you mean "sface"'):
        open_engine("sfase", WeightsCache(tmp_path))


@pytest.mark.parametrize("name", ENGINES)
def test_the_weights_of_every_engine_are_in_the_table(name: str) -> None:
    assert weights_of_engine(name)


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


def write_as_keras_2(model: object, path: Path, skip: str = "") -> None:
    """Write weights as `save_weights` of Keras 2 laid them out: a group a layer, in it `<layer>/<weight>:0`."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for layer in model.layers:  # type: ignore[attr-defined]
            if layer.weights and layer.name != skip:
                for weight in layer.weights:
                    file[f"{layer.name}/{layer.name}/{weight.name}:0"] = weight.numpy()


@pytest.mark.facenet
def test_the_512_dimensions_of_keras_facenet_come_by_address(tmp_path: Path, server: str) -> None:
    network = pytest.importorskip("keras_facenet.inception_resnet_v1")
    model = network.InceptionResNetV1(classes=512)  # the real ones cannot be had everywhere: random weights, real layout
    entry = find_weights("facenet-512")
    file = tmp_path / "served" / entry.file
    write_as_keras_2(model, file)
    entry = replace(entry, sha256=hashlib.sha256(file.read_bytes()).hexdigest(), sources=(Url(f"{server}/{entry.file}"),))
    engine = make_engine(WeightsCache(tmp_path / "weights", table=(entry,)), variant=FACENET_512)
    crops = np.random.default_rng(0).integers(0, 256, (2, 160, 160, 3), dtype=np.uint8)
    expected = model(standardise(crops, whiten=False), training=False).numpy()
    assert engine.name == "facenet-512"
    assert engine.embedder.embed(crops) == pytest.approx(expected, abs=1e-5)
    assert engine.embedder.dimension == 512


@pytest.mark.facenet
def test_a_file_with_another_network_is_one_line(tmp_path: Path) -> None:
    network = pytest.importorskip("keras_facenet.inception_resnet_v1")
    write_as_keras_2(network.InceptionResNetV1(classes=128), tmp_path / "a.h5", skip="Bottleneck")
    with pytest.raises(WeightsError, match=r"another network: Bottleneck/kernel is missing"):
        FaceNet(tmp_path / "a.h5", FACENET_128)
    (tmp_path / "b.h5").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match=r"b\.h5 is no HDF5 file"):
        FaceNet(tmp_path / "b.h5", FACENET_128)
