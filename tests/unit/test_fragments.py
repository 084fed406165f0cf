"""Media Fragments URI 1.0: the examples of the specification, and what people get wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.errors import ConfigError
from src.mediafragments import EVERYTHING, Fragment, Region, parse_fragment, read_fragment
from src.schema import WHOLE, Box, Interval
from src.video.fragments import split_locator


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
        # A minute that a tenth one is leaves no frames out, and without frames a time code names no frame.
        ("t=smpte-30-drop:0:10:00:00,0:10:00:01", 17982 * 1001 / 30000, 17983 * 1001 / 30000),
        ("t=smpte:0:02:00:00,0:02:00:15.50", 120, 120 + 15.5 / 30),
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
        ("t=smpte:0:00:01&t=10,20", 10, 20),
        ("&&t=3,7&", 3, 7),
        ("t=3.", 3, None),
        ("t=foo:7&t=npt:3", 3, None),
        ("t=%310%2C20&u=12", 10, 20),
    ],
)
def test_times(text: str, start: float, end: float | None) -> None:
    assert parse_fragment(text).interval == Interval(pytest.approx(start), None if end is None else pytest.approx(end))


# Further cases of the working group's own suite, which tells what a player does with them: what is invalid is passed over.
@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("t=banana", 0, None),
        ("t=3,banana", 0, None),
        ("t=banana,7", 0, None),
        ("t='3'", 0, None),
        ("t=3-7", 0, None),
        ("t=3:7", 0, None),
        ("t=3,7,9", 0, None),
        ("t%3D3", 0, None),
        ("%74=3", 3, None),
        ("t=%33", 3, None),
        ("t=3%2C7", 3, 7),
        ("t=%6Ept:3", 3, None),
        ("t=npt%3A3", 3, None),
        ("t=-1,3", 0, None),
        ("t=3&", 3, None),
        ("u=12&t=3", 3, None),
        ("t=foo:7&t=npt:3", 3, None),
        ("T=3,7", 0, None),
        ("t=3&t=7", 7, None),
        ("t=7&t=3", 3, None),
        ("t=.", 0, None),
        ("t=.3", 0, None),
        ("t=npt:10,npt:20", 0, None),
        ("t=10,20 ", 0, None),
        ("t=10%2520", 0, None),
        ("t=10+5", 0, None),
        ("t=smpte-30-drop:0:00:59:29,0:01:00:02", 1799 * 1001 / 30000, 1800 * 1001 / 30000),
        ("t=smpte-24:0:00:10", 0, None),
        ("xywh=percent:5,5,50,50&t=npt:,20", 0, 20),
    ],
)
def test_what_a_player_does(text: str, start: float, end: float | None) -> None:
    interval = read_fragment(text).fragment.interval

    assert interval == Interval(pytest.approx(start), None if end is None else pytest.approx(end))


# Names are case-sensitive and hold no blanks; what is no percent-encoding of UTF-8 is passed over as a whole (5.1.1).
@pytest.mark.parametrize(
    "text",
    ["", "foo=bar", "t", "T=10", "#", "&&", "t10,20", "track=audio", "id=chapter-1", "t =10", "t=%", "t=1%0", "t=%FF", "%ff=1"],
)
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
        ("t=smpte-30-drop:0:01:00:00", "leaves out"),
        ("t=smpte-25:0:00:60", "is no smpte-25 time code"),
        ("t=clock:2009-07-26", "is no wall-clock time"),
        ("t=clock:2009-07-26T11:19:01", "is no wall-clock time"),
        ("t=clock:2009-02-30T11:19:01Z", "is no wall-clock time"),
        ("t=clock:2009-07-26T11:20:01Z,2009-07-26T11:19:01Z", "ends before it begins"),
        ("t=clock:0001-01-01T00:00:00+01:00", "is no wall-clock time"),
        ("t=clock:9999-12-31T23:59:59-01:00", "is no wall-clock time"),
        ("t=2009-07-26T11:19:01Z", "is no time"),
        ("t=5,5.0000001", "ends before it begins"),
        ("t=,0.0000001", "ends before it begins"),
        ("t=NPT:10", "is no time"),
        ("t=\u0661", "is no time"),
        ("track=", "names nothing"),
        ("id=", "names nothing"),
        ("id=a%00b", "names nothing"),
        ("xywh=pixel:1.5,2,3,4", "is no region"),
        ("xywh=percent:1.,2,3,4", "is no region"),
        ("xywh=-1,2,3,4", "is no region"),
        ("xywh=1,2,3", "is no region"),
        ("xywh=pixel:1,2,0,4", "no area"),
        ("xywh=percent:100,50,60,10", "outside the picture"),
        (f"xywh=1,1,{'9' * 400},1", "outside the picture"),
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
        ("xywh=percent:25.25,0,50,0.5", Region(25.25, 0, 50, 0.5, "percent")),
        ("xywh=1,2,3&xywh=0,0,10,10", Region(0, 0, 10, 10)),
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
        ("id=a&t=1&track=video&id=b%26c", "t=1&track=video&id=b%26c"),
        ("track=1&track=audio%20(fr)&track=1", "track=1&track=audio%20(fr)"),
        ("t=clock:2009-07-26T13:19:01%2B02:00,2009-07-26T11:20:01Z", "t=clock:2009-07-26T11:19:01Z,2009-07-26T11:20:01Z"),
        ("t=clock:,2009-07-26T11:20:01.5Z", "t=clock:,2009-07-26T11:20:01.500000Z"),
        ("id=\u05e9\u05dd%20\U0001f3ac", "id=%D7%A9%D7%9D%20%F0%9F%8E%AC"),
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
        ("http://data.example.org/programme#main&t=1,2", "http://data.example.org/programme#main", "t=1,2"),
        ("http://example.org/film.mp4#foo=1&t=10", "http://example.org/film.mp4", "t=10"),
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


def test_a_player_passes_over_what_is_invalid() -> None:
    parsed = read_fragment("t=20,10&xywh=1,2&id=a&t=smpte:1&foo=bar")

    assert parsed.fragment == Fragment(name="a")
    assert [(wrong.name, wrong.value) for wrong in parsed.ignored] == [("t", "20,10"), ("xywh", "1,2"), ("t", "smpte:1")]


def test_t_0_is_valid_beside_what_is_not() -> None:
    assert parse_fragment("t=0&t=9,1") == EVERYTHING


@pytest.mark.parametrize(
    ("fragment", "address", "written"),
    [
        (Fragment.of(10, 20), "film.mp4", "film.mp4#t=10,20"),
        (Fragment.of(10, 10), "http://x/f", "http://x/f#t=10"),
        (Fragment.of(0, 1.25, Box(0.6, 2, 10, 20)), "http://x/f#main", "http://x/f#main&t=,1.25&xywh=1,2,10,20"),
        (Fragment.of(1, 2, Box(-5, 0, 4, 4)), "f", "f#t=1,2"),
        # The number sign in the name of a file is a letter like others.
        (Fragment.of(1, 2), "reel #3.mp4", "reel #3.mp4#t=1,2"),
        (Fragment(name="#1 & more"), "reel #3.mp4", "reel #3.mp4#id=%231%20%26%20more"),
        (EVERYTHING, "f", "f"),
    ],
)
def test_a_part_is_written_behind_its_address(fragment: Fragment, address: str, written: str) -> None:
    assert fragment.on(address) == written
    assert split_locator(written) == (address, parse_fragment(str(fragment)))


@given(
    start=st.floats(0, 1e6),
    length=st.none() | st.floats(0.001, 1e6),
    region=st.none() | st.builds(Region, *[st.integers(0, 5000)] * 2, *[st.integers(1, 5000)] * 2),
    tracks=st.lists(st.text(min_size=1).filter(str.isprintable), unique=True, max_size=3),
    name=st.text().filter(str.isprintable),
)
def test_what_is_written_is_read_again(
    start: float, length: float | None, region: Region | None, tracks: list[str], name: str
) -> None:
    start = round(start, 6)
    interval = Interval(start, None if length is None else round(start + length, 6))
    fragment = Fragment(interval, region, tracks=tuple(tracks), name=name)

    assert parse_fragment(str(fragment)) == fragment


RECORDED = datetime(2009, 7, 26, 11, 19, 0, tzinfo=UTC)
CHAPTERS = {"credits": Interval(90, 100), "first": Interval(0, 10)}


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("t=clock:2009-07-26T11:19:01Z,2009-07-26T11:20:01Z", "t=1,61"),
        ("t=clock:2009-07-26T13:19:01%2B02:00", "t=1"),
        ("t=clock:2009-07-26T11:00:00Z,2009-07-26T11:20:00Z", "t=,60"),
        ("id=credits", "t=90,100&id=credits"),
        ("t=95&id=credits", "t=95,100&id=credits"),
        ("t=5,6&xywh=0,0,1,1&track=a", "t=5,6&xywh=0,0,1,1&track=a"),
    ],
)
def test_clocks_and_chapters_become_seconds(text: str, canonical: str) -> None:
    settled = parse_fragment(text).settled(RECORDED, CHAPTERS)

    assert str(settled) == canonical
    assert settled.settled(RECORDED, CHAPTERS) == settled


@pytest.mark.parametrize(
    ("text", "recorded_at", "why"),
    [
        ("t=clock:2009-07-26T11:19:01Z", None, "does not say when it was recorded"),
        ("t=clock:,2009-07-26T11:00:00Z", RECORDED, "lies before this video, which begins at 2009-07-26T11:19:00Z"),
        ("id=last", RECORDED, "its parts: credits, first"),
        ("t=5,6&id=credits", RECORDED, "nothing in common"),
    ],
)
def test_clocks_and_chapters_that_cannot_be_used(text: str, recorded_at: datetime | None, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        parse_fragment(text).settled(recorded_at, CHAPTERS)


@pytest.mark.parametrize(
    ("region", "box"),
    [
        (Region(160, 120, 320, 240), Box(160, 120, 320, 240)),
        (Region(25, 50, 50, 50, "percent"), Box(160, 240, 320, 240)),
        (Region(600, 0, 320, 240), Box(600, 0, 40, 240)),
        (Region(50, 50, 60, 10, "percent"), Box(320, 240, 320, 48)),
        (Region(640, 0, 10, 10), None),
    ],
)
def test_a_region_is_cut_off_at_the_edges(region: Region, box: Box | None) -> None:
    assert region.within(640, 480) == box
