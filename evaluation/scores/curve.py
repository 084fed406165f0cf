"""Precision and recall over the confidence from which a name is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from src.schema import UNKNOWN

from .moments import Footage
from .scoring import Presence, Score, Seconds, score

THRESHOLDS = tuple(step / 20 for step in range(21))


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold gives.

    Attributes:
        threshold: Confidence of a track in its likeliest person from which it gets that name; others are "unknown".
        known: Seconds of known people. `unknown`: of unknown ones as a class.
        false_naming_s: Seconds in which a stranger got a name.
    """

    threshold: float
    known: Seconds
    unknown: Seconds
    false_naming_s: float


def curve_of(videos: Sequence[Footage], thresholds: Iterable[float] = THRESHOLDS) -> list[Point]:
    """Name tracks anew by their stored confidences alone, at each threshold.

    The votes of samples and the joining of tracks are left out: this shows what the confidence of a track is worth.
    """
    points = []
    for threshold in thresholds:
        total = sum((score((row.presence() for row in video.rows), _said(video, threshold)) for video in videos), Score())
        points.append(Point(threshold, total.overall, total.unknown, total.false_naming_s))
    return points


def _said(video: Footage, threshold: float) -> Iterator[Presence]:
    for track in video.tracks:
        named = track.person and track.confidence >= threshold
        yield Presence(track.person if named else UNKNOWN, track.start_s, track.end_s)
