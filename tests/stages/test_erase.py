"""Somebody is erased: nothing of them is left in any file or in the database, and nobody else loses anything."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from src import aligner, classifier, clusterize, tracker
from src.__main__ import main
from src.errors import ConfigError, StorageError
from src.identities.decisions import active_decisions
from src.identities.identification import hidden_names, newest_model
from src.records import (
    Appearance,
    Decision,
    Identification,
    Image,
    Model,
    Person,
    Target,
    Track,
    TrackEmbeddings,
    TrackSamples,
    UnknownPerson,
    UnknownTrack,
    Verb,
    Video,
)
from src.settings import DatabaseSettings, Settings
from src.storage import sqlite
from src.verbs import decide, erase, exporting, learn, people
from src.videos import find_video
from src.workspace import Workspace, open_workspace
from tests.stages.conftest import PEOPLE, DrawnShot, draw, embed_all, put_photos
from tests.videos import write_video

DORA = 6


@pytest.fixture
def film(workspace: Workspace, trained: str, tmp_path: Path) -> str:
    """Ben with Anna, then Dora, then Ben: 1 s each. Dora was named by hand, another face was said not to be Ben."""
    shots = [
        DrawnShot(25, {0: (150, 150, 40), 1: (50, 70, 64)}),
        DrawnShot(25, {DORA: (100, 100, 64)}, 120),
        DrawnShot(25, {1: (60, 60, 64), 8: (140, 140, 64)}),
    ]
    path = str(write_video(tmp_path / "newsreel.mp4", draw(shots), options={"crf": "12"}))
    embed_all(workspace)
    tracker.run(workspace, path, trained, video_speedup=5, export_frames=True)
    clusterize.run(workspace, path, trained)
    return path


@pytest.fixture
def archive(workspace: Workspace, trained: str, film: str) -> str:
    """The project with much that is known of Ben: decisions, learned pictures, an older name, outputs, an index."""
    report = clusterize.run(workspace, film, trained)
    ben = next(a for a in report.appearances if a.name == "Ben Bo" and a.start_npt == 0)
    target = decide.track_target(workspace, trained, film, ben.track_id)
    decide.run(workspace, trained, Verb.IS, target, person="Ben Bo", author="me")
    said = decide.run(workspace, trained, Verb.IS_NOT, decide.unknown_target(1), person="Ben Bo").decision
    decide.run(workspace, trained, Verb.UNDO, Target("decision", decision_id=said.decision_id))
    decide.run(workspace, trained, Verb.RENAME, Target("person", person_id="Ben_Bo"), name="Benedict Bó")
    decide.run(workspace, trained, Verb.IS, decide.unknown_target(1), person="Dora Day")
    learn.run(workspace, trained)
    aligner.run(workspace, trained)
    classifier.run(workspace, trained)
    clusterize.run(workspace, film, trained)
    folder = workspace.training_dir(trained) / "Ben_Bo"
    (folder / "refused.csv").write_text("url,reason,date\nhttp://example.org/Ben_Bo.jpg,small,2024\n", encoding="utf-8")
    (workspace.aligned_dir(trained) / "disabled.txt").write_text("Ben_Bo/000001_0.png\nAnna_Albers/000002_0.png\n")
    anna = next(iter(workspace.store.find(Image, project=trained, person_id="Anna_Albers")))
    workspace.store.put(replace(anna, provenance=replace(anna.provenance, query="Ben Bo")))
    out = workspace.output_dir(trained, find_video(workspace.store, film)[0].folder)
    (out / "tracks.ttl").write_text('<#t=0> schema:name "Benedict B\\u00f3" .\n', encoding="utf-8")
    (out / "note.txt").write_text("Bend Bond\n", encoding="utf-8")
    (workspace.data_dir / "index" / "fake@1").mkdir(parents=True)
    (workspace.data_dir / "index" / "fake@1" / "block.npy").write_bytes(b"vectors")
    return trained


NAMES = (b"Ben Bo", b"Ben_Bo", "Benedict Bó".encode(), b"Benedict B\\u00f3")


def traces(data_dir: Path, needles: tuple[bytes, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield every place of the data folder where a needle stands: names of files, files, the database's bytes."""
    for path in sorted(data_dir.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        name = str(path.relative_to(data_dir))
        yield from ((name, needle) for needle in needles if needle in content or needle in name.encode())


def vectors_of(workspace: Workspace, project: str, person_id: str) -> tuple[bytes, ...]:
    """Return the bytes of the embeddings of a person's pictures."""
    images = workspace.store.find(Image, project=project, person_id=person_id)
    return tuple({image.embedding.tobytes() for image in images if image.embedding is not None})


def faces_of(workspace: Workspace, project: str, person_id: str) -> tuple[bytes, ...]:
    """Return the bytes of the embeddings, thumbnails and boxes of the tracks that show a person."""
    found: list[bytes] = []
    for seen in workspace.store.find(Appearance, project=project, person_id=person_id):
        for track_id in seen.merged_tracks:
            track = workspace.store.get(Track, seen.analysis_id, track_id)
            assert track is not None
            found.append(track.thumbnail)
            samples = workspace.store.find(TrackSamples, analysis_id=seen.analysis_id, track_id=track_id)
            found += [part.boxes_xywh.tobytes() for part in samples]
            for block in workspace.store.find(TrackEmbeddings, analysis_id=seen.analysis_id):
                found += [row.tobytes() for row in block.embeddings[block.track_ids == track_id]]
    return tuple(found)


def test_nothing_of_the_person_is_left(workspace: Workspace, archive: str) -> None:
    needles = NAMES + vectors_of(workspace, archive, "Ben_Bo")
    assert len(needles) > 4
    assert list(traces(workspace.data_dir, needles))
    receipt = erase.run(workspace, archive, "Benedict Bó", author="the archivist")
    assert list(traces(workspace.data_dir, needles)) == []
    assert receipt.scrubbed
    assert receipt.counts == {
        "people": 1,
        "pictures": 5,
        "files": receipt.counts["files"],
        "queries": 1,
        "models": 2,
        "decisions": 4,
        "unknown_names": 0,
        "appearances": 2,
        "notices": 0,
        "jobs": 0,
        "tracks": 0,
        "embeddings": 0,
    }


def test_reports_of_later_models_forget_who_is_gone(workspace: Workspace, trained: str) -> None:
    shutil.rmtree(workspace.training_dir(trained) / "Ben_Bo")
    put_photos(workspace, trained, {5: "Dora Day"})
    aligner.run(workspace, trained)
    report = classifier.run(workspace, trained)
    assert report.page is not None
    assert "Ben Bo" in report.page.read_text(encoding="utf-8")
    erase.run(workspace, trained, "Ben Bo")
    assert list(traces(workspace.data_dir, NAMES)) == []
    again = classifier.run(workspace, trained)
    assert (again.model.model_id, again.is_new, again.page) == (report.model.model_id, False, None)


def test_a_report_with_an_escaped_name_is_found(workspace: Workspace, project: str) -> None:
    put_photos(workspace, project, {0: "Anna Albers", 1: "Ben Bo", 2: "Conan O'Brien"})
    aligner.run(workspace, project)
    page = classifier.run(workspace, project).page
    assert page is not None
    page.with_name("report.json").unlink()
    stray = page.with_name("old")
    shutil.copytree(page.parent, stray, ignore=shutil.ignore_patterns("0*"))
    erase.run(workspace, project, "Conan O'Brien")
    assert list(traces(workspace.data_dir, (b"Conan",))) == []
    assert not page.exists()


def test_nobody_else_loses_anything(workspace: Workspace, archive: str, film: str) -> None:
    others = {i.sha256 for i in workspace.store.find(Image, project=archive) if i.person_id != "Ben_Bo"}
    n_tracks = workspace.store.count(Track)
    erase.run(workspace, archive, "Ben Bo")
    assert {image.sha256 for image in workspace.store.find(Image, project=archive)} == others
    assert [person.person_id for person in workspace.store.find(Person, project=archive)] == [
        "Anna_Albers",
        "Dora_Day",
        "Çelik_Özil",
    ]
    assert [d.person_id for d in active_decisions(workspace.store, archive)] == ["Dora_Day"]
    assert (workspace.aligned_dir(archive) / "disabled.txt").read_text() == "Anna_Albers/000002_0.png\n"
    assert workspace.store.count(Track) == n_tracks
    out = workspace.output_dir(archive, find_video(workspace.store, film)[0].folder)
    assert sorted(path.name for path in out.iterdir()) == ["appearances.csv", "appearances.json", "note.txt", "trackers.csv"]


def test_the_tracks_go_back_to_unknown_and_stay_so_after_a_training(workspace: Workspace, archive: str, film: str) -> None:
    erase.run(workspace, archive, "Ben_Bo")
    assert newest_model(workspace, workspace.project(archive)) is None
    assert workspace.store.count(Identification, project=archive) == 0
    classifier.run(workspace, archive)
    names = {(a.name, a.start_npt) for a in clusterize.run(workspace, film, archive).appearances}
    assert ("Anna Albers", 0.0) in names
    assert ("Dora Day", 1.0) in names
    assert {name.split()[0] for name, start in names if start in (0.0, 2.0)} == {"Anna", "Unknown"}


def test_the_receipt_does_not_name_the_person(workspace: Workspace, archive: str) -> None:
    receipt = erase.run(workspace, archive, "Ben Bo", author="the archivist")
    (path,) = (workspace.data_dir / "receipts").iterdir()
    assert path.name == f"{receipt.receipt_id}.json"
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["counts"]["pictures"] == 5
    assert written["author"] == "the archivist"
    assert written["person_key"] == erase.person_key(archive, "Ben_Bo")
    assert "Ben" not in path.read_text(encoding="utf-8")


def test_the_faces_in_videos_are_forgotten_on_request(workspace: Workspace, archive: str, film: str) -> None:
    needles = NAMES + vectors_of(workspace, archive, "Ben_Bo") + faces_of(workspace, archive, "Ben_Bo")
    n_tracks = workspace.store.count(Track)
    receipt = erase.run(workspace, archive, "Ben Bo", forget_embeddings=True)
    assert list(traces(workspace.data_dir, needles)) == []
    assert (receipt.counts["tracks"], receipt.counts["embeddings"]) == (2, 10)
    assert workspace.store.count(Track) == n_tracks - 2
    assert not (workspace.data_dir / "index").exists()
    names = {(a.name, a.start_npt) for a in workspace.store.find(Appearance, project=archive)}
    assert names == {("Unknown 3", 0.0), ("Dora Day", 1.0), ("Unknown 2", 2.0)}
    classifier.run(workspace, archive)
    assert len(clusterize.run(workspace, film, archive).appearances) == 3


def test_another_project_forgets_the_faces_too(workspace: Workspace, archive: str, film: str) -> None:
    workspace.begin_project("other", "fake")
    put_photos(workspace, "other", PEOPLE)
    aligner.run(workspace, "other")
    classifier.run(workspace, "other")
    tracker.run(workspace, film, "other", video_speedup=5)
    clusterize.run(workspace, film, "other")
    erase.run(workspace, archive, "Ben Bo", forget_embeddings=True)
    assert "Ben Bo" not in {seen.name for seen in workspace.store.find(Appearance, project="other")}
    # But what the other project knows of people by this name is its own.
    assert workspace.store.get(Person, "other", "Ben_Bo") is not None
    assert workspace.store.count(Image, project="other", person_id="Ben_Bo") == 4


def test_an_older_analysis_forgets_the_faces_too(workspace: Workspace, archive: str, film: str) -> None:
    tracker.run(workspace, film, archive, video_speedup=4)
    clusterize.run(workspace, film, archive)
    erase.run(workspace, archive, "Ben Bo", forget_embeddings=True)
    boxes = [
        float(box[0])
        for track in workspace.store.scan(Track)
        if isinstance(track, Track)
        for part in workspace.store.find(TrackSamples, analysis_id=track.analysis_id, track_id=track.track_id)
        for box in part.boxes_xywh[part.npt < 1.0]
    ]
    # Anna stands on the right; Ben walked on the left.
    assert boxes
    assert min(boxes) > 100


def test_an_unknown_person_forgets_the_face(workspace: Workspace, archive: str, film: str) -> None:
    before = workspace.store.get(UnknownPerson, archive, 1)
    assert before is not None
    receipt = erase.run(workspace, archive, "Dora Day", forget_embeddings=True)
    assert receipt.counts["tracks"] == 1
    somebody = workspace.store.get(UnknownPerson, archive, 1)
    assert somebody is not None
    assert not somebody.centre.any()
    assert workspace.store.count(UnknownTrack, project=archive, unknown_id=1) == 0
    assert list(traces(workspace.data_dir, (before.centre.tobytes(), b"Dora"))) == []
    # The numbers of others are theirs still, and this one is never given again.
    film_of_dora = write_video(Path(film).with_name("later.mp4"), draw([DrawnShot(25, {DORA: (90, 90, 70)})]))
    tracker.run(workspace, str(film_of_dora), archive, video_speedup=5)
    classifier.run(workspace, archive)
    (again,) = clusterize.run(workspace, str(film_of_dora), archive).appearances
    assert again.unknown_id not in (None, 1)


def test_erasing_again_finds_nothing(workspace: Workspace, archive: str) -> None:
    first = erase.run(workspace, archive, "Ben Bo")
    again = erase.run(workspace, archive, "Ben Bo")
    assert (first.found, again.found) == (True, False)
    assert len(list((workspace.data_dir / "receipts").iterdir())) == 2
    with pytest.raises(ConfigError):
        erase.run(workspace, "nowhere", "Ben Bo")


def test_a_name_that_is_part_of_another_is_not_erased(workspace: Workspace, project: str) -> None:
    put_photos(workspace, project, {0: "Ann", 1: "Ann Lee", 2: "Anna"})
    aligner.run(workspace, project)
    classifier.run(workspace, project)
    erase.run(workspace, project, "Ann")
    left = [person.person_id for person in workspace.store.find(Person, project=project)]
    assert left == ["Ann_Lee", "Anna"]
    assert workspace.store.count(Image, project=project) == 8


def test_killed_at_any_moment_it_can_be_repeated_to_the_end(workspace: Workspace, archive: str, tmp_path: Path) -> None:
    needles = NAMES + vectors_of(workspace, archive, "Ben_Bo") + faces_of(workspace, archive, "Ben_Bo")
    workspace.store.close()
    program = [sys.executable, "-m", "tests.stages.erase_until_killed"]
    whole = tmp_path / "whole"
    shutil.copytree(workspace.data_dir, whole)
    done = subprocess.run([*program, archive, "Ben Bo", f"{whole}=0"], capture_output=True, text=True, check=True)
    n_changes = int(done.stdout)
    assert list(traces(whole, needles)) == []
    # Killed again and again, each time a little later, as the work that is left gets less.
    rng = random.Random(7)
    copies = [tmp_path / f"copy{number}" for number in range(4)]
    attempts = [f"{copy}={last}" for copy in copies for last in (*(rng.randint(1, n_changes) for _ in range(3)), 0)]
    for copy in copies:
        shutil.copytree(workspace.data_dir, copy)
    done = subprocess.run([*program, archive, "Ben Bo", *attempts], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ends = done.stdout.split()
    assert len(ends) == len(attempts)
    assert "killed" not in ends[3::4]
    assert ends.count("killed") >= 6
    for copy in copies:
        assert list(traces(copy, needles)) == []
        with open_workspace(Settings(data_dir=copy, database=DatabaseSettings(uri=f"sqlite:///{copy / 'facerec.db'}"))) as left:
            assert left.store.count(Person, project=archive) == 3
            assert [decision.person_id for decision in left.store.find(Decision, project=archive)] == ["Dora_Day"]


def test_a_database_in_use_is_said_so_and_the_receipt_is_kept(
    workspace: Workspace, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.1)
    path = Path(workspace.settings.database.uri.removeprefix("sqlite:///"))
    with open_workspace(workspace.settings) as busy, closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM person").fetchone()
        with pytest.raises(StorageError, match="in use by others"):
            erase.run(busy, archive, "Ben Bo")
    (receipt,) = (workspace.data_dir / "receipts").iterdir()
    written = json.loads(receipt.read_text(encoding="utf-8"))
    assert (written["scrubbed"], written["counts"]["pictures"]) == (False, 5)
    assert erase.run(workspace, archive, "Ben Bo").scrubbed
    assert list(traces(workspace.data_dir, NAMES)) == []


def with_retention(workspace: Workspace, days: int | None) -> None:
    workspace.settings = workspace.settings.model_copy(update={"retention_days": days})


def test_photos_that_are_too_old_go_with_the_models_that_hold_them(workspace: Workspace, trained: str) -> None:
    with pytest.raises(ConfigError, match="retention_days"):
        erase.run_expired(workspace)
    with_retention(workspace, 30)
    (report,) = erase.run_expired(workspace, trained)
    assert (report.n_images, report.n_models) == (0, 0)
    old, odd = list(workspace.store.find(Image, project=trained, person_id="Anna_Albers"))[:2]
    workspace.store.put(replace(old, provenance=replace(old.provenance, date="2020-01-01T00:00:00+00:00")))
    workspace.store.put(replace(odd, provenance=replace(odd.provenance, date="last spring")))
    assert old.aligned_path is not None
    assert old.embedding is not None
    (report,) = erase.run_expired(workspace)
    assert (report.n_images, report.n_models, report.n_undated) == (1, 1, 1)
    assert workspace.store.count(Model, project=trained) == 0
    assert not (workspace.data_dir / old.path).exists()
    assert not (workspace.data_dir / old.aligned_path).exists()
    assert list(traces(workspace.data_dir, (old.sha256.encode(), old.embedding.tobytes()))) == []
    assert workspace.store.count(Image, project=trained) == 11


def test_who_may_not_be_recognised_is_named_nowhere(workspace: Workspace, trained: str, film: str) -> None:
    project = workspace.project(trained).project
    assert people.run(workspace, project, "Ben Bo", recognisable=False).changed
    assert hidden_names(workspace.store, project) == {"Ben Bo"}
    for seen in workspace.store.find(Appearance, project=project):
        assert "Ben Bo" not in (seen.name, *(candidate.name for candidate in seen.candidates))
    out = workspace.output_dir(project, find_video(workspace.store, film)[0].folder)
    assert [name for name, _ in traces(out, (b"Ben Bo",)) if not name.startswith("frames")] == []
    tracker.run(workspace, film, project, video_speedup=5)
    assert [name for name, _ in traces(out, (b"Ben Bo",)) if not name.startswith("frames")] == []
    people.run(workspace, project, "Ben_Bo", recognisable=True)
    assert "Ben Bo" in {seen.name for seen in workspace.store.find(Appearance, project=project)}
    with pytest.raises(ConfigError, match="knows nobody"):
        people.run(workspace, project, "Nobody", recognisable=False)


def test_by_command(workspace: Workspace, archive: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    uri = workspace.settings.database.uri
    config.write_text(f"data_dir: {workspace.data_dir}\nretention_days: 9\ndatabase:\n  uri: {uri}\n", encoding="utf-8")
    shared = ["--project", archive, "--config", str(config)]
    assert main(["people", "list", *shared]) == 0
    listed = capsys.readouterr().out
    assert "Benedict Bó" in listed
    assert main(["people", "forbid", "--person", "Anna Albers", *shared]) == 0
    assert "may not be recognised; 1 videos" in capsys.readouterr().out
    assert main(["people", "allow", "--person", "Anna Albers", *shared]) == 0
    assert main(["erase", "--expired", *shared]) == 0
    assert "p: 0 photos and 0 models erased" in capsys.readouterr().out
    assert main(["erase", "--person", "Ben Bo", *shared]) == 0
    out = capsys.readouterr().out
    assert "pictures: 5" in out
    assert "Now run: train --project p" in out
    assert main(["erase", "--person", "Ben Bo", *shared]) == 1
    assert "Nothing of this person" in capsys.readouterr().out
    assert main(["erase", "--person", "Ben Bo", "--expired", *shared]) == 2
    assert main(["erase", "--config", str(config)]) == 2


def test_notices_of_videos_forget_who_is_gone(workspace: Workspace, archive: str) -> None:
    video = next(workspace.store.find(Video))
    people = [{"name": "Bo, Ben", "uri": "http://x/1"}, {"name": "Anna Albers"}]
    segments = [{"title": "Ben Bo in Paris", "start_npt": 1.0, "people": people}, {"title": "Paris", "start_npt": 2.0}]
    workspace.store.put(replace(video, metadata={"channel": "INA", "people": people, "segments": segments}))
    receipt = erase.run(workspace, archive, "Ben Bo")

    kept = workspace.store.get(Video, video.video_id)
    assert kept is not None
    assert kept.metadata == {
        "channel": "INA",
        "people": [{"name": "Anna Albers"}],
        "segments": [
            {"title": "", "start_npt": 1.0, "people": [{"name": "Anna Albers"}]},
            {"title": "Paris", "start_npt": 2.0},
        ],
    }
    assert receipt.counts["notices"] == 1


def test_exports_are_deleted_that_name_them_or_do_not_tell(workspace: Workspace, trained: str, film: str) -> None:
    project, folder = trained, workspace.output_dir(trained, find_video(workspace.store, film)[0].folder)
    for name in ("json", "elan", "cvat", "mot", "csv-samples", "parquet"):
        exporting.run(workspace, project, film, name)
    exporting.write_clips(workspace, project, film)
    exporting.write_picture(workspace, project, film)
    for name in ("csv", "elan"):
        exporting.run_project(workspace, project, name)
    assert erase.run(workspace, project, "Ben Bo").counts["files"] >= 9
    left = {path.name for path in folder.parent.rglob("*") if path.is_file()}
    assert left == {"appearances.csv", "appearances.json", "mot.txt", "predictions.csv", "trackers.csv"} & left
    assert "mot.txt" in left
    assert list(traces(folder.parent, (b"Ben Bo", b"Ben_Bo"))) == []
