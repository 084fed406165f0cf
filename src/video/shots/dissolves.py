"""Dissolves: the pictures between two moments are mixtures of the two."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...schema import FloatArray
from .fades import is_empty
from .looks import Look

SCALES_S = ((0.16, 0.16), (0.28, 0.28), (0.52, 0.52), (1.0, 0.7))
"""How far before and behind the middle the two moments are. Less ahead at the last: it is what has to be waited for."""
_MIN_DISTANCE = 20.0
"""Mean square of what changes, levels of 255: less is not worth a closer look."""
_MAX_GROWTH = 1.7
"""By how much the change may still grow from one scale to the next: where it grows more, the dissolve is longer."""
_MIN_CONTRAST = 0.2
"""Of the fuller picture that the emptier one must have: less is a fade."""
_MIN_NEWS = 0.1
"""Share of the variance of both pictures that the mean square of their difference must have: people who talk bring about
less."""

_WEIGHTS = np.array([0.1, 4.6, -3.3, -1.9, -0.13, -2.2, 3.7, 2.5, -4.2, -4.1])
_LEAST = 1.0
"""What the evidence of a mixture weighs (see `_signs`), and how much is enough: by logistic regression on made films."""

_REST, _RATE = 3, 4
_MAX_REST, _MAX_RATE = 0.4, 7.0
"""Whatever else speaks for a mixture: so far from the line, or so fast, is none."""
_MOVED = 0.6
"""Where another cut of the same picture explains that much of what changed about the middle, the camera has moved."""


def is_dissolve(window: Sequence[Look], here: int) -> bool:
    """Say whether from this frame on the new picture of a dissolve prevails.

    Of two moments a and b before and behind the frame the pictures are taken as vectors. In a dissolve those between lie on the
    straight line from a to b and go steadily along it. Motion leaves the line, a cut goes along it in one step, and what burns
    or passes by comes back. In the middle, where two pictures lie on each other, contrast and detail are low.
    The frame in the middle is the first one that lies nearer to b.

    Source: Zhang, Kankanhalli, Smoliar, Automatic partitioning of full-motion video, Multimedia Systems 1, 1993 (twin
    comparison: what adds up between distant frames, though near ones differ little); Alattar, Detecting and compressing
    dissolve regions in video sequences with a DVI multimedia image compression algorithm, ISCAS 1993 (the mixture, and the
    dip of the variance that follows from it); Pye, Hollinghurst, Mills, Wood, Audio-visual segmentation for content-based
    retrieval, ICSLP 1998 (several distances side by side). The distance from the line is our own test of the same mixture.

    Args:
        window: The frames around it, in order.
        here: Which of them is meant.
    """
    times = [look.npt for look in window]
    chords = [_chord(window, times, here, *scale) for scale in SCALES_S]
    for chord, longer in zip(chords, [*chords[1:], None], strict=True):
        if chord is None or (longer is not None and longer.distance > _MAX_GROWTH * chord.distance):
            continue
        if _is_crossed(window, here, chord) and _is_mixture(window, times, here, chord):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Chord:
    """Two moments.

    Attributes:
        first, last: Their frames.
        distance: Mean square of the difference of their pictures.
    """

    first: int
    last: int
    distance: float


def _chord(window: Sequence[Look], times: Sequence[float], here: int, before_s: float, ahead_s: float) -> _Chord | None:
    npt = times[here]
    first, last = bisect_left(times, npt - before_s), bisect_right(times, npt + ahead_s) - 1
    if first >= here or last <= here:
        return None
    start, end = window[first], window[last]
    way = end.points - start.points
    distance = float(way @ way) / way.size
    least = max(_MIN_DISTANCE, _MIN_NEWS * (start.contrast**2 + end.contrast**2))
    return _Chord(first, last, distance) if distance >= least else None


def _is_crossed(window: Sequence[Look], here: int, chord: _Chord) -> bool:
    """Say whether this frame is the first one that is nearer to the end of a chord than to its start."""
    first, last = window[chord.first].points, window[chord.last].points
    way = last - first
    middle = float((first + last) @ way) / 2
    return float(window[here].points @ way) >= middle > float(window[here - 1].points @ way)


def _is_mixture(window: Sequence[Look], times: Sequence[float], here: int, chord: _Chord) -> bool:
    start, end = window[chord.first], window[chord.last]
    if min(start.contrast, end.contrast) < _MIN_CONTRAST * max(start.contrast, end.contrast):
        return False
    if any(is_empty(look) for look in window[chord.first : chord.last + 1]):
        return False
    signs = _signs(window, times, here, chord)
    if signs[_REST] > _MAX_REST or signs[_RATE] > _MAX_RATE or float(signs @ _WEIGHTS) < _LEAST:
        return False
    early, late = window[(chord.first + here) // 2], window[(here + chord.last + 1) // 2]
    return late.moved_structure_from(early) > _MOVED * late.structure_from(early)


def _signs(window: Sequence[Look], times: Sequence[float], here: int, chord: _Chord) -> FloatArray:
    """Return what tells a mixture from motion.

    Returns:
        (10,) float32: by how much both ends differ in structure, and in colour; their correlation; how far the frames between
        are from the line; how fast the fastest step along it is, in chords a second; by how much steps go back; how near the
        picture is to the end some time later, and to the start some time before; contrast and detail in the middle as shares
        of those at the ends.
    """
    start, middle, end = window[chord.first], window[here], window[chord.last]
    earliest = bisect_left(times, times[here] - SCALES_S[-1][0])
    latest = bisect_right(times, times[here] + SCALES_S[-1][1])
    points = np.stack([look.points for look in window[earliest:latest]]) - start.points
    way = end.points - start.points
    length = float(way @ way)
    shares = points @ way / length
    inside = slice(chord.first - earliest, chord.last - earliest + 1)
    steps = np.diff(shares[inside])
    rest = np.maximum((points[inside][1:-1] ** 2).sum(axis=1) / length - shares[inside][1:-1] ** 2, 0)
    signs = (
        end.structure_from(start),
        float(np.abs(start.colours - end.colours).sum()) / 2,
        _likeness(start, end),
        np.sqrt(rest.mean()),
        min((steps / np.diff(times[chord.first : chord.last + 1])).max(), 20),
        min(-np.minimum(steps, 0).sum(), 3),
        np.clip(shares[-1], -0.5, 1),
        np.clip(1 - shares[0], -0.5, 1),
        2 * middle.contrast / (start.contrast + end.contrast),
        2 * middle.detail() / (start.detail() + end.detail() + 1e-3),
    )
    return np.array(signs, np.float32)


def _likeness(one: Look, other: Look) -> float:
    """Return the correlation of two pictures."""
    ours, theirs = one.points - one.points.mean(), other.points - other.points.mean()
    return float(ours @ theirs / np.sqrt((ours @ ours) * (theirs @ theirs) + 1e-3))
