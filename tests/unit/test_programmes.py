"""Dates of programmes, as archives write them, and ranges of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.insights.figures import periods_of
from src.insights.programmes import Programme, dated, is_date, written_date


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1938-09-30", "1938-09-30"),
        (" 1938-09-30T20:15:00Z", "1938-09-30"),
        ("1938-09", "1938-09"),
        ("1938", "1938"),
        ("1938-13-01", "1938"),
        ("1938-09-41", "1938-09"),
        ("1938-1945", "1938"),
        ("19380930", ""),
        ("30.9.1938", ""),
        ("in spring", ""),
        ("", ""),
    ],
)
def test_written_date(text: str, date: str) -> None:
    assert written_date(text) == date


@pytest.mark.parametrize(
    ("text", "fits"), [("1938", True), ("1938-09-30", True), ("1938-9", False), ("38", False), ("", False)]
)
def test_is_date(text: str, fits: bool) -> None:
    assert is_date(text) == fits


def programme(date: str) -> Programme:
    return Programme(date, date, "", "", "", date, None, "", "")


def among(dates: list[str], first: str, last: str) -> list[str]:
    return [one.date for one in dated([programme(date) for date in dates], first, last)]


def test_ranges_touch_what_is_known_badly() -> None:
    dates = ["1937-12-31", "1938", "1938-09", "1938-09-30", "1939", ""]
    assert among(dates, "", "") == dates
    assert among(dates, "1938", "1938") == ["1938", "1938-09", "1938-09-30"]
    assert among(dates, "1938-10", "") == ["1938", "1939"]
    assert among(dates, "", "1938-09-29") == ["1937-12-31", "1938", "1938-09"]
    assert among(dates, "1938-09-30", "1938-09-30") == ["1938", "1938-09", "1938-09-30"]
    assert among(dates, "1940", "1930") == []


@given(st.lists(st.dates().map(str)), st.dates().map(str), st.dates().map(str))
def test_ranges_of_days_are_those_of_the_calendar(dates: list[str], first: str, last: str) -> None:
    assert among(dates, first, last) == [date for date in dates if first <= date <= last]


@pytest.mark.parametrize(
    ("dates", "unit", "periods"),
    [
        (["1938-11-01", "", "1939-01"], "month", ("1938-11", "1938-12", "1939-01")),
        (["1938-11-01", "1939"], "year", ("1938", "1939")),
        (["1938-01-01", "1941-01-01"], "year", ("1938", "1939", "1940", "1941")),
        (["0001", "1938"], "year", ("0001", "1938")),
        ([""], "", ()),
        ([], "", ()),
    ],
)
def test_periods(dates: list[str], unit: str, periods: tuple[str, ...]) -> None:
    assert periods_of(dates) == (unit, periods)
