"""Subtitles, ELAN, clip lists, tables and boxes: each opened by a library that others wrote."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote

import numpy as np
import opentimelineio
import pyarrow.parquet as pq
import pympi
import pysubs2
import pytest
import webvtt
from hypothesis import HealthCheck, given, settings
from lxml import etree
from pycocotools.coco import COCO

from src.errors import ConfigError
from src.export import FORMATS, Document
from src.export import tables as tables_module
from src.export.cutlists import countable, frames_of, nominal, timecode
from src.export.document import lanes
from src.export.reading import decoded
from src.export.tables import PEOPLE, SAMPLES
from src.export.webvtt import captions, stamp
from tests.documents import NAMES, VIDEO, document, documents, empty, seen, small

quickly = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
HERE = Path(__file__).parent


def write(name: str, what: Document, folder: Path) -> Path:
    path = folder / f"{name}{FORMATS[name].suffix}"
    FORMATS[name].write(path, what)
    return path


def text_of(name: str, what: Document) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return write(name, what, Path(folder)).read_text(encoding="utf-8")


def n_boxes(what: Document) -> int:
    return sum(len(samples.npt) for _, samples in what.boxes())


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"mot"}))
def test_the_part_that_was_analysed_comes_back(name: str, tmp_path: Path) -> None:
    """MOT has no place for it: a row there is nine numbers."""
    whole = small()
    part = replace(whole, analysis=replace(whole.analysis, fragment="t=0,2.5"))
    assert b"t=0,2.5" in write(name, part, tmp_path).read_bytes()
    assert b"t=0,2.5" not in write(name, whole, tmp_path).read_bytes()


class TestCaptions:
    @given(what=documents())
    @quickly
    def test_another_library_reads_them(self, what: Document) -> None:
        cues = webvtt.from_buffer(io.BytesIO(text_of("vtt", what).encode())).captions
        assert [(cue.start, cue.end) for cue in cues] == [(stamp(start), stamp(end)) for start, end, _ in captions(what.people)]
        for cue, (_, _, names) in zip(cues, captions(what.people), strict=True):
            shown = cue.raw_text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
            assert shown == ", ".join(names)

    @given(what=documents())
    @quickly
    def test_they_say_who_is_there_at_every_moment(self, what: Document) -> None:
        found = list(captions(what.people))
        assert all(one[1] <= other[0] for one, other in pairwise(found))
        for moment in {time + 0.0005 for one in what.people for time in (one.start_npt, one.end_npt)}:
            there = {one.name for one in what.people if one.start_npt <= moment < one.end_npt}
            told = {name for start, end, names in found if start <= moment < end for name in names}
            assert told == there

    def test_neighbours_that_say_the_same_are_one(self) -> None:
        what = document([seen(1, "A", 0, 1), seen(2, "A", 1, 2), seen(3, "B", 3, 4)])
        assert list(captions(what.people)) == [(0, 2, ("A",)), (3, 4, ("B",))]

    def test_as_text(self) -> None:
        what = document([seen(1, "A & <B>", 3599.5, 3661.25)])
        note = "NOTE\n/films/a & b.mp4\n"
        assert text_of("vtt", what) == f"WEBVTT\n\n{note}\n00:59:59.500 --> 01:01:01.250\nA &amp; &lt;B&gt;\n"
        assert text_of("vtt", empty()) == f"WEBVTT\n\n{note}"

    @given(what=documents())
    @quickly
    def test_metadata_cues(self, what: Document) -> None:
        cues = webvtt.from_buffer(io.BytesIO(text_of("vtt-boxes", what).encode())).captions
        assert [cue.identifier for cue in cues] == [one.key for one in what.people]
        found = [json.loads(cue.raw_text) for cue in cues]
        assert [item["name"] for item in found] == [one.name for one in what.people]
        assert sum(len(item["boxes"]) for item in found) == n_boxes(what)

    @pytest.mark.parametrize(("size", "wide"), [((1920, 1080), 1280), ((640, 480), 960), ((108, 192), 405), ((0, 0), 1280)])
    def test_letters_of_subtitles_are_as_large_on_every_picture(self, size: tuple[int, int], wide: int) -> None:
        what = small()
        text = text_of("ass", replace(what, video=replace(what.video, width=size[0], height=size[1])))
        assert f"PlayResX: {wide}\nPlayResY: 720\n" in text

    def test_subtitles_of_an_instant_last_a_hundredth(self) -> None:
        # Both ends lie in the middle of two hundredths: rounded to even, they meet.
        found = pysubs2.SSAFile.from_string(text_of("ass", document([seen(1, "A", 7.415, 7.425)])).lstrip("\ufeff"))
        assert [(event.start, event.end) for event in found] == [(7420, 7430)]

    @given(what=documents())
    @quickly
    def test_subtitles(self, what: Document) -> None:
        found = pysubs2.SSAFile.from_string(text_of("ass", what).lstrip("\ufeff"))
        assert len(found) == len(list(captions(what.people)))
        for event in found:
            assert event.end > event.start
            # Nothing in a name was taken for a command.
            assert "{" not in event.text
            assert "\\" not in event.text


class TestElan:
    schema = etree.XMLSchema(etree.parse(HERE / "eaf.xsd"))

    @given(what=documents())
    @quickly
    def test_it_keeps_to_the_schema(self, what: Document) -> None:
        tree = etree.fromstring(text_of("elan", what).encode())
        assert self.schema.validate(tree), self.schema.error_log

    @pytest.mark.parametrize("folder", ["/films/", ""])
    def test_a_name_of_a_film_that_no_address_may_have(self, folder: str) -> None:
        film = f'{folder}50% "a" #1 #2 [b] é 🙂.mp4'
        tree = etree.fromstring(text_of("elan", document((), replace(VIDEO, locator=film, media=film))).encode())
        assert self.schema.validate(tree), self.schema.error_log
        assert unquote(tree.find(".//MEDIA_DESCRIPTOR").get("RELATIVE_MEDIA_URL")) == f"./{PurePath(film).name}"

    @given(what=documents())
    @quickly
    def test_another_library_reads_it(self, what: Document) -> None:
        with tempfile.TemporaryDirectory() as folder:
            found = pympi.Eaf(write("elan", what, Path(folder)))
        tiers = {name: found.get_annotation_data_for_tier(name) for name in found.get_tier_names()}
        assert sum(map(len, tiers.values())) == len(what.people)
        assert sorted((start, end) for tier in tiers.values() for start, end, *_ in tier) == sorted(
            (round(one.start_npt * 1000), round(one.end_npt * 1000)) for one in what.people
        )
        for tier in tiers.values():
            ordered = sorted((start, end) for start, end, *_ in tier)
            assert all(one[1] <= other[0] for one, other in pairwise(ordered))

    def test_somebody_in_two_places_has_two_tiers(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            found = pympi.Eaf(write("elan", small(), Path(folder)))
        assert list(found.get_tier_names()) == ["Anna Albers", "Anna Albers (2)", "Ben Bo", "Çelik Özil", "Unknown 3"]
        assert found.get_parameters_for_tier("Anna Albers (2)")["PARTICIPANT"] == "Anna Albers"
        assert found.get_parameters_for_tier("Unknown 3")["LINGUISTIC_TYPE_REF"] == "unknown person"
        assert found.get_linked_files()[0]["RELATIVE_MEDIA_URL"] == "./a & b.mp4"

    def test_each_end_is_a_place_of_its_own(self) -> None:
        what = document([seen(1, "A", 0, 1), seen(2, "A", 1, 2), seen(3, "B", 1, 2)])
        tree = etree.fromstring(text_of("elan", what).encode())
        slots = [(slot.get("TIME_SLOT_ID"), int(slot.get("TIME_VALUE"))) for slot in tree.iter("TIME_SLOT")]
        assert [time for _, time in slots] == sorted(time for _, time in slots)
        used = [one.get(f"TIME_SLOT_REF{side}") for one in tree.iter("ALIGNABLE_ANNOTATION") for side in (1, 2)]
        # In ELAN who moves a place moves all that begins or ends there.
        assert sorted(used) == sorted(name for name, _ in slots)

    def test_the_schema_can_fail(self) -> None:
        text = text_of("elan", small())
        for old, new in (('TIME_SLOT_REF1="ts1"', 'TIME_SLOT_REF1="ts99"'), ('ANNOTATION_ID="a2"', 'ANNOTATION_ID="a1"')):
            assert old in text
            assert not self.schema.validate(etree.fromstring(text.replace(old, new).encode()))

    def test_a_tier_that_was_renamed_is_of_somebody_else(self) -> None:
        text = text_of("elan", small()).replace('TIER_ID="Ben Bo"', 'TIER_ID="Mia"')
        reading = FORMATS["elan"].read(decoded(text.encode(), "x"))  # type: ignore[misc]
        assert {claim.number: claim.name for claim in reading.claims}[4] == "Mia"


class TestClipLists:
    @given(what=documents())
    @quickly
    def test_edl_in_another_library(self, what: Document) -> None:
        text = text_of("edl", what)
        timeline = opentimelineio.adapters.read_from_string(text, "cmx_3600", rate=25)
        clips = list(timeline.find_clips())
        assert len(clips) == len(what.people)
        at = 0
        for clip, one in zip(clips, what.people, strict=True):
            start, end = frames_of(one, what.rate)
            assert clip.source_range.start_time.to_frames() == start
            assert clip.source_range.duration.to_frames() == end - start
            assert clip.range_in_parent().start_time.to_frames() == at
            at += end - start

    @given(what=documents())
    @quickly
    def test_otio_in_its_own_library(self, what: Document) -> None:
        timeline = opentimelineio.adapters.read_from_string(text_of("otio", what), "otio_json")
        assert len(timeline.tracks) == len(lanes(what.people))
        assert len(list(timeline.find_clips())) == len(what.people)
        for clip in timeline.find_clips():
            # Where it lies in the timeline is where it lies in the video.
            assert clip.range_in_parent().start_time == clip.source_range.start_time
            assert clip.media_reference.target_url == "file:///films/a%20%26%20b.mp4"

    @pytest.mark.parametrize("rate", ["24000/1001", "24/1", "25/1", "30000/1001", "30/1", "50/1", "60000/1001", "60/1"])
    def test_edl_at_every_usual_rate(self, rate: str) -> None:
        times = [(0.0, 0.04), (59.9, 60.1), (3599.0, 3601.5), (35_999.2, 36_000.0)]
        what = document([seen(-n, "A", start, end, by_human=True) for n, (start, end) in enumerate(times, start=1)])
        what = replace(what, video=replace(what.video, frame_rate=rate, duration=40_000.0))
        text = text_of("edl", what)
        assert "FCM: NON-DROP FRAME" in text
        assert ";" not in text
        clips = list(opentimelineio.adapters.read_from_string(text, "cmx_3600", rate=nominal(what.rate)).find_clips())
        found = [(clip.source_range.start_time.to_frames(), clip.source_range.duration.to_frames()) for clip in clips]
        assert found == [(start, end - start) for start, end in (frames_of(one, what.rate) for one in what.people)]

    @pytest.mark.parametrize(
        ("rate", "counted"),
        [
            ("120/1", Fraction(60)),
            ("240000/1001", Fraction(60000, 1001)),
            ("25013/1000", Fraction(25)),
            ("59942/1000", Fraction(60000, 1001)),
            ("15/1", Fraction(15)),
            ("97/1", Fraction(97, 2)),
        ],
    )
    def test_rates_that_no_time_code_counts(self, rate: str, counted: Fraction) -> None:
        assert countable(Fraction(rate)) == counted
        what = document([seen(-1, "A", 1.0, 2.99, by_human=True)])
        text = text_of("edl", replace(what, video=replace(what.video, frame_rate=rate)))
        frames = [int(code.rpartition(":")[2]) for code in text.split() if code.count(":") == 3]
        assert len(frames) == 4
        assert max(frames) < nominal(counted) <= 60

    def test_time_code(self) -> None:
        assert [timecode(frame, 25) for frame in (0, 24, 25, 90_000)] == [
            "00:00:00:00",
            "00:00:00:24",
            "00:00:01:00",
            "01:00:00:00",
        ]
        what = small()
        assert nominal(what.rate) == 25
        assert nominal(replace(what, video=replace(what.video, frame_rate="30000/1001")).rate) == 30

    def test_nothing_is_an_empty_list(self) -> None:
        assert text_of("edl", empty()).startswith("TITLE: ")
        assert not list(opentimelineio.adapters.read_from_string(text_of("otio", empty()), "otio_json").find_clips())


class TestTables:
    @given(what=documents())
    @quickly
    def test_csv_and_parquet_say_the_same(self, what: Document) -> None:
        for csv_name, parquet, columns in (("csv", "parquet", PEOPLE), ("csv-samples", "parquet-samples", SAMPLES)):
            rows = list(csv.DictReader(io.StringIO(text_of(csv_name, what), newline="")))
            with tempfile.TemporaryDirectory() as folder:
                table = pq.read_table(write(parquet, what, Path(folder)))
            assert table.column_names == list(columns)
            assert len(rows) == table.num_rows
            for row, other in zip(rows, table.to_pylist(), strict=True):
                assert {name: value or None for name, value in row.items()} == {
                    name: None if value in (None, "") else str(value) for name, value in other.items()
                }

    def test_json_lines(self) -> None:
        rows = [json.loads(line) for line in text_of("jsonl-samples", small()).splitlines()]
        assert len(rows) == n_boxes(small())
        assert list(rows[0]) == list(SAMPLES)

    def test_groups_are_written_one_after_the_other(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tables_module, "_ROWS", 7)
        path = write("parquet-samples", small(), tmp_path)
        assert pq.ParquetFile(path).num_row_groups > 2
        assert pq.read_table(path).num_rows == n_boxes(small())

    def test_without_the_library_the_error_says_what_to_do(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
        with pytest.raises(ConfigError, match=r'pip install "facerec\[export\]", or choose the format csv'):
            write("parquet", small(), tmp_path)


class TestBoxes:
    @given(what=documents())
    @quickly
    def test_coco_in_its_own_library(self, what: Document) -> None:
        with tempfile.TemporaryDirectory() as folder:
            found = COCO(str(write("coco", what, Path(folder))))
        assert len(found.getAnnIds()) == n_boxes(what)
        assert {found.cats[number]["name"] for number in found.getCatIds()} == {one.name for one in what.people}
        for annotation in found.loadAnns(found.getAnnIds()):
            assert annotation["image_id"] in found.imgs
            assert annotation["area"] == pytest.approx(36 * 40.5)

    def test_a_track_of_coco_is_one_person(self) -> None:
        what = small()
        pieces = (
            replace(what.people[0], number=1, tracks=(1,), end_npt=0.9),
            replace(what.people[0], number=1_000_001, name="Ben Bo", tracks=(1_000_001,), start_npt=0.9),
        )
        found = json.loads(text_of("coco", replace(what, people=pieces)))
        assert found["tracks"] == [
            {"id": 1, "category_id": 1, "video_id": 1},
            {"id": 1_000_001, "category_id": 2, "video_id": 1},
        ]
        pairs = {(one["track_id"], one["instance_id"], one["category_id"]) for one in found["annotations"]}
        assert pairs == {(1, 1, 1), (1_000_001, 1_000_001, 2)}

    def test_fiftyone(self) -> None:
        found: dict[str, Any] = json.loads(text_of("fiftyone", small()))["frames"]
        assert all(found[key]["frame_number"] == int(key) >= 1 for key in found)
        first = found["1"]["objects"]["objects"][0]
        assert first["label"] == "Anna Albers"
        assert first["bounding_box"]["top_left"] == {"x": round(10.5 / 192, 6), "y": round(20.25 / 128, 6)}
        assert sum(len(frame["objects"]["objects"]) for frame in found.values()) == n_boxes(small())

    @given(what=documents())
    @quickly
    def test_cvat(self, what: Document) -> None:
        root = etree.fromstring(text_of("cvat", what).encode())
        assert root.findtext("version") == "1.1"
        assert root.findtext("meta/task/size") == "1000"
        shown = [box for box in root.iter("box") if box.get("outside") == "0"]
        assert len(shown) == n_boxes(what)
        declared = [name.text for name in root.iterfind("meta/task/labels/label/attributes/attribute/name")]
        for track in root.iterfind("track"):
            frames = [int(box.get("frame")) for box in track.iterfind("box")]
            assert frames == sorted(set(frames))
            assert max(frames) < 1000
            assert [attribute.get("name") for attribute in track[0]] == declared

    def test_a_track_ends_in_cvat(self) -> None:
        root = etree.fromstring(text_of("cvat", small()).encode())
        ends = [track[-1].get("outside") for track in root.iterfind("track")]
        assert ends == ["1"] * 4

    @pytest.mark.parametrize(
        "name", [name for name in FORMATS if name not in ("mot", "vtt", "shots", "shots-json", "memad", "fiftyone")]
    )
    def test_the_part_of_a_video_is_told(self, name: str, tmp_path: Path) -> None:
        what = small()
        part = replace(what, analysis=replace(what.analysis, fragment="t=10,20"))
        data = write(name, part, tmp_path)
        found = pq.read_table(data).to_pylist()[0]["video"] if name.startswith("parquet") else data.read_text(encoding="utf-8")
        assert "t=10,20" in found

    @pytest.mark.parametrize("name", FORMATS)
    def test_rows_are_counted(self, name: str, tmp_path: Path) -> None:
        what = small()
        counts = {
            "appearances": 5 if name != "memad" else 4,
            "annotations": 5,
            "cues": 5,
            "events": 5,
            "clips": 5,
            "samples": n_boxes(what),
            "boxes": n_boxes(what),
            "shots": 2,
        }
        captioned = len(list(captions(what.people)))
        expected = counts.get(FORMATS[name].row, captioned)
        assert FORMATS[name].write(tmp_path / "x", what) == expected
        assert FORMATS[name].write(tmp_path / "x", empty()) == (2 if FORMATS[name].row == "shots" else 0)

    @pytest.mark.parametrize("name", [name for name in FORMATS if not name.startswith("parquet")])
    def test_nobody_and_no_size(self, name: str) -> None:
        text_of(name, empty())
        video = replace(empty().video, width=0, height=0, duration=None, frame_rate="", title="", metadata={})
        for what in (empty(), small()):
            assert text_of(name, replace(what, video=video)) is not None

    @pytest.mark.parametrize("name", NAMES)
    def test_names_with_all_that_xml_knows(self, name: str) -> None:
        what = document([seen(1, name, 0, 1)])
        for kind in ("elan", "cvat"):
            root = etree.fromstring(text_of(kind, what).encode())
            texts = {*root.itertext(), *(value for node in root.iter() for value in node.attrib.values())}
            assert what.people[0].name in texts

    def test_a_track_that_was_split_is_divided(self) -> None:
        what = small()
        pieces = (
            replace(what.people[0], number=1, tracks=(1,), end_npt=0.9),
            replace(what.people[0], number=1_000_001, name="Ben Bo", tracks=(1_000_001,), start_npt=0.9),
        )
        divided = replace(what, people=pieces)
        found = {one.name: samples.npt for one, samples in divided.boxes()}
        assert float(found["Anna Albers"].max()) < 0.9 <= float(found["Ben Bo"].min())
        whole = next(samples.npt for one, samples in what.boxes() if one.number == 1)
        np.testing.assert_array_equal(np.concatenate([found["Anna Albers"], found["Ben Bo"]]), whole)
