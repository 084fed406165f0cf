"""YuNet: its conversion, how its answers are read, and that it finds what OpenCV finds with the same file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from src.engines.unpacking import unpacked
from src.engines.yunet import WEIGHTS, YuNet, _as_batch, _without_repeats, decode
from src.engines.yunet_network import convert
from src.errors import WeightsError
from src.models import WeightsCache
from src.schema import FloatArray, RgbImage


def found_by_opencv(weights: Path, image: RgbImage) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return boxes, scores and landmarks as OpenCV finds them, best first, the person's left before the right."""
    network = cv2.FaceDetectorYN.create(str(weights), "", (image.shape[1], image.shape[0]), 0.6, 0.3, 5000)
    found = network.detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1]
    rows: FloatArray = np.zeros((0, 15), np.float32) if found is None else found
    rows = rows[np.argsort(-rows[:, 14], kind="stable")]
    return rows[:, :4], rows[:, 14], rows[:, 4:14].reshape(-1, 5, 2)[:, [1, 0, 2, 4, 3]]


def inside(image: RgbImage) -> RgbImage:
    """Put a picture into a grey border, so that no box has to be cut off."""
    return np.pad(image, ((40, 40), (40, 40), (0, 0)), constant_values=127)


@pytest.mark.weights
@pytest.mark.parametrize("max_side", [640, 333, 160])
def test_finds_what_opencv_finds(photos: list[RgbImage], cache: WeightsCache, max_side: int) -> None:
    detector, n_faces = YuNet(cache), 0
    for photo in photos:
        scale = min(1.0, max_side / max(photo.shape))
        size = round(photo.shape[1] * scale), round(photo.shape[0] * scale)
        small = cv2.resize(inside(photo), size, interpolation=cv2.INTER_AREA)
        (found,) = detector.detect([small])
        boxes, scores, landmarks = found_by_opencv(cache.path(WEIGHTS), small)
        assert len(found) == len(scores)
        np.testing.assert_allclose(found.scores, scores, atol=1e-4)
        np.testing.assert_allclose(found.boxes_xywh, boxes, atol=0.01)
        np.testing.assert_allclose(found.landmarks, landmarks, atol=0.01)
        n_faces += len(found)
    assert n_faces >= len(photos) - 2


@pytest.mark.weights
def test_a_converted_network_is_kept(cache: WeightsCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / cache.path(WEIGHTS).name).symlink_to(cache.path(WEIGHTS).resolve())
    own = WeightsCache(tmp_path)
    YuNet(own)
    (made,) = tmp_path.glob("*.yunet-*.onnx")
    monkeypatch.setattr("src.engines.yunet.convert", lambda path: pytest.fail(f"{path} converted again"))
    YuNet(own)
    assert list(tmp_path.glob("*.yunet-*.onnx")) == [made]


def test_another_network_is_refused(tmp_path: Path) -> None:
    from onnx import helper

    path = tmp_path / "other.onnx"
    path.write_bytes(helper.make_model(helper.make_graph([], "other", [], [])).SerializeToString())
    with pytest.raises(WeightsError, match=r"other\.onnx holds no YuNet"):
        convert(path)


def test_blocks_are_unpacked_each_with_its_scale_and_zero() -> None:
    numbers = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.int8)
    scales, zeros = np.array([[1, 10], [100, 1000]], np.float32), np.array([[0, 1], [5, 0]], np.int8)
    weights = unpacked(numbers, scales, zeros, axis=1, block=2)
    assert weights.tolist() == [[1, 2, 20, 30], [0, 100, 7000, 8000]]
    # A single block may be longer than what it holds.
    bias = unpacked(np.array([-128, 127], np.int8), np.array([2], np.float32), np.array([-1], np.int8), axis=0, block=64)
    assert bias.tolist() == [-254, 256]


def test_a_batch_is_bgr_and_padded_to_whole_cells() -> None:
    batch = _as_batch(np.full((33, 70, 3), (1, 2, 3), np.uint8))
    assert batch.shape == (1, 3, 64, 96)
    assert batch[0, :, 32, 69].tolist() == [3, 2, 1]
    assert not batch[0, :, 33:].any()
    assert not batch[0, :, :, 70:].any()


def grids(rows: int = 8) -> list[FloatArray]:
    """Return grids on which no cell shows a face."""
    empty = [np.zeros((1, 16, rows * 4 // n, rows * 4 // n), np.float32) for n in (1, 2, 4)]
    for grid in empty:
        grid[:, :2] = -1000
    return empty


def test_a_cell_is_read_as_in_the_paper() -> None:
    levels = grids()
    cell = levels[1][0, :, 3, 5]  # stride 16, row 3, column 5
    cell[:2] = 20, 0  # probabilities 1 and 1/2
    cell[2:6] = 0.5, -0.25, np.log(4), np.log(2)
    cell[6:] = np.arange(10)
    found = decode(levels, 0.6)
    assert found.scores == pytest.approx([0.5**0.5])
    np.testing.assert_allclose(found.boxes_xywh, [[88 - 32, 44 - 16, 64, 32]], rtol=1e-6)
    # Right eye first in the network, left eye first with us.
    np.testing.assert_allclose(found.landmarks[0, 0], [(5 + 2) * 16, (3 + 3) * 16])
    np.testing.assert_allclose(found.landmarks[0, 1], [5 * 16, (3 + 1) * 16])


def test_the_least_score_counts_and_none_is_empty() -> None:
    levels = grids()
    assert len(decode(levels, 0.6)) == 0
    levels[2][0, :2, 0, 0] = 0  # a probability of 1/2 each
    assert len(decode(levels, 0.5)) == 1
    assert len(decode(levels, 0.5001)) == 0


@pytest.mark.parametrize(
    ("boxes", "scores", "stay"),
    [
        ([], [], []),
        ([[0, 0, 10, 10], [0, 0, 10, 10]], [0.8, 0.9], [1]),
        ([[0, 0, 10, 10], [0, 0, 10, 10]], [0.9, 0.9], [0]),  # the first of equals
        ([[0, 0, 10, 10], [0, 6, 10, 10], [0, 12, 10, 10]], [0.7, 0.8, 0.9], [2, 1, 0]),  # 4 of 16 rows in common: 0.25
        ([[0, 0, 10, 10], [0, 5, 10, 10], [0, 10, 10, 10]], [0.7, 0.8, 0.9], [2, 0]),  # one that falls takes none with it
        ([[0, 0, 13, 1], [7, 0, 13, 1]], [0.9, 0.8], [0, 1]),  # 6 of 20: the limit itself does no harm
        ([[0.9, 0, 13.9, 1.9], [7.9, 0, 13.9, 1.9]], [0.9, 0.8], [0, 1]),  # whole pixels
        ([[3, 3, 0.5, 0.5], [3, 3, 0.5, 0.5]], [0.9, 0.8], [0, 1]),  # without area
    ],
)
def test_of_faces_in_one_place_the_best_stays(boxes: list[list[float]], scores: list[float], stay: list[int]) -> None:
    kept = _without_repeats(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32))
    assert kept.tolist() == stay
