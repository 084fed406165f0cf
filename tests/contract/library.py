"""A few videos in which people come and go, for questions about a whole project."""

from __future__ import annotations

import numpy as np

from src.records import Appearance, Person, Project, ProjectVideo, UnknownPerson, Video
from src.schema import Box
from src.storage import Store

DATES = {"a": "1938-09-30", "b": "1945-05-08T12:00:00Z", "c": "1945", "d": "in the spring"}
"""Of each video; that of the last one is written in words."""

SEEN: tuple[tuple[str, str, float, float, float, str], ...] = (
    # video, who, from, to, confidence, who says so
    ("a", "Ann", 0, 10, 0.9, "machine"),
    ("a", "Ben", 4, 6, 0.8, "human"),
    ("a", "Ann", 20, 30, 0.5, "machine"),
    ("a", "Cy", 25, 40, 0.9, "machine"),
    ("a", "Ben", 33, 36, 0.7, "machine"),
    ("b", "Ann", 0, 5, 0.9, "human"),
    ("b", "Ben", 8, 12, 0.9, "machine"),
    ("b", "3", 2, 4, 0.1, "machine"),
    ("c", "Ann", 100, 160, 0.9, "machine"),
    ("c", "Ben", 90, 170, 0.9, "machine"),
    ("c", "Ben", 120, 130, 0.9, "human"),
    ("d", "Ben", 0, 2, 0.6, "machine"),
    ("d", "Ann", 1, 2, 0.6, "machine"),
)


def fill(store: Store, project: str = "p") -> None:
    """Put these videos, and another project that must make no difference."""
    store.put(Project(project, "fake"), *(Person(project, name, f"{name} A") for name in ("Ann", "Ben", "Cy")))
    store.put(UnknownPerson(project, 3, np.eye(1, 4, dtype=np.float32)[0], 1))
    for video, date in DATES.items():
        store.put(Video(f"v{video}", f"{video}.mp4", f"/nowhere/{video}.mp4", video, f"Film {video}", date, 200.0))
        store.put(ProjectVideo(project, f"v{video}", "", video))
    for number, (video, who, start, end, confidence, source) in enumerate(SEEN, start=1):
        unknown = int(who) if who.isdigit() else None
        store.put(seen(project, video, number, who, start, end, confidence, source, unknown))
        store.put(seen("other", video, number, "Ann", 0, 100, 1.0, "human", None))
    # What nobody uses any more: an analysis that does not count in the project.
    store.put(seen(project, "old", 1, "Ann", 0, 1000, 1.0, "human", None))


def seen(
    project: str,
    analysis_id: str,
    track_id: int,
    who: str,
    start: float,
    end: float,
    confidence: float,
    source: str,
    unknown_id: int | None,
) -> Appearance:
    """Return an appearance of somebody."""
    name, person = (f"Unknown {unknown_id}", None) if unknown_id is not None else (f"{who} A", who)
    frames = (int(start * 25), int(end * 25), int(start), int(end))
    tracks, box = (track_id,), Box(0, 0, 10, 10)
    return Appearance(
        project,
        analysis_id,
        track_id,
        name,
        person,
        float(start),
        float(end),
        *frames,
        confidence,
        tracks,
        box,
        (start + end) / 2,
        source=source,
        unknown_id=unknown_id,
    )
