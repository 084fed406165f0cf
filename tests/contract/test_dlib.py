"""What dlib promises beyond the contract: vectors that other engines' thresholds suit, and crops like its own."""

from __future__ import annotations

import numpy as np
import pytest

from src.engines.dlib import CHIP_TEMPLATE, DlibResNet
from src.models import WeightsCache
from src.schema import Detections, RgbImage

from .conftest import needed

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def crops(weights: WeightsCache, photos: dict[str, list[RgbImage]]) -> tuple[DlibResNet, RgbImage]:
    """The network, and one aligned face of each of five people."""
    from src.engines import open_engine

    with needed():
        engine = open_engine("dlib", weights)
    images = [images[0] for images in photos.values()]
    faces = [found.take(np.array([0])) for found in engine.detector.detect(images)]
    assert isinstance(engine.embedder, DlibResNet)
    return engine.embedder, np.concatenate([engine.embedder.align(*pair) for pair in zip(images, faces, strict=True)])


def test_strangers_lie_around_0_and_not_where_dlib_has_them(crops: tuple[DlibResNet, RgbImage]) -> None:
    network, faces = crops
    pairs = np.triu_indices(len(faces), 1)
    raw = network.describe(faces)
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    centred = network.embed(faces)
    assert (raw @ raw.T)[pairs].mean() > 0.75
    assert abs((centred @ centred.T)[pairs].mean()) < 0.2


def test_a_crop_shows_what_lies_on_the_template(crops: tuple[DlibResNet, RgbImage]) -> None:
    network, faces = crops
    on_it = Detections(np.array([[0, 0, 150, 150]], np.float32), np.ones(1, np.float32), CHIP_TEMPLATE[None])
    assert np.array_equal(network.align(faces[0], on_it)[0], faces[0])
