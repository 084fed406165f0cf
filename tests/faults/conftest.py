"""What the tests of faults share: one prepared data folder and one film, made once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from src.engines import ENGINES
from src.engines.base import ScorePrior
from src.engines.fake import make_fake_engine
from src.engines.registry import EngineEntry
from tests.faults import library

ENTRY = EngineEntry(lambda _weights, _threads: make_fake_engine(), ScorePrior(threshold=0.5, slope=20.0, margin=2.0))


@pytest.fixture(autouse=True)
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `fake` name the engine without weights."""
    monkeypatch.setitem(ENGINES, "fake", ENTRY)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a project of twenty videos; to be copied, not to be worked in."""
    folder = tmp_path_factory.mktemp("prepared") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENGINES, "fake", ENTRY)  # type: ignore[arg-type]
        library.build(folder)
    return folder


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 64 samples."""
    return library.draw_film(tmp_path_factory.mktemp("films") / "a" / "film.mp4")


def run_program(name: str, *arguments: object) -> str:
    """Run a program of this folder to its end and return what it printed."""
    program = [sys.executable, "-m", f"tests.faults.{name}", *map(str, arguments)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300, env={**os.environ})
    assert done.returncode == 0, done.stderr
    return done.stdout
