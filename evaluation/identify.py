"""How fast a whole library is named: `python -m evaluation.identify`.

Makes a library of synthetic embeddings in a store of its own, trains a model on synthetic people, and asks it about every
track, as `python -m src identify` does after a training.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np

from src.cli import CONTEXT, run_command
from src.disk.files import write_json
from src.identities.identification import forget_older, identify_analyses
from src.progress import for_terminal
from src.recognition.calibration import OpenSet
from src.recognition.gallery import Gallery
from src.recognition.identify import train_recognizer
from src.records import Analysis, Model, Status, TrackEmbeddings
from src.schema import FloatArray, IntArray
from src.settings import DatabaseSettings, Settings
from src.workspace import Workspace, open_workspace

from .reports.documents import write_section

ENGINE, PROJECT = "synthetic@1", "library"
_NOISE = 0.75
"""Spread of a person's faces; gives two pictures of one person a cosine of about 0.64, as SFace does."""
_PICTURES = 20
_SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured.

    Attributes:
        videos, tracks, embeddings, people: Size of the library and of the model.
        train_s: Training the model, with its cross-validation.
        identify_s: Reading all embeddings, naming them and storing the result.
        per_s: Embeddings a second.
        right: Share of the tracks of known people that got the right candidate first.
        peak_mb: Largest resident memory of the process.
    """

    videos: int
    tracks: int
    embeddings: int
    people: int
    train_s: float
    identify_s: float
    per_s: float
    right: float
    peak_mb: float


def measure(
    workspace: Workspace, n_videos: int, n_tracks: int, n_people: int, classifier: str, dimension: int, seed: int = 0
) -> Result:
    """Make a library and a model, and name the library.

    Args:
        workspace: An empty one.
        n_videos: Videos of the library.
        n_tracks: Tracks of each; half of them show known people. A track has 20 samples.
        n_people: People of the model, with 20 pictures each.
        classifier: One of those of the command line.
        dimension: Of the embeddings.
        seed: Where the random numbers begin.
    """
    rng = np.random.default_rng(seed)
    people = _unit(rng.standard_normal((n_people, dimension), np.float32))
    model, train_s = _train(workspace, classifier, people, rng)
    truth = [_store_video(workspace, number, n_tracks, people, rng) for number in range(n_videos)]
    start, right, known = time.monotonic(), 0, 0
    with workspace.progress.task("Identifying", n_videos, "videos") as task:
        named = identify_analyses(workspace, model, _analyses(n_videos))
        for (analysis, found), who in zip(named, truth, strict=True):
            forget_older(workspace, model, analysis.analysis_id)
            assert found is not None
            right += int((found.candidates[:, 0] == who)[who >= 0].sum())
            known += int((who >= 0).sum())
            task.advance()
    seconds = time.monotonic() - start
    n_embeddings = n_videos * n_tracks * _SAMPLES
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10))
    return Result(
        n_videos,
        n_videos * n_tracks,
        n_embeddings,
        n_people,
        round(train_s, 1),
        round(seconds, 1),
        round(n_embeddings / seconds),
        round(right / max(known, 1), 4),
        round(peak),
    )


def as_markdown(results: Sequence[Result]) -> str:
    """Return a table of results."""
    lines = [
        "| videos | tracks | embeddings | people | training s | identifying s | embeddings/s | right first | peak MB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for result in results:
        lines.append("| " + " | ".join(f"{value:,}" for value in asdict(result).values()) + " |")
    return "\n".join(lines)


def _train(workspace: Workspace, classifier: str, people: FloatArray, rng: np.random.Generator) -> tuple[Model, float]:
    labels = np.repeat(np.arange(len(people)), _PICTURES)
    gallery = Gallery(tuple(f"Person {number}" for number in range(len(people))), _faces(people[labels], rng), labels)
    start = time.monotonic()
    recognizer, _ = train_recognizer(classifier, gallery, OpenSet(-11.2, 26.0, 2.0))
    seconds = time.monotonic() - start
    folder = workspace.classifier_dir(PROJECT) / f"0001-{classifier}"
    recognizer.save(folder)
    path = folder.relative_to(workspace.data_dir).as_posix()
    model = Model(PROJECT, f"0001-{classifier}", ENGINE, classifier, gallery.people, (), {}, {}, path)
    workspace.store.put(model)
    return model, seconds


def _store_video(workspace: Workspace, number: int, n_tracks: int, people: FloatArray, rng: np.random.Generator) -> IntArray:
    """Store the embeddings of one video, and return who each track shows; -1 for a stranger."""
    who = np.where(np.arange(n_tracks) % 2 == 0, rng.integers(0, len(people), n_tracks), -1)
    faces = np.where(who[:, None] >= 0, people[who], _unit(rng.standard_normal((n_tracks, people.shape[1]), np.float32)))
    n = n_tracks * _SAMPLES
    block = TrackEmbeddings(
        f"video-{number:06}",
        0,
        np.repeat(np.arange(n_tracks), _SAMPLES),
        np.tile(np.arange(_SAMPLES), n_tracks),
        rng.uniform(0.3, 1.0, n).astype(np.float32),
        _faces(np.repeat(faces, _SAMPLES, axis=0), rng).astype(np.float16),
    )
    workspace.store.put(block, _analysis(number))
    return who


def _analyses(n_videos: int) -> Iterator[Analysis]:
    yield from (_analysis(number) for number in range(n_videos))


def _analysis(number: int) -> Analysis:
    return Analysis(f"video-{number:06}", "", ENGINE, {}, {}, status=Status.COMPLETE, updated_at="")


def _faces(centres: FloatArray, rng: np.random.Generator) -> FloatArray:
    noise = rng.standard_normal(centres.shape, np.float32) * (_NOISE / np.sqrt(centres.shape[1]))
    return _unit(centres + noise.astype(np.float32))


def _unit(vectors: FloatArray) -> FloatArray:
    unit: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


@click.command(context_settings=CONTEXT)
@click.option("--videos", default=1000, show_default=True, help="Videos of the library.")
@click.option("--tracks", default=200, show_default=True, help="Tracks of each video, 20 samples each.")
@click.option("--people", default=500, show_default=True, help="People of the model, 20 pictures each.")
@click.option("--classifier", default="SVM", show_default=True, help="How people are told apart.")
@click.option("--dimension", default=128, show_default=True, help="Of the embeddings.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the result as JSON too.")
@click.option("--document", type=click.Path(path_type=Path), help="Put the table between the marks of a Markdown file.")
def command(
    videos: int, tracks: int, people: int, classifier: str, dimension: int, json_path: Path | None, document: Path | None
) -> None:
    """Measure how fast a library of synthetic embeddings is named."""
    with tempfile.TemporaryDirectory(prefix="facerec-identify-") as folder:
        data = Path(folder)
        settings = Settings(data_dir=data, database=DatabaseSettings(uri=f"sqlite:///{data / 'facerec.db'}"))
        with open_workspace(settings, for_terminal()) as workspace:
            result = measure(workspace, videos, tracks, people, classifier, dimension)
    print(as_markdown([result]))
    if json_path:
        write_json(json_path, asdict(result))
    if document:
        write_section(document, "identify", as_markdown([result]))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "python -m evaluation.identify")


if __name__ == "__main__":
    sys.exit(main())
