"""Videos by the name they were given: what they are, and which analysis of them answers."""

from __future__ import annotations

import hashlib
import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ConfigError, MediaError
from .names import video_folder
from .records import (
    Analysis,
    Appearance,
    Identification,
    IdentificationPart,
    ProjectVideo,
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
from .schema import BoolArray, HalfArray, Interval
from .storage import Store
from .video.fragments import Fragment, parse_fragment, split_locator
from .video.source import is_address
from .video.stream import VideoStream

_log = logging.getLogger(__name__)

TRACKER_VERSION = "5"
"""Changes whenever the same video would give other tracks: part of what an analysis is known by. Counts up."""

_BLOCK = 1 << 20
_ID_DIGITS = 16
SAMPLE_ARRAYS = tuple(field.name for field in fields(TrackSamples))[3:]
"""The fields of TrackSamples that hold one entry a sample; the first three name the part."""


def video_identity(locator: str) -> tuple[str, str]:
    """Return the id of a video, and the checksum that it rests on.

    A local file is known by its bytes: moved or renamed it is still the same video, and changed it is another. Of an
    address only the address is known; the checksum is then empty.

    Raises:
        MediaError: The file cannot be read.
    """
    if is_address(locator):
        return stable_id(locator), ""
    digest = hashlib.sha256()
    try:
        with Path(locator).open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as err:
        raise MediaError(locator, f"cannot be read: {err.strerror}. Check the path.") from err
    return digest.hexdigest()[:_ID_DIGITS], digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a video beside its pictures; see docs/sources.md for the names in `metadata`.

    Attributes:
        media: Where it lies, an address that does not expire; empty for what it was named by.
        title: Empty where nobody knows, as `date` is.
        date: When it was shown first, ISO 8601 or a part of it.
        metadata: `programme`, `channel`, `segments`, `people` and what else a catalogue says.
    """

    media: str = ""
    title: str = ""
    date: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


NO_FACTS = Facts()


def register_video(store: Store, locator: str, stream: VideoStream, facts: Facts = NO_FACTS) -> Video:
    """Store what is known of a video that was opened, under a folder name of its own.

    What was stored of it before stays, since people may have written it; only what is new is added.

    Args:
        store: Where to keep it.
        locator: Path or address without fragment.
        stream: The open video.
        facts: What a catalogue says of it.
    """
    video_id, checksum = video_identity(locator)
    known = store.get(Video, video_id)
    folder = known.folder if known else _free_folder(store, locator, video_id)
    info = stream.info
    rate = f"{info.frame_rate.numerator}/{info.frame_rate.denominator}"
    media = facts.media or (locator if is_address(locator) else str(Path(locator).resolve()))
    # A title that is not the one that every video begins with was written by somebody.
    written = known.title if known and known.title != Path(locator).stem else ""
    said = _of_container(stream) | dict(facts.metadata)
    video = Video(
        video_id,
        locator,
        media,
        folder,
        title=written or facts.title or Path(locator).stem,
        date=(known.date if known else "") or facts.date,
        # Reading it may have told better than its container does.
        duration=known.duration if known and known.duration and known.checksum == checksum != "" else info.duration,
        width=info.width,
        height=info.height,
        frame_rate=rate,
        checksum=checksum,
        metadata=said | dict(known.metadata) if known else said,
        start_time=info.start_time,
    )
    store.put(video)
    return video


def keep_duration(store: Store, video: Video, duration: float | None) -> Video:
    """Store how long a video is, where only reading it told: a recording that was joined.

    Args:
        store: Where the video is kept.
        video: Its record, as it was when the reading began.
        duration: Its seconds.
    """
    kept = replace(store.get(Video, video.video_id) or video, duration=duration)
    store.put(kept)
    return kept


def _of_container(stream: VideoStream) -> dict[str, Any]:
    """Return what the container of a video says beside its pictures."""
    info = stream.info
    said: dict[str, Any] = {"recorded_at": info.recorded_at} if info.recorded_at else {}
    if info.chapters:
        named = [{"title": part.title, "start_npt": part.start_npt, "end_npt": part.end_npt} for part in info.chapters]
        said["segments"] = named
    return said


def settle(fragment: Fragment, video: Video) -> Fragment:
    """Return a part of a video in npt, where it was given by the clock or by the name of a segment or chapter.

    Raises:
        ConfigError: The video does not say when it was recorded, has no part of that name, or lies in another part of its file.
    """
    # A catalogue may mean a part of a file when it names a video.
    fragment = fragment.within(parse_fragment(str(video.metadata.get("fragment", ""))))
    if fragment.clock is None and not fragment.name:
        return fragment
    named: dict[str, Interval] = {}
    for segment, part in segments_of(video.metadata):
        named |= {str(segment[name]): part for name in ("title", "uri") if segment.get(name)}
    return fragment.settled(_moment(video.metadata.get("recorded_at")), named)


def segments_of(metadata: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Interval]]:
    """Yield the segments that metadata tell of, with their times; what people may have written there instead is passed over."""
    segments = metadata.get("segments")
    for segment in segments if isinstance(segments, list | tuple) else ():
        if isinstance(segment, Mapping) and isinstance(segment.get("start_npt"), int | float):
            end = segment.get("end_npt")
            yield segment, Interval(float(segment["start_npt"]), float(end) if isinstance(end, int | float) else None)


def _moment(text: object) -> datetime | None:
    """Return a moment with its zone, UTC where it names none; None for what is no moment."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def find_video(store: Store, locator: str) -> tuple[Video, Fragment]:
    """Return a video that was analysed before, without opening it, and the part of it that is meant.

    Args:
        store: Where to look.
        locator: As it was given to the tracker; the file itself may be gone.

    Raises:
        ConfigError: No such video is known, or no such part of it.
    """
    bare, fragment = split_locator(locator)
    video = stored_video(store, bare)
    if video is None:
        raise ConfigError(f"{bare} has not been analysed. Run: track --video {bare}")
    return video, settle(fragment, video)


def stored_video(store: Store, locator: str) -> Video | None:
    """Return a video that was analysed before, by its locator without a fragment; None where there is none."""
    if not is_address(locator) and os.path.isfile(locator):
        # By its bytes, not its name: another file may have taken the place of the one that was analysed.
        return store.get(Video, video_identity(locator)[0])
    return next(store.find(Video, locator=locator), None)


def find_analysis(store: Store, video: Video, engine_name: str, fragment: Fragment, project: str = "") -> Analysis:
    """Return the complete analysis of a video that counts in a project, else the newest one by its engine.

    Args:
        store: Where to look.
        video: Of which video.
        engine_name: The project's engine, without its version.
        fragment: Of which part.
        project: Whose choice goes first; empty for nobody's.

    Raises:
        ConfigError: There is none yet, or it is not complete.
    """
    membership = store.get(ProjectVideo, project, video.video_id, str(fragment)) if project else None
    chosen = store.get(Analysis, membership.analysis_id) if membership else None
    if chosen is not None and chosen.status is Status.COMPLETE:
        return chosen
    found = [
        analysis
        for analysis in store.find(Analysis, video_id=video.video_id)
        if analysis.engine.partition("@")[0] == engine_name and analysis.fragment == str(fragment)
    ]
    complete = [analysis for analysis in found if analysis.status is Status.COMPLETE]
    if complete:
        return max(complete, key=lambda analysis: analysis.updated_at)
    state = f"only begun ({found[-1].status})" if found else f"not yet made with engine {engine_name}"
    raise ConfigError(f"The analysis of {video.locator} is {state}. Run: track --video {video.locator}")


def read_samples(store: Store, track: Track) -> TrackSamples:
    """Return all samples of a track as one part."""
    parts = list(store.find(TrackSamples, analysis_id=track.analysis_id, track_id=track.track_id))
    if len(parts) == 1:
        return parts[0]

    def join(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    return TrackSamples(track.analysis_id, track.track_id, 0, *(join(name) for name in SAMPLE_ARRAYS))


def read_embeddings(store: Store, analysis_id: str) -> TrackEmbeddings | None:
    """Return all embeddings of an analysis as one block, ordered by track and frame; None where no face was found.

    Embeddings that are not finite or all zero compare with nothing: they are left out, and a warning counts them.
    """
    parts = list(store.find(TrackEmbeddings, analysis_id=analysis_id))
    if not parts:
        return None
    track_ids = np.concatenate([part.track_ids for part in parts])
    frame_index = np.concatenate([part.frame_index for part in parts])
    weights = np.concatenate([part.weights for part in parts])
    embeddings = np.concatenate([part.embeddings for part in parts])
    order = np.lexsort((frame_index, track_ids))
    usable = order[_is_usable(embeddings)[order]]
    if len(usable) < len(order):
        _log.warning(
            "%d of %d embeddings of analysis %s are not finite or all zero, and left out. Run: track --refresh",
            len(order) - len(usable),
            len(order),
            analysis_id,
        )
    if not len(usable):
        return None
    return TrackEmbeddings(analysis_id, 0, track_ids[usable], frame_index[usable], weights[usable], embeddings[usable])


def _is_usable(embeddings: HalfArray) -> BoolArray:
    # The largest number of a row tells both faults, and needs no copy of millions of rows in a wider type.
    with np.errstate(invalid="ignore"):
        largest = np.abs(embeddings).max(axis=1, initial=0)
    usable: BoolArray = np.isfinite(largest) & (largest > 0)
    return usable


def _free_folder(store: Store, locator: str, video_id: str) -> str:
    """Return the readable name of a video's folder, with its id where another video has that name."""
    folder = video_folder(locator)
    taken = next(store.find(Video, folder=folder), None)
    return folder if taken is None else f"{folder}_{video_id[:8]}"


def analysis_content(analysis_id: str) -> str:
    """Return the lock that is held while what an analysis saw is deleted, or read as a whole."""
    return f"content-{analysis_id}"


def is_outdated(analysis: Analysis) -> bool:
    """Say whether an older tracker made an analysis: this one would find other tracks."""
    return int(analysis.tracker.get("version", 0)) < int(TRACKER_VERSION)


def forget_derived(store: Store, project: str, analysis_id: str) -> None:
    """Delete what a project derived from an analysis; it can be derived again."""
    forget_unknown(store, list(store.find(UnknownTrack, project=project, analysis_id=analysis_id)))
    for kind in (Appearance, Identification, IdentificationPart):
        store.delete(kind, project=project, analysis_id=analysis_id)


def forget_unknown(store: Store, entries: Sequence[UnknownTrack]) -> None:
    """Take tracks from the unknown people that they were taken for; these keep their number, name and likeness."""
    # The counts come first: where this is interrupted the tracks are still there, and it is done again.
    for (project, unknown_id), n_gone in Counter((entry.project, entry.unknown_id) for entry in entries).items():
        person = store.get(UnknownPerson, project, unknown_id)
        if person is not None:
            n_left = store.count(UnknownTrack, project=project, unknown_id=unknown_id) - n_gone
            store.put(replace(person, n_tracks=n_left))
    for entry in entries:
        store.delete(UnknownTrack, project=entry.project, analysis_id=entry.analysis_id, track_id=entry.track_id)


def forget_analysis(store: Store, analysis_id: str) -> None:
    """Delete what an analysis saw and what was derived from it, in every project; its record and decisions stay."""
    for membership in list(store.find(ProjectVideo, analysis_id=analysis_id)):
        forget_derived(store, membership.project, analysis_id)
    for kind in (Shot, Track, TrackSamples, TrackEmbeddings):
        store.delete(kind, analysis_id=analysis_id)


def remove_unused(store: Store, analysis_id: str) -> bool:
    """Delete an analysis and all that it saw, unless a project uses it; say whether it is gone."""
    if next(store.find(ProjectVideo, analysis_id=analysis_id), None) is not None:
        return False
    forget_analysis(store, analysis_id)
    store.delete(Analysis, analysis_id=analysis_id)
    return True


def iter_tracks(store: Store, analysis: Analysis) -> Iterator[tuple[Track, TrackSamples]]:
    """Yield the tracks of an analysis with their samples, one at a time."""
    for track in store.find(Track, analysis_id=analysis.analysis_id):
        yield track, read_samples(store, track)


def sample_number(analysis: Analysis, frame_index: int, npt: float) -> int:
    """Return which sample of the analysis a frame is, counted from 0 at the start of the video."""
    every = analysis.sampling.get("video_speedup")
    if every:
        return frame_index // int(every)
    return int((npt + 1e-6) / float(analysis.sampling["sample_period_s"]))
