"""The verb `audit`: read the audit log."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..names import folder_name
from .audit import events, printable


def moment_of(text: str) -> datetime:
    """Read a date or a moment as ISO 8601 writes them; UTC where it names no time zone.

    Raises:
        click.BadParameter: It is none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as err:
        raise click.BadParameter(f"{text!r} is no date. Write 2026-01-31 or 2026-01-31T12:00:00.") from err
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command(context_settings=CONTEXT)
@click.option("--project", help="Only what was done in this project.")
@click.option("--since", help="Only from this date or moment on.")
@config_option
def command(project: str | None, since: str | None, config: Path | None) -> None:
    """List who decided, erased, changed tokens, asked for changes, or was turned away."""
    begin = moment_of(since) if since else None
    slug = folder_name(project, "project") if project else None
    with workspace_of(config) as workspace:
        for event in events(workspace.store, slug, begin):
            cells = (event.created_at, event.who or "-", event.what, event.target or "-", event.outcome)
            place = event.address or "-", event.project or "-"
            click.echo("\t".join(map(printable, (*cells, *place))))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "audit")


if __name__ == "__main__":
    sys.exit(main())
