"""What the tests of jobs share: kinds that misbehave, and a worker that is stepped by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from src import jobs
from src.jobs import Worker
from src.jobs.kinds import KINDS
from src.records import Job, JobStatus
from src.workspace import Workspace
from tests.jobs.kinds import COMMAND, TEST_KINDS, marks

PATIENCE_S = 120.0
"""Much longer than anything here takes: only for tests that would hang."""


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        """Begin somewhere."""
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        """Return the seconds since 1970."""
        return self.now


@pytest.fixture(autouse=True)
def test_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kinds for tests be submitted."""
    for name, kind in TEST_KINDS.items():
        monkeypatch.setitem(KINDS, name, kind)


@pytest.fixture
def clock() -> Clock:
    """A clock for leases."""
    return Clock()


@pytest.fixture
def make_worker(workspace: Workspace, clock: Clock) -> Iterator[Callable[..., Worker]]:
    """Makes workers that are stepped by hand, whose processes do not outlive the test."""
    made: list[Worker] = []

    def make(slots: int = 1, **settings: object) -> Worker:
        worker = workspace.settings.worker.model_copy(update={"nice": 0, **settings})
        workspace.settings = workspace.settings.model_copy(update={"worker": worker})
        made.append(Worker(workspace, slots=slots, clock=clock, command=COMMAND))
        return made[-1]

    yield make
    for worker in made:
        for running in worker._running:
            running.process.kill()


@pytest.fixture
def worker(make_worker: Callable[..., Worker]) -> Worker:
    """A worker for one job at a time."""
    return make_worker()


def step_until(workers: Worker | list[Worker], done: Callable[[], object]) -> None:
    """Let workers work until something is so."""
    give_up = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < give_up, "it never came to that"
        for worker in [workers] if isinstance(workers, Worker) else workers:
            worker.step()
        time.sleep(0.02)


def do(workspace: Workspace, worker: Worker, job: Job) -> Job:
    """Let a worker work until a job has ended, and return it."""
    ends = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)
    step_until(worker, lambda: jobs.get(workspace, job.job_id).status in ends)
    step_until(worker, lambda: not worker.busy)
    return jobs.get(workspace, job.job_id)


def lines(workspace: Workspace) -> list[str]:
    """Return the marks that jobs left."""
    return marks(workspace).read_text(encoding="utf-8").splitlines() if marks(workspace).exists() else []


@pytest.fixture
def tell_server() -> Iterator[Callable[[int], str]]:
    """Returns the address of a server of this machine that answers POST with a status, and redirects to nowhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(int(self.path.strip("/")))
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield lambda status: f"http://127.0.0.1:{server.server_port}/{status}"
    server.shutdown()
    thread.join()
    server.server_close()
