"""A small number of kills in every run of the tests; `python -m tests.load.kills` kills more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes as Linux shows them")
def test_no_job_is_lost_and_none_is_done_twice(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.load.kills", "--kills", "8", "--seed", "2024", "--scratch", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, env=dict(os.environ))
    *table, last = done.stdout.splitlines()
    said = json.loads(last)
    assert said["problems"] == []
    assert said["kills"] == sum(said["killed"].values()) == 8
    assert (said["lost"], said["done_twice"]) == (0, 0)
    assert {"jobs lost 0", "jobs done twice with effect 0"} <= set(table)
    assert done.returncode == 0
