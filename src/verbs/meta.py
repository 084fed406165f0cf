"""What is known of videos and people beside their pictures: shown, asked of the archive anew, and filled in from a table."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..connectors import connectors_of
from ..disk.files import open_table
from ..errors import ConfigError
from ..names import folder_name
from ..personnames import name_key
from ..records import Person, Video
from ..video.fragments import split_locator
from ..videos import find_video, stored_video
from ..workspace import Workspace

FIELDS = ("name", "uri", "aliases", "description")
"""Fields of people that a column can fill; any other word names an entry of their metadata."""

_PREFIX = "metadata."
_WIKIDATA = re.compile(r"(?:wd:|https?://(?:www\.|m\.)?wikidata\.org/(?:wiki|entity)/)?(Q[1-9]\d*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class FillReport:
    """What filling in did.

    Attributes:
        filled: People of whom something new is known.
        n_same: Rows that said nothing new.
        unknown: Names in the table that the project does not know, with their lines.
        wrong: Rows that cannot be used, with their lines and the reason.
    """

    filled: tuple[Person, ...]
    n_same: int
    unknown: tuple[tuple[int, str], ...]
    wrong: tuple[tuple[int, str], ...] = ()


def described(workspace: Workspace, video: str) -> dict[str, Any]:
    """Return what is known of a video: of one that is stored, else what its archive says.

    Raises:
        ConfigError: Nothing is known of it.
        FetchError: Its archive cannot be asked.
        MediaError: Its archive has no such video.
    """
    bare = split_locator(video)[0]
    record = stored_video(workspace.store, bare)
    if record is not None:
        return {"locator": record.locator, "title": record.title, "date": record.date, **record.metadata}
    connectors = connectors_of(workspace)
    if not connectors.is_catalogued(bare):
        raise ConfigError(f"Nothing is known of {bare}: it has not been analysed, and no archive names it.")
    found = connectors.resolve(bare)
    return {"locator": bare, "title": found.title, "date": found.date, **found.metadata()}


def fetch(workspace: Workspace, video: str) -> Video:
    """Ask the archive of a stored video anew, and store what it says now; what it does not speak of stays.

    Raises:
        ConfigError: The video is not stored, or no archive, site or record names it.
        FetchError: Its archive cannot be asked.
        MediaError: Its archive has it no more.
    """
    record, _ = find_video(workspace.store, video)
    connectors = connectors_of(workspace)
    if not connectors.is_catalogued(record.locator):
        raise ConfigError(f"{record.locator} is named by its own address, so there is no archive to ask what it is.")
    found = connectors.resolve(record.locator)
    with workspace.locked(f"video-{record.video_id}"):
        now = workspace.store.get(Video, record.video_id) or record
        metadata = {**now.metadata, **found.metadata()}
        changed = replace(now, title=found.title or now.title, date=found.date or now.date, metadata=metadata)
        workspace.store.put(changed)
    return changed


def fill(workspace: Workspace, project: str, table: Path, columns: Mapping[str, str], *, overwrite: bool = False) -> FillReport:
    """Fill in what is known of the people of a project from a table with a row a person.

    People are found by address, name, alias or folder, whichever way round their name is written.

    Args:
        workspace: Where to work.
        project: Whose people.
        table: CSV in UTF-8 whose first line names its columns; rows that cannot be used are told and passed over.
        columns: Of each field the column that has it: `name` is needed, `uri`, `aliases` (parted by `;`) and `description` are
            fields, any other word becomes an entry of the metadata.
        overwrite: Whether the table wins over what is there; else only what is missing is filled in. Aliases are added.

    Raises:
        ConfigError: The project does not exist, the table cannot be read, or lacks a column.
    """
    owner = workspace.project(project)
    people = list(workspace.store.find(Person, project=owner.project))
    changed: dict[str, Person] = {}
    unknown, wrong, n_same = list[tuple[int, str]](), list[tuple[int, str]](), 0
    for line, values, problem in _rows(table, columns):
        if problem:
            wrong.append((line, problem))
            continue
        person = _find(values, people)
        if person is None:
            unknown.append((line, values["name"]))
            continue
        before = changed.get(person.person_id, person)
        after = _filled(before, values, overwrite)
        if after == before:
            n_same += 1
        else:
            changed[person.person_id] = after
    for person in changed.values():
        workspace.store.put(person)
    return FillReport(tuple(changed.values()), n_same, tuple(unknown), tuple(wrong))


def _rows(table: Path, columns: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str], str]]:
    """Yield the line and the cells of each row that is not empty, by field, and why it cannot be used."""
    try:
        with open_table(table) as rows:
            header = [cell.strip() for cell in next(rows, [])]
            missing = [column for column in columns.values() if column not in header]
            if missing:
                known = ", ".join(filter(None, header)) or "none"
                raise ConfigError(f"{table} has no column {missing[0]!r}. Its columns: {known}. See --map.")
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    found = dict(zip(header, (cell.strip() for cell in cells), strict=False))
                    values = {name: found.get(column, "") for name, column in columns.items()}
                    values |= {"uri": _address(values["uri"])} if "uri" in values else {}
                    yield rows.line_num, values, _problem(values, len(cells), len(header))
    except OSError as err:
        raise ConfigError(f"{table} cannot be read: {err.strerror}. Give the path of a CSV table.") from err
    except (UnicodeDecodeError, csv.Error) as err:
        raise ConfigError(f"{table} is no CSV in UTF-8: {err}. Save it as such.") from err


def _problem(values: Mapping[str, str], n_cells: int, n_columns: int) -> str:
    """Return why a row cannot be used; empty for one that can."""
    if n_cells != n_columns:
        return f"has {n_cells} cells, the first line {n_columns}. Quote cells that hold the sign between cells"
    if not values["name"]:
        return "names nobody"
    uri = values.get("uri", "")
    if uri and not uri.lower().startswith(("http://", "https://")):
        return f"has {uri!r} for an address. Write http://www.wikidata.org/entity/Q8016, or Q8016 for short"
    return ""


def _address(text: str) -> str:
    """Return an address as knowledge graphs write it: `Q8016` and the page of Wikidata are the entity there."""
    entity = _WIKIDATA.fullmatch(text)
    return f"http://www.wikidata.org/entity/{entity[1]}" if entity else text


def _find(values: Mapping[str, str], people: Sequence[Person]) -> Person | None:
    """Return whom a row is about; nobody where several people could be meant."""
    uri, name = values.get("uri"), values["name"]
    by_uri = [person for person in people if uri and person.uri == uri]
    exact = [person for person in people if name in (person.person_id, person.name, *person.aliases)]
    key = name_key(name)
    alike = [person for person in people if key in map(name_key, (person.name, *person.aliases))]
    found = by_uri or exact or alike
    return found[0] if len(found) == 1 else None


def _filled(person: Person, values: Mapping[str, str], overwrite: bool) -> Person:
    facts = {name: value for name, value in values.items() if name not in FIELDS and value}
    written = [name.strip() for name in (values["name"], *values.get("aliases", "").split(";"))]
    aliases = tuple(dict.fromkeys(name for name in (*person.aliases, *written) if name and name != person.name))
    uri, text = values.get("uri", ""), values.get("description", "")
    return replace(
        person,
        uri=(uri if overwrite and uri else person.uri or uri) or None,
        description=text if overwrite and text else person.description or text,
        aliases=aliases,
        metadata={**person.metadata, **facts} if overwrite else {**facts, **person.metadata},
    )


def _mapping(_context: click.Context, _flag: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    """Take `FIELD=COLUMN` apart; what is not said is called the same in both."""
    columns: dict[str, str] = {}
    for text in given:
        name, equals, column = (part.strip() for part in text.partition("="))
        name = name.removeprefix(_PREFIX)
        if not equals or not name or not column:
            raise click.BadParameter(f"{text!r} is not of the form FIELD=COLUMN.")
        columns[name] = column
    return {"name": "name"} | columns


@click.group(context_settings=CONTEXT)
def command() -> None:
    """Show, fetch or fill in what is known of videos and people."""


@command.command("show")
@click.option("--video", required=True, help="Path or address, also of an archive.")
@config_option
def show_command(video: str, config: Path | None) -> None:
    """Show what is known of a video, as JSON."""
    with workspace_of(config) as workspace:
        said = described(workspace, video)
    click.echo(
        json.dumps({name: value for name, value in said.items() if value not in ("", None)}, indent=2, ensure_ascii=False)
    )


@command.command("fetch")
@click.option("--video", required=True, help="A video that was analysed, as it was given then.")
@config_option
def fetch_command(video: str, config: Path | None) -> None:
    """Ask the archive of a video what it says of it now, and store that."""
    with workspace_of(config) as workspace:
        changed = fetch(workspace, video)
    people, segments = (len(changed.metadata.get(name) or ()) for name in ("people", "segments"))
    click.echo(f"{changed.title or changed.locator}: {segments} segments, {people} people named")


@command.command("fill")
@click.option("--project", required=True, help="Whose people.")
@click.option("--csv", "table", required=True, type=click.Path(path_type=Path), help="Table with a row a person, in UTF-8.")
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    callback=_mapping,
    help="Which column has name, uri, aliases, description, or any other word for the metadata; several times. [name=name]",
)
@click.option("--overwrite", is_flag=True, help="Let the table win over what is there; else only gaps are filled.")
@config_option
def fill_command(project: str, table: Path, columns: dict[str, str], overwrite: bool, config: Path | None) -> int:
    """Fill in metadata of people from a table; people are found by address, name or alias."""
    folder_name(project, "project")
    with workspace_of(config) as workspace:
        report = fill(workspace, project, table, columns, overwrite=overwrite)
    for person in report.filled:
        click.echo(person.name + (f" <{person.uri}>" if person.uri else ""))
    for line, name in report.unknown:
        click.echo(f"{table}, line {line}: the project knows nobody called {name!r}, or several")
    for line, why in report.wrong:
        click.echo(f"{table}, line {line} {why}")
    counts = f"{report.n_same} rows with nothing new, {len(report.unknown)} not known, {len(report.wrong)} that cannot be used"
    click.echo(f"{len(report.filled)} people filled in, {counts}")
    return 1 if report.wrong or (report.unknown and not report.filled and not report.n_same) else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "meta")


if __name__ == "__main__":
    sys.exit(main())
