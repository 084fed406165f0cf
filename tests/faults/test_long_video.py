"""Three hours of one face, and a day of many: every record stays far below the 16 MB that MongoDB takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from src import clusterize
from src.identities.identification import add_to_project, identify_analysis, newest_model, parts_of, read_identification
from src.records import (
    Analysis,
    Identification,
    IdentificationPart,
    Model,
    Shot,
    Status,
    Track,
    TrackEmbeddings,
    TrackSamples,
    Video,
)
from src.storage.schema import SCHEMA
from src.tracker.analyser import CHECKPOINT_EVERY
from src.tracker.buffers import BLOCK_ROWS, SampledFace, TrackBuffer, embeddings_of, make_thumbnail
from src.videos import read_embeddings, read_samples
from src.workspace import Workspace, open_workspace
from tests.faults.library import PROJECT, settings_for

MONGODB_BYTES = 16 * 1024 * 1024
FAR_BELOW = 10_000_000
N_SAMPLES = 3 * 3600 * 5
"""Three hours at five samples a second."""


def size_of(record: Any) -> int:
    """Return about how many bytes a record is."""
    values = SCHEMA.layouts[type(record)].values(record).values()
    return sum(len(value) if isinstance(value, bytes) else len(str(value)) for value in values)


@pytest.fixture
def interview(prepared: Any, tmp_path: Any) -> Any:
    """A project in which somebody was interviewed for three hours before one camera."""
    import shutil

    folder = shutil.copytree(prepared, tmp_path / "data")
    with open_workspace(settings_for(folder)) as workspace:
        store_interview(workspace)
        yield workspace


def store_interview(workspace: Workspace) -> None:
    """Store what the tracker would have stored, through its own buffer, a checkpoint at a time."""
    embedding = np.eye(13, dtype=np.float32)[1]
    buffer, n_blocks = TrackBuffer(1, 0), 0
    thumbnail = make_thumbnail(np.full((64, 64, 3), 90, np.uint8), np.array([10, 10, 30, 30], np.float32))
    for start in range(0, N_SAMPLES, CHECKPOINT_EVERY):
        for number in range(start, min(start + CHECKPOINT_EVERY, N_SAMPLES)):
            box, landmarks = np.array([10, 10, 30, 30], np.float32), np.zeros((5, 2), np.float32)
            buffer.add(SampledFace(5 * number, number / 5, box, landmarks, 0.9, 0.5, embedding), lambda: thumbnail)
        blocks = embeddings_of("interview", n_blocks, [buffer])
        n_blocks += len(blocks)
        workspace.store.put(*blocks, *buffer.flush("interview"))
    workspace.store.put(
        Video("interview", "/archive/interview.mp4", "/archive/interview.mp4", "interview", frame_rate="25/1"),
        Analysis(
            "interview", "interview", "fake@1", {"video_speedup": 5, "period_s": 0.2}, {"version": "1"}, status=Status.COMPLETE
        ),
        Shot("interview", 0, 0.0, N_SAMPLES / 5, 0, 5 * N_SAMPLES),
    )
    add_to_project(workspace, PROJECT, "interview", "", "interview")


def test_an_interview_of_three_hours(interview: Workspace) -> None:
    store = interview.store
    kinds = (TrackSamples, TrackEmbeddings)
    largest = {kind.__name__: max(size_of(part) for part in store.find(kind, analysis_id="interview")) for kind in kinds}
    assert max(largest.values()) < 100_000
    assert store.count(TrackSamples, analysis_id="interview") == -(-N_SAMPLES // CHECKPOINT_EVERY)
    (track,) = store.find(Track, analysis_id="interview")
    samples, block = read_samples(store, track), read_embeddings(store, "interview")
    assert block is not None
    np.testing.assert_array_equal(samples.frame_index, 5 * np.arange(N_SAMPLES))
    np.testing.assert_array_equal(block.frame_index, 5 * np.arange(N_SAMPLES))

    report = clusterize.run(interview, "/archive/interview.mp4", PROJECT)
    (appearance,) = report.appearances
    assert (appearance.start_npt, appearance.end_npt) == (0.0, 3 * 3600.0)
    (said,) = store.find(Identification, project=PROJECT, analysis_id="interview")
    assert size_of(said) < 2_000_000
    print(f"largest records of three hours: {largest}, Identification {size_of(said)} bytes")


def a_day(n_tracks: int, n_samples: int) -> Identification:
    """Return what a model says of very many tracks."""
    rng = np.random.default_rng(1)
    return Identification(
        PROJECT,
        "m",
        "day",
        np.arange(n_tracks),
        rng.integers(0, 500, (n_tracks, 5), np.int32),
        rng.random((n_tracks, 5), np.float32),
        rng.random((n_tracks, 5), np.float32),
        np.sort(rng.integers(0, n_tracks, n_samples)),
        np.arange(n_samples),
        rng.integers(0, 500, n_samples, np.int32),
        rng.random(n_samples, np.float32),
    )


@pytest.mark.parametrize(("n_tracks", "n_samples", "n_parts"), [(3, 9, 1), (50_000, 200_000, 1), (1, 200_001, 2)])
def test_parts_begin_where_one_record_is_full(n_tracks: int, n_samples: int, n_parts: int) -> None:
    parts = parts_of(a_day(n_tracks, n_samples))
    assert len(parts) == n_parts
    assert isinstance(parts[-1], Identification)
    assert parts[-1].n_parts == n_parts
    assert max(map(size_of, parts)) < FAR_BELOW < MONGODB_BYTES


def test_a_day_with_many_faces_is_kept_in_parts(workspace: Workspace) -> None:
    whole = a_day(120_000, 900_000)
    model = Model(PROJECT, "m", "fake@1", "SVM", (), (), {}, {}, "")
    parts = parts_of(whole)
    assert len(parts) == 5
    assert max(map(size_of, parts)) < FAR_BELOW
    workspace.store.put(*parts)
    got = read_identification(workspace.store, model, "day")
    assert got is not None
    for name in ("track_ids", "candidates", "scores", "confidences", "sample_tracks", "sample_frames", "sample_people"):
        np.testing.assert_array_equal(getattr(got, name), getattr(whole, name))


def test_an_identification_of_which_a_part_is_missing_is_none(workspace: Workspace) -> None:
    workspace.store.put(*parts_of(a_day(10, 500_000)))
    model = Model(PROJECT, "m", "fake@1", "SVM", (), (), {}, {}, "")
    workspace.store.delete(IdentificationPart, project=PROJECT, analysis_id="day", model_id="m", part=2)
    assert read_identification(workspace.store, model, "day") is None


def test_a_crowd_is_cut_into_blocks() -> None:
    face = SampledFace(0, 0.0, np.zeros(4, np.float32), np.zeros((5, 2), np.float32), 0.9, 0.5, np.ones(512, np.float32))
    crowd = [TrackBuffer(number, 0, pending=[replace(face, frame_index=n) for n in range(64)]) for number in range(300)]
    blocks = embeddings_of("a", 7, crowd)
    assert [block.part for block in blocks] == [7, 8, 9]
    assert [len(block.track_ids) for block in blocks] == [BLOCK_ROWS, BLOCK_ROWS, 300 * 64 - 2 * BLOCK_ROWS]
    assert max(map(size_of, blocks)) < FAR_BELOW


def test_the_newest_model_is_asked_once(interview: Workspace) -> None:
    owner = interview.project(PROJECT)
    model, analysis = newest_model(interview, owner), interview.store.get(Analysis, "interview")
    assert model is not None and analysis is not None
    first = identify_analysis(interview, model, analysis)
    second = identify_analysis(interview, model, analysis)
    assert first is not None and second is not None
    np.testing.assert_array_equal(first.sample_confidences, second.sample_confidences)
    assert len(second.sample_tracks) == N_SAMPLES
