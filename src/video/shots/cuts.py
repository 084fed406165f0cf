"""Hard cuts: no picture shortly after is like any picture shortly before."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from .looks import Look

_STRUCTURE_WEIGHT = 1 / 10
_COLOUR_WEIGHT = 1.5
_MIN_EVIDENCE = 1.35
_MIN_CHANGE = 3.0
"""Mean difference of luma, levels of 255: less is what coding brings about."""
_LIVELY = 0.7
"""How much of the usual differences is that of the livelier side."""

_NEAR_S = 0.35
"""How far pictures are looked at on both sides: longer than four bright frames and a dark one between them."""
_NEAREST = 4
"""Of all pairs of a picture before and one after, so many are compared closely."""


def is_sudden(window: Sequence[Look], here: int) -> bool:
    """Say whether a frame shows something else than those before it, and no flash.

    Two comparisons are evidence of other content. The colour histogram is hardly touched by motion inside the picture. The
    luma of blocks, each compared with the best of its neighbouring places and after brightness and contrast are made equal,
    is hardly touched by pans and flicker. Not only the two frames at the boundary are compared, but of all pairs across it
    the nearest: after a flash, or somebody who passes by, the picture is what it was, after a cut it is not. Of both only the
    excess over what is usual on both sides, and mostly on the livelier one, counts: grain, snow and fast motion make
    differences large in every frame, a cut in one.

    Source: Zhang, Kankanhalli, Smoliar, Automatic partitioning of full-motion video, Multimedia Systems 1, 1993 (histograms and
    blocks); Yeo and Liu, Rapid scene analysis on compressed video, IEEE TCSVT 5(6), 1995 (a threshold that follows a
    sliding window; flashes are two peaks close to each other, between which the picture comes back).

    Args:
        window: The frames around it, in order.
        here: Which of them is meant.
    """
    look = window[here]
    if look.change < _MIN_CHANGE or evidence(look.structure, look.colour) < _MIN_EVIDENCE:
        return False
    before, after = _sides(window, here)
    calm, lively = sorted((_usual(before[1:]), _usual(after[1:])))
    least = _MIN_EVIDENCE + _LIVELY * lively + (1 - _LIVELY) * calm
    return evidence(look.structure, look.colour) >= least and evidence(*_nearest(before, after, look)) >= least


def evidence(structure: float, colour: float) -> float:
    """Return how much speaks for other content, from differences of structure and colour."""
    return _STRUCTURE_WEIGHT * structure + _COLOUR_WEIGHT * colour


def _sides(window: Sequence[Look], here: int) -> tuple[Sequence[Look], Sequence[Look]]:
    """Return the frames before and from the boundary on that are near it in time."""
    npt = window[here].npt
    first, last = here, here + 1
    while first > 0 and window[first - 1].npt >= npt - _NEAR_S:
        first -= 1
    while last < len(window) and window[last].npt <= npt + _NEAR_S:
        last += 1
    return window[first:here], window[here:last]


def _usual(looks: Sequence[Look]) -> float:
    """Return what frames usually differ by from those before them."""
    if not looks:
        return 0.0
    return evidence(median(look.structure for look in looks), median(look.colour for look in looks))


def _nearest(before: Sequence[Look], after: Sequence[Look], look: Look) -> tuple[float, float]:
    """Return the least differences of structure and colour across the boundary."""
    structure, colour = look.structure, look.colour
    if not before:
        return structure, colour
    ours, theirs = (np.stack([each.even[2::4, 2::4].ravel() for each in side]).astype(np.int16) for side in (before, after))
    distances = np.abs(ours[:, None] - theirs[None]).sum(axis=2).ravel()
    for pair in np.argsort(distances, kind="stable")[:_NEAREST].tolist():
        one, other = before[pair // len(after)], after[pair % len(after)]
        structure, colour = min(structure, other.structure_from(one)), min(colour, other.colour_from(one))
    return structure, colour
