"""Tables of videos: layouts, resume, the report, and the score of a run."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from evaluation import facerec
from src.errors import ConfigError
from src.records import ProjectVideo
from src.verbs import bulk
from src.verbs.bulk.commandline import main
from src.verbs.bulk.rows import BulkRow, read_rows
from src.workspace import Workspace


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def videos(rows: list[BulkRow]) -> list[str]:
    return [row.video for row in rows]


class TestRows:
    def test_the_layout_of_antract(self, tmp_path: Path) -> None:
        table = write(
            tmp_path / "t.csv",
            "media,url,segment,start,end,person",
            'http://www.ina.fr/media/A,/Media/AF/A.mp4,http://s/92,263,265,"Ben Bella, Ahmed"',
        )

        assert read_rows(table) == [BulkRow(0, 2, "http://www.ina.fr/media/A#t=263,265", "Ben Bella, Ahmed")]
        assert videos(read_rows(table, "url", "/mnt/films")) == ["/mnt/films/Media/AF/A.mp4#t=263,265"]
        assert videos(read_rows(table, "url", "https://x.org/a")) == ["https://x.org/a/Media/AF/A.mp4#t=263,265"]

    def test_the_layout_of_memad(self, tmp_path: Path) -> None:
        table = write(
            tmp_path / "t.csv", "media,locator,p,start,end,person", "http://data.memad.eu/1,https://l/moa,http://p,462,487,0"
        )

        assert videos(read_rows(table)) == ["http://data.memad.eu/1#t=462,487"]
        assert videos(read_rows(table, "locator")) == ["https://l/moa#t=462,487"]

    def test_ground_truth_and_lists(self, tmp_path: Path) -> None:
        truth = write(tmp_path / "t.csv", "video,start_s,end_s,person,note", "a.mp4,0.5,0:01:00,Anna,x", "", "b.mp4,,,,")
        names = write(tmp_path / "t.txt", "# remark", "a.mp4#t=1,2", "", "http://x/b.mp4")

        assert videos(read_rows(truth)) == [f"{tmp_path}/a.mp4#t=0.5,60", f"{tmp_path}/b.mp4"]
        assert [row.number for row in read_rows(truth)] == [0, 1]
        assert videos(read_rows(names)) == [f"{tmp_path}/a.mp4#t=1,2", "http://x/b.mp4"]

    def test_a_part_of_a_part(self, tmp_path: Path) -> None:
        table = write(tmp_path / "t.csv", "path,start,end", '"a.mp4#t=5,20&xywh=1,2,3,4",10,30')

        assert videos(read_rows(table)) == [f"{tmp_path}/a.mp4#t=10,20&xywh=1,2,3,4"]

    def test_spreadsheets_of_other_countries(self, tmp_path: Path) -> None:
        semicolons, tabs = tmp_path / "t.csv", tmp_path / "t.tsv"
        semicolons.write_bytes(
            b'\xef\xbb\xbf"URL";Start;End;Person;"Note;\r\nof two lines"\r\n'
            b'a.mp4;0,5;0:01:00;"Ben Bella, Ahmed";"quoted\r\nnewline"\r\n;;;;\r\nb.mp4;;;;\r\n'
        )
        tabs.write_text("Path\tperson\na.mp4#t=1,2\tAnna, B\n")

        assert [(row.number, row.line, row.person) for row in read_rows(semicolons)] == [(0, 4, "Ben Bella, Ahmed"), (1, 6, "")]
        assert videos(read_rows(semicolons)) == [f"{tmp_path}/a.mp4#t=0.5,60", f"{tmp_path}/b.mp4"]
        assert (videos(read_rows(tabs)), read_rows(tabs)[0].person) == ([f"{tmp_path}/a.mp4#t=1,2"], "Anna, B")

    @pytest.mark.parametrize("first", ["sep=;", '"sep=;"'])
    def test_a_line_of_excel_that_names_the_sign_between_cells(self, tmp_path: Path, first: str) -> None:
        table = write(tmp_path / "t.csv", first, "path;person,or people", "a.mp4;Anna, B")

        assert [(row.line, row.video) for row in read_rows(table)] == [(3, f"{tmp_path}/a.mp4")]

    @pytest.mark.parametrize(
        ("header", "row", "why"),
        [
            ("path,person", ",Anna", "names no video"),
            ("path,start,end", "a,5,5", "the part ends at 5, before it begins"),
            ("path,start,end", "a,soon,5", "'soon' is no time"),
            ("path,person", "a,Ben Bella, Ahmed", "has 3 cells, the first line 2"),
            ("path,person", "a", "has 1 cells, the first line 2"),
            ("path,start,end", '"a.mp4#t=5,6",10,20', "nothing in common"),
            ("path,start,end", '"a.mp4#t=6,5",,', "ends before it begins"),
        ],
    )
    def test_a_row_that_cannot_be_used_costs_no_other(self, tmp_path: Path, header: str, row: str, why: str) -> None:
        good = "b.mp4" + "," * header.count(",")
        bad, rest = read_rows(write(tmp_path / "t.csv", header, row, good))

        assert why in bad.error
        assert (bad.number, bad.line) == (0, 2)
        assert rest == BulkRow(1, 3, f"{tmp_path}/b.mp4", "")

    @pytest.mark.parametrize(
        ("rows", "why"),
        [
            (["a,b", "1,2"], r"no column media or locator or url or path or video \(its columns: a, b\)"),
            (["path", ""], r"names no video\. Write one a row"),
            (["path", '"a'], "Check the quotes"),
        ],
    )
    def test_tables_that_cannot_be_used(self, tmp_path: Path, rows: list[str], why: str) -> None:
        with pytest.raises(ConfigError, match=why):
            read_rows(write(tmp_path / "t.csv", *rows))

    def test_files_that_cannot_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="cannot be read"):
            read_rows(tmp_path / "none.csv")
        (tmp_path / "t.csv").write_bytes(b"path\n\xff\n")
        with pytest.raises(ConfigError, match="no text in UTF-8"):
            read_rows(tmp_path / "t.csv")


def report_of(report: bulk.BulkReport) -> list[dict[str, str]]:
    with (report.folder / "report.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def table(film: Path) -> Path:
    """The truth of the drawn film: two people in its first shot, one in the second, and a file that is not there."""
    return write(
        film.with_name("truth.csv"),
        "video,start,end,person",
        f"{film.name},0,1,Anna Albers",
        f'{film.name},0,1,"Bo, Ben"',
        f"{film.name},2,4,Çelik Özil",
        f"{film.name},3,4,0",
        "gone.mp4,0,1,Anna Albers",
    )


def test_every_row_is_reported_and_a_second_run_goes_on(workspace: Workspace, trained: str, table: Path) -> None:
    first = bulk.run(workspace, table, trained, video_speedup=5, jobs=1)

    assert [one.status for one in first.outcomes] == ["done", "done", "done", "done", "failed"]
    assert {name for name, _ in first.outcomes[0].found} == {"Anna Albers", "Ben Bo"}
    assert [name for name, _ in first.outcomes[2].found] == ["Çelik Özil"]
    assert first.outcomes[0].analysis_id == first.outcomes[1].analysis_id
    written = report_of(first)
    assert [row["segment"] for row in written] == ["0", "1", "2", "3", "4"]
    assert "does not exist" in written[4]["error"]
    assert workspace.store.count(ProjectVideo, project=trained) == 3
    summary = json.loads((first.folder / "report.json").read_text(encoding="utf-8"))
    assert (summary["rows"], summary["done"], summary["failed"]) == (5, 4, 1)

    again = bulk.run(workspace, table, trained, video_speedup=5, jobs=1)
    assert [one.status for one in again.outcomes] == ["skipped", "skipped", "skipped", "skipped", "failed"]
    assert [one.found for one in again.outcomes] == [one.found for one in first.outcomes]


def test_rows_that_cannot_be_used_and_times_past_the_end_are_reported(
    workspace: Workspace, trained: str, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{film.name};2;1;", f"{film.name};2;400;Çelik_Özil", f"{film.name};90;99;"]
    table = write(film.with_name("t.csv"), "Path;Start;End;Person", *rows)
    report = bulk.run(workspace, table, trained, video_speedup=5, jobs=1)

    assert [one.status for one in report.outcomes] == ["failed", "done", "failed"]
    assert "before it begins" in report.outcomes[0].error
    assert "90" in report.outcomes[2].error
    assert [name for name, _ in report.outcomes[1].found] == ["Çelik Özil"]
    assert [row["segment"] for row in report_of(report)] == ["0", "1", "2"]
    assert facerec.main(["--run", str(report.folder), "--voting", "weighted", "--json", "-"]) == 0
    scored = json.loads(capsys.readouterr().out)["rules"]["weighted"]["thresholds"][0]
    assert (scored["tp"], scored["fp"], scored["fn"], scored["tn"]) == (1, 0, 0, 2)


def test_a_list_says_of_nobody_that_they_are_to_be_seen(
    workspace: Workspace, trained: str, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = bulk.run(workspace, write(film.with_name("t.txt"), film.name), trained, video_speedup=5, jobs=1)

    assert facerec.main(["--run", str(report.folder)]) == 1
    assert "nothing to score" in capsys.readouterr().err


def test_a_table_without_a_row_that_can_be_used_is_a_report_too(workspace: Workspace, project: str, tmp_path: Path) -> None:
    report = bulk.run(workspace, write(tmp_path / "t.csv", "path,start,end", "a.mp4,5,2"), project)

    assert [one["status"] for one in report_of(report)] == ["failed"]


def test_a_run_is_scored_against_its_people(
    workspace: Workspace, trained: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = bulk.run(workspace, table, trained, video_speedup=5, jobs=1)

    assert facerec.main(["--run", str(report.folder), "--voting", "weighted", "--json", "-"]) == 0
    out = capsys.readouterr()
    scored: dict[str, Any] = json.loads(out.out)
    assert (scored["segments"], scored["with_person"]) == (5, 4)
    lowest = scored["rules"]["weighted"]["thresholds"][0]
    # The row of nobody shows somebody, and the file that is gone shows nobody.
    assert (lowest["tp"], lowest["fp"], lowest["fn"]) == (3, 1, 1)
    assert "1 segments were not analysed" in out.err


def test_without_a_model_there_is_nothing_to_score(
    workspace: Workspace, project: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = bulk.run(workspace, table, project, video_speedup=5, jobs=1)

    assert not report.is_named
    assert facerec.main(["--run", str(report.folder)]) == 1
    assert "its project had no model" in capsys.readouterr().err
    assert facerec.main(["--run", str(report.folder.parent)]) == 1
    assert facerec.main(["--run", "x", "--predictions", "y", "--ground_truth", "z"]) == 2
    assert facerec.main([]) == 2


def test_the_command_says_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--table", str(tmp_path / "none.csv"), "--project", "p"]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main(["--project", "p"]) == 2
