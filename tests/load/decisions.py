"""How long a decision that names an unknown person takes, on an archive of many videos: the request, and what follows it.

    python -m tests.load.decisions --videos 200 --tracks 100

Nobody drew these videos: their records are made up, a mean of eight samples a track. Prints JSON.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from src import aligner, classifier
from src.api import create_app
from src.identities.appearances import derive_all
from src.identities.identification import add_to_project
from src.records import Decision, UnknownPerson
from src.verbs import decide
from src.workspace import Workspace
from tests.faults import library
from tests.faults.library import PROJECT
from tests.jobs import child  # knows the engine `fake`  # noqa: F401
from tests.stages.conftest import PEOPLE, put_photos


def fill(workspace: Workspace, n_videos: int, n_tracks: int) -> None:
    """Give a project a model, and videos whose people are named or numbered."""
    library.begin(workspace)
    workspace.begin_project(PROJECT, "fake")
    put_photos(workspace, PROJECT, PEOPLE)
    aligner.run(workspace, PROJECT)
    classifier.run(workspace, PROJECT)
    for number in range(n_videos):
        workspace.store.put(*library.video_records(number, n_tracks))
        add_to_project(workspace, PROJECT, f"video{number:02}", "", f"analysis{number:02}")
    derive_all(workspace, workspace.project(PROJECT), workspace.settings.clusterize)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what comes of some work, and the seconds it took."""
    began = time.perf_counter()
    return work(), round(time.perf_counter() - began, 3)


@click.command()
@click.option("--videos", default=200, show_default=True)
@click.option("--tracks", default=100, show_default=True, help="Of each video.")
def main(videos: int, tracks: int) -> None:
    """Build the archive, say who somebody is, and print how long that took."""
    with tempfile.TemporaryDirectory() as folder, library.fake_workspace(Path(folder)) as workspace:
        fill(workspace, videos, tracks)
        client = create_app(workspace).test_client()
        somebody = next(workspace.store.find(UnknownPerson, project=PROJECT))
        target = {"kind": "unknown", "unknown_id": somebody.unknown_id}
        body = {"verb": "is", "target": target, "person": "Somebody New"}
        answer, request_s = timed(lambda: client.post(f"/api/v1/projects/{PROJECT}/decisions", json=body))
        assert answer.status_code == 201, answer.text
        said = workspace.store.get(Decision, PROJECT, answer.json["decision"]["decision_id"])
        assert said is not None
        _, derivation_s = timed(lambda: decide.derive(workspace, workspace.project(PROJECT), said))
        print(json.dumps({"request_s": request_s, "is_job": answer.json["job"] is not None, "derivation_s": derivation_s}))


if __name__ == "__main__":
    main()
