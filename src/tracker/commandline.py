"""The command line of the tracker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..cli import CONTEXT, config_option, device_option, run_command, workspace_of
from ..connectors import connectors_of
from ..errors import AnnotationError
from ..identities.identification import analyses_of
from ..mediafragments import EVERYTHING, joined
from ..settings import TrackerName
from ..tracking import TRACKERS
from ..video.fragments import split_locator
from ..videos import is_outdated
from ..workspace import Workspace
from .expansion import expand, stands_for_many
from .many import ManyReport, run_many
from .outdated import refresh as run_refresh
from .stage import TrackReport, run


@click.command(context_settings=CONTEXT)
@click.option(
    "--video",
    "videos",
    multiple=True,
    help="Path or address, of an archive or a site too, also with a fragment: film.mp4#t=10,20; a folder; a list in a .txt "
    "file; a playlist. May be repeated.",
)
@click.argument("more", nargs=-1, metavar="[VIDEO]...")
@click.option("--project", required=True, help="Project whose engine is used.")
@click.option("--video_speedup", type=click.IntRange(min=1), help="Analyse every Nth frame.")
@click.option("--sample_period", type=click.FloatRange(min=0, min_open=True), help="Analyse a frame each so many seconds.")
@click.option("--tracker", type=click.Choice(tuple(TRACKERS)), help="How boxes become tracks.")
@click.option(
    "--track_fps", type=click.FloatRange(min=0, min_open=True), help="Follow faces between samples, so many frames/s."
)
@click.option("--max_faces", type=click.IntRange(min=1), help="Follow at most so many faces a frame, the best ones.")
@click.option("--export_frames", is_flag=True, help="Write the sampled frames with boxes.")
@click.option("--no_cache", is_flag=True, help="Analyse again what was analysed before.")
@click.option("--refresh", is_flag=True, help="Analyse again all videos of the project that an older tracker analysed.")
@click.option("--jobs", type=click.IntRange(min=0), help="Videos analysed at a time; 0 as many as the machine has room for.")
@click.option(
    "--segments",
    type=click.IntRange(min=0),
    help="Segments of one video worked on at a time; 0 as many as the machine has room for, 1 not to cut it.",
)
@device_option
@config_option
def command(
    videos: tuple[str, ...],
    more: tuple[str, ...],
    project: str,
    video_speedup: int | None,
    sample_period: float | None,
    tracker: TrackerName | None,
    track_fps: float | None,
    max_faces: int | None,
    export_frames: bool,
    no_cache: bool,
    refresh: bool,
    jobs: int | None,
    segments: int | None,
    device: str | None,
    config: Path | None,
) -> int:
    """Find and follow the faces of videos."""
    if video_speedup is not None and sample_period is not None:
        raise click.UsageError("Give --video_speedup or --sample_period, not both.")
    # What a shell makes of `--video *.mp4`: the first name belongs to the flag, the others stand alone.
    given = (*videos, *more)
    if bool(given) is refresh:
        raise click.UsageError("Give --video for videos, folders or lists, or --refresh for all whose analysis is outdated.")
    options: dict[str, Any] = {
        "video_speedup": video_speedup,
        "sample_period_s": sample_period,
        "tracker": tracker,
        "track_fps": track_fps,
        "max_faces": max_faces,
        "segments": segments,
        "export_frames": export_frames,
        "no_cache": no_cache,
    }
    with workspace_of(config, device) as workspace:
        if refresh:
            return _refresh(workspace, project)
        found = _listed(workspace, expand(given))
        if len(found) > 1 or stands_for_many(given[0]):
            status = _many(run_many(workspace, found, project, workspace.settings.jobs if jobs is None else jobs, **options))
        else:
            _print(run(workspace, found[0], project, **options))
            status = 0
        _tell_outdated(workspace, project)
    return status


def _listed(workspace: Workspace, videos: Sequence[str]) -> list[str]:
    """Return videos with playlists, collections and the like replaced by what they stand for; what is left out is told."""
    connectors, found = connectors_of(workspace), list[str]()
    for video in videos:
        fragment = EVERYTHING
        try:
            bare, fragment = split_locator(video)
            entries = connectors.entries(bare)
        except AnnotationError:
            entries = None  # what is wrong with it is said when it is its turn
        if entries is None:
            found.append(video)
            continue
        found += entries.limited_to(fragment)
        name = f'"{entries.title}" ({video})' if entries.title else video
        click.echo(f"{name} stands for {len(entries.locators)} videos")
        if entries.n_more != 0:
            more = "more" if entries.n_more is None else f"{entries.n_more} more"
            click.echo(f"{more} are left out: at most {len(entries.locators)} are taken (sources.max_entries)".capitalize())
    return list(dict.fromkeys(found))


def _many(report: ManyReport) -> int:
    for outcome in report.outcomes:
        if outcome.report is not None:
            _print(outcome.report)
    for outcome in report.failures:
        click.echo(f"Failed: {outcome.error}")
    click.echo(
        f"{len(report.outcomes)} videos: {report.n_done} analysed, {report.n_skipped} skipped as they were analysed before, "
        f"{len(report.failures)} failed"
    )
    return 1 if report.failures else 0


def _refresh(workspace: Workspace, project: str) -> int:
    report = run_refresh(workspace, project)
    click.echo(
        f"{len(report.refreshed)} videos analysed anew, {report.n_current} were up to date, {len(report.failures)} failed; "
        f"{report.n_removed} old analyses removed"
    )
    for failure in report.failures:
        click.echo(f"Failed: {failure}")
    return 1 if report.failures else 0


def _tell_outdated(workspace: Workspace, project: str) -> None:
    owner = workspace.project(project)
    n_outdated = sum(is_outdated(analysis) for analysis in analyses_of(workspace, owner.project))
    if n_outdated:
        click.echo(
            f"An older tracker analysed {n_outdated} other videos of this project. "
            f"Analyse them anew with: track --refresh --project {owner.project}"
        )


def _print(report: TrackReport) -> None:
    counts = report.analysis.counts
    state = "analysed" if report.is_new else "was analysed before"
    named = joined(report.video.locator, report.analysis.fragment)
    click.echo(
        f"{named} {state}: {counts['n_frames']} frames, {counts['n_samples']} samples, "
        f"{counts['n_shots']} shots, {counts['n_faces']} faces in {counts['n_tracks']} tracks"
    )
    if counts["n_faces_dropped"]:
        click.echo(f"{counts['n_faces_dropped']} faces were too small, too doubtful or too many to follow")
    if report.analysis.error:
        click.echo(f"Damage: {report.analysis.error}" + (f" ({counts['n_damaged']} frames)" if counts["n_damaged"] else ""))
    if not counts["n_samples"]:
        click.echo("No sampled frame falls into this part. Sample more often: a smaller --video_speedup or --sample_period")
    if not (report.output_dir / "predictions.csv").exists():
        click.echo("No predictions.csv: the project has no model yet, or there is no face. See: train")
    click.echo(f"Tables in {report.output_dir}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "tracker")
