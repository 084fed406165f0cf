"""What kinds of pictures cost: seconds on screen by what the notes of truth and shots say of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ..material.data import ShotRow, TruthRow
from .moments import Footage
from .scoring import Presence, Score, score

PLAIN = "plain"
"""Kind of a row of which no note says anything out of the ordinary."""

KINDS: Mapping[str, str] = {
    "dark": r"dark",
    "bright": r"bright|over-?exposed",
    "blurred": r"blur|out of focus",
    "low quality": r"lowq|low quality|low resolution|compressed",
    "grey": r"bw|b/w|black.and.white|gr[ae]y|monochrome",
    "archive look": r"archive|archive look|film grain|scratches|flicker",
    "interlaced": r"interlac\w+|comb\w*",
    "letterbox or pillarbox": r"letterbox\w*|pillarbox\w*|scope",
    "mirrored": r"mirror|mirrored",
    "small face": r"(very )?small faces?|very small|tiny|far away",
    "profile": r"(?<!half )profiles?",
    "half profile": r"half profile",
    "turned away": r"back of the head|turned away|from behind|looking down|upside down",
    "edge of the picture": r"edge|cut off|partly cut|half cut|half out",
    "covered": r"hands? (in front|at the chin)|sunglasses|dark glasses|mask",
    "group": r"group( of \w+)?",
    "side by side": r"left half|right half",
    "short shot": r"\d+-frame shot",
    "text over it": r"lower_third|watermark|coloured bars",
    "print or screen": r"printed",
    "synthetic": r"synthes\w+|deepfake",
}
"""Words that make a kind, whole words of a note in any case. A row may be of several kinds."""

_WORDS = {kind: re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE) for kind, words in KINDS.items()}


def kinds_of(*notes: str) -> frozenset[str]:
    """Return the kinds that notes speak of; `plain` alone where they speak of none."""
    found = frozenset(kind for kind, words in _WORDS.items() if any(words.search(note) for note in notes))
    return found or frozenset({PLAIN})


def row_kinds(row: TruthRow, shots: Iterable[ShotRow]) -> frozenset[str]:
    """Return the kinds of a row of the truth, by its own note and those of the shots that it lies in for the most part."""
    half = (row.end_s - row.start_s) / 2
    notes = [shot.note for shot in shots if min(row.end_s, shot.end_s) - max(row.start_s, shot.start_s) > half]
    return kinds_of(row.note, *notes)


def score_kinds(videos: Iterable[Footage]) -> dict[str, Score]:
    """Score the rows of each kind by themselves, all videos together; kinds that do not occur are left out.

    People of other kinds who are there at the same time are optional then. Time without a row of the kind is not scored.
    """
    scores: dict[str, Score] = {}
    for video in videos:
        kinds = [row_kinds(row, video.shots) for row in video.rows]
        found = [claim.presence for claim in video.claims]
        for kind in (PLAIN, *KINDS):
            chosen = [row for row, own in zip(video.rows, kinds, strict=True) if kind in own and row.person]
            if chosen:
                scores[kind] = scores.get(kind, Score()) + score(_truth_of(video.rows, chosen), found)
    return {kind: scores[kind] for kind in (PLAIN, *KINDS) if kind in scores}


def _truth_of(rows: Sequence[TruthRow], chosen: Sequence[TruthRow]) -> list[Presence]:
    """Return the truth with all but the chosen rows optional, and the time between these left out."""
    presences = [row.presence() for row in rows]
    kept = [
        presence if row in chosen else Presence(row.person, row.start_s, row.end_s, True, presence.excluded)
        for row, presence in zip(rows, presences, strict=True)
    ]
    return kept + [Presence("", start, end, excluded=True) for start, end in _gaps(chosen)]


def _gaps(rows: Sequence[TruthRow]) -> list[tuple[float, float]]:
    """Return the time before, between and after rows."""
    gaps, last = [], 0.0
    for row in sorted(rows, key=lambda row: row.start_s):
        if row.start_s > last:
            gaps.append((last, row.start_s))
        last = max(last, row.end_s)
    return [*gaps, (last, float("inf"))]


def cost(scores: Mapping[str, Score], kind: str) -> float | None:
    """Return how much recall a kind loses against plain pictures; None where either has no known person."""
    plain, own = (scores[name].overall.recall if name in scores else None for name in (PLAIN, kind))
    return None if plain is None or own is None else plain - own
