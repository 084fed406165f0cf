"""The process of one job: `python -m src.jobs.child`, started by a worker, with an order in JSON as its first line of input.

A process of its own can be cancelled whatever native code it is in, and takes only its job down when that code crashes. The
input stays open as long as the worker lives; when it ends, so does this process, since the job will be somebody else's.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

from .. import logs
from ..cli import INTERRUPTED
from ..errors import AnnotationError, StorageError
from ..records import Job
from ..settings import Settings
from ..storage import Store
from ..workspace import Workspace, open_workspace
from .kinds import KINDS
from .leases import finish
from .priority import step_back
from .reporting import JobProgress
from .runs import Outcome

LOST = 3
"""Status of a process whose job is somebody else's."""
_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl."""

logger = logging.getLogger(__name__)


def main() -> int:
    """Do the job of the order, and return a status: 0 where the store says how it ended."""
    line = sys.stdin.readline()
    if not line:  # the worker died before it said what to do
        return LOST
    order = json.loads(line)
    step_back(order["nice"])
    _die_with(order["worker_pid"])
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = Settings(**order["settings"])
    logs.configure(settings.log.level, settings.log.format)
    try:
        with logs.of_job(order["job_id"]):
            return _work(settings, order["job_id"], order["owner"])
    except KeyboardInterrupt:
        return INTERRUPTED
    except AnnotationError as err:  # of the store: nobody can be told how the job ended
        logger.warning("%s", err)
        return 1


def _work(settings: Settings, job_id: str, owner: str) -> int:
    with open_workspace(settings) as workspace:
        job = workspace.store.get(Job, job_id)
        if job is None or job.owner != owner:
            return LOST
        params = KINDS[job.kind].params.model_validate(job.params)
        workspace.progress = JobProgress(workspace.store, job, KINDS[job.kind].steps(params), _leave)
        outcome, code = _outcome(workspace, job, params)
        after = finish(workspace.store, job, outcome.result, outcome.error, code)
        if after is not None and KINDS[job.kind].forgets:
            _scrub(workspace.store)
    return 0 if after is not None else LOST


def _scrub(store: Store) -> None:
    """Write the database anew without what was deleted; where others never let go of it, the next one to do so does that."""
    with suppress(StorageError):
        store.scrub()


def _outcome(workspace: Workspace, job: Job, params: Any) -> tuple[Outcome, str]:
    """Do the job, and return what came of it with a code where it failed."""
    try:
        outcome = KINDS[job.kind].run(workspace, job, params)
    except AnnotationError as err:
        return Outcome(error=str(err)), type(err).__name__
    except MemoryError:
        return Outcome(error="There was not enough memory. Give the worker fewer slots, or the machine more."), "MemoryError"
    except Exception as err:
        logger.warning("%s ended unexpectedly", job.kind, exc_info=True)
        text = f"{type(err).__name__}: {err}".splitlines()[0][:500]  # some put a traceback of theirs into their words
        return Outcome(error=f"Something unexpected happened ({text}). The log of the worker says more."), "unexpected"
    return outcome, "no_result" if outcome.error else ""


def _interrupt(_signal: int, _frame: object) -> None:
    # As Ctrl-C does it, which the stages know how to take. Once: a second one would disturb what the first one set off.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _leave() -> None:
    """End at once: the job is another process's, and what was begun here is safe to go on from, as after any kill."""
    os._exit(LOST)


def _die_with(worker_pid: int) -> None:
    """See to it that this process does not outlive its worker, however that one dies."""
    if sys.platform == "linux":
        # Also where a thread that holds the interpreter would keep the other way from working.
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != worker_pid:
            _leave()
    threading.Thread(target=_watch_input, daemon=True).start()


def _watch_input() -> None:
    sys.stdin.read()
    _leave()


if __name__ == "__main__":
    sys.exit(main())
