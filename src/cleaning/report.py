"""What a cleaning did, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..records import SET_ASIDE, ImageState


@dataclass(frozen=True, slots=True)
class PersonCleaning:
    """What became of one person's pictures.

    Attributes:
        person_id: Name of the person's folder.
        kept: Pictures that train.
        set_aside: Pictures that do not, by the reason; those of earlier runs and of the crawler too.
        by_hand: Pictures that somebody took out.
        changed: Pictures whose state this run changed.
        recut: Photos of several people of which another face than before was taken in this run.
        known: Whether the pictures say who is meant. Where not, none is called somebody else.
        warnings: What a person should look at.
    """

    person_id: str
    kept: int
    set_aside: Mapping[ImageState, int]
    by_hand: int
    changed: int
    recut: int
    known: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CleanReport:
    """What a cleaning did.

    Attributes:
        project: Its slug.
        people: In the order of their folders.
        warnings: What concerns several people.
    """

    project: str
    people: tuple[PersonCleaning, ...]
    warnings: tuple[str, ...]

    def all_warnings(self) -> Iterator[str]:
        """Yield all warnings, those about one person with their folder's name."""
        for person in self.people:
            yield from (f"{person.person_id}: {warning}" for warning in person.warnings)
        yield from self.warnings


def render(report: CleanReport) -> Iterator[RenderableType]:
    """Yield a table of people, then the warnings."""
    states = [state for state in ImageState if state in SET_ASIDE and any(p.set_aside.get(state) for p in report.people)]
    table = Table(title=f"Training set of project {report.project}")
    table.add_column("person", no_wrap=True)
    for heading in ("kept", *(state.value.replace("_", " ") for state in states), "by hand", "changed", "other face"):
        table.add_column(heading, justify="right")
    for person in report.people:
        aside = (person.set_aside.get(state, 0) for state in states)
        counts = (person.kept, *aside, person.by_hand, person.changed, person.recut)
        table.add_row(Text(person.person_id), *map(str, counts))
    yield table
    yield from (f"Warning: {warning}" for warning in report.all_warnings())
