"""Adds a project with people, two models and jobs to the store of seed.py: what the page of a project shows.

    python visualizer/e2e/seed_project.py FOLDER      after seed.py, from the top of the repository

The pictures are drawn and their embeddings are made up: those of a person lie around one direction, and two people are nearly
alike, so that the report has something to say. Training is the real one.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from src import classifier, jobs
from src.identities.decisions import anchors_of
from src.jobs.events import LOG, tell, tell_end
from src.records import (
    Analysis,
    FaceQuality,
    Image,
    JobName,
    JobStatus,
    Person,
    ProjectVideo,
    Provenance,
    Target,
    TrackSamples,
    Verb,
)
from src.schema import Box, FloatArray
from src.settings import DatabaseSettings, Settings
from src.verbs import decide
from src.workspace import Workspace, open_workspace

PROJECT, ENGINE = "team", "sface@1"
FIRST = ("Ann Ace", "Ben Bo", "Cyd Cox", "Dan Day", "Zoe Zed")
"""Whom the first model knows. Zoe Zed leaves before the second one, and Eve Ells comes."""
SECOND = ("Ann Ace", "Ben Bo", "Cyd Cox", "Dan Day", "Eve Ells")
ALIKE = ("Cyd Cox", "Dan Day")
SPREAD = 0.85
"""Of the pictures of one person: cosines of about 0.6 between them."""


def centre_of(name: str) -> FloatArray:
    """Return the direction that the pictures of a person lie around."""
    own = np.random.default_rng(list(name.encode())).standard_normal(128)
    if name == ALIKE[1]:
        own = centre_of(ALIKE[0]) + 0.75 * own / np.linalg.norm(own)
    return (own / np.linalg.norm(own)).astype(np.float32)


def add_pictures(workspace: Workspace, name: str, numbers: range) -> None:
    """Give a person drawn pictures with made-up embeddings."""
    person_id = name.replace(" ", "_")
    workspace.store.put(Person(PROJECT, person_id, name))
    for number in numbers:
        rng = np.random.default_rng([*name.encode(), number])
        noise = rng.standard_normal(128)
        embedding = centre_of(name) + SPREAD * noise / np.linalg.norm(noise)
        paths = [
            folder / person_id / f"{number:06}.png"
            for folder in (workspace.training_dir(PROJECT), workspace.aligned_dir(PROJECT))
        ]
        pixels = rng.integers(60, 200, (14, 14, 3), np.uint8)
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            Picture.fromarray(pixels).resize((112, 112)).save(path)
        plain, aligned = (path.relative_to(workspace.data_dir).as_posix() for path in paths)
        workspace.store.put(
            Image(
                PROJECT,
                hashlib.sha256(paths[0].read_bytes()).hexdigest(),
                person_id,
                plain,
                Provenance("local"),
                112,
                112,
                n_faces=1,
                aligned_path=aligned,
                box=Box(6, 6, 100, 100),
                landmarks=np.array([[75, 45], [37, 45], [56, 65], [72, 85], [40, 85]], np.float32),
                score=0.95,
                quality=FaceQuality(100.0, 0.8, 0.9, 0.85),
                engine=ENGINE,
                embedding=(embedding / np.linalg.norm(embedding)).astype(np.float32),
            )
        )


def add_job(workspace: Workspace, kind: str, params: dict[str, object], ended: JobStatus, *lines: str, error: str = "") -> None:
    """Put a job into the store as it was left when it ended."""
    job = jobs.submit(workspace, kind, PROJECT, params, submitted_by="seed")
    for line in lines:
        tell(workspace.store, job, LOG, line)
    done = replace(
        job,
        status=ended,
        progress=1.0 if ended is JobStatus.DONE else 0.4,
        error=error,
        attempts=1,
        revision=job.revision + 1,
        started_at=job.created_at,
        ended_at=job.created_at,
    )
    workspace.store.put(done)
    workspace.store.delete(JobName, job_id=job.job_id)
    tell_end(workspace.store, done)


def seed(folder: Path) -> None:
    """Write the project."""
    data = folder / "data"
    settings = Settings(data_dir=data, database=DatabaseSettings(uri=f"sqlite:///{data / 'facerec.db'}"))
    with open_workspace(settings) as workspace:
        workspace.begin_project(PROJECT, "sface")
        for name in FIRST:
            add_pictures(workspace, name, range(6))
        classifier.run(workspace, PROJECT)
        for image in list(workspace.store.find(Image, project=PROJECT, person_id="Zoe_Zed")):
            (data / image.path).unlink()
        workspace.store.delete(Image, project=PROJECT, person_id="Zoe_Zed")
        workspace.store.delete(Person, project=PROJECT, person_id="Zoe_Zed")
        for name in SECOND:
            add_pictures(workspace, name, range(6, 14))
        classifier.run(workspace, PROJECT)
        add_pictures(workspace, "Ann Ace", range(20, 22))
        add_pictures(workspace, "Flo Fey", range(5))
        add_video(workspace)
        add_job(
            workspace,
            "crawl",
            {"keywords": ["Ann Ace", "Ben Bo"]},
            JobStatus.DONE,
            "Ann Ace: 14 usable pictures",
            "Ben Bo: 14 usable pictures",
        )
        why = "The video cannot be opened: no such file. Check the address."
        add_job(
            workspace,
            "analyse",
            {"video": "https://films.example/lost.mp4"},
            JobStatus.FAILED,
            "Asking films.example",
            error=why,
        )
        add_job(workspace, "identify", {}, JobStatus.CANCELLED)


def add_video(workspace: Workspace) -> None:
    """Let the project use the video of seed.py too, and name one of its tracks."""
    (analysis,) = workspace.store.find(Analysis, analysis_id="a")
    workspace.store.put(ProjectVideo(PROJECT, analysis.video_id, "", "a"))
    samples = next(iter(workspace.store.find(TrackSamples, analysis_id="a", track_id=1)))
    target = Target("track", analysis.video_id, "", "a", 1, anchors_of(samples))
    decide.run(workspace, PROJECT, Verb.IS, target, person="Ann Ace", author="seed")


if __name__ == "__main__":
    seed(Path(sys.argv[1]).resolve())
