"""What a database holds: kinds of records with keys and indexes, and how older databases become newer ones.

The version is kept in the database. Whoever changes `records` adds a line to `MIGRATIONS`:

- Something was *added*, a kind, an index, or a field with a default: the line is all there is to do. The stores compare what
  they have with what is declared and add what is missing when the database is next opened.
- Something else changed: the line has a function for each store, which runs after the additions. Where it takes something
  away, `automatic` is False, and only `db migrate` takes that step.

Every step must be repeatable: MongoDB may be interrupted between any two writes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import StorageError
from ..records import INDEXES, KEYS, REVISED
from .codec import Layout
from .steps import to_version_2

Columns = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migration:
    """A step to a version.

    Attributes:
        version: What the database is afterwards.
        what: What changes, in a few words.
        layout: `Schema.fingerprint` of the version, so that a change without a migration fails a test.
        automatic: Whether opening a database takes the step.
        sqlite: Does what adding cannot, with a `sqlite3.Connection` inside a transaction.
        mongo: The same, with a `pymongo.database.Database`.
    """

    version: int
    what: str
    layout: str = ""
    automatic: bool = True
    sqlite: Callable[[Any], None] | None = None
    mongo: Callable[[Any], None] | None = None


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "projects, people, images, models, videos, analyses, tracks, appearances", "8ffb0bcb"),
    Migration(2, "members, identifications, decisions, unknown people, blocks of embeddings", "f9dcaa18", sqlite=to_version_2),
    Migration(3, "appearances say by how much their name leads, and why there is none", "fe0fe995"),
    Migration(4, "shots say how they begin", "6c6616e7"),
    Migration(5, "jobs, their events, names and deliveries", "2afea17f"),
    Migration(6, "indexes for pages in another order than that of the keys", "46f179cf"),
    Migration(7, "tokens, their uses, and the audit log", "a8a602db"),
    Migration(9, "which videos a project may see before they are analysed", "8903b8ea"),
    Migration(10, "revisions of appearances", "8903b8ea"),
    Migration(11, "changes whose consequences are owed", "3d17f46b"),
    Migration(12, "where the clock of a file begins", "0dd47aa9"),
)
"""Oldest first; the last one's version is that of this program. Numbers may be left out, never used twice."""


@dataclass(frozen=True)
class Schema:
    """Kinds of records, how they are found, and the steps that led here."""

    keys: Mapping[type[Any], Columns] = field(default_factory=lambda: KEYS)
    indexes: Mapping[type[Any], tuple[Columns, ...]] = field(default_factory=lambda: INDEXES)
    migrations: tuple[Migration, ...] = MIGRATIONS
    revised: Mapping[type[Any], Columns] = field(default_factory=lambda: REVISED)

    @property
    def version(self) -> int:
        """The version of this program."""
        return self.migrations[-1].version

    @cached_property
    def layouts(self) -> Mapping[type[Any], Layout]:
        """How each kind of record is kept."""
        return {kind: Layout(kind, key) for kind, key in self.keys.items()}

    @cached_property
    def fingerprint(self) -> str:
        """Eight digits that change with the kinds, their fields, keys and indexes."""
        parts = [
            (layout.name, layout.types, sorted(layout.optional), layout.key, self.indexes.get(kind, ()))
            for kind, layout in self.layouts.items()
        ]
        return hashlib.sha256(json.dumps(sorted(parts, key=lambda part: part[0]), sort_keys=True).encode()).hexdigest()[:8]

    def all_indexes(self) -> Iterator[tuple[Layout, Columns]]:
        """Yield every declared index with the kind that it is for."""
        for kind, layout in self.layouts.items():
            yield from ((layout, index) for index in self.indexes.get(kind, ()))

    def serving(self, kind: type[Any], names: set[str]) -> Columns:
        """Return the key or the index that a look-up by these fields is served by, the key where it can.

        What is found comes in the order of keys, so a part of an index does not serve: it is sorted by its other fields.

        Raises:
            StorageError: The fields are neither the beginning of the key nor an index: the store would have to read everything.
        """
        key = self.keys[kind]
        if set(key[: len(names)]) == names:
            return key
        for columns in self.indexes.get(kind, ()):
            if set(columns) == names:
                return columns
        raise StorageError(f"{kind.__name__} cannot be found by {sorted(names)}: declare an index in records.INDEXES.")

    def scope(self, kind: type[Any], *values: object) -> str:
        """Return what the records of a kind with these values share a revision under.

        Raises:
            StorageError: No revisions are kept of this kind.
        """
        if kind not in self.revised:
            raise StorageError(f"No revisions are kept of {kind.__name__}: declare the kind in records.REVISED.")
        return json.dumps([self.layouts[kind].name, *values])

    def scopes_below(self, kind: type[Any], *values: object) -> tuple[str, str]:
        """Return the first text that a scope with these first values may be, and the first one after all of them.

        Raises:
            StorageError: No revisions are kept of this kind.
        """
        start = self.scope(kind, *values)[:-1] + ", "
        return start, start + "\x7f"  # a scope is ASCII

    def scopes(self, records: Iterable[Any]) -> set[str]:
        """Return those of all records of which revisions are kept."""
        return {
            self.scope(type(record), *(getattr(record, name) for name in self.revised[type(record)]))
            for record in records
            if type(record) in self.revised
        }

    def steps_from(self, version: int, place: str, everything: bool) -> list[Migration]:
        """Return the migrations that a database still needs; 0 is one that is being made.

        Args:
            version: Of the database.
            place: What to call the database in a message.
            everything: Also take the steps that are not automatic.

        Raises:
            StorageError: The database is newer than this program, or a step must be asked for.
        """
        if version > self.version:
            raise StorageError(
                f"{place} has schema version {version}, this program knows {self.version}. Install a newer FaceRec."
            )
        steps = [step for step in self.migrations if step.version > version] if version else []
        asked = [step.what for step in steps if not step.automatic]
        if asked and not everything:
            raise StorageError(
                f"{place} has schema version {version}, this program needs {self.version}, and what changes cannot be taken "
                f"back ({'; '.join(asked)}). Make a backup, then run: python -m src db migrate"
            )
        return steps


def index_name(layout: Layout, columns: Columns) -> str:
    """Return what an index is called in every store."""
    return f"{layout.name}_by_{'_'.join(columns)}"


SCHEMA = Schema()
"""What this program stores."""
