"""Databases of other versions: older ones are brought up to date, newer ones refused."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from src.errors import StorageError
from src.records import (
    INDEXES,
    KEYS,
    Analysis,
    Appearance,
    Image,
    Model,
    Person,
    Project,
    ProjectVideo,
    Shot,
    Status,
    Track,
    TrackEmbeddings,
    TrackSamples,
    Video,
    now,
)
from src.storage.base import Store
from src.storage.codec import unpack
from src.storage.mongo import MongoStore
from src.storage.schema import MIGRATIONS, SCHEMA, Migration, Schema
from src.storage.sqlite import SqliteStore
from tests.contract.samples import assert_same, full_records, key_of
from tests.servers.mongod import client_of

VERSION_1 = Path(__file__).parent / "fixtures" / "version1.db.gz"
"""All of `samples.full_records` and `bare_records`, written by the first program that had a store."""


@dataclass(frozen=True, slots=True)
class Note:
    """A kind of record that comes with version 101."""

    project: str
    note: int
    text: str = ""
    made_at: str = ""


@dataclass(frozen=True, slots=True)
class LaterNote:
    """The same kind in version 102, with fields that the older one did not have."""

    project: str
    note: int
    text: str = ""
    made_at: str = ""
    tags: tuple[str, ...] = ("old",)
    weight: float | None = None
    author: str = "nobody"


Note.__name__ = LaterNote.__name__ = "Note"


def shout_in_sqlite(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE note SET text = upper(text)")


def shout_in_mongo(database: Any) -> None:
    for found in list(database.note.find()):
        database.note.update_one({"_id": found["_id"]}, {"$set": {"text": found["text"].upper()}})


BASE = Schema()
ADDED = Schema(KEYS | {Note: ("project", "note")}, INDEXES, (*MIGRATIONS, Migration(101, "notes")))
WIDER = Schema(
    KEYS | {LaterNote: ("project", "note")},
    INDEXES | {LaterNote: (("project", "author"),)},
    (*ADDED.migrations, Migration(102, "notes have authors")),
)
LOUD = Schema(
    WIDER.keys,
    WIDER.indexes,
    (
        *WIDER.migrations,
        Migration(103, "notes lose their small letters", "", False, shout_in_sqlite, shout_in_mongo),
    ),
)


class Opener:
    """Opens one database as programs of several versions would."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def __call__(self, schema: Schema, *, migrate: bool = False) -> Store:
        if self.uri.startswith("mongodb"):
            return MongoStore(self.uri, schema, migrate=migrate)
        return SqliteStore(Path(self.uri.removeprefix("sqlite:///")), schema, migrate=migrate)

    def version(self) -> int:
        if self.uri.startswith("mongodb"):
            with client_of(self.uri) as client:
                return int(client.get_default_database().facerec_schema.find_one()["version"])
        with closing(sqlite3.connect(self.uri.removeprefix("sqlite:///"))) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
def opened(store_uri: str) -> Iterator[Opener]:
    """A database with one project, made by this program."""
    opener = Opener(store_uri)
    with opener(BASE) as store:
        store.put(Project("p", "fake"))
    yield opener


def test_records_do_not_change_without_a_migration() -> None:
    last = MIGRATIONS[-1]
    assert last.layout == SCHEMA.fingerprint, (
        f"src/records/ changed. Add Migration({last.version + 1}, 'what changed', '{SCHEMA.fingerprint}') to "
        "storage/schema.py, or, while the version is not released, give its last line this fingerprint."
    )


def test_versions_count_up() -> None:
    versions = [step.version for step in MIGRATIONS]
    assert versions == sorted(set(versions))
    assert versions[0] == 1


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    """The database of the first program, with one analysis complete and the other one begun."""
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(VERSION_1.read_bytes()))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE analysis SET status = 'COMPLETE' WHERE analysis_id = 'a1'")
    return path


def test_first_version_still_opens(version_1: Path) -> None:
    with SqliteStore(version_1) as store:
        assert list(store.faults()) == []
        damaged = [found for kind in KEYS for found in store.scan(kind) if isinstance(found, StorageError)]
        assert damaged == []
        for record in full_records():
            if isinstance(record, Project | Person | Image | Model | Video | Shot | Track | TrackSamples | Appearance):
                assert store.get(type(record), *key_of(record)) is not None
            if isinstance(record, Person | Video | Shot | Track):
                # What was not there in the first version has its default.
                wanted = replace(record, transition="") if isinstance(record, Shot) else record
                assert_same(store.get(type(record), *key_of(record)), wanted)
    assert Opener(f"sqlite:///{version_1}").version() == SCHEMA.version


def test_embeddings_of_version_1_lie_in_blocks(version_1: Path) -> None:
    with closing(sqlite3.connect(version_1)) as connection:
        query = "SELECT frame_index, qualities, embedded, embeddings FROM track_samples WHERE analysis_id = 'a1'"
        frames, qualities, embedded, embeddings = map(unpack, connection.execute(query).fetchone())
    with SqliteStore(version_1) as store:
        (block,) = store.find(TrackEmbeddings)
        assert (block.analysis_id, block.part, block.track_ids.tolist()) == ("a1", 0, [3])
        assert_same(block.frame_index, frames[embedded])
        assert_same(block.weights, qualities[embedded])
        assert_same(block.embeddings, embeddings)
    with closing(sqlite3.connect(version_1)) as connection:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(track_samples)")}
    assert columns == set(SCHEMA.layouts[TrackSamples].types)


def test_videos_of_version_1_become_members_and_what_was_begun_begins_anew(version_1: Path) -> None:
    with SqliteStore(version_1) as store:
        (member,) = store.find(ProjectVideo)
        assert (member.project, member.video_id, member.fragment, member.analysis_id) == ("p", "v1", "t=10,20", "a1")
        begun = store.get(Analysis, "bare")
        assert begun is not None
        assert (begun.status, begun.checkpoint) == (Status.QUEUED, None)
        assert store.count(TrackSamples, analysis_id="bare") == 0
        assert store.count(TrackSamples, analysis_id="a1") == 1


def test_new_kind_is_there_after_opening(opened: Opener) -> None:
    with opened(ADDED) as store:
        store.put(Note("p", 1, "hello"))  # type: ignore[arg-type]
        assert [found.text for found in store.find(Note, project="p")] == ["hello"]  # type: ignore[type-var]
        assert store.count(Project) == 1
    assert opened.version() == 101


def test_new_fields_have_their_defaults_and_are_found_by_them(opened: Opener) -> None:
    with opened(ADDED) as store:
        store.put(Note("p", 1, "hello", now()), Note("p", 2))  # type: ignore[arg-type]
    with opened(WIDER) as store:
        found: list[Any] = list(store.find(LaterNote, project="p", author="nobody"))  # type: ignore[type-var]
        assert [(note.text, note.tags, note.weight) for note in found] == [("hello", ("old",), None), ("", ("old",), None)]
        assert store.count(LaterNote, project="p", author="ann") == 0  # type: ignore[type-var]
        assert list(store.faults()) == []


def test_several_versions_at_once(opened: Opener) -> None:
    with opened(WIDER) as store:
        store.put(LaterNote("p", 1))  # type: ignore[arg-type]
    assert opened.version() == 102


def test_newer_database_is_refused_and_left_alone(opened: Opener) -> None:
    opened(ADDED).close()
    with pytest.raises(
        StorageError, match=r"has schema version 101, this program knows \d+\. Install a newer FaceRec"
    ) as caught:
        opened(BASE)
    assert "\n" not in str(caught.value)
    with pytest.raises(StorageError, match="newer"):
        opened(BASE, migrate=True)
    assert opened.version() == 101


def test_what_cannot_be_taken_back_must_be_asked_for(opened: Opener) -> None:
    with opened(WIDER) as store:
        store.put(LaterNote("p", 1, "hello"))  # type: ignore[arg-type]
    with pytest.raises(StorageError, match=r"notes lose their small letters.*backup.*python -m src db migrate"):
        opened(LOUD)
    assert opened.version() == 102
    with opened(LOUD, migrate=True) as store:
        assert [found.text for found in store.find(LaterNote)] == ["HELLO"]  # type: ignore[type-var]
    with opened(LOUD) as store:
        assert store.count(LaterNote) == 1  # type: ignore[type-var]


def test_interrupted_step_is_repeated(opened: Opener) -> None:
    def fail(_: Any) -> None:
        raise KeyboardInterrupt

    broken = Schema(ADDED.keys, INDEXES, (*MIGRATIONS, Migration(101, "notes", "", True, fail, fail)))
    with pytest.raises(KeyboardInterrupt):
        opened(broken)
    assert opened.version() == SCHEMA.version
    with opened(ADDED) as store:
        store.put(Note("p", 1))  # type: ignore[arg-type]
    assert opened.version() == 101


def test_field_without_default_is_refused(opened: Opener) -> None:
    @dataclass(frozen=True, slots=True)
    class Bare:
        project: str
        note: int
        must: str

    Bare.__name__ = "Note"
    opened(ADDED).close()
    schema = Schema(KEYS | {Bare: ("project", "note")}, INDEXES, (*ADDED.migrations, Migration(102, "a field")))
    with pytest.raises(StorageError, match=r"Note\.must has no default"):
        opened(schema)
    assert opened.version() == 101


def test_missing_index_is_named_and_made_again(opened: Opener) -> None:
    if opened.uri.startswith("mongodb"):
        with client_of(opened.uri) as client:
            client.get_default_database().image.drop_index("image_by_project_path")
    else:
        with closing(sqlite3.connect(opened.uri.removeprefix("sqlite:///"))) as connection:
            connection.execute("DROP INDEX image_by_project_path")
    with opened(BASE) as store:
        (fault,) = store.faults()
        assert "image_by_project_path is missing. Run: python -m src db migrate" in fault
    with opened(BASE, migrate=True) as store:
        assert list(store.faults()) == []
        assert store.count(Person) == 0
