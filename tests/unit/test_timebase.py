"""Times and frames against hand-computed tables."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from src.errors import ConfigError
from src.timebase import format_npt, frame_to_npt, npt_to_frame, parse_npt

NTSC = Fraction(30000, 1001)
FILM = Fraction(24000, 1001)
RATES = [Fraction(25), NTSC, FILM, Fraction(60000, 1001), Fraction(15), Fraction(1), Fraction(1, 2), Fraction(1000)]


@pytest.mark.parametrize(
    ("frame_index", "rate", "npt"),
    [
        (0, Fraction(25), 0.0),
        (1, Fraction(25), 0.04),
        (90000, Fraction(25), 3600.0),
        (30000, NTSC, 1001.0),
        (1, NTSC, 1001 / 30000),
        (107892, NTSC, 3599.9964),  # an hour of drop-frame time code: 107892 * 1001 / 30000
        (7, Fraction(1, 2), 14.0),
    ],
)
def test_frame_to_npt(frame_index: int, rate: Fraction, npt: float) -> None:
    assert frame_to_npt(frame_index, rate) == pytest.approx(npt, rel=1e-15)


@pytest.mark.parametrize(
    ("npt", "rate", "frame_index"),
    [
        (0.0, Fraction(25), 0),
        (0.039, Fraction(25), 0),  # a millisecond before frame 1
        (0.0395, Fraction(25), 1),  # half a millisecond of grace
        (0.04, Fraction(25), 1),
        (0.079, Fraction(25), 1),
        (0.033, NTSC, 1),  # frame 1 is at 0.033367, written with three digits
        (1001.0, NTSC, 30000),
        (13.9, Fraction(1, 2), 6),
    ],
)
def test_npt_to_frame(npt: float, rate: Fraction, frame_index: int) -> None:
    assert npt_to_frame(npt, rate) == frame_index


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_every_frame_is_found_at_its_own_time(rate: Fraction) -> None:
    # From the first frames to those of a video of several days.
    for frame_index in [*range(300), 10**4, 10**6 - 1, 10**7 + 1]:
        assert npt_to_frame(frame_to_npt(frame_index, rate), rate) == frame_index


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate < 1000], ids=str)
def test_every_frame_is_found_at_its_time_written_with_milliseconds(rate: Fraction) -> None:
    for frame_index in range(1000):
        assert npt_to_frame(parse_npt(format_npt(frame_to_npt(frame_index, rate))), rate) == frame_index


@pytest.mark.parametrize(
    ("npt", "text"),
    [
        (0.0, "0:00:00.000"),
        (0.0004, "0:00:00.000"),
        (0.9996, "0:00:01.000"),
        (12.5, "0:00:12.500"),
        (59.9999, "0:01:00.000"),
        (3599.9999, "1:00:00.000"),
        (3661.001, "1:01:01.001"),
        (360000.0, "100:00:00.000"),
    ],
)
def test_format_npt(npt: float, text: str) -> None:
    assert format_npt(npt) == text


@pytest.mark.parametrize(
    ("text", "npt"),
    [
        ("0", 0.0),
        ("12.5", 12.5),
        ("12.5s", 12.5),
        (" 12 ", 12.0),
        ("npt:10", 10.0),
        ("npt:0:00:10", 10.0),
        ("120", 120.0),  # seconds alone may be many
        ("01:30", 90.0),
        ("1:02:03.5", 3723.5),
        ("100:00:00", 360000.0),
        ("0:59.999", 59.999),
    ],
)
def test_parse_npt(text: str, npt: float) -> None:
    assert parse_npt(text) == npt


@pytest.mark.parametrize(
    "text",
    ["", "x", "-1", "1:60", "60:00:60", "1:2:3:4", "1:-2", ":", "1:", "inf", "nan", "1:nan", "1e400", "12,5", "10s20", "0x10"],
)
def test_no_time(text: str) -> None:
    with pytest.raises(ConfigError, match="is no time"):
        parse_npt(text)


@pytest.mark.parametrize("npt", [0.0, 0.001, 1 / 3, 59.9994, 60.0, 3600.0, 86399.999])
def test_written_time_reads_back_to_the_millisecond(npt: float) -> None:
    assert math.isclose(parse_npt(format_npt(npt)), npt, abs_tol=0.0005 + 1e-9)
