"""One at a time, among all processes of one machine that work in one data folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..errors import StorageError


@contextmanager
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Be the only one who holds this lock, waiting for whoever holds it now.

    The system lets go when a process dies, however it dies. On Windows there is no such lock, and two may do the same work
    at once: what they write is equal, record for record.

    Args:
        path: A file that stands for what is done; it exists while the lock is held, and its folder from then on.
        waiting: Called once where somebody else holds it.

    Raises:
        StorageError: The file cannot be made.
    """
    if sys.platform == "win32":
        yield
        return
    file = _acquire(path, waiting)
    try:
        yield
    finally:
        # Removed while it is held: whoever waits for it sees that it has gone and begins anew.
        path.unlink(missing_ok=True)
        file.close()


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Be the only one who holds this lock, unless somebody holds it now; say whether that is so. Nobody is waited for.

    Args:
        path: As for `locked`. On Windows the lock is always free.

    Raises:
        StorageError: The file cannot be made.
    """
    try:
        with locked(path, _give_up):
            yield True
    except _HeldError:
        yield False


class _HeldError(Exception):
    """Somebody holds the lock."""


def _give_up() -> None:
    raise _HeldError


def _acquire(path: Path, waiting: Callable[[], None]) -> IO[Any]:
    import fcntl

    told = False
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a")
        except OSError as err:
            raise StorageError(f"{path} cannot be written: {err.strerror}. Check the folder and the space left.") from err
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            try:
                if not told:
                    waiting()
                    told = True
                fcntl.flock(file, fcntl.LOCK_EX)
            except BaseException:
                file.close()
                raise
        if _is_still_there(file, path):
            return file
        file.close()


def _is_still_there(file: IO[Any], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
