"""What every provider of pictures can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ALL = 1_000_000
"""A limit for those who want everything."""


@dataclass(frozen=True, slots=True)
class FoundImage:
    """A picture that a provider offers, not fetched yet.

    Attributes:
        url: Where it is fetched from; `file:` for a local one.
        page: The web page that shows it, empty where unknown.
        licence: As the provider names it, `CC BY-SA 4.0`; empty where unknown.
        path: The file, where it is a local one.
    """

    url: str
    page: str = ""
    licence: str = ""
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """Who a name stands for, as a knowledge graph says.

    Attributes:
        uri: The person's identity there.
        name: Their usual name.
        description: A few words, `British politician (1874-1965)`.
        aliases: Other names.
        metadata: Further facts by name.
    """

    uri: str
    name: str
    description: str = ""
    aliases: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


class Provider(ABC):
    """A place that has pictures of named people.

    Attributes:
        name: As in the settings and in the provenance of pictures.
    """

    name: str

    @abstractmethod
    def search(self, query: str, limit: int) -> Iterator[FoundImage]:
        """Yield pictures of a person, best first, asking the service only as they are wanted.

        Args:
            query: The person's name.
            limit: At most so many.

        Raises:
            FetchError: The service cannot be asked, or its answer cannot be understood.
        """

    def describe(self, query: str) -> Description | None:
        """Return who a name stands for, where the provider knows.

        Raises:
            FetchError: The service cannot be asked, or its answer cannot be understood.
        """
        return None
