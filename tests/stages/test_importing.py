"""Files that come back: into a real store, with decisions, people and a new derivation."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from src import clusterize, tracker
from src.__main__ import main
from src.errors import ConfigError
from src.export import FORMATS, READABLE
from src.identities.decisions import active_decisions
from src.records import Appearance, Decision, Person, ProjectVideo, Verb
from src.verbs import exporting, importing
from src.verbs.decide import interval_target
from src.verbs.decide import run as decide
from src.workspace import Workspace
from tests.stages.conftest import DrawnShot, draw
from tests.videos import write_video

NAMED = tuple(name for name in READABLE if name != "mot")


@pytest.fixture
def named(workspace: Workspace, trained: str, film: Path) -> str:
    """The drawn film with names, one of them said by a person of a time."""
    tracker.run(workspace, str(film), trained, video_speedup=5)
    clusterize.run(workspace, str(film), trained)
    target = interval_target(workspace, str(film), 3.0, 3.5)
    decide(workspace, trained, Verb.IS, target, person="Anna Albers", author="ann")
    return trained


def exported(workspace: Workspace, project: str, film: Path, name: str, folder: Path) -> Path:
    return exporting.run(workspace, project, str(film), name, folder / f"{name}{FORMATS[name].suffix}").output


@pytest.mark.parametrize("name", READABLE)
def test_what_is_unchanged_changes_nothing(workspace: Workspace, named: str, film: Path, tmp_path: Path, name: str) -> None:
    path = exported(workspace, named, film, name, tmp_path)
    before = path.read_bytes()
    report = importing.run(workspace, path, named, str(film), author="eva")
    assert report.decisions == ()
    assert report.notes == ()
    assert report.n_same >= 3
    assert exported(workspace, named, film, name, tmp_path).read_bytes() == before


@pytest.mark.parametrize("name", NAMED)
def test_an_edit_is_a_decision_of_whoever_brings_it(
    workspace: Workspace, named: str, film: Path, tmp_path: Path, name: str
) -> None:
    path = exported(workspace, named, film, name, tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "Ben Bo" in text
    path.write_text(text.replace("Ben Bo", "Mia Meier"), encoding="utf-8")
    report = importing.run(workspace, path, named, str(film), author="eva")
    assert [(found.verb, found.person_id, found.author) for found in report.decisions] == [(Verb.IS, "Mia_Meier", "eva")]
    person = workspace.store.get(Person, named, "Mia_Meier")
    assert person is not None
    seen = {one.name: one for one in workspace.store.find(Appearance, project=named)}
    assert seen["Mia Meier"].source == "human"
    assert "Ben Bo" not in seen
    # What is written now says the same as the file that was read.
    again = importing.run(workspace, exported(workspace, named, film, name, tmp_path), named, str(film))
    assert again.decisions == ()
    renamed = {one.name for one in exporting.document_named(workspace, named, str(film)).people}
    assert renamed == {"Anna Albers", "Mia Meier", "Çelik Özil"}


def test_times_past_the_end_are_cut_off(workspace: Workspace, named: str, film: Path, caplog: pytest.LogCaptureFixture) -> None:
    for start, end in ((3.75, 9.0), (8.0, 9.0)):
        decide(workspace, named, Verb.IS, interval_target(workspace, str(film), start, end), person="Ben Bo")
    document = exporting.document_named(workspace, named, str(film))
    said = [(one.name, one.start_npt, one.end_npt) for one in document.people if one.number < 0]
    assert said == [("Anna Albers", 3.0, 3.5), ("Ben Bo", 3.75, 4.0)]
    assert "Ben Bo at 8.000 s lies past the end" in caplog.text


def test_nothing_is_stored_on_a_dry_run(workspace: Workspace, named: str, film: Path, tmp_path: Path) -> None:
    path = exported(workspace, named, film, "json", tmp_path)
    path.write_text(path.read_text().replace("Ben Bo", "Mia Meier"))
    n_before = workspace.store.count(Decision, project=named)
    report = importing.run(workspace, path, named, str(film), dry_run=True)
    assert len(report.decisions) == 1
    assert workspace.store.count(Decision, project=named) == n_before
    assert workspace.store.get(Person, named, "Mia_Meier") is None


def test_a_statement_is_taken_back_and_another_made(workspace: Workspace, named: str, film: Path, tmp_path: Path) -> None:
    path = exported(workspace, named, film, "json", tmp_path)
    found = json.loads(path.read_text())
    said = next(item for item in found["appearances"] if item["appearance"] < 0)
    said["end_npt"] = 3.25
    path.write_text(json.dumps(found))
    report = importing.run(workspace, path, named, str(film))
    assert [decision.verb for decision in report.decisions] == [Verb.UNDO, Verb.IS]
    intervals = [decision.target for decision in active_decisions(workspace.store, named) if decision.target.kind == "interval"]
    assert [(target.start_npt, target.end_npt) for target in intervals] == [(3.0, 3.25)]
    found["appearances"].remove(said)
    path.write_text(json.dumps(found))
    report = importing.run(workspace, path, named, str(film))
    assert [decision.verb for decision in report.decisions] == [Verb.UNDO]
    assert all(one.track_id > 0 for one in workspace.store.find(Appearance, project=named))


def test_a_name_that_no_folder_may_have_is_told(workspace: Workspace, named: str, film: Path, tmp_path: Path) -> None:
    path = exported(workspace, named, film, "elan", tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("Ben Bo", "a/b"), encoding="utf-8")
    report = importing.run(workspace, path, named, str(film))
    assert report.decisions == ()
    assert "holds a character that no folder may have" in report.notes[0]
    assert report.notes[0].startswith("line ")


def test_people_with_any_name_are_found_by_it(workspace: Workspace, named: str, film: Path, tmp_path: Path) -> None:
    odd = 'Ben "B" <Bo> & שלום 🙂'
    person = workspace.store.get(Person, named, "Ben_Bo")
    assert person is not None
    workspace.store.put(Person(named, "odd", odd))
    path = exported(workspace, named, film, "vtt-boxes", tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace('"Ben Bo"', json.dumps(odd, ensure_ascii=False)), encoding="utf-8")
    report = importing.run(workspace, path, named, str(film))
    assert [decision.person_id for decision in report.decisions] == ["odd"]
    for name in FORMATS:
        exported(workspace, named, film, name, tmp_path)
    assert odd in exported(workspace, named, film, "csv", tmp_path).read_text(encoding="utf-8").replace('""', '"')


def test_files_that_cannot_be_read(workspace: Workspace, named: str, film: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        importing.run(workspace, tmp_path / "none", named, str(film))
    (tmp_path / "x").write_text("hello")
    with pytest.raises(ConfigError, match="Nothing tells of which format x is"):
        importing.run(workspace, tmp_path / "x", named, str(film))


def test_a_whole_project(workspace: Workspace, named: str, film: Path, tmp_path: Path) -> None:
    other = write_video(tmp_path / "other.mp4", draw([DrawnShot(50, {0: (60, 120, 64)})]), options={"crf": "12"})
    tracker.run(workspace, str(other), named, video_speedup=5)
    clusterize.run(workspace, str(other), named)
    rows = exporting.run_project(workspace, named, "csv").read_text(encoding="utf-8").splitlines()
    assert sum(row.startswith("video,") for row in rows) == 1
    assert len(rows) == 1 + workspace.store.count(Appearance, project=named)
    path = exporting.run_project(workspace, named, "json")
    assert path.name == "json.jsonl"
    documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {found["video"]["locator"] for found in documents} == {str(film), str(other)}
    path = exporting.run_project(workspace, named, "elan", tmp_path / "all.zip")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["film.eaf", "other.eaf"]
    first = path.read_bytes()
    assert exporting.run_project(workspace, named, "elan", tmp_path / "all.zip").read_bytes() == first


def test_a_project_without_videos(workspace: Workspace, project: str) -> None:
    for name in FORMATS:
        path = exporting.run_project(workspace, project, name)
        assert path.is_file()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                assert archive.namelist() == []


def test_one_video_at_a_time_is_in_memory(workspace: Workspace, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (member,) = workspace.store.find(ProjectVideo, project=named)
    workspace.store.put(*(ProjectVideo(named, member.video_id, f"t={number}", member.analysis_id) for number in range(5)))
    written: list[str] = []
    write = FORMATS["json"].write

    def noted(path: Path, document: object) -> int:
        written.append("written")
        return write(path, document)  # type: ignore[arg-type]

    from dataclasses import replace

    pieces = exporting.project_stream(workspace, named, replace(FORMATS["json"], write=noted))
    assert written == []
    next(pieces)
    assert len(written) == 1
    assert len(list(pieces)) == 5
    assert len(written) == 6


class TestVerbs:
    @pytest.fixture
    def shared(self, workspace: Workspace, named: str, film: Path, tmp_path: Path) -> list[str]:
        config = tmp_path / "config.yaml"
        uri = workspace.settings.database.uri
        config.write_text(f"data_dir: {workspace.data_dir}\nengine: fake\ndatabase:\n  uri: {uri}\n", encoding="utf-8")
        return ["--project", named, "--video", str(film), "--config", str(config)]

    def test_there_and_back(self, shared: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "x.ttl"
        assert main(["export", "--format", "turtle", "--output", str(path), *shared]) == 0
        assert "4 annotations of" in capsys.readouterr().out
        path.write_text(path.read_text(encoding="utf-8").replace("Ben Bo", "Mia Meier"), encoding="utf-8")
        assert main(["import", str(path), "--author", "eva", "--dry_run", *shared]) == 0
        assert "1 decisions would be stored; 3 claims were known; 0 not followed" in capsys.readouterr().out
        assert main(["import", str(path), "--author", "eva", *shared]) == 0
        assert "is Mia_Meier\n1 decisions stored" in capsys.readouterr().out

    def test_profile(self, shared: list[str], tmp_path: Path) -> None:
        path = tmp_path / "x.ttl"
        assert main(["export", "--format", "turtle", "--profile", "memad", "--output", str(path), *shared]) == 0
        assert "memad.eu" in path.read_text(encoding="utf-8")
        assert main(["export", "--format", "elan", "--profile", "memad", *shared]) == 2

    def test_one_thing_at_a_time(self, shared: list[str]) -> None:
        assert main(["export", "--format", "mot", "--clips", *shared]) == 2
        assert main(["export", *shared]) == 2
        assert main(["export", "--clips", "--output", "x", *shared[:2], *shared[4:]]) == 2
        assert main(["export", "--burn_in", "--interval", "0,1", *shared]) == 2
        assert main(["export", "--format", "csv", "--interval", "0,1", *shared[:2], *shared[4:]]) == 2
        assert main(["export", "--format", "csv", "--interval", "2,1", *shared]) == 1

    def test_a_stretch(self, shared: list[str], workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
        folder = workspace.output_dir("p", "film")
        assert main(["export", "--format", "csv", "--interval", "0.5,1.5", *shared]) == 0
        assert "csv_0.5-1.5.csv: " in capsys.readouterr().out
        rows = (folder / "csv_0.5-1.5.csv").read_text(encoding="utf-8").splitlines()
        assert 1 < len(rows) <= 5
        assert main(["export", "--clips", "--interval", "0.5,1.5", *shared]) == 0
        assert len(list((folder / "clips_0.5-1.5").glob("*.mp4"))) == len(rows)
        assert main(["export", "--format", "elan", "--interval", "0.5,1.5", *shared]) == 0
        assert main(["import", str(folder / "elan_0.5-1.5.eaf"), *shared]) == 0
        assert "0 decisions stored" in capsys.readouterr().out

    def test_all_videos(self, shared: list[str], tmp_path: Path) -> None:
        path = tmp_path / "all.csv"
        assert main(["export", "--format", "csv", "--output", str(path), *shared[:2], *shared[4:]]) == 0
        assert len(path.read_text(encoding="utf-8").splitlines()) == 5

    def test_pictures_of_all_videos(
        self, shared: list[str], workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = write_video(tmp_path / "other.mp4", draw([DrawnShot(25, {0: (60, 120, 64)})]), options={"crf": "12"})
        tracker.run(workspace, f"{other}#t=0,0.6", "p", video_speedup=5)
        clusterize.run(workspace, f"{other}#t=0,0.6", "p")
        everything = [*shared[:2], *shared[4:]]
        assert main(["export", "--clips", *everything]) == 0
        assert "2 videos written, 0 failed" in capsys.readouterr().err
        assert len(list(workspace.output_dir("p", "film").glob("clips/*.mp4"))) == 4
        # A part of a video lies beside all of it, and not in its place.
        assert len(list(workspace.output_dir("p", "other", "t=,0.6").glob("clips/*.mp4"))) == 1
        assert main(["export", "--redact", "everyone", *everything]) == 0
        told = capsys.readouterr()
        assert str(workspace.output_dir("p", "other", "t=,0.6") / "redacted.mp4") in told.out
        assert "Only t=,0.6 of the video was analysed" in told.err
        other.unlink()
        assert main(["export", "--burn_in", *everything]) == 1
        told = capsys.readouterr()
        assert "annotated.mp4" in told.out
        assert "1 videos written, 1 failed" in told.err
        assert "does not exist" in told.err

    def test_pictures(self, shared: list[str], workspace: Workspace, film: Path, capsys: pytest.CaptureFixture[str]) -> None:
        from src.video import open_stream

        folder = workspace.output_dir("p", "film")
        assert main(["export", "--clips", *shared]) == 0
        assert len(list((folder / "clips").glob("*.mp4"))) == 4
        assert main(["export", "--burn_in", *shared]) == 0
        assert main(["export", "--redact", "all-but:Anna Albers", *shared]) == 0
        assert "Only faces that the analysis found are covered" in capsys.readouterr().err
        assert main(["export", "--redact", "nobody", *shared]) == 1
        assert main(["export", "--redact", "everyone", *shared]) == 0
        # A film that shows somebody never takes the place of one that shows nobody.
        (but,) = folder.glob("redacted_but_Anna_Albers_*.mp4")
        for path in (folder / "annotated.mp4", folder / "redacted.mp4", but):
            with open_stream(str(path)) as stream:
                images = [frame.rgb() for frame in stream.frames()]
            assert len(images) == 100
        # Person 2 stands in the second shot; his even colour stays in place, his outline does not.
        assert np.abs(np.diff(images[75][64, 70:130].astype(int), axis=0)).max() < 40
