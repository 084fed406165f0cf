"""Documents to export: a small one whose content is known, and any that Hypothesis can think of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from src.export.document import Document, Seen, by_time, one_line
from src.records import Analysis, Shot, Status, TrackSamples, Video
from src.schema import Box

RATE = 25
EVERY = 5
"""Every fifth frame is a sample."""
DURATION = 40.0
SIZE = (192, 128)

NAMES = (
    'Anna "the Ace" O\'Hara',
    "Ben <b>&amp; Söhne\\",
    "אילנה דיין \u200f(מנחה)",
    "محمد",
    "👩‍🚀 Zoë 🏳️‍🌈",
    "a, b; c: d --> e",
    "{\\i1}curly{\\i0} ]]> <!-- x -->",
    "' \" ''' \"\"\" \\n # @prefix .",
    "=HYPERLINK(1)",
    "名前 山田",
    "Unknown",
    "Unknown soldier",
    "x" * 180,
)
"""Names that some format may stumble over."""

VIDEO = Video(
    "v1", "/films/a & b.mp4", "/films/a & b.mp4", "a_b", 'Film "<1>" & שלום', "1945", DURATION, *SIZE, "25/1", "cd" * 32, {}
)
ANALYSIS = Analysis(
    "an1",
    "v1",
    "fake@1",
    {"video_speedup": EVERY, "period_s": EVERY / RATE},
    {},
    status=Status.COMPLETE,
    updated_at="2026-01-01T00:00:00+00:00",
)


def samples_of(seen: Seen, track_id: int, lane: int = 0) -> TrackSamples:
    """Return samples of a face that stands still, all through an appearance; faces of other lanes stand elsewhere."""
    first, last = round(seen.start_npt * RATE), max(round(seen.end_npt * RATE), round(seen.start_npt * RATE) + 1)
    frames = np.arange(first, last, EVERY, dtype=np.int64)
    n, npt = len(frames), np.clip(frames / RATE, seen.start_npt, seen.end_npt)
    box = np.array([10.5 + 60 * (lane % 1000), 20.25, 36, 40.5], np.float32)
    return TrackSamples(
        ANALYSIS.analysis_id,
        track_id,
        0,
        frames,
        npt,
        np.tile(box, (n, 1)),
        np.zeros((n, 5, 2), np.float32),
        np.full(n, 0.875, np.float32),
        np.full(n, 0.5, np.float32),
    )


def document(people: Sequence[Seen], video: Video = VIDEO, analysis: Analysis = ANALYSIS) -> Document:
    """Return a document of these people, each of whose tracks has samples."""
    ordered = tuple(
        replace(one, box=Box(10.5 + 60 * lane, 20.25, 36.0, 40.5)) if one.tracks else one
        for lane, one in enumerate(by_time(people))
    )
    tracks = [samples_of(seen, track_id, lane) for lane, seen in enumerate(ordered) for track_id in seen.tracks]
    tracks.sort(key=lambda samples: samples.track_id)
    shots = (Shot("an1", 0, 0.0, 20.0, 0, 500), Shot("an1", 1, 20.0, DURATION, 500, 1000, "cut"))
    return Document("p", video, analysis, ordered, lambda: iter(tracks), lambda: shots)


def seen(number: int, name: str, start: float, end: float, **more: object) -> Seen:
    """Return an appearance of a known person, with a track of the same number where that is above 0."""
    tracks = (number,) if number > 0 else ()
    box = Box(10.5, 20.25, 36.0, 40.5) if tracks else None
    found = Seen(number, one_line(name), start, end, 0.93, tracks, box, start, person_id=one_line(name).replace(" ", "_"))
    return replace(found, **more)  # type: ignore[arg-type]


def small() -> Document:
    """Return two known people, one of them twice at one moment, an unknown one, and one whom somebody said."""
    return document(
        [
            seen(1, "Anna Albers", 0.0, 2.0, uri="http://www.wikidata.org/entity/Q1"),
            seen(2, "Unknown 3", 0.5, 2.0, unknown_id=3, person_id=None, confidence=0.41),
            seen(3, "Anna Albers", 1.0, 3.0, uri="http://www.wikidata.org/entity/Q1"),
            seen(4, "Ben Bo", 20.04, 22.4),
            seen(-1, "Çelik Özil", 30.0, 31.5, by_human=True, confidence=1.0),
        ]
    )


def empty() -> Document:
    """Return a video in which nobody is to be seen."""
    return document([])


_any_text = st.text(st.characters(codec="utf-8"), max_size=30)
"""Of all that can be written down: what cannot be encoded cannot come out of a store either."""


@st.composite
def documents(draw: st.DrawFn, timed: bool = True) -> Document:
    """Draw a document: odd names, times to the millisecond, unknown people, people whom somebody said.

    Args:
        draw: Of Hypothesis.
        timed: Whether there may be people without a track, of whom only the time is known.
    """
    people: list[Seen] = []
    names = draw(st.lists(st.sampled_from(NAMES) | _any_text, min_size=1, max_size=5))
    for number in range(1, draw(st.integers(0, 6)) + 1):
        start = draw(st.integers(0, int(DURATION * 1000) - 500))
        end = draw(st.integers(start + 1, int(DURATION * 1000)))
        kind = draw(st.sampled_from(("known", "unknown", "said") if timed else ("known", "unknown")))
        name, confidence = one_line(draw(st.sampled_from(names))) or "nobody", draw(st.integers(0, 10000)) / 10000
        uri = draw(st.none() | st.sampled_from(("http://x/é?q=a b#c", 'urn:x:"<>', "http://www.wikidata.org/entity/Q8016")))
        if kind == "said":
            people.append(seen(-number, name, start / 1000, end / 1000, confidence=1.0, by_human=True, uri=uri))
        elif kind == "unknown":
            who = draw(st.integers(1, 3))
            people.append(
                seen(number, f"Unknown {who}", start / 1000, end / 1000, unknown_id=who, person_id=None, confidence=confidence)
            )
        else:
            people.append(seen(number, name, start / 1000, end / 1000, confidence=confidence, uri=uri))
    return document(people)
