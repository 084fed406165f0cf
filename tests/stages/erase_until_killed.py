"""An eraser that kills itself at its nth change of a file or of the store. Run as a program by a test."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from src import erase
from src.settings import DatabaseSettings, Settings
from src.storage.sqlite import SqliteStore
from src.workspace import open_workspace


def main(data_dir: str, project: str, person: str, last: str) -> None:
    """Erase a person with their faces in videos, and die before the change of this number; go on to the end for 0."""
    changes = 0

    def dying(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*args: Any, **kwargs: Any) -> Any:
            nonlocal changes
            changes += 1
            if changes == int(last):
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
