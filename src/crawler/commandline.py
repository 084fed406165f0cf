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
from .report import render
from .stage import run


@click.command("crawl", context_settings=CONTEXT)
@click.option("--project", required=True, help="Project that the people belong to; begun where there is none.")
@click.option("--keyword", "keywords", multiple=True, help="Name of a person; several times, or as `A;B`, for several.")
@click.option("--keywords_file", type=click.Path(path_type=Path), help="File with names, one a line.")
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
    providers: tuple[str, ...],
    device: str | None,
    config: Path | None,
    **flags: Any,
) -> int:
    """Search photos of people by name, and keep those with a face.

    Running it again fetches only what is missing. Without --max_num, all of --folder and --urls is taken.
    """
    names = [*_split(keywords), *(_read_names(keywords_file) if keywords_file else ())]
    if not names and flags["folder"] is None and flags["urls"] is None:
        raise click.UsageError("Give --keyword, --keywords_file, --folder or --urls.")
    with workspace_of(config, device) as workspace:
        report = run(workspace, project, names, providers=providers or None, **flags)
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
