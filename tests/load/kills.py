"""Kills workers, and the processes of their jobs, at random moments: is a job lost, is anything done twice?

    python -m tests.load.kills --kills 200

Rounds of mixed jobs (align, train, track, identify, cluster, export, erase) are done by several workers on one database.
All the while a worker, or the process of a job, is killed by SIGKILL, or a worker is told to stop; another worker takes its
place at once. When all jobs of a round have ended, every one of them must be done, and the records and files must equal
those of a round that nobody disturbed. Prints what came of it as JSON, and ends with 1 where something is wrong.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from src import jobs
from src.db.scope import OF_WORK
from src.engines import ENGINES
from src.jobs.events import ENDS
from src.records import Job, JobStatus
from src.workspace import Workspace, open_workspace
from tests.faults import library
from tests.faults.library import PROJECT, contents, differences, files
from tests.jobs import child  # knows the engine `fake`  # noqa: F401
from tests.jobs.serve import settings_of
from tests.stages.conftest import PEOPLE, put_photos

OTHER = "q"
N_FILMS, N_SHOTS = 3, 3
LEASE_S = 3.0
"""Short, so that the jobs of a killed worker are taken up before one grows old over it."""
KILLS_A_ROUND = 30
"""In the time that a round takes which nobody disturbs; with many more nothing would ever be done."""
GIVE_UP_S = 900.0
_DATE = re.compile(r'"date": "[^"]*"')
"""When a photo was found, which is when its job ran."""


def prepare(folder: Path) -> list[Path]:
    """Build a data folder with two projects, one of photos alone, and draw films; return the films."""
    assert "fake" in ENGINES
    library.build(folder / "prepared")
    with open_workspace(library.settings_for(folder / "prepared")) as workspace:
        workspace.begin_project(OTHER, "fake")
        put_photos(workspace, OTHER, PEOPLE)
    return [library.draw_film(folder / "films" / f"film{number}.mp4", N_SHOTS + number) for number in range(N_FILMS)]


def first_jobs(films: Sequence[Path]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what can be done side by side: kinds, projects and parameters."""
    tracks = [("track", PROJECT, {"video": str(film), "video_speedup": 5}) for film in films]
    return [("align", OTHER, {}), *tracks, ("train", OTHER, {"classifier": "Centroid"})]


def further_jobs(films: Sequence[Path]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what needs the first ones."""
    exports = [("export", PROJECT, {"video": str(film), "format": name}) for film in films for name in ("mot", "shots")]
    named = [("identify", PROJECT, {}), ("cluster", PROJECT, {}), ("erase", OTHER, {"person": PEOPLE[0]})]
    return [*named, *exports, ("analyse", OTHER, {"video": str(films[0]), "video_speedup": 5})]


def snapshot(workspace: Workspace, folder: Path) -> dict[str, Any]:
    """Return all records and results but those of jobs."""
    work = {kind.__name__ for kind in OF_WORK}
    records = {kind: found for kind, found in contents(workspace.store).items() if kind not in work}
    for image in records["Image"]:
        image["provenance"] = _DATE.sub("", image["provenance"])
    # What was begun twice was done twice for the log of who did what, which tells just that; its numbers are never the same.
    told = {
        json.dumps({name: event[name] for name in ("who", "what", "outcome", "project")}) for event in records["AuditEvent"]
    }
    records["AuditEvent"] = [json.loads(line) for line in sorted(told)]
    return records | files(folder)


class Crew:
    """Workers, each a process, one of which can be killed at any time; there are always as many."""

    def __init__(self, folder: Path, n_workers: int, chance: random.Random) -> None:
        """Start them."""
        self._folder, self._chance = folder, chance
        self._workers = [self._start() for _ in range(n_workers)]
        self.killed: Counter[str] = Counter()

    def strike(self) -> None:
        """Kill a worker that does a job, or the process of the job, or tell the worker to stop; now and then an idle one."""
        busy = [worker for worker in self._workers if _children(worker.pid)]
        if not busy and self._chance.random() < 0.9:
            return
        worker = self._chance.choice(busy or self._workers)
        children, what = _children(worker.pid), self._chance.random()
        if children and what < 0.4:
            with suppress(ProcessLookupError):
                os.kill(self._chance.choice(children), signal.SIGKILL)
                self.killed["killed_jobs"] += 1
        elif what < 0.9:
            worker.kill()
            self.killed["killed_workers"] += 1
            self._replace(worker)
        else:
            worker.terminate()
            self.killed["stopped_workers"] += 1
            self._replace(worker)

    @property
    def n_kills(self) -> int:
        """Processes killed by SIGKILL so far."""
        return self.killed["killed_workers"] + self.killed["killed_jobs"]

    def dismiss(self) -> None:
        """Let all go home."""
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.wait()

    def _replace(self, worker: subprocess.Popen[bytes]) -> None:
        worker.wait()
        self._workers.remove(worker)
        self._workers.append(self._start())

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.jobs.serve", str(self._folder), str(LEASE_S)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)


class Trial:
    """Rounds of jobs, disturbed until there were enough kills."""

    def __init__(self, scratch: Path, n_workers: int, seed: int) -> None:
        """Do one round that nobody disturbs, to know what must come out."""
        self._scratch, self._n_workers, self._chance = scratch, n_workers, random.Random(seed)
        self.films = prepare(scratch)
        self.killed: Counter[str] = Counter()
        self.n_jobs, self.n_attempts = 0, 0
        self.problems: list[str] = []
        self._pause_s, started = 0.2, time.monotonic()
        self.wanted = self.round(0)
        self._pause_s = 2 * (time.monotonic() - started) / KILLS_A_ROUND
        assert not self.problems, self.problems

    @property
    def n_kills(self) -> int:
        """Processes killed by SIGKILL so far."""
        return self.killed["killed_workers"] + self.killed["killed_jobs"]

    def round(self, kills: int) -> dict[str, Any]:
        """Do all jobs once in a fresh folder, killing until there were so many, and return what is there afterwards."""
        folder = self._scratch / "data"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._scratch / "prepared", folder)
        crew = Crew(folder, self._n_workers, self._chance)
        try:
            with open_workspace(settings_of(folder, LEASE_S)) as workspace:
                for work in (first_jobs(self.films), further_jobs(self.films)):
                    submitted = [jobs.submit(workspace, kind, project, params) for kind, project, params in work]
                    self._until_ended(workspace, submitted, crew, kills)
                    self._check(workspace, submitted)
                self.killed += crew.killed
                return snapshot(workspace, folder)
        finally:
            crew.dismiss()

    def _until_ended(self, workspace: Workspace, submitted: Sequence[Job], crew: Crew, kills: int) -> None:
        give_up = time.monotonic() + GIVE_UP_S
        while any(jobs.get(workspace, job.job_id).status not in ENDS for job in submitted):
            if time.monotonic() > give_up:
                self.problems.append("a round did not end")
                return
            time.sleep(self._chance.uniform(0, self._pause_s))
            if crew.n_kills < kills:
                crew.strike()

    def _check(self, workspace: Workspace, submitted: Sequence[Job]) -> None:
        """Every job is done, said so once, and its events count up without a gap."""
        for job in (jobs.get(workspace, job.job_id) for job in submitted):
            events = jobs.events(workspace.store, job.job_id, limit=100_000)
            n_done = sum(event.what == "status" and event.message == "done" for event in events)
            if job.status is not JobStatus.DONE or n_done != 1:
                self.problems.append(f"{job.kind} {job.job_id}: {job.status}, done {n_done} times {job.error}")
            if [event.number for event in events] != list(range(1, len(events) + 1)):
                self.problems.append(f"{job.kind} {job.job_id}: events have a gap")
            self.n_jobs += 1
            self.n_attempts += job.attempts


def _children(pid: int) -> list[int]:
    """Return the processes of jobs that a worker has at present."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


@click.command()
@click.option("--kills", default=200, show_default=True, help="Processes killed in all.")
@click.option("--workers", default=2, show_default=True, help="Workers at a time.")
@click.option("--seed", default=1, show_default=True, help="For the choice of moments.")
@click.option("--scratch", type=click.Path(path_type=Path), help="Empty folder to work in [a temporary one].")
def main(kills: int, workers: int, seed: int, scratch: Path | None) -> None:
    """Kill, and print what came of it."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        trial, rounds = Trial(scratch or Path(temporary), workers, seed), 0
        while trial.n_kills < kills and not trial.problems:
            rounds += 1
            trial.problems += differences(trial.wanted, trial.round(kills - trial.n_kills))
            print(f"round {rounds}: {trial.n_kills} of {kills} kills, {trial.n_attempts} attempts", file=sys.stderr)
    said = {
        "kills": trial.n_kills,
        **trial.killed,
        "rounds": rounds,
        "jobs": trial.n_jobs,
        "attempts": trial.n_attempts,
        "seconds": round(time.monotonic() - started),
        "problems": trial.problems,
    }
    print(json.dumps(said))
    sys.exit(1 if trial.problems else 0)


if __name__ == "__main__":
    main()
