"""Calling the addresses that want to know the end of a job: signed, again where they do not answer, never in anybody's way.

Deliveries are records that exist since the job was submitted, so that none is forgotten when a worker dies; an address may
therefore hear of one end twice, and knows it by `FaceRec-Delivery`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import AnnotationError, ForbiddenAddressError
from ..records import Job, JobDelivery, stable_id
from ..workspace import Workspace
from .calling import post
from .deliveries import DELIVERED, FAILED, WAITING
from .leases import Clock
from .queue import LIVE

SIGNATURE, DELIVERY = "FaceRec-Signature", "FaceRec-Delivery"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 3600.0
_EVERY_S = 1.0
_SPARE_S = 30.0
"""Nobody else calls while one calls, and not for this long after it should have heard."""

Post = Callable[[str, bytes, Mapping[str, str], float], int]
"""Sends a body to an address with headers within a time, and returns the status of the answer."""

logger = logging.getLogger(__name__)


class Caller:
    """Calls, in a thread of its own, whoever is to be called. Several may share a store."""

    def __init__(self, workspace: Workspace, clock: Clock, send: Post | None = None) -> None:
        """Make a caller that calls nobody yet; `send` is for tests."""
        self._workspace, self._clock = workspace, clock
        self._settings = workspace.settings.worker
        self._send = send or (lambda *call: post(workspace.settings, *call))
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, where there is a secret to sign with."""
        if self._settings.webhook_secret is not None:
            self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Call nobody any more; a call under way is left to itself, and made again by another worker."""
        self._stop.set()
        self._thread = None

    def step(self) -> int:
        """Call everybody who is due, and return how many were."""
        n_called = 0
        for delivery in list(self._workspace.store.find(JobDelivery, state=WAITING)):
            job = self._workspace.store.get(Job, delivery.job_id)
            if job is None or job.status in LIVE or delivery.next_at > self._clock():
                continue
            claimed = self._claim(delivery)
            if claimed is not None:
                self._call(claimed, job)
                n_called += 1
        return n_called

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            try:
                self.step()
            except AnnotationError as err:
                logger.warning("%s", err)

    def _claim(self, delivery: JobDelivery) -> JobDelivery | None:
        until = self._clock() + self._settings.webhook_timeout_s + _SPARE_S
        claimed = replace(delivery, attempts=delivery.attempts + 1, next_at=until)
        store = self._workspace.store
        return claimed if store.put_if(claimed, state=WAITING, attempts=delivery.attempts) else None

    def _call(self, delivery: JobDelivery, job: Job) -> None:
        error, is_final = self._answer(delivery, job)
        if not error:
            after = replace(delivery, state=DELIVERED, error="", next_at=0.0)
        elif is_final or delivery.attempts >= self._settings.webhook_attempts:
            logger.warning("job %s: %s was not told its end: %s", job.job_id, delivery.url, error)
            after = replace(delivery, state=FAILED, error=error, next_at=0.0)
        else:
            pause = min(FIRST_PAUSE_S * 2.0 ** (delivery.attempts - 1), LONGEST_PAUSE_S)
            after = replace(delivery, error=error, next_at=self._clock() + pause)
        self._workspace.store.put_if(after, state=WAITING, attempts=delivery.attempts)

    def _answer(self, delivery: JobDelivery, job: Job) -> tuple[str, bool]:
        """Call an address, and return what went wrong, and whether that will not change."""
        assert self._settings.webhook_secret is not None
        secret, body = self._settings.webhook_secret.get_secret_value(), body_of(job)
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: sign(secret, int(self._clock()), body),
            DELIVERY: _mark_of(delivery, job),
        }
        try:
            status = self._send(delivery.url, body, headers, self._settings.webhook_timeout_s)
        except ForbiddenAddressError as err:
            return str(err), True
        except AnnotationError as err:
            return str(err), False
        return ("" if 200 <= status < 300 else f"The address answered {status}."), False


def sign(secret: str, at: int, body: bytes) -> str:
    """Return the signature of a call: `t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body" in hexadecimal digits>`."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _mark_of(delivery: JobDelivery, job: Job) -> str:
    """Return what an address knows one end by. The end of a retry is another one, or it would be taken for told already."""
    return f"{job.job_id}.{stable_id(delivery.delivery_id, job.status, job.ended_at)}"


def body_of(job: Job) -> bytes:
    """Return what an address is told: not the parameters, which may name people."""
    told: dict[str, Any] = {
        name: getattr(job, name) for name in ("job_id", "kind", "project", "status", "code", "error", "result", "ended_at")
    }
    return json.dumps({"event": f"job.{job.status}", "job": told}, ensure_ascii=False).encode()
