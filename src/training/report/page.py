"""The report as one page: no script, no address, readable on paper, light or dark as the reader likes it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from .advice import Advice
from .charts import MOST_IN_HEAT_MAP, det_chart, heat_map, histogram_chart, identification_chart, reliability_chart
from .crops import thumbnail
from .drawing import percent
from .inputs import Picture
from .numbers import PersonNumbers, confusion
from .report import TrainingReport, grouped

_FOLDER = Path(__file__).parent
_ROWS = 30
"""Rows of a table that are shown at once; the others unfold."""
_ADVICE = 8
"""Pieces of advice of one kind that are shown at once."""
_PORTRAITS = 80
"""People who are shown with a picture in the table: with more a page grows by a second and a megabyte."""
_WELL, _POORLY = 0.95, 0.8


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the table of people."""

    person: PersonNumbers
    portrait: str
    aside: str
    n_aside: int
    advice: tuple[Advice, ...]

    @property
    def mark(self) -> str:
        """How it stands with the person, in one word that the style sheet colours."""
        recall = self.person.recall
        if recall is None or self.person.n_images < 3:
            return "unsure"
        return "good" if recall >= _WELL else "middling" if recall >= _POORLY else "bad"


def render(report: TrainingReport) -> str:
    """Return the report as HTML in one file."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = percent
    thumbnails = _Thumbnails()
    return environment.get_template("report.html").render(
        report=report,
        numbers=report.numbers,
        about=report.about,
        # Ours and not a user's: the style sheet is not escaped.
        style=Markup((_FOLDER / "report.css").read_text(encoding="utf-8")),
        charts=_charts(report),
        rows=_rows(report, thumbnails),
        groups=grouped(report.advice),
        thumbnail=thumbnails.of,
        choices=report.numbers.choices,
        own_thresholds=len({person.named_from for person in report.numbers.people}) > 1,
        n_rows=_ROWS,
        n_advice=_ADVICE,
    )


class _Thumbnails:
    """Thumbnails of pictures, each made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[Picture, int], Markup] = {}

    def of(self, picture: Picture, size: int) -> Markup:
        """Return a picture's thumbnail as an address; empty where there is none."""
        if (picture, size) not in self._made:
            self._made[picture, size] = Markup(thumbnail(picture.crop, size))
        return self._made[picture, size]


def _charts(report: TrainingReport) -> dict[str, Markup]:
    held, numbers = report.held, report.numbers
    charts = dict.fromkeys(("identification", "det", "confidences", "scores", "reliability", "heat"), Markup())
    if len(numbers.curve.fpir):
        working = (numbers.strangers_named.value or 0.0, numbers.named_right.value or 0.0)
        charts["identification"] = identification_chart(numbers.curve, *working)
        charts["det"] = det_chart(numbers.curve, *working)
    if len(held.labels) or len(held.stranger_confidences):
        # One line only where all people share one threshold.
        shared = float(held.named_from.min()) if held.named_from.min() == held.named_from.max() else None
        charts["confidences"] = histogram_chart(numbers.confidences, "confidence", shared, "named from here")
        evidence = report.about.settings.get("evidence")
        charts["scores"] = histogram_chart(
            numbers.scores, "score", float(evidence) if isinstance(evidence, int | float) else None, "even chance"
        )
        charts["reliability"] = reliability_chart(numbers.reliability)
    if len(held.people) <= MOST_IN_HEAT_MAP and len(held.labels):
        counts = confusion(held.labels, held.named(), len(held.people))
        counts[-1] = confusion(held.strangers_named() * 0 - 1, held.strangers_named(), len(held.people))[-1]
        charts["heat"] = heat_map(held.people, counts)
    return charts


def _rows(report: TrainingReport, thumbnails: _Thumbnails) -> list[_Row]:
    """Return the people, those first who need somebody's attention."""
    said: dict[str, list[Advice]] = defaultdict(list)
    for entry in report.advice:
        for name in entry.people:
            said[name].append(entry)
    first: dict[int, Picture] = {}
    for picture, label in zip(report.pictures.used, report.pictures.labels.tolist(), strict=True):
        first.setdefault(label, picture)
    aside = report.aside
    rows = []
    for label, person in enumerate(report.numbers.people):
        states = aside[person.name]
        is_shown = label in first and len(report.numbers.people) <= _PORTRAITS
        rows.append(
            _Row(
                person,
                thumbnails.of(first[label], 56) if is_shown else "",
                ", ".join(f"{count} {state}" for state, count in states.most_common()),
                states.total(),
                tuple(said[person.name]),
            )
        )
    return sorted(rows, key=lambda row: (1.0 if row.person.recall is None else row.person.recall, row.person.name))
