"""The service as a process of its own, as people run it, and what a test asks it."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120


@dataclass(slots=True)
class Reply:
    """What was answered; `json` reads its body."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass(slots=True)
class Service:
    """A service that runs. `lines` is what it wrote to standard error after it said where it listens."""

    process: subprocess.Popen[str]
    address: str
    context: ssl.SSLContext | None = None
    lines: list[str] = field(default_factory=list)
    _reader: threading.Thread | None = None

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask for a path, and return the answer whatever its status is."""
        request = urllib.request.Request(self.address + path, headers=dict(headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S, context=self.context) as answer:
                return Reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as err:
            with err:
                return Reply(err.code, err.headers, err.read())

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal and return its status; all it wrote is in `lines` then."""
        self.process.send_signal(number)
        status = self.process.wait(timeout=PATIENCE_S)
        self.finish_reading()
        return status

    def finish_reading(self) -> None:
        """Wait until all that it wrote has been read."""
        if self._reader:
            self._reader.join(PATIENCE_S)

    def follow(self) -> None:
        """Read what it writes, so that it never waits for a reader."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(line.rstrip("\n") for line in self.process.stderr)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of a log in JSON, read."""
        return [json.loads(line) for line in self.lines]


@contextmanager
def running(
    folder: Path,
    *flags: str,
    program: str | None = None,
    environment: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
    command: Sequence[str] = ("server.py", "--port", "0"),
) -> Iterator[Service]:
    """Start the service on a free port, with data and a SQLite store in a folder.

    Args:
        folder: Where its data lie.
        flags: Of `python server.py`, besides the port.
        program: The server of `--production` to use; without it, the one of this process alone is used.
        environment: Further variables.
        context: What clients trust, for https.
        command: What Python runs.
    """
    variables = dict(os.environ) | {
        "FACEREC_DATA_DIR": str(folder),
        "FACEREC_DATABASE__URI": f"sqlite:///{folder / 'facerec.db'}",
        "FACEREC_SERVER__MIN_FREE_MB": "0",
    }
    if program:
        variables["FACEREC_SERVER__PROGRAM"] = program
        flags = ("--production", *flags) if command[0] == "server.py" else flags
    # What is killed at the end of a test leaves temporary files behind.
    with tempfile.TemporaryDirectory() as temporary:
        # A group of its own: what is left of it when a test fails can be killed at once.
        process = subprocess.Popen(
            [sys.executable, *command, *flags],
            cwd=ROOT,
            env=variables | {"TMPDIR": temporary} | dict(environment or {}),
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        service = None
        try:
            service = _begun(process, context)
            yield service
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=PATIENCE_S)
            if service:
                service.finish_reading()  # a thread still reads what is closed below
            if process.stderr:
                process.stderr.close()


def _begun(process: subprocess.Popen[str], context: ssl.SSLContext | None) -> Service:
    assert process.stderr is not None
    before = []
    for line in process.stderr:
        before.append(line)
        if found := re.match(r"Serving (https?://\S+)", line):
            service = Service(process, found[1], context)
            service.follow()
            return service
    raise AssertionError("The service did not start:\n" + "".join(before))
