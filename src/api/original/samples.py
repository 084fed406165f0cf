"""The moments at which a person was seen: samples of the tracks that they appear in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np

from ...decisions import PIECE
from ...identification import read_identification
from ...records import Analysis, Appearance, Identification, Model, Person, Project, Track, TrackSamples, Video
from ...schema import Box, DoubleArray
from ...storage import Store
from ...videos import read_samples, sample_number
from ...workspace import Workspace
from .shapes import box_fields

LEAST_CONFIDENCE = 0.6
"""A sample that is less surely the person's is not told."""


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
            samples = _samples(store, analysis_id, track_id % PIECE)
            if samples is None:
                continue
            sure = _confidences(appearance, samples, said, known)
            inside = (samples.npt >= appearance.start_npt - 1e-3) & (samples.npt <= appearance.end_npt + 1e-3)
            for row in np.flatnonzero(inside & (sure >= LEAST_CONFIDENCE)).tolist():
                yield _fields(appearance, track_id, analysis, video, samples, row, float(sure[row]))


def _asked_last(store: Store, project: str, analysis_id: str) -> Model | None:
    """Return the newest model that was asked who is in an analysis; one that was trained since may still have to be."""
    asked = (
        store.get(Model, project, said.model_id)
        for said in store.find(Identification, project=project, analysis_id=analysis_id)
    )
    models = [model for model in asked if model is not None]
    return max(models, key=lambda model: (model.created_at, model.model_id), default=None)


def _samples(store: Store, analysis_id: str, track_id: int) -> TrackSamples | None:
    track = store.get(Track, analysis_id, track_id)
    return read_samples(store, track) if track else None


def _confidences(appearance: Appearance, samples: TrackSamples, said: Identification | None, known: list[int]) -> DoubleArray:
    """Return how surely each sample of a track is a person's, (n,) float64: 0 where the model takes it for another.

    Args:
        appearance: Theirs; where people said so, every sample is theirs.
        samples: Of the track.
        said: What the model says of the analysis; None where it was not asked.
        known: The person's positions in the model.
    """
    if appearance.source == "human":
        return np.ones(len(samples.npt))
    sure = np.zeros(len(samples.npt))
    if said is None:
        return sure
    first, last = (np.searchsorted(said.sample_tracks, samples.track_id, side=side) for side in ("left", "right"))
    frames = said.sample_frames[first:last]
    theirs = np.isin(said.sample_people[first:last], known) & np.isin(frames, samples.frame_index)
    sure[np.searchsorted(samples.frame_index, frames[theirs])] = said.sample_confidences[first:last][theirs]
    return sure


def _fields(
    appearance: Appearance, track_id: int, analysis: Analysis, video: Video, samples: TrackSamples, row: int, confidence: float
) -> dict[str, Any]:
    frame, npt = int(samples.frame_index[row]), float(samples.npt[row])
    return {
        "locator": f"{video.locator}#{analysis.fragment}" if analysis.fragment else video.locator,
        "project": appearance.project,
        "name": appearance.name,
        "npt": round(npt, 3),
        "frame": frame,
        "tracker_sample": sample_number(analysis, frame, npt),
        "confidence": round(confidence, 4),
        "track_id": track_id,
        **box_fields(Box(*map(float, samples.boxes_xywh[row]))),
    }
