"""Measures who is found when, against a folder of videos with ground truth: `python -m evaluation.run --data DIR`.

A project of its own is built from the photos of the folder, every video is analysed, and the seconds on screen are compared.
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import click
from rich.console import Console

from src.cli import CONTEXT, config_option, run_command
from src.errors import AnnotationError, ConfigError, StorageError
from src.progress import for_terminal
from src.records import stable_id
from src.settings import Classifier, DatabaseSettings, Settings, load_settings
from src.workspace import Workspace, open_workspace

from .material.data import EvaluationData, TruthRow, read_data
from .reports.documents import write_section
from .reports.plots import write_plots
from .reports.report import Evaluation, VideoResult, as_json, as_markdown, print_report
from .scores.curve import curve_of
from .scores.moments import read_footage
from .scores.scoring import Presence, score

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured.

    Attributes:
        sample_period_s: Seconds between two frames that are looked at.
        with_outliers: Whether the photos that OUTLIERS.csv lists are trained on too, as a crawl would bring them.
        videos: Names of the videos, with or without ending; empty for all.
    """

    sample_period_s: float = 0.5
    with_outliers: bool = False
    videos: tuple[str, ...] = ()


def evaluate(workspace: Workspace, data: EvaluationData, options: Options) -> Evaluation:
    """Build a project and measure it on every video; a video that fails is recorded, and the rest goes on.

    Args:
        workspace: Where the project is built; what it holds of an earlier run is used again.
        data: Photos, videos and truth.
        options: What is measured.

    Raises:
        ConfigError: There is no ground truth, or none for a video that was asked for.
        AnnotationError: The project cannot be built.
    """
    from src import aligner, classifier, crawler

    videos = choose_videos(data, options.videos)
    settings = workspace.settings
    photos = {person: _photos(data, person, options.with_outliers) for person in data.people}
    project = _project_name(settings.engine, photos)
    folder = workspace.data_dir / "photos" / project
    lay_out(photos, folder)
    crawler.run(workspace, project, [], max_num=max(map(len, photos.values())), folder=folder, engine=settings.engine)
    aligner.run(workspace, project)
    model = classifier.run(workspace, project, classifier=settings.classifier).model
    results = tuple(_measure(workspace, project, data, video, options) for video in videos)
    return Evaluation(
        str(data.root),
        model.engine,
        model.classifier,
        model.model_id,
        options.sample_period_s,
        options.with_outliers,
        len(model.people),
        len(model.images),
        results,
    )


def choose_videos(data: EvaluationData, names: Sequence[str]) -> list[str]:
    """Return the videos of these names, in the order of the ground truth; all of them where there is no name.

    Raises:
        ConfigError: There is no ground truth, or none for a video of this name.
    """
    if not data.truth:
        raise ConfigError(f"{data.root / 'videos' / 'ground_truth.csv'} has no row that is to be scored. Add some.")
    unknown = [name for name in names if not any(name in {video, Path(video).stem} for video in data.truth)]
    if unknown:
        raise ConfigError(f"No video with ground truth is called {', '.join(unknown)}. Known: {', '.join(data.truth)}.")
    return [video for video in data.truth if not names or video in names or Path(video).stem in names]


def _project_name(engine: str, photos: dict[str, list[Path]]) -> str:
    """Return a name that other photos do not share: a work folder may have served another data folder."""
    content = [(person, path.name, path.stat().st_size) for person, paths in photos.items() for path in paths]
    return f"evaluation-{engine}-{stable_id(content)[:8]}"


def _photos(data: EvaluationData, person: str, with_outliers: bool) -> list[Path]:
    return [path for path in data.people[person] if with_outliers or path not in data.outliers]


def lay_out(photos: dict[str, list[Path]], folder: Path) -> None:
    """Copy photos into one folder with a sub-folder a person, as a crawl from a folder expects them.

    Args:
        photos: Of each person; photos of one name from different folders get different names.
        folder: Where to. What an earlier run left there is removed.

    Raises:
        StorageError: The folder cannot be written.
    """
    try:
        shutil.rmtree(folder, ignore_errors=True)
        for person, paths in photos.items():
            (folder / person).mkdir(parents=True)
            for path in paths:
                shutil.copyfile(path, folder / person / f"{path.parent.parent.name}_{path.name}")
    except OSError as err:
        raise StorageError(f"{folder} cannot be written: {err}. Choose another --work.") from err


def _measure(workspace: Workspace, project: str, data: EvaluationData, video: str, options: Options) -> VideoResult:
    from src import clusterize, tracker

    start = time.monotonic()
    path = str(data.video_path(video))
    try:
        tracker.run(workspace, path, project, sample_period_s=options.sample_period_s)
        derived = clusterize.run(workspace, path, project)
    except AnnotationError as err:
        return VideoResult(video, error=str(err))
    except Exception as err:
        # An edge like the command line: hours of other videos are not thrown away for a fault in one.
        _log.exception("%s", video)
        return VideoResult(video, error=f"{type(err).__name__}: {err}")
    wall_s = time.monotonic() - start
    rows, shots = data.truth[video], data.shots.get(video, ())
    footage = read_footage(workspace.store, derived.video, derived.analysis, derived.model, derived.appearances, rows, shots)
    found = [claim.presence for claim in footage.claims]
    strict, lenient = (score(_presences(rows, lenient), found) for lenient in (False, True))
    return VideoResult(video, strict, lenient, footage, wall_s)


def _presences(rows: Iterable[TruthRow], lenient: bool) -> list[Presence]:
    return [row.presence(lenient) for row in rows]


def settings_for(base: Settings, work: Path, engine: str | None, classifier: Classifier | None) -> Settings:
    """Return settings that keep everything in a work folder, but for the weights, which are not fetched twice.

    The environment does not win over these: an evaluation never writes into somebody's data.
    """
    changes = {
        "data_dir": work,
        "weights_dir": base.weights_dir.resolve(),
        "database": DatabaseSettings.model_construct(uri=f"sqlite:///{(work / 'facerec.db').resolve()}"),
        "engine": engine or base.engine,
        "classifier": classifier or base.classifier,
    }
    return base.model_copy(update=changes)


@contextmanager
def _work_folder(work: Path | None, keep: bool) -> Iterator[Path]:
    """Yield the folder to work in; a temporary one is removed at the end unless it is to be kept."""
    folder = work or Path(tempfile.mkdtemp(prefix="facerec-evaluation-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder.resolve()
    finally:
        if work is None and not keep:
            shutil.rmtree(folder, ignore_errors=True)
        elif work is None:
            click.echo(f"Kept: {folder}", err=True)


@click.command(context_settings=CONTEXT)
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), help="Folder with gallery/ and videos/ground_truth.csv."
)
@click.option("--work", type=click.Path(path_type=Path), help="Folder to work in, used again by the next run [temporary].")
@click.option("--engine", help="Engine [as in the settings].")
@click.option("--classifier", type=click.Choice(get_args(Classifier)), help="Classifier [as in the settings].")
@click.option("--sample_period", type=click.FloatRange(min=0, min_open=True), default=0.5, show_default=True, help="Seconds.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the result as JSON too; - for standard output."
)
@click.option(
    "--document",
    type=click.Path(path_type=Path),
    help="Put the tables between the result marks of a Markdown file, plots into plots/ beside it.",
)
@click.option("--videos", default="", help="Only these videos, separated by commas [all].")
@click.option("--with_outliers", is_flag=True, help="Train on the photos of gallery/OUTLIERS.csv too.")
@click.option("--keep", is_flag=True, help="Keep the temporary folder.")
@config_option
def command(
    data: Path,
    work: Path | None,
    engine: str | None,
    classifier: Classifier | None,
    sample_period: float,
    json_path: Path | None,
    document: Path | None,
    videos: str,
    with_outliers: bool,
    keep: bool,
    config: Path | None,
) -> int:
    """Measure who is found when, against videos with ground truth."""
    options = Options(sample_period, with_outliers, tuple(name.strip() for name in videos.split(",") if name.strip()))
    material = read_data(data)
    choose_videos(material, options.videos)
    with _work_folder(work, keep) as folder:
        settings = settings_for(load_settings(config), folder, engine, classifier)
        with open_workspace(settings, for_terminal()) as workspace:
            evaluation = evaluate(workspace, material, options)
    _show(evaluation, json_path)
    if document:
        _write_document(evaluation, document)
    return 1 if evaluation.failed else 0


def _write_document(evaluation: Evaluation, document: Path) -> None:
    """Put the tables into a document, and the plots into the folder `plots` beside it."""
    splits = evaluation.splits()
    curves = {name: curve_of(videos) for name, videos in splits.items()}
    plots = write_plots(document.parent / "plots", splits["overall"], curves)
    text = as_markdown(evaluation, [path.relative_to(document.parent).as_posix() for path in plots])
    write_section(document, "results", text)


def _show(evaluation: Evaluation, json_path: Path | None) -> None:
    text = json.dumps(as_json(evaluation), indent=2, ensure_ascii=False) + "\n"
    if json_path == Path("-"):
        click.echo(text, nl=False)
        return
    # A pipe or a file gets whole lines.
    print_report(evaluation, Console(width=None if sys.stdout.isatty() else 120, highlight=False))
    if json_path:
        try:
            json_path.write_text(text, encoding="utf-8")
        except OSError as err:
            raise StorageError(f"{json_path} cannot be written: {err.strerror}. Choose another --json.") from err


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "python -m evaluation.run")


if __name__ == "__main__":
    sys.exit(main())
