"""Who is told the end of a job: addresses, and how far telling them has come."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..errors import JobError
from ..guard import Guard
from ..records import JobDelivery, stable_id
from ..workspace import Workspace

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"

MAX_URL = 2000
MAX_WEBHOOKS = 10
"""Of one job: many clients may join it."""


def check_webhook(workspace: Workspace, url: str) -> None:
    """Refuse an address that cannot be told the end of a job. Where a name leads is looked at when it is called.

    Raises:
        JobError: It is no http(s) address, holds a password, or there is no secret to sign with.
        ForbiddenAddressError: It leads where clients must not send us, as it is written.
    """
    if workspace.settings.worker.webhook_secret is None:
        raise JobError(
            "bad_webhook", "This server signs no webhooks. Set FACEREC_WORKER__WEBHOOK_SECRET, or leave webhook out."
        )
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.username and len(url) <= MAX_URL
    except ValueError:
        good = False
    if not good or not url.isprintable():
        raise JobError("bad_webhook", "webhook is no address that can be called. Give http(s)://HOST/PATH without a password.")
    fetch = workspace.settings.fetch
    Guard.of(fetch.allow_hosts, fetch.allow_networks).check(url)


def add_webhook(workspace: Workspace, job_id: str, url: str) -> None:
    """Let an address be told the end of a job, once however often it is added.

    Raises:
        JobError: Too many are told already.
    """
    if workspace.store.count(JobDelivery, job_id=job_id) >= MAX_WEBHOOKS:
        raise JobError("bad_webhook", f"Job {job_id} has {MAX_WEBHOOKS} webhooks already. Ask for its state instead.")
    workspace.store.put_new(JobDelivery(job_id, stable_id(url), url))


def deliveries(workspace: Workspace, job_id: str) -> list[JobDelivery]:
    """Return who is or was told the end of a job."""
    return list(workspace.store.find(JobDelivery, job_id=job_id))
