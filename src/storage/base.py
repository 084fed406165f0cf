"""The interface of a store: records go in and come out, found by key or by a declared index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from ..errors import StorageError
from ..records import INDEXES, KEYS, Record

R = TypeVar("R", bound=Record)


class Store(ABC):
    """Keeps records. Safe to use from several threads and, on one database, from several processes."""

    @abstractmethod
    def put(self, *records: Record) -> None:
        """Write records, replacing those of the same key: all of them or none."""

    @abstractmethod
    def get(self, kind: type[R], *key: object) -> R | None:
        """Return the record of a full key, or None."""

    @abstractmethod
    def find(self, kind: type[R], **equals: object) -> Iterator[R]:
        """Yield, in the order of their keys, the records whose fields equal the given values.

        Records are read one by one, never all at once. The fields must be served by the key or an index of the kind.

        Raises:
            StorageError: Neither key nor index serves these fields: the store would have to read everything.
        """

    @abstractmethod
    def count(self, kind: type[R], **equals: object) -> int:
        """Return how many records `find` would yield."""

    @abstractmethod
    def delete(self, kind: type[R], **equals: object) -> int:
        """Delete what `find` would yield, and return how many those were."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the database; the store is of no use afterwards."""

    def __enter__(self) -> Self:
        """Close at the end of a `with` block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close, whatever happened."""
        self.close()


def check_served(kind: type[Any], fields: set[str]) -> None:
    """Refuse a look-up that would read a whole collection.

    Raises:
        StorageError: The fields are the beginning of neither the key nor an index.
    """
    serving = (KEYS[kind], *INDEXES.get(kind, ()))
    if not any(set(columns[: len(fields)]) == fields for columns in serving):
        raise StorageError(f"{kind.__name__} cannot be found by {sorted(fields)}: declare an index in records.INDEXES.")
