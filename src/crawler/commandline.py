"""The command line of the crawler."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ..cli import CONTEXT, config_option, device_option, run_command, workspace_of
from ..errors import ConfigError
from ..workspace import Workspace
from .named import Wanted, list_people, remember
from .report import render
from .stage import run, wikidata_of


@click.command("crawl", context_settings=CONTEXT)
@click.option("--project", required=True, help="Project that the people belong to; begun where there is none.")
@click.option("--keyword", "keywords", multiple=True, help="Name of a person; several times, or as `A;B`, for several.")
@click.option("--keywords_file", type=click.Path(path_type=Path), help="File with names, one a line.")
@click.option("--from_metadata", "videos", multiple=True, help="Video whose notice names people; each is searched by one name.")
@click.option("--list_only", is_flag=True, help="Only say whom the notices of --from_metadata name, and search nothing.")
@click.option("--offline", is_flag=True, help="Do not ask Wikidata who is meant by the names of --from_metadata.")
@click.option("--max_num", type=click.IntRange(min=1), help="Usable pictures with a face for each person [20].")
@click.option("--provider", "providers", multiple=True, help="bing, google, baidu or wikimedia; several times for several.")
@click.option("--folder", type=click.Path(path_type=Path), help="Local photos: of the one keyword, or a sub-folder a person.")
@click.option("--urls", type=click.Path(path_type=Path), help="File with addresses: one a line, or CSV with a column url.")
@click.option("--discard_multi_faces", is_flag=True, help="Leave out photos with several faces.")
@click.option("--engine", help="Engine to begin the project with: sface, facenet or facenet-yunet.")
@device_option
@config_option
def command(
    project: str,
    keywords: tuple[str, ...],
    keywords_file: Path | None,
    videos: tuple[str, ...],
    list_only: bool,
    offline: bool,
    providers: tuple[str, ...],
    device: str | None,
    config: Path | None,
    **flags: Any,
) -> int:
    """Search photos of people by name, and keep those with a face.

    Running it again fetches only what is missing. Without --max_num, all of --folder and --urls is taken.
    """
    names = [*_split(keywords), *(_read_names(keywords_file) if keywords_file else ())]
    if list_only and not videos:
        raise click.UsageError("--list_only goes with --from_metadata.")
    if not names and not videos and flags["folder"] is None and flags["urls"] is None:
        raise click.UsageError("Give --keyword, --keywords_file, --from_metadata, --folder or --urls.")
    with workspace_of(config, device) as workspace:
        people = _listed(workspace, project, videos, offline)
        if list_only:
            return 0
        known = {one.name: one.folder for one in people if one.folder}
        wanted = [*names, *(one.name for one in people)]
        report = run(workspace, project, wanted, folders=known, providers=providers or None, **flags)
        remember(workspace, report.project, people)
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    for part in render(report):
        console.print(part)
    return 0 if report.succeeded else 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell: 1 also where somebody has no usable picture."""
    return run_command(command, argv, "crawl")


def _split(keywords: Iterable[str]) -> Iterator[str]:
    """Split `A;B`; a keyword that is empty altogether is passed on, to be refused with a reason."""
    for keyword in keywords:
        names = [name.strip() for name in keyword.split(";") if name.strip()]
        yield from names or [""]


def _listed(workspace: Workspace, project: str, videos: Sequence[str], offline: bool) -> list[Wanted]:
    """Return whom the notices of videos name, each once, and say it."""
    people: dict[str, Wanted] = {}
    with wikidata_of(workspace) as describe:
        for video in videos:
            listing = list_people(workspace, project, video, None if offline else describe)
            people |= {one.name: one for one in listing.people}
            if listing.offline and not offline:
                click.echo(f"Wikidata was not asked to the end: {listing.offline}")
            for name, why in listing.unusable.items():
                click.echo(f"{name!r} is left out: it {why}")
    for one in people.values():
        also = "; ".join(name for name in one.written if name != one.name)
        click.echo(one.name + (f" (as {also})" if also else "") + (f" <{one.uri}>" if one.uri else ""))
    return list(people.values())


def _read_names(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as err:
        raise ConfigError(f"{file} cannot be read: {err.strerror}.") from err
    except UnicodeDecodeError as err:
        raise ConfigError(f"{file} is no text in UTF-8. Save it as such.") from err
    names = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not names:
        raise ConfigError(f"{file} holds no names. Write one a line.")
    return names
