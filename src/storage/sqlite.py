"""The store in one SQLite file: one table a kind of record, one column a field."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ..errors import StorageError
from ..records import Record
from .base import PAGE, PAGE_BYTES, R, Row, Store, missing_indexes, n_bytes
from .codec import Layout
from .pages import Place, Plan, Query
from .schema import SCHEMA, Columns, Schema, index_name

BUSY_TIMEOUT_S = 30.0
_REVISIONS = "facerec_revision"
_AGAIN_S = 0.01


def write_ahead(connection: sqlite3.Connection) -> None:
    """Use a write-ahead log, waiting for others that open a new file: SQLite itself does not wait at this step."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as err:
            if err.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_S)


class SqliteStore(Store):
    """Keeps records in a SQLite file in WAL mode, with a connection for each thread that is at work in it."""

    def __init__(self, path: Path, schema: Schema = SCHEMA, *, migrate: bool = False) -> None:
        """Open the file, making it and its folders where they do not exist.

        Args:
            path: The file.
            schema: What it holds.
            migrate: Also take steps to a newer version that cannot be taken back, and add what may be missing.
        """
        super().__init__(schema)
        self.place = str(path)
        self._path = path
        self._upsert = {kind: _upsert(layout) for kind, layout in schema.layouts.items()}
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._lock = threading.Lock()
        with _translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._prepare(migrate)

    def put(self, *records: Record) -> None:
        """Write records in one transaction."""
        with _translated(self._path), self._transaction() as connection:
            for record in records:
                values = self.schema.layouts[type(record)].values(record)
                connection.execute(self._upsert[type(record)], list(values.values()))
            _revise(connection, self.schema.scopes(records))

    def put_new(self, record: Record) -> bool:
        """Insert in a transaction of its own, which waits for others."""
        layout = self.schema.layouts[type(record)]
        values = layout.values(record)
        where, key = _where({name: values[name] for name in layout.key})
        with _translated(self._path), self._transaction() as connection:
            if connection.execute(f"SELECT 1 FROM {layout.name}{where}", key).fetchone():
                return False
            connection.execute(self._upsert[type(record)], list(values.values()))
            _revise(connection, self.schema.scopes([record]))
        return True

    def put_if(self, record: Record, **expected: object) -> bool:
        """Compare and replace in one transaction."""
        layout = self.schema.layouts[type(record)]
        values = layout.values(record)
        where, wanted = _where({name: values[name] for name in layout.key} | expected)
        with _translated(self._path), self._transaction() as connection:
            if connection.execute(f"SELECT 1 FROM {layout.name}{where}", wanted).fetchone() is None:
                return False
            connection.execute(self._upsert[type(record)], list(values.values()))
            _revise(connection, self.schema.scopes([record]))
        return True

    def count(self, kind: type[R], **equals: object) -> int:
        """Count without reading the records."""
        self.schema.serving(kind, set(equals))
        where, values = _where(equals)
        with _translated(self._path), self._connection() as connection:
            query = f"SELECT COUNT(*) FROM {self.schema.layouts[kind].name}{where}"
            return int(connection.execute(query, values).fetchone()[0])

    def delete(self, kind: type[R], **equals: object) -> int:
        """Delete in one statement."""
        self.schema.serving(kind, set(equals))
        where, values = _where(equals)
        name, fields = self.schema.layouts[kind].name, self.schema.revised.get(kind)
        with _translated(self._path), self._transaction() as connection:
            if fields:
                gone = connection.execute(f"SELECT DISTINCT {', '.join(fields)} FROM {name}{where}", values).fetchall()
                _revise(connection, {self.schema.scope(kind, *cells) for cells in gone})
            return connection.execute(f"DELETE FROM {name}{where}", values).rowcount

    def revision(self, kind: type[Any], *scope: object) -> str:
        """Read it from a table of its own, that every writer of these records writes to in the same transaction."""
        asked = self.schema.scope(kind, *scope)
        with _translated(self._path), self._connection() as connection:
            found = connection.execute(f"SELECT stamp FROM {_REVISIONS} WHERE scope = ?", [asked]).fetchone()
        return str(found[0]) if found else ""

    def revisions(self, kind: type[Any], *leading: object) -> dict[tuple[Any, ...], str]:
        """Read a stretch of the same table."""
        asked = self.schema.scopes_below(kind, *leading)
        with _translated(self._path), self._connection() as connection:
            query = f"SELECT scope, stamp FROM {_REVISIONS} WHERE scope >= ? AND scope < ?"
            found = connection.execute(query, asked).fetchall()
        return {tuple(json.loads(scope)[1 + len(leading) :]): str(stamp) for scope, stamp in found}

    def faults(self) -> Iterator[str]:
        """Let SQLite check every page and index, and name the indexes that are not there."""
        try:
            with _translated(self._path), self._connection() as connection:
                found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
                there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        except StorageError as err:
            yield str(err)
            return
        yield from (f"{self._path}: {text}" for text in found if text != "ok")
        wanted = (index_name(layout, index) for layout, index in self.schema.all_indexes())
        yield from missing_indexes(self.place, wanted, there)

    def scrub(self) -> bool:
        """Write the file anew and empty the log, both of which keep deleted rows otherwise."""
        with _translated(self._path), self._connection() as connection:
            connection.execute("VACUUM")
            deadline = time.monotonic() + BUSY_TIMEOUT_S
            # SQLite waits for others who read or write, but not for one who empties the log at this moment.
            while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > deadline:
                    why = "is in use by others, and keeps what was deleted. Stop them and run this again."
                    raise StorageError(f"{self._path} {why}")
                time.sleep(_AGAIN_S)
        return True

    def size(self) -> int:
        """Add up the file and its write-ahead log."""
        files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def close(self) -> None:
        """Close the connections; one that another thread is using is closed when that thread has done with it."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()

    def _page(self, kind: type[Any], equals: dict[str, object], after: list[Any] | None) -> tuple[list[Row], bool]:
        layout = self.schema.layouts[kind]
        where, values = _where(equals)
        if after is not None:
            later = f"({', '.join(layout.key)}) > ({', '.join('?' * len(layout.key))})"
            where, values = f"{where} AND {later}" if where else f" WHERE {later}", [*values, *after]
        names = ", ".join(layout.types)
        query = f"SELECT {names} FROM {layout.name}{where} ORDER BY {', '.join(layout.key)} LIMIT {PAGE}"
        rows: list[Row] = []
        size = 0
        with _translated(self._path), self._connection() as connection, closing(connection.execute(query, values)) as cursor:
            for cells in cursor:
                rows.append(dict(zip(layout.types, cells, strict=True)))
                size += n_bytes(rows[-1])
                if size >= PAGE_BYTES:
                    return rows, True
        return rows, len(rows) == PAGE

    def _selected(
        self, kind: type[Any], plan: Plan, query: Query, names: tuple[str, ...], limit: int, after: Place | None
    ) -> list[tuple[Any, ...]]:
        layout = self.schema.layouts[kind]
        conditions = [f"{name} {operator} ?" for name, operator, _ in _conditions(query)]
        values = [value for *_, value in _conditions(query)]
        if after is not None and plan.sort:
            sign = "<" if query.descending else ">"
            conditions.append(f"({', '.join(plan.sort)}) {sign} ({', '.join('?' * len(plan.sort))})")
            values += after
        # Named, so that a query never scans: where the index is missing it fails and says so.
        table = layout.name if plan.is_key else f"{layout.name} INDEXED BY {index_name(layout, plan.columns)}"
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        order = ", ".join(f"{name}{' DESC' if query.descending else ''}" for name in plan.sort)
        sql = f"SELECT {', '.join(names)} FROM {table}{where}{f' ORDER BY {order}' if order else ''} LIMIT {int(limit)}"
        with _translated(self._path), self._connection() as connection:
            return connection.execute(sql, values).fetchall()

    def _of_keys(
        self, kind: type[Any], names: tuple[str, ...], keys: list[str | int], leading: tuple[object, ...]
    ) -> list[tuple[Any, ...]]:
        layout = self.schema.layouts[kind]
        first = "".join(f"{name} = ? AND " for name in layout.key[: len(leading)])
        among = f"{layout.key[len(leading)]} IN ({', '.join('?' * len(keys))})"
        sql = f"SELECT {', '.join(names)} FROM {layout.name} WHERE {first}{among}"
        with _translated(self._path), self._connection() as connection:
            return connection.execute(sql, [*leading, *keys]).fetchall()

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
        try:
            write_ahead(connection)
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

    def _prepare(self, migrate: bool) -> None:
        """Make the tables, or bring those of an older program up to date."""
        with self._connection() as connection:
            # A store that is up to date is opened without a lock, also while another process writes.
            version = _version(connection)
            self.schema.steps_from(version, self.place, migrate)
            if version == self.schema.version and not migrate:
                return
        with self._transaction() as connection:
            # Another process may have been quicker.
            version = _version(connection)
            steps = self.schema.steps_from(version, self.place, migrate)
            if version == 0 and connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
                raise StorageError(f"{self._path} is a database of another program. Give database.uri another file.")
            for kind, layout in self.schema.layouts.items():
                _add_missing(connection, layout, self.schema.indexes.get(kind, ()))
            connection.execute(f"CREATE TABLE IF NOT EXISTS {_REVISIONS} (scope TEXT PRIMARY KEY, stamp TEXT) WITHOUT ROWID")
            for step in steps:
                if step.sqlite:
                    step.sqlite(connection)
            connection.execute(f"PRAGMA user_version = {self.schema.version}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _revise(connection: sqlite3.Connection, scopes: set[str]) -> None:
    stamps = [(scope, secrets.token_hex(8)) for scope in sorted(scopes)]
    connection.executemany(f"INSERT OR REPLACE INTO {_REVISIONS} (scope, stamp) VALUES (?, ?)", stamps)


def _upsert(layout: Layout) -> str:
    names, marks = ", ".join(layout.types), ", ".join("?" * len(layout.types))
    return f"INSERT OR REPLACE INTO {layout.name} ({names}) VALUES ({marks})"


def _add_missing(connection: sqlite3.Connection, layout: Layout, indexes: tuple[Columns, ...]) -> None:
    """Make the table of a kind, or the columns and indexes that it does not have yet."""
    there = {row[1] for row in connection.execute(f"PRAGMA table_info({layout.name})")}
    if not there:
        columns = ", ".join(f"{name} {_column_type(stored)}" for name, stored in layout.types.items())
        connection.execute(f"CREATE TABLE {layout.name} ({columns}, PRIMARY KEY ({', '.join(layout.key)}))")
    else:
        for name in [name for name in layout.types if name not in there]:
            (default,) = connection.execute("SELECT quote(?)", [layout.default(name)]).fetchone()
            column = f"{name} {_column_type(layout.types[name])} DEFAULT {default}"
            connection.execute(f"ALTER TABLE {layout.name} ADD COLUMN {column}")
    for index in indexes:
        # A field that stands in an index twice keeps SQLite from sorting by what comes after it.
        columns = ", ".join(dict.fromkeys((*index, *layout.key)))
        connection.execute(f"CREATE INDEX IF NOT EXISTS {index_name(layout, index)} ON {layout.name} ({columns})")


def _column_type(stored: str) -> str:
    return "TEXT" if stored == "JSON" else stored


def _conditions(query: Query) -> Iterator[tuple[str, str, object]]:
    """Yield field, operator and value of each condition."""
    yield from ((name, "IS", value) for name, value in query.equals.items())
    yield from ((name, ">=", value) for name, value in query.at_least.items())
    yield from ((name, "<", value) for name, value in query.below.items())


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
        elif "no such index" in text:
            remedy = "An index is missing. Run: python -m src db migrate"
        elif "no such" in text or "has no column" in text:
            remedy = "Another version of FaceRec made this file. Use that version, or move the file away to begin anew."
        elif "locked" in text:
            remedy = "Another process holds it; wait for that one or stop it."
        else:
            remedy = "Check that the folder exists and may be written."
        raise StorageError(f"{path}: {text}. {remedy}") from err
