"""An engine whose weights change has another id: nothing made with the old ones meets anything made with the new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from src import aligner, classifier, clusterize, tracker
from src.engines import ENGINES, Engine
from src.engines.base import ScorePrior
from src.engines.fake import make_fake_engine
from src.engines.registry import EngineEntry
from src.errors import GalleryError
from src.records import Analysis, Image, Status
from src.settings import Settings
from src.workspace import Workspace, open_workspace

from .conftest import PEOPLE, draw_photo, put_photos

REFUSED = r"trained on embeddings of fake@1, these are of fake@2\. Align and train again"
Run = Callable[[str], AbstractContextManager[Workspace]]


@pytest.fixture
def run_with(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Begins a run of the program in which the engine `fake` has a version."""

    @contextmanager
    def begin(version: str) -> Iterator[Workspace]:
        engine: Engine = replace(make_fake_engine(), version=version)
        entry = EngineEntry(lambda _weights, _runtime: engine, ScorePrior(threshold=0.5, slope=20.0, margin=2.0))
        monkeypatch.setitem(ENGINES, "fake", entry)  # type: ignore[arg-type]
        with open_workspace(settings) as workspace:
            yield workspace

    return begin


@pytest.fixture
def begun(run_with: Run, film: Path) -> str:
    """A project that was aligned, trained and tracked with the old weights."""
    with run_with("1") as workspace:
        project = workspace.begin_project("p", "fake").project
        put_photos(workspace, project, PEOPLE)
        aligner.run(workspace, project)
        classifier.run(workspace, project)
        tracker.run(workspace, str(film), project, video_speedup=25)
        assert len(clusterize.run(workspace, str(film), project).appearances) == 3
    return project


def test_what_is_stored_can_still_be_named_by_the_old_model(run_with: Run, begun: str, film: Path) -> None:
    with run_with("2") as workspace:
        assert len(clusterize.run(workspace, str(film), begun).appearances) == 3


def test_tracks_of_the_new_weights_are_refused_by_the_old_model(run_with: Run, begun: str, film: Path) -> None:
    with run_with("2") as workspace:
        with pytest.raises(GalleryError, match=REFUSED):
            tracker.run(workspace, str(film), begun, video_speedup=25)
        # What was seen is kept: naming it is what fails, now and later.
        found = {analysis.engine: analysis.status for analysis in workspace.store.find(Analysis)}
        assert found == {"fake@1": Status.COMPLETE, "fake@2": Status.COMPLETE}
        with pytest.raises(GalleryError, match=REFUSED):
            clusterize.run(workspace, str(film), begun)


def test_faces_of_both_weights_do_not_train_one_model(run_with: Run, begun: str) -> None:
    with run_with("2") as workspace:
        images = list(workspace.store.find(Image, project=begun))
        workspace.store.put(replace(images[0], engine="fake@2"))
        with pytest.raises(GalleryError, match=r"one version of fake \(.*of fake@1.*\)"):
            classifier.run(workspace, begun)


def test_align_and_train_again_mend_it(run_with: Run, begun: str, film: Path) -> None:
    with run_with("2") as workspace:
        report = aligner.run(workspace, begun)
        assert sum(person.aligned for person in report.people) == len(PEOPLE) * 4
        assert {image.engine for image in workspace.store.find(Image, project=begun)} == {"fake@2"}
        trained = classifier.run(workspace, begun)
        assert (trained.is_new, trained.model.engine) == (True, "fake@2")
        tracker.run(workspace, str(film), begun, video_speedup=25)
        names = {appearance.name for appearance in clusterize.run(workspace, str(film), begun).appearances}
        assert names == set(PEOPLE.values())


def test_a_single_new_photo_has_all_faces_embedded_anew(run_with: Run, begun: str) -> None:
    from PIL import Image as Picture

    with run_with("2") as workspace:
        person = PEOPLE[0].replace(" ", "_")
        Picture.fromarray(draw_photo(0, 99)).save(workspace.training_dir(begun) / person / "000099.png")
        aligner.run(workspace, begun)
        assert {image.engine for image in workspace.store.find(Image, project=begun)} == {"fake@2"}
        assert classifier.run(workspace, begun).is_new
