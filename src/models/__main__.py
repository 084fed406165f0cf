"""List, fetch or check the weights of the networks: `python -m src.models list|pull|accept|verify`."""

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
from .packs import PACKS, Pack
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
    for pack in PACKS:
        state = _pack_state(cache, pack)
        shown = f"[{_COLOURS[state]}]{state if state is not State.ABSENT else 'not accepted'}[/]"
        table.add_row(pack.pack, "0.7", "?", pack.licence, pack.name, shown, str(pack.source))
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
    if not names and not everything and settings.engine in {pack.name for pack in PACKS}:
        for path in cache.packs.open(settings.engine)[0]:
            click.echo(f"{settings.engine}: {path}")
        return
    for weights in _chosen(names, everything, settings):
        click.echo(f"{weights.name}: {cache.path(weights.name)} ({weights.licence})")


@command.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Accept without being asked, as a script must.")
@config_option
def accept(name: str, yes: bool, config: Path | None) -> int:
    """Accept the licence of weights that ask for it, and fetch them: insightface or insightface-s."""
    packs = _cache(load_settings(config)).packs
    pack = packs.find(name)
    click.echo(pack.terms)
    if not yes and not click.confirm("Do you accept this?", default=False):
        raise WeightsError(f'The licence of "{name}" was not accepted; nothing was fetched.')
    accepted = packs.accept(name)
    click.echo(f"Accepted on {accepted.accepted_at}. From {accepted.origin}:")
    for file, sha256 in accepted.sha256.items():
        click.echo(f"{file}: sha256 {sha256}")
    return 0


@command.command()
@click.argument("names", nargs=-1)
@config_option
def verify(names: tuple[str, ...], config: Path | None) -> int:
    """Hash the weights that are here; a damaged file, or a named one that is absent, is a failure."""
    cache = _cache(load_settings(config))
    chosen = [find_weights(name) for name in names] or list(WEIGHTS)
    states = {weights.name: cache.verify(weights.name) for weights in chosen}
    if not names:
        states |= {pack.name: state for pack in PACKS if (state := _pack_state(cache, pack)) is not State.ABSENT}
    for name, state in states.items():
        click.echo(f"{name}: {state}")
    if State.DAMAGED in states.values() or (names and State.ABSENT in states.values()):
        raise WeightsError("Not all weights are right. Fetch them again with: python -m src models pull NAME")
    return 0


def _cache(settings: Settings) -> WeightsCache:
    return WeightsCache(settings.weights_dir, for_terminal(), settings.weights_from)


def _pack_state(cache: WeightsCache, pack: Pack) -> State:
    try:
        if cache.packs.acceptance(pack.name) is None:
            return State.ABSENT
        cache.packs.open(pack.name)
    except WeightsError:
        return State.DAMAGED
    return State.PRESENT


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
