"""Jobs as they change, for whoever watches all of them: those that are live, and the ends of those that were."""

from __future__ import annotations

from collections.abc import Callable

from ..records import Job
from ..storage import Query, Store
from .queue import LIVE

NEWEST = 64
"""So many of the newest jobs are looked at each time beside the live ones: what begins and ends between two looks is seen."""


class Watch:
    """Looks at the jobs of a store again and again, and tells which of them changed."""

    def __init__(self, store: Store, project: str = "", keep: Callable[[Job], bool] = lambda _job: True) -> None:
        """Begin with nothing known.

        Args:
            store: Where jobs are.
            project: Only those of this project; empty for all.
            keep: Which of these are told.
        """
        self._store, self._keep = store, keep
        self._equals = {"project": project} if project else {}
        self._known: dict[str, int] = {}
        self._oldest = ""

    def begin(self) -> list[Job]:
        """Return the live jobs, the oldest first; `changes` tells what becomes of them and of newer ones."""
        newest = self._newest()
        # Older ones come into sight when newer ones are erased; that is no news.
        self._oldest = newest[-1].job_id if len(newest) == NEWEST else ""
        found = self._live() | {job.job_id: job for job in newest}
        self._known = {job.job_id: job.revision for job in found.values()}
        return [job for _, job in sorted(found.items()) if job.status in LIVE and self._keep(job)]

    def changes(self) -> list[Job]:
        """Return the jobs that are new or another than at the last look, also those that ended; the oldest first."""
        found = self._live() | {job.job_id: job for job in self._newest()}
        for job_id in self._known.keys() - found.keys():
            job = self._store.get(Job, job_id)
            if job is None:  # erased
                del self._known[job_id]
            else:
                found[job_id] = job
        changed = [job for job_id, job in sorted(found.items()) if self._is_news(job)]
        self._known |= {job.job_id: job.revision for job in changed}
        self._forget(found)
        return [job for job in changed if self._keep(job)]

    def _is_news(self, job: Job) -> bool:
        if job.job_id in self._known:
            return job.revision != self._known[job.job_id]
        return job.status in LIVE or job.job_id > self._oldest

    def _forget(self, found: dict[str, Job]) -> None:
        """Look no more after what has ended and is none of the newest."""
        kept = sorted(found, reverse=True)[:NEWEST]
        for job_id in [job_id for job_id in self._known if found[job_id].status not in LIVE and job_id not in kept]:
            del self._known[job_id]
            self._oldest = max(self._oldest, job_id)

    def _live(self) -> dict[str, Job]:
        return {job.job_id: job for status in LIVE for job in self._store.find(Job, status=status, **self._equals)}

    def _newest(self) -> list[Job]:
        return list(self._store.select(Job, Query(dict(self._equals), descending=True), NEWEST).items)
