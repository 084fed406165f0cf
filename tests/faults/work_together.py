"""Several workers on one database at the same moment. Run as a program by tests.

`python -m tests.faults.work_together FOLDER KIND=FILM …` starts a process for each kind of work, lets all go at once, waits for
them, and ends with 1 when one of them failed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import sklearn.cluster  # noqa: F401 - what is run here needs it late: so each fork need not import it

from tests.faults.kill_often import fork, wait
from tests.faults.library import work


def main(folder: str, *jobs: str) -> int:
    """Do all jobs at once."""
    ready, go = os.pipe()

    def job(kind: str, film: str) -> None:
        os.close(go)
        os.read(ready, 1)  # returns when nobody holds the other end any more
        work(kind, Path(folder), Path(film))

    pids = [fork(lambda kind=kind, film=film: job(kind, film)) for kind, _, film in (text.partition("=") for text in jobs)]
    os.close(go)
    return max(abs(wait(pid)) for pid in pids)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
