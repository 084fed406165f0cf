"""Work for `Workers`, as processes that are started anew find it."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

from src.workspace import Workspace


def double(workspace: Workspace, piece: int) -> tuple[int, int]:
    """Show a task, and return twice the number and the process that did it."""
    with workspace.progress.task(f"piece {piece}", 2, "halves") as task:
        task.advance()
        task.advance()
    workspace.progress.message(f"did {piece}")
    return 2 * piece, os.getpid()


def die_of_two(workspace: Workspace, piece: int) -> int:
    """Die in the midst of a task that is shown, where the piece is 2."""
    with workspace.progress.task(f"piece {piece}"):
        if piece == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return piece


def room(workspace: Workspace, _piece: int) -> tuple[int, int]:
    """Return how many cores and threads this process has."""
    import cv2

    return len(os.sched_getaffinity(0)), max(workspace.settings.threads, cv2.getNumThreads())


def wait_for_file(workspace: Workspace, piece: str) -> str:
    """Write one's process number into a file and work until there is a file `go`."""
    path = Path(piece)
    path.with_suffix(".part").write_text(str(os.getpid()))
    path.with_suffix(".part").replace(path)
    while not path.with_name("go").exists():
        time.sleep(0.01)
    return piece


def fail_when_stopped(workspace: Workspace, piece: str) -> str:
    """Work as `wait_for_file` does, and complain where that is interrupted."""
    try:
        return wait_for_file(workspace, piece)
    except KeyboardInterrupt as err:
        try:
            raise ValueError("torn apart") from err
        except ValueError:
            logging.getLogger(__name__).exception("oh")
        return "a result that nobody wants"
