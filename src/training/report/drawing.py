"""SVG drawings of lines and bars, without colours of their own: these come from the style sheet of the page.

Why not matplotlib: its drawings bring fixed colours and fonts, so that they are neither dark on a dark page nor text to a
reader, and take two seconds of every training. What is needed here are two scales and four shapes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

WIDTH, HEIGHT = 480, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 22, 14, 44


@dataclass(frozen=True, slots=True)
class Scale:
    """Values of an axis to pixels.

    Attributes:
        low, high: Values at its ends; what lies outside is drawn at the end.
        start, end: Pixels there.
        is_log: Whether equal ratios take equal room; `low` is above 0 then.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """Return where a value lies, in pixels."""
        value = min(max(value, self.low), self.high)
        if self.is_log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)


def x_scale(low: float, high: float, *, is_log: bool = False) -> Scale:
    """Return the scale of a chart from left to right."""
    return Scale(low, high, _LEFT, WIDTH - _RIGHT, is_log)


def y_scale(low: float, high: float, *, is_log: bool = False) -> Scale:
    """Return the scale of a chart from bottom to top."""
    return Scale(low, high, HEIGHT - _BOTTOM, _TOP, is_log)


def decades(low: float) -> list[float]:
    """Return 1 and the powers of ten down to a value, rising."""
    return [10.0**power for power in range(math.floor(math.log10(low) + 1e-9), 1)]


@dataclass(slots=True)
class Drawing:
    """Shapes in the order they were drawn, later ones on top.

    Attributes:
        title: What a reader of the page's text is told instead.
        width, height: Pixels.
    """

    title: str
    width: float = WIDTH
    height: float = HEIGHT
    _parts: list[Markup] = field(default_factory=list)

    def add(self, name: str, text: str = "", tip: str = "", **attributes: str | float) -> None:
        """Add an element.

        Args:
            name: `line`, `rect`, `text`, …
            text: What stands in it.
            tip: What is shown while the pointer rests on it.
            attributes: Its attributes; `_` becomes `-`, and one at the end is dropped (`class_`).
        """
        listed = Markup(" ").join(
            Markup('{}="{}"').format(
                key.rstrip("_").replace("_", "-"), number(value) if isinstance(value, int | float) else value
            )
            for key, value in attributes.items()
        )
        hint = Markup("<title>{}</title>").format(tip) if tip else ""
        self._parts.append(Markup("<{0} {1}>{2}{3}</{0}>").format(Markup(name), listed, hint, text))

    def line(self, points: Sequence[tuple[float, float]], class_: str, tip: str = "") -> None:
        """Add a line through points in pixels."""
        path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self.add("polyline", tip=tip, points=path, class_=class_)

    def axes(self, x: Scale, y: Scale, x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[tuple[float, str]]) -> None:
        """Add a grid with its labels."""
        for value, label in x_ticks:
            self.add("line", x1=x(value), x2=x(value), y1=y.start, y2=y.end, class_="grid")
            self.add("text", label, x=x(value), y=y.start + 17, class_="tick middle")
        for value, label in y_ticks:
            self.add("line", x1=x.start, x2=x.end, y1=y(value), y2=y(value), class_="grid")
            self.add("text", label, x=x.start - 8, y=y(value) + 4, class_="tick end")
        self.add("line", x1=x.start, x2=x.end, y1=y.start, y2=y.start, class_="axis")

    def x_title(self, text: str) -> None:
        """Name the lower axis."""
        self.add("text", text, x=(_LEFT + self.width - _RIGHT) / 2, y=self.height - 8, class_="axis-title middle")

    def svg(self) -> Markup:
        """Return the drawing as an element of a page that grows and shrinks with it."""
        return self._element(Markup('class="chart"'))

    def fixed_svg(self, class_: str) -> Markup:
        """Return the drawing as an element that keeps its size, for one that is too detailed to shrink."""
        style = Markup('class="{}" style="width: {}px"').format(class_, number(self.width))
        return self._element(style)

    def _element(self, attributes: Markup) -> Markup:
        head = Markup('<svg viewBox="0 0 {} {}" {} role="img" aria-label="{}">')
        start = head.format(number(self.width), number(self.height), attributes, self.title)
        return start + Markup("").join(self._parts) + Markup("</svg>")


def number(value: float) -> str:
    """Return a number in as few characters as show: a tenth of a pixel is below what anybody sees."""
    return f"{value:.1f}".removesuffix(".0")


def percent(value: float | None, digits: int = 0) -> str:
    """Return a share as people read it; all and nothing only where it is just that."""
    if value is None:
        return "\N{EN DASH}"
    text, least = f"{100 * value:.{digits}f}", 10.0**-digits
    if value > 0 and float(text) == 0:
        text = f"< {least:g}"
    if value < 1 and float(text.lstrip("< ")) == 100:
        text = f"> {100 - least:g}"
    return f"{text}\N{NO-BREAK SPACE}%"
