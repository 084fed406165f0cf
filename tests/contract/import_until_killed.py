"""Imports an archive again and again, and kills each import at a random moment. Run as a program by a test.

Imports run in forks, so that the time is not spent on starting Python. It ends when as many as asked for were killed.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from src.settings import DatabaseSettings, Settings
from src.verbs.db.importing import import_project
from src.workspace import open_workspace


def main(archive: str, data_dir: str, uri: str, n_kills: str) -> None:
    """Import into a scratch database once, to learn how long it takes, and then be killed within that time."""
    rng = random.Random(3)
    scratch = f"{uri}_scratch" if uri.startswith("mongodb") else f"{uri}.scratch"
    started = time.monotonic()
    os.waitpid(_fork(archive, f"{data_dir}_scratch", scratch), 0)
    duration, n_killed = time.monotonic() - started, 0
    while n_killed < int(n_kills):
        child = _fork(archive, data_dir, uri)
        time.sleep(rng.uniform(0, duration))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            n_killed += 1
        else:
            # The machine is quicker now than it was at first.
            duration *= 0.9


def _fork(archive: str, data_dir: str, uri: str) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            settings = Settings(data_dir=Path(data_dir), database=DatabaseSettings(uri=uri))
            with open_workspace(settings) as workspace:
                # An import that was finished before it could be killed is done again from the start.
                import_project(workspace, Path(archive), replace_existing=True)
            status = 0
        finally:
            os._exit(status)
    return child


if __name__ == "__main__":
    main(*sys.argv[1:])
