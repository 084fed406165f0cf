"""Files that cannot be read back: each is refused with the place where it is wrong and what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import ConfigError
from src.export import FORMATS, READABLE
from src.export import document as document_module
from src.export import reading as reading_module
from src.export.document import one_line
from src.export.rdf import OA
from src.export.reading import Reading, decoded
from src.export.sniffing import format_of
from src.identities.decisions import PIECE

ELAN = (
    '<ANNOTATION_DOCUMENT>\n<HEADER TIME_UNITS="milliseconds"/>\n<TIME_ORDER>\n'
    '<TIME_SLOT TIME_SLOT_ID="t1" TIME_VALUE="{start}"/>\n'
    '<TIME_SLOT TIME_SLOT_ID="t2" {end}/>\n</TIME_ORDER>\n<TIER TIER_ID="{tier}">\n<ANNOTATION>\n'
    '<ALIGNABLE_ANNOTATION ANNOTATION_ID="x" TIME_SLOT_REF1="t1" TIME_SLOT_REF2="{slot}"/>\n</ANNOTATION>\n</TIER>\n'
    "</ANNOTATION_DOCUMENT>"
)
OWN: dict[str, Any] = {"format": "facerec-appearances", "version": 1, "appearances": []}
BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE lolz [\n<!ENTITY lol "lol">\n'
    '<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">\n]>\n'
    "<annotations>&lol2;</annotations>"
)


def elan(start: str = "0", end: str = 'TIME_VALUE="1000"', tier: str = "Anna", slot: str = "t2") -> str:
    return ELAN.format(start=start, end=end, tier=tier, slot=slot)


def own(**item: Any) -> str:
    return json.dumps({**OWN, "appearances": [{"name": "A", "start_npt": 0, "end_npt": 1, **item}]})


def box(edges: str = 'frame="1" xtl="1" ytl="1" xbr="2" ybr="2"') -> str:
    return f'<annotations>\n<track label="face">\n<box {edges} outside="0"/>\n</track>\n</annotations>'


def read(name: str, text: str) -> Reading:
    reader = FORMATS[name].read
    assert reader is not None
    return reader(decoded(text.encode(), "a.file"))


def test_the_well_formed_ones_are_read() -> None:
    for name, text in (
        ("elan", elan()),
        ("json", own()),
        ("cvat", box()),
        ("vtt-boxes", "WEBVTT\n\n00:01.000 --> 00:02.000\nA, B\n"),
    ):
        assert len(read(name, text).claims) == (2 if name == "vtt-boxes" else 1)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("elan", "<a/>", "a.file, line 1: begins with 'a'. Give a file that ELAN saved"),
        ("elan", "<ANNOTATION_DOCUMENT>\n<TIER>\n</ANNOTATION_DOCUMENT>", "a.file, line 3: is no XML"),
        ("elan", "", "is no XML"),
        ("elan", elan(tier=" "), "a.file, line 7: has no name"),
        ("elan", elan(slot="t9"), "a.file, line 9: begins or ends at 't9', which has no time. Align it in ELAN"),
        ("elan", elan(end=""), "a.file, line 9: begins or ends at 't2', which has no time"),
        ("elan", elan(start="1e3"), "a.file, line 9: '1e3' is no whole number of milliseconds"),
        ("elan", elan(start="9" * 15), "is no time"),
        ("elan", elan(start="2000"), "a.file, line 9: ends at 1 s, before its start at 2 s. Exchange"),
        ("elan", '<ANNOTATION_DOCUMENT>\n<HEADER TIME_UNITS="PAL-frames"/>\n</ANNOTATION_DOCUMENT>', "2: counts in other"),
        ("elan", "<a>" * 5000 + "</a>" * 5000, "deep"),
        ("cvat", "<annotations><image/></annotations>", "holds single images"),
        ("cvat", '<a/>', "begins with 'a'"),
        ("cvat", box('frame="x" xtl="1" ytl="1" xbr="2" ybr="2"'), "a.file, line 3: is no box"),
        ("cvat", box('frame="1" xtl="1" ytl="1" xbr="2"'), "a.file, line 3: is no box"),
        ("cvat", box('frame="1" xtl="9" ytl="1" xbr="2" ybr="2"'), "a.file, line 3: is a box without a frame or of no size"),
        ("cvat", box('frame="1" xtl="nan" ytl="1" xbr="2" ybr="2"'), "line 3"),
        ("cvat", box('frame="-1" xtl="1" ytl="1" xbr="2" ybr="2"'), "line 3"),
        ("cvat", box().replace(' label="face"', ""), "a.file, line 2: has no name"),
        ("vtt-boxes", "WEBVT\n", 'line 1: does not begin with "WEBVTT"'),
        ("vtt-boxes", "", "line 1"),
        ("vtt-boxes", "WEBVTT\n\nx\ny\n", "line 3: is no cue"),
        ("vtt-boxes", "WEBVTT\n\n1\n00:01 --> 00:02.000\nA\n", "line 4: has no times. Write them like this"),
        ("vtt-boxes", "WEBVTT\n\n00:03.000 --> 00:02.000\nA\n", "line 3: ends at 2 s, before its start"),
        ("vtt-boxes", "WEBVTT\n\n00:01.000 --> 00:02.000\n{\n", "line 4, line 1: is no JSON"),
        ("vtt-boxes", 'WEBVTT\n\n00:01.000 --> 00:02.000\n{"name": 1}\n', "line 4: has no name"),
        ("vtt-boxes", 'WEBVTT\n\n00:01.000 --> 00:02.000\n{"name": "A", "boxes": [[1, 2]]}\n', "line 4: has a box that is not"),
        ("vtt-boxes", 'WEBVTT\n\n00:01.000 --> 00:02.000\n{"name": "A", "boxes": 7}\n', "line 4: has a box that is not"),
        ("mot", "1,1,0,0,5,5,1\n1,x,0,0,5,5,1", "a.file, line 2"),
        ("vtt-boxes", f"WEBVTT\n\n{'9' * 5000}:00:01.000 --> 00:02.000\nA\n", "line 3: has no times"),
        ("vtt-boxes", 'WEBVTT\n\n00:01.000 --> 00:02.000\n{"name": "A", "boxes": [[1, 1e99, 2, 3, 4]]}\n', "line 4: is no box"),
        ("cvat", box('frame="1" xtl="-1e308" ytl="1" xbr="1e308" ybr="2"'), "line 3: is no box x, y, w, h"),
        ("cvat", box(f'frame="{"9" * 5000}" xtl="1" ytl="1" xbr="2" ybr="2"'), "line 3: is no box"),
        ("mot", "1,1,0,0", "a.file, line 1: 4 numbers"),
        ("mot", "1e300,1,0,0,5,5,1", "frames are whole numbers"),
        ("mot", "1,1e30,0,0,5,5,1", "ids whole"),
        ("mot", "1,1,1e300,0,5,5,1", "no number is beyond all pictures"),
        ("turtle", f"<urn:a> a <{OA}Annotation> ; <{OA}hasBody> 'A' ; <{OA}hasTarget> <urn:c#t=smpte:{'9' * 5000}:00:00> .",
         "no fragment of time"),
        ("json", "{", "line 1: is no JSON"),
        ("json", "[]", 'is no object with "format": "facerec-appearances"'),
        ("json", json.dumps({**OWN, "version": 2}), "has the version 2. This program reads version 1"),
        ("json", json.dumps({**OWN, "appearances": {}}), "has no list appearances"),
        ("json", own(start_npt="x"), r"appearances\[0\].start_npt: 'x' is no time"),
        ("json", own(start_npt=-1), "is no time"),
        ("json", own(end_npt=1e9), "is no time"),
        ("json", own().replace(": 1}", ": NaN}"), "NaN is no number of JSON"),
        ("json", own(start_npt=2), r"appearances\[0\]: ends at 1 s, before its start at 2 s"),
        ("json", own(name="  "), r"appearances\[0\].name: has no name"),
        ("json", own(name=None), "has no name"),
        ("json", own(appearance="1"), "is no whole number. Leave it out"),
        ("json", own(appearance=True), "is no whole number"),
        ("json", own(box=[1, 2]), "is no box x, y, w, h"),
        ("json", own(box={"x": 1}), "is no list of x, y, w, h"),
        ("json", own(box=[1, 2, -3, 4]), "is no box x, y, w, h"),
        ("json", own(box=[1, 2, 3, "4"]), "is no box x, y, w, h"),
        ("json", own(box=[1, 2, 3, 10**400]), "is no box x, y, w, h"),
        ("json", own(box=[1e300, 2, 3, 4]), "is no box x, y, w, h"),
        ("json", own(start_npt=10**400), "is no time"),
        ("json", own().replace(": 1}", ": 1e999}"), "inf is no time"),
        ("json", own().replace(": 1}", f": {'9' * 5000}}}"), "is no JSON"),
        ("json", json.dumps({**OWN, "appearances": [7]}), r"appearances\[0\]: is no object"),
        ("json", "[" * 100_000, "is no JSON"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(name: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read(name, text)
    assert "a.file" in str(caught.value)


@pytest.mark.parametrize("name", ["elan", "cvat"])
@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "http://169.254.169.254/">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://10.0.0.1/x.dtd"> %x;]><a/>',
    ],
)
def test_nothing_expands_and_nothing_is_fetched(name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=r"declares a document type or entities\. Remove the line <!DOCTYPE"):
        read(name, text)


@pytest.mark.parametrize("name", READABLE)
@given(data=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode(errors="replace")))
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(name: str, data: bytes) -> None:
    reader = FORMATS[name].read
    assert reader is not None
    try:
        reader(decoded(data, "x"))
    except ConfigError as err:
        assert str(err).startswith("x, ")


def test_encodings() -> None:
    text = own(name="Çelik")
    for data in (text.encode("utf-8-sig"), text.encode("utf-16"), text.replace("\n", "\r\n").encode()):
        assert FORMATS["json"].read(decoded(data, "x")).claims[0].name == "Çelik"  # type: ignore[misc]
    with pytest.raises(ConfigError, match=r"x, line 2: is not written in UTF-8\. Save it with this encoding"):
        decoded(b"a\n\xff", "x")
    xml = '<?xml version="1.0" encoding="UTF-16"?>' + elan(tier="Çelik")
    assert read("elan", xml).claims[0].name == "Çelik"


def test_files_that_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, "MAX_BYTES", 10)
    with pytest.raises(ConfigError, match=r"more than 10 bytes\. Divide it"):
        decoded(b"x" * 11, "x")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (elan(), "elan"),
        ('<?xml version="1.0"?>\n' + box(), "cvat"),
        ("WEBVTT\n", "vtt-boxes"),
        (own(), "json"),
        ('{"@context": {}}', "jsonld"),
        ("@prefix a: <b> .", "turtle"),
        ("1,2,3,4,5,6,7", "mot"),
    ],
)
def test_a_file_tells_its_format(text: str, name: str) -> None:
    assert format_of(decoded(text.encode(), "x")) is FORMATS[name]


@pytest.mark.parametrize(("text", "name"), [("hello", ""), ("", ""), ("<html>", ""), ("x", "csv"), ("x", "nothing")])
def test_a_format_that_cannot_be_read(text: str, name: str) -> None:
    with pytest.raises(ConfigError, match="Give --format, one of: json, turtle"):
        format_of(decoded(text.encode(), "x"), name)


@given(text=st.text())
def test_names_in_one_line(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
    assert len(line.splitlines()) <= 1
    assert not any(ord(sign) < 32 or 0xD800 <= ord(sign) < 0xE000 for sign in line)


def test_pieces_of_tracks_are_numbered_alike() -> None:
    assert document_module.PIECE == PIECE
