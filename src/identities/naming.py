"""A track gets a name, or none and the reason: the vote of its samples, faces of the same moment, tracks that look alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from ..clusters.kinship import find_kin
from ..recognition.voting import Vote, VotingRule, accepts, at_least, count_votes, worth_hearing
from ..records import Shot, Track, TrackSamples
from ..schema import BoolArray, Candidate, FloatArray
from .decisions import Rulings
from .identification import TrackNames

_TICK_S = 1e-6
"""Times that differ by less are equal; sums of floats are not exact."""
SURE = 0.9
"""Two tracks of one moment may both keep a name that they both have with this confidence: a picture on the wall, a mirror, a
divided screen. Otherwise a face resembles somebody who stands beside it."""
MIN_KIN_PX = 24.0
"""Side of a face, in the middle of its track, from which it takes the name of a face that it resembles: smaller ones resemble
each other whoever they are. Of faces scaled to 18 pixels, one pair of two people in a thousand has a cosine of 0.54, as they
are 0.40."""

MACHINE, HUMAN = "machine", "human"


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A track, or a piece of a split one, with all that is known of it before anybody is named.

    Attributes:
        track: The summary; of a piece, that of the piece.
        samples: What was seen.
        names: What the model says; None where there is no model.
        pooled: (d,) float32, mean embedding, L2-normalised.
    """

    track: Track
    samples: TrackSamples
    names: TrackNames | None
    pooled: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """A track on its way to an appearance.

    Attributes:
        seen: What it rests on; of several merged tracks, the best seen one.
        person: Name of the person; None as long as nobody knows.
        unknown_id: Number of the unknown person; None for a known one.
        start_npt, end_npt: The time that its samples stand for.
        merged: Ids of the tracks it is made of. `last_shot`: of the last of them.
        confidence: That it is this person, or nobody we know.
        source: Who says so, `machine` or `human`.
        reason: Why it has no name, or whose name it shares; empty where the model's own answer stands.
    """

    seen: Seen
    person: str | None
    unknown_id: int | None
    start_npt: float
    end_npt: float
    merged: tuple[int, ...]
    last_shot: int
    confidence: float
    source: str = MACHINE
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """When names are given.

    Attributes:
        vote: When the samples of a track agree.
        allowed: Names that may be given.
        kin_similarity: Cosine at which a track takes the name of another of the video; 1 for never.
    """

    vote: VotingRule
    allowed: frozenset[str]
    kin_similarity: float = 1.0


@dataclass(frozen=True, slots=True)
class _Election:
    """What the samples of a track and its pooled embedding say: a name, or the reason why there is none."""

    name: str | None
    confidence: float = 0.0
    reason: str = ""


def name_track(
    seen: Seen, rulings: Rulings, rules: Rules, excluded: Set[str], shots: Mapping[int, Shot], period_s: float
) -> Label:
    """Name one track by itself: what people said first, then what the model says where it is sure enough.

    Args:
        seen: The track.
        rulings: What people said, people by name.
        rules: When the model is sure enough.
        excluded: Names that it may not get.
        shots: The shots of the analysis by number.
        period_s: Seconds between two samples.
    """
    track = seen.track
    start, end = stretch(track, shots[track.shot], period_s)
    plain = Label(seen, None, None, start, end, (track.track_id,), track.shot, unknown_share(seen))
    if track.track_id in rulings.persons:
        return replace(plain, person=rulings.persons[track.track_id], confidence=1.0, source=HUMAN)
    if track.track_id in rulings.unknown:
        return replace(plain, confidence=1.0, source=HUMAN)
    return elected(plain, rules, excluded)


def elected(label: Label, rules: Rules, excluded: Set[str]) -> Label:
    """Return a label with the name that its samples agree on and the model is sure of, or with the reason for none."""
    election = _elect(label.seen, rules, excluded)
    if election.name is None:
        return replace(label, person=None, confidence=unknown_share(label.seen), reason=election.reason)
    return replace(label, person=election.name, confidence=election.confidence, reason="")


def stretch(track: Track, shot: Shot, period_s: float) -> tuple[float, float]:
    """Return the time that the samples of a track stand for.

    A sample stands for half a period to either side. Where the shot begins or ends less than a whole period away, so does
    the face: between that cut and the sample nobody looked.
    """
    looked_before = track.start_npt - shot.start_npt >= period_s - _TICK_S
    looked_after = shot.end_npt - track.end_npt > period_s + _TICK_S
    start = track.start_npt - period_s / 2 if looked_before else shot.start_npt
    end = track.end_npt + period_s / 2 if looked_after else shot.end_npt
    return start, end


def cannot_be_one(labels: Sequence[Label], different: Iterable[tuple[int, int]]) -> BoolArray:
    """Return (n, n) bool: tracks seen at the same moment, and those that somebody said are two people."""
    starts = np.array([label.seen.track.start_npt for label in labels])
    ends = np.array([label.seen.track.end_npt for label in labels])
    apart: BoolArray = (starts[:, None] <= ends[None]) & (starts[None] <= ends[:, None])
    rows = {label.seen.track.track_id: row for row, label in enumerate(labels)}
    for one, other in different:
        if one in rows and other in rows:
            apart[rows[one], rows[other]] = apart[rows[other], rows[one]] = True
    np.fill_diagonal(apart, False)
    return apart


def unknown_share(seen: Seen) -> float:
    """Return how likely a track is nobody we know."""
    if seen.names is None:
        return 1.0
    return max(1.0 - sum(candidate.confidence for candidate in seen.names.candidates), 0.0)


def candidates_of(seen: Seen) -> tuple[Candidate, ...]:
    """Return the likeliest people of a track; none without a model."""
    return seen.names.candidates if seen.names else ()


def lead_of(candidates: Sequence[Candidate]) -> float:
    """Return by how much the likeliest candidate's score leads over the best of the others; all of it where it is alone."""
    if not candidates:
        return 0.0
    others = max((candidate.score for candidate in candidates[1:]), default=0.0)
    return max(candidates[0].score - max(others, 0.0), 0.0)


def one_at_a_time(labels: Sequence[Label], rules: Rules, excluded: Mapping[int, Set[str]]) -> list[Label]:
    """Let nobody be in two places: of two faces of one moment and one name, the less certain one looks for another name.

    Both keep it where both are `SURE`, and where people gave it.

    Args:
        labels: One a track.
        rules: When the model is sure enough of another name.
        excluded: Names that people said each track is not.
    """
    result = list(labels)
    holders: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        if label.person is not None:
            holders.setdefault(label.person, []).append(row)
    for name, rows in holders.items():
        kept: list[Label] = []
        for row in sorted(rows, key=lambda row: (labels[row].source != HUMAN, -labels[row].confidence, row)):
            label = labels[row]
            rival = label.source != HUMAN and label.confidence < SURE and any(_overlap(label, other) for other in kept)
            if rival:
                barred = {name, *excluded.get(label.seen.track.track_id, ())}
                again = elected(label, rules, barred)
                why = again.reason and f"{name} is in the picture at the same time, more surely"
                result[row] = replace(again, reason=why)
            else:
                kept.append(label)
    return result


def lend_names(
    labels: Sequence[Label], rules: Rules, excluded: Mapping[int, Set[str]], different: Iterable[tuple[int, int]]
) -> list[Label]:
    """Let faces seen badly take the name of a face of the same video that they resemble.

    A gallery of photos knows a person as photographers show them. In a video the same person turns away, but in the same
    light, with the same hair and at the same age.

    Args:
        labels: One a track, by time.
        rules: With the similarity that it takes; what the samples themselves voted for is not asked.
        excluded: Names that people said each track is not.
        different: Tracks that people said are two people.
    """
    if rules.kin_similarity >= 1 or not labels:
        return list(labels)
    embeddings: FloatArray = np.stack([label.seen.pooled for label in labels])
    names = [label.person for label in labels]
    result = list(labels)
    for row, kin in find_kin(embeddings, names, cannot_be_one(labels, different), rules.kin_similarity).items():
        label, lender = labels[row], labels[kin.row]
        confidence = lender.confidence * kin.probability
        barred = lender.person in excluded.get(label.seen.track.track_id, ())
        asked = label.source == HUMAN or lender.person not in rules.allowed or _side_px(label.seen) < MIN_KIN_PX
        if not barred and not asked and at_least(confidence, rules.vote.confidence_threshold):
            why = f"like track {lender.seen.track.track_id} of this video ({kin.similarity:.2f})"
            result[row] = replace(label, person=lender.person, confidence=confidence, reason=why)
    return result


def _side_px(seen: Seen) -> float:
    return float(np.median(np.sqrt(seen.samples.boxes_xywh[:, 2:].prod(axis=1))))


def _overlap(one: Label, other: Label) -> bool:
    a, b = one.seen.track, other.seen.track
    return a.start_npt <= b.end_npt and b.start_npt <= a.end_npt


def _elect(seen: Seen, rules: Rules, excluded: Set[str]) -> _Election:
    names = seen.names
    if names is None or not names.names:
        return _Election(None, reason="there is no model yet" if names is None else "no face good enough")
    weights = _weights(seen, names)
    # The published rule counts every sample.
    heard = worth_hearing(weights) if rules.vote.voting == "weighted" else np.ones(len(weights), bool)
    kept = [row for row, name in enumerate(names.names) if heard[row] and name not in excluded]
    vote = count_votes([names.names[row] for row in kept], names.confidences[kept], weights[kept], rules.vote.voting)
    # The published rule knows samples only; ours trusts the pooled embedding more than any of them.
    pooled = names.confidence(vote.name) if vote.name else 0.0
    confidence = vote.confidence if rules.vote.voting == "majority" else pooled
    if vote.name in rules.allowed and accepts(rules.vote, vote, confidence):
        return _Election(vote.name, confidence)
    return _Election(None, reason=_why_not(rules, vote, confidence))


def _why_not(rules: Rules, vote: Vote, confidence: float) -> str:
    """Say what kept the winner of a vote from giving the track its name."""
    rule = rules.vote
    if vote.name is None:
        return "the samples agree on nobody"
    if vote.name not in rules.allowed:
        return "the likeliest person may not be recognised"
    if vote.n_samples < rule.min_length:
        return f"seen in {vote.n_samples} samples, {rule.min_length} are needed"
    if not at_least(confidence, rule.confidence_threshold):
        return f"confidence {confidence:.2f} is below {rule.confidence_threshold:.2f}"
    return f"only {vote.ratio:.0%} of the samples agree, with {vote.weighted_ratio:.0%} of the weight"


def _weights(seen: Seen, names: TrackNames) -> FloatArray:
    rows = np.searchsorted(seen.samples.frame_index, names.frames)
    return seen.samples.qualities[rows]
