"""Which part of a video an address names: the fragment is taken off the path or address that it stands behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..mediafragments import EVERYTHING, Fragment, Region, names_a_part, parse_fragment
from .source import is_address

__all__ = ["EVERYTHING", "Fragment", "Region", "parse_fragment", "split_locator"]


def split_locator(locator: str) -> tuple[str, Fragment]:
    """Take the media fragment off a path or address.

    A file whose own name holds a `#` is found under it. A fragment that names no part of a medium (`#main`, or a number in
    a knowledge graph) belongs to the identity of the resource and stays where it is.

    Raises:
        ConfigError: The fragment names a part, but cannot be understood.
    """
    for head, fragment in _splits(locator):
        if names_a_part(fragment):
            return head, parse_fragment(fragment)
    return locator, EVERYTHING


def _splits(locator: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to split: an address at its first `#`; a path so that the file exists, else at the last `#`."""
    if "#" not in locator or (not is_address(locator) and _exists(locator)):
        return
    if is_address(locator) or "://" in locator:
        head, _, fragment = locator.partition("#")
        # A name of the resource in front of what names a part of it belongs to the address: programme#main&t=10.
        named = [] if names_a_part(fragment.partition("&")[0]) or "=" in fragment.partition("&")[0] else fragment.split("&")[:1]
        yield ("#".join((head, *named)) if names_a_part(fragment) else head), fragment
        return
    places = [index for index, character in enumerate(locator) if character == "#"][::-1]
    existing = [index for index in places if _exists(locator[:index])]
    # A name of what a file lists may stand in front of what names a part of it: manifest.json#canvas-2#t=10.
    behind = [index for index in places if existing and index > existing[-1] and index not in existing]
    for index in (*existing, *behind) if existing else places[:1]:
        yield locator[:index], locator[index + 1 :]


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
