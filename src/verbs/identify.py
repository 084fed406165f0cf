"""The stage that asks the newest model about every stored track of a project, with no video opened."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..errors import GalleryError
from ..identities.appearances import derive_all
from ..identities.identification import analyses_of, forget_older, identify_analyses, newest_model
from ..records import Model
from ..workspace import Workspace


@dataclass(frozen=True, slots=True)
class IdentifyReport:
    """What a run asked and how long that took.

    Attributes:
        model: Who was asked.
        n_videos, n_tracks, n_embeddings: About how much.
        seconds: For asking, without deriving appearances.
        n_appearances: That follow from it.
    """

    model: Model
    n_videos: int
    n_tracks: int
    n_embeddings: int
    seconds: float
    n_appearances: int


def run(workspace: Workspace, project: str) -> IdentifyReport:
    """Identify all videos of a project with its newest model, and derive their appearances.

    What was identified with this model before is not done again. What older models said is forgotten video by video, so
    that an interrupted run leaves every video with an answer.

    Raises:
        ConfigError: The project does not exist.
        GalleryError: It has no model, or the model is of another engine than an analysis.
    """
    owner = workspace.project(project)
    model = newest_model(workspace, owner)
    if model is None:
        raise GalleryError(f'Project "{owner.project}" has no model. Run: train --project {owner.project}')
    analyses = list(analyses_of(workspace, owner.project))
    start, n_tracks, n_embeddings = time.monotonic(), 0, 0
    with workspace.progress.task("Identifying", len(analyses), "videos") as task:
        for analysis, found in identify_analyses(workspace, model, analyses):
            forget_older(workspace, model, analysis.analysis_id)
            if found is not None:
                n_tracks += len(found.track_ids)
                n_embeddings += len(found.sample_tracks)
            task.advance()
    seconds = time.monotonic() - start
    derived = derive_all(workspace, owner, workspace.settings.clusterize)
    n_appearances = sum(len(report.appearances) for report in derived)
    return IdentifyReport(model, len(analyses), n_tracks, n_embeddings, seconds, n_appearances)


@click.command(context_settings=CONTEXT)
@click.option("--project", required=True, help="Whose videos.")
@config_option
def command(project: str, config: Path | None) -> None:
    """Name the people in all videos of a project anew, with the newest model."""
    with workspace_of(config) as workspace:
        report = run(workspace, project)
    click.echo(
        f"Model {report.model.model_id}: {report.n_embeddings} embeddings of {report.n_tracks} tracks in {report.n_videos} "
        f"videos in {report.seconds:.1f} s; {report.n_appearances} appearances"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "identify")


if __name__ == "__main__":
    sys.exit(main())
