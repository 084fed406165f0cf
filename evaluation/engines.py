"""Compares engines and the rules by which they name faces: `python -m evaluation.engines --data DIR`.

Verification and open-set identification over the aligned faces of DIR/crops24, photos of DIR/probe against all others, speed,
and with --videos what `evaluation.run` measures. An engine that cannot be opened here is a row that says why.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import click
import numpy as np

from src.cli import CONTEXT, config_option, run_command
from src.disk.files import write_json
from src.engines import ENGINES, Engine
from src.errors import AnnotationError, ConfigError
from src.progress import Progress, for_terminal
from src.recognition.calibration import OpenSet
from src.recognition.classifiers import CLASSIFIERS
from src.recognition.gallery import Gallery
from src.recognition.identify import train_recognizer
from src.recognition.strangers import bundled_strangers
from src.settings import Settings, load_settings
from src.workspace import Workspace, open_workspace

from . import run as videos_run
from .engine_speed import Speed, frames_of, measure_speed
from .material.data import EvaluationData, read_data, read_outliers, read_people, read_photos
from .material.faces import Embed, Faces, embed_as_they_are, embed_found, load_faces, takes_crops
from .material.sources import read_photo
from .reports.documents import write_section
from .reports.engines_report import EngineResult, FacesResult, ProbeResult, as_json, as_markdown
from .reports.report import Evaluation
from .scores.openset import OpenSetResult, Protocol, divide, measure_rule
from .scores.rules import RULES, Known
from .scores.verification import verify

ACCEPTED_FROM = 0.5
"""Confidence from which a probe photo counts as named, as in the settings."""


def open_engines(workspace: Workspace, names: Iterable[str]) -> Iterator[tuple[str, Engine | str]]:
    """Yield each engine by its name, or why it cannot be opened."""
    for name in names:
        try:
            yield name, workspace.engine(name)
        except AnnotationError as err:
            yield name, str(err)


def known_of(engine: Engine) -> Known:
    """Return what holds for an engine before any gallery is seen."""
    prior = ENGINES[engine.name].prior
    open_set = OpenSet(-prior.threshold * prior.slope, prior.slope, prior.margin, pictures=prior.pictures)
    return Known(open_set, bundled_strangers(engine.id))


def compare_crops(
    engine: Engine, photos: Mapping[str, Sequence[Path]], protocol: Protocol, work: Path, progress: Progress
) -> tuple[FacesResult, ...]:
    """Measure verification and identification over aligned faces: found anew, and as they are where the engine takes them so.

    Raises:
        MediaError: A picture cannot be read.
    """
    ways: dict[str, Embed] = {"found anew": embed_found}
    if takes_crops(engine, read_photo(next(path for paths in photos.values() for path in paths))):
        ways["as they are"] = embed_as_they_are
    return tuple(
        _measure_faces(engine, way, load_faces(engine, photos, embed, work), protocol, progress) for way, embed in ways.items()
    )


def _measure_faces(engine: Engine, way: str, faces: Faces, protocol: Protocol, progress: Progress) -> FacesResult:
    splits = list(divide(faces.embeddings, faces.labels, protocol))
    rules: dict[str, OpenSetResult] = {}
    with progress.task(f"{engine.name}, {way}", len(RULES), "rules") as task:
        for rule, of in RULES.items():
            rules[rule] = measure_rule(splits, of, known_of(engine), rule)
            task.advance()
    return FacesResult(way, len(faces.labels), faces.missing, verify(faces.embeddings, faces.labels), rules)


def compare_probes(engine: Engine, root: Path, work: Path) -> dict[str, ProbeResult]:
    """Name the photos of DIR/probe after a training on all other photos, with each classifier.

    Raises:
        MediaError: A photo cannot be read.
    """
    outliers = read_outliers(root)
    known = {person: [path for path in paths if path not in outliers] for person, paths in read_people(root).items()}
    probes = {person: paths for person, paths in read_photos(root, ("probe",)).items() if person in known}
    if not probes:
        return {}
    gallery, asked = (load_faces(engine, photos, embed_found, work) for photos in (known, probes))
    seen = np.unique(gallery.labels)
    people = tuple(gallery.people[label] for label in seen)
    learned = Gallery(people, gallery.embeddings, np.searchsorted(seen, gallery.labels))
    truth = [asked.people[label] for label in asked.labels]
    return {classifier: _name_probes(engine, classifier, learned, asked, truth) for classifier in CLASSIFIERS}


def _name_probes(engine: Engine, classifier: str, gallery: Gallery, asked: Faces, truth: Sequence[str]) -> ProbeResult:
    known = known_of(engine)
    recognizer, _ = train_recognizer(classifier, gallery, known.prior, bundled=known.strangers)
    said = list(recognizer.predict(asked.embeddings).best())
    right = [candidate.name == person for candidate, person in zip(said, truth, strict=True)]
    named = [candidate.confidence >= ACCEPTED_FROM for candidate in said]
    accepted = sum(a and b for a, b in zip(right, named, strict=True))
    return ProbeResult(len(said) + asked.missing, asked.missing, sum(right), accepted, sum(named) - accepted)


def evaluate_videos(
    base: Settings, data: EvaluationData, engine: str, work: Path, progress: Progress, sample_period_s: float
) -> Evaluation:
    """Measure an engine on the videos, with the classifier of the settings, in a folder of its own.

    Raises:
        AnnotationError: The project cannot be built.
    """
    with _workspace(base, work / "videos" / engine, engine, progress) as workspace:
        return videos_run.evaluate(workspace, data, videos_run.Options(sample_period_s))


def _workspace(base: Settings, folder: Path, engine: str | None, progress: Progress) -> AbstractContextManager[Workspace]:
    folder.mkdir(parents=True, exist_ok=True)
    return open_workspace(videos_run.settings_for(base, folder, engine, None), progress)


def compare(
    settings: Settings,
    root: Path,
    names: Sequence[str],
    protocol: Protocol,
    work: Path,
    progress: Progress,
    with_videos: bool = False,
    sample_period_s: float = 0.5,
) -> list[EngineResult]:
    """Compare engines; one that cannot be opened or used is a result that says why.

    Args:
        settings: Whose weights, threads and classifier are used.
        root: Data folder.
        names: Of the engines, in the order of the table.
        protocol: How the people of the aligned faces are divided.
        work: Folder for what is kept between runs.
        progress: Told how far it is.
        with_videos: Whether videos are analysed too, which takes minutes an engine.
        sample_period_s: Seconds between two frames that are looked at in videos.

    Raises:
        ConfigError: The data folder is not in order.
        MediaError: A photo cannot be read.
    """
    crops = read_photos(root, ("crops24",))
    if len(crops) < 4:
        raise ConfigError(
            f"{root / 'crops24'} has {len(crops)} people. Half of them are known, half not: put in four at least."
        )
    data = read_data(root) if with_videos else None
    with _workspace(settings, work / "engines", None, progress) as workspace:
        opened = dict(open_engines(workspace, names))
    engines = {name: engine for name, engine in opened.items() if isinstance(engine, Engine)}
    speeds = _speeds(engines, root)
    results = []
    for name, engine in opened.items():
        if not isinstance(engine, Engine):
            results.append(EngineResult(name, error=engine))
            continue
        faces = compare_crops(engine, crops, protocol, work / "faces", progress)
        probes = compare_probes(engine, root, work / "faces")
        videos = evaluate_videos(settings, data, name, work, progress, sample_period_s) if data else None
        results.append(EngineResult(name, engine.id, "", faces, probes, speeds.get(name), videos))
    return results


def _speeds(engines: Mapping[str, Engine], root: Path) -> dict[str, Speed]:
    """Time the engines on a video of the folder; nothing where there is none."""
    video = next((path for path in sorted((root / "videos").glob("*.mp4"))), None)
    return measure_speed(engines, frames_of(video)) if video and engines else {}


@click.command(context_settings=CONTEXT)
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder with crops24/, gallery/, probe/.")
@click.option("--work", required=True, type=click.Path(path_type=Path), help="Folder for what is kept between runs.")
@click.option("--engines", default=",".join(ENGINES), show_default=True, help="Separated by commas.")
@click.option("--splits", type=click.IntRange(min=1), default=20, show_default=True, help="Random halves of the people.")
@click.option("--pictures", type=click.IntRange(min=1), default=10, show_default=True, help="Of each known person.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random halves.")
@click.option("--videos", is_flag=True, help="Analyse the videos with each engine too.")
@click.option("--sample_period", type=click.FloatRange(min=0, min_open=True), default=0.5, show_default=True, help="Seconds.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the result as JSON.")
@click.option("--document", type=click.Path(path_type=Path), help="Put the tables between the marks of a Markdown file.")
@config_option
def command(
    data: Path,
    work: Path,
    engines: str,
    splits: int,
    pictures: int,
    seed: int,
    videos: bool,
    sample_period: float,
    json_path: Path | None,
    document: Path | None,
    config: Path | None,
) -> None:
    """Compare engines and classifiers on photos and videos of people."""
    names = [name.strip() for name in engines.split(",") if name.strip()]
    unknown = [name for name in names if name not in ENGINES]
    if unknown:
        raise ConfigError(f"There is no engine {', '.join(unknown)}. Choose of: {', '.join(ENGINES)}.")
    protocol = Protocol(splits, pictures, seed)
    work.mkdir(parents=True, exist_ok=True)
    results = compare(load_settings(config), data, names, protocol, work, for_terminal(), videos, sample_period)
    text = as_markdown(results, protocol)
    click.echo(text)
    if json_path:
        write_json(json_path, as_json(results, protocol))
    if document:
        write_section(document, "engines", text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "python -m evaluation.engines")


if __name__ == "__main__":
    sys.exit(main())
