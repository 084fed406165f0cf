"""Workers as processes of their own: stopped, killed, several at once; and how small they stay."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from src import jobs
from src.jobs.processes import _order
from src.records import JobStatus
from src.settings import (
    AntractSettings,
    GraphSettings,
    LimecraftSettings,
    ServerSettings,
    Settings,
    SparqlSettings,
    WorkerSettings,
)
from src.workspace import Workspace, open_workspace
from tests.jobs.conftest import PATIENCE_S, lines
from tests.jobs.serve import settings_of
from tests.jobs.test_worker import is_alive, pid_of

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them")

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """The workspace that the workers of `start` work in."""
    with open_workspace(settings_of(tmp_path / "data", 2.0)) as opened:
        yield opened


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts workers."""
    made: list[subprocess.Popen[str]] = []

    def begin(lease_s: float = 2.0) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.jobs.serve", str(tmp_path / "data"), str(lease_s)]
        made.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        assert made[-1].stdout is not None
        assert made[-1].stdout.readline()
        return made[-1]

    yield begin
    for worker in made:
        worker.kill()
        worker.communicate()


def wait_until(done: Callable[[], Any]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < give_up, "it never came to that"
        time.sleep(0.02)


def test_a_killed_worker_takes_its_job_with_it_and_another_goes_on(workspace: Workspace, start: Start) -> None:
    job = jobs.submit(workspace, "deaf", "p")
    worker = start()
    wait_until(lambda: lines(workspace))
    worker.kill()
    # Even in native code that holds the interpreter: nobody does a job twice at once.
    wait_until(lambda: not is_alive(pid_of(workspace)) or state_of(pid_of(workspace)) == "Z")
    start()
    wait_until(lambda: len(lines(workspace)) == 2)
    assert jobs.get(workspace, job.job_id).attempts == 2


def test_a_stopped_worker_hands_its_job_back(workspace: Workspace, start: Start) -> None:
    job = jobs.submit(workspace, "sleep", "p")
    worker = start(600.0)
    wait_until(lambda: lines(workspace))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=PATIENCE_S) == 0
    after = jobs.get(workspace, job.job_id)
    assert (after.status, after.attempts) == (JobStatus.QUEUED, 0)
    assert lines(workspace)[1:] == ["x stops in good order"]


def test_two_workers_do_each_job_once(workspace: Workspace, start: Start) -> None:
    submitted = [jobs.submit(workspace, "mark", "p", {"text": str(number)}) for number in range(12)]
    for _ in range(2):
        start(600.0)
    wait_until(lambda: jobs.counts(workspace)[JobStatus.DONE] == len(submitted))
    assert sorted(lines(workspace), key=int) == [str(number) for number in range(12)]


def test_a_worker_stays_small(tmp_path: Path) -> None:
    program = (
        "import json, sys\n"
        "from src.jobs import Worker\nfrom src.settings import DatabaseSettings, Settings\n"
        "from src.workspace import open_workspace\n"
        f"uri = 'sqlite:///{tmp_path / 'store.db'}'\n"
        f"settings = Settings(data_dir={str(tmp_path)!r}, database=DatabaseSettings(uri=uri))\n"
        "with open_workspace(settings) as workspace:\n"
        "    Worker(workspace).step()\n"
        "    peak = [line for line in open('/proc/self/status') if line.startswith('VmHWM')][0].split()[1]\n"
        "    print(json.dumps([int(peak), sorted(sys.modules)]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    peak_kb, modules = json.loads(done.stdout)
    assert {"cv2", "onnxruntime", "sklearn", "scipy", "av", "tensorflow", "pymongo"}.isdisjoint(modules)
    assert peak_kb < 120_000


def state_of(pid: int) -> str:
    """Return the state of a process, `Z` for one that has ended and that nobody asked about."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


def test_cancelled_from_another_process(workspace: Workspace, start: Start) -> None:
    job = jobs.submit(workspace, "deaf", "p")
    start(600.0)
    wait_until(lambda: lines(workspace))
    jobs.cancel(workspace, job.job_id)
    wait_until(lambda: jobs.get(workspace, job.job_id).status is JobStatus.CANCELLED)
    assert state_of(pid_of(workspace)) == "Z"
    assert os.getpid() != pid_of(workspace)


def test_a_job_gets_the_passwords_of_archives_and_no_secret_of_the_service(workspace: Workspace) -> None:
    archives = {"mine": GraphSettings(prefixes=("http://x/",), password=SecretStr("three"))}
    settings = workspace.settings.model_copy(
        update={
            "antract": AntractSettings(password=SecretStr("one")),
            "limecraft": LimecraftSettings(user="ann", password=SecretStr("two")),
            "sparql": SparqlSettings(archives=archives),
            "server": ServerSettings(session_secret=SecretStr("s" * 40), metrics_token=SecretStr("metrics")),
            "worker": WorkerSettings(webhook_secret=SecretStr("sesame")),
        }
    )

    given = _order(jobs.submit(workspace, "align", "p"), settings)["settings"]

    opened = Settings(**given)
    assert [one.password and one.password.get_secret_value() for one in (opened.antract, opened.memad, opened.limecraft)] == [
        "one",
        None,
        "two",
    ]
    assert opened.sparql == settings.sparql
    assert not any(secret in str(given) for secret in ("ssss", "metrics'", "sesame"))
