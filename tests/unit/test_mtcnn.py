"""MTCNN: its pyramid, its boxes, its weights, and that it finds what the package it comes from finds."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from src.engines.mtcnn import Mtcnn, _patches, _pyramid, _squares, _thin_out
from src.engines.mtcnn_networks import WEIGHTS, OnnxNetworks, _read_weights, unpack_lz4
from src.engines.runtime import Runtime
from src.errors import WeightsError
from src.models import WeightsCache
from src.schema import FloatArray, RgbImage


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


# x1, y1, x2, y2: B covers 60 of A's 100 pixels (IoU 0.6), C covers 60 of B's 100 and 20 of A's; D lies in A, a quarter of it.
A, B, C, D = [0, 0, 10, 10], [0, 2.5, 10, 12.5], [0, 5, 10, 15], [0, 0, 5, 5]


@pytest.mark.parametrize(
    ("boxes", "scores", "limit", "of_smaller", "stay"),
    [
        ([], [], 0.5, False, []),
        ([A], [0.6], 0.5, False, []),  # not above the least score
        ([A, B], [0.8, 0.9], 0.5, False, [1]),
        ([A, B], [0.9, 0.8], 0.6, False, [0, 1]),  # an overlap of the limit itself does no harm
        ([A, D], [0.9, 0.8], 0.5, False, [0, 1]),
        ([A, D], [0.9, 0.8], 0.5, True, [0]),
        ([A, B, C], [0.9, 0.8, 0.7], 0.5, False, [0]),  # C falls to B, which falls to A
        ([A, B, A], [0.9, 0.8, 0.9], 0.5, False, [2]),  # the last of equals
        ([[3, 3, 3, 3], [3, 3, 3, 3]], [0.9, 0.8], 0.5, False, [0, 1]),  # without area
    ],
)
def test_worse_boxes_fall_to_better_ones(
    boxes: list[list[float]], scores: list[float], limit: float, of_smaller: bool, stay: list[int]
) -> None:
    found = _thin_out(np.array(boxes, float).reshape(-1, 4), np.array(scores, np.float32), 0.6, limit, of_smaller)
    assert found.tolist() == stay


def test_squares_keep_the_middle() -> None:
    assert _squares(np.array([[0.0, 0, 10, 4], [2, 2, 4, 10]])).tolist() == [[0, -3, 10, 7], [-1, 2, 7, 10]]
    assert _squares(np.zeros((0, 4))).shape == (0, 4)


def test_patches_are_interpolated_and_grey_outside() -> None:
    # A picture that grows by 1 a column and by 10 a row.
    picture = np.repeat((np.arange(5.0) + 10 * np.arange(5.0)[:, None])[..., None], 3, axis=2).astype(np.float32)
    (inner, beyond), *more = np.concatenate(_patches(picture, np.array([[0, 0, 5, 5], [-5, 0, 0, 5.0]]), 3))[None]
    assert not more
    # Shares 0, 1/2 and 1 of the picture are its pixels 0, 2 and 4.
    assert inner[..., 0].tolist() == [[0, 2, 4], [20, 22, 24], [40, 42, 44]]
    assert beyond[..., 0].tolist() == [[0, 0, 0], [0, 0, 20], [0, 0, 40]]


class WhiteSquares:
    """Networks for which what is white is a face, with this score."""

    def __init__(self, score: float) -> None:
        """Begin with nothing looked at."""
        self.score, self.n_looked_into = score, 0

    def propose(self, level: FloatArray) -> tuple[FloatArray, FloatArray]:
        rows, columns = ((side - 12) // 2 + 1 for side in level.shape[:2])
        windows = np.lib.stride_tricks.sliding_window_view(level[:, :, 0], (12, 12))[::2, ::2]
        return np.zeros((rows, columns, 4), np.float32), windows.mean(axis=(2, 3))[:rows, :columns]

    def refine(self, patches: FloatArray) -> tuple[FloatArray, FloatArray]:
        self.n_looked_into += len(patches)
        return np.zeros((len(patches), 4), np.float32), np.ones(len(patches), np.float32)

    def place(self, patches: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        n = len(patches)
        return np.zeros((n, 4), np.float32), np.full((n, 10), 0.5, np.float32), np.full(n, self.score, np.float32)


def with_squares(*places: tuple[int, int, int]) -> RgbImage:
    picture = np.zeros((180, 320, 3), np.uint8)
    for x, y, side in places:
        picture[y : y + side, x : x + side] = 255
    return picture


class TestGlance:
    """What may be a face in a picture of half the usual size."""

    def test_a_small_and_doubtful_face_is_seen_only_there(self) -> None:
        detector = Mtcnn(WhiteSquares(0.7))
        picture = with_squares((100, 60, 22))
        assert len(detector.detect([picture])[0]) == len(detector._detect_large([picture])[0]) == 0
        assert len(detector._glance(picture, np.zeros((0, 4), np.float32))) == 1

    def test_a_worse_one_is_none(self) -> None:
        assert len(Mtcnn(WhiteSquares(0.55))._glance(with_squares((100, 60, 22)), np.zeros((0, 4), np.float32))) == 0

    def test_known_faces_are_not_looked_into(self) -> None:
        networks = WhiteSquares(0.9)
        known = np.array([[100, 60, 22, 22]], np.float32)
        assert len(Mtcnn(networks)._glance(with_squares((100, 60, 22)), known)) == 0
        assert networks.n_looked_into == 0
        (found,) = Mtcnn(networks)._glance(with_squares((100, 60, 22), (200, 60, 22)), known).boxes_xywh
        assert found[0] == pytest.approx(200, abs=4)


def test_patches_come_in_batches() -> None:
    parts = _patches(np.zeros((20, 20, 3), np.float32), np.tile([0.0, 0, 9, 9], (1100, 1)), 24)
    assert [len(part) for part in parts] == [512, 512, 76]


class TestLz4:
    def test_frame_made_by_hand(self) -> None:
        # "ab", a copy of 4 + 15 + 1 bytes from 2 before, "c": the token 0x2F says 2 new bytes and a long copy.
        block = bytes([0x2F]) + b"ab" + (2).to_bytes(2, "little") + bytes([1, 0x10]) + b"c"
        frame = b"\x04\x22\x4d\x18\x40\x40\xc0" + len(block).to_bytes(4, "little") + block + bytes(4)
        assert unpack_lz4(frame) == b"ab" * 11 + b"c"

    @pytest.mark.parametrize("n", [0, 1, 100, 300_000])
    @pytest.mark.parametrize("linked", [False, True])
    @pytest.mark.parametrize("checks", [False, True])
    def test_what_the_library_packed(self, n: int, linked: bool, checks: bool) -> None:
        frames = pytest.importorskip("lz4.frame")
        random = np.random.default_rng(0)
        data = random.integers(0, 256, n, dtype=np.uint8).tobytes() + bytes(n) + random.integers(0, 3, n, np.uint8).tobytes()
        packed = frames.compress(
            data, block_linked=linked, block_checksum=checks, content_checksum=checks, store_size=checks, block_size=4
        )
        assert unpack_lz4(packed) == data

    @pytest.mark.parametrize(
        "frame",
        [
            b"",
            b"PK\x03\x04",
            b"\x04\x22\x4d\x18\x40\x40\xc0" + (100).to_bytes(4, "little") + b"short",
            b"\x04\x22\x4d\x18\x40\x40\xc0" + (4).to_bytes(4, "little") + b"\x10a\xff\x00" + bytes(4),
        ],
    )
    def test_what_is_none_is_refused(self, frame: bytes) -> None:
        with pytest.raises(ValueError, match=r"it (is no LZ4 frame|ends too early|copies from before its beginning)"):
            unpack_lz4(frame)


def stored_frame(data: bytes) -> bytes:
    """Return an LZ4 frame that holds data as it is."""
    return b"\x04\x22\x4d\x18\x40\x40\xc0" + (len(data) | 1 << 31).to_bytes(4, "little") + data + bytes(4)


@pytest.mark.parametrize("compress", [False, ("lz4", 1)])
def test_weights_are_read_as_joblib_wrote_them(compress: Any, tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    if compress:
        pytest.importorskip("lz4")
    random = np.random.default_rng(0)
    arrays = [random.normal(size=shape).astype(np.float32) for shape in ((3, 3, 3, 10), (10,), (1, 1, 10), (576, 128))]
    path = tmp_path / "weights"
    joblib.dump(arrays, path, compress=compress)
    if not compress:
        path.write_bytes(stored_frame(path.read_bytes()))
    found = _read_weights(path)
    assert all(np.array_equal(*pair) for pair in zip(found, arrays, strict=True))


def test_a_pickle_runs_nothing(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "touched",))

    stream = io.BytesIO()
    pickle.dump([Evil()], stream)
    (tmp_path / "weights.lz4").write_bytes(stored_frame(stream.getvalue()))
    with pytest.raises(WeightsError, match=r"weights\.lz4 holds no weights of MTCNN: it asks for pathlib\."):
        _read_weights(tmp_path / "weights.lz4")
    assert not (tmp_path / "touched").exists()


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "weights.lz4").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match=r"weights\.lz4 holds no weights of MTCNN: it is no LZ4 frame"):
        _read_weights(tmp_path / "weights.lz4")


def found_by_package(package: Any, image: RgbImage, min_score: float) -> list[tuple[FloatArray, FloatArray, float]]:
    """Find faces with the stages of the package alone, on the same pyramid; best first: box, points as x then y, score."""
    (propose, refine, place), tools = package
    height, width = image.shape[:2]
    batch = ((image[None] - 127.5) / 128).astype(np.float32)
    found = [np.zeros((0, 6))]
    for scale in _pyramid(min(height, width), 20):
        size = max(12, round(width * scale)), max(12, round(height * scale))
        offsets, scores = propose.model(cv2.resize(batch[0], size, interpolation=cv2.INTER_AREA)[None])
        rows = tools.generate_bounding_box(offsets, scores, 0.6)
        rows[:, 1:5] *= np.tile([width / size[0], height / size[1]], 2)
        found.append(tools.smart_nms_from_bboxes(rows, threshold=0.5, method="union", initial_sort=False))
    rows = tools.smart_nms_from_bboxes(np.concatenate(found), threshold=0.7, method="union", initial_sort=True)
    rows = place(batch, refine(batch, tools.resize_to_square(rows)), threshold_onet=min_score)
    return [(row[1:5], row[6:16], row[5]) for row in rows]


@pytest.mark.weights
@pytest.mark.facenet
def test_finds_what_the_package_finds(photos: list[RgbImage], cache: WeightsCache) -> None:
    pytest.importorskip("tensorflow")
    stages = pytest.importorskip("mtcnn.stages")
    package = (stages.StagePNet(), stages.StageRNet(), stages.StageONet()), pytest.importorskip("mtcnn.utils.bboxes")
    detector = Mtcnn(OnnxNetworks(cache, Runtime()), max_side=400)
    n_faces = 0
    for photo in photos:
        scale = min(1.0, 400 / max(photo.shape))
        size = round(photo.shape[1] * scale), round(photo.shape[0] * scale)
        small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
        picture = ((small - 127.5) / 128).astype(np.float32)
        boxes, scores, points = detector._find(picture, 20, 0.8)
        expected = found_by_package(package, small, 0.8)
        assert len(boxes) == len(expected)
        for box, point, score, (box_there, points_there, score_there) in zip(boxes, points, scores, expected, strict=True):
            assert box == pytest.approx(box_there, abs=1e-3)
            assert point.T.ravel() == pytest.approx(points_there, abs=1e-3)
            assert score == pytest.approx(score_there, abs=1e-4)
            n_faces += 1
    assert n_faces >= len(photos)


@pytest.mark.weights
def test_a_converted_network_is_kept(cache: WeightsCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WEIGHTS:
        (tmp_path / cache.path(name).name).symlink_to(cache.path(name).resolve())
    own = WeightsCache(tmp_path)
    OnnxNetworks(own, Runtime())
    made = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.onnx")}
    assert len(made) == 3
    monkeypatch.setattr("src.engines.mtcnn_networks._read_weights", lambda path: pytest.fail("converted again"))
    OnnxNetworks(own, Runtime())
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.onnx")} == made
