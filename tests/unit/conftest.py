"""Real photos and weights for tests that compare networks."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from src.errors import EngineError
from src.models import SAMPLE_PHOTOS, SCIKIT_IMAGE, WeightsCache, open_members
from src.models.download import Distribution
from src.schema import RgbImage

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def cache() -> WeightsCache:
    """The cache that the program itself uses, so that nothing is fetched twice."""
    return WeightsCache(ROOT / "data" / "weights")


@pytest.fixture(scope="session")
def photos(cache: WeightsCache) -> list[RgbImage]:
    """The astronaut of scikit-image, and the photos of five people that the sample package sets aside for tests."""
    try:
        return [
            *_pictures(cache, SCIKIT_IMAGE, "skimage/data/astronaut.png"),
            *_pictures(cache, SAMPLE_PHOTOS, "/examples/5-celebrity-faces-dataset/val/"),
        ]
    except EngineError as err:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(err))


def _pictures(cache: WeightsCache, distribution: Distribution, part: str) -> list[RgbImage]:
    def wanted(name: str) -> bool:
        return part in name and name.endswith((".png", ".jpg")) and not name.rsplit("/", 1)[-1].startswith(".")

    found = []
    for _, file in open_members(cache.archive(distribution), wanted):
        image = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
        found.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return found
