"""The shots of real videos, each by itself and small: what films with known boundaries are made of."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from src.errors import ConfigError
from src.video import open_stream

from .data import split_of
from .shot_films import HEIGHT, WIDTH, Clip, Span

_COMPANY_FILM = (
    *(205, 256, 312, 422, 494, 526, 579, 686, 736, 768),
    *(826, 870, 971, 1003, 1020, 1085, 1103, 1128, 1206, 1242),
)
KNOWN: Mapping[str, tuple[Span, ...]] = {
    "friends.mp4": tuple(Span(frame, frame, "cut") for frame in (66, 147, 230)),
    "harry_potter.mp4": tuple(Span(frame, frame, "cut") for frame in (155, 278)),
    "short_hamilton_clip.mp4": tuple(Span(frame, frame, "cut") for frame in (20, 82, 211)),
    "corporate_no_celebrity.mp4": (
        Span(104, 121, "fade"),
        *(
            Span(frame, frame, "cut")
            for frame in (
                205,
                256,
                312,
                422,
                494,
                526,
                579,
                686,
                736,
                768,
                826,
                870,
                971,
                1003,
                1020,
                1085,
                1103,
                1128,
                1206,
                1242,
            )
        ),
        Span(1315, 1330, "fade"),
    ),
}
"""Boundaries of videos that nobody composed, by eye, frame by frame. Those that are not named here, nor in shots.csv, are one
shot each."""

_SHORTEST = 15
_NOT_USED = ("noise",)
_ALSO_TUNED_ON = ("musk_lookalike",)
"""Nobody is scored on it elsewhere."""


def read_clips(videos: Path) -> dict[str, list[Clip]]:
    """Return the clips of `tune` and of `report`, as the videos are divided for all evaluations.

    A shot of a composed video that comes from a video of the other part is left out, and so are the logos of a company.

    Raises:
        ConfigError: The folder has no videos.
    """
    composed = _composed(videos / "shots.csv")
    clips: dict[str, list[Clip]] = {"tune": [], "report": []}
    for path in sorted(videos.glob("*.mp4")):
        part, sources = _part(path.name), composed.get(path.name, {})
        pictures = _pictures(path)
        for start, end in pairwise([0, *_starts(path.name, sources), len(pictures)]):
            if end - start >= _SHORTEST and not _is_left_out(part, sources.get(start, "")) and not _is_logo(path.name, start):
                clips[part].append(pictures[start:end])
    if not all(clips.values()):
        raise ConfigError(f"{videos} has too few videos to make films of. Its content is described in evaluation/README.md.")
    return clips


def _part(video: str) -> str:
    return "tune" if Path(video).stem in _ALSO_TUNED_ON else split_of(video)


def _composed(table: Path) -> dict[str, dict[int, str]]:
    """Return for each composed video, which all have 25 frames a second, the first frame of each shot and where it comes
    from.
    """
    found: dict[str, dict[int, str]] = {}
    if table.exists():
        with table.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["video"], {})[round(float(row["start_s"]) * 25)] = row.get("source", "")
    return found


def _starts(video: str, sources: Mapping[int, str]) -> list[int]:
    if sources:
        return sorted(sources)[1:]
    return [
        frame for span in KNOWN.get(video, ()) for frame in ((span.first,) if span.kind == "cut" else (span.first, span.last))
    ]


def _is_left_out(part: str, source: str) -> bool:
    others = [Path(each.strip().partition("@")[0]).stem for each in source.split("|") if each.strip().startswith("videos/")]
    return source in _NOT_USED or any(_part(other) != part for other in others)


def _is_logo(video: str, start: int) -> bool:
    """Say whether a shot is a drawn logo that comes and goes, or the fade to it."""
    return video in KNOWN and (start == 0 or start >= 1315) and any(span.kind == "fade" for span in KNOWN[video])


def _pictures(path: Path) -> Clip:
    with open_stream(str(path)) as stream:
        small = [cv2.resize(frame.rgb(), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for frame in stream.frames()]
    return np.stack(small).astype(np.uint8)
