"""The charts of a training report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from ...schema import UNKNOWN, DoubleArray, IntArray
from .drawing import Drawing, Scale, decades, percent, x_scale, y_scale
from .numbers import Curve, Histogram, Reliability

_QUARTERS = [(0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %")]
_FINEST = 1e-3
"""Rate at which logarithmic axes begin where a finer one cannot be measured."""
_FEW = 5
"""Faces from which a point of the reliability diagram is drawn full."""
MOST_IN_HEAT_MAP = 40
"""People up to whom the confusion matrix is drawn: each has 24 pixels."""
_CELL, _NAME, _CHARACTER = 24, 24, 6.4


def identification_chart(curve: Curve, fpir: float, found: float) -> Markup:
    """Draw which share of known faces gets its name, by how many strangers get one.

    Args:
        curve: All thresholds.
        fpir: Share of strangers named by the model as it is. `found`: Known faces named rightly by it.
        found: See above.
    """
    drawing = Drawing("Known faces identified, by the share of strangers that are named")
    x, y = x_scale(_finest(curve), 1, is_log=True), y_scale(0, 1)
    _begin(drawing, x, y, _QUARTERS, curve)
    drawing.line(_steps(x, y, curve.fpir, curve.dir), "line genuine")
    tip = f"As trained: {percent(found, 1)} identified, {percent(fpir, 1)} of strangers named"
    _working_point(drawing, x, y, fpir, found, tip, rises=True)
    drawing.x_title("share of strangers named")
    return drawing.svg()


def det_chart(curve: Curve, fpir: float, found: float) -> Markup:
    """Draw which share of known faces is missed, by how many strangers get a name, both logarithmic.

    Args:
        curve: All thresholds.
        fpir: Share of strangers named by the model as it is. `found`: Known faces named rightly by it.
        found: See above.

    Source: Martin et al., The DET curve in assessment of detection task performance, Eurospeech 1997; logarithms in the place
    of normal deviates, as NIST draws open-set identification.
    """
    drawing = Drawing("Known faces missed, by the share of strangers that are named")
    lowest = 10.0 ** math.floor(math.log10(1 / max(curve.n_known, 10)))
    x, y = x_scale(_finest(curve), 1, is_log=True), y_scale(lowest, 1, is_log=True)
    _begin(drawing, x, y, [(value, _rate(value)) for value in decades(lowest)], curve)
    drawing.line(_steps(x, y, curve.fpir, 1 - curve.dir), "line genuine")
    tip = f"As trained: {percent(1 - found, 1)} missed, {percent(fpir, 1)} of strangers named"
    _working_point(drawing, x, y, fpir, 1 - found, tip, rises=False)
    drawing.x_title("share of strangers named")
    return drawing.svg()


def _finest(curve: Curve) -> float:
    return min(_FINEST, 10.0 ** math.floor(math.log10(1 / max(curve.n_strangers, 1))))


def _begin(drawing: Drawing, x: Scale, y: Scale, y_ticks: Sequence[tuple[float, str]], curve: Curve) -> None:
    """Draw axes, and shade the rates for which there are too few strangers."""
    coarsest = x(1 / max(curve.n_strangers, 1))
    if coarsest > x.start + 1:
        tip = f"Below {percent(1 / max(curve.n_strangers, 1), 1)}: less than one of {curve.n_strangers} strangers"
        drawing.add("rect", tip=tip, x=x.start, y=y.end, width=coarsest - x.start, height=y.start - y.end, class_="unmeasured")
    drawing.axes(x, y, [(value, _rate(value)) for value in decades(x.low)], y_ticks)
    if coarsest > x.start + 115:
        drawing.add("text", "too few strangers", x=(x.start + coarsest) / 2, y=y.start - 8, class_="tick middle")


def _steps(x: Scale, y: Scale, fpir: DoubleArray, values: DoubleArray) -> list[tuple[float, float]]:
    """Return the corners of a step line: between two thresholds nothing changes."""
    points: list[tuple[float, float]] = []
    # What lies left of the axis would be a wall at its edge: only where it ends is drawn.
    first = max(int((fpir < x.low).sum()) - 1, 0)
    for rate, value in zip(fpir[first:].tolist(), values[first:].tolist(), strict=True):
        if points:
            points.append((x(rate), points[-1][1]))
        points.append((x(rate), y(value)))
    return list(dict.fromkeys(points))


def _working_point(drawing: Drawing, x: Scale, y: Scale, fpir: float, value: float, tip: str, rises: bool) -> None:
    """Mark where the model stands, with its label on the side that the line leaves free."""
    drawing.add("circle", tip=tip, cx=x(fpir), cy=y(value), r=5.5, class_="point")
    is_right = x(fpir) > (x.start + x.end) / 2
    baseline = max(y(value) - 9, 11) if is_right == rises else min(y(value) + 19, y.start - 5)
    left = x(fpir) + (-9 if is_right else 9)
    drawing.add("text", "as trained", x=left, y=baseline, class_="mark end" if is_right else "mark")


def _rate(value: float) -> str:
    return f"{100 * value:g} %"


def histogram_chart(histogram: Histogram, title: str, threshold: float | None, threshold_title: str) -> Markup:
    """Draw known faces upwards and strangers downwards, both as shares of their kind.

    Args:
        histogram: What to draw.
        title: Of the lower axis.
        threshold: Where a face begins to be named; None for no line.
        threshold_title: What stands at it.
    """
    drawing = Drawing(f"{title}: known faces above, strangers below")
    edges = histogram.edges
    highest = max(histogram.genuine.max(), histogram.strangers.max())
    top = next(top for top in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if highest <= top + 1e-9)
    x, y = x_scale(float(edges[0]), float(edges[-1])), y_scale(-top, top)
    ticks = [(part * top, _rate(abs(round(part * top, 3)))) for part in (-1, -0.5, 0, 0.5, 1)]
    drawing.axes(x, y, [(float(value), f"{value:.1f}") for value in _tenths(edges)], ticks)
    for kind, shares, sign in (("genuine", histogram.genuine, 1), ("strangers", histogram.strangers, -1)):
        for low, high, part in zip(edges[:-1].tolist(), edges[1:].tolist(), shares.tolist(), strict=True):
            if part:
                _bar(drawing, x, y, (low, high), sign * part, kind)
    drawing.add("line", x1=x.start, x2=x.end, y1=y(0), y2=y(0), class_="axis")
    if threshold is not None and edges[0] <= threshold <= edges[-1]:
        drawing.add("line", x1=x(threshold), x2=x(threshold), y1=y.start, y2=y.end, class_="threshold")
        left = x(threshold) > (x.start + x.end) / 2
        drawing.add(
            "text", threshold_title, x=x(threshold) + (-6 if left else 6), y=y.end + 10, class_="mark end" if left else "mark"
        )
    drawing.x_title(title)
    return drawing.svg()


def _bar(drawing: Drawing, x: Scale, y: Scale, ends: tuple[float, float], value: float, kind: str) -> None:
    # One face of thousands still shows.
    height = max(abs(y(0) - y(value)), 1.5)
    upper = y(0) - height if value > 0 else y(0)
    tip = f"{ends[0]:.2f} to {ends[1]:.2f}: {percent(abs(value), 1)} of {'known faces' if kind == 'genuine' else 'strangers'}"
    drawing.add("rect", tip=tip, x=x(ends[0]) + 0.7, y=upper, width=x(ends[1]) - x(ends[0]) - 1.4, height=height, class_=kind)


def _tenths(edges: DoubleArray) -> list[float]:
    low, high = float(edges[0]), float(edges[-1])
    step = 0.1 if high - low <= 0.6 else 0.2
    first = math.ceil(low / step - 1e-9)
    return [step * place for place in range(first, math.floor(high / step + 1e-9) + 1)]


def reliability_chart(reliability: Reliability) -> Markup:
    """Draw the share of right names over the confidence, with its distance from what was promised."""
    drawing = Drawing("Share of right names by confidence; the diagonal is what was promised")
    x, y = x_scale(0, 1), y_scale(0, 1)
    drawing.axes(x, y, [(value, label) for value, label in _QUARTERS], _QUARTERS)
    for part in reliability.bins:
        left, height = x(part.low) + 0.7, max(part.weight * (y.start - y.end) / 2, 1.0)
        drawing.add("rect", x=left, y=y.start - height, width=x(part.high) - left - 0.7, height=height, class_="weight")
    drawing.line([(x(0), y(0)), (x(1), y(1))], "promise")
    for part in reliability.bins:
        tip = (
            f"{part.count} faces with {percent(part.low)} to {percent(part.high)}, {percent(part.confidence, 1)} on average: "
            f"{percent(part.right, 1)} right"
        )
        centre, radius = x(part.confidence), 4 + 4 * math.sqrt(part.weight)
        drawing.add("line", x1=centre, x2=centre, y1=y(part.confidence), y2=y(part.right), class_="gap")
        drawing.add("circle", tip=tip, cx=centre, cy=y(part.right), r=radius, class_="dot" if part.count >= _FEW else "dot few")
    drawing.x_title("confidence")
    return drawing.svg()


def heat_map(people: Sequence[str], counts: IntArray) -> Markup:
    """Draw the confusion matrix: a row for whom the faces show, a column for whom they were taken for.

    Args:
        people: k names.
        counts: (k + 1, k + 1) int64, the last row strangers, the last column nobody; see `numbers.confusion`.
    """
    rows = [*people, "Strangers"]
    # A person who was never held out has an empty row, and no row of strangers is drawn where there are none.
    shown = [row for row in range(len(rows)) if counts[row].sum()]
    margin = 18 + _CHARACTER * max((len(_short(name)) for name in [*people, UNKNOWN]), default=0)
    width, height = margin + _CELL * len(rows) + 40, margin * 0.75 + _CELL * len(shown) + 10
    drawing = Drawing("Whom the faces show, and whom they were taken for", width, height)
    for column, name in enumerate([*people, UNKNOWN]):
        at = margin + _CELL * column + _CELL / 2 + 4
        drawing.add(
            "text", _short(name), tip=name, transform=f"translate({at:.1f} {margin * 0.75 - 8:.1f}) rotate(-50)", class_="name"
        )
    for place, row in enumerate(shown):
        upper = margin * 0.75 + _CELL * place
        drawing.add("text", _short(rows[row]), tip=rows[row], x=margin - 8, y=upper + 16, class_="name end")
        for column in range(len(rows)):
            _cell(
                drawing,
                margin + _CELL * column,
                upper,
                counts[row],
                column,
                (rows[row], [*people, UNKNOWN][column]),
                row == column,
            )
    return drawing.fixed_svg("heat")


def _cell(
    drawing: Drawing, left: float, upper: float, counts: IntArray, column: int, names: tuple[str, str], is_right: bool
) -> None:
    count, total = int(counts[column]), int(counts.sum())
    kind = "right" if is_right else "none" if column == len(counts) - 1 else "wrong"
    if names[0] == "Strangers" and kind == "none":
        kind = "right"
    drawing.add("rect", x=left, y=upper, width=_CELL - 2, height=_CELL - 2, class_="empty")
    if not count:
        return
    part = count / total
    strength = f"{0.18 + 0.82 * part:.2f}"
    tip = f"{names[0]} taken for {names[1]}: {count} of {total}"
    drawing.add("rect", tip=tip, x=left, y=upper, width=_CELL - 2, height=_CELL - 2, fill_opacity=strength, class_=kind)
    tone = "strong" if part > 0.5 else "weak"
    drawing.add("text", str(count), x=left + _CELL / 2 - 1, y=upper + 15, class_=f"count middle {tone}")


def _short(name: str) -> str:
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"
