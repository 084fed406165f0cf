"""The verb `worker`: does jobs until it is stopped."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from .. import logs
from ..cli import CONTEXT, config_option, device_option, run_command, workspace_of
from ..records import JobStatus
from .queue import counts
from .worker import Worker


@click.command(context_settings=CONTEXT)
@click.option("--slots", type=click.IntRange(1, 64), help="Jobs done at a time [the setting worker.slots].")
@click.option("--until_idle", is_flag=True, help="End when nothing is queued or under way.")
@device_option
@config_option
def command(slots: int | None, until_idle: bool, device: str | None, config: Path | None) -> None:
    """Do the jobs that were submitted. Several workers may share a database; Ctrl-C hands back what is under way."""
    with workspace_of(config, device) as workspace:
        logs.configure(workspace.settings.log.level, workspace.settings.log.format)
        worker = Worker(workspace, slots=slots)
        with _stopping(worker):
            click.echo(f"Worker {worker.name} waits for jobs in {workspace.store.place}", err=True)
            worker.run(until_idle=until_idle)
        click.echo(f"Worker {worker.name} has stopped; {counts(workspace)[JobStatus.QUEUED]} jobs are queued", err=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "worker")


@contextmanager
def _stopping(worker: Worker) -> Iterator[None]:
    """Let Ctrl-C and the signal that ends services stop a worker in good order."""
    stops = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: worker.stop(wait=False)) for number in stops]
    try:
        yield
    finally:
        for number, handler in zip(stops, before, strict=True):
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
