"""What an object holds in memory: for tests that nothing is left there of somebody who was erased."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np

from src.storage import Store


def held_by(root: object) -> Iterator[object]:
    """Yield all that can be reached from an object, but the store and what belongs to the program itself."""
    known: dict[int, object] = {}
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in known or isinstance(one, Store | type) or callable(one):
            continue
        known[id(one)] = one
        yield one
        # Dicts do not tell the collector of their keys, nor arrays of what they hold.
        waiting += one.keys() if isinstance(one, dict) else one.tolist() if isinstance(one, np.ndarray) else []
        waiting += gc.get_referents(one)


def text_in(root: object) -> str:
    """Return all text in it, a line each."""
    return "\n".join(one for one in held_by(root) if isinstance(one, str))
