"""What a file that comes back says anew: claims are compared with what is known, and the difference becomes edits.

A claim that names the appearance it was exported as is about that one. Any other is about the face that most of its boxes
lie on, or, where it has none, about who is seen at that time; a person nobody else can stand for is said to be seen then.
What a file of ours lacks, somebody took out.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..geometry import iou_rows
from ..records import TrackSamples, Verb
from ..schema import UNKNOWN, DoubleArray
from .document import PIECE, Document, Seen, is_unknown
from .reading import Claim, Reading, Spots
from .stretch import unmarked, within

MIN_IOU = 0.5
"""Two boxes of one moment that overlap so much are of one face."""
MIN_SHARE = 0.5
"""Of the boxes of a claim that must lie on a track, and of two stretches of time that must be common, to be about the same."""
_SLACK_S = 0.5
"""So far from a time that a file says a face is looked for, where nobody saw it at that very moment."""
_TICK_S = 0.001


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that a file says anew.

    Attributes:
        verb: What is said.
        where: In the file.
        track: Of which track; None for a stretch of time.
        name: Who it is, for `is`.
        other: The second track, for `merge` and `same_person`.
        interval: Start and end of a stretch, where no track shows it.
        said: Number of an earlier statement that this one takes the place of; 0 for none.
    """

    verb: Verb
    where: str
    track: int | None = None
    name: str = ""
    other: int | None = None
    interval: tuple[float, float] | None = None
    said: int = 0


@dataclass(slots=True)
class Edits:
    """What follows from a file.

    Attributes:
        edits: In the order of the file.
        n_same: Claims that say what is known.
        notes: What cannot be followed, with the place in the file and what to do instead.
    """

    edits: list[Edit] = field(default_factory=list)
    n_same: int = 0
    notes: list[str] = field(default_factory=list)


def edits_of(document: Document, reading: Reading, *, keep_missing: bool = False) -> Edits:
    """Compare a file with what is known.

    Args:
        document: What is known.
        reading: What the file says.
        keep_missing: Whether what a file of ours lacks is left as it is.
    """
    found = Edits(notes=list(reading.notes))
    if reading.by_track:
        _compare_tracks(document, reading, found)
        return found
    # In a file of another analysis, or of another program, numbers mean something else.
    analysis_id, stretch = unmarked(reading.analysis_id)
    ours = analysis_id == document.analysis.analysis_id
    if ours and stretch is not None:
        # What lies outside of the stretch that was exported is not missing.
        document = within(document, stretch)
    known = {seen.number: seen for seen in document.people}
    claims = [_ended(claim if ours else replace(claim, number=None, track=None), document) for claim in reading.claims]
    numbered = [(claim, known[claim.number]) for claim in claims if claim.number in known]
    period_s = float(document.analysis.sampling.get("period_s", 1.0) or 1.0)
    for claim, seen in numbered:
        _compare(document, claim, seen, period_s, found)
    taken = {seen.number for _, seen in numbered}
    for claim, there in _placed(document, [claim for claim in claims if claim.number not in known], taken):
        if there is None:
            _add_said(document, claim, found)
        else:
            taken.add(there.number)
            _rename(document, claim, there, found)
    if ours and not keep_missing:
        _remove_missing(document, reading, numbered, taken, found)
    return found


def _compare(document: Document, claim: Claim, seen: Seen, period_s: float, found: Edits) -> None:
    """Take in what is said of an appearance that the file names."""
    is_timed = not math.isnan(claim.start_npt)
    moved = max(abs(claim.start_npt - seen.start_npt), abs(claim.end_npt - seen.end_npt)) if is_timed else 0.0
    if seen.number < 0:
        # What somebody said of a time is said anew with another time or name.
        if document.video.duration and claim.start_npt >= document.video.duration:
            found.notes.append(_past(claim.where, claim.name, claim.start_npt, document))
        elif moved >= _TICK_S or claim.name != seen.name:
            found.edits.append(_said(claim, seen))
        else:
            found.n_same += 1
        return
    if moved > period_s:
        found.notes.append(
            f"{claim.where}: the time of {seen.key} ({seen.name}) was changed and stays "
            f"{seen.start_npt:g} to {seen.end_npt:g} s, where its face was seen. "
            "Split the track, or add an annotation for the rest."
        )
    _rename(document, claim, seen, found)


def _rename(document: Document, claim: Claim, seen: Seen, found: Edits) -> None:
    if claim.name in ("", seen.name):
        found.n_same += 1
        return
    tracks = [track for track in seen.tracks if claim.track is None or track % PIECE == claim.track]
    if not is_unknown(claim.name):
        found.edits += [Edit(Verb.IS, claim.where, track, claim.name) for track in tracks]
        return
    same = next((other for other in document.people if other.name == claim.name and other.tracks and not other.is_known), None)
    if same is not None:
        found.edits += [Edit(Verb.SAME_PERSON, claim.where, track, other=same.tracks[0]) for track in tracks]
    elif seen.is_known:
        found.edits += [Edit(Verb.UNKNOWN, claim.where, track) for track in tracks]
    else:
        found.notes.append(f'{claim.where}: nobody is called "{claim.name}" here, and {seen.name} is unknown already.')


def _add_said(document: Document, claim: Claim, found: Edits) -> None:
    """Take in somebody of whom no track is known."""
    start, end = claim.start_npt, claim.end_npt
    if claim.spots is not None and math.isnan(start):
        frames = claim.spots.frames if claim.spots.frames is not None else np.zeros(0, np.int64)
        start, end = (round(float(frame / document.rate), 3) for frame in (int(frames.min()), int(frames.max()) + 1))
    if is_unknown(claim.name) or not claim.name:
        found.notes.append(f"{claim.where}: {claim.name or UNKNOWN} is seen where no face was found. Give a name to keep it.")
    elif document.video.duration and start >= document.video.duration:
        found.notes.append(_past(claim.where, claim.name, start, document))
    elif math.isinf(end) and not document.video.duration:
        found.notes.append(
            f"{claim.where}: {claim.name} is seen to the end of the video, and nobody knows when that is. Say it."
        )
    elif end <= start:
        found.notes.append(f"{claim.where}: {claim.name} at {start:g} s has no duration. Give an end after the start.")
    else:
        end = min(end, round(document.video.duration, 3)) if document.video.duration else end
        found.edits.append(Edit(Verb.IS, claim.where, name=claim.name, interval=(start, end)))


def _ended(claim: Claim, document: Document) -> Claim:
    """Return a claim that ends with the video at the latest; one that begins later stays, to be told."""
    duration = document.video.duration
    late = duration and not math.isnan(claim.end_npt) and claim.start_npt < duration < claim.end_npt
    return replace(claim, end_npt=round(duration, 3)) if late and duration else claim


def _past(where: str, name: str, start: float, document: Document) -> str:
    duration = document.video.duration or 0.0
    return f"{where}: {name} at {start:g} s lies past the end of the video, {duration:g} s. Correct it."


def _said(claim: Claim, seen: Seen) -> Edit:
    return Edit(Verb.IS, claim.where, name=claim.name, interval=(claim.start_npt, claim.end_npt), said=seen.number)


def _remove_missing(
    document: Document, reading: Reading, numbered: Sequence[tuple[Claim, Seen]], taken: set[int], found: Edits
) -> None:
    """Take in that somebody took appearances out of a file of ours, or single tracks of them."""
    expected = {seen.number for seen, _ in document.boxes()} if reading.boxed else None
    for seen in document.people:
        if seen.number not in taken and (expected is None or seen.number in expected):
            _remove(seen, seen.tracks, found)
    if reading.boxed:
        held: dict[int, set[int | None]] = defaultdict(set)
        for claim, seen in numbered:
            held[seen.number].add(claim.track)
        for seen, samples in document.boxes():
            tracks = held.get(seen.number, {None})
            if None not in tracks and samples.track_id not in tracks:
                _remove(seen, [track for track in seen.tracks if track % PIECE == samples.track_id], found)


def _remove(seen: Seen, tracks: Sequence[int], found: Edits) -> None:
    where = f"{seen.key} ({seen.name}) is missing"
    if seen.number < 0:
        found.edits.append(Edit(Verb.UNDO, where, interval=(seen.start_npt, seen.end_npt), said=seen.number))
    found.edits += [Edit(Verb.IGNORE, where, track) for track in tracks]


def _placed(document: Document, claims: Sequence[Claim], taken: set[int]) -> Iterable[tuple[Claim, Seen | None]]:
    """Yield claims that name no appearance of ours with the one that each is about."""
    on = _tracks_under(document, [claim for claim in claims if _spots(claim) is not None])
    known = {seen.number: seen for seen in document.people}
    # Start and end of all; a long film has thousands of both claims and appearances.
    times = np.array([(seen.start_npt, seen.end_npt) for seen in document.people]).reshape(-1, 2)
    for claim in claims:
        spots, counts = _spots(claim), on.get(id(claim), Counter())
        best, hits = max(counts.items(), key=lambda item: (item[1], -item[0]), default=(0, 0))
        enough = spots is not None and hits >= max(MIN_SHARE * len(spots.boxes_xywh), 1)
        yield claim, known[best] if enough else _by_time(document.people, times, claim, taken)


def _by_time(people: Sequence[Seen], times: DoubleArray, claim: Claim, taken: set[int]) -> Seen | None:
    """Return who is seen at the time of a claim: of the same name, else the only one that could be."""
    common = np.minimum(claim.end_npt, times[:, 1]) - np.maximum(claim.start_npt, times[:, 0])
    either = np.maximum(claim.end_npt, times[:, 1]) - np.minimum(claim.start_npt, times[:, 0])
    rows = np.flatnonzero(common >= MIN_SHARE * np.maximum(either, _TICK_S))
    near = [people[row] for row in rows.tolist()]
    same = next((seen for seen in near if seen.name == claim.name), None)
    free = [seen for seen in near if seen.number not in taken and seen.tracks]
    return same or (free[0] if len(free) == 1 and len(near) == 1 else None)


def _spots(claim: Claim) -> Spots | None:
    if claim.spots is not None and len(claim.spots.boxes_xywh):
        return claim.spots
    if not claim.anchors:
        return None
    boxes = [(anchor.box.x, anchor.box.y, anchor.box.w, anchor.box.h) for anchor in claim.anchors]
    return Spots(None, np.array([anchor.npt for anchor in claim.anchors]), np.array(boxes, np.float32))


def _tracks_under(document: Document, claims: Sequence[Claim]) -> dict[int, Counter[int]]:
    """Return of each claim, by its identity, on how many boxes of which appearance it lies; all tracks are read once."""
    result: dict[int, Counter[int]] = {id(claim): Counter() for claim in claims}
    if not claims:
        return result
    for seen, claim, hits in _all_hits(claims, document.boxes()):
        result[id(claim)][seen.number] += hits
    return result


def _all_hits(claims: Sequence[Claim], boxes: Iterable[tuple[Any, TrackSamples]]) -> Iterator[tuple[Any, Claim, int]]:
    """Yield what lies under which claim, and how many boxes do; only what is of one time is compared box by box."""
    found = [(claim, spots) for claim in claims if (spots := _spots(claim)) is not None]
    spans = np.array([_span(spots) for _, spots in found]).reshape(-1, 3)
    for key, samples in boxes:
        first = np.where(spans[:, 2] > 0, samples.frame_index[0], samples.npt[0] - _SLACK_S)
        last = np.where(spans[:, 2] > 0, samples.frame_index[-1], samples.npt[-1] + _SLACK_S)
        for row in np.flatnonzero((spans[:, 0] <= last) & (spans[:, 1] >= first)):
            claim, spots = found[row]
            hits = _hits(spots, samples)
            if hits:
                yield key, claim, hits


def _span(spots: Spots) -> tuple[float, float, bool]:
    """Return when spots begin and end, and whether that is said in frames."""
    times = spots.frames if spots.frames is not None else spots.npts
    assert times is not None, "spots have frames or times"
    return float(times.min()), float(times.max()), spots.frames is not None


def _hits(spots: Spots, samples: TrackSamples) -> int:
    """Return how many boxes of a claim lie on those of a track at the same frame, or nearest to the same time."""
    if spots.frames is not None:
        rows, at = _matching(spots.frames, samples.frame_index)
    else:
        assert spots.npts is not None, "spots have frames or times"
        inside = (spots.npts >= samples.npt[0] - _SLACK_S) & (spots.npts <= samples.npt[-1] + _SLACK_S)
        rows = np.flatnonzero(inside)
        at = np.abs(samples.npt[None] - spots.npts[rows, None]).argmin(axis=1) if len(rows) else rows
    if not len(rows):
        return 0
    return int((iou_rows(spots.boxes_xywh[rows], samples.boxes_xywh[at]) >= MIN_IOU).sum())


def _matching(wanted: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return positions of equal numbers in two arrays; the second is sorted."""
    at = np.searchsorted(there, wanted).clip(0, len(there) - 1)
    rows = np.flatnonzero(there[at] == wanted)
    return rows, at[rows]


def _compare_tracks(document: Document, reading: Reading, found: Edits) -> None:
    """Take in a file that says nothing of names, but which boxes are one track: tracks that are one now are joined."""
    parts = _parts(document, reading.claims)
    for claim in reading.claims:
        mine = parts.get(id(claim), [])
        if not mine:
            found.notes.append(
                f"{claim.where}: it lies on no face that was found. Add it as an annotation with a name instead."
            )
        elif len(mine) == 1:
            found.n_same += 1
        for other in mine[1:]:
            found.edits.append(Edit(Verb.MERGE, claim.where, mine[0], other=other))
    holders: dict[int, list[str]] = defaultdict(list)
    for claim in reading.claims:
        for track in parts.get(id(claim), []):
            holders[track].append(claim.where)
    for track, where in holders.items():
        if len(where) > 1:
            found.notes.append(f"{where[1]}: track {track} is divided. Split it where somebody else begins: decide split.")


def _parts(document: Document, claims: Sequence[Claim]) -> Mapping[int, list[int]]:
    """Return the tracks that lie mostly under each claim, or under most of it, by its identity."""
    parts: dict[int, list[int]] = defaultdict(list)
    for of_track, claim, hits in _all_hits(claims, (((s.track_id, len(s.npt)), s) for s in document.tracks())):
        track_id, n = of_track
        n_spots = len(claim.spots.boxes_xywh) if claim.spots is not None else 0
        if hits >= MIN_SHARE * min(n, n_spots):
            parts[id(claim)].append(track_id)
    return parts
