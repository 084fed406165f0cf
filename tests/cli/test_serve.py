"""The service as a process: it says where it listens, answers, and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("program", [["server.py"], ["-m", "src", "serve"]], ids=" ".join)
def test_serves_until_interrupted(tmp_path: Path, program: list[str]) -> None:
    environment = os.environ | {"FACEREC_DATABASE__URI": f"sqlite:///{tmp_path / 'store.db'}"}
    command = [sys.executable, *program, "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            line = server.stderr.readline()
            assert line.startswith("Serving http://127.0.0.1:")
            with urllib.request.urlopen(f"{line.split()[1]}/projects", timeout=60) as answer:
                assert json.load(answer) == []
        finally:
            server.send_signal(signal.SIGINT)
        try:
            assert server.wait(timeout=60) == 0
        finally:
            server.kill()  # does nothing where it has ended; else leaving this block would wait for ever
        assert "Traceback" not in server.stderr.read()
    assert [file.name for file in tmp_path.iterdir()] == ["store.db"]
