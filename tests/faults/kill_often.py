"""Kills a worker again and again at random moments, lets it end at last, and compares with a run that nobody disturbed.

Run as a program by tests: `python -m tests.faults.kill_often KIND PREPARED SCRATCH FILM SEED`. The worker is a process of
its own, forked from this one so that nothing need be imported anew, and killed by SIGKILL. Half of the kills come after a
random time, half at a random write to the store, just before it or just after. What the killed worker did stays, and the next
worker goes on from there. Whenever one gets to its end the result is compared, and all begins anew.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from src.storage.sqlite import SqliteStore
from tests.faults.library import contents, differences, fake_workspace, files, work

N_KILLS = 20


def fork(job: Callable[[], None]) -> int:
    """Start a process that does a job and ends; return its id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        job()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def wait(pid: int) -> int:
    """Return the status of a process that has ended, negative where a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def watch_writes(at_write: Callable[[int, bool], None]) -> None:
    """Have a function called before and after every write of this process, with the number of the write."""
    count = [0]

    def watched(write: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            count[0] += 1
            number = count[0]
            at_write(number, False)
            result = write(*args, **kwargs)
            at_write(number, True)
            return result

        return call

    for name in ("put", "delete"):
        setattr(SqliteStore, name, watched(getattr(SqliteStore, name)))


def snapshot(folder: Path) -> dict[str, Any]:
    """Return all records and results of a data folder."""
    with fake_workspace(folder) as workspace:
        return contents(workspace.store) | files(folder)


class Trial:
    """One kind of work, killed often."""

    def __init__(self, kind: str, prepared: Path, scratch: Path, film: Path, seed: int) -> None:
        """Do the work once without a disturbance, to know what must come out and how long that takes."""
        self._kind, self._prepared, self._film = kind, prepared, film
        self._folder, self._random = scratch / "rough", random.Random(seed)
        self._n_writes, modules = self._undisturbed(scratch / "first")
        for name in modules:
            with suppress(ImportError):  # modules of C bring some along that have no file
                importlib.import_module(name)
        started = time.monotonic()
        self._undisturbed(scratch / "calm")
        self._seconds = time.monotonic() - started
        self.wanted = snapshot(scratch / "calm")
        self._reset()

    def run(self) -> dict[str, Any]:
        """Kill and begin again, and return what came of it."""
        kills, ends, problems = 0, 0, []
        while kills < N_KILLS and not problems:
            status = self._disturbed(by_time=kills % 2 == 0)
            if status == -signal.SIGKILL:
                kills += 1
                continue
            ends += 1
            problems += self._compared(status)
            self._reset()
        problems += self._compared(wait(fork(lambda: work(self._kind, self._folder, self._film))))
        return {"kills": kills, "ends": ends, "writes": self._n_writes, "problems": problems}

    def _undisturbed(self, folder: Path) -> tuple[int, list[str]]:
        """Do the work in a copy; return how often it writes, and what it imports late, which no killed worker need do."""
        shutil.copytree(self._prepared, folder)
        tally = folder.with_suffix(".json")
        assert wait(fork(lambda: self._counted(folder, tally))) == 0, "the undisturbed run failed"
        n_writes, modules = json.loads(tally.read_text())
        return n_writes, modules

    def _counted(self, folder: Path, tally: Path) -> None:
        numbers, before = [0], set(sys.modules)
        watch_writes(lambda number, _after: numbers.append(number))
        work(self._kind, folder, self._film)
        tally.write_text(json.dumps([max(numbers), sorted(set(sys.modules) - before)]))

    def _disturbed(self, by_time: bool) -> int:
        if by_time:
            pid = fork(lambda: work(self._kind, self._folder, self._film))
            time.sleep(self._random.uniform(0, self._seconds))
            os.kill(pid, signal.SIGKILL)
            return wait(pid)
        fatal = (self._random.randint(1, self._n_writes), self._random.random() < 0.5)
        return wait(fork(lambda: self._dying(fatal)))

    def _dying(self, fatal: tuple[int, bool]) -> None:
        watch_writes(lambda *moment: os.kill(os.getpid(), signal.SIGKILL) if moment == fatal else None)
        work(self._kind, self._folder, self._film)

    def _compared(self, status: int) -> list[str]:
        return [f"status {status}"] * bool(status) + differences(self.wanted, snapshot(self._folder))

    def _reset(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(self._prepared, self._folder)


def main(kind: str, prepared: str, scratch: str, film: str, seed: str) -> None:
    """Run a trial and print what came of it as JSON."""
    print(json.dumps(Trial(kind, Path(prepared), Path(scratch), Path(film), int(seed)).run()))


if __name__ == "__main__":
    main(*sys.argv[1:])
