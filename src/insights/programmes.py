"""The videos of a project as programmes: which analysis counts, what they are called, and when they were broadcast."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..records import ProjectVideo, Video
from ..storage import Query, Store

_DATE = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?(?!\d)")
_MEMBER = ("video_id", "fragment", "analysis_id")
_VIDEO = ("video_id", "title", "locator", "date", "duration", "media", "checksum", "start_time")
_UNKNOWN = ("", "", "", None, "", "", 0.0)


@dataclass(frozen=True, slots=True)
class Programme:
    """A video of a project, or the part of it that was analysed.

    Attributes:
        date: `1938-09-30`, `1938-09` or `1938`, as far as it is known; empty where it is not, or is written in words.
        media, checksum: Where its file was, and what was in it.
        start_time: Where npt 0 lies on the clock of the file, in seconds.
    """

    analysis_id: str
    video_id: str
    fragment: str
    title: str
    locator: str
    date: str
    duration: float | None
    media: str
    checksum: str
    start_time: float = 0.0


def programmes_of(store: Store, project: str) -> list[Programme]:
    """Return the programmes of a project in the order of their videos' ids, in two questions to the store for some hundreds."""
    members = list(store.cells(ProjectVideo, _MEMBER, Query({"project": project})))
    videos = {cells[0]: cells[1:] for cells in store.cells_of(Video, _VIDEO, (member[0] for member in members))}
    found = []
    for video_id, fragment, analysis_id in members:
        title, locator, date, *rest = videos.get(video_id, _UNKNOWN)
        found.append(Programme(analysis_id, video_id, fragment, title, locator, written_date(date), *rest))
    return found


def written_date(text: str) -> str:
    """Return the date at the beginning of a text, `1938-09-30T20:15:00Z` as `1938-09-30`; empty where there is none."""
    found = _DATE.match(text.strip())
    return "-".join(part for part in found.groups() if part) if found else ""


def is_date(text: str) -> bool:
    """Say whether a text is a year, a month or a day, as one writes them to look for."""
    return _DATE.fullmatch(text) is not None


def dated(programmes: Iterable[Programme], first: str, last: str) -> list[Programme]:
    """Return the programmes from one date to another one, both of them included; without either, all programmes.

    A date that is known to the year lies in a range that the year touches: nothing is lost for being known badly.

    Args:
        programmes: Any.
        first: A year, a month or a day; empty for no limit.
        last: The same.
    """
    if not first and not last:
        return list(programmes)
    return [one for one in programmes if one.date and _is_from(one.date, first) and _is_until(one.date, last)]


def _is_from(date: str, first: str) -> bool:
    length = min(len(date), len(first))
    return date[:length] >= first[:length]


def _is_until(date: str, last: str) -> bool:
    length = min(len(date), len(last))
    return date[:length] <= last[:length] if last else True
