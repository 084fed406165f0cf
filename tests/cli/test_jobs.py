"""The verbs `jobs` and `worker`, with the program that does jobs in earnest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from src.__main__ import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of this test."""
    monkeypatch.setenv("FACEREC_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FACEREC_DATABASE_URI", f"sqlite:///{tmp_path / 'data' / 'facerec.db'}")
    monkeypatch.setenv("FACEREC_WORKER__POLL_S", "0.05")


def submit(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["jobs", "submit", *arguments]) == 0
    return capsys.readouterr().out.strip()


def test_from_submission_to_a_failure_that_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    job_id = submit(capsys, "export", "--project", "p", "--params", '{"video": "a.mp4", "format": "mot"}')
    assert submit(capsys, "export", "--project", "p", "--params", '{"format": "mot", "video": "a.mp4"}') == job_id
    assert main(["worker", "--until_idle"]) == 0
    assert main(["jobs", "show", job_id, "--follow"]) == 1
    shown = capsys.readouterr().out
    assert "queued" in shown
    assert "begins, attempt 1" in shown
    assert 'failed There is no project "p"' in shown
    assert main(["jobs", "list", "--status", "failed", "--project", "p", "--kind", "export"]) == 0
    assert capsys.readouterr().out.startswith(f"{job_id}  failed")
    assert main(["jobs", "retry", job_id]) == 0
    assert main(["jobs", "cancel", job_id]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{job_id} is queued", f"{job_id} is cancelled"]
    assert main(["jobs", "list", "--status", "queued"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["show", "x"], 1, "There is no job 'x'"),
        (["cancel", "x"], 1, "There is no job 'x'"),
        (["retry", "x"], 1, "There is no job 'x'"),
        (["submit", "track", "--project", "p"], 1, "track: video: Field required"),
        (["submit", "track", "--project", "p", "--params", "{"], 1, "--params is no JSON"),
        (["submit", "track", "--project", "p", "--params", "[]"], 1, "--params must be an object"),
        (["submit", "dance", "--project", "p"], 2, "dance"),
        (["list", "--status", "lost"], 2, "lost"),
    ],
)
def test_bad_input(arguments: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs", *arguments]) == status
    assert message in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_ends_when_it_is_told_to(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "src", "worker"]
    with subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr is not None
        try:
            assert "waits for jobs in" in worker.stderr.readline()
        finally:
            worker.send_signal(number)
        assert worker.wait(timeout=60) == 0
        assert "has stopped; 0 jobs are queued" in worker.stderr.read()
