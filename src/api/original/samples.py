"""The moments at which a person was seen: samples of the tracks that they appear in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np

from ...decisions import PIECE
from ...identification import read_identification
from ...mediafragments import joined
from ...naming import HUMAN
from ...records import Analysis, Appearance, Identification, Model, Person, Project, Track, TrackSamples, Video
from ...schema import Box, DoubleArray, FloatArray, IntArray
from ...storage import Query, Store
from ...videos import read_samples, sample_number
from ...workspace import Workspace
from .shapes import box_fields

LEAST_CONFIDENCE = 0.6
"""A sample that is less surely the person's is not told."""
_ROUNDED_S = 1e-3
"""Appearances have their times in milliseconds."""


def samples_of(workspace: Workspace, project: Project, person: Person) -> list[dict[str, Any]]:
    """Return the samples of a person over all videos of a project, by video and time.

    Args:
        workspace: Where to look.
        project: The project.
        person: One of its people.
    """
    store = workspace.store
    seen = sorted(store.find(Appearance, project=project.project, person_id=person.person_id), key=lambda one: one.analysis_id)
    samples: list[dict[str, Any]] = []
    for analysis_id, group in groupby(seen, key=lambda one: one.analysis_id):
        samples += _of_analysis(store, person, analysis_id, list(group))
    return sorted(samples, key=lambda sample: (sample["locator"], sample["npt"], sample["track_id"]))


def _of_analysis(store: Store, person: Person, analysis_id: str, seen: list[Appearance]) -> Iterator[dict[str, Any]]:
    analysis = store.get(Analysis, analysis_id)
    video = store.get(Video, analysis.video_id) if analysis else None
    if analysis is None or video is None:
        return
    model = _asked_last(store, person.project, analysis_id)
    said = read_identification(store, model, analysis_id) if model else None
    names = (person.name, *person.aliases)
    known = [number for number, name in enumerate(model.people) if name in names] if model else []
    for appearance in seen:
        for track_id in appearance.merged_tracks:
            # Most tracks of a large archive need not be read: the model took no sample of them for this person.
            theirs = None if appearance.source == HUMAN else _sure_of(said, track_id % PIECE, known)
            samples = _samples(store, analysis_id, track_id % PIECE) if theirs is None or len(theirs[0]) else None
            if samples is None:
                continue
            sure = np.ones(len(samples.npt)) if theirs is None else _spread(samples, *theirs)
            inside = (samples.npt >= appearance.start_npt - _ROUNDED_S) & (samples.npt <= appearance.end_npt + _ROUNDED_S)
            for row in np.flatnonzero(inside & (sure > 0)).tolist():
                yield _fields(appearance, track_id, analysis, video, samples, row, float(sure[row]))


def _asked_last(store: Store, project: str, analysis_id: str) -> Model | None:
    """Return the newest model that was asked who is in an analysis; one that was trained since may still have to be."""
    asked = store.cells(Identification, ("model_id",), Query({"project": project, "analysis_id": analysis_id}))
    models = [model for (model_id,) in asked if (model := store.get(Model, project, model_id)) is not None]
    return max(models, key=lambda model: (model.created_at, model.model_id), default=None)


def _samples(store: Store, analysis_id: str, track_id: int) -> TrackSamples | None:
    track = store.get(Track, analysis_id, track_id)
    return read_samples(store, track) if track else None


def _sure_of(said: Identification | None, track_id: int, known: list[int]) -> tuple[IntArray, FloatArray]:
    """Return the samples of a track that a model surely takes for a person: (n,) int64 frames, (n,) float32 confidences.

    Args:
        said: What the model says of the analysis; None where it was not asked.
        track_id: The track.
        known: The person's positions in the model.
    """
    if said is None:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    rows = slice(*np.searchsorted(said.sample_tracks, [track_id, track_id + 1]))
    theirs = np.isin(said.sample_people[rows], known) & (said.sample_confidences[rows] >= LEAST_CONFIDENCE)
    return said.sample_frames[rows][theirs], said.sample_confidences[rows][theirs]


def _spread(samples: TrackSamples, frames: IntArray, confidences: FloatArray) -> DoubleArray:
    """Return the confidence of each sample of a track, (n,) float64; 0 where nothing is said of it."""
    sure, there = np.zeros(len(samples.npt)), np.isin(frames, samples.frame_index)
    sure[np.searchsorted(samples.frame_index, frames[there])] = confidences[there]
    return sure


def _fields(
    appearance: Appearance, track_id: int, analysis: Analysis, video: Video, samples: TrackSamples, row: int, confidence: float
) -> dict[str, Any]:
    frame, npt = int(samples.frame_index[row]), float(samples.npt[row])
    return {
        "locator": joined(video.locator, analysis.fragment),
        "project": appearance.project,
        "name": appearance.name,
        "npt": round(npt, 3),
        "frame": frame,
        "tracker_sample": sample_number(analysis, frame, npt),
        "confidence": round(confidence, 4),
        "track_id": track_id,
        **box_fields(Box(*map(float, samples.boxes_xywh[row]))),
    }
