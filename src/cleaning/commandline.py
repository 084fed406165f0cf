"""The command line of the cleaning."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from ..cli import CONTEXT, config_option, run_command, workspace_of
from .report import render
from .stage import run


@click.command("clean", context_settings=CONTEXT)
@click.option("--project", required=True, help="Project whose training pictures are looked at.")
@config_option
def command(project: str, config: Path | None) -> None:
    """Set aside wrong people, copies, drawings and useless faces, with a reason each; what people decided stays.

    Aligning does this at its end. Run it by itself after you switched pictures on or off.
    """
    with workspace_of(config) as workspace:
        report = run(workspace, project)
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    for part in render(report):
        console.print(part)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "clean")
