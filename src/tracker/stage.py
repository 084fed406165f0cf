"""`run` and `main` of the tracker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import click

from .. import __version__
from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..engines import Engine
from ..errors import AnnotationError
from ..identification import add_to_project, identify_analysis, newest_model, track_names
from ..records import Analysis, Project, Status, Video, now, stable_id
from ..schema import UNKNOWN, Candidate
from ..settings import TrackerSettings
from ..sort import SortTracker
from ..tables import write_predictions, write_trackers
from ..video import open_stream
from ..video.fragments import Fragment, split_locator
from ..video.sampling import Sampling
from ..video.stream import VideoStream
from ..videos import forget_analysis, register_video
from ..workspace import Workspace
from .analyser import Analyser, FaceLimits
from .frames import export_frames as write_frames

TRACKER_VERSION = "1"
"""Changes whenever the same video would give other tracks: part of what an analysis is known by."""


@dataclass(frozen=True, slots=True)
class TrackReport:
    """What a run of the tracker did.

    Attributes:
        video: The video's record.
        analysis: The complete analysis.
        is_new: False where a complete analysis was found and nothing was decoded.
        output_dir: Where the tables lie.
        n_frames_written: Annotated frames, 0 unless asked for.
    """

    video: Video
    analysis: Analysis
    is_new: bool
    output_dir: Path
    n_frames_written: int


def run(
    workspace: Workspace,
    video: str,
    project: str,
    *,
    video_speedup: int | None = None,
    sample_period_s: float | None = None,
    export_frames: bool = False,
    no_cache: bool = False,
) -> TrackReport:
    """Find and follow the faces of a video, unless that was done before, and write the tables of samples.

    Args:
        workspace: Where to work.
        video: Path or http(s) address, with a media fragment (`#t=10,20`) where only a part is meant.
        project: Whose engine is used and whose folder gets the tables; begun where there is none.
        video_speedup: Analyse every Nth frame; the setting where None.
        sample_period_s: Analyse a frame each so many seconds instead.
        export_frames: Also write the sampled frames with boxes.
        no_cache: Analyse again what was analysed before.

    Raises:
        MediaError: The video cannot be read.
        ConfigError: A value lies outside its range.
        EngineError: The project's engine cannot be loaded.
    """
    owner = workspace.begin_project(project)
    settings = workspace.settings.tracker
    sampling = _sampling(settings, video_speedup, sample_period_s)
    locator, fragment = split_locator(video)
    with open_stream(locator) as stream:
        engine = workspace.engine(owner.engine)
        record = register_video(workspace.store, locator, stream)
        analysis, is_new = _begin(workspace, record, engine, sampling, fragment, no_cache)
        if analysis.status is not Status.COMPLETE:
            analysis = _watch(workspace, engine, analysis, stream, sampling, fragment)
        add_to_project(workspace, owner.project, record.video_id, str(fragment), analysis.analysis_id)
        output_dir = workspace.output_dir(owner.project, record.folder)
        write_trackers(output_dir / "trackers.csv", workspace.store, analysis)
        label = _write_named(workspace, owner, analysis, output_dir)
        n_written = 0
        if export_frames:
            n_written = write_frames(output_dir / "frames", workspace.store, analysis, stream, label, workspace.progress)
    return TrackReport(record, analysis, is_new, output_dir, n_written)


def _sampling(settings: TrackerSettings, video_speedup: int | None, sample_period_s: float | None) -> Sampling:
    """Return the sampling that was asked for: a flag wins over both settings, a period over a count of frames."""
    if video_speedup is None and sample_period_s is None:
        video_speedup = None if settings.sample_period_s else settings.video_speedup
        sample_period_s = settings.sample_period_s
    return Sampling(video_speedup or settings.video_speedup, sample_period_s)


def _begin(
    workspace: Workspace, video: Video, engine: Engine, sampling: Sampling, fragment: Fragment, no_cache: bool
) -> tuple[Analysis, bool]:
    """Return the analysis of this video, engine, sampling, tracker and fragment, and whether any of it is left to do."""
    settings = workspace.settings.tracker.model_dump(exclude={"video_speedup", "sample_period_s"})
    tracker = settings | {"version": TRACKER_VERSION}
    analysis_id = stable_id(video.video_id, engine.id, sampling.describe(), tracker, str(fragment))
    store = workspace.store
    known = store.get(Analysis, analysis_id)
    if known is not None and not no_cache:
        return known, known.status is not Status.COMPLETE
    forget_analysis(store, analysis_id)
    analysis = Analysis(
        analysis_id,
        video.video_id,
        engine.id,
        sampling.describe() | {"period_s": sampling.period_s(Fraction(video.frame_rate))},
        tracker,
        str(fragment),
        versions={"facerec": __version__},
    )
    store.put(analysis)
    return analysis, True


def _watch(
    workspace: Workspace,
    engine: Engine,
    analysis: Analysis,
    stream: VideoStream,
    sampling: Sampling,
    fragment: Fragment,
) -> Analysis:
    settings = workspace.settings.tracker
    limits = FaceLimits(settings.min_score, settings.min_face_px, settings.max_faces)
    tracker = SortTracker(settings.min_iou, settings.max_age, settings.appearance)
    analyser = Analyser(workspace.store, engine, analysis, limits, tracker)
    duration = fragment.interval.end_npt or stream.info.duration
    total = duration - fragment.interval.start_npt if duration else None
    try:
        with workspace.progress.task(Path(stream.info.locator).name, total, "s of video") as task:
            return analyser.watch(stream, sampling, fragment.interval, task)
    except AnnotationError as err:
        # What was stored up to the last checkpoint stays; the same command goes on from there.
        failed = replace(analyser.analysis, status=Status.ERROR, error=str(err), updated_at=now())
        workspace.store.put(failed)
        raise


def _write_named(workspace: Workspace, owner: Project, analysis: Analysis, output_dir: Path) -> Callable[[int], str]:
    """Write predictions.csv where the project has a model, and return what to call each track."""
    model = newest_model(workspace, owner)
    identification = identify_analysis(workspace, model, analysis) if model else None
    if model is None or identification is None:
        return lambda track_id: f"track {track_id}"
    write_predictions(output_dir / "predictions.csv", workspace.store, analysis, model)
    least = workspace.settings.clusterize.confidence_threshold
    names = {track_id: _label(track_id, said.candidates[0], least) for track_id, said in track_names(model, identification)}
    return lambda track_id: names[track_id]


def _label(track_id: int, best: Candidate, least: float) -> str:
    """Return the likeliest name of a track, or that nobody knows it."""
    return f"{best.name} {best.confidence:.2f}" if best.confidence >= least else f"{UNKNOWN} (track {track_id})"


@click.command(context_settings=CONTEXT)
@click.option("--video", required=True, help="Path or http(s) address, also with a fragment: film.mp4#t=10,20.")
@click.option("--project", required=True, help="Project whose engine is used.")
@click.option("--video_speedup", type=click.IntRange(min=1), help="Analyse every Nth frame.")
@click.option("--sample_period", type=click.FloatRange(min=0, min_open=True), help="Analyse a frame each so many seconds.")
@click.option("--export_frames", is_flag=True, help="Write the sampled frames with boxes.")
@click.option("--no_cache", is_flag=True, help="Analyse again what was analysed before.")
@config_option
def command(
    video: str,
    project: str,
    video_speedup: int | None,
    sample_period: float | None,
    export_frames: bool,
    no_cache: bool,
    config: Path | None,
) -> None:
    """Find and follow the faces of a video."""
    if video_speedup is not None and sample_period is not None:
        raise click.UsageError("Give --video_speedup or --sample_period, not both.")
    with workspace_of(config) as workspace:
        report = run(
            workspace,
            video,
            project,
            video_speedup=video_speedup,
            sample_period_s=sample_period,
            export_frames=export_frames,
            no_cache=no_cache,
        )
    _print(report)


def _print(report: TrackReport) -> None:
    counts = report.analysis.counts
    state = "analysed" if report.is_new else "was analysed before"
    click.echo(
        f"{report.video.locator} {state}: {counts['n_frames']} frames, {counts['n_samples']} samples, "
        f"{counts['n_shots']} shots, {counts['n_faces']} faces in {counts['n_tracks']} tracks"
    )
    if counts["n_faces_dropped"]:
        click.echo(f"{counts['n_faces_dropped']} faces were too small, too doubtful or too many to follow")
    if report.analysis.error:
        click.echo(f"Damage: {report.analysis.error} ({counts['n_damaged']} damaged)")
    click.echo(f"Tables in {report.output_dir}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "tracker")
