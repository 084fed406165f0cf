"""A small archive with everything that the API shows, made by the stages with the fake engine, and clients of it.

It is made once and copied for each test, so that no test sees what another one wrote.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from src import aligner, classifier, clusterize, tracker
from src.api import create_app
from src.engines import ENGINES
from src.engines.base import ScorePrior
from src.engines.fake import make_fake_engine
from src.engines.registry import EngineEntry
from src.records import Appearance, Track, Video
from src.settings import DatabaseSettings, Settings
from src.workspace import Workspace, open_workspace
from tests.stages.conftest import PEOPLE, DrawnShot, draw, put_photos
from tests.videos import write_video

STRANGER, OTHER = 6, 8
FAKE = EngineEntry(lambda _weights, _threads: make_fake_engine(), ScorePrior(threshold=0.5, slope=20.0, margin=2.0))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `fake` name the engine without weights."""
    monkeypatch.setitem(ENGINES, "fake", FAKE)


def settings_in(folder: Path) -> Settings:
    """Return settings that keep everything in a folder."""
    return Settings(data_dir=folder, database=DatabaseSettings(uri=f"sqlite:///{folder / 'facerec.db'}"))


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data folder, `data`, and the two videos that were analysed."""
    folder = tmp_path_factory.mktemp("archive")
    stranger_first = [
        DrawnShot(25, {0: (40, 60, 64), STRANGER: (140, 140, 64)}),
        DrawnShot(25, {1: (100, 100, 64)}, 120),
        DrawnShot(25, {STRANGER: (50, 50, 64), OTHER: (140, 140, 64)}),
        DrawnShot(25, {0: (100, 100, 64)}, 120),
    ]
    newsreel = write_video(folder / "newsreel.mp4", draw(stranger_first), options={"crf": "12"})
    film = write_video(folder / "film.mp4", draw([DrawnShot(50, {2: (60, 120, 64)})]), options={"crf": "12"})
    with pytest.MonkeyPatch.context() as patch, open_workspace(settings_in(folder / "data")) as workspace:
        patch.setitem(ENGINES, "fake", FAKE)
        workspace.begin_project("p", "fake")
        put_photos(workspace, "p", PEOPLE)
        aligner.run(workspace, "p")
        classifier.run(workspace, "p")
        for video in (newsreel, film):
            tracker.run(workspace, str(video), "p", video_speedup=5)
            clusterize.run(workspace, str(video), "p")
    return folder


class Client(FlaskClient):
    """Reads every answer to its end, as a server does, so that files are closed."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request."""
        return super().open(*args, **{"buffered": True, **kwargs})


@dataclass
class Api:
    """A client of the API, and what lies behind it."""

    app: Flask
    client: FlaskClient
    workspace: Workspace
    folder: Path

    def get(self, path: str, status: int = 200, **kwargs: Any) -> Any:
        """Return the JSON of an answer of a status."""
        answer = self.client.get(f"/api/v1{path}", **kwargs)
        assert answer.status_code == status, answer.text
        return answer.json

    def send(self, method: str, path: str, status: int, **kwargs: Any) -> Any:
        """Send something, and return the JSON of an answer of a status."""
        answer = self.client.open(f"/api/v1{path}", method=method, **kwargs)
        assert answer.status_code == status, answer.text
        return answer.json if (answer.mimetype or "").endswith("json") else answer

    def refused(self, method: str, path: str, status: int, code: str, **kwargs: Any) -> Any:
        """Send something that is refused, and return what the answer says."""
        answer = self.client.open(f"/api/v1{path}", method=method, **kwargs)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
        assert answer.json is not None
        assert answer.json["code"] == code, answer.text
        return answer.json

    def etag(self, path: str) -> dict[str, str]:
        """Return the header that lets an edit of a resource through."""
        return {"If-Match": self.client.get(f"/api/v1{path}").headers["ETag"]}

    def video(self, title: str = "newsreel") -> Video:
        """Return a video of the archive."""
        return next(video for video in self.workspace.store.find(Video) if video.title == title)

    def appearance(self, name: str) -> Appearance:
        """Return the first appearance of somebody."""
        return next(seen for seen in self.workspace.store.find(Appearance, project="p") if seen.name == name)

    def track(self, name: str) -> Track:
        """Return a track that shows somebody."""
        seen = self.appearance(name)
        found = self.workspace.store.get(Track, seen.analysis_id, seen.track_id)
        assert found is not None
        return found


@pytest.fixture
def api(archive: Path, tmp_path: Path) -> Iterator[Api]:
    """The API over a copy of the archive."""
    folder = tmp_path / "archive"
    shutil.copytree(archive, folder)
    with open_workspace(settings_in(folder / "data")) as workspace:
        for video in list(workspace.store.find(Video)):
            workspace.store.put(replace(video, media=str(folder / Path(video.media).name)))
        app = create_app(workspace)
        app.test_client_class = Client
        yield Api(app, app.test_client(), workspace, folder)
