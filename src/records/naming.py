"""Who the people in videos are: what a model says, who has no name, and what is derived of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..schema import Box, Candidate, FloatArray, IntArray
from .base import now


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """What a model says of all tracks of an analysis. People are positions in `Model.people`.

    One that is too large for a record goes on in `IdentificationPart`s, `n_parts` of them counting this one.

    Attributes:
        track_ids: (t,) int64.
        candidates: (t, c) int32, the likeliest people of each track's pooled embedding, likeliest first.
        scores: (t, c) float32, evidence for each. `confidences`: (t, c) float32 in [0, 1].
        sample_tracks: (n,) int64 and `sample_frames`: (n,) int64, which sample each of the following is of.
        sample_people: (n,) int32, the likeliest person of each sample. `sample_confidences`: (n,) float32 in [0, 1].
    """

    project: str
    model_id: str
    analysis_id: str
    track_ids: IntArray
    candidates: NDArray[np.int32]
    scores: FloatArray
    confidences: FloatArray
    sample_tracks: IntArray
    sample_frames: IntArray
    sample_people: NDArray[np.int32]
    sample_confidences: FloatArray
    n_parts: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class IdentificationPart:
    """The further rows of an `Identification` of many hours; its arrays are those of the same names there."""

    project: str
    model_id: str
    analysis_id: str
    part: int
    track_ids: IntArray
    candidates: NDArray[np.int32]
    scores: FloatArray
    confidences: FloatArray
    sample_tracks: IntArray
    sample_frames: IntArray
    sample_people: NDArray[np.int32]
    sample_confidences: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class UnknownPerson:
    """Somebody without a name, with a number that is never given to anybody else.

    Attributes:
        centre: (d,) float32, mean embedding of the tracks, L2-normalised. `n_tracks`: how many these are.
        name: What people call them; empty for `Unknown <number>`.
    """

    project: str
    unknown_id: int
    centre: FloatArray
    n_tracks: int
    name: str = ""
    created_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class UnknownTrack:
    """This track was taken for that unknown person; `parted_from` is whom it left because somebody said so."""

    project: str
    analysis_id: str
    track_id: int
    unknown_id: int
    parted_from: int | None = None


@dataclass(frozen=True, slots=True)
class Appearance:
    """Somebody is to be seen from `start_npt` to `end_npt`: derived from tracks, candidates and decisions, never edited.

    `person_id` is None for an unknown person, `unknown_id` for a known one. `box` is that of the best sample, at `best_npt`.
    `candidates` are the likeliest people, likeliest first, and `margin` is by how much the first one's score leads over the
    second one's. `accepted` says whether it has a name; `reason` says why it has none, or whose name it shares.
    """

    project: str
    analysis_id: str
    track_id: int
    name: str
    person_id: str | None
    start_npt: float
    end_npt: float
    start_frame: int
    end_frame: int
    start_sample: int
    end_sample: int
    confidence: float
    merged_tracks: tuple[int, ...]
    box: Box
    best_npt: float
    candidates: tuple[Candidate, ...] = ()
    source: str = "machine"
    unknown_id: int | None = None
    margin: float = 0.0
    accepted: bool = True
    reason: str = ""
