"""What only a store in a file can suffer: foreign and damaged files, full disks, folders without permission."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from src.errors import StorageError
from src.records import INDEXES, KEYS, Person, Record, Track
from src.storage.schema import SCHEMA
from src.storage.sqlite import SqliteStore, write_ahead
from tests.contract.samples import full_records, person

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store with one person."""
    path = tmp_path / "store.db"
    with SqliteStore(path) as store:
        store.put(person(1))
    return path


def refused(path: Path, *parts: str) -> None:
    """Check that opening fails with one line that names the file and says these things."""
    with pytest.raises(StorageError) as caught:
        SqliteStore(path)
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    for part in parts:
        assert part in text


class TestFiles:
    def test_folders_are_made(self, tmp_path: Path) -> None:
        with SqliteStore(tmp_path / "a" / "b" / "store.db"):
            assert (tmp_path / "a" / "b" / "store.db").exists()

    def test_closing_leaves_one_file(self, path: Path) -> None:
        assert [file.name for file in path.parent.iterdir()] == ["store.db"]

    def test_empty_file_becomes_a_store(self, tmp_path: Path) -> None:
        (tmp_path / "empty.db").touch()
        with SqliteStore(tmp_path / "empty.db") as store:
            assert store.count(Person) == 0

    def test_newer_schema_is_refused_and_left_alone(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {SCHEMA.version + 1}")
        before = path.read_bytes()
        refused(path, f"schema version {SCHEMA.version + 1}", "Install a newer FaceRec")
        assert path.read_bytes() == before

    def test_text_file_is_refused_and_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("Remember the milk. " * 100)
        refused(path, "not a database", "Restore a backup")
        assert path.read_text().startswith("Remember")

    def test_database_of_another_program_is_refused_and_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "other.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE person (email TEXT)")
        refused(path, "another program", "database.uri")
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("person",)]

    def test_missing_column_is_explained(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("ALTER TABLE person DROP COLUMN uri")
        with SqliteStore(path) as store, pytest.raises(StorageError, match="Another version of FaceRec made this file"):
            store.put(person(2))

    def test_file_without_its_head_is_refused(self, path: Path) -> None:
        path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
        refused(path, "not a database", "Restore a backup")

    def test_damaged_pages_are_reported_with_a_remedy(self, path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[8192:] = b"\xff" * (len(data) - 8192)
        path.write_bytes(data)
        with pytest.raises(StorageError, match=r"malformed.*Restore a backup"), SqliteStore(path) as store:
            for kind in KEYS:
                list(store.find(kind))

    @pytest.mark.parametrize("column", ["embedding", "box"])
    def test_damaged_field_is_reported(self, tmp_path: Path, column: str) -> None:
        path, image = tmp_path / "store.db", full_records()[2]
        with SqliteStore(path) as store:
            store.put(image)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"UPDATE image SET {column} = ?", (b"\x93NUMPY" if column == "embedding" else '{"x": 1}',))
        with SqliteStore(path) as store, pytest.raises(StorageError, match=r"A stored Image is damaged.*backup"):
            list(store.find(type(image)))

    def test_file_where_a_folder_should_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        refused(tmp_path / "file" / "store.db", "Check that the folder exists and may be written")

    def test_folder_where_the_file_should_be(self, tmp_path: Path) -> None:
        refused(tmp_path, "Check that the folder exists and may be written")

    @pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
    def test_folder_without_permission(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o555)
        try:
            refused(tmp_path / "store.db", "Check that the folder exists and may be written")
        finally:
            tmp_path.chmod(0o755)

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc on this system")
    def test_folder_where_nobody_may_write(self) -> None:
        refused(Path("/proc/store.db"), "Check that the folder exists and may be written")


class TestFullDisk:
    """SQLite's own limit of pages gives the same error as a full disk, in the same places."""

    @pytest.fixture
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        """A store that fits one megabyte."""
        connect = sqlite3.connect

        def limited(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*args, **kwargs)
            connection.execute("PRAGMA max_page_count = 256")
            return connection

        monkeypatch.setattr(sqlite3, "connect", limited)
        with SqliteStore(tmp_path / "store.db") as store:
            yield store

    def test_full_disk_is_one_line_with_a_remedy(self, store: SqliteStore) -> None:
        with pytest.raises(StorageError, match=r"database or disk is full\. Free some space"):
            store.put(large(0))

    def test_nothing_of_the_put_stays_and_the_store_goes_on(self, store: SqliteStore) -> None:
        store.put(person(1))
        with pytest.raises(StorageError):
            store.put(person(2), large(0), person(3))
        assert [found.person_id for found in store.find(Person)] == ["000001"]
        store.put(person(4))
        assert store.count(Person) == 2


def large(number: int, size: int = 2 << 20) -> Record:
    """Return a record of two megabytes, or of another size."""
    track = next(record for record in full_records() if isinstance(record, Track))
    return replace(track, track_id=number, thumbnail=bytes(size))


class TestAllOrNothing:
    def test_reader_sees_all_of_a_put_or_nothing(self, path: Path) -> None:
        counts, done = set(), threading.Event()

        def write(store: SqliteStore) -> None:
            try:
                for batch in range(20):
                    store.put(*(person(batch * 10 + number, "q") for number in range(10)))
            finally:
                done.set()

        with SqliteStore(path) as store:
            writer = threading.Thread(target=write, args=(store,))
            writer.start()
            while not done.is_set():
                counts.add(store.count(Person, project="q"))
            writer.join()
            assert all(count % 10 == 0 for count in counts)
            assert store.count(Person, project="q") == 200

    def test_sixteen_megabytes(self, path: Path) -> None:
        with SqliteStore(path) as store:
            store.put(large(3, 17 << 20))
            assert len(next(store.find(Track)).thumbnail) == 17 << 20


class TestConnections:
    def test_many_short_threads_share_few_connections(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        opened = count_connections(monkeypatch)
        with SqliteStore(path) as store:
            for _ in range(20):
                thread = threading.Thread(target=store.count, args=(Person,))
                thread.start()
                thread.join()
        assert len(opened) == 1

    def test_up_to_date_store_opens_while_another_writes(self, path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            with SqliteStore(path) as store:
                assert store.count(Person) == 1
            writer.execute("ROLLBACK")

    def test_waiting_too_long_says_who_holds_it(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("src.storage.sqlite.BUSY_TIMEOUT_S", 0.05)
        with closing(sqlite3.connect(path, isolation_level=None)) as writer, SqliteStore(path) as store:
            writer.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError, match=r"locked.*Another process holds it"):
                store.put(person(2))
            writer.execute("ROLLBACK")
            store.put(person(2))
            assert store.count(Person) == 2


def count_connections(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    connect, opened = sqlite3.connect, []

    def counting(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **kwargs))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", counting)
    return opened


def look_ups() -> list[Any]:
    """Return every look-up that is served: the beginnings of keys, and whole indexes."""
    return [
        pytest.param(kind, columns, id=f"{kind.__name__} by {', '.join(columns) or 'nothing'}")
        for kind, key in KEYS.items()
        for columns in (*(key[:n] for n in range(1, len(key) + 1)), *INDEXES.get(kind, ()))
    ]


@pytest.mark.parametrize(("kind", "columns"), look_ups())
def test_no_served_look_up_reads_a_whole_table(path: Path, kind: type[Any], columns: tuple[str, ...]) -> None:
    table = SCHEMA.layouts[kind]
    where = " AND ".join(f"{name} IS ?" for name in columns)
    query = f"EXPLAIN QUERY PLAN SELECT * FROM {table.name} WHERE {where} ORDER BY {', '.join(table.key)} LIMIT 256"
    with closing(sqlite3.connect(path)) as connection:
        plan = [row[3] for row in connection.execute(query, ["x"] * len(columns))]
    assert len(plan) == 1
    assert plan[0].replace("COVERING ", "").startswith(f"SEARCH {table.name} USING INDEX")


def test_fault_in_a_write_never_keeps_the_lock(path: Path) -> None:
    def faults() -> list[Callable[[SqliteStore], object]]:
        broken = Person("p", "x", "x", metadata={"what": object()})
        return [lambda store: store.put(broken), lambda store: store.put(person(2), broken)]

    with SqliteStore(path) as store:
        for fault in faults():
            with pytest.raises(StorageError):
                fault(store)
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")


class Busy:
    """A connection to a file that others are just making: SQLite does not wait for them at the switch to the log."""

    def __init__(self, times: int, code: int) -> None:
        self.times, self.code, self.asked = times, code, 0

    def execute(self, _statement: str) -> None:
        self.asked += 1
        if self.asked <= self.times:
            fault = sqlite3.OperationalError("database is locked")
            fault.sqlite_errorcode = self.code
            raise fault


def test_opening_waits_for_others_that_open_a_new_file() -> None:
    connection = Busy(3, sqlite3.SQLITE_BUSY)
    write_ahead(connection)  # type: ignore[arg-type]
    assert connection.asked == 4


def test_other_faults_are_told_at_once() -> None:
    connection = Busy(1, sqlite3.SQLITE_CORRUPT)
    with pytest.raises(sqlite3.OperationalError):
        write_ahead(connection)  # type: ignore[arg-type]
    assert connection.asked == 1


_EMPTIES_THE_LOG = """
import fcntl, sys
with open(sys.argv[1], "r+b") as shared:
    fcntl.lockf(shared, fcntl.LOCK_EX, 1, 121)  # where SQLite locks out others that would empty the log at the same time
    print("locked", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="takes the locks of SQLite as Unix does")
def test_scrubbing_waits_for_another_that_empties_the_log(path: Path) -> None:
    with SqliteStore(path) as store:
        store.put(person(2))
        shared = path.with_name(f"{path.name}-shm")
        command = [sys.executable, "-c", _EMPTIES_THE_LOG, str(shared)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            assert other.stdin is not None
            assert other.stdout.readline() == "locked\n"
            free = threading.Timer(0.3, other.stdin.close)  # it ends when it has nothing more to read
            free.start()
            assert store.scrub()
            free.join()
            assert other.wait(120) == 0
        assert path.with_name(f"{path.name}-wal").stat().st_size == 0
