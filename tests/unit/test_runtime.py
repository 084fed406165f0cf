"""Devices: one that is not there is an error that says what is, never a silent CPU."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from src.__main__ import main
from src.engines import Runtime, open_engine
from src.engines.runtime import _runs_on
from src.errors import EngineError
from src.models import WeightsCache
from src.records import Project
from src.workspace import Workspace

onnxruntime = pytest.importorskip("onnxruntime")
AVAILABLE = onnxruntime.get_available_providers()


def doubling() -> bytes:
    """Return a network of one addition."""
    from onnx import TensorProto, helper

    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "doubling", shapes[:1], shapes[1:])
    content: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()
    return content


def test_a_network_runs_on_the_cpu_from_a_file_or_from_memory(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(doubling())
    for source in (doubling(), tmp_path / "net.onnx"):
        (y,) = Runtime(threads=1).open(source, "Test").run(np.array([[1, 2], [3, 4]], np.float32))
        assert y.tolist() == [[2, 4], [6, 8]]


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("cdua", 'no device "cdua". Did you mean "cuda"?'),
        ("gpu", 'no device "gpu"'),
        ("", 'no device ""'),
        ("cpu:1", 'behind "cpu" may stand nothing'),
        ("cuda:x", 'behind "cuda" may stand a number, as in cuda:1'),
        ("cuda:", 'behind "cuda" may stand a number, as in cuda:1'),
        ("openvino:", 'behind "openvino" may stand the hardware'),
    ],
)
def test_a_device_that_is_none_is_refused(device: str, said: str) -> None:
    with pytest.raises(EngineError) as caught:
        Runtime(device).check()
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("device", "provider", "package"),
    [
        ("cuda", "CUDAExecutionProvider", "onnxruntime-gpu"),
        ("cuda:1", "CUDAExecutionProvider", "onnxruntime-gpu"),
        ("openvino:GPU", "OpenVINOExecutionProvider", "onnxruntime-openvino"),
        ("coreml", "CoreMLExecutionProvider", "onnxruntime"),
    ],
)
def test_a_device_that_this_build_lacks_names_the_package(
    device: str, provider: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    for attempt in (Runtime(device).check, lambda: Runtime(device).open(doubling(), "Test")):
        with pytest.raises(EngineError) as caught:
            attempt()
        assert f"has no {provider}" in str(caught.value)
        assert f"pip install {package}." in str(caught.value)
        assert "Devices available here: cpu;" in str(caught.value)


@pytest.mark.parametrize("device", ["cuda", "openvino", "coreml"])
def test_no_session_falls_back_to_the_cpu(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A build that claims to have everything, as onnxruntime-gpu does on a machine without a card.
    everything = ["CUDAExecutionProvider", "OpenVINOExecutionProvider", "CoreMLExecutionProvider", "CPUExecutionProvider"]
    missing = next(provider for provider in everything if device in provider.lower())
    if missing in AVAILABLE:
        pytest.skip(f"{missing} may really work here")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: everything)
    monkeypatch.setattr(onnxruntime.capi.onnxruntime_inference_collection.C, "get_available_providers", lambda: everything)
    with pytest.raises(EngineError, match=rf'Test .*device "{device}".*Devices available here'):
        Runtime(device).open(doubling(), "Test")


@pytest.mark.parametrize(
    ("providers", "nodes", "runs"),
    [
        (["CUDAExecutionProvider", "CPUExecutionProvider"], {"CUDAExecutionProvider": 3, "CPUExecutionProvider": 2}, True),
        (["CUDAExecutionProvider", "CPUExecutionProvider"], {"CUDAExecutionProvider": 2, "CPUExecutionProvider": 2}, False),
        (["CUDAExecutionProvider", "CPUExecutionProvider"], {"CPUExecutionProvider": 5}, False),
        (["CPUExecutionProvider"], {"CPUExecutionProvider": 5}, False),
    ],
)
def test_most_of_a_network_must_run_on_the_device(providers: list[str], nodes: dict[str, int], runs: bool) -> None:
    parts = [SimpleNamespace(ep_name=name, get_nodes=lambda count=count: [None] * count) for name, count in nodes.items()]
    session: Any = SimpleNamespace(get_providers=lambda: providers, get_provider_graph_assignment_info=lambda: parts)
    assert _runs_on(session, "CUDAExecutionProvider") is runs


@pytest.mark.skipif("OpenVINOExecutionProvider" not in AVAILABLE, reason="onnxruntime-openvino is not installed")
class TestOpenVino:
    def test_a_network_runs(self) -> None:
        (y,) = Runtime("openvino").open(doubling(), "Test").run(np.array([[1, 2]], np.float32))
        assert y.tolist() == [[2, 4]]

    def test_hardware_that_is_not_there_is_an_error(self) -> None:
        with pytest.raises(EngineError, match="would not run on device"):
            Runtime("openvino:nothing").open(doubling(), "Test")


def test_a_batch_that_fails_is_one_line() -> None:
    session = Runtime().open(doubling(), "Test")
    with pytest.raises(EngineError, match=r'^Test failed on device "cpu" with a batch of shape \(1, 3\): .*$'):
        session.run(np.zeros((1, 3), np.float32))


def test_what_is_no_network_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"nonsense")
    with pytest.raises(EngineError, match=r'^Test cannot be opened on device "cpu": .*$'):
        Runtime().open(tmp_path / "net.onnx", "Test")


def test_nothing_is_fetched_for_a_device_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match='no device "cdua"'):
        open_engine("sface", WeightsCache(tmp_path / "weights"), Runtime("cdua"))
    assert not (tmp_path / "weights").exists()


def test_what_has_no_device_says_so() -> None:
    Runtime().only_cpu("Test")
    with pytest.raises(EngineError, match='Test runs on the CPU only, not on "cuda"'):
        Runtime("cuda").only_cpu("Test")


def test_the_setting_reaches_the_engine(workspace: Workspace) -> None:
    workspace.settings = workspace.settings.model_copy(update={"device": "cdua"})
    with pytest.raises(EngineError, match='no device "cdua"'):
        workspace.begin_project("films")
    assert workspace.store.get(Project, "films") is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["crawl", "--keyword", "A", "--folder", "."],
        ["align"],
        ["track", "--video", "{film}"],
        ["search", "--photo", "{photo}"],
    ],
)
def test_every_command_that_runs_networks_has_the_flag(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    from src.settings import load_settings
    from src.workspace import open_workspace
    from tests.videos import snow, write_video

    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (80, 80)).save(tmp_path / "photo.png")
    write_video(tmp_path / "film.mp4", snow(3))
    with open_workspace(load_settings()) as workspace:
        workspace.store.put(Project("films", "sface", classifier="SVM"))
    (tmp_path / "data" / "training_img" / "films" / "A").mkdir(parents=True)
    (tmp_path / "photo.png").rename(tmp_path / "data" / "training_img" / "films" / "A" / "photo.png")
    photo = str(tmp_path / "data" / "training_img" / "films" / "A" / "photo.png")
    line = [word.format(film=tmp_path / "film.mp4", photo=photo) for word in arguments]
    assert main([*line, "--project", "films", "--device", "cdua"]) == 1
    assert 'no device "cdua"' in capsys.readouterr().err
