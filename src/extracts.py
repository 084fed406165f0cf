"""What is made of the appearances of each video, kept in memory until the store says that these appearances changed.

Totals, figures and queues of a project look at every appearance in it. Reading 200,000 of them takes seconds; reading those of
the one video that somebody said something of takes milliseconds. So a process keeps what it made of each video, with the
revision that the appearances were read at, and makes it anew only where the revision is another one. What is made is up to
others: an `Extract` is a plain function from the appearances of a video to a value.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from .records import Appearance
from .storage import Query, Store

T = TypeVar("T")
W = TypeVar("W")
G = TypeVar("G")
Row = tuple[Any, ...]

MAX_BYTES = 400_000_000
"""About so much is kept of all projects together; the one that was asked for last stays, however large it is."""
SWEEP_S = 60.0
"""So often what nobody asks for any more is looked at: whether it is out of date."""
IDLE_S = 600.0
"""What was made of all videos together goes when nobody asked for so long: it may rest on more than appearances."""
_FEW = 20
"""The revisions of so many videos are asked for one by one, of more in one look-up for the whole project."""
_PART_BYTES = 300
"""Each value, its name and its revision, besides what grows with the appearances."""


@dataclass(frozen=True, slots=True, eq=False)
class Extract(Generic[T]):
    """What is made of the appearances of one video.

    Attributes:
        fields: Which fields of `Appearance` it needs, as a store keeps them.
        make: Makes it of these fields of all appearances, in the order of their tracks; there may be none.
        row_bytes: Memory that it takes for each appearance, about, together with what is made of all videos.
    """

    fields: tuple[str, ...]
    make: Callable[[list[Row]], T]
    row_bytes: int


class _Part(NamedTuple):
    revision: str
    value: Any
    n_bytes: int


@dataclass(slots=True, eq=False)
class _Shelf:
    """The values of one extract in one project. Who holds `making` may read and change it."""

    making: threading.Lock = field(default_factory=threading.Lock)
    parts: dict[str, _Part] = field(default_factory=dict)
    wholes: dict[object, tuple[object, Any]] = field(default_factory=dict)
    asked_at: float = 0.0
    n_bytes: int = 0

    def keep(self, parts: dict[str, _Part]) -> None:
        self.parts = parts
        self.n_bytes = sum(part.n_bytes for part in parts.values())


class Extracts:
    """The extracts of the projects in one store. Threads share them: of several who want the same one makes it."""

    def __init__(self, store: Store, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing.

        Args:
            store: Where the appearances are.
            max_bytes: Of all projects together, about; the one that was asked for last stays.
            clock: Seconds.
        """
        self.store = store
        self._max_bytes, self._clock = max_bytes, clock
        self._projects: OrderedDict[str, dict[Extract[Any], _Shelf]] = OrderedDict()
        self._lock = threading.Lock()
        self._swept_at = clock()

    def of(self, project: str, extract: Extract[T], wanted: Iterable[str] | None = None) -> dict[str, T]:
        """Return what is made of each video of a project, as it is now.

        Args:
            project: Its slug.
            extract: What to make.
            wanted: Of which analyses, also those without appearances; of all that have some where None.

        Returns:
            By analysis, in the order in which they were named.
        """
        shelf = self._shelf(project, extract)
        with shelf.making:
            parts = self._renewed(shelf, project, extract, wanted)
        return {name: part.value for name, part in parts.items()}

    def whole(
        self,
        project: str,
        extract: Extract[T],
        join: Callable[[Mapping[str, T], G], W],
        given: G,
        wanted: Iterable[str] | None = None,
    ) -> W:
        """Return what is made of the values of many videos together: the same as before where nothing changed.

        Args:
            project: Its slug.
            extract: What is made of each video.
            join: Makes it, of these values by analysis and of what is given.
            given: What else it is made of; the whole is made anew where this is not equal to what it was.
            wanted: As for `of`.
        """
        shelf = self._shelf(project, extract)
        with shelf.making:
            parts = self._renewed(shelf, project, extract, wanted)
            made_of = {name: part.revision for name, part in parts.items()}, given
            known = shelf.wholes.get(join)
            if known is None or known[0] != made_of:
                known = made_of, join({name: part.value for name, part in parts.items()}, given)
                shelf.wholes[join] = known
        whole: W = known[1]
        return whole

    def last(self, project: str, extract: Extract[T], join: Callable[[Mapping[str, T], G], W]) -> W | None:
        """Return the whole that was made last, however old; None where there is none."""
        shelf = self._shelf(project, extract)
        with shelf.making:
            known = shelf.wholes.get(join)
        return known[1] if known else None

    def sweep(self) -> None:
        """Let go of what is out of date, once in `SWEEP_S`: nothing of somebody who was erased stays for want of a question."""
        now = self._clock()
        with self._lock:
            if now - self._swept_at < SWEEP_S:
                return
            self._swept_at = now
            held = [(project, list(shelves.values())) for project, shelves in self._projects.items()]
        for project, shelves in held:
            revisions = self._revisions(project, None)
            for shelf in shelves:
                _let_go(shelf, revisions, now)
        with self._lock:
            for project, shelves in held:
                if not any(shelf.parts or shelf.making.locked() for shelf in shelves):
                    self._projects.pop(project, None)

    def _shelf(self, project: str, extract: Extract[Any]) -> _Shelf:
        self.sweep()
        with self._lock:
            shelf = self._projects.setdefault(project, {}).setdefault(extract, _Shelf())
            self._projects.move_to_end(project)
            shelf.asked_at = self._clock()
        return shelf

    def _renewed(self, shelf: _Shelf, project: str, extract: Extract[Any], wanted: Iterable[str] | None) -> dict[str, _Part]:
        # Revisions first: what is written while the appearances are read makes them be read again the next time.
        revisions = self._revisions(project, wanted)
        changed = {
            name for name, revision in revisions.items() if name not in shelf.parts or shelf.parts[name].revision != revision
        }
        if changed:
            shelf.keep(shelf.parts | {name: self._made(project, extract, name, revisions[name]) for name in changed})
            self._make_room()
        return {name: shelf.parts[name] for name in revisions}

    def _revisions(self, project: str, wanted: Iterable[str] | None) -> dict[str, str]:
        names = None if wanted is None else list(wanted)
        if names is not None and len(names) <= _FEW:
            return {name: self.store.revision(Appearance, project, name) for name in names}
        known = {name: revision for (name,), revision in self.store.revisions(Appearance, project).items()}
        return known if names is None else {name: known.get(name, "") for name in names}

    def _made(self, project: str, extract: Extract[Any], analysis_id: str, revision: str) -> _Part:
        query = Query({"project": project, "analysis_id": analysis_id})
        rows = list(self.store.cells(Appearance, extract.fields, query))
        return _Part(revision, extract.make(rows), _PART_BYTES + extract.row_bytes * len(rows))

    def _make_room(self) -> None:
        with self._lock:
            sizes = {project: sum(shelf.n_bytes for shelf in shelves.values()) for project, shelves in self._projects.items()}
            n_bytes = sum(sizes.values())
            while len(self._projects) > 1 and n_bytes > self._max_bytes:
                n_bytes -= sizes[self._projects.popitem(last=False)[0]]


def _let_go(shelf: _Shelf, revisions: Mapping[str, str], now: float) -> None:
    """Leave in a shelf what is as it was, unless somebody is at work on it."""
    if not shelf.making.acquire(blocking=False):
        return
    try:
        current = {name: part for name, part in shelf.parts.items() if part.revision == revisions.get(name, "")}
        if len(current) < len(shelf.parts) or now - shelf.asked_at >= IDLE_S:
            shelf.wholes = {}
        shelf.keep(current)
    finally:
        shelf.making.release()
