"""How long work tells where it stands: the parts report, the command line, the API or a test listens."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_LINE_EVERY_S = 5.0
_BARS_KEPT = 8
"""Bars of finished work that stay: with more, those of work under way would not fit the terminal."""


class Task(ABC):
    """One piece of work under way."""

    @abstractmethod
    def advance(self, amount: float = 1.0) -> None:
        """Say that so much more of the total is done."""


class Progress(ABC):
    """Somebody who listens."""

    @abstractmethod
    @contextmanager
    def task(self, label: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        """Open a piece of work; `total` is None where nobody knows it."""
        raise NotImplementedError
        yield

    @abstractmethod
    def message(self, text: str) -> None:
        """Say something in one line."""

    def concerns(self, **what: str) -> None:  # noqa: B027 - few want to know
        """Say by its id what is worked on from now on: `analysis_id="…"`."""


class Silent(Progress):
    """Nobody listens."""

    @contextmanager
    def task(self, label: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        """Take the reports and drop them."""
        yield _SilentTask()

    def message(self, text: str) -> None:
        """Drop it."""


class _SilentTask(Task):
    def advance(self, amount: float = 1.0) -> None:
        """Drop it."""


class Lines(Progress):
    """Plain lines, a few seconds apart: for logs and pipes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to a stream, standard error unless told otherwise."""
        self._stream = stream or sys.stderr

    @contextmanager
    def task(self, label: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        """Write a line now and then, and one at the end."""
        task = _LinesTask(self, label, total, unit)
        yield task
        task.report()

    def message(self, text: str) -> None:
        """Write it."""
        print(text, file=self._stream, flush=True)


class _LinesTask(Task):
    def __init__(self, lines: Lines, label: str, total: float | None, unit: str) -> None:
        self._lines, self._label, self._total, self._unit = lines, label, total, unit
        self._done, self._start = 0.0, time.monotonic()
        self._next = self._start + _LINE_EVERY_S

    def advance(self, amount: float = 1.0) -> None:
        """Count, and write a line when the last one is old enough."""
        self._done += amount
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_EVERY_S
            self.report()

    def report(self) -> None:
        """Write how far it is, how fast it goes and how long it will take."""
        if self._total is None and not self._done:
            self._lines.message(self._label)  # nobody counts: there is nothing more to say
            return
        rate = self._done / max(time.monotonic() - self._start, 1e-9)
        of = f" of {_number(self._total)}" if self._total is not None else ""
        left = f", {(self._total - self._done) / rate:.0f} s left" if self._total and rate > 0 else ""
        unit = f" {self._unit}" if self._unit else ""
        self._lines.message(f"{self._label}: {_number(self._done)}{of}{unit} ({_number(rate, 3)}/s{left})")


def _number(value: float, digits: int = 4) -> str:
    """Write a number with so many digits, and a large one with all that stand before the point: 12345, not 1.234e+04."""
    return f"{value:.0f}" if value >= 10 ** (digits - 1) else f"{value:.{digits}g}"


class Bars(Progress):
    """Bars with rate and time left: for a person at a terminal."""

    def __init__(self) -> None:
        """Draw on standard error."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as RichProgress

        self._rich = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(show_speed=True),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._open = 0
        self._finished: deque[TaskID] = deque()

    @contextmanager
    def task(self, label: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        """Draw a bar while the work lasts; it stays for a while when the work is done."""
        if self._open == 0:
            self._rich.start()
        self._open += 1
        bar = self._rich.add_task(label, total=total, unit=unit)
        try:
            yield _BarTask(self._rich, bar)
        finally:
            self._open -= 1
            self._finished.append(bar)
            if len(self._finished) > _BARS_KEPT:
                self._rich.remove_task(self._finished.popleft())
            if self._open == 0:
                self._rich.stop()

    def message(self, text: str) -> None:
        """Write it above the bars."""
        self._rich.console.print(text, highlight=False, markup=False)


class _BarTask(Task):
    def __init__(self, rich_progress: RichProgress, bar: TaskID) -> None:
        self._rich, self._bar = rich_progress, bar

    def advance(self, amount: float = 1.0) -> None:
        """Move the bar."""
        self._rich.advance(self._bar, amount)


def for_terminal() -> Progress:
    """Return bars on a terminal and plain lines elsewhere."""
    return Bars() if sys.stderr.isatty() else Lines()
