"""The people of a project, and who of them may be recognised."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import click

from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..errors import ConfigError
from ..identities.appearances import derive_all
from ..identities.called import called
from ..identities.decisions import new_id
from ..identities.owed import settle
from ..records import Appearance, Image, ImageState, Owed, Person, ProjectVideo
from ..storage import Query, Store
from ..workspace import Workspace


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """What a project has of one person.

    Attributes:
        person: The record, with whether they may be recognised.
        n_active: Pictures that train. `n_images`: all pictures.
        n_appearances: Where they are named in the project's videos.
    """

    person: Person
    n_active: int
    n_images: int
    n_appearances: int


@dataclass(frozen=True, slots=True)
class RecogniseReport:
    """What a change of who may be recognised did.

    Attributes:
        person: As it is stored now.
        changed: False where it had been so before.
        n_videos: Videos whose appearances were derived anew.
    """

    person: Person
    changed: bool
    n_videos: int


def list_people(workspace: Workspace, project: str) -> list[PersonSummary]:
    """Return the people of a project by folder.

    Raises:
        ConfigError: The project does not exist.
    """
    slug = workspace.project(project).project
    images = list(workspace.store.find(Image, project=slug))
    every = Counter(image.person_id for image in images)
    active = Counter(image.person_id for image in images if image.state is ImageState.ACTIVE)
    counting = {member.analysis_id for member in workspace.store.find(ProjectVideo, project=slug)}
    return [
        PersonSummary(
            person,
            active[person.person_id],
            every[person.person_id],
            _n_appearances(workspace.store, person, counting),
        )
        for person in workspace.store.find(Person, project=slug)
    ]


def _n_appearances(store: Store, person: Person, counting: Set[str]) -> int:
    """Count the appearances of a person in the analyses that count."""
    query = Query({"project": person.project, "person_id": person.person_id})
    return sum(analysis_id in counting for (analysis_id,) in store.cells(Appearance, ("analysis_id",), query))


def run(workspace: Workspace, project: str, person: str, *, recognisable: bool, cause: str = "") -> RecogniseReport:
    """Say whether the model may name somebody, and derive the appearances of all videos anew.

    Args:
        workspace: Where to work.
        project: Whose person.
        person: By name, alias or folder.
        recognisable: Whether they may be named.
        cause: Where somebody else derives the appearances: what this change is called until they are derived.

    Raises:
        ConfigError: The project or the person does not exist.
    """
    owner = workspace.project(project)
    known = called(workspace.store.find(Person, project=owner.project)).get(person)
    if known is None:
        raise ConfigError(
            f'Project "{owner.project}" knows nobody called "{person}". See: people list --project {owner.project}'
        )
    changed = replace(known, recognisable=recognisable)
    owed = Owed(owner.project, cause or new_id())
    workspace.store.put(owed, changed)
    derived = []
    if not cause:
        derived = derive_all(workspace, owner, workspace.settings.clusterize)
        settle(workspace.store, owner.project, owed.cause)
    return RecogniseReport(changed, known.recognisable != recognisable, len(derived))


@click.group(context_settings=CONTEXT)
def command() -> None:
    """Show the people of a project, and say who of them may be recognised."""


@command.command("list")
@click.option("--project", required=True, help="Whose people.")
@config_option
def list_command(project: str, config: Path | None) -> None:
    """Show all people with their pictures, appearances, and whether they may be recognised."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    with workspace_of(config) as workspace:
        people = list_people(workspace, project)
    table = Table("Person", "Folder", "Training", "Pictures", "Appearances", "Recognised")
    for entry in people:
        counts = (entry.n_active, entry.n_images, entry.n_appearances)
        state = "yes" if entry.person.recognisable else "no"
        table.add_row(Text(entry.person.name), Text(entry.person.person_id), *map(str, counts), state)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


@command.command("allow")
@click.option("--project", required=True, help="Whose person.")
@click.option("--person", required=True, help="Name, alias or folder.")
@config_option
def allow_command(project: str, person: str, config: Path | None) -> None:
    """Let the model name somebody again."""
    _change(project, person, config, recognisable=True)


@command.command("forbid")
@click.option("--project", required=True, help="Whose person.")
@click.option("--person", required=True, help="Name, alias or folder.")
@config_option
def forbid_command(project: str, person: str, config: Path | None) -> None:
    """Let the model not name somebody, whatever it sees; what people said stays."""
    _change(project, person, config, recognisable=False)


def _change(project: str, person: str, config: Path | None, *, recognisable: bool) -> None:
    with workspace_of(config) as workspace:
        report = run(workspace, project, person, recognisable=recognisable)
    state = "may be recognised" if recognisable else "may not be recognised"
    click.echo(f"{report.person.name} {state}; {report.n_videos} videos derived anew")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "people")


if __name__ == "__main__":
    sys.exit(main())
