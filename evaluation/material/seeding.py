"""A store as full as that of a large archive, made up in minutes: for measurements of the service and tests of its pages.

What is in it looks as if `track`, `train` and `identify` had run: videos, analyses, shots, tracks with samples, thumbnails and
embeddings, people, a model, appearances and unknown people. The same sizes give the same records. There are no video files.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image as Picture

from src.records import (
    Analysis,
    Appearance,
    Identification,
    Model,
    Person,
    Project,
    ProjectVideo,
    Record,
    Shot,
    Status,
    Track,
    TrackEmbeddings,
    TrackSamples,
    UnknownPerson,
    UnknownTrack,
    Video,
    stable_id,
)
from src.schema import Box, Candidate, FloatArray
from src.storage import Store

ENGINE = "sface@1"
FPS = 25
_DATE = "2026-01-01T00:00:00+00:00"
_PART = 1000
"""Samples of a track in one record at most."""
_AT_ONCE = 2000
_TRACKS_A_BLOCK = 1000
_SIZE = (1280, 720)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How full a store shall be.

    Attributes:
        n_videos: Videos, one of them the long one.
        n_tracks: Tracks of all of them together.
        long_h: Hours of the long video; the others last `short_min` minutes each.
        n_long_tracks: Tracks of the long video. The first of them lasts from its beginning to its end.
        n_people: Known people; half as many tracks again are theirs as are nobody's.
        n_unknown: Unknown people.
        n_embedded: Samples of each track that have an embedding.
    """

    n_videos: int = 500
    n_tracks: int = 200_000
    long_h: float = 3.0
    n_long_tracks: int = 6000
    short_min: float = 45.0
    n_people: int = 60
    n_unknown: int = 400
    n_embedded: int = 2
    dimension: int = 128


@dataclass(slots=True)
class Library:
    """What was made: names to ask the service for. Track 1 of the long video lasts as long as that."""

    project: str
    long_video: Video
    long_analysis: str
    videos: list[Video] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    n_tracks: int = 0
    n_long_tracks: int = 0


def seed(store: Store, sizes: Sizes | None = None, project: str = "archive") -> Library:
    """Fill a store.

    Args:
        store: Empty, or filled by this before with the same sizes.
        sizes: How full.
        project: The slug of the one project.
    """
    sizes = sizes or Sizes()
    people = _people(project, sizes)
    model = Model(project, "model-1", ENGINE, "SVM", tuple(one.person_id for one in people), (), {}, {}, "", _DATE)
    strangers = _directions(np.random.default_rng(1), sizes.n_unknown, sizes.dimension)
    unknown = [UnknownPerson(project, number + 1, strangers[number], 0, "", _DATE) for number in range(sizes.n_unknown)]
    store.put(Project(project, "sface", "1", created_at=_DATE), model, *people, *unknown)
    library = describe(sizes, project)
    for number, video in enumerate(library.videos):
        batch: list[Record] = [video]
        for record in _seen(video, number, sizes, model):
            batch.append(record)
            if len(batch) >= _AT_ONCE:
                store.put(*batch)
                batch = []
        store.put(*batch)
    return library


def describe(sizes: Sizes, project: str = "archive") -> Library:
    """Return what a store of these sizes holds, without looking into it."""
    videos = [_video(number, sizes) for number in range(sizes.n_videos)]
    n_tracks = [_n_tracks(number, sizes) for number in range(sizes.n_videos)]
    return Library(project, videos[0], _analysis_id(videos[0]), videos, _people(project, sizes), sum(n_tracks), n_tracks[0])


def _people(project: str, sizes: Sizes) -> list[Person]:
    return [Person(project, f"Person_{number:03}", f"Person {number:03}") for number in range(sizes.n_people)]


def _video(number: int, sizes: Sizes) -> Video:
    locator = f"video/{'long' if number == 0 else 'programme'}-{number:04}.mp4"
    minutes = sizes.long_h * 60 if number == 0 else sizes.short_min
    return Video(
        stable_id("seeded", number),
        locator,
        locator,
        f"seeded-{number:04}",
        title=f"Programme {number} of {1950 + number % 70}",
        date=f"{1950 + number % 70}-{1 + number % 12:02}-{1 + number % 28:02}",
        duration=minutes * 60.0,
        width=_SIZE[0],
        height=_SIZE[1],
        frame_rate=f"{FPS}/1",
        checksum=stable_id("bytes", number) * 4,
    )


def _analysis_id(video: Video) -> str:
    return stable_id("analysis", video.video_id)


def _n_tracks(number: int, sizes: Sizes) -> int:
    if number == 0:
        return min(sizes.n_long_tracks, sizes.n_tracks)
    each, more = divmod(max(sizes.n_tracks - sizes.n_long_tracks, 0), max(sizes.n_videos - 1, 1))
    return each + (number <= more)


def _seen(video: Video, number: int, sizes: Sizes, model: Model) -> Iterator[Record]:
    """Yield the analysis of a video and what was made of it; the analysis comes last, as the tracker writes it."""
    rng = np.random.default_rng([2, number])
    n, seconds, analysis_id = _n_tracks(number, sizes), int(video.duration or 0), _analysis_id(video)
    lengths = np.clip(rng.lognormal(1.8, 0.8, n), 1, 120).astype(int)
    starts = np.sort(rng.integers(0, max(1, seconds - 120), n))
    if number == 0 and n:
        starts[0], lengths[0] = 0, seconds
    yield from _shots(analysis_id, seconds)
    for track_id, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True), 1):
        yield from _track(analysis_id, track_id, start, length, rng)
        yield from _named(model, analysis_id, track_id, start, length, sizes, rng)
    yield from _embeddings(analysis_id, starts, lengths, sizes, rng)
    yield _identification(model, analysis_id, n, rng)
    counts = {
        "n_frames": seconds * FPS,
        "n_samples": seconds,
        "n_faces": int(lengths.sum()),
        "n_tracks": n,
        "n_shots": seconds // 60 + 1,
        "n_faces_dropped": 0,
        "n_damaged": 0,
    }
    sampling, tracker = {"video_speedup": FPS, "sample_period_s": None}, {"tracker": "ocsort"}
    more = {"status": Status.COMPLETE, "progress": 1.0, "counts": counts, "created_at": _DATE, "updated_at": _DATE}
    yield ProjectVideo(model.project, video.video_id, "", analysis_id, _DATE)
    yield Analysis(analysis_id, video.video_id, ENGINE, sampling, tracker, **more)  # type: ignore[arg-type]


def _shots(analysis_id: str, seconds: int) -> Iterator[Shot]:
    for shot, start in enumerate(range(0, seconds, 60)):
        end = min(start + 60, seconds)
        yield Shot(analysis_id, shot, start, end, start * FPS, end * FPS)


def _track(analysis_id: str, track_id: int, start: int, length: int, rng: np.random.Generator) -> Iterator[Record]:
    """Yield a face that drifts through the picture, seen once a second."""
    side = float(rng.uniform(60, 200))
    corner = rng.uniform((0, 0), (_SIZE[0] - side, _SIZE[1] - side))
    for part, first in enumerate(range(0, length, _PART)):
        seconds = start + np.arange(first, min(first + _PART, length))
        boxes = np.empty((len(seconds), 4), np.float32)
        boxes[:, :2] = corner + 5 * np.sin(seconds / 7)[:, None]
        boxes[:, 2:] = side
        points = boxes[:, None, :2] + side * _POINTS
        flat = np.full(len(seconds), 0.9, np.float32)
        yield TrackSamples(
            analysis_id, track_id, part, seconds * FPS, seconds.astype(float), boxes, points.astype(np.float32), flat, flat / 2
        )
    box = Box(float(corner[0]), float(corner[1]), side, side)
    last, best = start + length - 1, start + length // 2
    thumbnail = _THUMBNAILS[track_id % len(_THUMBNAILS)]
    frames = (start * FPS, last * FPS)
    yield Track(analysis_id, track_id, start // 60, start, last, *frames, length, best, best * FPS, box, 0.5, thumbnail)


def _named(
    model: Model, analysis_id: str, track_id: int, start: int, length: int, sizes: Sizes, rng: np.random.Generator
) -> Iterator[Record]:
    """Yield who the track shows: three of five times a known person."""
    known = rng.random() < 0.6 and sizes.n_people > 0
    person = model.people[rng.integers(sizes.n_people)] if known else None
    number = None if known else int(rng.integers(sizes.n_unknown)) + 1
    confidence = float(rng.uniform(0.6, 1) if known else rng.uniform(0, 0.4))
    last, best = start + length - 1, start + length // 2
    name = person.replace("_", " ") if person else f"Unknown {number}"
    who = person or (model.people[0] if model.people else "")
    yield Appearance(
        model.project,
        analysis_id,
        track_id,
        name,
        person,
        start,
        last,
        start * FPS,
        last * FPS,
        start,
        last,
        confidence,
        (track_id,),
        Box(100, 100, 80, 80),
        best,
        (Candidate(who, confidence, confidence),) if who else (),
        unknown_id=number,
        margin=0.2,
        accepted=known,
        reason="" if known else "confidence",
    )
    if number:
        yield UnknownTrack(model.project, analysis_id, track_id, number)


def _embeddings(
    analysis_id: str, starts: np.ndarray, lengths: np.ndarray, sizes: Sizes, rng: np.random.Generator
) -> Iterator[TrackEmbeddings]:
    for part, first in enumerate(range(0, len(starts), _TRACKS_A_BLOCK)):
        block = slice(first, first + _TRACKS_A_BLOCK)
        rows = np.minimum(lengths[block], sizes.n_embedded)
        track_ids = np.repeat(np.arange(first, first + len(rows)) + 1, rows).astype(np.int64)
        nth = np.arange(len(track_ids)) - np.repeat(np.cumsum(rows) - rows, rows)
        frames = ((np.repeat(starts[block], rows) + nth) * FPS).astype(np.int64)
        vectors = _directions(rng, len(track_ids), sizes.dimension).astype(np.float16)
        yield TrackEmbeddings(analysis_id, part, track_ids, frames, np.full(len(track_ids), 0.5, np.float32), vectors)


def _identification(model: Model, analysis_id: str, n: int, rng: np.random.Generator) -> Identification:
    candidates = rng.integers(0, max(1, len(model.people)), (n, 1)).astype(np.int32)
    scores = rng.uniform(0, 1, (n, 1)).astype(np.float32)
    ids, none = np.arange(1, n + 1, dtype=np.int64), np.zeros(0, np.int64)
    empty = (none, none, none.astype(np.int32), none.astype(np.float32))
    return Identification(model.project, model.model_id, analysis_id, ids, candidates, scores, scores, *empty)


def _directions(rng: np.random.Generator, n: int, dimension: int) -> FloatArray:
    vectors = rng.standard_normal((n, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _thumbnails(n: int) -> Sequence[bytes]:
    """Return small pictures of about the size that thumbnails have."""
    result = []
    for number in range(n):
        noise = np.random.default_rng([3, number]).integers(0, 255, (16, 16, 3), np.uint8)
        file = io.BytesIO()
        Picture.fromarray(noise).resize((112, 112), Picture.Resampling.BICUBIC).save(file, "JPEG", quality=40)
        result.append(file.getvalue())
    return result


_POINTS = np.array([(0.3, 0.35), (0.7, 0.35), (0.5, 0.55), (0.35, 0.75), (0.65, 0.75)], np.float32)
_THUMBNAILS = _thumbnails(16)
