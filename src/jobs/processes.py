"""The process of a job as its worker sees it: started, asked to stop, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pydantic import SecretStr

from ..records import Job
from ..settings import Settings

COMMAND = (sys.executable, "-m", f"{__package__}.child")
_OURS = "FACEREC_"


class JobProcess:
    """A process that does one job, with all processes that it starts."""

    def __init__(self, job: Job, settings: Settings, command: Sequence[str] = COMMAND) -> None:
        """Start it.

        Args:
            job: As it was claimed.
            settings: Of the worker; the environment has no say in them any more.
            command: What to start.
        """
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=_environment(os.environ),
            # A group of its own: what it starts is killed with it, and Ctrl-C at the worker is not meant for it.
            start_new_session=True,
        )
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(_order(job, settings)).encode() + b"\n")
            self._process.stdin.flush()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def ended(self) -> int | None:
        """Return the status it ended with, negative where a signal ended it; None while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Ask it to end in good order."""
        with suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> int:
        """End it and all that it started, at once, and return the status."""
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform != "win32":
                os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            self._process.kill()
        return self.close()

    def close(self) -> int:
        """Wait for its end, let go of it, and return the status."""
        status = self._process.wait()
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        return status


def what_killed(status: int) -> str:
    """Say what a process ended of."""
    if status >= 0:
        return f"its process ended with status {status}"
    with suppress(ValueError):
        return f"its process was ended by {signal.Signals(-status).name}"
    return f"its process was ended by signal {-status}"


def _order(job: Job, settings: Settings) -> dict[str, Any]:
    values = settings.model_dump(mode="json")
    # The secrets of the service are no business of a job; those of archives are what it asks them with.
    values["worker"]["webhook_secret"] = None
    values["server"] |= {"session_secret": None, "metrics_token": None}
    values["antract"]["password"] = _said(settings.antract.password)
    values["memad"]["password"] = _said(settings.memad.password)
    values["limecraft"]["password"] = _said(settings.limecraft.password)
    for name, archive in settings.sparql.archives.items():
        values["sparql"]["archives"][name]["password"] = _said(archive.password)
    # Whoever submits jobs may be far away: what they name is fetched as strangers' addresses are.
    values["fetch"]["guarded"] = True
    return {
        "job_id": job.job_id,
        "owner": job.owner,
        "worker_pid": os.getpid(),
        "nice": settings.worker.nice,
        "settings": values,
    }


def _said(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without settings, which the order holds, and with the path that modules are found on here."""
    kept = {name: value for name, value in environment.items() if not name.upper().startswith(_OURS)}
    return kept | {"PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path)}
