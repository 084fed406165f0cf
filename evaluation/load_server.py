"""The service as a process that is measured, what its processes hold in memory, and an analysis beside it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from src.client import Client
from src.errors import AnnotationError, ConfigError

ROOT = Path(__file__).parents[1]
_WAIT_S = 120


@dataclass(frozen=True, slots=True)
class Served:
    """A service that runs: its address, and the process that all others of it come from."""

    address: str
    pid: int


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process holds: `rss_mb` with what it shares counted in full, `pss_mb` with its share of that."""

    pid: int
    rss_mb: float
    pss_mb: float


@dataclass(slots=True)
class Analysing:
    """An analysis that is made again and again: whether it has begun, how often and how far it came, why it failed."""

    running: bool = False
    n_done: int = 0
    progress: float = 0.0
    failed: str = ""


def environment_of(folder: Path) -> dict[str, str]:
    """Return the variables of a service that works on the store of a folder."""
    return os.environ | {
        "FACEREC_ENV_FILE": "",
        "FACEREC_DATA_DIR": str(folder),
        "FACEREC_WEIGHTS_DIR": str((ROOT / "data" / "weights").resolve()),
        "FACEREC_DATABASE__URI": f"sqlite:///{folder / 'facerec.db'}",
        # All clients have one address here, and nobody asks as often as these do.
        "FACEREC_SERVER__FRAMES_PER_MINUTE": "0",
    }


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Start the service on a free port, and end it at the end of the block.

    Raises:
        ConfigError: It does not start.
    """
    log = folder / "server.log"
    command = [sys.executable, "server.py", "--production", "--port", "0"]
    with log.open("w") as file, subprocess.Popen(command, cwd=ROOT, env=environment_of(folder), stderr=file) as process:
        try:
            address = _address(process, log)
            yield Served(address, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_WAIT_S)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _WAIT_S
    while process.poll() is None and time.monotonic() < deadline:
        if found := re.search(r"^Serving (\S+)$", log.read_text(), re.MULTILINE):
            with urllib.request.urlopen(f"{found[1]}/readyz", timeout=_WAIT_S):
                return found[1]
        time.sleep(0.1)
    raise ConfigError(f"The service does not start:\n{log.read_text()[-2000:]}")


def memory_of(pid: int) -> list[Memory]:
    """Return the memory of a process and of all that come from it; nothing where there is no /proc."""
    if not Path("/proc/self/smaps_rollup").exists():
        return []
    family = [pid]
    for one in family:
        family += _children(one)
    return [found for one in family if (found := _memory(one))]


def cpu_of(pid: int) -> float:
    """Return the seconds that a process and its children have computed so far, without the jobs that these have begun."""
    if not Path("/proc/self/stat").exists():
        return float("nan")
    return sum(_cpu(one) for one in (pid, *_children(pid)))


def _children(pid: int) -> list[int]:
    return [int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat") if _parent(stat) == pid]


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0  # it has ended meanwhile
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0  # it has ended meanwhile


def _memory(pid: int) -> Memory | None:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    kb = {found[1]: int(found[2]) for found in re.finditer(r"^(Rss|Pss):\s+(\d+) kB", text, re.MULTILINE)}
    return Memory(pid, kb.get("Rss", 0) / 1000, kb.get("Pss", 0) / 1000)


@contextmanager
def analysing(address: str, video: Path) -> Iterator[Analysing]:
    """Have the service analyse a video again and again, as a job among its own, until the end of the block.

    Args:
        address: Of the service.
        video: Uploaded to it.
    """
    state, over, client = Analysing(), threading.Event(), Client(address, None)

    def work() -> None:
        try:
            video_id = client.upload(video)["video_id"]
            while not over.is_set() and not state.failed:
                _analyse(client, video_id, state, over)
        except (AnnotationError, OSError) as err:
            state.failed = str(err)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        _wait_for(state)
        yield state
    finally:
        over.set()
        thread.join(_WAIT_S)


def _analyse(client: Client, video_id: str, state: Analysing, over: threading.Event) -> None:
    """Have it analysed once, or until it is over."""
    job = client.submit("meanwhile", "analyse", video_id=video_id, video_speedup=1, no_cache=True)
    while job["status"] in ("queued", "running"):
        if over.wait(0.5):
            client.post(f"/jobs/{job['job_id']}/cancel")
            return
        job = client.get(f"/jobs/{job['job_id']}")
        state.running = state.running or job["status"] == "running"
        state.progress = job["progress"]
    state.n_done += job["status"] == "done"
    state.failed = job["error"]


def _wait_for(state: Analysing) -> None:
    """Return when the analysis is under way."""
    deadline = time.monotonic() + _WAIT_S
    while not state.running and not state.failed and time.monotonic() < deadline:
        time.sleep(0.1)
    if not state.running:
        raise ConfigError(f"The analysis does not begin: {state.failed or 'no worker took it up'}")
