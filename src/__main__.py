"""One program for all stages: `python -m src VERB`, or `facerec VERB` where it is installed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from . import __version__
from .cli import CONTEXT, run_command

VERBS = {
    "crawl": ("crawler", "Search photos of people by name."),
    "align": ("aligner", "Find and align the faces in the photos."),
    "clean": ("cleaning", "Set wrong and useless training pictures aside."),
    "train": ("classifier", "Train a classifier on the aligned faces."),
    "track": ("tracker", "Find and follow the faces of a video."),
    "bulk": ("verbs.bulk.commandline", "Analyse the videos of a table, and report every row."),
    "clusterize": ("clusterize", "Say who appears when in a video."),
    "identify": ("verbs.identify", "Name the people in all videos of a project anew."),
    "decide": ("verbs.decide", "Say who a track or an unknown person is or is not."),
    "search": ("verbs.finder", "Find the moments that show the face of a photo or of a track."),
    "learn": ("verbs.learn", "Make training pictures of what people said."),
    "people": ("verbs.people", "Say who may be recognised."),
    "meta": ("verbs.meta", "Show, fetch or fill in what is known of videos and people."),
    "erase": ("verbs.erase", "Erase a person everywhere, or photos kept for too long."),
    "export": ("verbs.exporting", "Write what was seen in a format of other programs."),
    "import": ("verbs.importing", "Read a file of another program back, as decisions."),
    "worker": ("jobs.work", "Do the jobs that were submitted."),
    "jobs": ("jobs.commandline", "List, show, submit, cancel or retry jobs."),
    "serve": ("api.serve", "Serve the API to other programs."),
    "token": ("access.commands", "Make, list or revoke the tokens that the service asks for."),
    "audit": ("access.reading", "List who decided, erased, or was turned away."),
    "db": ("verbs.db.commands", "Check, migrate, export or import the database."),
    "models": ("models.__main__", "List, fetch or check the weights of the networks."),
}
"""What a verb runs. A module is imported when its verb is used, so that help answers at once."""


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of the work."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f".{VERBS[cmd_name][0]}", __package__)
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, text) for verb, (_, text) in VERBS.items()])


@click.command(cls=_Verbs, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="FaceRec")
def command(**_: Any) -> None:
    """Find known and unknown people in video archives."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb and return the status for the shell."""
    return run_command(command, argv, "facerec")


if __name__ == "__main__":
    sys.exit(main())
