"""Those who are killed: workers, the processes of their jobs, and a server with a worker inside."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

WORKER, JOB, SERVER = "worker", "job process", "server"
BUSY, IDLE = "busy", "idle"
_WANTED = {JOB: 0.4, WORKER: 0.35, SERVER: 0.25}
"""How the kills are shared out."""
_IDLE_TOO = 0.1
"""So often one is killed that does nothing at the moment."""
_STOPPED = 0.1
"""So often a worker is told to stop instead, which is no kill."""


class Crew:
    """A server and some workers, each a process, any of which can be killed at any time; another one takes its place."""

    def __init__(self, folder: Path, n_workers: int, chance: random.Random, lease_s: float) -> None:
        """Start them."""
        self._folder, self._chance, self._lease_s = folder, chance, lease_s
        self.port = _free_port()
        self._workers = [self._start_worker() for _ in range(n_workers)]
        self._server = self._start_server()
        self.killed: Counter[tuple[str, str]] = Counter()
        self.stopped = 0

    @property
    def n_kills(self) -> int:
        """Processes killed by SIGKILL so far; a server with all that answers counts as one."""
        return self.killed.total()

    def strike(self) -> None:
        """Kill one of them, mostly one that is at work, or tell a worker to stop."""
        what = self._chance.choices(tuple(_WANTED), tuple(_WANTED.values()))[0]
        idle_too = self._chance.random() < _IDLE_TOO
        if what == JOB:
            self._kill_job()
        elif what == WORKER:
            self._kill_worker(idle_too)
        else:
            self._kill_server(idle_too)

    def tend(self) -> None:
        """Start the server anew where it has ended by itself: who was killed may hold its address for a moment."""
        if self._server.poll() is not None:
            self._end_server()
            self._server = self._start_server()

    def dismiss(self) -> None:
        """Let all go home."""
        for process in (*self._workers, self._server):
            process.terminate()
        for process in (*self._workers, self._server):
            process.wait()
        self._end_server()

    def _end_server(self) -> None:
        """Kill all that is left of the server: one that was told to end while it began leaves processes behind for a moment."""
        with suppress(ProcessLookupError):
            os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()

    def _kill_job(self) -> None:
        found = [child for process in (*self._workers, *self._answering()) for child in _jobs_of(_pid(process))]
        if found:
            with suppress(ProcessLookupError):
                os.kill(self._chance.choice(found), signal.SIGKILL)
                self.killed[JOB, BUSY] += 1

    def _kill_worker(self, idle_too: bool) -> None:
        busy = [worker for worker in self._workers if _jobs_of(worker.pid)]
        if not busy and not idle_too:
            return
        worker = self._chance.choice(busy or self._workers)
        if self._chance.random() < _STOPPED:
            worker.terminate()
            self.stopped += 1
        else:
            worker.kill()
            self.killed[WORKER, BUSY if busy else IDLE] += 1
        worker.wait()
        self._workers.remove(worker)
        self._workers.append(self._start_worker())

    def _kill_server(self, idle_too: bool) -> None:
        is_busy = any(_jobs_of(pid) for pid in self._answering())
        if not self._answers() or not (is_busy or idle_too):
            return
        # All of it at once, as when the machine runs out of memory, or its plug is pulled.
        self._end_server()
        self.killed[SERVER, BUSY if is_busy else IDLE] += 1
        self._server = self._start_server()

    def _answering(self) -> list[int]:
        """Return the processes of the server that answer requests, one of which does jobs too."""
        return _children(self._server.pid)

    def _answers(self) -> bool:
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def _start_worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.jobs.serve", str(self._folder), str(self._lease_s)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def _start_server(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.load.server", str(self._folder), str(self._lease_s), str(self.port)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def _pid(process: subprocess.Popen[bytes] | int) -> int:
    return process if isinstance(process, int) else process.pid


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _jobs_of(pid: int) -> list[int]:
    """Return the processes of jobs that a worker has at present: each is the first of its own session."""
    found = []
    for child in _children(pid):
        with suppress(ProcessLookupError):
            if os.getsid(child) == child:
                found.append(child)
    return found


def _children(pid: int) -> list[int]:
    """Return the processes that another one started, by whichever of its threads."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found
