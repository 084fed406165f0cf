"""The stage that says who appears when: tracks, a model and people's decisions to appearances, and strangers to groups."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import click

from .cli import CONTEXT, config_option, run_command, workspace_of
from .errors import GalleryError
from .identities.appearances import Derived, derive, derive_all
from .identities.identification import add_to_project, newest_model
from .recognition.voting import Voting
from .settings import ClusterizeSettings
from .timebase import format_npt
from .videos import find_analysis, find_video, is_outdated
from .workspace import Workspace


def run(
    workspace: Workspace,
    video: str,
    project: str,
    *,
    confidence_threshold: float | None = None,
    dominant_ratio: float | None = None,
    weighted_dominant_ratio: float | None = None,
    min_length: int | None = None,
    merge_cluster: bool | None = None,
    voting: Voting | None = None,
) -> Derived:
    """Name the tracks of an analysed video, group the others, and store and write the appearances.

    Args:
        workspace: Where to work.
        video: As it was given to the tracker, with its fragment.
        project: Whose model gives the names.
        confidence_threshold: A name with less is not given; this and the following: the setting where None.
        dominant_ratio: Share of a track's samples that must carry its name.
        weighted_dominant_ratio: The same, weighted by confidence and quality.
        min_length: Samples a track needs to be named.
        merge_cluster: Join neighbouring tracks of one person.
        voting: How the samples of a track agree on a name.

    Raises:
        ConfigError: The video was not analysed yet, or the project does not exist.
        GalleryError: The project has no model, or one of another engine.
    """
    owner = workspace.project(project)
    settings = _settings(
        workspace,
        confidence_threshold=confidence_threshold,
        dominant_ratio=dominant_ratio,
        weighted_dominant_ratio=weighted_dominant_ratio,
        min_length=min_length,
        merge_cluster=merge_cluster,
        voting=voting,
    )
    record, fragment = find_video(workspace.store, video)
    analysis = find_analysis(workspace.store, record, owner.engine, fragment, owner.project)
    if newest_model(workspace, owner) is None:
        raise GalleryError(f'Project "{owner.project}" has no model. Run: train --project {owner.project}')
    add_to_project(workspace, owner.project, record.video_id, str(fragment), analysis.analysis_id)
    return derive(workspace, owner, analysis, settings)


def run_all(workspace: Workspace, project: str, **rule: Any) -> list[Derived]:
    """Derive the appearances of every video of a project anew, with no video opened.

    Args:
        workspace: Where to work.
        project: Whose videos.
        rule: As for `run`.

    Raises:
        ConfigError: The project does not exist.
        GalleryError: Its newest model is of another engine than an analysis, or cannot be read.
    """
    return derive_all(workspace, workspace.project(project), _settings(workspace, **rule))


def _settings(workspace: Workspace, **asked: Any) -> ClusterizeSettings:
    """Return the settings, with those that were asked for in their place."""
    update = {key: value for key, value in asked.items() if value is not None}
    return workspace.settings.clusterize.model_copy(update=update)


@click.command(context_settings=CONTEXT)
@click.option("--video", help="As it was given to the tracker [every video of the project].")
@click.option("--project", required=True, help="Project whose model gives the names.")
@click.option("--confidence_threshold", type=click.FloatRange(0, 1), help="A name with less is not given.")
@click.option("--dominant_ratio", type=click.FloatRange(0, 1), help="Share of a track's samples that carry its name.")
@click.option("--weighted_dominant_ratio", type=click.FloatRange(0, 1), help="The same, weighted by confidence and quality.")
@click.option("--min_length", type=click.IntRange(min=1), help="Samples a track needs to be named.")
@click.option("--merge_cluster/--no_merge_cluster", default=None, help="Join neighbouring tracks of one person.")
@click.option("--voting", type=click.Choice(get_args(Voting)), help="How the samples of a track agree on a name.")
@config_option
def command(video: str | None, project: str, config: Path | None, **rule: Any) -> None:
    """Say who appears when in an analysed video, or in all videos of a project."""
    with workspace_of(config) as workspace:
        reports = [run(workspace, video, project, **rule)] if video else run_all(workspace, project, **rule)
    for report in reports:
        _print(report, project)


def _print(report: Derived, project: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Who", "From", "To", "Confidence", "Tracks", title=report.video.title)
    for appearance in report.appearances:
        table.add_row(
            appearance.name,
            format_npt(appearance.start_npt),
            format_npt(appearance.end_npt),
            f"{appearance.confidence:.2f}" if appearance.person_id else "",
            str(len(appearance.merged_tracks)),
            style=None if appearance.person_id else "dim",
        )
    Console().print(table)
    people = {appearance.name for appearance in report.appearances if appearance.person_id}
    unknown = {appearance.name for appearance in report.appearances if not appearance.person_id}
    if is_outdated(report.analysis):
        click.echo(f"An older tracker made this analysis. Make it anew with: track --refresh --project {project}")
    for decision in report.lost:
        click.echo(f"Not found any more: the track of the decision {decision.decision_id} ({decision.verb})")
    click.echo(f"{len(people)} people and {len(unknown)} unknown. Written: {report.csv_path} and {report.json_path}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "clusterize")


if __name__ == "__main__":
    sys.exit(main())
