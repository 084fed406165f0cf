"""Plots of an evaluation: reliability, the threshold curve, and what kinds of pictures cost.

The same numbers give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from src.disk.files import replacing
from src.errors import ConfigError

from ..scores.curve import Point
from ..scores.kinds import PLAIN, cost, score_kinds
from ..scores.moments import Footage
from ..scores.reliability import Reliability, measure

_GREY, _BLUE, _ORANGE, _GREEN = "#9aa0a6", "#1f6fb4", "#d1661c", "#2f8f4e"
_STYLE: Any = {
    # Ids in the file come from this and not from chance.
    "svg.hashsalt": "facerec",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def write_plots(folder: Path, videos: Sequence[Footage], points: Mapping[str, Sequence[Point]]) -> list[Path]:
    """Write all plots as SVG.

    Args:
        folder: Where to.
        videos: All that were measured.
        points: The threshold curve of each split.

    Returns:
        The files.

    Raises:
        ConfigError: matplotlib is not installed.
        ExportError: A file cannot be written.
    """
    found = measure(videos)
    draw: Mapping[str, Callable[[Any], None]] = {
        "reliability": lambda figure: _draw_reliability(figure, found),
        "threshold": lambda figure: _draw_curve(figure, points),
        "kinds": lambda figure: _draw_kinds(figure, videos),
    }
    sizes = {"reliability": (9.0, 3.4), "threshold": (9.0, 3.2), "kinds": (7.0, 5.0)}
    return [_write(folder / f"{name}.svg", sizes[name], of) for name, of in draw.items()]


def _write(path: Path, size: tuple[float, float], draw: Callable[[Any], None]) -> Path:
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as err:
        raise ConfigError("Plots need matplotlib. Run: pip install -r requirements-dev.txt") from err
    with matplotlib.rc_context(rc=_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        with replacing(path) as partial:
            figure.savefig(partial, format="svg", metadata={"Date": None, "Creator": None})
    return path


def _draw_reliability(figure: Any, found: Mapping[str, Reliability]) -> None:
    for axes, (kind, reliability) in zip(
        figure.subplots(1, len(found), sharey=True, squeeze=False)[0], found.items(), strict=True
    ):
        axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle="--")
        confidences = [bin.confidence for bin in reliability.bins]
        axes.plot(confidences, [bin.accuracy for bin in reliability.bins], color=_BLUE, marker="o", markersize=4)
        total = max(reliability.seconds, 1e-9)
        axes.bar(confidences, [bin.seconds / total for bin in reliability.bins], width=0.04, color=_GREY, alpha=0.5)
        error = "-" if reliability.error is None else f"{reliability.error:.3f}"
        axes.set(title=f"{kind}: ECE {error}", xlabel="confidence", xlim=(0, 1), ylim=(0, 1.02))
    figure.axes[0].set_ylabel("share right (bars: share of the seconds)")


def _draw_curve(figure: Any, points: Mapping[str, Sequence[Point]]) -> None:
    for axes, (split, curve) in zip(
        figure.subplots(1, len(points), sharey=True, squeeze=False)[0], points.items(), strict=True
    ):
        steps = [point.threshold for point in curve]
        for label, colour, values in (
            ("precision", _BLUE, [point.known.precision for point in curve]),
            ("recall", _ORANGE, [point.known.recall for point in curve]),
            ("F1", _GREEN, [point.known.f1 for point in curve]),
        ):
            axes.plot(steps, [float("nan") if value is None else value for value in values], color=colour, label=label)
        axes.set(title=split, xlabel="confidence from which a track is named", xlim=(0, 1), ylim=(0, 1.02))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("of the seconds of known people")
    figure.axes[-1].legend(loc="lower left", frameon=False)


def _draw_kinds(figure: Any, videos: Sequence[Footage]) -> None:
    scores = score_kinds(videos)
    rows = [(kind, lost, scores[kind].overall) for kind in scores if kind != PLAIN and (lost := cost(scores, kind)) is not None]
    rows.sort(key=lambda row: row[1])
    axes = figure.subplots()
    names = [f"{kind} ({seconds.tp + seconds.fn:.0f} s)" for kind, _, seconds in rows]
    axes.barh(names, [lost for _, lost, _ in rows], color=[_ORANGE if lost > 0 else _GREEN for _, lost, _ in rows])
    axes.axvline(0, color=_GREY, linewidth=1)
    plain = scores[PLAIN].overall.recall if PLAIN in scores else None
    against = "" if plain is None else f" ({plain:.3f})"
    axes.set(xlabel=f"recall lost against plain pictures{against}")
