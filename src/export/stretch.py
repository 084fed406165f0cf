"""A stretch of a video by itself: who appears in it, cut at its edges, and the samples that lie inside.

Times stay those of the whole video, so that what is exported of two stretches can be put side by side. Shots that reach into
the stretch stay whole: where a cut is does not depend on what somebody marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..errors import ConfigError
from ..records import Analysis, Shot, Track, TrackSamples
from ..schema import Box
from ..storage import Store
from ..timebase import parse_npt
from ..videos import read_samples
from .document import BASE, Document, Seen, document_of, part_of

Stretch = tuple[float, float]
"""Start and end in seconds of the video; the end lies outside."""
SHORTEST_S = 0.001

_MARK = re.compile(r"(.+)-from([0-9]{1,11})to([0-9]{1,11})", re.ASCII)
"""How the analysis is called in a file of a stretch, times in ms: only such signs as every format keeps."""


def stretch_named(text: str) -> Stretch:
    """Return the stretch that `START,END` names, in seconds or as `h:mm:ss`.

    Raises:
        ConfigError: It names none.
    """
    start, comma, end = text.partition(",")
    if not comma:
        raise ConfigError(f"{text!r} is no stretch of a video. Give it as START,END: 12.5,30")
    return checked(parse_npt(start), parse_npt(end))


def checked(start: float, end: float) -> Stretch:
    """Return a stretch in whole milliseconds.

    Raises:
        ConfigError: It is empty.
    """
    start, end = round(start, 3), round(end, 3)
    if not 0 <= start <= end - SHORTEST_S:
        raise ConfigError(f"The stretch from {start:g} to {end:g} s is empty. Give its start before its end.")
    return start, end


def document_within(store: Store, project: str, analysis: Analysis, stretch: Stretch, base: str = BASE) -> Document:
    """Return what is known of an analysis in a stretch of its video; tracks that lie outside are not read.

    Args:
        store: Where it is kept.
        project: Whose names.
        analysis: A complete one.
        stretch: Which part of the video.
        base: Address of the service.

    Raises:
        ConfigError: The video ends before the stretch begins.
    """
    whole = document_of(store, project, analysis, base)

    def tracks() -> Iterator[TrackSamples]:
        for track in store.find(Track, analysis_id=analysis.analysis_id):
            if track.start_npt < stretch[1] and track.end_npt >= stretch[0]:
                yield read_samples(store, track)

    return within(replace(whole, tracks=tracks), stretch)


def within(document: Document, stretch: Stretch) -> Document:
    """Return a document of which only a stretch is left.

    Whose best picture lies outside is shown by the best one inside; who is not seen by a sample there has no box.

    Args:
        document: Of the whole video.
        stretch: What is left of it.

    Raises:
        ConfigError: The video ends before the stretch begins.
    """
    start, end = stretch
    if document.duration and start >= document.duration:
        raise ConfigError(
            f"The stretch begins at {start:g} s, and the video ends at {document.duration:g} s. Mark one that lies in it."
        )
    people = tuple(cut for seen in document.people if (cut := _cut(seen, stretch)) is not None)

    def tracks() -> Iterator[TrackSamples]:
        for samples in document.tracks():
            rows = (samples.npt >= start) & (samples.npt < end)
            if rows.any():
                yield samples if rows.all() else part_of(samples, rows)

    def shots() -> list[Shot]:
        return [shot for shot in document.shots() if shot.start_npt < end and shot.end_npt > start]

    left = replace(document, people=people, tracks=tracks, shots=shots)
    return replace(left, people=_with_boxes(left, stretch))


def marked(document: Document, stretch: Stretch) -> Document:
    """Return a document whose files say by the id of their analysis that they hold no more than a stretch.

    Read back, what such a file lacks was taken out inside of the stretch alone: see `unmarked`.
    """
    start, end = (round(npt * 1000) for npt in stretch)
    analysis = replace(document.analysis, analysis_id=f"{document.analysis.analysis_id}-from{start}to{end}")
    return replace(document, analysis=analysis)


def with_itself(document: Document, stretch: Stretch) -> Document:
    """Return a document in which the stretch itself comes first, as if it were an appearance: it is cut out like one."""
    end = min(stretch[1], document.duration) if document.duration else stretch[1]
    return replace(document, people=(Seen(0, "Stretch", stretch[0], end, best_npt=stretch[0]), *document.people))


def unmarked(analysis_id: str) -> tuple[str, Stretch | None]:
    """Return the analysis that a file is about, and which stretch of it; None for all of it."""
    found = _MARK.fullmatch(analysis_id)
    return (found[1], (int(found[2]) / 1000, int(found[3]) / 1000)) if found else (analysis_id, None)


def stretch_suffix(stretch: Stretch) -> str:
    """Return what the name of a file of a stretch ends in: `_12.5-30`."""
    return "_" + "-".join(f"{npt:.3f}".rstrip("0").rstrip(".") for npt in stretch)


def _cut(seen: Seen, stretch: Stretch) -> Seen | None:
    start, end = max(seen.start_npt, stretch[0]), min(seen.end_npt, stretch[1])
    return replace(seen, start_npt=start, end_npt=end) if end - start >= SHORTEST_S / 2 else None


def _with_boxes(document: Document, stretch: Stretch) -> tuple[Seen, ...]:
    """Return who appears, each with a best picture that lies in the stretch."""
    away = {seen.number for seen in document.people if not stretch[0] <= seen.best_npt < stretch[1]}
    best: dict[int, tuple[float, float, Box | None]] = {}
    for seen, samples in document.boxes() if away else ():
        if seen.number in away:
            row = int(samples.qualities.argmax())
            quality, npt = float(samples.qualities[row]), float(samples.npt[row])
            if seen.number not in best or quality > best[seen.number][0]:
                best[seen.number] = quality, npt, Box(*samples.boxes_xywh[row].tolist())

    def shown(seen: Seen) -> Seen:
        if seen.number not in away:
            return seen
        _, npt, box = best.get(seen.number, (0.0, seen.start_npt, None))
        return replace(seen, best_npt=round(npt, 3), box=box)

    return tuple(shown(seen) for seen in document.people)
