"""Jobs as those see them who want something done: submit, find, cancel, retry.

A job changes only by `change`, which compares and sets, so that a client, a worker and the process of the job never undo
what one of the others wrote.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from ..errors import JobError
from ..names import folder_name
from ..records import Job, JobDelivery, JobName, JobStatus, now, stable_id
from ..storage import Query, Store
from ..storage.base import PAGE
from ..workspace import Workspace
from .abandoned import abandon
from .deliveries import WAITING, add_webhook, check_webhook
from .events import LOG, STATUS, tell, tell_end
from .kinds import checked

LIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
MAX_KEY = 200
"""Characters of an idempotency key."""


def submit(
    workspace: Workspace,
    kind: str,
    project: str,
    params: Mapping[str, Any] | None = None,
    *,
    idempotency_key: str | None = None,
    webhook: str | None = None,
    submitted_by: str = "",
) -> Job:
    """Have something done, unless the same is queued or being done already: then that job is returned.

    Args:
        workspace: Where to work.
        kind: One of `KINDS`.
        project: Its name, as typed.
        params: The parameters of the kind.
        idempotency_key: Whoever submits the same with the same key again gets the same job, also when it has ended.
        webhook: An address that is told when the job ends.
        submitted_by: Who asks for it.

    Raises:
        JobError: The kind, its parameters, the webhook or the key cannot be used; `code` says which.
        InvalidNameError: No project can have this name.
    """
    slug, given = folder_name(project, "project"), checked(kind, params or {})
    if webhook is not None:
        check_webhook(workspace, webhook)
    wanted = Job(new_job_id(), kind, slug, given, stable_id(kind, slug, given), submitted_by=submitted_by)
    if idempotency_key is None:
        job = _join(workspace.store, wanted)
    else:
        job = _submit_once(workspace.store, wanted, _key_name(idempotency_key, submitted_by))
    if webhook is not None:
        add_webhook(workspace, job.job_id, webhook)
    return job


def get(workspace: Workspace, job_id: str) -> Job:
    """Return a job.

    Raises:
        JobError: There is none of this id (any more): `not_found`.
    """
    job = workspace.store.get(Job, job_id)
    if job is None:
        keep = workspace.settings.worker.keep_days
        raise JobError(
            "not_found", f"There is no job {job_id!r}. Jobs are kept for {keep} days after their end; see: jobs list"
        )
    return job


def find(
    workspace: Workspace,
    *,
    project: str | None = None,
    status: JobStatus | None = None,
    kind: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> list[Job]:
    """Return jobs, the newest first.

    Args:
        workspace: Where to work.
        project: Only those of this project, `status` of this status, `kind` of this kind.
        status: See `project`.
        kind: See `project`.
        limit: At most so many.
        after: The id of the last job of the page before.
    """
    equals = {name: value for name, value in (("project", project), ("status", status)) if value is not None}
    found = _newest_first(workspace.store, equals, after)
    return list(islice((job for job in found if kind is None or job.kind == kind), limit))


def latest(workspace: Workspace, kind: str, project: str, params: Mapping[str, Any]) -> Job | None:
    """Return the job that does some work now or, where none does, that did it last; None where there is none (any more).

    Raises:
        JobError: There is no such kind, or these are not its parameters.
    """
    name = workspace.store.get(JobName, _work_name(stable_id(kind, folder_name(project, "project"), checked(kind, params))))
    return workspace.store.get(Job, name.job_id) if name else None


def counts(workspace: Workspace) -> dict[JobStatus, int]:
    """Return how many jobs there are of each status."""
    return {status: workspace.store.count(Job, status=status) for status in JobStatus}


def cancel(workspace: Workspace, job_id: str) -> Job:
    """Cancel a job: one that is queued at once, one that runs by its worker, within two seconds.

    Raises:
        JobError: There is no such job, or it has ended: `not_found` or `not_cancellable`.
    """

    def cancelled(job: Job) -> Job:
        if job.status is JobStatus.QUEUED:
            abandon(workspace, job)
            return replace(job, status=JobStatus.CANCELLED, ended_at=now(), message="", cancel_requested=True)
        if job.status is JobStatus.RUNNING:
            return replace(job, cancel_requested=True)
        raise JobError(
            "not_cancellable", f"Job {job_id} has ended ({job.status}). Only what is queued or running is cancelled."
        )

    get(workspace, job_id)
    job = change(workspace.store, job_id, cancelled)
    if job.status is JobStatus.CANCELLED:
        tell_end(workspace.store, job)
    else:
        tell(workspace.store, job, LOG, "somebody cancels it")
    return job


def retry(workspace: Workspace, job_id: str) -> Job:
    """Have a job done once more that failed or was cancelled; it goes on from where it was.

    Where the same is queued or being done by another job meanwhile, that one is returned.

    Raises:
        JobError: There is no such job, or it is live or done: `not_found` or `not_retryable`.
    """
    store = workspace.store
    while True:
        job = get(workspace, job_id)
        if job.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
            raise JobError(
                "not_retryable", f"Job {job_id} is {job.status}. Only what failed or was cancelled is done once more."
            )
        again = replace(
            Job(job.job_id, job.kind, job.project, job.params, job.work, submitted_by=job.submitted_by),
            created_at=job.created_at,
            revision=job.revision + 1,
        )
        held = _hold(store, job)
        if held is not None:
            return held
        if store.put_if(again, revision=job.revision):
            _wake_deliveries(store, job_id)
            tell(store, again, STATUS, "once more")
            return again


def change(store: Store, job_id: str, how: Callable[[Job], Job | None]) -> Job:
    """Change a job, whatever others change meanwhile, and return what it is then.

    Args:
        store: Where jobs are.
        job_id: A job that exists.
        how: Returns the job changed, or None to leave it; called again where somebody else was quicker.

    Raises:
        JobError: The job was removed.
    """
    while True:
        job = store.get(Job, job_id)
        if job is None:
            raise JobError("not_found", f"Job {job_id} was removed.")
        wanted = how(job)
        if wanted is None:
            return job
        wanted = replace(wanted, revision=job.revision + 1)
        if store.put_if(wanted, revision=job.revision):
            return wanted


def new_job_id() -> str:
    """Return an id that sorts by time, and differs from all others made at the same moment."""
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}"


def _join(store: Store, wanted: Job) -> Job:
    """Return the live job that does the same, or the wanted one, queued."""
    held = _hold(store, wanted)
    if held is not None:
        return held
    return _begin(store, wanted)


def _hold(store: Store, wanted: Job) -> Job | None:
    """Let the name of a job's work lead to it, unless that leads to a live job, which is returned.

    Somebody else may die between taking the name and writing the job. As all who come here want the same work, they write
    it in that one's place, under the id that the name leads to.
    """
    name = JobName(_work_name(wanted.work), wanted.job_id)
    while not store.put_new(name):
        known = store.get(JobName, name.name)
        if known is None:
            continue
        if known.job_id == wanted.job_id:
            return None
        job = store.get(Job, known.job_id) or _begin(store, replace(wanted, job_id=known.job_id))
        if job.status in LIVE:
            return job
        if store.put_if(name, job_id=known.job_id):
            return None
    return None


def _work_name(work: str) -> str:
    return f"work:{work}"


def _begin(store: Store, wanted: Job) -> Job:
    """Write a job unless somebody else has written it."""
    if store.put_new(wanted):
        tell(store, wanted, STATUS, "queued")
        return wanted
    return store.get(Job, wanted.job_id) or wanted


def _key_name(key: str, submitted_by: str) -> str:
    if not key or len(key) > MAX_KEY or not key.isprintable():
        raise JobError("bad_params", f"An Idempotency-Key has 1 to {MAX_KEY} printable characters.")
    return f"key:{stable_id(submitted_by, key)}"


def _submit_once(store: Store, wanted: Job, name: str) -> Job:
    """Return the job that a client's key leads to, or the wanted one, or the live one that does the same.

    The key is taken first, and leads to the wanted job before that is written: of two who come with one key at once the
    second finds the first one's id, and does what is left to do with that one.

    Raises:
        JobError: The key led to other work: `idempotency_conflict`.
    """
    if not store.put_new(JobName(name, wanted.job_id, wanted.work)):
        known = store.get(JobName, name)
        if known is not None:
            if known.content != wanted.work:
                raise JobError(
                    "idempotency_conflict", "This Idempotency-Key was used for another job. Use a new key for new work."
                )
            job = store.get(Job, known.job_id)
            if job is not None:
                return job
            wanted = replace(wanted, job_id=known.job_id)
    job = _join(store, wanted)
    if job.job_id != wanted.job_id:
        store.put_if(JobName(name, job.job_id, wanted.work), job_id=wanted.job_id)
    return job


def _newest_first(store: Store, equals: dict[str, Any], after: str | None) -> Iterator[Job]:
    place = None if after is None else (after,)
    while True:
        page = store.select(Job, Query(equals, descending=True), PAGE, place)
        yield from page.items
        if page.end is None:
            return
        place = page.end


def _wake_deliveries(store: Store, job_id: str) -> None:
    """Let those be told anew who were told that the job failed."""
    for known in list(store.find(JobDelivery, job_id=job_id)):
        store.put(JobDelivery(known.job_id, known.delivery_id, known.url, WAITING))
