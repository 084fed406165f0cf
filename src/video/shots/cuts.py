"""Hard cuts: a frame that is unlike the one before, where its neighbours are not."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from .looks import Look

_STRUCTURE_WEIGHT = 1 / 10
_COLOUR_WEIGHT = 1.5
_MIN_EVIDENCE = 1.25
_MIN_CHANGE = 3.0
"""Mean difference of luma, levels of 255: less is what coding brings about."""

_WINDOW = 8
_LEARN = 3


def is_cut(window: Sequence[Look], here: int) -> bool:
    """Say whether a frame is the first one after a cut.

    Args:
        window: The frames around it, in order.
        here: Which of them is meant.
    """
    return _is_sudden(window, here) and not (here and _is_sudden(window, here - 1))


def _is_sudden(window: Sequence[Look], here: int) -> bool:
    look = window[here]
    if look.change < _MIN_CHANGE:
        return False
    usual = window[max(1, here - _WINDOW) : here]
    if len(usual) < _LEARN:
        usual = window[here + 1 : here + 1 + _WINDOW]
    if not usual:
        usual = [look]
    structure = look.structure - median(other.structure for other in usual)
    colour = look.colour - median(other.colour for other in usual)
    return _STRUCTURE_WEIGHT * structure + _COLOUR_WEIGHT * colour >= _MIN_EVIDENCE
