"""The fake engine, made a little stricter for tests of photos."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from src.engines import ENGINES, Engine
from src.engines.base import ScorePrior
from src.engines.fake import FakeDetector, FakeEmbedder
from src.engines.registry import EngineEntry
from src.schema import Detections, RgbImage

PRIOR = ScorePrior(threshold=0.5, slope=20.0, margin=2.0)


class SquareDetector(FakeDetector):
    """Counts the pictures it is shown, and finds no face that touches the edge: like real ones it wants surroundings."""

    def __init__(self) -> None:
        self.n_images = 0

    def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
        self.n_images += len(images)
        return [self._inside(faces, image) for faces, image in zip(super().detect(images), images, strict=True)]

    def _inside(self, faces: Detections, image: RgbImage) -> Detections:
        start = faces.boxes_xywh[:, :2]
        end = start + faces.boxes_xywh[:, 2:]
        return faces.take(((start > 0) & (end < image.shape[1::-1])).all(axis=1))


def use_square_engine(monkeypatch: pytest.MonkeyPatch, version: str = "1") -> None:
    """Let `squares` name the engine; what another version makes does not go with what this one makes."""
    engine = Engine("squares", version, SquareDetector(), FakeEmbedder())
    entry = EngineEntry(lambda _weights, _threads: engine, PRIOR)
    monkeypatch.setitem(ENGINES, "squares", entry)  # type: ignore[arg-type]
