"""The command line of bulk runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ...cli import CONTEXT, config_option, device_option, run_command, workspace_of
from .stage import DONE, FAILED, SKIPPED, BulkReport, run


@click.command(context_settings=CONTEXT)
@click.option(
    "--table",
    required=True,
    type=click.Path(path_type=Path),
    help="CSV with a row a video or a part of one: media, locator, url, path or video; start, end, person. Or a list in .txt.",
)
@click.option("--project", required=True, help="Project whose engine is used and whose model gives the names.")
@click.option("--column", help="Column that names the video [the first that is filled of media, locator, url, path, video].")
@click.option("--base", help="Folder or address that paths of the table start from [the folder of the table].")
@click.option(
    "--output", type=click.Path(path_type=Path), help="Folder for the report [bulk_TABLE among the project's results]."
)
@click.option("--video_speedup", type=click.IntRange(min=1), help="Analyse every Nth frame.")
@click.option("--sample_period", type=click.FloatRange(min=0, min_open=True), help="Analyse a frame each so many seconds.")
@click.option("--jobs", type=click.IntRange(min=0), help="Videos analysed at a time; 0 as many as the machine has room for.")
@device_option
@config_option
def command(
    table: Path,
    project: str,
    column: str | None,
    base: str | None,
    output: Path | None,
    video_speedup: int | None,
    sample_period: float | None,
    jobs: int | None,
    device: str | None,
    config: Path | None,
) -> int:
    """Analyse the videos of a table and report every row; run again it goes on where it was."""
    if video_speedup is not None and sample_period is not None:
        raise click.UsageError("Give --video_speedup or --sample_period, not both.")
    options: dict[str, Any] = {"video_speedup": video_speedup, "sample_period_s": sample_period}
    with workspace_of(config, device) as workspace:
        n_jobs = workspace.settings.jobs if jobs is None else jobs
        report = run(workspace, table, project, column=column, base=base, output=output, jobs=n_jobs, **options)
    return _print(report)


def _print(report: BulkReport) -> int:
    for outcome in report.outcomes:
        if outcome.error:
            click.echo(f"Line {outcome.row.line} failed: {outcome.error}")
    click.echo(
        f"{len(report.outcomes)} rows: {report.count(DONE)} analysed, {report.count(SKIPPED)} skipped as they were analysed "
        f"before, {report.count(FAILED)} failed"
    )
    if not report.is_named:
        click.echo("Nobody is named: the project has no model yet. See: train")
    click.echo(f"Report in {report.folder}")
    return 1 if report.count(FAILED) else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "bulk")
