"""An eraser that kills itself at its nth change of a file or of the store, and begins again. Run as a program by a test.

Each attempt is a fork, so that the time is not spent on starting Python.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sklearn.cluster  # noqa: F401 - what is run here needs it late: so each fork need not import it

from src.settings import DatabaseSettings, Settings
from src.storage.sqlite import SqliteStore
from src.verbs import erase
from src.workspace import open_workspace


def main(project: str, person: str, *attempts: str) -> None:
    """Erase a person with their faces in videos, once for each `DATA_DIR=N`: die before that change, or go on to the end for 0.

    Prints a line for each: how many changes it made, or `killed`.
    """
    for attempt in attempts:
        data_dir, _, last = attempt.rpartition("=")
        child = os.fork()
        if child == 0:
            status = 1
            try:
                erase_until(data_dir, project, person, int(last))
                status = 0
            except Exception:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status not in (0, -signal.SIGKILL):
            sys.exit(status)
        if status:
            print("killed", flush=True)


def erase_until(data_dir: str, project: str, person: str, last: int) -> None:
    """Erase a person, and die before the change of this number."""
    changes = 0

    def dying(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*args: Any, **kwargs: Any) -> Any:
            nonlocal changes
            changes += 1
            if changes == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*args, **kwargs)

        return changed

    for owner, name in (
        (SqliteStore, "put"),
        (SqliteStore, "delete"),
        (SqliteStore, "scrub"),
        (os, "unlink"),
        (Path, "unlink"),
    ):
        setattr(owner, name, dying(getattr(owner, name)))
    for owner, name in ((Path, "replace"), (os, "rmdir"), (shutil, "rmtree")):
        setattr(owner, name, dying(getattr(owner, name)))
    uri = f"sqlite:///{Path(data_dir) / 'facerec.db'}"
    with open_workspace(Settings(data_dir=Path(data_dir), database=DatabaseSettings(uri=uri))) as workspace:
        erase.run(workspace, project, person, forget_embeddings=True)
    print(changes)


if __name__ == "__main__":
    main(*sys.argv[1:])
