"""A worker as a process, which knows the kinds for tests: `python -m tests.jobs.serve DATA_DIR [LEASE_S]`.

The settings of the environment hold; what a person would write into a file is said by the arguments.
"""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path

from src.jobs import Worker, leases
from src.settings import DatabaseSettings, Settings, WorkerSettings
from src.workspace import open_workspace
from tests.jobs import kinds
from tests.jobs.kinds import COMMAND


def settings_of(folder: Path, lease_s: float) -> Settings:
    """Return settings for a worker that is patient with jobs and quick with everything else."""
    worker = WorkerSettings(lease_s=lease_s, poll_s=0.05, max_attempts=1000, nice=0)
    return Settings(data_dir=folder, database=DatabaseSettings(uri=f"sqlite:///{folder / 'facerec.db'}"), worker=worker)


def main(folder: str, lease_s: str = "30") -> None:
    """Work until a signal says otherwise."""
    logging.basicConfig(level=logging.ERROR)
    kinds.install()
    # Who crashes here was killed on purpose.
    leases.LONGEST_PAUSE_S = 1.0
    with open_workspace(settings_of(Path(folder), float(lease_s))) as workspace:
        worker = Worker(workspace, command=COMMAND)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop(wait=False))
        print(worker.name, flush=True)
        worker.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
