"""The stages on MongoDB: the same results as on SQLite, also where the server goes away in the middle."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from src import aligner, classifier, clusterize, tracker
from src.records import Analysis, Appearance, Image, Person, Status, Target, Verb
from src.settings import DatabaseSettings, Settings
from src.storage import open_store
from src.verbs import decide, erase, finder, identify
from src.videos import iter_tracks
from src.workspace import Workspace, open_workspace
from tests.servers.mongod import MongoServer
from tests.stages.conftest import PEOPLE, DrawnShot, draw, put_photos
from tests.videos import write_video

pytestmark = pytest.mark.mongo
EVERY = 5


@pytest.fixture
def on_mongo(settings: Settings, tmp_path: Path, mongo_uri: str) -> Iterator[Workspace]:
    """A workspace on MongoDB with a data folder of its own."""
    moved = settings.model_copy(update={"data_dir": tmp_path / "mongo", "database": DatabaseSettings(uri=mongo_uri)})
    with open_workspace(moved) as opened:
        yield opened


def who_appears(workspace: Workspace, film: Path) -> list[Appearance]:
    """Run all stages."""
    project = workspace.begin_project("p", "fake").project
    put_photos(workspace, project, PEOPLE)
    aligner.run(workspace, project)
    classifier.run(workspace, project)
    tracker.run(workspace, str(film), project, video_speedup=EVERY)
    clusterize.run(workspace, str(film), project)
    return list(workspace.store.find(Appearance, project=project))


def test_the_same_people_appear_on_both_stores(workspace: Workspace, on_mongo: Workspace, film: Path) -> None:
    on_sqlite = who_appears(workspace, film)
    assert [found.name for found in on_sqlite] == list(PEOPLE.values())
    assert who_appears(on_mongo, film) == on_sqlite


def test_an_analysis_outlives_its_server(tmp_path: Path, killable_mongo: MongoServer) -> None:
    film = write_video(
        tmp_path / "long.mp4", draw([DrawnShot(40, {n % 5: (60, 120, 64)}, 60 + 60 * (n % 2)) for n in range(8)])
    )
    uri = killable_mongo.uri("facerec")
    command = [sys.executable, "-m", "tests.stages.track_slowly", str(film), str(tmp_path / "data"), uri]
    child = subprocess.Popen([*command, "impatient"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _line in zip(range(3), child.stdout, strict=False):
        pass
    killable_mongo.kill()
    _, errors = child.communicate(timeout=120)
    assert child.returncode != 0
    assert "no server answers" in errors
    assert "run the same command again" in errors
    killable_mongo.start()
    with open_store(uri) as store:
        (analysis,) = store.find(Analysis)
        # The server was gone: the failure could not be written down, and the last checkpoint stands.
        assert analysis.status in (Status.RUNNING, Status.ERROR)
    done = subprocess.run([*command, "quick"], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "COMPLETE 64 samples" in done.stdout
    with open_store(uri) as store:
        (analysis,) = store.find(Analysis)
        frames = sorted(frame for _, samples in iter_tracks(store, analysis) for frame in samples.frame_index.tolist())
        assert frames == list(range(0, 320, EVERY))
    fresh = tmp_path / "fresh.db"
    subprocess.run(
        [*command[:-2], str(tmp_path / "data2"), f"sqlite:///{fresh}", "quick"], check=True, timeout=120, capture_output=True
    )
    with open_store(f"sqlite:///{fresh}") as store:
        (wanted,) = store.find(Analysis)
        moments = {"created_at": "", "updated_at": ""}
        assert replace(analysis, **moments) == replace(wanted, **moments)


def story(workspace: Workspace, film: Path) -> list[object]:
    """Decide, undo, identify anew, search and erase, and return what was to be seen after each step."""
    who_appears(workspace, film)
    seen: list[object] = []

    def note() -> None:
        found = sorted(workspace.store.find(Appearance, project="p"), key=lambda a: (a.start_npt, a.track_id))
        seen.append([(a.name, a.start_npt, a.end_npt, a.source, a.unknown_id) for a in found])

    target = decide.track_target(workspace, "p", str(film), 1)
    said = decide.run(workspace, "p", Verb.IS_NOT, target, person=PEOPLE[0]).decision
    note()
    decide.run(workspace, "p", Verb.UNDO, Target("decision", decision_id=said.decision_id))
    note()
    decide.run(workspace, "p", Verb.UNKNOWN, target)
    classifier.run(workspace, "p", classifier="Centroid")
    identify.run(workspace, "p")
    note()
    found = finder.run(workspace, "p", video=str(film), track_id=1)
    seen.append([(moment.track_id, moment.name) for moment in found.moments])
    receipt = erase.run(workspace, "p", PEOPLE[1], forget_embeddings=True)
    seen.append({name: count for name, count in receipt.counts.items() if name != "files"})
    note()
    assert workspace.store.count(Image, project="p", person_id="Ben_Bo") == 0
    assert workspace.store.get(Person, "p", "Ben_Bo") is None
    return seen


def test_decisions_search_and_erasure_do_the_same_on_both_stores(workspace: Workspace, on_mongo: Workspace, film: Path) -> None:
    assert story(on_mongo, film) == story(workspace, film)
