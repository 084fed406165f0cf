"""What people said of tracks: kept for ever, taken back by saying so, and found again when a video is analysed anew."""

from __future__ import annotations

import json
import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import ConfigError
from ..geometry import iou_matrix
from ..records import Anchor, Decision, Target, TrackSamples, Verb
from ..schema import Box
from ..storage import Query, Store

N_ANCHORS = 8
"""Samples of a track that a decision remembers, spread evenly over it."""
PIECE = 1_000_000
"""Pieces of a split track are numbered in steps of this: 58, 1000058, 2000058 … A video has fewer tracks."""
_MIN_IOU = 0.3
_MIN_FOUND = 0.5
"""Share of a track's anchors that must lie on a new track, and overlap of each, for it to be the same one."""


@dataclass(slots=True)
class Rulings:
    """What the decisions of a project mean for the tracks of one analysis, by track id.

    Attributes:
        persons: Who a track is. `not_persons`: who it is not.
        unknown: Tracks that are nobody we know. `ignored`: those that are no face, or not to be shown.
        splits: Times at which a track is cut.
        merged: Pairs that are one appearance. `same`, `different`: pairs that are, and are not, one person.
        same_elsewhere, different_elsewhere: The same of a track and one of another video.
        numbers: Which unknown person a track was said to be. `not_numbers`: which ones it is not.
        shown: Who was said to be seen in an interval, as person, start and end.
        unknown_persons: Person of an unknown id. `unknown_ignored`: unknown ids not to be shown. `not_unknown`: people that
            an unknown id is not. `unknown_same`, `unknown_different`: pairs of unknown ids.
        lost: Decisions about this video whose track cannot be found in this analysis.
    """

    persons: dict[int, str] = field(default_factory=dict)
    not_persons: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    unknown: set[int] = field(default_factory=set)
    ignored: set[int] = field(default_factory=set)
    splits: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    merged: list[tuple[int, int]] = field(default_factory=list)
    same: list[tuple[int, int]] = field(default_factory=list)
    different: list[tuple[int, int]] = field(default_factory=list)
    same_elsewhere: list[tuple[int, Target]] = field(default_factory=list)
    different_elsewhere: list[tuple[int, Target]] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    not_numbers: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    shown: list[tuple[str, float, float]] = field(default_factory=list)
    unknown_persons: dict[int, str] = field(default_factory=dict)
    unknown_ignored: set[int] = field(default_factory=set)
    not_unknown: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    unknown_same: list[tuple[int, int]] = field(default_factory=list)
    unknown_different: list[tuple[int, int]] = field(default_factory=list)
    lost: list[Decision] = field(default_factory=list)


def new_id() -> str:
    """Return an id that sorts by time, and differs from all others made at the same moment."""
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}"


def anchors_of(samples: TrackSamples) -> tuple[Anchor, ...]:
    """Return some samples of a track, spread evenly: enough to find it again in another analysis."""
    rows = np.unique(np.linspace(0, len(samples.npt) - 1, min(N_ANCHORS, len(samples.npt))).round().astype(int))
    return tuple(Anchor(float(samples.npt[row]), Box(*(float(value) for value in samples.boxes_xywh[row]))) for row in rows)


def active_decisions(store: Store, project: str) -> list[Decision]:
    """Return the decisions of a project that were not taken back, oldest first. An `undo` may be undone itself."""
    decisions = list(store.find(Decision, project=project))
    undone: set[str] = set()
    for decision in reversed(decisions):
        if decision.verb is Verb.UNDO and decision.decision_id not in undone:
            undone.add(decision.target.decision_id)
    return [decision for decision in decisions if decision.decision_id not in undone and decision.verb is not Verb.UNDO]


def undone_ids(store: Store, project: str) -> set[str]:
    """Return the ids of the decisions of a project that were taken back, read without their anchors and names."""
    fields = ("decision_id", "verb", "target")
    undone: set[str] = set()
    for decision_id, verb, target in reversed(list(store.cells(Decision, fields, Query({"project": project})))):
        if verb == Verb.UNDO and decision_id not in undone:
            undone.add(json.loads(target)["decision_id"])
    return undone


def rulings_of(
    decisions: Iterable[Decision],
    video_id: str,
    fragment: str,
    analysis_id: str,
    tracks: Mapping[int, TrackSamples],
    period_s: float,
) -> Rulings:
    """Work out what decisions mean for an analysis; of two that contradict each other the later one holds.

    Args:
        decisions: The active ones, oldest first.
        video_id: Of the analysis.
        fragment: Of the analysis, empty for all of the video.
        analysis_id: Of the analysis.
        tracks: Samples of each of its tracks.
        period_s: Seconds between two of its samples.
    """
    rulings = Rulings()
    for decision in decisions:
        targets = targets_of(decision)
        if is_of_group(decision):
            if decision.target.video_id == video_id:
                _apply_to_group(rulings, decision, _find(decision.target, analysis_id, fragment, tracks, period_s))
            continue
        elsewhere = [target for target in targets if target.kind in ("track", "interval") and target.video_id != video_id]
        if len(elsewhere) == len(targets):
            continue
        found = [_find(target, analysis_id, fragment, tracks, period_s) for target in targets if target not in elsewhere]
        if elsewhere:
            _apply_to_pair(rulings, decision, found[0], elsewhere[0])
            continue
        if any(target.kind == "track" and number is None for target, number in zip(targets, found, strict=True)):
            rulings.lost.append(decision)
            continue
        _apply(rulings, decision, [number or 0 for number in found], tracks)
    return rulings


def rulings_of_unknown(decisions: Iterable[Decision]) -> Rulings:
    """Work out what decisions mean for the unknown people of a project, whatever the video.

    Args:
        decisions: The active ones, oldest first.
    """
    rulings = Rulings()
    for decision in decisions:
        if decision.target.kind == "unknown":
            _apply_to_unknown(rulings, decision, [target.unknown_id for target in targets_of(decision)])
    return rulings


def targets_of(decision: Decision) -> list[Target]:
    """Return the one or two things that a decision is about."""
    return [target for target in (decision.target, decision.other) if target is not None]


def is_of_group(decision: Decision) -> bool:
    """Say whether a decision puts a track to an unknown person, or takes it from one."""
    return decision.target.kind == "track" and decision.other is not None and decision.other.kind == "unknown"


def match_track(anchors: Sequence[Anchor], tracks: Mapping[int, TrackSamples], period_s: float) -> int | None:
    """Find a track by where it was seen, in an analysis that numbers its tracks otherwise.

    Args:
        anchors: Where and when the track was seen.
        tracks: Samples of each track to choose from.
        period_s: Seconds between two samples; an anchor is compared with the nearest sample within one period.

    Returns:
        The track on which most anchors lie, at least half of them; None where there is no such track.
    """
    scores = {track_id: _share_on(anchors, samples, period_s) for track_id, samples in tracks.items()}
    best = max(scores, key=lambda track_id: (scores[track_id], -track_id), default=None)
    return best if best is not None and scores[best] >= _MIN_FOUND else None


def pieces(track_id: int, cuts: Sequence[float]) -> list[tuple[int, float, float]]:
    """Return the pieces of a track that is cut at times: id, from, to (outside)."""
    times = [-np.inf, *sorted(cuts), np.inf]
    return [(track_id + number * PIECE, times[number], times[number + 1]) for number in range(len(times) - 1)]


def check(decision: Decision) -> None:
    """Refuse a decision that means nothing.

    Raises:
        ConfigError: It lacks what its verb needs.
    """
    verb, target = decision.verb, decision.target
    allowed = _ALLOWED[verb]
    if target.kind not in allowed:
        raise ConfigError(f'"{verb}" cannot be said of a {target.kind}, only of: {", ".join(allowed)}.')
    if verb in (Verb.IS, Verb.IS_NOT) and not decision.person_id:
        raise ConfigError(f'"{verb}" needs a person.')
    if verb is Verb.RENAME and not decision.name.strip():
        raise ConfigError('"rename" needs the new name.')
    if verb in _GROUPING and is_of_group(decision):
        return
    if verb in _PAIRS and (decision.other is None or decision.other.kind != target.kind or decision.other == target):
        raise ConfigError(f'"{verb}" needs a second {target.kind}.')


_TRACKISH = ("track", "unknown", "interval")
_PAIRS = (Verb.MERGE, Verb.SAME_PERSON, Verb.NOT_SAME_PERSON)
_GROUPING = (Verb.SAME_PERSON, Verb.NOT_SAME_PERSON)
"""What can be said of a track and an unknown person, too."""
_ALLOWED: Mapping[Verb, tuple[str, ...]] = {
    Verb.IS: _TRACKISH,
    Verb.IS_NOT: _TRACKISH,
    Verb.UNKNOWN: ("track", "interval"),
    Verb.IGNORE: _TRACKISH,
    Verb.SPLIT: ("track",),
    Verb.MERGE: ("track", "unknown"),
    Verb.SAME_PERSON: ("track", "unknown"),
    Verb.NOT_SAME_PERSON: ("track", "unknown"),
    Verb.RENAME: ("unknown", "person"),
    Verb.UNDO: ("decision",),
}


def _find(target: Target, analysis_id: str, fragment: str, tracks: Mapping[int, TrackSamples], period_s: float) -> int | None:
    if target.kind == "unknown":
        return target.unknown_id
    if target.kind != "track":
        return 0
    whole = target.track_id % PIECE
    if target.analysis_id == analysis_id and target.fragment == fragment:
        return target.track_id if whole in tracks else None
    matched = match_track(target.anchors, tracks, period_s)
    return None if matched is None else matched + target.track_id - whole


def _share_on(anchors: Sequence[Anchor], samples: TrackSamples, period_s: float) -> float:
    if not anchors or not len(samples.npt):
        return 0.0
    hits = 0
    for anchor in anchors:
        row = int(np.abs(samples.npt - anchor.npt).argmin())
        if abs(float(samples.npt[row]) - anchor.npt) <= period_s:
            box = np.array([[anchor.box.x, anchor.box.y, anchor.box.w, anchor.box.h]], np.float32)
            hits += bool(iou_matrix(box, samples.boxes_xywh[row : row + 1])[0, 0] >= _MIN_IOU)
    return hits / len(anchors)


def _apply(rulings: Rulings, decision: Decision, numbers: list[int], tracks: Mapping[int, TrackSamples]) -> None:
    kind = decision.target.kind
    if kind == "track":
        _apply_to_track(rulings, decision, numbers)
    elif kind == "unknown":
        _apply_to_unknown(rulings, decision, numbers)
    elif kind == "interval":
        _apply_to_interval(rulings, decision, tracks)


def _apply_to_pair(rulings: Rulings, decision: Decision, track_id: int | None, elsewhere: Target) -> None:
    """Take in what is said of a track of this video and one of another."""
    if track_id is None:
        rulings.lost.append(decision)
    elif decision.verb is Verb.NOT_SAME_PERSON:
        rulings.different_elsewhere.append((track_id, elsewhere))
    elif decision.verb in (Verb.SAME_PERSON, Verb.MERGE):
        rulings.same_elsewhere.append((track_id, elsewhere))


def _apply_to_group(rulings: Rulings, decision: Decision, track_id: int | None) -> None:
    """Take in that a track is, or is not, an unknown person; a later word takes the place of an earlier one."""
    if track_id is None or decision.other is None:
        rulings.lost.append(decision)
        return
    number = decision.other.unknown_id
    if decision.verb is Verb.SAME_PERSON:
        rulings.numbers[track_id] = number
        rulings.not_numbers[track_id].discard(number)
        return
    rulings.not_numbers[track_id].add(number)
    if rulings.numbers.get(track_id) == number:
        del rulings.numbers[track_id]


def _apply_to_track(rulings: Rulings, decision: Decision, numbers: list[int]) -> None:
    verb, track_id = decision.verb, numbers[0]
    if verb is Verb.SPLIT:
        rulings.splits[track_id % PIECE].append(decision.npt)
    elif verb is Verb.MERGE:
        rulings.merged.append((numbers[0], numbers[1]))
        rulings.same.append((numbers[0], numbers[1]))
    elif verb is Verb.SAME_PERSON:
        rulings.same.append((numbers[0], numbers[1]))
    elif verb is Verb.NOT_SAME_PERSON:
        rulings.different.append((numbers[0], numbers[1]))
    else:
        _name_track(rulings, verb, track_id, decision.person_id)


def _name_track(rulings: Rulings, verb: Verb, track_id: int, person_id: str) -> None:
    """Let a later word on who a track is take the place of an earlier one."""
    if verb is Verb.IS_NOT:
        rulings.not_persons[track_id].add(person_id)
        if rulings.persons.get(track_id) == person_id:
            del rulings.persons[track_id]
        return
    rulings.persons.pop(track_id, None)
    rulings.unknown.discard(track_id)
    rulings.ignored.discard(track_id)
    if verb is Verb.IS:
        rulings.persons[track_id] = person_id
        rulings.not_persons[track_id].discard(person_id)
    elif verb is Verb.UNKNOWN:
        rulings.unknown.add(track_id)
    elif verb is Verb.IGNORE:
        rulings.ignored.add(track_id)


def _apply_to_unknown(rulings: Rulings, decision: Decision, numbers: list[int]) -> None:
    verb, unknown_id = decision.verb, numbers[0]
    if verb is Verb.IS:
        rulings.unknown_persons[unknown_id] = decision.person_id
        rulings.unknown_ignored.discard(unknown_id)
    elif verb is Verb.IS_NOT:
        rulings.not_unknown[unknown_id].add(decision.person_id)
        if rulings.unknown_persons.get(unknown_id) == decision.person_id:
            del rulings.unknown_persons[unknown_id]
    elif verb is Verb.IGNORE:
        rulings.unknown_ignored.add(unknown_id)
    elif verb in (Verb.MERGE, Verb.SAME_PERSON):
        rulings.unknown_different = _without(rulings.unknown_different, numbers)
        rulings.unknown_same.append((numbers[0], numbers[1]))
    elif verb is Verb.NOT_SAME_PERSON:
        rulings.unknown_same = _without(rulings.unknown_same, numbers)
        rulings.unknown_different.append((numbers[0], numbers[1]))


def _without(pairs: Sequence[tuple[int, int]], numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return pairs without those of two people of whom the contrary was said later."""
    return [pair for pair in pairs if set(pair) != set(numbers)]


def _apply_to_interval(rulings: Rulings, decision: Decision, tracks: Mapping[int, TrackSamples]) -> None:
    """Say of an interval who is to be seen in it, or the same of every track that lies mostly inside."""
    start, end = decision.target.start_npt, decision.target.end_npt
    if decision.verb is Verb.IS:
        rulings.shown.append((decision.person_id, start, end))
        return
    if decision.verb is Verb.IS_NOT:
        rulings.shown = [
            (person, s, e) for person, s, e in rulings.shown if person != decision.person_id or e <= start or s >= end
        ]
    for track_id, samples in tracks.items():
        if float(((samples.npt >= start) & (samples.npt < end)).mean()) > 0.5:
            _name_track(rulings, decision.verb, track_id, decision.person_id)
