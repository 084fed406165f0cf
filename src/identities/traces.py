"""Jobs and notices of videos that name somebody who is to be erased."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..personnames import name_key
from ..records import Job, JobDelivery, JobEvent, JobName, JobStatus, ProjectVideo, Video
from ..storage import Store

_LIVE = (JobStatus.QUEUED, JobStatus.RUNNING)


def forget_jobs(store: Store, project: str, is_named: Callable[[str], bool]) -> int:
    """Delete the jobs of a project that have ended and name somebody, with their logs, and return how many those were.

    Jobs that are live stay: one that runs may be the one that erases.

    Args:
        store: Where jobs are.
        project: Its slug.
        is_named: Whether a text names the person.
    """
    named = [
        job for job in store.find(Job, project=project) if job.status not in _LIVE and any(map(is_named, _texts(store, job)))
    ]
    for job in named:
        for kind in (JobName, JobDelivery, JobEvent, Job):
            store.delete(kind, job_id=job.job_id)
    return len(named)


def _texts(store: Store, job: Job) -> Iterator[str]:
    yield from (job.message, job.error)
    yield from (json.dumps(value, ensure_ascii=False) for value in (dict(job.params), dict(job.result)))
    yield from (event.message for event in store.find(JobEvent, job_id=job.job_id))


def forget_in_notices(store: Store, project: str, names: frozenset[str], is_named: Callable[[str], bool]) -> int:
    """Take somebody out of what archives say of the videos of a project, and return how many videos those were.

    Entries of people are deleted; a title or description that names them is emptied.

    Args:
        store: Where videos are.
        project: Its slug.
        names: All that the person goes by, however written.
        is_named: Whether a text names the person.
    """
    keys = {name_key(name) for name in names}

    def without(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: without(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [without(one) for one in value if not _is_person(one, keys)]
        return "" if isinstance(value, str) and is_named(value) else value

    n = 0
    for video_id in {member.video_id for member in store.find(ProjectVideo, project=project)}:
        video = store.get(Video, video_id)
        if video is None or not video.metadata:
            continue
        metadata = without(video.metadata)
        if json.dumps(metadata) != json.dumps(dict(video.metadata)):
            store.put(replace(video, metadata=metadata))
            n += 1
    return n


def _is_person(value: Any, keys: set[tuple[str, ...]]) -> bool:
    name = value.get("name") if isinstance(value, Mapping) else value
    return isinstance(name, str) and name_key(name) in keys
