"""The verb `jobs`: what is submitted, under way and done."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..errors import JobError
from ..records import Job, JobStatus
from ..workspace import Workspace
from .events import events
from .kinds import KINDS
from .queue import LIVE, cancel, find, get, retry, submit

FOLLOW_S = 0.5


@click.group(context_settings=CONTEXT)
def command() -> None:
    """List, show, submit, cancel or retry jobs; the verb worker does them."""


@command.command("list", context_settings=CONTEXT)
@click.option("--project", help="Only jobs of this project.")
@click.option("--status", type=click.Choice([status.value for status in JobStatus]), help="Only jobs of this status.")
@click.option("--kind", type=click.Choice(tuple(KINDS)), help="Only jobs of this kind.")
@click.option("--max_num", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many, the newest first.")
@config_option
def list_command(project: str | None, status: str | None, kind: str | None, max_num: int, config: Path | None) -> None:
    """List jobs, the newest first."""
    with workspace_of(config) as workspace:
        wanted = JobStatus(status) if status else None
        for job in find(workspace, project=project, status=wanted, kind=kind, limit=max_num):
            click.echo(f"{job.job_id}  {job.status:9}  {job.progress:4.0%}  {job.kind:8}  {job.project}  {_said(job)}".rstrip())


@command.command("show", context_settings=CONTEXT)
@click.argument("job_id")
@click.option("--follow", is_flag=True, help="Go on until the job ends; the status is 1 where it fails.")
@config_option
def show_command(job_id: str, follow: bool, config: Path | None) -> int:
    """Show what happened to a job."""
    with workspace_of(config) as workspace:
        _show(workspace, job_id, follow)
        job = get(workspace, job_id)
    click.echo(
        f"{job.kind} {job.project} {json.dumps(dict(job.params), ensure_ascii=False)}: {job.status} {_said(job)}".rstrip()
    )
    if job.result:
        click.echo(json.dumps(dict(job.result), ensure_ascii=False, indent=2))
    return 1 if job.status in (JobStatus.FAILED, JobStatus.CANCELLED) else 0


@command.command("submit", context_settings=CONTEXT)
@click.argument("kind", type=click.Choice(tuple(KINDS)))
@click.option("--project", required=True, help="Whose job it is.")
@click.option("--params", default="{}", help='Parameters of the kind as JSON: {"video": "film.mp4"}.')
@config_option
def submit_command(kind: str, project: str, params: str, config: Path | None) -> None:
    """Submit a job, or join the one that does the same."""
    with workspace_of(config) as workspace:
        click.echo(submit(workspace, kind, project, _parsed(params), submitted_by="command line").job_id)


@command.command("cancel", context_settings=CONTEXT)
@click.argument("job_id")
@config_option
def cancel_command(job_id: str, config: Path | None) -> None:
    """Cancel a job that is queued or under way."""
    with workspace_of(config) as workspace:
        job = cancel(workspace, job_id)
    click.echo(f"{job_id} is cancelled" if job.status is JobStatus.CANCELLED else f"{job_id} is told to end")


@command.command("retry", context_settings=CONTEXT)
@click.argument("job_id")
@config_option
def retry_command(job_id: str, config: Path | None) -> None:
    """Do a job once more that failed or was cancelled."""
    with workspace_of(config) as workspace:
        click.echo(f"{retry(workspace, job_id).job_id} is queued")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "jobs")


def _show(workspace: Workspace, job_id: str, follow: bool) -> None:
    """Print the events of a job, and those that come until it ends."""
    after = 0
    while True:
        # Looked at first: what is written before the end is read after it.
        live = get(workspace, job_id).status in LIVE
        while found := events(workspace.store, job_id, after):
            for event in found:
                click.echo(f"{event.created_at}  {event.what:8}  {event.progress:4.0%}  {event.message}")
            after = found[-1].number
        if not (follow and live):
            return
        time.sleep(FOLLOW_S)


def _said(job: Job) -> str:
    return job.error or job.message


def _parsed(text: str) -> dict[str, Any]:
    try:
        params = json.loads(text)
    except ValueError as err:
        raise JobError("bad_params", f"--params is no JSON: {err}") from err
    if not isinstance(params, dict):
        raise JobError("bad_params", '--params must be an object: {"video": "film.mp4"}.')
    return params


if __name__ == "__main__":
    sys.exit(main())
