"""The verb `db` as a person types it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from src.__main__ import main
from src.access.audit import events
from src.records import Person, Project
from src.settings import Settings
from src.storage import open_store


@pytest.fixture
def config(settings: Settings, tmp_path: Path) -> Path:
    """A settings file for a database with one project."""
    with open_store(settings.database.uri) as store:
        store.put(Project("p", "fake"), Person("p", "A", "A"))
    file = tmp_path / "settings.yaml"
    file.write_text(f"data_dir: {settings.data_dir}\ndatabase:\n  uri: {settings.database.uri}\n")
    return file


def database(settings: Settings) -> Path:
    return Path(settings.database.uri.removeprefix("sqlite:///"))


def test_check_counts_and_is_content(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "check", "--config", str(config)]) == 0
    out = capsys.readouterr().out
    assert "person: 1" in out
    assert out.endswith("All is well\n")


def test_check_names_every_damaged_record_and_fails(
    config: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(settings.database.uri) as store:
        store.put(Person("p", "B", "B"), Person("p", "C", "C"))
    with closing(sqlite3.connect(database(settings))) as connection, connection:
        connection.execute("UPDATE person SET metadata = '{' WHERE person_id IN ('A', 'C')")
    assert main(["db", "check", "--config", str(config)]) == 1
    out = capsys.readouterr().out
    assert out.count("WRONG A stored Person is damaged (p, ") == 2
    assert "person: 1" in out
    assert out.endswith("2 faults\n")


def test_check_of_a_torn_file_fails(config: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    path = database(settings)
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)
    assert main(["db", "check", "--config", str(config)]) == 1
    captured = capsys.readouterr()
    assert ".recover" in captured.out + captured.err


def test_migrate_says_where_it_stands(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "migrate", "--config", str(config)]) == 0
    assert "has schema version" in capsys.readouterr().out


def test_export_and_import(config: Path, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = str(tmp_path / "p.zip")
    assert main(["db", "export", "p", archive, "--config", str(config)]) == 0
    assert "2 records and 0 files of project p" in capsys.readouterr().out
    assert main(["db", "export", "p", archive, "--config", str(config)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main(["db", "export", "p", archive, "--overwrite", "--config", str(config)]) == 0
    assert main(["db", "import", archive, "--config", str(config)]) == 1
    assert "Give --as NAME" in capsys.readouterr().err
    assert main(["db", "import", archive, "--as", "copy", "--config", str(config)]) == 0
    assert main(["db", "import", archive, "--replace", "--config", str(config)]) == 0
    with open_store(settings.database.uri) as store:
        told = [(event.what, event.project, event.target, bool(event.who)) for event in events(store)]
    assert told == [("db.import", name, "records 2 files 0", True) for name in ("copy", "p")]
    with open_store(settings.database.uri) as store:
        assert [found.project for found in store.find(Project)] == ["copy", "p"]
        assert [(found.project, found.person_id) for found in store.find(Person)] == [("copy", "A"), ("p", "A")]


def test_wrong_name_leaves_no_archive(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "export", "nobody", str(tmp_path / "x.zip"), "--config", str(config)]) == 1
    assert "no project" in capsys.readouterr().err
    assert not list(tmp_path.glob("*x.zip*"))


@pytest.mark.mongo
def test_moving_to_mongodb(
    config: Path, mongo_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = str(tmp_path / "p.zip")
    assert main(["db", "export", "p", archive, "--config", str(config)]) == 0
    monkeypatch.setenv("FACEREC_DATABASE_URI", mongo_uri)
    assert main(["db", "import", archive, "--config", str(config)]) == 0
    assert main(["db", "check", "--config", str(config)]) == 0
    assert main(["db", "migrate", "--config", str(config)]) == 0
    assert "All is well" in capsys.readouterr().out
    with open_store(mongo_uri) as store:
        assert [found.person_id for found in store.find(Person)] == ["A"]
