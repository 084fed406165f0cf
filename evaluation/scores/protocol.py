"""All measures beside the plain seconds, of the splits of an evaluation: as JSON for programs and as rows for tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from src.names import display_name
from src.schema import UNKNOWN

from .clusters import BCubed, bcubed_of, fragmentation_of, mixed_clusters, purity_of
from .curve import Point, curve_of
from .kinds import cost, score_kinds
from .moments import Footage
from .reliability import Reliability, measure
from .scoring import Score, Seconds

Splits = Mapping[str, Sequence[Footage]]
"""The videos of `overall`, `tune` and `report`."""
Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]
"""Title, columns and rows."""

_SHOWN = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Thresholds of the table; JSON and plot have all."""


def protocol_json(splits: Splits) -> dict[str, Any]:
    """Return the measures as plain values; a ratio is null where there is nothing to divide."""
    return {
        "calibration": {name: _calibration_json(videos) for name, videos in splits.items()},
        "shot_kinds": {name: _kinds_json(videos) for name, videos in splits.items()},
        "tracks": {name: _tracks_json(videos) for name, videos in splits.items()},
        "unknown_people": {name: _unknown_json(videos) for name, videos in splits.items()},
        "curve": {name: [_point_json(point) for point in curve_of(videos)] for name, videos in splits.items()},
    }


def seconds_json(seconds: Seconds) -> dict[str, float | None]:
    """Return seconds to the millisecond and their ratios."""
    exact = {"tp_s": seconds.tp, "fp_s": seconds.fp, "fn_s": seconds.fn}
    ratios = {"precision": seconds.precision, "recall": seconds.recall, "f1": seconds.f1}
    return {
        **{name: round(value, 3) for name, value in exact.items()},
        **{name: _rounded(value) for name, value in ratios.items()},
    }


def _calibration_json(videos: Sequence[Footage]) -> dict[str, Any]:
    return {kind: _reliability_json(found) for kind, found in measure(videos).items()}


def _reliability_json(found: Reliability) -> dict[str, Any]:
    bins = [
        {"seconds": round(bin.seconds, 3), "confidence": round(bin.confidence, 4), "accuracy": round(bin.accuracy, 4)}
        for bin in found.bins
    ]
    return {"ece": _rounded(found.error), "seconds": round(found.seconds, 3), "bins": bins}


def _kinds_json(videos: Sequence[Footage]) -> dict[str, Any]:
    scores = score_kinds(videos)
    return {kind: _kind_json(score, cost(scores, kind)) for kind, score in scores.items()}


def _kind_json(score: Score, lost: float | None) -> dict[str, float | None]:
    return {
        **seconds_json(score.overall),
        "cost": _rounded(lost),
        "strangers_s": round(score.strangers_s, 3),
        "strangers_unnamed_s": round(score.confusion.get((UNKNOWN, UNKNOWN), 0.0), 3),
        "false_naming_s": round(score.false_naming_s, 3),
    }


def _tracks_json(videos: Sequence[Footage]) -> dict[str, Any]:
    purity, pieces = purity_of(videos), fragmentation_of(videos)
    return {
        "purity": _rounded(purity.purity),
        "certain_s": round(purity.certain_s, 3),
        "all_s": round(purity.all_s, 3),
        "fragmentation": _rounded(pieces.mean),
        "rows": pieces.rows,
        "rows_found": pieces.found,
        "rows_in_pieces": pieces.in_pieces,
    }


def _unknown_json(videos: Sequence[Footage]) -> dict[str, Any]:
    by_track = bcubed_of(videos, by_track=True)
    return {
        **_bcubed_json(bcubed_of(videos)),
        "by_track": _bcubed_json(by_track),
        "mixed": {
            cluster: {who: round(s, 3) for who, s in people.items()} for cluster, people in mixed_clusters(videos).items()
        },
    }


def _bcubed_json(found: BCubed) -> dict[str, Any]:
    ratios = {"precision": found.precision, "recall": found.recall, "f1": found.f1}
    counts = {"weight": round(found.weight, 3), "strangers": found.strangers, "clusters": found.clusters}
    return {**{name: _rounded(value) for name, value in ratios.items()}, **counts}


def _point_json(point: Point) -> dict[str, Any]:
    return {
        "threshold": point.threshold,
        "known": seconds_json(point.known),
        "unknown": seconds_json(point.unknown),
        "false_naming_s": round(point.false_naming_s, 3),
    }


def protocol_tables(splits: Splits) -> list[Table]:
    """Return the measures as tables."""
    everything = splits["overall"]
    tables = [_tracks_table(splits), _calibration_table(splits), _kinds_table(everything), _curve_table(splits)]
    mixed = mixed_clusters(everything)
    if mixed:
        rows = [
            (cluster, ", ".join(f"{_who(who)} {s:.1f} s" for who, s in people.items())) for cluster, people in mixed.items()
        ]
        tables.insert(1, ("Strangers who were taken for somebody else", ("taken for", "who they are"), rows))
    return tables


def _who(person: str) -> str:
    return person if ":" in person else display_name(person)


def _tracks_table(splits: Splits) -> Table:
    rows = []
    for name, videos in splits.items():
        purity, pieces, unknown = purity_of(videos), fragmentation_of(videos), bcubed_of(videos)
        ratios = (purity.purity, pieces.mean, unknown.precision, unknown.recall, unknown.f1)
        tracks, found, b3_p, b3_r, b3_f = map(_number, ratios)
        strangers = f"{unknown.strangers} in {unknown.clusters}"
        rows.append((name, tracks, found, f"{pieces.found} of {pieces.rows}", b3_p, b3_r, b3_f, strangers))
    columns = (
        "Videos",
        "purity of tracks",
        "pieces a row",
        "rows found",
        "unknown people: B³ precision",
        "B³ recall",
        "B³ F1",
        "strangers in groups",
    )
    return "Tracks and unknown people", columns, rows


def _calibration_table(splits: Splits) -> Table:
    found = {name: measure(videos) for name, videos in splits.items()}
    rows = [
        (kind, *(cell for name in splits for cell in (_number(found[name][kind].error), f"{found[name][kind].seconds:.1f}")))
        for kind in found["overall"]
    ]
    columns = ("Confidence of", *(column for name in splits for column in (f"{name} ECE", "s")))
    return "Expected calibration error", columns, rows


def _kinds_table(videos: Sequence[Footage]) -> Table:
    scores = score_kinds(videos)
    rows = [
        (
            kind,
            *(f"{abs(value):.2f}" for value in (score.overall.tp, score.overall.fp, score.overall.fn)),
            *map(_number, (score.overall.precision, score.overall.recall, cost(scores, kind))),
            *(f"{abs(value):.2f}" for value in (score.strangers_s, score.confusion.get((UNKNOWN, UNKNOWN), 0.0))),
            f"{abs(score.false_naming_s):.2f}",
        )
        for kind, score in scores.items()
    ]
    strangers = ("strangers s", "found unknown s", "named s")
    columns = ("Kind of picture", "right s", "wrong s", "missed s", "precision", "recall", "cost", *strangers)
    return "By kind of picture; the cost is what recall loses against plain pictures", columns, rows


def _curve_table(splits: Splits) -> Table:
    curves = {name: curve_of(videos, _SHOWN) for name, videos in splits.items()}
    rows = [
        (
            f"{threshold:g}",
            *(
                _number(value)
                for name in splits
                for value in (curves[name][row].known.precision, curves[name][row].known.recall, curves[name][row].unknown.f1)
            ),
        )
        for row, threshold in enumerate(_SHOWN)
    ]
    columns = ("Confidence", *(f"{name} {what}" for name in splits for what in ("P", "R", "unknown F1")))
    return "Tracks named by their confidence alone", columns, rows


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
