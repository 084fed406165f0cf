"""Jobs, and what happens to them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ...records import JobStatus
from .base import Shape


class Job(Shape):
    """Work that a worker does or has done."""

    job_id: str
    kind: str
    project: str
    params: dict[str, Any]
    status: JobStatus
    progress: float
    message: str
    error: str
    code: str = Field(description="Why it failed, for programs")
    result: dict[str, Any]
    attempts: int
    cancel_requested: bool
    submitted_by: str
    created_at: str
    started_at: str
    ended_at: str


class JobEvent(Shape):
    """What happened to a job: number 1, 2, 3 … without a gap."""

    job_id: str
    number: int
    what: str
    status: JobStatus
    progress: float
    message: str
    created_at: str


class JobWebhook(Shape):
    """An address that is told the end of a job."""

    url: str
    state: str = Field(description="waiting, delivered or failed")
    attempts: int
    error: str = Field(description="What went wrong the last time")


class JobWebhooks(Shape):
    """Who is told the end of a job."""

    items: list[JobWebhook]


class LiveJobs(Shape):
    """The jobs that are queued or running."""

    items: list[Job]


class JobEvents(Shape):
    """What happened to a job after a number."""

    items: list[JobEvent]
    last: int = Field(description="`after` of the next request")
