"""The engines by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping

from ..errors import EngineError
from ..models import WeightsCache
from .base import Engine


def _sface(weights: WeightsCache, threads: int) -> Engine:
    from .sface import make_engine

    return make_engine(weights, threads)


def _facenet(weights: WeightsCache, threads: int) -> Engine:
    from .facenet import make_engine

    return make_engine(weights, threads)


ENGINES: Mapping[str, Callable[[WeightsCache, int], Engine]] = {"sface": _sface, "facenet": _facenet}
"""Every engine that can be named. Its packages are imported when it is opened."""


def open_engine(name: str, weights: WeightsCache, threads: int = 0) -> Engine:
    """Load an engine, fetching its weights where they are missing.

    Args:
        name: One of `ENGINES`.
        weights: Where weights are kept.
        threads: Threads a network may use; 0 means all cores.

    Raises:
        EngineError: No engine goes by this name, or a package that it needs is not installed.
        WeightsError: Its weights cannot be had.
    """
    if name not in ENGINES:
        near = difflib.get_close_matches(name, ENGINES, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise EngineError(f'There is no engine "{name}".{hint} Choose one of: {", ".join(ENGINES)}.')
    return ENGINES[name](weights, threads)
