"""SFace: its conversion computes what the published file computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from src.engines.layers import GraphBuilder
from src.engines.runtime import CPU
from src.engines.sface import EMBEDDER_WEIGHTS, SFace
from src.engines.sface_network import convert
from src.errors import WeightsError
from src.models import WeightsCache
from src.schema import FloatArray, RgbImage


def published(path: Path, crops: RgbImage) -> FloatArray:
    """Embed crops by the published file, (n, 128) float32 of length 1, one at a time as it wants them."""
    import onnx
    import onnxruntime

    model = onnx.load(str(path))
    # The other inputs are weights of before they were made small, which are not used.
    faces = [value for value in model.graph.input if value.name == "data"]
    del model.graph.input[:]
    model.graph.input.extend(faces)
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    planes = crops.transpose(0, 3, 1, 2).astype(np.float32)
    vectors = np.concatenate([session.run(None, {"data": plane[None]})[0] for plane in planes])
    unit: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


@pytest.mark.weights
def test_embeds_as_the_published_file(photos: list[RgbImage], cache: WeightsCache) -> None:
    pictures = [photo[:112, :112] for photo in photos if min(photo.shape[:2]) >= 112][:3]
    noise = np.random.default_rng(1).integers(0, 256, (2, 112, 112, 3), np.uint8)
    crops = np.concatenate([np.stack(pictures), noise])
    np.testing.assert_allclose(SFace(cache).embed(crops), published(cache.path(EMBEDDER_WEIGHTS), crops), atol=1e-5)


@pytest.mark.weights
def test_no_step_is_left_that_takes_long(cache: WeightsCache) -> None:
    import onnx

    kinds = {node.op_type for node in onnx.load_from_string(convert(cache.path(EMBEDDER_WEIGHTS))).graph.node}
    assert not kinds & {"PRelu", "DequantizeLinear", "Reshape"}


def test_another_network_is_refused(tmp_path: Path) -> None:
    from onnx import helper

    path = tmp_path / "other.onnx"
    graph = helper.make_graph([helper.make_node("PRelu", ["a", "b"], ["c"])], "other", [], [])
    path.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(WeightsError, match=r"other\.onnx holds no SFace"):
        convert(path)


@pytest.mark.parametrize("slope", [[0.25, -0.5, 0.0], [1.0, 0.9, -1.0], [1.5, 0.25, -2.0]])
def test_prelu_in_steps(slope: list[float]) -> None:
    net = GraphBuilder(None, None)
    session = CPU.open(net.build([net.prelu(net.start, np.array(slope, np.float32).reshape(1, 1, 3))]), "PReLU")
    pictures = np.random.default_rng(2).normal(0, 3, (2, 5, 7, 3)).astype(np.float32)
    (found,) = session.run(pictures)
    wanted = np.where(pictures > 0, pictures, pictures * np.array(slope, np.float32))
    np.testing.assert_allclose(found, wanted.transpose(0, 3, 1, 2), atol=1e-5)
