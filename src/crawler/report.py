"""What a crawl brought, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..records import ImageState

_SHOWN = 12
"""So many kinds of faults of one person are listed; the report itself keeps all."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that did not work and that the crawl passed over.

    Attributes:
        provider: Name of the provider.
        url: The address; empty where the provider itself failed.
        reason: What happened, the same words for the same kind of fault.
    """

    provider: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class PersonCrawl:
    """What a crawl brought for one person.

    Attributes:
        person_id: Name of the person's folder.
        name: The person's name.
        wanted: Usable pictures asked for; None for all that there are.
        usable: Pictures with a face that can train, old and new ones.
        added: Those of this run.
        states: Pictures of all runs by state.
        faults: What did not work in this run.
    """

    person_id: str
    name: str
    wanted: int | None
    usable: int
    added: int
    states: Mapping[ImageState, int]
    faults: tuple[Fault, ...]

    @property
    def has_pictures(self) -> bool:
        """Whether there is at least one usable picture."""
        return self.usable > 0


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What a crawl brought."""

    project: str
    people: tuple[PersonCrawl, ...]

    @property
    def succeeded(self) -> bool:
        """Whether everybody has a usable picture. That single addresses fail is normal on the web, and no failure."""
        return all(person.has_pictures for person in self.people)


def render(report: CrawlReport) -> Iterator[RenderableType]:
    """Yield a table of people, then the faults of each in words."""
    table = Table(title=f"Pictures of project {report.project}")
    table.add_column("person", no_wrap=True)
    for heading in ("usable", "wanted", "new", "no face", "many faces", "duplicate", "other", "faults"):
        table.add_column(heading, justify="right")
    for person in report.people:
        table.add_row(Text(person.name), *(str(number) for number in _numbers(person)))
    yield table
    for person in report.people:
        yield from _fault_lines(person)
        if not person.has_pictures:
            yield f"{person.name}: no usable picture. Check the name, or give other providers with --provider or --folder."


def _numbers(person: PersonCrawl) -> Iterator[int | str]:
    named = (ImageState.NO_FACE, ImageState.MANY_FACES, ImageState.DUPLICATE)
    yield person.usable
    yield "all" if person.wanted is None else person.wanted
    yield person.added
    yield from (person.states.get(state, 0) for state in named)
    yield sum(count for state, count in person.states.items() if state not in (*named, ImageState.ACTIVE))
    yield len(person.faults)


def _fault_lines(person: PersonCrawl) -> Iterator[str]:
    kinds = Counter((fault.provider, fault.reason) for fault in person.faults)
    for (provider, reason), count in kinds.most_common(_SHOWN):
        yield f"{person.name}: {count} x {provider}: {reason}"
    if len(kinds) > _SHOWN:
        yield f"{person.name}: and {len(kinds) - _SHOWN} more kinds of faults"
