"""One video, worked on in segments by several processes, and put together in order as if it had been read in one go."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..errors import ProcessError
from .following import Followed, Gap
from .reading import Batch, EndedShot
from .segment_work import SegmentEnd, SegmentJob
from .spool import Cut, Entry, SpoolReader
from .workers import Died

_LOOK_S = 0.05
"""How often a spool is looked at for more."""


class Pool(Protocol):
    """Does jobs elsewhere, as `Workers` do."""

    def begin(self, pieces: Sequence[Any], reach: int) -> None:
        """Start."""

    def allow(self, reach: int) -> None:
        """Let jobs below this number be done."""

    def hear(self, timeout_s: float | None = None) -> list[tuple[int, Any]]:
        """Return what came of jobs that are done."""


class GivenUpError(Exception):
    """A segment cannot be worked on apart: all from here on has to be read in one go. The text says why."""


@dataclass(frozen=True, slots=True)
class OpenShot:
    """The shot that goes on: its number, its first frame and its time, and how it began."""

    number: int
    start: Cut


@dataclass(slots=True, eq=False)
class Stitcher:
    """Takes what was found in segments, in order, and makes of it what one reading would have given.

    Attributes:
        pool: Whose processes work.
        n: How many of them.
        jobs: The segments, in order.
        shot: The shot in which the first segment begins.
        damage: What is said of the end of the video, once it was reached.
    """

    pool: Pool
    n: int
    jobs: Sequence[SegmentJob]
    shot: OpenShot
    damage: str = ""
    _ends: dict[int, Any] = field(default_factory=dict, init=False)
    _window: int = field(default=0, init=False)
    _gap: Gap | None = field(default=None, init=False)

    def works(self) -> Generator[Followed]:
        """Yield what was found, batch after batch; where it raises, all windows before were whole.

        Raises:
            GivenUpError: The rest of the video has to be read in one go.
            ProcessError: A process died.
        """
        # As many may be done and wait as there are processes: more would only fill the disk.
        self.pool.begin(self.jobs, 2 * self.n)
        for number, job in enumerate(self.jobs):
            self.pool.allow(number + 2 * self.n)
            yield from self._works_of(number, job)
            job.spool.unlink()

    def _works_of(self, number: int, job: SegmentJob) -> Generator[Followed]:
        """Yield what was found in a segment, a whole window at a time."""
        window, n_shots = self._window, self.shot.number
        held: list[Followed] = []
        for entry in self._entries(number, job):
            work = self._stitched(entry, job, window, n_shots)
            if held and work.batch.window != held[0].batch.window:
                yield from held
                held = []
            held.append(work)
            self._window = work.batch.window
        self._check(job, self._ends.pop(number))
        yield from held

    def _entries(self, number: int, job: SegmentJob) -> Iterator[Entry]:
        """Yield the entries of a segment as they are written."""
        spool = SpoolReader(job.spool)
        while True:
            is_done = number in self._ends
            entry = spool.next()
            if entry is not None:
                self._ends.update(self.pool.hear(0))
                yield entry
            elif is_done:
                return
            else:
                self._ends.update(self.pool.hear(_LOOK_S))

    def _check(self, job: SegmentJob, end: SegmentEnd | Died) -> None:
        if isinstance(end, Died):
            raise ProcessError(
                f"{job.locator}, from {job.segment.start_npt:.0f} s on: {end.why}. What was found before that is stored; "
                "run the same command again to go on from there."
            )
        if end.failure:
            raise GivenUpError(f"the segment from {job.segment.start_npt:.0f} s on cannot be worked on apart: {end.failure}")
        self.damage = end.damage

    def _stitched(self, entry: Entry, job: SegmentJob, window: int, n_shots: int) -> Followed:
        """Return an entry in the numbers of the whole video."""
        seen = [
            replace(one, sample=replace(one.sample, frame=replace(one.frame, shot=one.frame.shot + n_shots)))
            for one in entry.seen
        ]
        gaps = list(entry.gaps)
        if not seen:
            self._gap = next((gap for gap in gaps if gap is not None), self._gap)
            gaps = []
        elif self._gap is not None:
            gaps[0], self._gap = self._gap, None
        samples = tuple(one.sample for one in seen)
        # Where a window is one batch, segments count apart.
        number = entry.window + window if job.window_s is None else entry.window
        batch = Batch(samples, tuple(map(self._end_shot, entry.cuts)), entry.npt, self._n_frames(entry.npt, job), number)
        return Followed(batch, seen, gaps, entry.tail)

    def _n_frames(self, npt: float, job: SegmentJob) -> int:
        """Return how many frames were read up to a time, no more than up to the end of the segment."""
        npts, (start, end) = job.index.npts, (job.interval.start_npt, job.interval.end_npt)
        last = job.segment.end or (len(npts) if end is None else int(np.searchsorted(npts, end)))
        return min(int(np.searchsorted(npts, npt, "right")), last) - int(np.searchsorted(npts, start))

    def _end_shot(self, cut: Cut) -> EndedShot:
        """End the shot that goes on, and begin the next one."""
        (at, npt, then), (start, start_npt, transition) = cut, self.shot.start
        ended = EndedShot(self.shot.number, (start, start_npt), (at, npt), transition, then)
        self.shot = OpenShot(self.shot.number + 1, cut)
        return ended


@contextmanager
def spool_folder(path: Path) -> Iterator[Path]:
    """Make a folder for spools, without what a process that died left there, and remove it at the end."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
