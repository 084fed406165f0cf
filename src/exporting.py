"""The stage that writes what was seen in a video in a format of other programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from .cli import CONTEXT, config_option, run_command, workspace_of
from .errors import ConfigError
from .export import FORMATS
from .records import Analysis, Video
from .videos import find_analysis, find_video
from .workspace import Workspace


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What a run wrote.

    Attributes:
        video: Of which video.
        analysis: Which analysis of it.
        output: The file.
        n_rows: Boxes, or whatever the format has, in it.
    """

    video: Video
    analysis: Analysis
    output: Path
    n_rows: int


def run(workspace: Workspace, project: str, video: str, format_name: str, output: Path | None = None) -> ExportReport:
    """Write the analysis of a video that counts in a project.

    Args:
        workspace: Where to work.
        project: Whose analysis.
        video: As it was given to the tracker.
        format_name: One of `FORMATS`.
        output: The file, replaced where there is one; by default one named after the format among the video's results.

    Raises:
        ConfigError: There is no such project, format, video or complete analysis.
        ExportError: The file cannot be written.
    """
    if format_name not in FORMATS:
        raise ConfigError(f'There is no format "{format_name}". Choose one of: {", ".join(FORMATS)}.')
    owner, chosen = workspace.project(project), FORMATS[format_name]
    record, fragment = find_video(workspace.store, video)
    analysis = find_analysis(workspace.store, record, owner.engine, fragment, owner.project)
    path = output or workspace.output_dir(owner.project, record.folder) / f"{format_name}{chosen.suffix}"
    return ExportReport(record, analysis, path, chosen.write(path, workspace.store, analysis))


@click.command(context_settings=CONTEXT)
@click.option("--project", required=True, help="Project whose analysis is written.")
@click.option("--video", required=True, help="As it was given to the tracker.")
@click.option("--format", "format_name", type=click.Choice(tuple(FORMATS)), required=True, help="How to write it.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="File [data/out/PROJECT/VIDEO/FORMAT.*].")
@config_option
def command(project: str, video: str, format_name: str, output: Path | None, config: Path | None) -> None:
    """Write what was seen in a video in a format of other programs."""
    with workspace_of(config) as workspace:
        report = run(workspace, project, video, format_name, output)
    click.echo(f"{report.output}: {report.n_rows} {FORMATS[format_name].row} of {report.video.locator}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "export")


if __name__ == "__main__":
    sys.exit(main())
