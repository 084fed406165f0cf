"""The interface of a store: records go in and come out, found by key or by a declared index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from ..errors import StorageError
from ..records import Record
from .pages import Page, Place, Plan, Query, check_place, plan_of
from .schema import SCHEMA, Schema

R = TypeVar("R", bound=Record)
Row = Mapping[str, Any]
"""A record as the database gives it: the stored value of each field."""

PAGE = 256
"""At most so many records are read at a time."""
CELL_ROWS = 4096
"""The same of `cells`, which reads no arrays."""
PAGE_BYTES = 8_000_000
"""Records with large arrays come in smaller pages, so that memory stays bounded."""


class Store(ABC):
    """Keeps records. Safe to use from several threads and, on one database, from several processes.

    What `put` guarantees differs where a process or a machine dies half-way. SQLite writes all records of a call or none,
    and nobody ever sees a part of them. MongoDB without a replica set has no transactions: records are written in the order
    given, each whole. So whoever writes what belongs together puts the record that declares the rest complete last,
    as the tracker does with its checkpoint. Both encode all records first: one that cannot be stored leaves nothing.
    """

    place: str
    """What to call the database in a message, without a password."""

    def __init__(self, schema: Schema = SCHEMA) -> None:
        """Keep what the store holds."""
        self.schema = schema

    @abstractmethod
    def put(self, *records: Record) -> None:
        """Write records, replacing those of the same key.

        Raises:
            StorageError: A record cannot be stored, and none was written; or the database failed.
        """

    @abstractmethod
    def put_new(self, record: Record) -> bool:
        """Write a record unless there is one of the same key, and say whether it was written.

        Of all that do this at once with one key, in whatever process, exactly one is told that it has.
        """

    @abstractmethod
    def put_if(self, record: Record, **expected: object) -> bool:
        """Replace the record of the same key if its fields have the expected values still, and say whether that was done.

        Of all that replace one record at once and expect the same, exactly one is told that it has, as long as every
        replacement changes what is expected: a number that counts up.

        Args:
            record: What is to be there.
            **expected: Values of fields that are numbers or text.
        """

    def get(self, kind: type[R], *key: object) -> R | None:
        """Return the record of a full key, or None."""
        equals = dict(zip(self.schema.keys[kind], key, strict=True))
        return next(self.find(kind, **equals), None)

    def find(self, kind: type[R], **equals: object) -> Iterator[R]:
        """Yield, in the order of their keys, the records whose fields equal the given values.

        Records are read in pages, never all at once, so that writing while reading neither blocks nor disturbs the order.
        The fields must be served by the key or an index of the kind.

        Raises:
            StorageError: Neither key nor index serves these fields: the store would have to read everything.
        """
        self.schema.serving(kind, set(equals))
        return (self.schema.layouts[kind].record(row) for row in self._rows(kind, equals))

    def scan(self, kind: type[R]) -> Iterator[R | StorageError]:
        """Yield all records of a kind, and in the place of a damaged one what is wrong with it."""
        layout = self.schema.layouts[kind]
        for row in self._rows(kind, {}):
            try:
                record: R = layout.record(row)
            except StorageError as err:
                yield err
            else:
                yield record

    def select(self, kind: type[R], query: Query, limit: int, after: Place | None = None) -> Page[R]:
        """Return some records in the order of a key or index, and where the next ones begin.

        Args:
            kind: Of the records.
            query: Which of them, and in which order.
            limit: At most so many.
            after: Where the page before ended.

        Raises:
            StorageError: Neither key nor index serves the query, or no page of it ends there.
        """
        layout = self.schema.layouts[kind]
        names = tuple(name for name in layout.types if name not in query.omit)
        page = self.select_cells(kind, names, query, limit, after)
        return Page(tuple(layout.record(dict(zip(names, cells, strict=True))) for cells in page.items), page.end)

    def select_cells(
        self, kind: type[Any], names: tuple[str, ...], query: Query, limit: int, after: Place | None = None
    ) -> Page[tuple[Any, ...]]:
        """Do what `select` does, and return a few fields of the records as they are stored, in the order of `names`.

        Raises:
            StorageError: Neither key nor index serves the query, or no page of it ends there.
        """
        plan = plan_of(self.schema, kind, query)
        if after is not None:
            check_place(self.schema, kind, plan, after)
        read = tuple(dict.fromkeys((*names, *plan.sort)))
        rows = self._selected(kind, plan, query, read, limit + 1, after)
        end = tuple(rows[limit - 1][read.index(name)] for name in plan.sort) if len(rows) > limit else None
        return Page(tuple(_first(rows[:limit], len(names), len(read))), end)

    def cells(self, kind: type[Any], names: tuple[str, ...], query: Query) -> Iterator[tuple[Any, ...]]:
        """Yield a few fields of many records as they are stored: for overviews of thousands of records.

        Raises:
            StorageError: Neither key nor index serves the query.
        """
        plan = plan_of(self.schema, kind, query)
        read = tuple(dict.fromkeys((*names, *plan.sort)))
        after, more = None, True
        while more:
            rows = self._selected(kind, plan, query, read, CELL_ROWS, after)
            yield from _first(rows, len(names), len(read))
            more = len(rows) == CELL_ROWS
            after = tuple(rows[-1][read.index(name)] for name in plan.sort) if more else None

    def cells_of(
        self, kind: type[Any], names: tuple[str, ...], keys: Iterable[str | int], *leading: object
    ) -> Iterator[tuple[Any, ...]]:
        """Yield a few fields, as they are stored, of the records with these keys, in no certain order.

        Hundreds of records that belong to others are read so, without a question for each. Keys without one are left out.

        Args:
            kind: Of the records.
            names: Of the fields.
            keys: Values of the field of the key after `leading`: of all samples of some tracks, the numbers of these tracks.
            leading: Values of the first fields of the key, the same for all; nothing where the key is one field.

        Raises:
            StorageError: The key of the kind is more than one field, and none of them is given.
        """
        if not leading and len(self.schema.keys[kind]) != 1:
            raise StorageError(f"{kind.__name__} has a key of several fields: give the first ones, or use find or cells.")
        wanted = list(dict.fromkeys(keys))
        for first in range(0, len(wanted), PAGE):
            yield from self._of_keys(kind, names, wanted[first : first + PAGE], leading)

    @abstractmethod
    def _of_keys(
        self, kind: type[Any], names: tuple[str, ...], keys: list[str | int], leading: tuple[object, ...]
    ) -> list[tuple[Any, ...]]:
        """Read some fields, in this order, of the records whose keys begin so, with one of `PAGE` values at most after that."""

    @abstractmethod
    def _selected(
        self, kind: type[Any], plan: Plan, query: Query, names: tuple[str, ...], limit: int, after: Place | None
    ) -> list[tuple[Any, ...]]:
        """Read some fields, in this order, of the first records of a query after a place."""

    @abstractmethod
    def count(self, kind: type[R], **equals: object) -> int:
        """Return how many records `find` would yield."""

    @abstractmethod
    def delete(self, kind: type[R], **equals: object) -> int:
        """Delete what `find` would yield, and return how many those were."""

    @abstractmethod
    def revision(self, kind: type[Any], *scope: object) -> str:
        """Return a text that is another one after each write to some records of a kind, in whatever process.

        What was made of these records holds as long as their revision, asked for *before* they were read, stays the same. It is
        never the same again, also where a backup is restored. In MongoDB a writer that dies half-way may leave the records
        newer than their revision; whoever does its work again puts that right.

        Args:
            kind: One of `records.REVISED`.
            scope: Values of the fields that stand there.
        """

    @abstractmethod
    def revisions(self, kind: type[Any], *leading: object) -> dict[tuple[Any, ...], str]:
        """Return the revisions that begin with some values, in one look-up: of all analyses of a project.

        Args:
            kind: One of `records.REVISED`.
            leading: Values of the first of the fields that stand there, fewer than there are.

        Returns:
            What `revision` says, by the values of the other fields; nothing for those that were never written.
        """

    @abstractmethod
    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the database itself, whatever its records say."""

    def scrub(self) -> bool:
        """Write the database anew without what was deleted from it, and say whether that was done.

        A server that reuses the room of what was deleted in its own time does nothing here.

        Raises:
            StorageError: Others are at work in the database, or there is no room.
        """
        return False

    @abstractmethod
    def size(self) -> int:
        """Return how many bytes the database takes on disk, about."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the database; the store is of no use afterwards."""

    @abstractmethod
    def _page(self, kind: type[Any], equals: dict[str, object], after: list[Any] | None) -> tuple[list[Row], bool]:
        """Read the records after a key, as many as fit a page, and say whether there may be more."""

    def _rows(self, kind: type[Any], equals: dict[str, object]) -> Iterator[Row]:
        after, more = None, True
        while more:
            rows, more = self._page(kind, equals, after)
            yield from rows
            if more:
                after = [rows[-1][name] for name in self.schema.keys[kind]]

    def __enter__(self) -> Self:
        """Close at the end of a `with` block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close, whatever happened."""
        self.close()


def _first(rows: list[tuple[Any, ...]], n: int, n_all: int) -> Iterable[tuple[Any, ...]]:
    """Return the first fields of each row."""
    return rows if n == n_all else (row[:n] for row in rows)


def n_bytes(row: Row) -> int:
    """Return about how large a row is: its arrays and pictures."""
    return sum(len(value) for value in row.values() if isinstance(value, bytes))


def missing_indexes(place: str, wanted: Iterable[str], there: Container[str]) -> Iterator[str]:
    """Yield a line for each index that is wanted and not there."""
    for name in wanted:
        if name not in there:
            yield f"{place}: the index {name} is missing. Run: python -m src db migrate"
