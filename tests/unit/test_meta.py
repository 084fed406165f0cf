"""Filling in what is known of people from a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import ConfigError
from src.records import Person, Project
from src.verbs.meta import fill, main
from src.workspace import Workspace


@pytest.fixture
def project(workspace: Workspace) -> str:
    workspace.store.put(Project("p", "fake"))
    workspace.store.put(Person("p", "Winston_Churchill", "Winston Churchill", uri="http://x/1", metadata={"born": "1874"}))
    workspace.store.put(Person("p", "Anna_Albers", "Anna Albers", aliases=("A. A.",), description="painter"))
    workspace.store.put(Person("p", "Ben_Bo", "Ben Bo"))
    return "p"


def person(workspace: Workspace, person_id: str) -> Person:
    found = workspace.store.get(Person, "p", person_id)
    assert found is not None
    return found


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_gaps_are_filled_by_name_alias_and_address(workspace: Workspace, project: str, tmp_path: Path, sign: str) -> None:
    table = tmp_path / "people.csv"
    rows = [
        ["Nom", "QID", "Né", "Métier", "Autres"],
        ['"Churchill ""W."", Sir Winston"', "http://x/1", "1900", "homme politique", "Winnie"],
        ['"Albers, Anna"', "http://x/2", "", "weaver", ""],
        ["\u05e9\u05dd \U0001f3ac", "", "", "", ""],
        ["", "", "", "", ""],
    ]
    table.write_text("\ufeff" + "\n".join(sign.join(cells) for cells in rows) + "\n", encoding="utf-8")

    report = fill(
        workspace, project, table, {"name": "Nom", "uri": "QID", "born": "Né", "description": "Métier", "aliases": "Autres"}
    )

    assert [one.name for one in report.filled] == ["Winston Churchill", "Anna Albers"]
    assert report.unknown == ((4, "\u05e9\u05dd \U0001f3ac"),)
    assert report.wrong == ()
    winston = person(workspace, "Winston_Churchill")
    assert (winston.uri, winston.metadata, winston.description) == ("http://x/1", {"born": "1874"}, "homme politique")
    assert winston.aliases == ('Churchill "W.", Sir Winston', "Winnie")
    anna = person(workspace, "Anna_Albers")
    assert (anna.uri, anna.description, anna.aliases) == ("http://x/2", "painter", ("A. A.", "Albers, Anna"))


def test_a_second_time_there_is_nothing_new_and_overwrite_wins(workspace: Workspace, project: str, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("name,uri,job,born\nWinston Churchill,http://x/9,prime minister,1901\n")
    columns = {"name": "name", "uri": "uri", "job": "job", "born": "born"}

    assert len(fill(workspace, project, table, columns).filled) == 1
    assert fill(workspace, project, table, columns).n_same == 1
    assert person(workspace, "Winston_Churchill").uri == "http://x/1"
    fill(workspace, project, table, columns, overwrite=True)
    winston = person(workspace, "Winston_Churchill")
    assert (winston.uri, winston.metadata) == ("http://x/9", {"born": "1901", "job": "prime minister"})


def test_rows_that_cannot_be_used_are_told_line_by_line_and_the_others_are_filled_in(
    workspace: Workspace, project: str, tmp_path: Path
) -> None:
    table = tmp_path / "people.csv"
    table.write_text(
        'name,uri,note\nAlbers, Anna,Q1,x\n,Q2,x\n"Albers, Anna",wikipedia,x\n"Bo, Ben",https://www.wikidata.org/wiki/Q4,"two\n'
        'lines"\n"Albers, Anna",Q5,y\n\n'
    )
    report = fill(workspace, project, table, {"name": "name", "uri": "uri", "note": "note"})

    assert [line for line, _ in report.wrong] == [2, 3, 4]
    assert [why for _, why in report.wrong] == [
        "has 4 cells, the first line 3. Quote cells that hold the sign between cells",
        "names nobody",
        "has 'wikipedia' for an address. Write http://www.wikidata.org/entity/Q8016, or Q8016 for short",
    ]
    assert person(workspace, "Ben_Bo").uri == "http://www.wikidata.org/entity/Q4"
    assert person(workspace, "Ben_Bo").metadata == {"note": "two\nlines"}
    assert person(workspace, "Anna_Albers").uri == "http://www.wikidata.org/entity/Q5"


def test_a_name_that_several_have_fills_nobody(workspace: Workspace, project: str, tmp_path: Path) -> None:
    workspace.store.put(Person("p", "Bo_Ben", "Bo Ben"))
    table = tmp_path / "people.csv"
    table.write_text("name,job\nMr Ben Bo,x\nBen Bo,y\n")

    report = fill(workspace, project, table, {"name": "name", "job": "job"})

    assert report.unknown == ((2, "Mr Ben Bo"),)
    assert person(workspace, "Ben_Bo").metadata == {"job": "y"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"nom,uri\nA,b\n", r"has no column 'name'\. Its columns: nom, uri"),
        (b"", "has no column 'name'. Its columns: none".replace(".", r"\.")),
        (b"name\n\xff\xfe\n", "no CSV in UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_tables_that_cannot_be_used(
    workspace: Workspace, project: str, tmp_path: Path, content: bytes | None, why: str
) -> None:
    table = tmp_path / "people.csv"
    if content is not None:
        table.write_bytes(content)
    with pytest.raises(ConfigError, match=why):
        fill(workspace, project, table, {"name": "name"})


def test_a_map_without_a_column_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fill", "--project", "p", "--csv", "x.csv", "--map", "name"]) == 2
    assert "FIELD=COLUMN" in capsys.readouterr().err
