"""An engine that remembers what it has seen: networks are asked once about the same pixels, however often a video is read.

For tests that read one video in several ways and compare what comes of it. It changes no answer: what is remembered is that of
the very same picture, windows or batch. That a network says the same of them each time is for the contract of engines to check.

    monkeypatch.setitem(ENGINES, "sface", remembering(ENGINES["sface"]))
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from src.engines import Engine, Runtime
from src.engines.base import FaceDetector, FaceEmbedder
from src.engines.registry import EngineEntry
from src.models import WeightsCache
from src.schema import Detections, FloatArray, RgbImage


def _key(array: RgbImage | FloatArray) -> tuple[bytes, tuple[int, ...]]:
    return hashlib.sha1(np.ascontiguousarray(array), usedforsecurity=False).digest(), array.shape


def _copy(found: Detections) -> Detections:
    return found.take(np.arange(len(found)))


class RememberingDetector(FaceDetector):
    """Asks another detector about each picture once."""

    def __init__(self, detector: FaceDetector) -> None:
        """Begin with an empty memory."""
        self._detector = detector
        self._whole: dict[object, Detections] = {}
        self._near: dict[object, Detections | None] = {}

    def detect(self, images: Sequence[RgbImage]) -> list[Detections]:
        """Find the faces of each picture."""
        keys = [_key(image) for image in images]
        new = {key: image for key, image in zip(keys, images, strict=True) if key not in self._whole}
        self._whole.update(zip(new, self._detector.detect(list(new.values())), strict=True))
        return [_copy(self._whole[key]) for key in keys]

    def detect_near(self, image: RgbImage, boxes_xywh: FloatArray) -> Detections | None:
        """Find faces where they are expected."""
        key = _key(image), _key(boxes_xywh)
        if key not in self._near:
            self._near[key] = self._detector.detect_near(image, boxes_xywh)
        found = self._near[key]
        return None if found is None else _copy(found)

    def pixels(self, width: int, height: int) -> float:
        """Return how many pixels are looked at."""
        return self._detector.pixels(width, height)


class RememberingEmbedder(FaceEmbedder):
    """Asks another embedder about each batch once; the same faces in another batch are another question."""

    def __init__(self, embedder: FaceEmbedder) -> None:
        """Begin with an empty memory."""
        self._embedder = embedder
        self._known: dict[object, FloatArray] = {}
        self.dimension, self.crop_size = embedder.dimension, embedder.crop_size

    def align(self, image: RgbImage, detections: Detections) -> RgbImage:
        """Cut out the faces."""
        return self._embedder.align(image, detections)

    def embed(self, crops: RgbImage) -> FloatArray:
        """Embed crops."""
        key = _key(crops)
        if key not in self._known:
            self._known[key] = self._embedder.embed(crops)
        return self._known[key].copy()


def remembering(entry: EngineEntry) -> EngineEntry:
    """Return an entry whose engine is loaded once and remembers, for as long as somebody keeps the entry."""
    opened: list[Engine] = []

    def open_once(weights: WeightsCache, runtime: Runtime) -> Engine:
        if not opened:
            engine = entry.open(weights, runtime)
            detector, embedder = RememberingDetector(engine.detector), RememberingEmbedder(engine.embedder)
            opened.append(replace(engine, detector=detector, embedder=embedder))
        return opened[0]

    return replace(entry, open=open_once)
