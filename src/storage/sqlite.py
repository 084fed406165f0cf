"""The store in one SQLite file: one table a kind of record, one column a field."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
import types
import typing
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
_PAGE_BYTES = 8_000_000


class SqliteStore(Store):
    """Keeps records in a SQLite file in WAL mode, with a connection for each thread that is at work in it."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it and its folders where they do not exist."""
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
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
        return self._records(kind, equals)

    def count(self, kind: type[R], **equals: object) -> int:
        """Count without reading the records."""
        check_served(kind, set(equals))
        where, values = _where(equals)
        with _translated(self._path), self._connection() as connection:
            query = f"SELECT COUNT(*) FROM {_TABLES[kind].name}{where}"
            return int(connection.execute(query, values).fetchone()[0])

    def delete(self, kind: type[R], **equals: object) -> int:
        """Delete in one statement."""
        check_served(kind, set(equals))
        where, values = _where(equals)
        with _translated(self._path), self._transaction() as connection:
            return connection.execute(f"DELETE FROM {_TABLES[kind].name}{where}", values).rowcount

    def close(self) -> None:
        """Close the connections; one that another thread is using is closed when that thread has done with it."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()

    def _records(self, kind: type[R], equals: dict[str, object]) -> Iterator[R]:
        table, last = _TABLES[kind], None
        while True:
            rows, more = self._page(table, equals, last)
            for row in rows:
                yield table.record(row)
            if not more:
                return
            last = [rows[-1][column] for column in table.key]

    def _page(self, table: _Table, equals: dict[str, object], last: list[Any] | None) -> tuple[list[sqlite3.Row], bool]:
        """Read the rows after a key, as many as fit a page, and say whether there may be more."""
        where, values = _where(equals)
        if last is not None:
            after = f"({', '.join(table.key)}) > ({', '.join('?' * len(table.key))})"
            where, values = f"{where} AND {after}" if where else f" WHERE {after}", [*values, *last]
        query = f"SELECT * FROM {table.name}{where} ORDER BY {', '.join(table.key)} LIMIT {_PAGE}"
        rows: list[sqlite3.Row] = []
        n_bytes = 0
        with _translated(self._path), self._connection() as connection, closing(connection.execute(query, values)) as cursor:
            for row in cursor:
                rows.append(row)
                n_bytes += sum(len(value) for value in row if isinstance(value, bytes))
                # Records with large arrays come in smaller pages, so that memory stays bounded.
                if n_bytes >= _PAGE_BYTES:
                    return rows, True
        return rows, len(rows) == _PAGE

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection. It is used again afterwards, so that a server's many short-lived threads share a few."""
        with self._lock:
            if self._closed:
                raise StorageError(f"{self._path} has been closed. Open the store again.")
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            yield connection
        finally:
            with self._lock:
                if self._closed:
                    connection.close()
                else:
                    self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # With a write-ahead log NORMAL loses no consistency, at most the last transactions on a power cut.
            connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            # IMMEDIATE takes the write lock at once: two processes wait for each other instead of failing half-way.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # After some faults, a full disk among them, SQLite has already rolled back by itself.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        with self._connection() as connection:
            # A store that is up to date is opened without a lock, also while another process writes.
            if self._version(connection) == SCHEMA_VERSION:
                return
        with self._transaction() as connection:
            # Another process may have made the tables in between.
            if self._version(connection) == SCHEMA_VERSION:
                return
            if connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
                raise StorageError(f"{self._path} is a database of another program. Give database.uri another file.")
            for table in _TABLES.values():
                for statement in table.create:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _version(self, connection: sqlite3.Connection) -> int:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA_VERSION:
            raise StorageError(
                f"{self._path} has schema version {version}, this program knows {SCHEMA_VERSION}. Install a newer FaceRec."
            )
        return version


class _Table:
    """How one kind of record lies in SQLite."""

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind
        self.name = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
        self.key = KEYS[kind]
        hints = typing.get_type_hints(kind)
        self.columns = {f.name: _column_type(hints[f.name]) for f in fields(kind)}
        self.optional = {f.name for f in fields(kind) if isinstance(hints[f.name], types.UnionType)}
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
        """Return a record's values in the order of the columns.

        Raises:
            StorageError: A field holds what cannot be read back as it was.
        """
        values = to_fields(record)
        return [self._cell(name, sql, values[name]) for name, sql in self.columns.items()]

    def _cell(self, name: str, sql: str, value: Any) -> Any:
        if value is None and name in self.optional:
            return None
        try:
            return _encode(value, sql)
        except (TypeError, ValueError) as err:
            raise StorageError(f"A {self.kind.__name__} cannot be stored: {name}: {err}. Nothing was written.") from err

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


_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {"BLOB": bytes, "INTEGER": int, "REAL": (float, int), "TEXT": str}


def _encode(value: Any, sql: str) -> Any:
    """Return a value as SQLite keeps it.

    Raises:
        TypeError: The value is of another type than the column.
        ValueError: SQLite would refuse the value or, as with NaN, keep something else.
    """
    if value is None:
        raise ValueError("there is nothing where something must be")
    if sql == "JSON":
        return _checked_text(json.dumps(value, ensure_ascii=False, allow_nan=False))
    if not isinstance(value, _PYTHON_TYPES[sql]):
        raise TypeError(f"{type(value).__name__} is no {sql}")
    if isinstance(value, float) and math.isnan(value):
        raise ValueError("not a number (NaN)")
    if isinstance(value, int) and value.bit_length() > 63:
        raise ValueError("an integer of more than 64 bits")
    return _checked_text(value) if isinstance(value, str) else value


def _checked_text(text: str) -> str:
    text.encode()
    return text


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
        elif "no such" in text or "has no column" in text:
            remedy = "Another version of FaceRec made this file. Use that version, or move the file away to begin anew."
        elif "locked" in text:
            remedy = "Another process holds it; wait for that one or stop it."
        else:
            remedy = "Check that the folder exists and may be written."
        raise StorageError(f"{path}: {text}. {remedy}") from err


_TABLES = {kind: _Table(kind) for kind in KEYS}
