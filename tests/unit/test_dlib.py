"""The parts of the dlib engines that need neither the package nor its weights."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from src.engines import open_engine
from src.engines.dlib import Hog, _five
from src.engines.dlib_centre import CENTRE
from src.engines.runtime import Runtime
from src.errors import EngineError, WeightsError
from src.models import WeightsCache


@dataclass
class Point:
    x: int
    y: int


@dataclass
class Box:
    """A rectangle as dlib has them."""

    x: int
    y: int
    side: int

    left = property(lambda self: lambda: self.x)
    top = property(lambda self: lambda: self.y)
    width = height = property(lambda self: lambda: self.side)


def points(box: Box) -> Any:
    """68 points: eyes, nose and mouth of a box where a face has them, all others at 0."""
    places = [Point(0, 0)] * 68
    for rows, across, down in ((range(36, 42), 0.3, 0.3), (range(42, 48), 0.7, 0.3), ([30], 0.5, 0.5)):
        for row in rows:
            places[row] = Point(box.x + round(box.side * across), box.y + round(box.side * down))
    places[48], places[54] = (Point(box.x + round(box.side * share), box.y + round(box.side * 0.8)) for share in (0.3, 0.7))
    return SimpleNamespace(parts=lambda: places)


@pytest.fixture
def fake_dlib(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """A library that finds two faces in every picture, the worse one first; it notes the shapes that it is given."""
    shapes: list[tuple[int, ...]] = []

    def run(image: Any, upsample: int, adjust: float) -> tuple[Any, ...]:
        shapes.append(image.shape)
        return [Box(10, 20, 40), Box(100, 40, 100)], [0.0, 1.5], [0, 1]

    module = SimpleNamespace(
        get_frontal_face_detector=lambda: SimpleNamespace(run=run),
        shape_predictor=lambda path: lambda image, box: points(box),
    )
    monkeypatch.setitem(sys.modules, "dlib", module)  # type: ignore[arg-type]
    return shapes


def test_what_dlib_finds_comes_back_in_pixels_of_the_picture(fake_dlib: list[tuple[int, ...]]) -> None:
    (faces,) = Hog(Path("x"), max_side=800).detect([np.zeros((200, 400, 3), np.uint8)])
    assert fake_dlib == [(400, 800, 3)]  # doubled
    assert faces.boxes_xywh.tolist() == [[50, 20, 50, 50], [5, 10, 20, 20]]  # best first
    assert faces.landmarks[0].tolist() == [[85, 35], [65, 35], [75, 45], [85, 60], [65, 60]]
    # 1 / (1 + exp(-(5.3 * 1.5 + 0.67))) and the same at a margin of 0
    assert faces.scores == pytest.approx([0.99982, 0.66151], abs=1e-4)


@pytest.mark.parametrize(
    ("shape", "seen"),
    [((100, 200), (200, 400)), ((600, 1000), (768, 1280)), ((1440, 2560), (720, 1280)), ((10, 20), (64, 64))],
)
def test_pictures_are_scaled_and_at_most_doubled(
    fake_dlib: list[tuple[int, ...]], shape: tuple[int, int], seen: tuple[int, int]
) -> None:
    Hog(Path("x")).detect([np.zeros((*shape, 3), np.uint8)])
    assert fake_dlib == [(*seen, 3)]


def test_an_eye_is_the_middle_of_its_points() -> None:
    places = [Point(0, 0)] * 68
    for row, x in zip(range(42, 48), (10, 20, 30, 40, 50, 60), strict=True):
        places[row] = Point(x, 7)
    assert _five(SimpleNamespace(parts=lambda: places))[0].tolist() == [35, 7]


def test_without_the_package_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    for name in ("dlib", "dlib-mmod"):
        with pytest.raises(EngineError, match=r"needs the package dlib.*pip install -r requirements-dlib\.txt"):
            open_engine(name, WeightsCache(tmp_path / "weights"))
    assert not (tmp_path / "weights").exists()


def test_another_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match='dlib runs on the CPU only, not on "cuda"'):
        open_engine("dlib", WeightsCache(tmp_path), Runtime(device="cuda"))


def test_a_file_of_something_else_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("dlib")
    (tmp_path / "x.dat").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match=r"x\.dat cannot be read by dlib"):
        Hog(tmp_path / "x.dat")


def test_the_centre_is_a_point_well_inside_the_vectors() -> None:
    assert CENTRE.shape == (128,)
    assert CENTRE.dtype == np.float32
    # The vectors of faces have lengths of 1.3 to 1.7: measured on 224 photos.
    assert np.linalg.norm(CENTRE) == pytest.approx(1.372, abs=0.005)
