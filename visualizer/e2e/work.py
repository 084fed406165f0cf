"""Does one job slowly, in the place of a worker: a step for each line of its input, so that a test says when.

    python visualizer/e2e/work.py FOLDER KIND     from the top of the repository, after seed.py

It takes the queued job of a kind. `log TEXT` writes a line, `progress SHARE TEXT` says how far it is, `done` and `fail TEXT`
end it; each is answered by a line. A job that somebody cancels is cancelled at its next step.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from src.jobs.events import LOG, PROGRESS, STATUS, tell, tell_end
from src.jobs.queue import change
from src.records import Job, JobName, JobStatus, now
from src.storage import Store, open_store

FOR_EVER = 4e9
"""Until when nobody else takes the job up, in seconds since 1970."""


def taken(store: Store, kind: str) -> Job:
    """Wait for a job of a kind, and begin it."""
    while True:
        found = next((job for job in store.find(Job, status=JobStatus.QUEUED) if job.kind == kind), None)
        if found is not None:
            break
        time.sleep(0.05)
    begun = change(
        store,
        found.job_id,
        lambda job: replace(
            job, status=JobStatus.RUNNING, owner="test", lease_until=FOR_EVER, started_at=now(), attempts=job.attempts + 1
        ),
    )
    tell(store, begun, STATUS, "begins")
    return begun


def end(store: Store, job_id: str, status: JobStatus, error: str = "") -> None:
    """End a job."""
    store.delete(JobName, job_id=job_id)
    ended = change(store, job_id, lambda job: replace(job, status=status, error=error, owner="", ended_at=now()))
    tell_end(store, ended)


def step(store: Store, job_id: str, words: list[str]) -> bool:
    """Do what a line says, and say whether the job goes on."""
    job = store.get(Job, job_id)
    assert job is not None
    if job.cancel_requested:
        end(store, job_id, JobStatus.CANCELLED)
        return False
    if words[0] == "log":
        tell(store, job, LOG, " ".join(words[1:]))
    elif words[0] == "progress":
        share, text = float(words[1]), " ".join(words[2:])
        tell(store, change(store, job_id, lambda known: replace(known, progress=share, message=text)), PROGRESS, text)
    elif words[0] == "fail":
        end(store, job_id, JobStatus.FAILED, " ".join(words[1:]))
    else:
        end(store, job_id, JobStatus.DONE)
    return words[0] in ("log", "progress")


def answer(text: str) -> None:
    """Say something to whoever leads the test."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(folder: Path, kind: str) -> None:
    """Do the job."""
    with open_store(f"sqlite:///{folder / 'data' / 'facerec.db'}") as store:
        job = taken(store, kind)
        answer(job.job_id)
        for line in sys.stdin:
            goes_on = step(store, job.job_id, line.split())
            answer("on" if goes_on else "over")
            if not goes_on:
                return


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
