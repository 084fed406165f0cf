"""Files as other programs write them: ELAN with vocabularies and tiers that hang on others, dumps of CVAT, captions, lists."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lxml import etree
from rdflib import Graph

from evaluation import truth
from evaluation.material.data import read_truth
from src.errors import ConfigError
from src.export import FORMATS
from src.export.edits import Edits, edits_of
from src.export.mot import boxes_of, read_mot, write_boxes
from src.export.reading import Reading, decoded
from src.export.sniffing import format_of
from tests.documents import small
from tests.unit.test_round_trips import written

HERE = Path(__file__).parent
W3C, IIIF = "http://www.w3.org/ns/anno.jsonld", "http://iiif.io/api/presentation/3/context.json"

ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="ann" DATE="2024-02-29T10:15:00+01:00" FORMAT="3.0" VERSION="3.0"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
  <LICENSE LICENSE_URL="https://creativecommons.org/licenses/by/4.0/">CC BY</LICENSE>
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
    <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/films/a.mp4" MIME_TYPE="video/mp4" RELATIVE_MEDIA_URL="./a.mp4" TIME_ORIGIN="1500"/>
    <LINKED_FILE_DESCRIPTOR LINK_URL="file:///C:/films/a.pfsx" MIME_TYPE="text/xml"/>
    <PROPERTY NAME="lastUsedAnnotationId">7</PROPERTY>
  </HEADER>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="500"/>
    <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="2500"/>
    <TIME_SLOT TIME_SLOT_ID="ts3"/>
    <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="6000"/>
  </TIME_ORDER>
  <TIER LINGUISTIC_TYPE_REF="who" TIER_ID="On screen" LANG_REF="fra">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" CVE_REF="c1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
      <ANNOTATION_VALUE>Winston Churchill</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts4">
      <ANNOTATION_VALUE></ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="utterance" PARTICIPANT="Anna Albers" TIER_ID="A-spch" DEFAULT_LOCALE="fr">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts4">
      <ANNOTATION_VALUE>bonsoir</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="words" PARENT_REF="A-spch" PARTICIPANT="Anna Albers" TIER_ID="A-words">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts3">
      <ANNOTATION_VALUE>bon</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a5" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
      <ANNOTATION_VALUE>soir</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="gloss" PARENT_REF="A-words" TIER_ID="A-gloss">
    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a6" ANNOTATION_REF="a4"><ANNOTATION_VALUE>good</ANNOTATION_VALUE>
    </REF_ANNOTATION></ANNOTATION>
    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a7" ANNOTATION_REF="a5" PREVIOUS_ANNOTATION="a6"><ANNOTATION_VALUE/>
    </REF_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="utterance" TIER_ID="Ben"/>
  <LINGUISTIC_TYPE CONTROLLED_VOCABULARY_REF="people" LINGUISTIC_TYPE_ID="who" TIME_ALIGNABLE="true"/>
  <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="utterance" TIME_ALIGNABLE="true"/>
  <LINGUISTIC_TYPE CONSTRAINTS="Time_Subdivision" LINGUISTIC_TYPE_ID="words" TIME_ALIGNABLE="true"/>
  <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" LINGUISTIC_TYPE_ID="gloss" TIME_ALIGNABLE="false"/>
  <LOCALE COUNTRY_CODE="FR" LANGUAGE_CODE="fr"/>
  <LANGUAGE LANG_DEF="http://cdb.iso.org/lg/CDB-00138502-001" LANG_ID="fra" LANG_LABEL="French (fra)"/>
  <CONSTRAINT DESCRIPTION="no gaps" STEREOTYPE="Time_Subdivision"/>
  <CONSTRAINT DESCRIPTION="1-1" STEREOTYPE="Symbolic_Association"/>
  <CONTROLLED_VOCABULARY CV_ID="people">
    <DESCRIPTION LANG_REF="fra">who is seen</DESCRIPTION>
    <CV_ENTRY_ML CVE_ID="c1"><CVE_VALUE DESCRIPTION="" LANG_REF="fra">Winston Churchill</CVE_VALUE></CV_ENTRY_ML>
  </CONTROLLED_VOCABULARY>
  <REF_LINK_SET LINK_SET_ID="l1"><CROSS_REF_LINK REF1="a1" REF2="a3" REF_LINK_ID="x1"/></REF_LINK_SET>
</ANNOTATION_DOCUMENT>
"""
"""All that ELAN 6 writes into a file, and our own exports do not have."""


def read(name: str, text: str) -> Reading:
    reader = FORMATS[name].read
    assert reader is not None
    return reader(decoded(text.encode(), "a.file"))


def told(reading: Reading) -> list[tuple[str, float, float]]:
    return [(claim.name, claim.start_npt, claim.end_npt) for claim in reading.claims]


class TestElan:
    schema = etree.XMLSchema(etree.parse(HERE / "eaf.xsd"))

    def test_a_file_with_all_that_elan_knows(self) -> None:
        assert self.schema.validate(etree.fromstring(ELAN.encode())), self.schema.error_log
        reading = read("elan", ELAN)
        assert told(reading) == [("Winston Churchill", 2.0, 4.0), ("Unknown", 4.0, 7.5), ("Anna Albers", 2.0, 7.5)]
        assert [note.partition(" and ")[0] for note in reading.notes] == [
            "line 26: the tier 'A-words' hangs on 'A-spch'",
            "line 32: the tier 'A-gloss' hangs on 'A-words'",
        ]
        assert edits_of(small(), reading).notes[:2] == list(reading.notes)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('PARENT_REF="A-words"', 'PARENT_REF="nowhere"'),
            ('CONTROLLED_VOCABULARY_REF="people"', 'CONTROLLED_VOCABULARY_REF="none"'),
            ('PREVIOUS_ANNOTATION="a6"', 'PREVIOUS_ANNOTATION="a1"'),
            ('LANG_REF="fra">who', 'LANG_REF="deu">who'),
            ('TIME_UNITS="milliseconds"', 'TIME_UNITS="hours"'),
            ('TIER_ID="Ben"', 'TIER_ID="A-spch"'),
            ("</LICENSE>", "</LICENSE><LICENSE><b/></LICENSE>"),
        ],
    )
    def test_the_schema_refuses_what_the_published_one_refuses(self, old: str, new: str) -> None:
        assert ELAN.count(old) == 1
        assert not self.schema.validate(etree.fromstring(ELAN.replace(old, new).encode()))

    def test_a_start_that_is_no_number(self) -> None:
        with pytest.raises(ConfigError, match=r"line 6: TIME_ORIGIN is 'soon'\. Write whole milliseconds"):
            read("elan", ELAN.replace('"1500"', '"soon"'))


def box(frame: int, outside: int = 0, left: float = 10.5, attributes: str = "") -> str:
    edges = f'xtl="{left}" ytl="20.25" xbr="{left + 36}" ybr="60.75"'
    return f'<box frame="{frame}" keyframe="1" outside="{outside}" occluded="0" {edges} z_order="0">{attributes}</box>'


CVAT = f"""<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><id>7</id><name>film</name><size>1000</size><mode>interpolation</mode><start_frame>0</start_frame>
    <labels><label><name>Ann &amp; Co</name><color>#ff0000</color><type>rectangle</type><attributes/></label></labels>
  </task><dumped>2024-02-29 10:15:00.000000+00:00</dumped></meta>
  <track id="0" label="Ann &amp; Co" source="manual">
    {box(10)}{box(30)}{box(51, outside=1)}
    {box(60, left=11)}{box(80, outside=1)}
  </track>
  <track id="1" label="Ben" source="file">{box(5, outside=1)}</track>
  <track id="2" label="Ben" source="file">{box(7, left=100)}</track>
  <track id="3" label="hand"><polygon frame="1" outside="0" keyframe="1" points="1.0,2.0;3.0,4.0;5.0,1.0"></polygon></track>
</annotations>
"""


class TestCvat:
    def test_a_dump_with_several_labels_and_stays(self) -> None:
        reading = read("cvat", CVAT)
        found = [(claim.name, claim.spots.frames.tolist()) for claim in reading.claims if claim.spots is not None]
        # It stays where it was up to the frame in which it is outside.
        assert found == [("Ann & Co", [10, 30, 50]), ("Ann & Co", [60, 79]), ("Ben", [7])]
        assert reading.notes == ("line 13: a track of 'hand' is drawn as polygon and left out. Draw it as boxes in CVAT.",)

    def test_it_is_ground_truth_of_each_stay(self, tmp_path: Path) -> None:
        (tmp_path / "a.xml").write_text(CVAT)
        table = tmp_path / "truth.csv"
        assert truth.main([str(tmp_path / "a.xml"), "--video", "a.mp4", "--output", str(table), "--rate", "10"]) == 0
        rows = [(row.start_s, row.end_s) for row in read_truth(table)]
        assert rows == [(0.7, 0.8), (1.0, 5.1), (6.0, 8.0)]

    def test_where_one_label_has_names_the_others_are_other_things(self) -> None:
        said = '<attribute name="person">{}</attribute>'
        text = (
            f'<annotations>\n<track label="face">{box(1, attributes=said.format("Mia"))}</track>\n'
            f'<track label="car">{box(1)}</track>\n<track label="face">{box(1, left=70, attributes=said.format(""))}</track>\n'
            "</annotations>"
        )
        reading = read("cvat", text)
        assert [claim.name for claim in reading.claims] == ["Mia", "Unknown"]
        assert reading.notes == ("line 3: a track of 'car' without the attribute person is left out: other tracks have it.",)

    def test_a_face_without_a_name_is_nobody(self) -> None:
        reading = read("cvat", f'<annotations><track label="face">{box(1)}</track></annotations>')
        assert [claim.name for claim in reading.claims] == ["Unknown"]


class TestCaptions:
    def test_notes_styles_settings_and_voices(self) -> None:
        text = (
            "\ufeffWEBVTT - news of the week\nKind: captions\nLanguage: fr\n\nSTYLE\n::cue(.loud) { color: red; }\n\n"
            "REGION\nid:fred width:40%\n\nNOTE --\nof two\nlines\n\nNOTE\ttab\n\nNOTES of a cue\n"
            "00:01.000 --> 00:02.500 align:start line:0 position:10%,line-left size:35%\n"
            "<c.who>Anna</c> &amp; Co, Ben&nbsp;Bo\n\n"
            "2\n01:00:03.000-->01:00:04.000\n<v.loud Sir Winston>Good <i>evening</i>, all</v>\n<v Anna>Hello</v>\n\n"
            "00:05.000 --> 00:06.000\n\n00:07.000 --> 00:08.000\nאילנה, אילנה"
        ).replace("\n", "\r\n")
        assert told(read("vtt-boxes", text)) == [
            ("Anna & Co", 1.0, 2.5), ("Ben Bo", 1.0, 2.5), ("Sir Winston", 3603.0, 3604.0), ("Anna", 3603.0, 3604.0),
            ("אילנה", 7.0, 8.0),
        ]  # fmt: skip


class TestMot:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1,1,10,20,30,40,1,1,0.86\n9,1,11,20,30,40,1,1,0.5\n2,3,1,2,3,4,0,7,1\n", [(1, [0, 8]), (3, [1])]),
            ("1.000e+00,1.000e+00,10,20,30,40,0.9,-1,-1,-1\r\n5.0,1.0,10,20,30,40,0.9,-1,-1,-1\r\n", [(1, [0, 4])]),
            ("1 1 10 20 30 40 1\n\n3\t1\t10\t20\t30\t40\t1\n", [(1, [0, 2])]),
            ("1,-1,10,20,30,40,0.5\n2,2,10,20,30,40,0.5\n", [(2, [1])]),
        ],
    )
    def test_other_years_gaps_and_detections(self, text: str, expected: list[tuple[int, list[int]]]) -> None:
        assert format_of(decoded(text.encode(), "x")) is FORMATS["mot"]
        found = [(claim.number, claim.spots.frames.tolist()) for claim in read("mot", text).claims if claim.spots is not None]
        assert found == expected

    def test_written_again_it_is_the_same(self, tmp_path: Path) -> None:
        FORMATS["mot"].write(tmp_path / "a.txt", small())
        again = read_mot(tmp_path / "a.txt")
        write_boxes(tmp_path / "b.txt", again)
        assert (tmp_path / "a.txt").read_bytes() == (tmp_path / "b.txt").read_bytes()
        np.testing.assert_array_equal(again.boxes_xywh, boxes_of(small()).boxes_xywh)


def annotation(**more: Any) -> dict[str, Any]:
    return {"@context": W3C, "type": "Annotation", "body": {"name": "Mia"}, "target": "http://x/a.mp4#t=1,2"} | more


class TestWebAnnotations:
    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            (annotation(target="http://x/a.mp4#t=38"), [("Mia", 38, 40)]),
            (annotation(target="http://x/a.mp4"), [("Mia", 0, 40)]),
            (annotation(target={"id": "http://x/a.mp4#t=,2", "type": "Video"}), [("Mia", 0, 2)]),
            (annotation(target={"source": {"id": "http://x/a.mp4", "type": "Video"},
                                "selector": [{"type": "FragmentSelector", "value": "t=33,90"}]}), [("Mia", 33, 40)]),
            (annotation(**{"@context": [W3C, {"who": {"@id": "http://xmlns.com/foaf/0.1/name"}}], "body": {"who": "Zoë 🙂"}}),
             [("Zoë 🙂", 1, 2)]),
            (annotation(**{"@context": {"@vocab": "http://www.w3.org/ns/oa#", "type": "@type", "id": "@id",
                                        "body": {"@id": "hasBody"}, "target": {"@id": "hasTarget", "@type": "@id"},
                                        "name": "http://schema.org/name"}}), [("Mia", 1, 2)]),
            ({"@context": IIIF, "type": "AnnotationPage", "items": [
                {"type": "Annotation", "motivation": "painting", "body": {"id": "http://x/a.mp4", "type": "Video"},
                 "target": "http://x/canvas"},
                {"type": "Annotation", "motivation": ["supplementing"], "body": {"id": "http://x/a.vtt", "type": "Text"},
                 "target": "http://x/canvas"},
                {"type": "Annotation", "motivation": ["identifying", "tagging"], "target": "http://x/canvas#xywh=1,2,3,4&t=5,6",
                 "body": [{"type": "TextualBody", "value": "Mia", "format": "text/plain", "purpose": "tagging"},
                          {"type": "SpecificResource", "source": "http://x/mia", "purpose": "identifying"}]}]},
             [("Mia", 5, 6)]),
        ],
    )  # fmt: skip
    def test_forms_of_other_programs(self, said: dict[str, Any], expected: list[tuple[str, float, float]]) -> None:
        text = json.dumps(said)
        assert format_of(decoded(text.encode(), "x")) is FORMATS["jsonld"]
        edits = edits_of(replace(small(), people=()), read("jsonld", text))
        assert [(edit.name, *(edit.interval or ())) for edit in edits.edits] == expected
        assert edits.notes == []

    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            ({"source": "http://x/a.mp4", "selector": {"type": "PointSelector", "t": 3}}, "its selector is no media fragment"),
            ({"source": "http://x/a.mp4", "selector": {"type": "SvgSelector", "value": "<svg x='1'/>"}}, "no media fragment"),
            ("http://x/a.mp4#t=clock:2009-07-26T11:19:01Z", "a time by the clock is not read"),
        ],
    )
    def test_what_names_no_stretch_is_not_all_of_the_video(self, target: object, expected: str) -> None:
        with pytest.raises(ConfigError, match=expected):
            read("jsonld", json.dumps(annotation(target=target)))

    def test_of_several_selectors_the_one_with_a_time_counts(self) -> None:
        drawn = {"type": "SvgSelector", "value": "<svg x='1'/>"}
        selectors = [drawn, {"type": "FragmentSelector", "value": "t=3,4"}]
        for target in ({"source": "http://x/a.mp4", "selector": selectors}, {"source": "http://x/a#t=3,4", "selector": drawn}):
            (claim,) = read("jsonld", json.dumps(annotation(target=target))).claims
            assert (claim.start_npt, claim.end_npt) == (3, 4)

    @pytest.mark.parametrize(("serialised", "name"), [("nt", "turtle"), ("turtle", "turtle"), ("json-ld", "jsonld")])
    def test_what_another_library_writes_tells_its_format(self, serialised: str, name: str) -> None:
        """N-Triples is Turtle without prefixes, and JSON-LD may come as a list without a context."""
        text = Graph().parse(data=written("turtle", small())).serialize(format=serialised, encoding="utf-8").decode()
        assert format_of(decoded(text.encode(), "x")) is FORMATS[name]
        found = edits_of(small(), read(name, text))
        assert (found.edits, found.n_same) == ([], len(small().people))

    def test_a_manifest_of_ours_is_read_back(self, tmp_path: Path) -> None:
        what = replace(small(), base="https://archive.example")
        FORMATS["iiif"].write(tmp_path / "a.json", what)
        found = edits_of(what, read("jsonld", (tmp_path / "a.json").read_text(encoding="utf-8")))
        assert (found.edits, found.n_same) == ([], len(what.people))

    def test_somebody_who_has_an_address_and_no_name(self) -> None:
        (claim,) = read("jsonld", json.dumps(annotation(body="http://www.wikidata.org/entity/Q8016"))).claims
        assert claim.name == "http://www.wikidata.org/entity/Q8016"

    def test_an_end_that_nobody_knows_is_no_ground_truth(self, tmp_path: Path) -> None:
        (claim,) = read("jsonld", json.dumps(annotation(target="http://x/a.mp4#t=38"))).claims
        assert math.isinf(claim.end_npt)
        with pytest.raises(ConfigError, match=r"it lasts to the end of the video\. Write when that is"):
            list(truth.rows_of(Reading((claim,)), "a.mp4"))
        what = small()
        unknown = replace(what, people=(), video=replace(what.video, duration=None))
        assert "nobody knows when that is" in edits_of(unknown, Reading((claim,))).notes[0]

    @pytest.mark.parametrize("sign", [r"\U110000FF", r"\uD800", r"\uZZZZ"])
    def test_signs_that_are_none_are_refused_or_replaced(self, sign: str) -> None:
        text = (
            f'<urn:a> a <http://www.w3.org/ns/oa#Annotation> ; <http://www.w3.org/ns/oa#bodyValue> "A{sign}" ; '
            "<http://www.w3.org/ns/oa#hasTarget> <urn:c#t=1,2> ."
        )
        try:
            names = [claim.name for claim in read("turtle", text).claims]
        except ConfigError as err:
            names = [str(err)]
        assert names[0].encode()

    def test_a_long_head_does_not_hide_the_format(self) -> None:
        text = json.dumps({"label": "x" * 5000} | annotation())
        assert format_of(decoded(text.encode(), "x")) is FORMATS["jsonld"]


@pytest.mark.parametrize("name", ["elan", "json"])
def test_a_statement_that_was_moved_past_the_end(name: str) -> None:
    def moved(start: float, end: float) -> Edits:
        people = tuple(replace(p, start_npt=start, end_npt=end) if p.number == -1 else p for p in small().people)
        return edits_of(small(), read(name, written(name, replace(small(), people=people)).decode()))

    past = moved(50.0, 52.0)
    assert past.edits == []
    assert "Çelik Özil at 50 s lies past the end of the video, 40 s. Correct it." in past.notes[0]
    assert [edit.interval for edit in moved(30.0, 52.0).edits] == [(30.0, 40.0)]
