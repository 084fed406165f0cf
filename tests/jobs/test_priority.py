"""Jobs step back behind the service, in the eyes of whatever shares the time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from src import jobs
from src.jobs import Worker
from src.workspace import Workspace
from tests.jobs.conftest import step_until
from tests.jobs.test_worker import begun, pid_of

ROOT = Path(__file__).parents[2]
STEP = "import os, sys; from src.jobs.priority import step_back; step_back(int(sys.argv[1])); print(os.nice(0))"


def group_of(pid: int | str) -> list[str]:
    """Return `nice` and its value as Linux shares time between sessions; nothing where it does not."""
    path = Path(f"/proc/{pid}/autogroup")
    return path.read_text().split()[1:] if path.exists() else []


@pytest.mark.skipif(sys.platform == "win32", reason="has other steps")
@pytest.mark.parametrize("nice", [0, 7, 19])
def test_what_runs_from_now_on_steps_back(nice: int) -> None:
    here = os.nice(0)
    command = [sys.executable, "-c", STEP, str(nice)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, start_new_session=True).stdout
    assert int(told) == min(here + nice, 19)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them")
def test_a_job_steps_back_and_its_worker_does_not(workspace: Workspace, make_worker: Callable[..., Worker]) -> None:
    before = group_of("self")
    worker, here = make_worker(nice=7), os.nice(0)
    job = jobs.submit(workspace, "sleep", "p")
    step_until(worker, begun(workspace))
    pid = pid_of(workspace)
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(here + 7, 19)
    if before:
        assert group_of(pid) == ["nice", "7"]
    assert group_of("self") == before
    jobs.cancel(workspace, job.job_id)
    step_until(worker, lambda: not worker.busy)
