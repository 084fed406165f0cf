"""All measures beside the plain seconds, of the splits of an evaluation: as JSON for programs and as rows for tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from src.schema import UNKNOWN

from .footage import Footage
from .kinds import cost, score_kinds
from .reliability import Reliability, measure
from .scoring import Score

Splits = Mapping[str, Sequence[Footage]]
"""The videos of `overall`, `tune` and `report`."""
Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]
"""Title, columns and rows."""


def protocol_json(splits: Splits) -> dict[str, Any]:
    """Return the measures as plain values; a ratio is null where there is nothing to divide."""
    return {
        "calibration": {name: _calibration_json(videos) for name, videos in splits.items()},
        "shot_kinds": {name: _kinds_json(videos) for name, videos in splits.items()},
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
    seconds = score.overall
    return {
        "tp_s": round(seconds.tp, 3),
        "fp_s": round(seconds.fp, 3),
        "fn_s": round(seconds.fn, 3),
        "precision": _rounded(seconds.precision),
        "recall": _rounded(seconds.recall),
        "cost": _rounded(lost),
        "strangers_s": round(score.strangers_s, 3),
        "strangers_unnamed_s": round(score.confusion.get((UNKNOWN, UNKNOWN), 0.0), 3),
        "false_naming_s": round(score.false_naming_s, 3),
    }


def protocol_tables(splits: Splits) -> list[Table]:
    """Return the measures as tables."""
    return [_calibration_table(splits), _kinds_table(splits["overall"])]


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


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
