"""What is exported and read back says nothing new, and what somebody changed in between is all that is new."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from src.export import FORMATS, READABLE, Document
from src.export.document import Seen, is_unknown, one_line
from src.export.edits import edits_of
from src.export.mot import read_mot, write_boxes
from src.export.reading import Reading, decoded
from src.records import Verb
from tests.documents import NAMES, document, documents, small

NAMED = tuple(name for name in READABLE if name != "mot")
TIMED = tuple(name for name in NAMED if name != "cvat")
"""Formats that hold people of whom only the time is known."""

quickly = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def written(name: str, what: Document) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{FORMATS[name].suffix}"
        FORMATS[name].write(path, what)
        return path.read_bytes()


def read(name: str, data: bytes) -> Reading:
    reader = FORMATS[name].read
    assert reader is not None
    return reader(decoded(data, f"x{FORMATS[name].suffix}"))


def applied(what: Document, reading: Reading) -> Document:
    """Return what is known after a file was read, of the names alone: who is called otherwise now."""
    names = {claim.number: claim.name for claim in reading.claims}

    def renamed(one: Seen) -> Seen:
        name = names.get(one.number, one.name)
        unknown_id = int(name.split()[1]) if is_unknown(name) and " " in name else None
        return one if name == one.name else replace(one, name=name, unknown_id=unknown_id)

    return replace(what, people=tuple(map(renamed, what.people)))


@pytest.mark.parametrize("name", READABLE)
@given(what=documents())
@quickly
def test_what_comes_back_unchanged_is_known(name: str, what: Document) -> None:
    reading = read(name, written(name, what))
    edits = edits_of(what, reading)
    assert edits.edits == []
    assert edits.notes == []
    assert edits.n_same == len(reading.claims)


@pytest.mark.parametrize("name", NAMED)
@given(what=documents())
@quickly
def test_all_that_is_shown_comes_back(name: str, what: Document) -> None:
    reading = read(name, written(name, what))
    expected = [one for one in what.people if name != "cvat" or one.tracks]
    assert sorted((claim.number, claim.name) for claim in reading.claims if claim.number is not None) == sorted(
        (one.number, one.name) for one in expected
    )
    told = expected or name not in ("turtle", "jsonld", "annotations", "cvat")
    assert reading.analysis_id == (what.analysis.analysis_id if told else "")
    if name in TIMED:
        times = {one.number: (one.start_npt, one.end_npt) for one in what.people}
        assert {claim.number: (claim.start_npt, claim.end_npt) for claim in reading.claims} == times


@pytest.mark.parametrize("name", NAMED)
@given(what=documents(), data=st.data())
@quickly
def test_export_import_export_is_the_identity(name: str, what: Document, data: st.DataObject) -> None:
    shown = [one for one in what.people if name != "cvat" or one.tracks]
    assume(shown)
    # Somebody calls one of them otherwise; what comes of the file is written once more.
    one = data.draw(st.sampled_from(shown))
    new = one_line(data.draw(st.sampled_from((*NAMES, "Zoë \"Z\" <&> 'x'", "a\nb\t\u202ec")) | st.text(max_size=30)))
    assume(new and not is_unknown(new))
    edited = replace(what, people=tuple(replace(p, name=new, unknown_id=None) if p is one else p for p in what.people))
    first = written(name, edited)
    assert written(name, applied(what, read(name, first))) == first


@pytest.mark.parametrize("name", NAMED)
@given(what=documents(), data=st.data())
@quickly
def test_a_new_name_is_the_only_edit(name: str, what: Document, data: st.DataObject) -> None:
    tracked = [one for one in what.people if one.tracks]
    assume(tracked)
    one = data.draw(st.sampled_from(tracked))
    changed = replace(what, people=tuple(replace(p, name="Somebody New") if p is one else p for p in what.people))
    edits = edits_of(what, read(name, written(name, changed)))
    assert [(edit.verb, edit.track, edit.name) for edit in edits.edits] == [
        (Verb.IS, track, "Somebody New") for track in one.tracks
    ]


@pytest.mark.parametrize("name", NAMED)
def test_what_was_taken_out_is_hidden(name: str) -> None:
    what = small()
    less = replace(what, people=tuple(one for one in what.people if one.number not in (2, -1)))
    reading = read(name, written(name, less))
    edits = edits_of(what, reading)
    said = [(Verb.UNDO, None)] if name != "cvat" else []
    assert sorted(((edit.verb, edit.track) for edit in edits.edits), key=str) == sorted([(Verb.IGNORE, 2), *said], key=str)
    assert edits_of(what, reading, keep_missing=True).edits == []


@pytest.mark.parametrize("name", NAMED)
def test_a_file_of_another_analysis_takes_nothing_out(name: str) -> None:
    what = small()
    other = replace(what, analysis=replace(what.analysis, analysis_id="older"), people=what.people[:2])
    assert edits_of(what, read(name, written(name, other))).edits == []


@pytest.mark.parametrize("name", TIMED)
def test_somebody_new_is_said_to_be_there(name: str) -> None:
    what = small()
    more = document([*what.people, replace(what.people[-1], number=-7, name="New One", start_npt=33.0, end_npt=34.0)])
    edits = edits_of(what, read(name, written(name, more)))
    assert [(edit.verb, edit.name, edit.interval) for edit in edits.edits] == [(Verb.IS, "New One", (33.0, 34.0))]


@given(what=documents())
@quickly
def test_boxes_of_mot_are_written_again_bit_for_bit(what: Document) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "a.txt", Path(folder) / "b.txt"
        FORMATS["mot"].write(first, what)
        write_boxes(second, read_mot(first))
        assert second.read_bytes() == first.read_bytes()


def test_tracks_with_one_number_are_joined() -> None:
    what = small()
    lines = written("mot", what).decode().splitlines()
    joined = "\n".join(
        ",".join([line.split(",")[0], "1" if line.split(",")[1] == "4" else line.split(",")[1], *line.split(",")[2:]])
        for line in lines
    )
    edits = edits_of(what, read("mot", joined.encode()))
    assert [(edit.verb, edit.track, edit.other) for edit in edits.edits] == [(Verb.MERGE, 1, 4)]


def test_boxes_from_elsewhere_find_their_face() -> None:
    what = small()
    changed = written("cvat", replace(what, people=tuple(replace(p, name="Zoë") if p.number == 4 else p for p in what.people)))
    text = changed.decode().replace('name="appearance">an1/', 'name="appearance">')
    assert text.count("an1") == 0
    edits = edits_of(what, read("cvat", text.encode()))
    assert [(edit.verb, edit.track, edit.name) for edit in edits.edits] == [(Verb.IS, 4, "Zoë")]


def test_times_alone_find_who_else_could_not_be_meant() -> None:
    what = small()
    text = (
        "WEBVTT\n\n00:20.000 --> 00:22.500\nBen Bo\n\n00:20.100 --> 00:22.300\nSomebody Else\n\n00:30.000 --> 00:31.000\nMia\n"
    )
    edits = edits_of(what, read("vtt-boxes", text.encode()))
    assert edits.n_same == 1
    assert [(edit.track, edit.name, edit.interval) for edit in edits.edits] == [
        (None, "Somebody Else", (20.1, 22.3)),
        (None, "Mia", (30.0, 31.0)),
    ]
    alone = edits_of(what, read("vtt-boxes", b"WEBVTT\n\n00:20.100 --> 00:22.300\nSomebody Else\n"))
    assert [(edit.track, edit.name, edit.interval) for edit in alone.edits] == [(4, "Somebody Else", None)]


def test_what_lies_past_the_end_is_told_and_left_out() -> None:
    edits = edits_of(small(), read("vtt-boxes", b"WEBVTT\n\n01:20.000 --> 01:22.000\nAnna Albers\n"))
    assert edits.edits == []
    assert "line 4" in edits.notes[0]
    assert "past the end of the video, 40 s" in edits.notes[0]


def test_a_time_that_was_moved_is_told() -> None:
    what = small()
    moved = replace(what, people=tuple(replace(p, end_npt=25.0) if p.number == 4 else p for p in what.people))
    edits = edits_of(what, read("elan", written("elan", moved)))
    assert edits.edits == []
    assert "the time of a4 (Ben Bo) was changed" in edits.notes[0]


def test_a_statement_that_was_moved_takes_the_place_of_the_old_one() -> None:
    what = small()
    moved = replace(what, people=tuple(replace(p, end_npt=32.25) if p.number == -1 else p for p in what.people))
    edits = edits_of(what, read("json", written("json", moved)))
    assert [(edit.verb, edit.name, edit.interval, edit.said) for edit in edits.edits] == [
        (Verb.IS, "Çelik Özil", (30.0, 32.25), -1)
    ]


@pytest.mark.parametrize(
    ("name", "verb", "other"),
    [("Unknown", Verb.UNKNOWN, None), ("Unknown 3", Verb.SAME_PERSON, 2), ("Unknown 9", Verb.UNKNOWN, None)],
)
def test_somebody_who_is_not_known_any_more(name: str, verb: Verb, other: int | None) -> None:
    what = small()
    changed = replace(what, people=tuple(replace(p, name=name) if p.number == 4 else p for p in what.people))
    edits = edits_of(what, read("json", written("json", changed)))
    assert [(edit.verb, edit.track, edit.other) for edit in edits.edits] == [(verb, 4, other)]
