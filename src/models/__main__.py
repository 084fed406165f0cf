"""List, fetch or check the weights of the networks: `python -m src.models list|pull|verify`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ..cli import CONTEXT, config_option, run_command
from ..errors import WeightsError
from ..progress import for_terminal
from ..settings import Settings, load_settings
from .cache import State, WeightsCache
from .table import WEIGHTS, Weights, find_weights, weights_of_engine

_COLOURS = {State.PRESENT: "green", State.ABSENT: "yellow", State.DAMAGED: "red"}


@click.group(context_settings=CONTEXT)
def command() -> None:
    """List, fetch or check the weights of the networks."""


@command.command("list")
@config_option
def list_weights(config: Path | None) -> None:
    """Show all weights, and which of them are here."""
    from rich.console import Console
    from rich.table import Table

    cache = _cache(load_settings(config))
    table = Table(title="Weights")
    for column in ("name", "version", "size", "licence", "engine", "state"):
        table.add_column(column, no_wrap=True, justify="right" if column == "size" else "left")
    table.add_column("sources, in the order they are tried", overflow="fold")
    for weights in WEIGHTS:
        state = cache.state(weights.name)
        shown = f"[{_COLOURS[state]}]{state}[/]"
        engines, sources = ", ".join(weights.engines), "\n".join(str(source) for source in weights.sources)
        table.add_row(weights.name, weights.version, _size(weights), weights.licence, engines, shown, sources)
    # A pipe or a file gets whole lines.
    Console(width=None if sys.stdout.isatty() else 220).print(table)


@command.command()
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Fetch all weights there are.")
@config_option
def pull(names: tuple[str, ...], everything: bool, config: Path | None) -> None:
    """Fetch weights by name; without names, those of the engine in the settings."""
    settings = load_settings(config)
    cache = _cache(settings)
    for weights in _chosen(names, everything, settings):
        click.echo(f"{weights.name}: {cache.path(weights.name)} ({weights.licence})")


@command.command()
@click.argument("names", nargs=-1)
@config_option
def verify(names: tuple[str, ...], config: Path | None) -> int:
    """Hash the weights that are here; a damaged file, or a named one that is absent, is a failure."""
    cache = _cache(load_settings(config))
    chosen = [find_weights(name) for name in names] or list(WEIGHTS)
    states = {weights.name: cache.verify(weights.name) for weights in chosen}
    for name, state in states.items():
        click.echo(f"{name}: {state}")
    if State.DAMAGED in states.values() or (names and State.ABSENT in states.values()):
        raise WeightsError("Not all weights are right. Fetch them again with: python -m src models pull NAME")
    return 0


def _cache(settings: Settings) -> WeightsCache:
    return WeightsCache(settings.weights_dir, for_terminal(), settings.weights_from)


def _chosen(names: tuple[str, ...], everything: bool, settings: Settings) -> Sequence[Weights]:
    """Look all names up before anything is fetched."""
    if everything:
        return WEIGHTS
    return [find_weights(name) for name in names] or weights_of_engine(settings.engine)


def _size(weights: Weights) -> str:
    return "?" if weights.size is None else f"{weights.size / 1e6:.1f} MB"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "models")


if __name__ == "__main__":
    sys.exit(main())
