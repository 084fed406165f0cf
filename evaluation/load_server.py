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

from src.errors import ConfigError

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
    """An analysis that is made again and again: how often it came to its end, and the status it failed with."""

    n_done: int = 0
    failed: int | None = None


def environment_of(folder: Path) -> dict[str, str]:
    """Return the variables of a program that works on the store of a folder."""
    return os.environ | {
        "FACEREC_ENV_FILE": "",
        "FACEREC_DATA_DIR": str(folder),
        "FACEREC_WEIGHTS_DIR": str((ROOT / "data" / "weights").resolve()),
        "FACEREC_DATABASE__URI": f"sqlite:///{folder / 'facerec.db'}",
        # All clients have one address here, and would share what one of them may ask a minute.
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
    parents = {int(stat.parent.name): _parent(stat) for stat in Path("/proc").glob("[0-9]*/stat")}
    family = [pid]
    for one in family:
        family += [child for child, parent in parents.items() if parent == one]
    return [found for one in family if (found := _memory(one))]


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
def analysing(video: Path, folder: Path) -> Iterator[Analysing]:
    """Analyse a video again and again in a process beside, into the same store, until the end of the block."""
    state, over = Analysing(), threading.Event()
    command = [sys.executable, "-m", "src", "track", "--video", str(video.resolve()), "--project", "meanwhile"]
    current: list[subprocess.Popen[bytes]] = []

    def work() -> None:
        speedup = 1
        while not over.is_set():
            # Another density is another analysis: what has been done is not done again.
            flags = ["--video_speedup", str(speedup)]
            process = subprocess.Popen(
                [*command, *flags], cwd=ROOT, env=environment_of(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            current[:] = [process]
            if over.is_set():
                process.terminate()
            status = process.wait()
            state.n_done += status == 0
            if status and not over.is_set():
                state.failed = status
                return
            speedup = speedup % 50 + 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield state
    finally:
        over.set()
        for process in current:
            process.terminate()
        thread.join(_WAIT_S)
