"""Shows the result of an evaluation: as tables for people, as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from src.names import display_name
from src.records import now
from src.schema import UNKNOWN

from ..material.data import split_of
from ..scores.moments import Footage
from ..scores.protocol import protocol_json, protocol_tables, seconds_json
from ..scores.scoring import Score, Seconds

_LEAST_S = 0.05
"""Confusions of fewer seconds are left out of the table; JSON has them all."""


@dataclass(frozen=True, slots=True)
class VideoResult:
    """What came of one video.

    Attributes:
        video: File name.
        score: Against all rows that are not optional.
        lenient: The same with people at the edge, from behind or a few pixels high as optional too.
        footage: Truth, appearances and tracks, for all further measures.
        wall_s: Seconds that tracking and naming took.
        error: Why there is no score; empty where there is one.
    """

    video: str
    score: Score = field(default_factory=Score)
    lenient: Score = field(default_factory=Score)
    footage: Footage = field(default_factory=Footage)
    wall_s: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of a data folder, and what it was measured with."""

    data: str
    engine: str
    classifier: str
    model: str
    sample_period_s: float
    with_outliers: bool
    people: int
    photos: int
    videos: tuple[VideoResult, ...]

    def total(self, split: str | None = None, lenient: bool = False) -> Score:
        """Add up the videos of a split, or all of them."""
        chosen = (video for video in self.videos if split in {None, split_of(video.video)})
        return sum((video.lenient if lenient else video.score for video in chosen), Score())

    def footage(self, split: str | None = None) -> list[Footage]:
        """Return the videos of a split, or all of them."""
        return [video.footage for video in self.videos if split in {None, split_of(video.video)}]

    def splits(self) -> dict[str, list[Footage]]:
        """Return the videos of every split by its key in JSON."""
        return {name: self.footage(split) for name, split in SPLITS.items()}

    @property
    def failed(self) -> dict[str, str]:
        """Videos without a score, and why."""
        return {video.video: video.error for video in self.videos if video.error}


SPLITS: Mapping[str, str | None] = {"overall": None, "tune": "tune", "report": "report"}
"""Key in JSON, and what `split_of` says; None for all videos."""

_ROWS: Sequence[tuple[str, str, Callable[[Evaluation], Score]]] = (
    ("overall", "all videos", lambda evaluation: evaluation.total()),
    ("tune", "tune", lambda evaluation: evaluation.total("tune")),
    ("report", "report", lambda evaluation: evaluation.total("report")),
    ("lenient", "all, edges and backs optional", lambda evaluation: evaluation.total(lenient=True)),
)
"""The sums: key in JSON, label in the table, how they are had. Only rows whose note says so are optional in the first three."""


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return the result as plain values, seconds to the millisecond; a ratio is null where there is nothing to divide."""
    settings = ("data", "engine", "classifier", "model", "sample_period_s", "with_outliers", "people", "photos")
    return {
        "created_at": now(),
        "settings": {name: getattr(evaluation, name) for name in settings},
        **{key: _score_json(of(evaluation)) for key, _, of in _ROWS},
        "people": _people_json(evaluation.total()),
        "confusion": _confusion_json(evaluation.total()),
        **protocol_json(evaluation.splits()),
        "videos": {video.video: _video_json(video) for video in evaluation.videos},
        "failed": evaluation.failed,
    }


def _video_json(video: VideoResult) -> dict[str, Any]:
    parts = {"people": _people_json(video.score), "confusion": _confusion_json(video.score)}
    head = {"split": split_of(video.video), "error": video.error, "wall_s": round(video.wall_s, 3)}
    return {**head, **_score_json(video.score), **parts, "lenient": _score_json(video.lenient)}


def _score_json(score: Score) -> dict[str, Any]:
    unknown = {**seconds_json(score.unknown), "crowd_s": round(score.crowd_s, 3)}
    return {**seconds_json(score.overall), "false_naming_s": round(score.false_naming_s, 3), "unknown": unknown}


def _people_json(score: Score) -> dict[str, dict[str, float | None]]:
    return {person: seconds_json(seconds) for person, seconds in score.people.items()}


def _confusion_json(score: Score) -> list[dict[str, str | float]]:
    return [{"seen": row, "said": column, "seconds": round(s, 3)} for (row, column), s in score.confusion.items()]


def print_report(evaluation: Evaluation, console: Console) -> None:
    """Print people, videos, sums and confusion."""
    total = evaluation.total()
    console.print(
        f"Engine {evaluation.engine}, classifier {evaluation.classifier}, a sample every {evaluation.sample_period_s:g} s, "
        f"{evaluation.photos} photos of {evaluation.people} people. Seconds on screen:"
    )
    console.print(_table("Person", _by_person(total)))
    videos = {f"{_name(video)} ({split_of(video.video)})": video.score for video in evaluation.videos}
    console.print(_table("Video", videos, naming=True))
    console.print(_table("Sum", {label: of(evaluation) for _, label, of in _ROWS}, naming=True))
    confused = _confused(total)
    if confused:
        console.print("Not found right: who was to be seen, and who was said")
        console.print(_confusion_table(confused))
    for title, columns, rows in protocol_tables(evaluation.splits()):
        console.print(_plain_table(title, columns, rows))
    for video, error in evaluation.failed.items():
        console.print(f"[red]Failed:[/] {video}: {error}", soft_wrap=True)


def _by_person(total: Score) -> dict[str, Score]:
    """Return a score for each known person, and unknown people as a class of their own at the end."""
    people = {display_name(name): Score({name: seconds}) for name, seconds in total.people.items()}
    return {**people, f"({UNKNOWN})": Score({UNKNOWN: total.unknown})}


def as_markdown(evaluation: Evaluation, plots: Iterable[str] = ()) -> str:
    """Return all tables as Markdown, for a document.

    Args:
        evaluation: What is shown.
        plots: Addresses of pictures, as seen from the document.
    """
    total = evaluation.total()
    videos = {f"{video.video} ({split_of(video.video)})": video.score for video in evaluation.videos}
    return "\n\n".join(
        (
            f"Engine `{evaluation.engine}`, classifier `{evaluation.classifier}`, a sample every "
            f"{evaluation.sample_period_s:g} s, {evaluation.photos} photos of {evaluation.people} people.",
            _markdown("Sum", {label: of(evaluation) for _, label, of in _ROWS}),
            _markdown("Video", videos),
            _markdown("Person", _by_person(total)),
            f"({UNKNOWN}) is a class of its own: right while a stranger is on screen and somebody unknown is shown. For "
            f"further {total.crowd_s:.2f} s somebody unknown is shown where nobody is to be recognised: this counts nowhere.",
            *(_plain_markdown(*table) for table in protocol_tables(evaluation.splits())),
            *(f"![{Path(plot).stem}]({plot})" for plot in plots),
        )
    )


def _plain_markdown(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [
        f"| {' | '.join(columns)} |",
        f"| --- |{' ---: |' * (len(columns) - 1)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join((f"{title}:", "", *lines))


def _plain_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=not number)
    for row in rows:
        table.add_row(*row)
    return table


def _markdown(kind: str, scores: Mapping[str, Score]) -> str:
    columns = ("right s", "wrong s", "missed s", "precision", "recall", "F1", "strangers named s")
    lines = [f"| {kind} | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for label, score in scores.items():
        cells = (*_cells(score.overall), _seconds(score.false_naming_s))
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _name(video: VideoResult) -> str:
    return f"[red]{video.video}[/]" if video.error else video.video


def _table(kind: str, scores: Mapping[str, Score], naming: bool = False) -> Table:
    table = Table()
    table.add_column(kind, no_wrap=True)
    for column in ("right s", "wrong s", "missed s", "precision", "recall", "F1"):
        table.add_column(column, justify="right", no_wrap=True)
    if naming:
        table.add_column("strangers named s", justify="right", no_wrap=True)
    for label, score in scores.items():
        table.add_row(label, *_cells(score.overall), *([_seconds(score.false_naming_s)] if naming else []))
    return table


def _cells(seconds: Seconds) -> Iterable[str]:
    yield from (_seconds(value) for value in (seconds.tp, seconds.fp, seconds.fn))
    yield from ("-" if value is None else f"{value:.3f}" for value in (seconds.precision, seconds.recall, seconds.f1))


def _seconds(value: float) -> str:
    # A sum that is zero but for rounding may be slightly negative.
    return f"{abs(value):.2f}" if abs(value) < 0.005 else f"{value:.2f}"


def _confused(score: Score) -> list[tuple[float, str, str]]:
    """Return seconds, who was to be seen and who was said where these differ, longest first."""
    cells = ((seconds, *cell) for cell, seconds in score.confusion.items() if cell[0] != cell[1] and seconds >= _LEAST_S)
    return sorted(cells, reverse=True)


def _confusion_table(cells: Iterable[tuple[float, str, str]]) -> Table:
    table = Table()
    table.add_column("to be seen", no_wrap=True)
    table.add_column("said", no_wrap=True)
    table.add_column("seconds", justify="right")
    for seconds, row, column in cells:
        table.add_row(display_name(row), display_name(column), _seconds(seconds))
    return table
