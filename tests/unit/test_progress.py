"""Progress reports, on a clock that stands where the test puts it."""

from __future__ import annotations

import io
import sys

import pytest

from src import progress
from src.progress import Bars, Lines, Progress, Silent, for_terminal


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


class TestLines:
    def test_line_says_done_rate_and_time_left(self, clock: Clock) -> None:
        stream = io.StringIO()
        with Lines(stream).task("Tracking", 100, "frames") as task:
            clock.now += 10
            task.advance(20)
            assert stream.getvalue() == "Tracking: 20 of 100 frames (2/s, 40 s left)\n"
            clock.now += 40
            task.advance(80)
        assert stream.getvalue().splitlines()[-1] == "Tracking: 100 of 100 frames (2/s, 0 s left)"

    def test_lines_are_seconds_apart(self, clock: Clock) -> None:
        stream = io.StringIO()
        with Lines(stream).task("Tracking", 1000) as task:
            for _ in range(1000):
                clock.now += 0.01
                task.advance()
        # Ten seconds of work: one line in the middle, perhaps one just before the end, and the last one.
        assert len(stream.getvalue().splitlines()) in (2, 3)

    def test_unknown_total(self, clock: Clock) -> None:
        stream = io.StringIO()
        with Lines(stream).task("Reading") as task:
            clock.now += 2
            task.advance(5)
        assert stream.getvalue() == "Reading: 5 (2.5/s)\n"

    def test_nothing_done(self, clock: Clock) -> None:
        stream = io.StringIO()
        with Lines(stream).task("Reading", 0):
            pass
        assert stream.getvalue() == "Reading: 0 of 0 (0/s)\n"

    def test_large_numbers_are_written_out(self, clock: Clock) -> None:
        stream = io.StringIO()
        with Lines(stream).task("Fetching", 10_667_852, "bytes") as task:
            clock.now += 2
            task.advance(5_000_000)
        assert stream.getvalue() == "Fetching: 5000000 of 10667852 bytes (2500000/s, 2 s left)\n"

    def test_what_nobody_counts_has_no_numbers(self, clock: Clock) -> None:
        stream = io.StringIO()
        with Lines(stream).task("Fetching", unit="bytes"):
            clock.now += 2
        assert stream.getvalue() == "Fetching\n"

    def test_two_tasks_side_by_side_do_not_mix(self, clock: Clock) -> None:
        stream = io.StringIO()
        lines = Lines(stream)
        with lines.task("A", 1) as a, lines.task("B", 2) as b:
            clock.now += 1
            a.advance()
            b.advance(2)
        assert stream.getvalue().splitlines() == ["B: 2 of 2 (2/s, 0 s left)", "A: 1 of 1 (1/s, 0 s left)"]

    def test_goes_to_standard_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        Lines().message("Done.")
        assert capsys.readouterr() == ("", "Done.\n")


@pytest.mark.parametrize("make", [Silent, Bars])
def test_listeners_take_everything(make: type[Progress], capsys: pytest.CaptureFixture[str]) -> None:
    listener = make()
    with listener.task("Outer", 3, "faces") as outer, listener.task("Inner") as inner:
        outer.advance()
        inner.advance(2.5)
        listener.message("[bold]half[/bold]")
    assert capsys.readouterr().out == ""


def test_bars_print_messages_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    Bars().message("[red]no markup[/red] [x]")
    assert "[red]no markup[/red] [x]" in capsys.readouterr().err


def test_bars_stop_when_the_work_fails(capsys: pytest.CaptureFixture[str]) -> None:
    bars = Bars()
    with pytest.raises(RuntimeError, match="broken"), bars.task("Work", 3):
        raise RuntimeError("broken")
    with bars.task("Work", 3) as task:  # and can be started again
        task.advance(3)


def test_bars_of_much_work_do_not_pile_up() -> None:
    bars = Bars()
    with bars.task("All", 100) as outer:
        for number in range(100):
            with bars.task(f"Piece {number}", 1) as task:
                task.advance()
            outer.advance()
        shown = [task.description for task in bars._rich.tasks]
    assert shown == ["All", *(f"Piece {number}" for number in range(92, 100))]


def test_bars_on_a_terminal_and_lines_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(for_terminal(), Bars)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert isinstance(for_terminal(), Lines)
