"""Kinds of jobs that misbehave, for tests: they sleep, crash, fail, or leave a mark of each time they are done."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from src.errors import GalleryError
from src.jobs.kinds import KINDS, Kind
from src.jobs.leases import finish
from src.jobs.params import NoParams, Params
from src.jobs.runs import Outcome
from src.records import Job
from src.workspace import Workspace

COMMAND = (sys.executable, "-m", "tests.jobs.child")
"""Starts the process of a job that knows these kinds."""


class MarkParams(Params):
    """`text` is what is left behind."""

    text: str = "x"


class CrashParams(Params):
    """`times` is how often it crashes before it does not any more; `by` is the signal."""

    times: int = 1
    by: int = signal.SIGABRT


def marks(workspace: Workspace) -> Path:
    """The file in which marks are left."""
    return workspace.data_dir / "marks.txt"


def _mark(workspace: Workspace, text: str) -> None:
    marks(workspace).parent.mkdir(parents=True, exist_ok=True)
    with marks(workspace).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def mark(workspace: Workspace, job: Job, params: MarkParams) -> Outcome:
    """Leave a mark."""
    with workspace.progress.task("Marking", 2, "marks") as task:
        task.advance()
        workspace.progress.message("half-way")
        _mark(workspace, params.text)
        task.advance()
    return Outcome({"text": params.text, "by": job.submitted_by})


def sleep(workspace: Workspace, _job: Job, params: MarkParams) -> Outcome:
    """Sleep for ever, in Python, and say goodbye when asked to end."""
    try:
        with workspace.progress.task("Sleeping", 10) as task:
            task.advance(3)
            _mark(workspace, f"{params.text} begins {os.getpid()}")
            time.sleep(600)
    except KeyboardInterrupt:
        _mark(workspace, f"{params.text} stops in good order")
        raise
    return Outcome()


def deaf(workspace: Workspace, _job: Job, params: MarkParams) -> Outcome:
    """Sleep for ever in native code that holds the interpreter, as the worst of libraries does."""
    _mark(workspace, f"{params.text} begins {os.getpid()}")
    ctypes.PyDLL(None).sleep(600)
    return Outcome()


def tidy(workspace: Workspace, job: Job, params: MarkParams) -> Outcome:
    """Say that it is done, and put things in order afterwards, as an erasure does."""
    finish(workspace.store, job, {})
    time.sleep(1.0)
    _mark(workspace, params.text)
    return Outcome()


def crash(workspace: Workspace, _job: Job, params: CrashParams) -> Outcome:
    """End by a signal so many times, then leave a mark."""
    _mark(workspace, "try")
    if marks(workspace).read_text().count("try") <= params.times:
        os.kill(os.getpid(), params.by)
        time.sleep(600)
    return Outcome({"survived": True})


def fail(_workspace: Workspace, job: Job, _params: NoParams) -> Outcome:
    """Fail as the stages do."""
    raise GalleryError(f'Project "{job.project}" has no model. Run: train --project {job.project}')


def surprise(_workspace: Workspace, _job: Job, _params: NoParams) -> Outcome:
    """Fail as nobody expected."""
    raise ZeroDivisionError("division by zero")


TEST_KINDS: dict[str, Any] = {
    "mark": Kind("mark", MarkParams, mark, in_turn=False),
    "turn": Kind("turn", MarkParams, mark),
    "sleep": Kind("sleep", MarkParams, sleep, in_turn=False),
    "deaf": Kind("deaf", MarkParams, deaf, in_turn=False),
    "tidy": Kind("tidy", MarkParams, tidy, in_turn=False),
    "crash": Kind("crash", CrashParams, crash, in_turn=False),
    "fail": Kind("fail", NoParams, fail, in_turn=False),
    "surprise": Kind("surprise", NoParams, surprise, in_turn=False),
}


def install() -> None:
    """Add these kinds to the real ones, in this process."""
    KINDS.update(TEST_KINDS)
