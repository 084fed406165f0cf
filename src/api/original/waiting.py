"""Requests that answer when their job has ended: for so long, and no longer, they hold a thread of the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import Flask, Response, current_app, jsonify

from ... import jobs
from ...records import Job, JobStatus, now
from ..context import workspace
from ..ops import lifecycle_of
from ..problems import Problem

_NAME = "facerec.original"
_POLL_S = 0.2
_RETRY_AFTER_S = 15
_FAILURES = {
    **dict.fromkeys(
        ("ConfigError", "InvalidNameError", "GalleryError", "MediaError", "ForbiddenAddressError", "no_result"), "invalid"
    ),
    **dict.fromkeys(("EngineError", "WeightsError", "DiskFullError"), "engine_unavailable"),
    "FetchError": "fetch_failed",
}
"""What the codes of failed jobs are to a client; all others are mistakes of the server."""


class NotYetError(Exception):
    """The job has not ended in the time that a request waits."""

    def __init__(self, job: Job) -> None:
        """Keep the job, which goes on."""
        super().__init__(job.job_id)
        self.job = job


class _Seats:
    """How many requests of one process may wait at a time: the other threads stay free for those that are quick."""

    def __init__(self, n: int) -> None:
        self._free = threading.BoundedSemaphore(n)

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Take a seat for a while, and say whether there was one."""
        has_seat = self._free.acquire(blocking=False)
        try:
            yield has_seat
        finally:
            if has_seat:
                self._free.release()


def prepare_waiting(app: Flask) -> None:
    """Let requests of an application wait, and say what those answer that waited in vain."""
    threads = app.extensions["facerec"].settings.server.threads
    app.extensions[_NAME] = _Seats(max(1, threads // 2))
    app.register_error_handler(NotYetError, _not_yet)


def wait_for(job: Job, since: float) -> Job:
    """Return a job when it is done.

    Args:
        job: As it was submitted or joined.
        since: When the request began to wait, by the monotonic clock.

    Raises:
        NotYetError: It is not done in time; it goes on.
        Problem: It failed, or somebody cancelled it.
    """
    stopping = lifecycle_of(current_app).stopping
    with cast(_Seats, current_app.extensions[_NAME]).taken() as has_seat:
        patience_s = workspace().settings.server.wait_s if has_seat else 0.0
        while (found := jobs.get(workspace(), job.job_id)).status in jobs.LIVE:
            if time.monotonic() - since >= patience_s or stopping.wait(_POLL_S):
                raise NotYetError(found)
    if found.status is JobStatus.DONE:
        return found
    if found.status is JobStatus.CANCELLED:
        raise Problem("conflict", f"Somebody cancelled the job {found.job_id}. Ask again to have it done.")
    raise Problem(_FAILURES.get(found.code, "internal_error"), found.error)


def _not_yet(error: NotYetError) -> Response:
    text = f"The {error.job.kind} of project {error.job.project} goes on as job {error.job.job_id}. Ask again later."
    response = jsonify(status="error", error=text, time=now(), job_id=error.job.job_id)
    response.status_code = 504
    response.headers["Retry-After"] = str(_RETRY_AFTER_S)
    return response
