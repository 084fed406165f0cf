"""What is to be seen in a video beside what was said of it, moment by moment: what all measures but the plain one rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from src.identities.identification import TrackNames, read_identification, track_names
from src.identities.naming import stretch
from src.records import Analysis, Appearance, Model, Person, Shot, Track, TrackSamples, Video
from src.schema import UNKNOWN
from src.storage import Store
from src.videos import iter_tracks

from ..material.data import ShotRow, TruthRow
from .claims import Claim, claims_of
from .scoring import STRANGER

HALVES = {"left half": (0.0, 0.5), "right half": (0.5, 1.0)}
"""Notes that say where in the picture somebody is, as shares of its width: two pictures stand side by side."""


@dataclass(frozen=True, slots=True)
class SampleSeen:
    """One face in one frame.

    Attributes:
        npt: Seconds from the start of the video.
        x: Middle of the box as a share of the picture's width.
        person: Folder of the likeliest person. `confidence`: that it is this person.
    """

    npt: float
    x: float
    person: str
    confidence: float


@dataclass(frozen=True, slots=True)
class TrackSeen:
    """One track of a video.

    Attributes:
        track_id: Its number.
        start_s, end_s: The time that its samples stand for.
        person: Folder of its likeliest person, whether the name was given or not; empty without a model's opinion.
        confidence: That it is this person.
        cluster: What it was taken for: the folder of a known person, or `Unknown <number>`; empty for nothing.
        samples: Its faces in order.
    """

    track_id: int
    start_s: float
    end_s: float
    person: str
    confidence: float
    cluster: str
    samples: tuple[SampleSeen, ...]

    @property
    def sample_s(self) -> float:
        """Seconds that each of its samples stands for."""
        return (self.end_s - self.start_s) / max(len(self.samples), 1)

    @property
    def x(self) -> float:
        """Middle of its boxes as a share of the picture's width."""
        return sum(sample.x for sample in self.samples) / max(len(self.samples), 1)


@dataclass(frozen=True, slots=True)
class Footage:
    """A video with its truth and all that was said of it.

    Attributes:
        rows: Who is to be seen when.
        shots: Its shots where a table has them.
        claims: The appearances. `tracks`: What they rest on.
    """

    rows: tuple[TruthRow, ...] = ()
    shots: tuple[ShotRow, ...] = ()
    claims: tuple[Claim, ...] = ()
    tracks: tuple[TrackSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a track in which the truth does not change.

    Attributes:
        length_s: How long.
        rows: Who is to be seen, rows of nobody among them.
    """

    length_s: float
    rows: tuple[TruthRow, ...]

    @property
    def people(self) -> frozenset[str]:
        """Everybody to be seen, known or not."""
        return frozenset(row.person for row in self.rows if row.person)

    @property
    def optional(self) -> bool:
        """Whether somebody is there who counts neither way."""
        return any(row.presence().optional for row in self.rows)

    def only(self, x: float) -> str | None:
        """Return the one person that a face at this place can be; None where the truth cannot tell.

        Args:
            x: Middle of the face as a share of the picture's width.
        """
        if self.optional:
            return None
        here = {row.person for row in self.rows if row.person and _reaches(row, x)}
        return here.pop() if len(here) == 1 else None


def _reaches(row: TruthRow, x: float) -> bool:
    limits = next((limits for words, limits in HALVES.items() if words in row.note.lower()), (0.0, 1.0))
    return limits[0] <= x <= limits[1]


def moments(rows: Sequence[TruthRow], start_s: float, end_s: float) -> Iterator[Moment]:
    """Cut a stretch of time where the truth changes; time that is not scored is left out."""
    cuts = {moment for row in rows for moment in (row.start_s, row.end_s) if start_s < moment < end_s}
    for start, end in pairwise(sorted({start_s, end_s} | cuts)):
        there = tuple(row for row in rows if row.start_s <= start and row.end_s >= end)
        if not any(row.excluded for row in there):
            yield Moment(end - start, there)


def is_right(person: str, moment: Moment) -> bool | None:
    """Say whether a face may be this person: somebody by that name is on screen. None where that counts neither way."""
    by_name = [row for row in moment.rows if row.person == person]
    if by_name:
        return None if all(row.presence().optional for row in by_name) else True
    return None if moment.optional else False


def is_stranger(person: str) -> bool:
    """Say whether the truth means somebody who is in no gallery."""
    return person.startswith(STRANGER)


def read_footage(
    store: Store,
    video: Video,
    analysis: Analysis,
    model: Model | None,
    appearances: Sequence[Appearance],
    rows: Sequence[TruthRow],
    shots: Sequence[ShotRow],
) -> Footage:
    """Bring together what a store holds of one analysed video and what is to be seen in it."""
    found = read_identification(store, model, analysis.analysis_id) if model else None
    names = dict(track_names(model, found)) if model and found else {}
    cuts = {shot.shot: shot for shot in store.find(Shot, analysis_id=analysis.analysis_id)}
    folders = {person.name: person.person_id for person in store.find(Person, project=model.project)} if model else {}
    clusters = {
        track_id: shown.person_id or f"{UNKNOWN} {shown.unknown_id}"
        for shown in appearances
        for track_id in shown.merged_tracks
    }
    period_s = float(analysis.sampling["period_s"])
    tracks = tuple(
        _track(track, samples, stretch(track, cuts[track.shot], period_s), names.get(track.track_id), folders, clusters, video)
        for track, samples in iter_tracks(store, analysis)
        if track.shot in cuts
    )
    return Footage(tuple(rows), tuple(shots), tuple(claims_of(appearances)), tracks)


def _track(
    track: Track,
    samples: TrackSamples,
    interval: tuple[float, float],
    names: TrackNames | None,
    folders: dict[str, str],
    clusters: dict[int, str],
    video: Video,
) -> TrackSeen:
    best = max(names.candidates, key=lambda candidate: candidate.confidence, default=None) if names else None
    return TrackSeen(
        track.track_id,
        *interval,
        folders.get(best.name, best.name) if best else "",
        best.confidence if best else 0.0,
        clusters.get(track.track_id, ""),
        tuple(_samples(samples, names, folders, video.width)) if names else (),
    )


def _samples(samples: TrackSamples, names: TrackNames, folders: dict[str, str], width: int) -> Iterator[SampleSeen]:
    at = {frame: row for row, frame in enumerate(samples.frame_index.tolist())}
    for frame, name, confidence in zip(names.frames.tolist(), names.names, names.confidences.tolist(), strict=True):
        x, _, w, _ = samples.boxes_xywh[at[frame]].tolist()
        npt = float(samples.npt[at[frame]])
        yield SampleSeen(npt, (x + w / 2) / max(width, 1), folders.get(name, name), confidence)
