"""Memory does not grow with the length of a video."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

import pytest

from evaluation.memory import Peak, grows, peak_of, repeat
from src.video import open_stream
from tests.stages.conftest import DrawnShot, draw
from tests.videos import write_video


def a_minute(path: Path) -> Path:
    """Draw people who come and go for a minute."""
    shots = [DrawnShot(50, {n % 5: (60, 120, 64), (n + 2) % 5: (140, 140, 40)}, 60 + 60 * (n % 2)) for n in range(30)]
    return write_video(path, draw(shots), options={"preset": "ultrafast"})


def test_six_minutes_take_no_more_memory_than_one(tmp_path: Path) -> None:
    minute = a_minute(tmp_path / "1.mp4")
    peaks = []
    for name, film in (("one", minute), ("six", repeat(minute, 6, tmp_path / "6.mp4"))):
        data = tmp_path / name
        program = [sys.executable, "-m", "tests.stages.track_slowly"]
        peaks.append(peak_of([*program, str(film), str(data), f"sqlite:///{data / 'facerec.db'}", "quick"], os.environ).peak_mb)
    assert peaks[1] <= 1.05 * peaks[0]


def test_a_repeated_film_goes_on_where_it_ended(tmp_path: Path) -> None:
    film = write_video(tmp_path / "a.mp4", draw([DrawnShot(10, {0: (60, 60, 60)})]))
    with open_stream(str(repeat(film, 3, tmp_path / "b.mp4"))) as stream:
        times = [frame.npt for frame in stream.frames()]
    assert len(times) == 30
    assert max(abs(npt - index / 25) for index, npt in enumerate(times)) < 0.001


def test_what_is_held_is_looked_at_while_a_program_runs() -> None:
    program = "import time; time.sleep(2); a = b'x' * (200 << 20); time.sleep(2)"
    held = peak_of([sys.executable, "-c", program], os.environ)
    assert held.peak_mb > 200
    if Path("/proc/self/statm").exists():
        assert held.early_mb < 100 < 200 < held.late_mb


@pytest.mark.parametrize(
    ("peaks", "wrong"),
    [
        ([Peak(10, 600, 580, 585, 1), Peak(120, 625, 580, 590, 1)], False),
        ([Peak(10, 600, 500, 590, 1), Peak(120, 600, 580, 585, 1)], False),  # the short one warms up
        ([Peak(10, 600, math.nan, math.nan, 1)], False),
        ([Peak(10, 600, 580, 585, 1), Peak(120, 640, 580, 590, 1)], True),  # the others took less
        ([Peak(10, 600, 500, 530, 1)], True),  # more at its end
        ([Peak(10, 1300, 1250, 1250, 1)], True),  # more than any may take
    ],
)
def test_growth_is_named(peaks: list[Peak], wrong: bool) -> None:
    assert grows(peaks) is wrong
