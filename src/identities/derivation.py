"""Tracks, what a model says of them and what people said, to labels: always the same from the same three."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..records import Shot, TrackSamples
from ..schema import Box, IntArray
from .decisions import Rulings, pieces
from .naming import HUMAN, MACHINE, Label, Rules, Seen, elected, lend_names, name_track, one_at_a_time


def cut_tracks(seen: Iterable[Seen], rulings: Rulings, renamed: Callable[[Seen], Seen]) -> list[Seen]:
    """Cut the tracks that somebody split, and return all tracks and pieces.

    Args:
        seen: Whole tracks.
        rulings: With the times of the cuts.
        renamed: Gives a piece its own pooled embedding and names.
    """
    result = []
    for whole in seen:
        cuts = rulings.splits.get(whole.track.track_id, ())
        if not cuts:
            result.append(whole)
            continue
        for piece_id, start, end in pieces(whole.track.track_id, cuts):
            rows = np.flatnonzero((whole.samples.npt >= start) & (whole.samples.npt < end))
            if len(rows):
                result.append(renamed(_piece(whole, piece_id, rows)))
    return result


def label_tracks(
    seen: Sequence[Seen], rulings: Rulings, rules: Rules, shots: Mapping[int, Shot], period_s: float
) -> list[Label]:
    """Name tracks: what people said first, then what the model says where it is sure enough, then what the tracks share.

    Args:
        seen: Tracks and pieces.
        rulings: What people said of them, people by name.
        rules: When the model is sure enough.
        shots: The shots of the analysis by number.
        period_s: Seconds between two samples.

    Returns:
        One label a track, without those that are to be ignored, in the same order.
    """
    excluded = {track_id: set(names) for track_id, names in rulings.not_persons.items()}
    labels = [
        name_track(item, rulings, rules, excluded.get(item.track.track_id, set()), shots, period_s)
        for item in seen
        if item.track.track_id not in rulings.ignored
    ]
    labels = one_at_a_time(labels, rules, excluded)
    labels = _keep_apart(labels, rulings.different, rules, excluded)
    labels = _link(labels, rulings.same)
    return lend_names(labels, rules, excluded, rulings.different)


def merge_labels(labels: Sequence[Label], gap_s: float | None, merged: Iterable[tuple[int, int]] = ()) -> list[Label]:
    """Join each track to the one before it of the same person where hardly any time lies between.

    Args:
        labels: All labels; every one has a person or an unknown id.
        gap_s: Longest time between two tracks that are joined; None joins only those that people joined.
        merged: Pairs of tracks that people joined, however far apart.
    """
    by_hand = {frozenset(pair) for pair in merged}
    chains: dict[tuple[str | None, int | None], list[Label]] = {}
    for label in sorted(labels, key=lambda label: (label.start_npt, label.seen.track.track_id)):
        chain = chains.setdefault((label.person, label.unknown_id), [])
        joins = [number for number, earlier in enumerate(chain) if _joins(earlier, label, gap_s, by_hand)]
        if joins:
            chain[joins[-1]] = _joined(chain[joins[-1]], label)
        else:
            chain.append(label)
    return [label for chain in chains.values() for label in chain]


def _keep_apart(
    labels: list[Label], different: Iterable[tuple[int, int]], rules: Rules, excluded: dict[int, set[str]]
) -> list[Label]:
    """Of two tracks that are not one person and got one name, let the less certain one look for another."""
    result = {label.seen.track.track_id: label for label in labels}
    for one, other in different:
        pair = [result[track_id] for track_id in (one, other) if track_id in result]
        if len(pair) < 2 or pair[0].person is None or pair[0].person != pair[1].person:
            continue
        loser = min(pair, key=lambda label: (label.source == HUMAN, label.confidence))
        track_id = loser.seen.track.track_id
        excluded.setdefault(track_id, set()).add(str(loser.person))
        result[track_id] = replace(elected(loser, rules, excluded[track_id]), source=HUMAN)
    return list(result.values())


def _link(labels: list[Label], same: Iterable[tuple[int, int]]) -> list[Label]:
    """Give tracks that are one person one name: what a person said, else what the model is surest of."""
    groups: dict[int, set[int]] = {label.seen.track.track_id: {label.seen.track.track_id} for label in labels}
    for one, other in same:
        if one in groups and other in groups:
            joined = groups[one] | groups[other]
            groups.update(dict.fromkeys(joined, joined))
    by_id = {label.seen.track.track_id: label for label in labels}
    result = []
    for label in labels:
        group = [by_id[track_id] for track_id in groups[label.seen.track.track_id]]
        named = [other for other in group if other.person is not None]
        if len(group) > 1 and named and label.source != HUMAN:
            best = max(named, key=lambda other: (other.source == HUMAN, other.confidence, -other.seen.track.track_id))
            label = replace(label, person=best.person, confidence=best.confidence, source=HUMAN)
        result.append(label)
    return result


def _joins(first: Label, second: Label, gap_s: float | None, by_hand: set[frozenset[int]]) -> bool:
    """Say whether one appearance goes on with another: later and soon enough, and with no whole shot of others between.

    Two faces at a time are two people, also where both look like one.
    """
    one, other = first.seen.track, second.seen.track
    if any(frozenset((a, b)) in by_hand for a in first.merged for b in second.merged):
        return True
    if gap_s is None or other.start_npt <= one.end_npt or second.start_npt - first.end_npt > gap_s:
        return False
    return other.shot - first.last_shot <= 1


def _joined(first: Label, second: Label) -> Label:
    """Return one label for two: the better seen of the two stands for both."""
    one, other = first.seen.track, second.seen.track
    better = max(first, second, key=lambda label: label.seen.track.best_quality)
    track = replace(
        better.seen.track,
        track_id=one.track_id,
        start_npt=one.start_npt,
        end_npt=max(one.end_npt, other.end_npt),
        start_frame=one.start_frame,
        end_frame=max(one.end_frame, other.end_frame),
        n_samples=one.n_samples + other.n_samples,
    )
    confidence = float(np.average([first.confidence, second.confidence], weights=[one.n_samples, other.n_samples]))
    return replace(
        better,
        seen=replace(better.seen, track=track),
        start_npt=first.start_npt,
        end_npt=max(first.end_npt, second.end_npt),
        merged=first.merged + second.merged,
        last_shot=max(first.last_shot, second.last_shot),
        confidence=confidence,
        source=HUMAN if HUMAN in (first.source, second.source) else MACHINE,
    )


def _piece(whole: Seen, piece_id: int, rows: IntArray) -> Seen:
    """Return the part of a track that these samples make."""
    samples = whole.samples
    part = TrackSamples(
        samples.analysis_id,
        piece_id,
        0,
        samples.frame_index[rows],
        samples.npt[rows],
        samples.boxes_xywh[rows],
        samples.landmarks[rows],
        samples.scores[rows],
        samples.qualities[rows],
    )
    best = int(part.qualities.argmax())
    track = replace(
        whole.track,
        track_id=piece_id,
        start_npt=float(part.npt[0]),
        end_npt=float(part.npt[-1]),
        start_frame=int(part.frame_index[0]),
        end_frame=int(part.frame_index[-1]),
        n_samples=len(rows),
        best_npt=float(part.npt[best]),
        best_frame=int(part.frame_index[best]),
        best_box=Box(*(float(value) for value in part.boxes_xywh[best])),
        best_quality=float(part.qualities[best]),
    )
    return replace(whole, track=track, samples=part)
