"""Fades through black, white or any one colour: the picture is empty for a moment, and another one comes out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from .cuts import evidence
from .looks import Look

_EMPTY = 2.5
"""Contrast of a picture that shows nothing; dark ones that show something have more."""
LONG_S = 0.65
"""An empty picture that stays for so long is a shot of its own."""
_NEAR_S = 0.6
"""How far before and behind the emptiness pictures are compared: where fades of a second show enough."""
_FULL = 0.7
"""Share of the contrast of a shot that its first picture has where it does not fade in."""
_MIN_EVIDENCE = 1.8
"""More than between two frames that follow each other: meanwhile people move."""


def is_empty(look: Look) -> bool:
    """Say whether a picture shows nothing."""
    return look.contrast < _EMPTY


def edge_at(window: Sequence[Look], here: int) -> Literal["", "cut", "fade"] | None:
    """Say whether and how a shot begins where an empty picture comes or goes; None where none does.

    A short emptiness is decided upon where it ends, by comparing what was before it with what comes after, in whichever
    light: a fade of the light in one shot, a lamp that goes out, a black frame between two others are no boundaries.

    Args:
        window: The frames around it, in order.
        here: Which of them is meant.
    """
    if here == 0 or is_empty(window[here]) == is_empty(window[here - 1]):
        return None
    npt = window[here].npt
    if is_empty(window[here]):
        rest = [look for look in window[here:] if look.npt <= npt + LONG_S]
        # Where the film ends soon, nothing begins any more.
        if rest[-1].npt < npt + LONG_S / 2 or not all(is_empty(look) for look in rest):
            return ""
        return _kind(window[here - 1], [look for look in window[:here] if look.npt >= npt - _NEAR_S])
    start = here
    while start > 0 and is_empty(window[start - 1]) and npt - window[start - 1].npt < LONG_S + _NEAR_S:
        start -= 1
    if npt - window[start].npt <= LONG_S and not _are_others(window, start, here):
        return ""
    return _kind(window[here], [look for look in window[here:] if look.npt <= npt + _NEAR_S])


def _kind(at_edge: Look, side: Sequence[Look]) -> Literal["cut", "fade"]:
    """Say how pictures come or go: at once where that at the edge is as full as they are."""
    return "cut" if at_edge.contrast >= _FULL * max([at_edge.contrast, *(look.contrast for look in side)]) else "fade"


def _are_others(window: Sequence[Look], start: int, end: int) -> bool:
    """Compare the fullest pictures near the frames from start to end, which are empty."""
    before = [look for look in window[:start] if look.npt >= window[start].npt - _NEAR_S]
    after = [look for look in window[end:] if look.npt <= window[end].npt + _NEAR_S]
    if not before:
        return False
    one, other = (max(side, key=lambda look: look.contrast) for side in (before, after))
    return evidence(other.moved_structure_from(one), other.colour_from(one)) >= _MIN_EVIDENCE
