"""A library for the tests of faults: a trained project, a film, and videos whose tracks were never seen by a camera."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from src import aligner, classifier, clusterize, tracker
from src.engines.fake import PEOPLE as COLOURS
from src.engines.fake import make_fake_engine
from src.identities.identification import add_to_project
from src.records import (
    KEYS,
    Analysis,
    Record,
    Shot,
    Status,
    Track,
    TrackEmbeddings,
    TrackSamples,
    Verb,
    Video,
)
from src.schema import Box, FloatArray
from src.settings import DatabaseSettings, Settings
from src.storage import Store
from src.storage.schema import SCHEMA
from src.verbs import decide
from src.verbs.decide import track_target, unknown_target
from src.workspace import Workspace, open_workspace
from tests.stages.conftest import PEOPLE, DrawnShot, draw, put_photos
from tests.videos import write_video

PROJECT = "p"
N_VIDEOS = 20
_TIMES = {"created_at", "updated_at", "added_at", "date"}


def settings_for(folder: Path) -> Settings:
    """Return settings with data and store in a folder."""
    return Settings(data_dir=folder, database=DatabaseSettings(uri=f"sqlite:///{folder / 'facerec.db'}"))


def fake_workspace(folder: Path) -> Any:
    """Open a workspace in which every project has the fake engine."""
    return open_workspace(settings_for(folder))


def begin(workspace: Workspace) -> None:
    """Give a workspace the engine without weights."""
    workspace.use_engine("fake", make_fake_engine())


def draw_film(path: Path, n_shots: int = 8) -> Path:
    """Draw shots of 40 frames, each with one of five people."""
    shots = [DrawnShot(40, {n % 5: (60, 120, 64)}, 60 + 60 * (n % 2)) for n in range(n_shots)]
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_video(path, draw(shots))


def build(folder: Path) -> None:
    """Make a project with a model, videos, decisions and a second model that nobody was asked yet."""
    with fake_workspace(folder) as workspace:
        begin(workspace)
        workspace.begin_project(PROJECT, "fake")
        put_photos(workspace, PROJECT, PEOPLE)
        aligner.run(workspace, PROJECT)
        classifier.run(workspace, PROJECT)
        for number in range(N_VIDEOS):
            workspace.store.put(*video_records(number))
            add_to_project(workspace, PROJECT, f"video{number:02}", "", f"analysis{number:02}")
        # Half of them have appearances and unknown people already.
        for number in range(N_VIDEOS // 2):
            clusterize.run(workspace, locator(number), PROJECT)
        decide.run(workspace, PROJECT, Verb.IS, track_target(workspace, PROJECT, locator(1), 2), person="Ben Bo")
        decide.run(workspace, PROJECT, Verb.RENAME, unknown_target(1), name="The man in the hat")
        classifier.run(workspace, PROJECT, classifier="Centroid")


def locator(number: int) -> str:
    """Return what a video is called."""
    return f"/archive/video{number:02}.mp4"


def video_records(number: int, n_tracks: int = 6, n_samples: int = 8) -> list[Record]:
    """Return what a tracker would have stored of a video of one shot a track."""
    rng = np.random.default_rng(number)
    video_id, analysis_id = f"video{number:02}", f"analysis{number:02}"
    records: list[Record] = [
        Video(video_id, locator(number), locator(number), video_id, duration=10.0 * n_tracks, frame_rate="25/1"),
        Analysis(
            analysis_id,
            video_id,
            "fake@1",
            {"video_speedup": 25, "period_s": 1.0},
            {"version": "1"},
            status=Status.COMPLETE,
            progress=1.0,
        ),
    ]
    for track_id in range(1, n_tracks + 1):
        records += _track(analysis_id, track_id, n_samples)
    people = rng.integers(0, COLOURS, n_tracks).repeat(n_samples)
    embeddings = np.eye(COLOURS + 1, dtype=np.float32)[people] + rng.normal(0, 0.05, (len(people), COLOURS + 1))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    return [*records, _embeddings(analysis_id, n_tracks, n_samples, embeddings.astype(np.float32))]


def _track(analysis_id: str, track_id: int, n: int) -> Iterator[Record]:
    first = (track_id - 1) * 250
    frames = first + 25 * np.arange(n)
    box = Box(10.0, 20.0, 30.0, 40.0)
    start, end = float(frames[0]) / 25, float(frames[-1]) / 25
    yield Shot(analysis_id, track_id - 1, first / 25, (first + 250) / 25, first, first + 250)
    yield Track(analysis_id, track_id, track_id - 1, start, end, first, int(frames[-1]), n, start, first, box, 0.5, b"\xff\xd8")
    yield TrackSamples(
        analysis_id,
        track_id,
        0,
        frames.astype(np.int64),
        frames / 25,
        np.tile(np.array([[box.x, box.y, box.w, box.h]], np.float32), (n, 1)),
        np.zeros((n, 5, 2), np.float32),
        np.full(n, 0.9, np.float32),
        np.full(n, 0.5, np.float32),
    )


def _embeddings(analysis_id: str, n_tracks: int, n: int, embeddings: FloatArray) -> TrackEmbeddings:
    ids = np.arange(1, n_tracks + 1)
    return TrackEmbeddings(
        analysis_id,
        0,
        ids.repeat(n),
        ((ids[:, None] - 1) * 250 + 25 * np.arange(n)).ravel(),
        np.full(n_tracks * n, 0.5, np.float32),
        embeddings.astype(np.float16),
    )


def contents(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Return all records of a store, without the times at which they were written."""
    return {
        kind.__name__: [
            {name: value for name, value in SCHEMA.layouts[kind].values(record).items() if name not in _TIMES}
            for record in store.find(kind)
        ]
        for kind in KEYS
    }


def files(folder: Path) -> dict[str, bytes]:
    """Return what lies in the folder of results; what a killed process left unfinished is hidden and does not count."""
    paths = (path for path in (folder / "out").rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Say in which kinds of record, or which files, two results differ."""
    names = sorted({*one, *other})
    return [
        f"{name}: {_size(one, name)} and {_size(other, name)}" for name in names if not _equal(one.get(name), other.get(name))
    ]


def _size(of: dict[str, Any], name: str) -> str:
    return f"{len(of[name])}" if name in of else "none"


def _equal(one: Any, other: Any) -> bool:
    """Compare values. Numbers may differ in their last digit: many faces at once are multiplied in another order than few."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, bytes) and isinstance(other, bytes) and one != other:
        return _equal_contents(one, other)
    if isinstance(one, float) and isinstance(other, float):
        return bool(np.isclose(one, other, rtol=1e-4, atol=1e-4))
    return bool(one == other)


def _equal_contents(one: bytes, other: bytes) -> bool:
    """Compare arrays, JSON or tables that are not equal byte for byte."""
    if one.startswith(b"\x93NUMPY") and other.startswith(b"\x93NUMPY"):
        a, b = (np.load(io.BytesIO(data)) for data in (one, other))
        return a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-4)
    if one.startswith(b"{") and other.startswith(b"{"):
        return _equal(json.loads(one), json.loads(other))
    cells = [re.split(r"[,\n]", data.decode(errors="replace")) for data in (one, other)]
    return _equal(*([_number(cell) for cell in row] for row in cells))


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def work(kind: str, folder: Path, film: Path) -> None:
    """Do one piece of work in a data folder: `track`, `identify` or `clusterize`."""
    from src.tracker import analyser
    from src.verbs import identify

    with patch.object(analyser, "CHECKPOINT_EVERY", 4), fake_workspace(folder) as workspace:
        begin(workspace)
        if kind.startswith("track"):
            tracker.run(workspace, str(film), PROJECT, video_speedup=5, no_cache=kind == "track again")
        elif kind == "identify":
            identify.run(workspace, PROJECT)
        else:
            clusterize.run_all(workspace, PROJECT)


assert {field.name for kind in KEYS for field in fields(kind)} >= _TIMES, "a time has another name now"
