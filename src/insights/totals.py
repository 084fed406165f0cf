"""Who is to be seen how often and how long: in each video, in a project, and of each of its people in how many videos."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..extracts import Extract, Extracts
from ..records import Appearance, Image, ImageState, ProjectVideo, Video
from ..storage import Query, Store

MAX_APPEARANCES = 20_000
"""Of one person so many are listed at once, the surest ones."""

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


@dataclass(frozen=True, slots=True)
class Seen:
    """Appearances of a project, or of one video of it.

    Attributes:
        n: How many. `n_named`: those of somebody with a name.
        seconds: How long they take together; `named_s`: those of somebody with a name.
    """

    n: int = 0
    n_named: int = 0
    seconds: float = 0.0
    named_s: float = 0.0

    def __add__(self, other: Seen) -> Seen:
        """Return both together."""
        return Seen(self.n + other.n, self.n_named + other.n_named, self.seconds + other.seconds, self.named_s + other.named_s)


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Who is to be seen in one video.

    Attributes:
        people: Appearances and seconds of each person.
        n_unknown: Different unknown people.
        seen: All of it; somebody has a name there where that was accepted.
    """

    people: Mapping[str, tuple[int, float]]
    n_unknown: int
    seen: Seen


def sums_of(rows: Iterable[tuple[Any, ...]]) -> Sums:
    """Add up the appearances of a video; it takes about a millisecond for a thousand of them."""
    people: dict[str, tuple[int, float]] = {}
    unknown: set[int] = set()
    n = n_named = 0
    seconds = named_s = 0.0
    for person, unknown_id, accepted, start, end in rows:
        took = max(end - start, 0.0)
        n, seconds = n + 1, seconds + took
        if person is not None:
            times, length = people.get(person, (0, 0.0))
            people[person] = times + 1, length + took
            if accepted:
                n_named, named_s = n_named + 1, named_s + took
        elif unknown_id is not None:
            unknown.add(unknown_id)
    return Sums(people, len(unknown), Seen(n, n_named, seconds, named_s))


SUMS = Extract(("person_id", "unknown_id", "accepted", "start_npt", "end_npt"), sums_of, row_bytes=30)


def seen_in(extracts: Extracts, project: str) -> Seen:
    """Return all that is to be seen in the videos of a project."""
    members = extracts.store.cells(ProjectVideo, ("analysis_id",), Query({"project": project}))
    found = extracts.of(project, SUMS, (analysis_id for (analysis_id,) in members))
    return sum((sums.seen for sums in found.values()), Seen())


def totals_of(extracts: Extracts, project: str) -> Mapping[str, PersonTotals]:
    """Return the totals of everybody who is named in a video of a project, by the analyses that count there."""
    members = dict(extracts.store.cells(ProjectVideo, ("analysis_id", "video_id"), Query({"project": project})))
    return extracts.whole(project, SUMS, _totals, members, members)


def _totals(found: Mapping[str, Sums], videos: Mapping[str, str]) -> dict[str, PersonTotals]:
    """Add up the sums of all analyses; the last argument says which video each is of."""
    videos_of: defaultdict[str, set[str]] = defaultdict(set)
    times: Counter[str] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)
    for analysis_id, sums in found.items():
        for person, (n, length) in sums.people.items():
            videos_of[person].add(videos.get(analysis_id, analysis_id))
            times[person] += n
            seconds[person] += length
    return {person: PersonTotals(len(videos_of[person]), n, round(seconds[person], 3)) for person, n in times.items()}


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
        One entry a video, the newest programme first, by the analysis that counts; and how many appearances there are in all.
    """
    query = Query({"project": project, "person_id": person_id}, ("confidence",), descending=True)
    page = store.select_cells(Appearance, _SHOWN, query, limit)
    total = len(page.items) if page.end is None else store.count(Appearance, project=project, person_id=person_id)
    by_analysis: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for cells in page.items:
        by_analysis[cells[0]].append(dict(zip(_SHOWN, cells, strict=True)))
    found = []
    for analysis_id, items in by_analysis.items():
        seen = _seen_in(store, project, analysis_id, items)
        if seen is None:
            total -= len(items)
        else:
            found.append(seen)
    found.sort(key=lambda seen: (seen.video.date if seen.video else "", seen.member.added_at), reverse=True)
    return found, total


def _seen_in(store: Store, project: str, analysis_id: str, items: list[Mapping[str, Any]]) -> SeenIn | None:
    """Return the entry of a video; None where another analysis of it counts by now, and this one is not forgotten yet."""
    member = next((member for member in store.find(ProjectVideo, analysis_id=analysis_id) if member.project == project), None)
    if member is None:
        return None
    return SeenIn(member, store.get(Video, member.video_id), tuple(sorted(items, key=lambda item: item["start_npt"])))
