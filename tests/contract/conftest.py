"""What the contracts are checked on: every store, and every engine with pictures to try it on.

Weights and photos come from the package registry, once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import pytest

from src.engines import Engine, Runtime, open_engine
from src.engines.fake import colour_of, make_fake_engine
from src.errors import EngineError
from src.models import SAMPLE_PHOTOS, WeightsCache, open_members
from src.schema import Detections, RgbImage
from src.storage import Store, open_store
from tests.servers.scrfd import write_networks

ROOT = Path(__file__).parents[2]
# Read before a test may clean the environment.
WEIGHTS_DIR = Path(os.environ.get("FACEREC_WEIGHTS_DIR", ROOT / "data" / "weights"))
PHOTOS = "/examples/5-celebrity-faces-dataset/val/"


class Case:
    """An engine and pictures of one upright face each.

    Attributes:
        engine: The engine.
        people: Pictures of each person, at least two.
        images: All pictures, person by person.
    """

    def __init__(self, engine: Engine, people: dict[str, list[RgbImage]]) -> None:
        self.engine, self.people = engine, people
        self.images = [image for images in people.values() for image in images]

    @cached_property
    def found(self) -> list[Detections]:
        """The faces of each picture."""
        return self.engine.detector.detect(self.images)

    @cached_property
    def crops(self) -> RgbImage:
        """The best face of each picture, aligned."""
        return self.align_best(self.found)

    def align_best(self, found: list[Detections]) -> RgbImage:
        """Align the best face of each picture."""
        best = [faces.take(np.array([0])) for faces in found]
        return np.concatenate([self.engine.embedder.align(*pair) for pair in zip(self.images, best, strict=True)])


@contextmanager
def needed() -> Iterator[None]:
    """Skip where something cannot be had; on CI everything must be."""
    try:
        yield
    except EngineError as err:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(err))


@pytest.fixture(scope="session")
def weights() -> WeightsCache:
    """The cache that the program itself uses, so that nothing is fetched twice."""
    return WeightsCache(WEIGHTS_DIR)


@pytest.fixture(scope="session")
def photos(weights: WeightsCache) -> dict[str, list[RgbImage]]:
    """Photos of five people, three of each."""
    with needed():
        archive = weights.archive(SAMPLE_PHOTOS)
    people: dict[str, list[RgbImage]] = {}
    for name, file in open_members(archive, lambda name: PHOTOS in name and not name.rsplit("/", 1)[-1].startswith(".")):
        image = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
        people.setdefault(name.split("/")[-2], []).append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return {person: images[:3] for person, images in people.items()}


def tiny_insightface(folders: pytest.TempPathFactory) -> Engine:
    """The engine `insightface` on networks of its interface that see drawn faces; its own may not be passed on."""
    folder = folders.mktemp("insightface")
    (folder / "local").mkdir()
    write_networks(folder / "local")
    weights = WeightsCache(folder / "weights", local=folder / "local")
    weights.packs.accept("insightface")
    return open_engine("insightface", weights)


def drawn(face: int | None = None) -> dict[str, list[RgbImage]]:
    """Pictures for engines that see squares: noise on grey, and a square of a colour that differs a little in each picture.

    Args:
        face: Side of the squares in pixels; random where None.
    """
    random = np.random.default_rng(0)
    people: dict[str, list[RgbImage]] = {}
    for person in range(0, 12, 3):
        for _ in range(3):
            image = random.integers(60, 70, (180, 240, 3), dtype=np.uint8)
            x, y, size = random.integers(20, 100, 3)
            size = size if face is None else face
            image[y : y + size, x : x + size] = np.clip(np.array(colour_of(person)) + random.integers(-15, 15, 3), 0, 255)
            people.setdefault(str(person), []).append(image)
    return people


def smaller(image: RgbImage) -> RgbImage:
    """Return a picture at two thirds of its size."""
    return cv2.resize(image, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


@pytest.fixture(
    scope="session",
    params=[
        "fake",
        pytest.param("sface", marks=pytest.mark.weights),
        pytest.param("facenet", marks=pytest.mark.weights),
        pytest.param("facenet-yunet", marks=pytest.mark.weights),
        pytest.param("facenet on tensorflow", marks=[pytest.mark.weights, pytest.mark.facenet]),
        pytest.param("dlib", marks=pytest.mark.weights),
        pytest.param("dlib-mmod", marks=pytest.mark.weights),
        "insightface",
    ],
)
def case(request: pytest.FixtureRequest) -> Case:
    """Each engine in turn; one without its weights or packages is skipped."""
    if request.param == "fake":
        return Case(make_fake_engine(), drawn())
    if request.param == "insightface":
        return Case(tiny_insightface(request.getfixturevalue("tmp_path_factory")), drawn(face=60))
    weights: WeightsCache = request.getfixturevalue("weights")
    with needed():
        name, _, tensorflow = request.param.partition(" on ")
        engine = open_engine(name, weights, Runtime(facenet_backend="tensorflow" if tensorflow else "onnx"))
    photos: dict[str, list[RgbImage]] = request.getfixturevalue("photos")
    if request.param == "dlib-mmod":  # it takes two seconds for a picture, of two thirds the size one
        photos = {person: [smaller(image) for image in images[:2]] for person, images in list(photos.items())[:2]}
    return Case(engine, photos)


STORES = ["sqlite", pytest.param("mongo", marks=pytest.mark.mongo)]
"""A new store joins the contract here, and in `store_uri` with an address of an empty database of its kind."""


@pytest.fixture(params=STORES)
def store_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database, one for each test."""
    if request.param == "mongo":
        uri: str = request.getfixturevalue("mongo_uri")
        return uri
    return f"sqlite:///{tmp_path / 'contract' / 'store.db'}"


@pytest.fixture
def store(store_uri: str) -> Iterator[Store]:
    """An open, empty store."""
    with open_store(store_uri) as opened:
        yield opened
