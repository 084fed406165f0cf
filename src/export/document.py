"""What is exported of a video: who appears when, and the boxes that it rests on, in one form that every format starts from.

Times are whole milliseconds and lie within the video, names are one line of characters that every format may hold: what differs
between formats is how they say it, and not what they say.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np

from ..mediafragments import joined as with_fragment
from ..records import Analysis, Appearance, Person, Shot, Status, Track, TrackSamples, Video
from ..schema import UNKNOWN, BoolArray, Box
from ..storage import Store
from ..videos import SAMPLE_ARRAYS, read_samples

_log = logging.getLogger(__name__)

BASE = "http://127.0.0.1:5000"
"""Where addresses of what has none lead to: the service as it is started without settings."""
PIECE = 1_000_000
"""Pieces of a split track are numbered in steps of this."""
_RATE = Fraction(25)
"""Frames a second of a video that does not say."""
_TICK_S = 0.001


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody appears.

    Attributes:
        number: Which appearance of the analysis; below 0 where no track shows it, but somebody said so.
        name: One line of text.
        start_npt, end_npt: Seconds, whole milliseconds, the end later than the start.
        confidence: In [0, 1].
        tracks: What it is made of.
        box: In the picture at `best_npt`, pixels; None where nobody knows.
        person_id: None for somebody unknown.
        uri: Theirs in a knowledge graph.
        unknown_id: None for a known person.
        by_human: Whether a person said so.
    """

    number: int
    name: str
    start_npt: float
    end_npt: float
    confidence: float = 1.0
    tracks: tuple[int, ...] = ()
    box: Box | None = None
    best_npt: float = 0.0
    person_id: str | None = None
    uri: str | None = None
    unknown_id: int | None = None
    by_human: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it is somebody with a name of their own."""
        return self.unknown_id is None

    @property
    def key(self) -> str:
        """The appearance as a word: `a58`, and `s1` for the first one that somebody said."""
        return f"a{self.number}" if self.number >= 0 else f"s{-self.number}"


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One analysis of one video in one project.

    Attributes:
        project: Whose names.
        video, analysis: The records.
        people: Everybody who appears, by time.
        tracks: Yields the samples of all tracks, also of those that nobody is to be shown for, one track at a time; anew with
            each call.
        shots: Returns the shots.
        base: Address of the service, for what has no address of its own.
    """

    project: str
    video: Video
    analysis: Analysis
    people: tuple[Seen, ...]
    tracks: Callable[[], Iterator[TrackSamples]]
    shots: Callable[[], Sequence[Shot]] = tuple
    base: str = BASE

    @property
    def duration(self) -> float:
        """Seconds of the video; where nobody knows, up to where the last one is seen."""
        return round(self.video.duration or max((seen.end_npt for seen in self.people), default=0.0), 3)

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        return Fraction(self.video.frame_rate) if self.video.frame_rate else _RATE

    @property
    def moment(self) -> str:
        """When the analysis was last written, as the Web Annotation Data Model wants it: ISO 8601 in UTC, which is a `Z`."""
        try:
            return datetime.fromisoformat(self.analysis.updated_at).astimezone(UTC).isoformat().replace("+00:00", "Z")
        except ValueError:
            return self.analysis.updated_at

    @property
    def locator(self) -> str:
        """What was given, with the part of it that was analysed: `film.mp4#t=10,20`."""
        return with_fragment(self.video.locator, self.analysis.fragment)

    @property
    def title(self) -> str:
        """What the video is called, never empty."""
        return one_line(self.video.title) or one_line(self.video.folder) or self.video.video_id

    def boxes(self) -> Iterator[tuple[Seen, TrackSamples]]:
        """Yield who is seen with the samples of each of their tracks; of a track that was split, the part that is theirs."""
        yield from ((seen, samples) for seen, samples in self.parts() if seen is not None)

    def parts(self) -> Iterator[tuple[Seen | None, TrackSamples]]:
        """Yield the samples of all tracks, divided by who is to be shown for them; None where that is nobody."""
        owners = owners_of(self.people)
        for samples in self.tracks():
            for seen, rows in _shares(owners.get(samples.track_id, ()), samples):
                yield seen, samples if rows.all() else part_of(samples, rows)


def document_of(store: Store, project: str, analysis: Analysis, base: str = BASE) -> Document:
    """Return what is known of an analysis in a project.

    Args:
        store: Where it is kept.
        project: Whose names.
        analysis: A complete one.
        base: Address of the service.
    """
    video = store.get(Video, analysis.video_id) or Video(analysis.video_id, analysis.video_id, "", analysis.video_id)
    people = {person.person_id: person for person in store.find(Person, project=project)}
    found = store.find(Appearance, project=project, analysis_id=analysis.analysis_id)
    seen = [told for appearance in found if (told := _seen(appearance, people.get(appearance.person_id or ""), video))]

    def tracks() -> Iterator[TrackSamples]:
        for track in store.find(Track, analysis_id=analysis.analysis_id):
            yield read_samples(store, track)

    def shots() -> list[Shot]:
        return sorted(store.find(Shot, analysis_id=analysis.analysis_id), key=lambda shot: shot.shot)

    return Document(project, video, analysis, by_time(seen), tracks, shots, base.rstrip("/"))


def is_complete(analysis: Analysis) -> bool:
    """Say whether there is all of an analysis to be exported."""
    return analysis.status is Status.COMPLETE


def by_time(people: Sequence[Seen]) -> tuple[Seen, ...]:
    """Return appearances in the order in which all formats have them."""
    return tuple(sorted(people, key=lambda seen: (seen.start_npt, seen.end_npt, seen.number)))


def one_line(text: str) -> str:
    """Return a text in one line, without the characters that XML and Turtle cannot hold; letters and emoji all stay."""
    return " ".join("".join("\ufffd" if _is_refused(sign) else sign for sign in text).split())


def _is_refused(sign: str) -> bool:
    """Say whether a sign is a control, half a character, or none: XML 1.0, section 2.2."""
    return (unicodedata.category(sign) in ("Cc", "Cs") and not sign.isspace()) or ord(sign) & 0xFFFE == 0xFFFE


def lanes(people: Sequence[Seen]) -> list[tuple[str, list[Seen]]]:
    """Divide appearances into lanes in which nothing overlaps, by name: two where somebody is in two places at once.

    Returns:
        Name and appearances of each lane, known people first, in the order in which they are seen first.
    """
    found: dict[tuple[bool, str], list[list[Seen]]] = {}
    for seen in by_time(people):
        mine = found.setdefault((not seen.is_known, seen.name), [])
        free = next((lane for lane in mine if lane[-1].end_npt <= seen.start_npt), None)
        if free is None:
            mine.append([seen])
        else:
            free.append(seen)
    ordered = sorted(found.items(), key=lambda item: (item[0][0], item[1][0][0].start_npt, item[0][1]))
    return [(name, lane) for (_, name), own in ordered for lane in own]


def owners_of(people: Sequence[Seen]) -> dict[int, list[Seen]]:
    """Return who is seen in each track, pieces of split ones counted to the whole."""
    owners: dict[int, list[Seen]] = {}
    for seen in people:
        for track_id in {number % PIECE for number in seen.tracks}:
            owners.setdefault(track_id, []).append(seen)
    return owners


def part_of(samples: TrackSamples, rows: BoolArray) -> TrackSamples:
    """Return some samples of a track."""
    kept = (getattr(samples, name)[rows] for name in SAMPLE_ARRAYS)
    return TrackSamples(samples.analysis_id, samples.track_id, samples.part, *kept)


def is_unknown(name: str) -> bool:
    """Say whether a name is that of nobody: `Unknown`, or `Unknown` and a number."""
    word, _, number = name.partition(" ")
    return word == UNKNOWN and (not number or number.isdecimal())


def _shares(owners: Sequence[Seen], samples: TrackSamples) -> Iterator[tuple[Seen | None, BoolArray]]:
    """Yield which samples of a track are whose: of the piece in whose time they lie."""
    owner = np.full(len(samples.npt), -1)
    if owners:
        start, end = (np.array([getattr(seen, side) for seen in owners])[:, None] for side in ("start_npt", "end_npt"))
        away = np.maximum(start - samples.npt, samples.npt - end)
        # Times of appearances are rounded; what lies further outside is of a piece that nobody is to be shown for.
        owner = np.where(away.min(axis=0) <= 2 * _TICK_S, away.argmin(axis=0), -1)
    for number in range(-1, len(owners)):
        rows: BoolArray = owner == number
        if rows.any():
            yield (owners[number] if number >= 0 else None), rows


def _seen(found: Appearance, person: Person | None, video: Video) -> Seen | None:
    """Return an appearance as it is exported; None for one that lies past the end of the video."""
    start, end = round(max(found.start_npt, 0.0), 3), round(found.end_npt, 3)
    if video.duration:
        end = min(end, round(video.duration, 3))
        if start > end - _TICK_S:
            if found.start_npt >= video.duration:
                _log.warning("%s at %.3f s lies past the end of %s and is left out.", found.name, start, video.locator)
                return None
            start = max(round(end - _TICK_S, 3), 0.0)
    return Seen(
        found.track_id,
        one_line(found.name) or UNKNOWN,
        start,
        round(max(end, start + _TICK_S), 3),
        round(found.confidence, 4),
        found.merged_tracks,
        found.box if found.box.area > 0 else None,
        round(found.best_npt, 3),
        found.person_id,
        person.uri if person else None,
        found.unknown_id,
        found.source == "human",
    )
