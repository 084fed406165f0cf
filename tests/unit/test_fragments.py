"""Media Fragments URI 1.0: the examples of the specification, and what people get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import ConfigError
from src.schema import WHOLE, Interval
from src.video.fragments import EVERYTHING, Region, parse_fragment, split_locator


# The examples of sections 4.2.1 and 5.1.1 and the forms that the grammar allows.
@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("t=10,20", 10, 20),
        ("t=npt:10,20", 10, 20),
        ("t=,20", 0, 20),
        ("t=npt:,20", 0, 20),
        ("t=10", 10, None),
        ("t=npt:10", 10, None),
        ("t=0,0:01:00", 0, 60),
        ("t=npt:120,0:02:01.5", 120, 121.5),
        ("t=npt:10,0:01:00", 10, 60),
        ("t=02:00,121.5", 120, 121.5),
        ("t=100:00:00", 360000, None),
        ("t=10s,20s", 10, 20),
        ("t=smpte:0:02:00,0:02:35", 120, 155),
        ("t=smpte-25:0:02:00:00,0:02:00:01", 120, 120.04),
        ("t=smpte-25:0:00:10:05", 10.2, None),
        ("t=smpte-25:0:00:10:05.50", 10.22, None),
        ("t=smpte-30:0:00:00:15", 0.5, None),
        ("t=smpte-25:,0:00:01", 0, 1),
        # Drop-frame: 0:01:00:02 is frame 1800, and ten minutes are 17982 frames of 1001/30000 s.
        ("t=smpte-30-drop:0:01:00:02", 1800 * 1001 / 30000, None),
        ("t=smpte-30-drop:0:10:00:00", 17982 * 1001 / 30000, None),
        # Percent-encoding is undone in names and values.
        ("%74=%6ept:%310", 10, None),
        ("t=10%2C20", 10, 20),
        ("t=npt%3A10", 10, None),
        # Unknown dimensions are passed over, and of several valid ones the last counts.
        ("foo=bar&t=10&what", 10, None),
        ("t=5,6&t=10,20", 10, 20),
        ("t=10,20&t=nonsense", 10, 20),
    ],
)
def test_times(text: str, start: float, end: float | None) -> None:
    assert parse_fragment(text).interval == Interval(pytest.approx(start), None if end is None else pytest.approx(end))


@pytest.mark.parametrize("text", ["", "foo=bar", "t", "T=10", "#", "&&", "t10,20", "track=audio", "id=chapter-1"])
def test_what_names_no_time_leaves_all_of_the_video(text: str) -> None:
    assert parse_fragment(text).interval == WHOLE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("t=20,10", "ends before it begins"),
        ("t=10,10", "ends before it begins"),
        ("t=,0", "ends before it begins"),
        ("t=", "holds no time"),
        ("t=,", "holds no time"),
        ("t=10,", "holds no time"),
        ("t=npt:", "holds no time"),
        ("t=-5", "is no time"),
        ("t=1e3", "is no time"),
        ("t=1_0", "is no time"),
        ("t=abc,20", "is no time"),
        ("t=10,20,30", "is no time"),
        ("t=0:60:00", "is no time"),
        ("t=0:00:75", "is no time"),
        ("t=foo:10", "is no time"),
        ("t=smpte-25:0:00:00:25", "fewer than 25 frames"),
        ("t=smpte:10", "is no smpte time code"),
        ("t=clock:2009-07-26T11:19:01Z", "not supported yet"),
        ("t=2009-07-26T11:19:01Z,2009-07-26T11:20:01Z", "not supported yet"),
        ("xywh=1,2,3", "is no region"),
        ("xywh=pixel:1,2,0,4", "no area"),
        ("xywh=percent:50,50,60,10", "outside the picture"),
        ("xywh=mm:1,2,3,4", "is no region"),
    ],
)
def test_refuses_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        parse_fragment(text)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("xywh=160,120,320,240", Region(160, 120, 320, 240)),
        ("xywh=pixel:160,120,320,240", Region(160, 120, 320, 240)),
        ("xywh=percent:25,25,50,50", Region(25, 25, 50, 50, "percent")),
    ],
)
def test_regions_are_kept(text: str, region: Region) -> None:
    assert parse_fragment(text).region == region


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("t=0", ""),
        ("t=npt:10,0:00:20.50", "t=10,20.5"),
        ("t=,20", "t=,20"),
        ("t=10", "t=10"),
        ("xywh=pixel:1,2,3,4&t=1", "t=1&xywh=1,2,3,4"),
        ("xywh=percent:25,25,50,50", "xywh=percent:25,25,50,50"),
    ],
)
def test_canonical_form_means_the_same(text: str, canonical: str) -> None:
    fragment = parse_fragment(text)

    assert str(fragment) == canonical
    assert parse_fragment(canonical) == fragment


@pytest.mark.parametrize(
    ("locator", "head", "canonical"),
    [
        ("film.mp4#t=10,20", "film.mp4", "t=10,20"),
        ("http://example.org/film.mp4?a=1#t=10", "http://example.org/film.mp4?a=1", "t=10"),
        ("http://example.org/film.mp4", "http://example.org/film.mp4", ""),
        ("film.mp4", "film.mp4", ""),
        # No part of a medium: it belongs to the name.
        ("http://data.example.org/programme#main", "http://data.example.org/programme#main", ""),
        ("reel #3.mp4", "reel #3.mp4", ""),
        ("reel #3.mp4#t=5", "reel #3.mp4", "t=5"),
    ],
)
def test_split_locator(locator: str, head: str, canonical: str) -> None:
    found, fragment = split_locator(locator)

    assert (found, str(fragment)) == (head, canonical)


def test_a_file_whose_name_looks_like_a_fragment_is_found_under_it(tmp_path: Path) -> None:
    file = tmp_path / "film#t=10,20"
    file.touch()

    assert split_locator(str(file)) == (str(file), EVERYTHING)
    assert split_locator(f"{file}#t=1,2") == (str(file), parse_fragment("t=1,2"))


def test_a_bad_fragment_names_itself() -> None:
    with pytest.raises(ConfigError, match='The fragment "#t=20,10" cannot be used'):
        split_locator("film.mp4#t=20,10")
