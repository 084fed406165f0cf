"""The store in one SQLite file: one table a kind of record, one column a field."""

from __future__ import annotations

import json
import sqlite3
import threading
import types
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import StorageError
from ..records import INDEXES, KEYS, Record
from .base import R, Store, check_served
from .codec import from_fields, to_fields

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 30.0
_PAGE = 256


class SqliteStore(Store):
    """Keeps records in a SQLite file in WAL mode, with one connection a thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it and its folders where they do not exist."""
        self._path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        with _translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._prepare()

    def put(self, *records: Record) -> None:
        """Write records in one transaction."""
        with _translated(self._path), self._transaction() as connection:
            for record in records:
                table = _TABLES[type(record)]
                connection.execute(table.upsert, table.row(record))

    def get(self, kind: type[R], *key: object) -> R | None:
        """Return the record of a full key, or None."""
        equals = dict(zip(KEYS[kind], key, strict=True))
        return next(self.find(kind, **equals), None)

    def find(self, kind: type[R], **equals: object) -> Iterator[R]:
        """Yield records in pages, so that writing while reading neither blocks nor disturbs the order."""
        check_served(kind, set(equals))
        return self._pages(kind, equals)

    def count(self, kind: type[R], **equals: object) -> int:
        """Count without reading the records."""
        check_served(kind, set(equals))
        where, values = _where(equals)
        with _translated(self._path):
            query = f"SELECT COUNT(*) FROM {_TABLES[kind].name}{where}"
            return int(self._connection().execute(query, values).fetchone()[0])

    def delete(self, kind: type[R], **equals: object) -> int:
        """Delete in one statement."""
        check_served(kind, set(equals))
        where, values = _where(equals)
        with _translated(self._path), self._transaction() as connection:
            return connection.execute(f"DELETE FROM {_TABLES[kind].name}{where}", values).rowcount

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._local = threading.local()

    def _pages(self, kind: type[R], equals: dict[str, object]) -> Iterator[R]:
        table, last = _TABLES[kind], None
        while True:
            where, values = _where(equals)
            if last is not None:
                after = f"({', '.join(table.key)}) > ({', '.join('?' * len(table.key))})"
                where, values = f"{where} AND {after}" if where else f" WHERE {after}", [*values, *last]
            query = f"SELECT * FROM {table.name}{where} ORDER BY {', '.join(table.key)} LIMIT {_PAGE}"
            with _translated(self._path):
                rows = self._connection().execute(query, values).fetchall()
            for row in rows:
                yield table.record(row)
            if len(rows) < _PAGE:
                return
            last = [rows[-1][column] for column in table.key]

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            # With a write-ahead log NORMAL loses no consistency, at most the last transactions on a power cut.
            connection.execute("PRAGMA synchronous = NORMAL")
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        # IMMEDIATE takes the write lock at once: two processes wait for each other instead of failing half-way.
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _prepare(self) -> None:
        with self._transaction() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise StorageError(
                    f"{self._path} has schema version {version}, this program knows {SCHEMA_VERSION}. Install a newer FaceRec."
                )
            if version < SCHEMA_VERSION:
                for table in _TABLES.values():
                    for statement in table.create:
                        connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


class _Table:
    """How one kind of record lies in SQLite."""

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind
        self.name = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
        self.key = KEYS[kind]
        hints = typing.get_type_hints(kind)
        self.columns = {f.name: _column_type(hints[f.name]) for f in fields(kind)}
        names, marks = ", ".join(self.columns), ", ".join("?" * len(self.columns))
        self.upsert = f"INSERT OR REPLACE INTO {self.name} ({names}) VALUES ({marks})"

    @property
    def create(self) -> Iterator[str]:
        """Statements that make the table and its indexes."""
        columns = ", ".join(f"{name} {'TEXT' if sql == 'JSON' else sql}" for name, sql in self.columns.items())
        yield f"CREATE TABLE {self.name} ({columns}, PRIMARY KEY ({', '.join(self.key)}))"
        for index in INDEXES.get(self.kind, ()):
            yield f"CREATE INDEX {self.name}_by_{'_'.join(index)} ON {self.name} ({', '.join((*index, *self.key))})"

    def row(self, record: Record) -> list[Any]:
        """Return a record's values in the order of the columns."""
        values = to_fields(record)
        return [
            json.dumps(values[name], ensure_ascii=False) if sql == "JSON" and values[name] is not None else values[name]
            for name, sql in self.columns.items()
        ]

    def record(self, row: sqlite3.Row) -> Any:
        """Return the record of a row."""
        values = {
            name: json.loads(row[name]) if sql == "JSON" and row[name] is not None else row[name]
            for name, sql in self.columns.items()
        }
        return from_fields(self.kind, values)


def _column_type(hint: Any) -> str:
    """Return the SQLite type of a field, or JSON for what is kept as text in JSON form."""
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is np.ndarray or hint is bytes:
        return "BLOB"
    if isinstance(hint, type):
        for python, sql in ((bool, "INTEGER"), (int, "INTEGER"), (float, "REAL"), (str, "TEXT")):
            if issubclass(hint, python):
                return sql
    return "JSON"


def _where(equals: dict[str, object]) -> tuple[str, list[Any]]:
    if not equals:
        return "", []
    # IS, not =, so that None finds the records that have nothing there.
    return " WHERE " + " AND ".join(f"{name} IS ?" for name in equals), list(equals.values())


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into errors that say what to do."""
    try:
        yield
    except (sqlite3.Error, OSError) as err:
        text = str(err)
        if isinstance(err, sqlite3.DatabaseError) and ("malformed" in text or "not a database" in text):
            remedy = f'Restore a backup, or save what can be read with: sqlite3 {path} ".recover" | sqlite3 new.db'
        elif "full" in text or "No space" in text:
            remedy = "Free some space on the disk and run the same command again."
        elif "locked" in text:
            remedy = "Another process holds it; wait for that one or stop it."
        else:
            remedy = "Check that the folder exists and may be written."
        raise StorageError(f"{path}: {text}. {remedy}") from err


_TABLES = {kind: _Table(kind) for kind in KEYS}
