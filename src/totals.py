"""What a project has of each of its people: how often, how long and in how many videos they are to be seen.

Appearances are read video by video, and those of a video again only when they changed: after a decision about one film the
totals over hundreds of films cost one look at the revisions and the reading of that film.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .records import Appearance, Image, ImageState, ProjectVideo, Video
from .storage import Query, Store

MAX_ANALYSES = 20_000
"""Analyses whose sums are kept in memory, some hundred bytes a person; those that were not asked for for longest go first."""
MAX_APPEARANCES = 20_000
"""Of one person so many are listed at once, the surest ones."""

_CELLS = ("person_id", "start_npt", "end_npt")
_SHOWN = ("analysis_id", "track_id", "start_npt", "end_npt", "best_npt", "confidence", "source")


@dataclass(frozen=True, slots=True)
class PersonTotals:
    """How much of a person was seen: `seconds` are those of their appearances, one after the other."""

    n_videos: int = 0
    n_appearances: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PersonPictures:
    """How many training pictures a person has, and how many of them train."""

    n_pictures: int = 0
    n_training: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class SeenIn:
    """Where somebody is to be seen in one video.

    Attributes:
        member: The video's place in the project. `video`: its record; None where that is gone.
        items: The fields `_SHOWN` of each appearance, in the order of their start.
    """

    member: ProjectVideo
    video: Video | None
    items: tuple[Mapping[str, Any], ...]


_Sums = Mapping[str, tuple[int, float]]
"""Appearances and seconds by person."""


class AppearanceTotals:
    """Sums of appearances by person, kept as long as their revisions stay. Threads share it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._kept: OrderedDict[tuple[str, str], tuple[str, _Sums]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, store: Store, project: str) -> dict[str, PersonTotals]:
        """Return the totals of everybody who is named in a video of a project.

        Args:
            store: Where the appearances are.
            project: The project's slug.
        """
        # The revisions come first: what changes while the appearances are read is then read again the next time.
        revisions = store.revisions(Appearance, project)
        videos = {row[0]: row[1] for row in store.cells(ProjectVideo, ("analysis_id", "video_id"), Query({"project": project}))}
        seen_in: defaultdict[str, set[str]] = defaultdict(set)
        times: Counter[str] = Counter()
        seconds: defaultdict[str, float] = defaultdict(float)
        for (analysis_id,), stamp in revisions.items():
            for person, (n, length) in self._sums(store, project, analysis_id, stamp).items():
                seen_in[person].add(videos.get(analysis_id, analysis_id))
                times[person] += n
                seconds[person] += length
        return {person: PersonTotals(len(seen_in[person]), n, round(seconds[person], 3)) for person, n in times.items()}

    def _sums(self, store: Store, project: str, analysis_id: str, stamp: str) -> _Sums:
        key = (project, analysis_id)
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found[0] == stamp:
                self._kept.move_to_end(key)
                return found[1]
        sums = _summed(store.cells(Appearance, _CELLS, Query({"project": project, "analysis_id": analysis_id})))
        with self._lock:
            self._kept[key] = (stamp, sums)
            while len(self._kept) > MAX_ANALYSES:
                self._kept.popitem(last=False)
        return sums


def pictures_of_people(store: Store, project: str) -> dict[str, PersonPictures]:
    """Return how many pictures everybody has, from an index alone."""
    every: Counter[str] = Counter()
    training: Counter[str] = Counter()
    query = Query({"project": project}, ("person_id", "state"))
    for person, state in store.cells(Image, ("person_id", "state"), query):
        every[person] += 1
        training[person] += state == ImageState.ACTIVE.value
    return {person: PersonPictures(n, training[person]) for person, n in every.items()}


def appearances_of(store: Store, project: str, person_id: str, limit: int = MAX_APPEARANCES) -> tuple[list[SeenIn], int]:
    """Return where somebody is to be seen in all videos of a project, the surest of them where they are too many.

    Args:
        store: Where the appearances are.
        project: The project's slug.
        person_id: Who.
        limit: At most so many.

    Returns:
        One entry a video, the newest programme first; and how many appearances there are in all.
    """
    query = Query({"project": project, "person_id": person_id}, ("confidence",), descending=True)
    page = store.select_cells(Appearance, _SHOWN, query, limit)
    total = len(page.items) if page.end is None else store.count(Appearance, project=project, person_id=person_id)
    by_analysis: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for cells in page.items:
        by_analysis[cells[0]].append(dict(zip(_SHOWN, cells, strict=True)))
    found = [_seen_in(store, project, analysis_id, items) for analysis_id, items in by_analysis.items()]
    found.sort(key=lambda seen: (seen.video.date if seen.video else "", seen.member.added_at), reverse=True)
    return found, total


def _seen_in(store: Store, project: str, analysis_id: str, items: list[Mapping[str, Any]]) -> SeenIn:
    """Return the entry of a video; where it belongs to the project no more, one without a record."""
    members = (member for member in store.find(ProjectVideo, analysis_id=analysis_id) if member.project == project)
    member = next(members, ProjectVideo(project, "", "", analysis_id))
    video = store.get(Video, member.video_id) if member.video_id else None
    return SeenIn(member, video, tuple(sorted(items, key=lambda item: item["start_npt"])))


def _summed(cells: Iterable[tuple[Any, ...]]) -> _Sums:
    sums: dict[str, tuple[int, float]] = {}
    for person, start, end in cells:
        if person is not None:
            n, length = sums.get(person, (0, 0.0))
            sums[person] = (n + 1, length + end - start)
    return sums
