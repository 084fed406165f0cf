"""Processes that take work one piece after the other, and tell how far they are.

Each is started anew (`spawn`), opens a store and an engine of its own, and keeps to its share of the cores, so that decoders,
networks and OpenCV, which all ask how many cores there are, do not start more threads than that together.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ..engines import usable_cores
from ..progress import Progress, Task
from ..settings import Settings
from ..workspace import Workspace, open_workspace

_REPORT_EVERY_S = 0.2
_PATIENCE_S = 10.0
"""How long a process has for letting go of its store when all is stopped."""

Work = Callable[[Workspace, Any], Any]
"""What a process does with a piece of work: a function of a module, as it is found again by name in another process."""


@dataclass(frozen=True, slots=True)
class Died:
    """A piece of work whose process ended in the midst of it, and how it ended."""

    why: str


@dataclass(slots=True, eq=False)
class _Worker:
    """A process, its cores, and what it is busy with: the number of its piece, and the tasks that it shows."""

    process: BaseProcess
    connection: Connection
    share: list[int]
    number: int
    tasks: dict[int, tuple[Task, ExitStack]] = field(default_factory=dict)


class Workers:
    """A number of processes, stopped at the end of a `with` block, whatever happened in it."""

    def __init__(self, settings: Settings, progress: Progress, work: Work, n: int) -> None:
        """Start nothing yet.

        Args:
            settings: What each process works with; its threads are shared out.
            progress: Who is told how far they are.
            work: What they do.
            n: How many, from 1.
        """
        self._shares = shares_of(usable_cores(), n)
        self._settings, self._progress, self._work = settings, progress, work
        self._busy: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._waiting: deque[tuple[int, Any]] = deque()
        self._reach = sys.maxsize

    def run(self, pieces: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield the number of each piece of work with what came of it, `Died` where nothing did, as they are finished."""
        self.begin(pieces)
        while self._busy:
            yield from self.hear()

    def begin(self, pieces: Sequence[Any], reach: int = sys.maxsize) -> None:
        """Let the processes start on pieces of work; what comes of these is told by `hear`.

        Args:
            pieces: All that there is to do, in order.
            reach: Pieces from this number on wait until `allow` lets them be done.
        """
        self._waiting, self._reach = deque(enumerate(pieces)), reach
        for share in self._shares[: len(pieces)]:
            self._busy.append(self._started(share, self._waiting.popleft()))

    def allow(self, reach: int) -> None:
        """Let pieces below this number be done; more than before."""
        self._reach = reach
        while self._idle and self._waiting and self._waiting[0][0] < reach:
            worker = self._idle.pop()
            self._busy.append(worker)
            self._give(worker)

    def hear(self, timeout_s: float | None = None) -> list[tuple[int, Any]]:
        """Listen to all processes, and return what came of the pieces that were finished.

        Args:
            timeout_s: How long to wait until any of them says something; None for as long as it takes.
        """
        finished = []
        for connection in wait([worker.connection for worker in self._busy], timeout_s):
            worker = next(worker for worker in self._busy if worker.connection is connection)
            has_finished, result = self._hear(worker)
            if has_finished:
                finished.append((worker.number, result))
                self._go_on(worker, isinstance(result, Died))
        return finished

    def stop(self) -> None:
        """End all processes: each closes its store first, if it does so soon."""
        workers = [*self._busy, *self._idle]
        for worker in workers:
            worker.process.terminate()
        deadline = time.monotonic() + _PATIENCE_S
        for worker in workers:
            worker.process.join(max(deadline - time.monotonic(), 0))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            _close_tasks(worker)
            worker.connection.close()
        self._busy, self._idle = [], []

    def __enter__(self) -> Workers:
        """Stop at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, whatever happened."""
        self.stop()

    def _started(self, share: list[int], piece: tuple[int, Any]) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        # Detecting and embedding go on at once in each.
        threads = min(self._settings.threads or max(1, len(share) // 2), len(share))
        settings = self._settings.model_copy(update={"threads": threads})
        # No daemon: it may have processes of its own. It ends with us all the same, as nobody is at the other end any more.
        process = context.Process(target=_serve, args=(theirs, settings, self._work), daemon=False)
        with _deaf(), _kept_to(share):
            process.start()
        theirs.close()
        worker = _Worker(process, ours, share, piece[0])
        with suppress(OSError):  # it is dead already, which is found out when it is listened to
            ours.send(piece[1])
        return worker

    def _go_on(self, worker: _Worker, is_dead: bool) -> None:
        """Give a process that has finished its next piece, or another process in its place where it died."""
        _close_tasks(worker)
        if self._waiting and not is_dead:
            if self._waiting[0][0] < self._reach:
                self._give(worker)
            else:
                self._busy.remove(worker)
                self._idle.append(worker)
            return
        self._busy.remove(worker)
        _dismiss(worker)
        if self._waiting:
            self._busy.append(self._started(worker.share, self._waiting.popleft()))
            return
        for other in self._busy:  # nobody else needs these cores any more
            _widen(other.process.pid, usable_cores())

    def _give(self, worker: _Worker) -> None:
        worker.number, piece = self._waiting.popleft()
        with suppress(OSError):  # it is dead, which is found out when it is listened to
            worker.connection.send(piece)

    def _hear(self, worker: _Worker) -> tuple[bool, Any]:
        """Take one message of a process; return whether it has finished its piece, and with what."""
        try:
            kind, *values = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(_PATIENCE_S)
            return True, Died(_ending(worker.process.exitcode))
        if kind == "finished":
            return True, values[0]
        if kind == "open":
            number, label, total, unit = values
            stack = ExitStack()
            worker.tasks[number] = stack.enter_context(self._progress.task(label, total, unit)), stack
        elif kind == "advance":
            worker.tasks[values[0]][0].advance(values[1])
        elif kind == "close":
            worker.tasks.pop(values[0])[1].close()
        else:
            self._progress.message(values[0])
        return False, None


def share_of_cores(n_pieces: int, asked: int = 0) -> int:
    """Return how many processes are of use.

    Args:
        n_pieces: How much there is to do.
        asked: How many were asked for; 0 for two cores each, as decoding and networks overlap, and 2 GB of memory each.
    """
    if not asked:
        n_cores = len(usable_cores())
        # A process that keeps to some of the cores has as much of the memory.
        memory = _memory_bytes() * n_cores // max(os.cpu_count() or 1, n_cores)
        asked = min(n_cores // 2, memory // 2_000_000_000)
    return max(1, min(asked, n_pieces))


def shares_of(cores: Sequence[int], n: int) -> list[list[int]]:
    """Return the cores that each of n processes keeps to: as many for each as for the others, at least one."""
    edges = [k * len(cores) // n for k in range(n + 1)]
    return [list(cores[first:last]) or [cores[first % len(cores)]] for first, last in pairwise(edges)]


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return sys.maxsize  # Windows does not say: the number of cores decides


@contextmanager
def _kept_to(cores: list[int]) -> Iterator[None]:
    """Let processes that are started in the block use only these cores; where the system cannot say so, all."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _deaf() -> Iterator[None]:
    """Let processes that are started in the block never hear Ctrl-C, which a terminal sends to all: we stop them in order."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _widen(pid: int | None, cores: list[int]) -> None:
    """Let all threads of a process use these cores, where the system can."""
    with suppress(OSError, AttributeError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)


def _close_tasks(worker: _Worker) -> None:
    """End what a process began to show and did not end, because its work failed."""
    for _, stack in worker.tasks.values():
        stack.close()
    worker.tasks.clear()


def _dismiss(worker: _Worker) -> None:
    """Let a process go that has nothing more to do."""
    with suppress(OSError):
        worker.connection.send(None)
    worker.process.join(_PATIENCE_S)
    worker.connection.close()


def _ending(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        hint = ", perhaps for want of memory: try fewer --jobs" if -exit_code == getattr(signal, "SIGKILL", 9) else ""
        return f"its process was ended by {name}{hint}"
    return f"its process ended with status {exit_code}"


def _serve(connection: Connection, settings: Settings, work: Work) -> None:
    """Do pieces of work until there are no more: what a process runs."""
    stop = _Stop()
    signal.signal(signal.SIGTERM, stop)
    _quiet_opencv(settings.threads)
    relay = _Relay(connection)
    # Stopped, or whoever started us is gone: what is stored up to here can be gone on with.
    with suppress(KeyboardInterrupt, BrokenPipeError, ConnectionResetError, EOFError), open_workspace(settings, relay) as space:
        while not stop.asked and (piece := connection.recv()) is not None:
            result = work(space, piece)
            if not stop.asked:  # else whatever came of it came of the stopping
                relay.send("finished", result)


class _Stop:
    """Interrupts the work of this process when it is told to end."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, *_: object) -> None:
        self.asked = True
        # Work that is torn apart may fail in many ways on its way out; none of them is worth a word.
        logging.disable(logging.CRITICAL)
        raise KeyboardInterrupt


def _quiet_opencv(threads: int) -> None:
    import cv2

    cv2.setNumThreads(threads)


class _Relay(Progress):
    """Sends what a process has to say to the one that started it; several threads may speak."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._n_tasks = connection, 0
        self._lock = threading.Lock()

    def send(self, *message: Any) -> None:
        """Send one message."""
        with self._lock:
            self._connection.send(message)

    @contextmanager
    def task(self, label: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        """Open a task there; one that fails is closed there with the piece of work."""
        self._n_tasks += 1
        task = _RelayedTask(self, self._n_tasks)
        self.send("open", task.number, label, total, unit)
        yield task
        task.flush()
        self.send("close", task.number)

    def message(self, text: str) -> None:
        """Say it there."""
        self.send("message", text)


class _RelayedTask(Task):
    """Counts here, and tells a few times a second: the other one hears of many."""

    def __init__(self, relay: _Relay, number: int) -> None:
        self.number = number
        self._relay, self._amount, self._next = relay, 0.0, 0.0

    def advance(self, amount: float = 1.0) -> None:
        """Count."""
        self._amount += amount
        if time.monotonic() >= self._next:
            self.flush()

    def flush(self) -> None:
        """Tell."""
        self._relay.send("advance", self.number, self._amount)
        self._amount, self._next = 0.0, time.monotonic() + _REPORT_EVERY_S
