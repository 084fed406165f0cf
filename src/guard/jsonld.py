"""JSON-LD that cannot be read without asking elsewhere: its readers fetch a context by themselves, from wherever it says.

Source: W3C, JSON-LD 1.1, sections 4.1.5 (scoped contexts), 4.1.10 (imported contexts) and 9.15 (context definitions).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_PLACES = ("@context", "@import")


def contexts_elsewhere(value: Any) -> Iterator[str]:
    """Yield each context that a reader would fetch: any text in the place of one.

    Contexts stand in nodes, in other contexts and in the terms that these define, alone or in lists of any depth.

    Args:
        value: JSON as it was parsed.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in _PLACES:
                yield from _texts(inner)
            yield from contexts_elsewhere(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from contexts_elsewhere(inner)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
