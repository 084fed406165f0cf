"""Kills workers, the processes of their jobs, and the server, at random moments: is a job lost, is anything done twice?

    python -m tests.load.kills --kills 200

Rounds of mixed jobs (crawl, align, train, track, analyse, identify, cluster, derive, export, erase) are submitted over HTTP and
done by several workers on one database, one of them inside the server. All the while one of them is killed by SIGKILL, mostly
one that is at work, or a worker is told to stop; another one takes its place at once. Who submits tries again where the server
is gone, with the same Idempotency-Key. When all jobs of a round have ended, every one of them must be done, there must be no
further ones, and the records and files must equal those of a round that nobody disturbed. Prints a table of what came of it,
and the same as JSON in the last line; ends with 1 where something is wrong.
"""

from __future__ import annotations

import json
import math
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import requests

from src import jobs
from src.engines import ENGINES
from src.jobs.events import ENDS
from src.records import Job, JobStatus
from src.verbs.db.scope import OF_WORK
from src.video import open_stream
from src.videos import register_video
from src.workspace import Workspace, open_workspace
from tests.faults import library
from tests.faults.library import PROJECT, contents, differences, files
from tests.jobs import child  # knows the engine `fake`
from tests.jobs.serve import settings_of
from tests.load.crew import BUSY, IDLE, JOB, SERVER, WORKER, Crew
from tests.servers.web import LocalWeb, local_web
from tests.stages.conftest import PEOPLE, put_photos

OTHER, CRAWLED = "q", "r"
N_FILMS, N_SHOTS = 3, 3
LEASE_S = 3.0
"""Short, so that the jobs of a killed worker are taken up before one grows old over it."""
KILLS_A_ROUND = 30
"""At most, spread over the time that a round takes which nobody disturbs; with many more nothing would ever be done."""
GIVE_UP_S = 900.0
_DATE = re.compile(r'"date": "[^"]*"')
"""When a photo was found, which is when its job ran."""

Wanted = tuple[str, str, dict[str, Any]]
"""A kind of job, its project and its parameters."""


def prepare(folder: Path) -> list[Path]:
    """Build a data folder with two projects, one of photos alone, and draw films that the store knows; return the films."""
    assert "fake" in ENGINES
    library.build(folder / "prepared")
    films = [library.draw_film(folder / "films" / f"film{number}.mp4", N_SHOTS + number) for number in range(N_FILMS)]
    with open_workspace(library.settings_for(folder / "prepared")) as workspace:
        workspace.begin_project(OTHER, "fake")
        put_photos(workspace, OTHER, PEOPLE)
        for film in films:
            with open_stream(str(film)) as stream:
                register_video(workspace.store, str(film), stream)
    return films


def publish_photos(web: LocalWeb, folder: Path) -> None:
    """Let Bing find the photos that lie in a data folder, whoever is asked for."""
    found = sorted((folder / "training_img" / OTHER).glob("*/*.png"))[:4]
    web.bing(*(web.serve(f"/{number}.png", body=path.read_bytes(), kind="image/png") for number, path in enumerate(found)))


def first_jobs(films: Sequence[Path]) -> list[Wanted]:
    """Return what can be done side by side."""
    tracks = [("track", PROJECT, {"video": str(film), "video_speedup": 5}) for film in films]
    crawl = ("crawl", CRAWLED, {"keywords": ["Dora Dee"], "max_num": 3, "providers": ["bing"], "engine": "fake"})
    return [crawl, ("align", OTHER, {}), *tracks, ("train", OTHER, {"classifier": "Centroid"})]


def further_jobs(films: Sequence[Path]) -> list[Wanted]:
    """Return what needs the first ones."""
    named = [("identify", PROJECT, {}), ("cluster", PROJECT, {}), ("derive", PROJECT, {"cause": "kills"})]
    return [*named, ("erase", OTHER, {"person": PEOPLE[0]}), *_exports(films, "mot")]


def last_jobs(films: Sequence[Path]) -> list[Wanted]:
    """Return what would do something else beside the ones before.

    Nobody says who appears in a video of a project without a model, unless somebody is erased from the project afterwards.
    """
    return [("analyse", OTHER, {"video": str(films[0]), "video_speedup": 5}), *_exports(films, "shots")]


def _exports(films: Sequence[Path], name: str) -> list[Wanted]:
    return [("export", PROJECT, {"video": str(film), "format": name}) for film in films]


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


@dataclass
class Count:
    """What is counted over all rounds."""

    jobs: int = 0
    attempts: int = 0
    lost: int = 0
    done_twice: int = 0
    stopped: int = 0
    submitted_again: int = 0


class Trial:
    """Rounds of jobs, disturbed until there were enough kills."""

    def __init__(self, scratch: Path, n_workers: int, seed: int, web: LocalWeb) -> None:
        """Do one round that nobody disturbs, to know what must come out."""
        self._scratch, self._n_workers, self._chance = scratch, n_workers, random.Random(seed)
        self.films = prepare(scratch)
        publish_photos(web, scratch / "prepared")
        self.killed: Counter[tuple[str, str]] = Counter()
        self.count = Count()
        self.problems: list[str] = []
        self._pause_s, started = 0.2, time.monotonic()
        self.wanted = self.round(0)
        self._pause_s = 2 * (time.monotonic() - started) / KILLS_A_ROUND
        assert not self.problems, self.problems
        self.count = Count()

    @property
    def n_kills(self) -> int:
        """Processes killed by SIGKILL so far."""
        return self.killed.total()

    def disturbed(self, kills: int) -> None:
        """Do a round, killing until there were so many at most, and compare what is there afterwards."""
        found = differences(self.wanted, self.round(min(kills, KILLS_A_ROUND)))
        self.count.done_twice += len(found)
        self.problems += found

    def round(self, kills: int) -> dict[str, Any]:
        """Do all jobs once in a fresh folder, killing until there were so many, and return what is there afterwards."""
        folder = self._scratch / "data"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._scratch / "prepared", folder)
        crew = Crew(folder, self._n_workers, self._chance, LEASE_S)
        try:
            with open_workspace(settings_of(folder, LEASE_S)) as workspace:
                before: set[str] = set()
                # The jobs that come later are disturbed as often as the first ones.
                for wave, (work, share) in enumerate(((first_jobs, 0.5), (further_jobs, 0.8), (last_jobs, 1.0))):
                    limit, wanted = math.ceil(share * kills), work(self.films)
                    submitted = [self._submit(crew, limit, f"{wave} {number}", *one) for number, one in enumerate(wanted)]
                    self._until_ended(workspace, submitted, crew, limit)
                    # Now: an erasure erases what names the person, jobs too.
                    self._check(workspace, submitted, before)
                    before |= set(submitted)
                self.killed += crew.killed
                self.count.stopped += crew.stopped
                return snapshot(workspace, folder)
        finally:
            crew.dismiss()

    def _submit(self, crew: Crew, kills: int, key: str, kind: str, project: str, params: dict[str, Any]) -> str:
        """Submit a job over HTTP, again with the same key until the server says that it has it, and return its id."""
        url = f"http://127.0.0.1:{crew.port}/api/v1/projects/{project}/jobs"
        body, headers = {"kind": kind, "params": params}, {"Idempotency-Key": f"{kind} {key}"}
        give_up = time.monotonic() + GIVE_UP_S
        while time.monotonic() < give_up:
            try:
                answer = requests.post(url, json=body, headers=headers, timeout=30)
            except requests.RequestException:
                self.count.submitted_again += 1
                self._disturb(crew, kills)
                continue
            if answer.status_code == 202:
                return str(answer.json()["job_id"])
            assert answer.status_code >= 500, answer.text
        raise AssertionError("the server never answered")

    def _until_ended(self, workspace: Workspace, submitted: Sequence[str], crew: Crew, kills: int) -> None:
        give_up = time.monotonic() + GIVE_UP_S
        while any(jobs.get(workspace, job_id).status not in ENDS for job_id in submitted):
            if time.monotonic() > give_up:
                self.problems.append("a round did not end")
                return
            self._disturb(crew, kills)

    def _disturb(self, crew: Crew, kills: int) -> None:
        time.sleep(self._chance.uniform(0, self._pause_s))
        crew.tend()
        if crew.n_kills < kills:
            crew.strike()

    def _check(self, workspace: Workspace, submitted: Sequence[str], before: set[str]) -> None:
        """Every job is done, said so once, its events count up without a gap, and nobody submitted it twice."""
        known = {job.job_id: job for job in workspace.store.find(Job) if job.job_id not in before}
        self.count.jobs += len(submitted)
        for job_id in submitted:
            if job_id not in known:
                self.count.lost += 1
                self.problems.append(f"job {job_id} is gone")
        for job in known.values():
            self._check_job(workspace, job, is_ours=job.job_id in submitted)

    def _check_job(self, workspace: Workspace, job: Job, *, is_ours: bool) -> None:
        events = jobs.events(workspace.store, job.job_id, limit=100_000)
        n_done = sum(event.what == "status" and event.message == "done" for event in events)
        self.count.attempts += job.attempts
        self.count.lost += job.status is not JobStatus.DONE
        self.count.done_twice += n_done > 1 or not is_ours
        if job.status is not JobStatus.DONE or n_done != 1 or not is_ours:
            self.problems.append(f"{job.kind} {job.job_id}: {job.status}, done {n_done} times, ours: {is_ours} {job.error}")
        if [event.number for event in events] != list(range(1, len(events) + 1)):
            self.problems.append(f"{job.kind} {job.job_id}: events have a gap")


def table(trial: Trial) -> Iterator[str]:
    """Yield the lines of a table of what was killed and what came of it."""
    yield f"{'killed':12} {BUSY:>6} {IDLE:>6}"
    for target in (WORKER, JOB, SERVER):
        yield f"{target:12} {trial.killed[target, BUSY]:6} {trial.killed[target, IDLE]:6}"
    yield f"{'all':12} {sum(n for (_, state), n in trial.killed.items() if state == BUSY):6} {trial.n_kills:6} in all"
    yield ""
    yield f"jobs {trial.count.jobs}, attempts {trial.count.attempts}, workers told to stop {trial.count.stopped}"
    yield f"requests that met no server {trial.count.submitted_again}"
    yield f"jobs lost {trial.count.lost}"
    yield f"jobs done twice with effect {trial.count.done_twice}"


@contextmanager
def internet(folder: Path | None) -> Iterator[tuple[Path, LocalWeb]]:
    """Give a folder to work in, and a web that the processes of jobs find all pictures on."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary, local_web() as web, child.on_web(web.address):
        yield folder or Path(temporary), web


@click.command()
@click.option("--kills", default=200, show_default=True, help="Processes killed in all.")
@click.option("--workers", default=2, show_default=True, help="Workers at a time, beside the one in the server.")
@click.option("--seed", default=1, show_default=True, help="For the choice of moments.")
@click.option("--scratch", type=click.Path(path_type=Path), help="Empty folder to work in [a temporary one].")
def main(kills: int, workers: int, seed: int, scratch: Path | None) -> None:
    """Kill, and print what came of it."""
    started = time.monotonic()
    with internet(scratch) as (folder, web):
        trial, rounds = Trial(folder, workers, seed, web), 0
        while trial.n_kills < kills and not trial.problems:
            rounds += 1
            trial.disturbed(kills - trial.n_kills)
            print(f"round {rounds}: {trial.n_kills} of {kills} kills, {trial.count.attempts} attempts", file=sys.stderr)
    print(*table(trial), sep="\n")
    said = {
        "kills": trial.n_kills,
        "killed": {f"{target}, {state}": n for (target, state), n in sorted(trial.killed.items())},
        "rounds": rounds,
        **vars(trial.count),
        "seconds": round(time.monotonic() - started),
        "problems": trial.problems,
    }
    print(json.dumps(said))
    sys.exit(1 if trial.problems else 0)


if __name__ == "__main__":
    main()
