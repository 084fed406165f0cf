"""Work that is to be done, and what became of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .base import now


class JobStatus(enum.StrEnum):
    """Where a job stands. `QUEUED` and `RUNNING` are live; the others are ends, and `retry` leads back from the last two."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """Work that a worker does or has done. It changes by comparing and setting `revision` alone, so that no change is lost.

    Attributes:
        job_id: Sorts by the time of submission.
        kind: What is done, one of `jobs.KINDS`.
        params: With what, as the kind's parameters validated them.
        work: The same for jobs that would do the same; two such jobs are never live at once.
        progress: In [0, 1]. `message`: what is under way.
        error: Why it failed, and what to do. `code`: the same for programs.
        result: What came out, in few words.
        attempts: How often a worker began it since it was submitted or retried.
        cancel_requested: Somebody wants it to end; the worker that runs it sees to that.
        owner: The worker that runs it, until `lease_until` (seconds since 1970) unless it renews its lease.
        not_before: Seconds since 1970 before which no worker takes it up again.
        submitted_by: Who asked for it.
    """

    job_id: str
    kind: str
    project: str
    params: Mapping[str, Any]
    work: str = ""
    status: JobStatus = JobStatus.QUEUED
    progress: float = 0.0
    message: str = ""
    error: str = ""
    code: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0
    cancel_requested: bool = False
    owner: str = ""
    lease_until: float = 0.0
    not_before: float = 0.0
    revision: int = 0
    submitted_by: str = ""
    created_at: str = field(default_factory=now)
    started_at: str = ""
    ended_at: str = ""


@dataclass(frozen=True, slots=True)
class JobName:
    """A name that leads to one job: of its work while it is live, or of the key that a client gave it.

    `content` is the work that was asked for under a client's key, so that the key cannot mean two things.
    """

    name: str
    job_id: str
    content: str = ""
    created_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class JobEvent:
    """What happened to a job: number 1, 2, 3 … without a gap, in the order in which it can be read.

    `what` is `status`, `progress` or `log`; `status` and `progress` are those of the job then.
    """

    job_id: str
    number: int
    what: str
    status: JobStatus
    progress: float = 0.0
    message: str = ""
    created_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class JobDelivery:
    """An address that is told the end of a job.

    Attributes:
        delivery_id: The same for the same address.
        state: `waiting`, `delivered` or `failed`.
        attempts: How often it was called. `error`: what went wrong the last time.
        next_at: Seconds since 1970 before which nobody calls it (again).
    """

    job_id: str
    delivery_id: str
    url: str
    state: str = "waiting"
    attempts: int = 0
    next_at: float = 0.0
    error: str = ""
