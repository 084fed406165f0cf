"""Asks the routes of the original service, as its clients do."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from src import jobs
from src.records import (
    Job,
    JobStatus,
    Video,
)
from src.workspace import Workspace
from tests.api.conftest import Api
from tests.stages.conftest import PEOPLE

ANNA, BEN = PEOPLE[0], PEOPLE[1]
FIRST = "training_img_aligned/p/Anna_Albers/000000_0.png"


def set_server(workspace: Workspace, **values: Any) -> None:
    server = workspace.settings.server.model_copy(update=values)
    workspace.settings = workspace.settings.model_copy(update={"server": server})


def get(api: Api, path: str, **parameters: Any) -> Any:
    answer = api.client.get(path, query_string=parameters)
    assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
    return answer.json


def refused(api: Api, status: int, path: str, method: str = "GET", **sent: Any) -> str:
    """Send something that is refused in the form of the original service, and return the reason."""
    answer = api.client.open(path, method=method, **sent)
    assert (answer.status_code, answer.mimetype) == (status, "application/json"), answer.text
    body = answer.json
    assert body is not None
    assert body["status"] == "error"
    assert isinstance(body["time"], str)
    assert "Traceback" not in answer.text
    assert body["error"]
    return str(body["error"])


def tracked(api: Api, locator: str, **parameters: Any) -> Any:
    """Ask until the video is COMPLETE."""
    return until(api, locator, "COMPLETE", **parameters)


def until(api: Api, locator: str, status: str, **parameters: Any) -> Any:
    give_up = time.monotonic() + 120
    while (body := get(api, "/track", video=locator, project="p", **parameters))["status"] == "RUNNING":
        assert time.monotonic() < give_up, body
        parameters.pop("no_cache", None)
        time.sleep(0.05)
    assert body["status"] == status, body
    return body


def end(api: Api, job: Job, status: JobStatus, **fields: Any) -> None:
    """Let a job have ended."""
    found = jobs.get(api.workspace, job.job_id)
    api.workspace.store.put(replace(found, status=status, revision=found.revision + 1, **fields))


def only_job(api: Api) -> Job:
    (job,) = jobs.find(api.workspace)
    return job


def disable(api: Api, paths: list[str]) -> Any:
    """Say which pictures nothing is trained on."""
    answer = api.client.post("/disabled/p", json=paths)
    assert answer.status_code == 200, answer.text
    return answer.json


def film_folder(api: Api) -> Path:
    return api.folder / "video"


def new_film(api: Api) -> Path:
    """Put a film that nobody analysed into a folder of videos; its bytes differ from those of the archive."""
    folder = film_folder(api)
    folder.mkdir()
    path = folder / "film2.mp4"
    path.write_bytes((api.folder / "film.mp4").read_bytes() + bytes(8))
    set_server(api.workspace, video_dirs=(str(folder),))
    return path.resolve()


def in_graph(api: Api) -> Video:
    """Let a video of the archive be one of a knowledge graph."""
    metadata = {
        "media": "http://data.example/media/1",
        "programme": "http://data.example/p/1",
        "segments": [{"label": "Début"}],
        "status": "published",
    }
    video = replace(api.video(), title="Les Actualités", date="1950", metadata=metadata)
    api.workspace.store.put(video)
    return video
