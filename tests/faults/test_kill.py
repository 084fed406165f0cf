"""Killed at any moment, a stage is run again and comes to the same end: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.faults.conftest import run_program
from tests.faults.kill_often import N_KILLS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@pytest.mark.parametrize("kind", ["track", "identify", "clusterize"])
def test_killed_at_random_moments(kind: str, prepared: Path, film: Path, tmp_path: Path) -> None:
    said = json.loads(run_program("kill_often", kind, prepared, tmp_path, film, 2024))
    assert said["problems"] == []
    assert said["kills"] == N_KILLS
    assert said["writes"] > 10
