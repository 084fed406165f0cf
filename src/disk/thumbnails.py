"""Faces cut out of videos, kept on disk: finding a frame in a film and decoding it takes far longer than reading a file.

They lie in `data/thumbnails/<analysis>/`, each under a name that says which pixels of which file it shows, and are nothing of
their own: deleted, they are cut out again. What makes an analysis anew, or forgets faces, deletes them.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ..names import inside
from .pictures import write_file

FOLDER = "thumbnails"
_LOOK_EVERY = 200
"""New pictures after which a process looks how much room all of them take."""
_KEPT_SHARE = 0.8
"""Of the room that they may take, what is left after those that were not asked for for longest were deleted."""
_TOUCHED_S = 86_400.0
"""A picture that was asked for is marked so once a day: a write for each reading would be more work than the reading."""


def forget(data_dir: Path, analysis_id: str | None = None) -> None:
    """Delete the faces of an analysis, or all.

    Args:
        data_dir: The data folder.
        analysis_id: Of the analysis; all where None.
    """
    folder = data_dir / FOLDER
    shutil.rmtree(folder if analysis_id is None else inside(folder, analysis_id), ignore_errors=True)


class Thumbnails:
    """Pictures on disk, a bounded number of bytes. Threads and processes share them."""

    def __init__(self, data_dir: Path, max_bytes: int) -> None:
        """Say where they lie.

        Args:
            data_dir: The data folder.
            max_bytes: Of all together, about; 0 to keep none.
        """
        self._folder, self._max_bytes = data_dir / FOLDER, max_bytes
        self._n_new = 0
        self._lock = threading.Lock()

    def of(self, analysis_id: str, name: str, make: Callable[[], bytes], is_there: Callable[[], bool]) -> bytes:
        """Return a picture, made where there is none.

        Args:
            analysis_id: Of the analysis whose face it shows.
            name: Names the picture, of letters and digits, with all that it depends on.
            make: Cuts it out.
            is_there: Says, after it was cut out, whether the face is still known: it may have been forgotten meanwhile.
        """
        path = inside(self._folder, f"{analysis_id}/{name}.jpg")
        known = _read(path)
        if known is not None:
            return known
        data = make()
        if self._max_bytes:
            self._keep(path, data)
            if not is_there():
                path.unlink(missing_ok=True)
        return data

    def _keep(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, data)
        except OSError:
            # A full disk, or a folder that was deleted just now: the picture is shown all the same, and kept another time.
            return
        with self._lock:
            self._n_new += 1
            is_time = self._n_new % _LOOK_EVERY == 1
        if is_time:
            self._make_room()

    def _make_room(self) -> None:
        """Delete those that were not asked for for longest, where all together take too much room."""
        found = sorted(_files(self._folder))
        n_bytes = sum(size for _, size, _ in found)
        if n_bytes <= self._max_bytes:
            return
        for _, size, path in found:
            Path(path).unlink(missing_ok=True)
            n_bytes -= size
            if n_bytes <= self._max_bytes * _KEPT_SHARE:
                return


def _read(path: Path) -> bytes | None:
    try:
        data = path.read_bytes()
        if time.time() - path.stat().st_mtime > _TOUCHED_S:
            os.utime(path)
    except OSError:
        return None
    return data


def _files(folder: Path) -> list[tuple[float, int, str]]:
    """Return when each picture was last asked for, its bytes and its path."""
    found = []
    for path in folder.glob("*/*.jpg"):
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((status.st_mtime, status.st_size, str(path)))
    return found
