"""The moments at which a person was seen: samples of the tracks that they appear in."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from pydantic_core import from_json

from ...identities.called import called
from ...identities.decisions import PIECE
from ...identities.identification import read_identification
from ...identities.naming import HUMAN
from ...insights.programmes import Programme, programmes_of
from ...insights.screentime import revision_of, stamps_of
from ...mediafragments import joined
from ...records import Analysis, Appearance, Identification, Model, Person, Track
from ...schema import Box, DoubleArray, FloatArray, IntArray
from ...storage import Query, Store
from ...storage.codec import unpack
from ...videos import sample_number
from ...windows import Arrays, Extent, read_windows
from .shapes import box_fields

LEAST_CONFIDENCE = 0.6
"""A sample that is less surely the person's is not told."""
_ROUNDED_S = 1e-3
"""Appearances have their times in milliseconds."""
_SEEN = ("analysis_id", "track_id", "merged_tracks", "source", "name", "start_npt", "end_npt")
_EXTENT = ("track_id", "start_npt", "end_npt", "n_samples")
_SAMPLES = ("sample_tracks", "sample_frames", "sample_people", "sample_confidences")


@dataclass(frozen=True, slots=True)
class _Seen:
    """An appearance of the person. `tracks`: those that it was joined from, by number and by that of the whole track."""

    name: str
    start_npt: float
    end_npt: float
    human: bool
    tracks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Sure:
    """The samples of an analysis that a model surely takes for the person: (n,) arrays, those of one track together."""

    tracks: IntArray
    frames: IntArray
    confidences: FloatArray

    def of(self, track_id: int) -> tuple[IntArray, FloatArray]:
        """Return frames and confidences of the samples of one track."""
        rows = slice(*np.searchsorted(self.tracks, [track_id, track_id + 1]))
        return self.frames[rows], self.confidences[rows]


_NOTHING = _Sure(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))


def revision(store: Store, person: Person) -> str:
    """Return a text that changes with all that the samples of a person are made of."""
    counting = programmes_of(store, person.project)
    # What is known of a video is no part of its appearances, and neither is which model was asked last.
    asked = sorted(_asked(store, person.project))
    known = [[one.analysis_id, one.locator, one.fragment] for one in counting]
    text = json.dumps([known, asked, person.person_id, person.name, person.aliases])
    stamp = revision_of(stamps_of(store, person.project, counting))
    return f"{stamp} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def samples_of(store: Store, person: Person) -> list[dict[str, Any]]:
    """Return the samples of a person over all videos of a project, by video and time.

    Args:
        store: Where to look.
        person: One of the people of the project.
    """
    seen = _seen(store, person)
    counting = [one for one in programmes_of(store, person.project) if one.analysis_id in seen]
    sure = _sure(store, person, [one.analysis_id for one in counting])
    samples: list[dict[str, Any]] = []
    for one in sorted(counting, key=lambda one: one.analysis_id):
        samples += _of_video(store, person.project, one, seen[one.analysis_id], sure.get(one.analysis_id, _NOTHING))
    return sorted(samples, key=lambda sample: (sample["locator"], sample["npt"], sample["track_id"]))


def _seen(store: Store, person: Person) -> Mapping[str, list[_Seen]]:
    """Return the appearances of a person by analysis."""
    found: defaultdict[str, list[_Seen]] = defaultdict(list)
    query = Query({"project": person.project, "person_id": person.person_id})
    for analysis_id, _, merged, source, name, start, end in store.cells(Appearance, _SEEN, query):
        tracks = tuple((track_id, track_id % PIECE) for track_id in from_json(merged))
        found[analysis_id].append(_Seen(name, start, end, source == HUMAN, tracks))
    return found


def _sure(store: Store, person: Person, analysis_ids: Iterable[str]) -> dict[str, _Sure]:
    """Return what the model that was asked last about each analysis surely takes for a person."""
    models = {model.model_id: model for model in store.find(Model, project=person.project)}
    last: dict[str, Model] = {}
    for analysis_id, model_id in _asked(store, person.project):
        model = models.get(model_id)
        before = last.get(analysis_id)
        if model and (before is None or (before.created_at, before.model_id) < (model.created_at, model.model_id)):
            last[analysis_id] = model
    by_model: defaultdict[str, list[str]] = defaultdict(list)
    for analysis_id in analysis_ids:
        if analysis_id in last:
            by_model[last[analysis_id].model_id].append(analysis_id)
    return {
        analysis_id: found
        for model_id, asked in by_model.items()
        for analysis_id, found in _said(store, models[model_id], person, asked)
    }


def _asked(store: Store, project: str) -> Iterator[tuple[str, str]]:
    """Yield analyses of a project with the models that were asked about them; one trained since may still have to be."""
    return store.cells(Identification, ("analysis_id", "model_id"), Query({"project": project}))


def _said(store: Store, model: Model, person: Person, analysis_ids: list[str]) -> Iterator[tuple[str, _Sure]]:
    """Yield what a model surely takes for a person in some analyses."""
    people = called(store.find(Person, project=person.project))
    names = [name for name, meant in people.items() if meant.person_id == person.person_id]
    known = [number for number, name in enumerate(model.people) if name in names]
    cells = store.cells_of(Identification, ("analysis_id", "n_parts", *_SAMPLES), analysis_ids, person.project, model.model_id)
    for analysis_id, n_parts, *stored in cells:
        if n_parts > 1:
            whole = read_identification(store, model, analysis_id)
            arrays = [getattr(whole, name) for name in _SAMPLES] if whole else []
        else:
            arrays = [unpack(data) for data in stored]
        if arrays:
            tracks, frames, people, confidences = arrays
            theirs = np.isin(people, known) & (confidences >= LEAST_CONFIDENCE)
            yield analysis_id, _Sure(tracks[theirs], frames[theirs], confidences[theirs])


def _of_video(store: Store, project: str, video: Programme, seen: list[_Seen], sure: _Sure) -> Iterator[dict[str, Any]]:
    told = set(sure.tracks.tolist())
    # Most tracks of a large archive need not be read: the model took no sample of them for this person.
    wanted = {whole for one in seen for _, whole in one.tracks if one.human or whole in told}
    analysis = store.get(Analysis, video.analysis_id) if wanted else None
    if analysis is None or not video.locator:
        return
    extents = [Extent(analysis.analysis_id, *cells) for cells in store.cells_of(Track, _EXTENT, wanted, analysis.analysis_id)]
    found = dict(zip((one.track_id for one in extents), read_windows(store, extents, -inf, inf), strict=True))
    shared = {"locator": joined(video.locator, video.fragment), "project": project}
    for one in seen:
        for track_id, whole in one.tracks:
            if whole in found:
                samples = found[whole]
                confidences = np.ones(len(samples["npt"])) if one.human else _spread(samples, *sure.of(whole))
                for row in _rows(samples, one, confidences):
                    yield {**shared, "name": one.name, **_fields(analysis, track_id, samples, row, float(confidences[row]))}


def _spread(samples: Arrays, frames: IntArray, confidences: FloatArray) -> DoubleArray:
    """Return the confidence of each sample of a track, (n,) float64; 0 where nothing is said of it."""
    sure, there = np.zeros(len(samples["npt"])), np.isin(frames, samples["frame_index"])
    sure[np.searchsorted(samples["frame_index"], frames[there])] = confidences[there]
    return sure


def _rows(samples: Arrays, seen: _Seen, confidences: DoubleArray) -> list[int]:
    """Return which samples of a track are told: those inside the appearance that are the person's."""
    npt = samples["npt"]
    inside = (npt >= seen.start_npt - _ROUNDED_S) & (npt <= seen.end_npt + _ROUNDED_S)
    rows: list[int] = np.flatnonzero(inside & (confidences > 0)).tolist()
    return rows


def _fields(analysis: Analysis, track_id: int, samples: Arrays, row: int, confidence: float) -> dict[str, Any]:
    frame, npt = int(samples["frame_index"][row]), float(samples["npt"][row])
    return {
        "npt": round(npt, 3),
        "frame": frame,
        "tracker_sample": sample_number(analysis, frame, npt),
        "confidence": round(confidence, 4),
        "track_id": track_id,
        **box_fields(Box(*map(float, samples["boxes_xywh"][row]))),
    }
