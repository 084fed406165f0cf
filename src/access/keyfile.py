"""Files that hold one secret, for the eyes of their owner alone, made where they are not there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..errors import ConfigError


def secret_in(path: Path, make: Callable[[], str], what: str, remedy: str) -> tuple[str, bool]:
    """Return the secret in a file, and whether it was made now.

    Args:
        path: The file. Of several processes that make it at once one does, and the others read what it wrote.
        make: Returns a new secret.
        what: What to call the file in a message.
        remedy: What to check where it cannot be used.

    Raises:
        ConfigError: The file cannot be read or written, may be read by others, or holds no secret of 32 characters or more.
    """
    try:
        text, is_new = (_read(path, what), False) if path.exists() else _made(path, make, what)
    except OSError as err:
        raise ConfigError(f"The {what} {path} cannot be used: {err.strerror}. {remedy}") from err
    if len(text) < 32 or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigError(f"The {what} {path} must hold 32 characters or more. Delete it to have one made.")
    return text, is_new


def _read(path: Path, what: str) -> str:
    if os.name == "posix" and path.stat().st_mode & 0o007:
        raise ConfigError(f"The {what} {path} may be read by everybody. Run: chmod 600 {path}")
    return path.read_text(encoding="ascii", errors="replace").strip()


def _made(path: Path, make: Callable[[], str], what: str) -> tuple[str, bool]:
    text = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    # For us alone from the first moment; there at once and whole, or not at all where another process was quicker.
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
    try:
        os.link(partial, path)
    except FileExistsError:
        return _read(path, what), False
    finally:
        partial.unlink()
    return text, True
