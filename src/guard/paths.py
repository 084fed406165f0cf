"""Paths that others name stay in the folder that they belong to."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from ..errors import ForbiddenPathError
from ..names import ESCAPED, RESERVED

_MAX_LENGTH = 4096
_MAX_PART = 255


def confined(root: Path, given: str, *, must_exist: bool = True) -> Path:
    """Return the file that a path from outside names within a folder.

    The path has one form on all systems: parts parted by `/`. What some system or some program on the way would read as a
    way out is refused wherever we run: `..`, an absolute path, a drive, a share or a stream (`C:`, `\\\\host`, `a:b`),
    backslashes, NUL and control characters, names of devices, parts that Windows would shorten (ending in a dot or a blank),
    and escapes of these (`..%2f`), which somebody forgot to undo or has undone once too little. Links are followed, and what
    they lead to must lie in the folder too.

    Args:
        root: The folder; what it is itself a link to counts.
        given: The path, relative to it.
        must_exist: Whether something must be there; else it may be a path to be written to.

    Returns:
        The file with all links resolved: open this path and no other.

    Raises:
        ForbiddenPathError: The path leads out of the folder, can be read in several ways, or names nothing there.
    """
    parts = safe_parts(given)
    top = Path(os.path.realpath(root))
    try:
        found = Path(os.path.realpath(top.joinpath(*parts), strict=must_exist))
    except FileNotFoundError as err:
        raise ForbiddenPathError(given, "names nothing that is there") from err
    except (OSError, ValueError) as err:  # a circle of links, a name too long for this disk, no right to look
        raise ForbiddenPathError(given, "cannot be followed") from err
    if not found.is_relative_to(top):
        raise ForbiddenPathError(given, "leads out of its folder")
    return found


def confined_to_one(roots: tuple[Path, ...], given: str) -> Path:
    """Return the file that a path names within the first of some folders that has it.

    An absolute path is taken for what it names within the folder that it begins with, so that what `records` keep of a
    local video can be opened again.

    Raises:
        ForbiddenPathError: It names nothing in any of them.
    """
    problem = ForbiddenPathError(given, "names nothing that is there")
    for root in roots:
        within = _within(root, given)
        try:
            return confined(root, within)
        except ForbiddenPathError as err:
            problem = err
    raise ForbiddenPathError(given, problem.why)


def safe_parts(given: str) -> tuple[str, ...]:
    """Return the parts of a relative path that every system and program reads in the same way.

    Raises:
        ForbiddenPathError: It is none.
    """
    if not given or len(given) > _MAX_LENGTH:
        raise ForbiddenPathError(given, "is empty" if not given else f"has more than {_MAX_LENGTH} characters")
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in given):
        raise ForbiddenPathError(repr(given), "holds control characters")
    if "\\" in given or ":" in given:
        raise ForbiddenPathError(given, "holds a backslash or a colon. Write it with / and relative to its folder")
    if given.startswith(("/", "~")):
        raise ForbiddenPathError(given, "is absolute. Give it relative to its folder")
    if ESCAPED.search(given):
        raise ForbiddenPathError(given, "holds escaped characters. Give it as it is")
    parts = tuple(given.split("/"))
    for part in parts:
        _check_part(given, part)
    return parts


def _check_part(given: str, part: str) -> None:
    # Some file systems and many programs take the wide forms of dot and slash for these.
    plain = unicodedata.normalize("NFKC", part)
    if plain in ("", ".", "..") or "/" in plain or "\\" in plain or ":" in plain:
        raise ForbiddenPathError(given, "holds empty parts, or parts that lead elsewhere (. and ..)")
    if plain != plain.rstrip(". "):
        raise ForbiddenPathError(given, "has a part that ends in a dot or a blank")
    if RESERVED.fullmatch(plain):
        raise ForbiddenPathError(given, "has a part that is the name of a device on Windows")
    if len(part.encode(errors="replace")) > _MAX_PART:
        raise ForbiddenPathError(given, f"has a part of more than {_MAX_PART} bytes")


def _within(root: Path, given: str) -> str:
    """Return an absolute path below a folder as relative to it, any other as it is; nothing is looked up."""
    for top in (str(root.absolute()), os.path.realpath(root)):
        if given.startswith(top + os.sep):
            return given[len(top) + 1 :].replace(os.sep, "/")
    return given
