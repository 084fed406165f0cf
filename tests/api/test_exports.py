"""Exports of a project as a stream, by content negotiation, and files that come back."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
import zipfile
from typing import Any

import pytest

from src.access.audit import events
from src.export import FORMATS, READABLE
from src.records import Appearance, Decision, Person, Verb
from tests.api.conftest import Api

IIIF = "http://iiif.io/api/presentation/3/context.json"


def path(api: Api, what: str = "export") -> str:
    return f"/api/v1/projects/p/videos/{api.video().video_id}/{what}"


def exported(api: Api, name: str) -> str:
    return api.client.get(f"{path(api)}?format={name}").text


def without_id(decision: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in decision.items() if name != "decision_id"}


def sent(api: Api, text: str, status: int = 200, **fields: str) -> Any:
    data: dict[str, Any] = {"file": (io.BytesIO(text.encode()), "x.eaf"), **fields}
    answer = api.client.post(path(api, "import"), data=data, content_type="multipart/form-data")
    assert answer.status_code == status, answer.text
    return answer.json


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("application/json", "json"),
        ("text/turtle", "turtle"),
        ("application/ld+json", "jsonld"),
        (f'application/ld+json;profile="{IIIF}"', "iiif"),
        ('application/ld+json;profile="http://www.w3.org/ns/anno.jsonld"', "annotations"),
        ("text/vtt, text/turtle;q=0.5", "vtt"),
        ("text/x-eaf+xml", "elan"),
        ("application/vnd.pixar.opentimelineio+json", "otio"),
        ("text/csv", "csv"),
    ],
)
def test_by_accept(api: Api, accept: str, name: str) -> None:
    answer = api.client.get(path(api), headers={"Accept": accept} if accept else {})
    assert answer.headers["Content-Disposition"] == f"attachment; filename=newsreel.{name}{FORMATS[name].suffix}"
    assert answer.mimetype == FORMATS[name].media_type
    assert answer.headers["Vary"] == "Accept"


def test_formats_say_what_opens_them(api: Api) -> None:
    items = {item["format"]: item for item in api.get("/exports")["items"]}
    assert list(items) == list(FORMATS)
    assert {name for name, item in items.items() if item["readable"]} == set(READABLE)
    assert "ELAN" in items["elan"]["tools"]


@pytest.mark.parametrize("name", FORMATS)
def test_each_says_what_it_is(api: Api, name: str) -> None:
    answer = api.client.get(f"{path(api)}?format={name}")
    chosen = FORMATS[name]
    expected = {"text": f"{chosen.media_type}; charset=utf-8"}.get(chosen.media_type.split("/")[0], chosen.content_type)
    assert answer.headers["Content-Type"] == expected
    # What the answer says of itself asks for the same again: RFC 9110, section 12.5.1.
    if not chosen.profile or chosen.media_type == "application/ld+json":
        again = api.client.get(path(api), headers={"Accept": chosen.content_type})
        firsts = {found.content_type: known for known, found in reversed(FORMATS.items())}
        assert f".{firsts[chosen.content_type]}." in again.headers["Content-Disposition"]


class TestStretch:
    """Of a part of a video alone."""

    def test_a_table(self, api: Api) -> None:
        whole = list(csv.DictReader(io.StringIO(exported(api, "csv"))))
        start, end = float(whole[0]["start_npt"]) + 0.1, float(whole[0]["end_npt"]) - 0.1
        answer = api.client.get(f"{path(api)}?format=csv&from={start}&to={end}")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert rows
        assert all(start <= float(row["start_npt"]) < float(row["end_npt"]) <= end for row in rows)
        assert answer.headers["Content-Disposition"] == f"attachment; filename=newsreel_{start:g}-{end:g}.csv.csv"

    def test_one_end_is_enough(self, api: Api) -> None:
        rows = csv.DictReader(io.StringIO(api.client.get(f"{path(api)}?format=csv&to=1").text))
        assert all(float(row["end_npt"]) <= 1 for row in rows)

    def test_it_comes_back_and_says_nothing_new(self, api: Api) -> None:
        text = api.client.get(f"{path(api)}?format=elan&from=0.5&to=1.5").text
        assert sent(api, text)["decisions"] == []

    @pytest.mark.parametrize("query", ["from=3&to=2", "from=2&to=2", "from=1e6&to=2e6", "from=-1", "to=x"])
    def test_what_is_no_stretch(self, api: Api, query: str) -> None:
        answer = api.client.get(f"{path(api)}?format=csv&{query}")
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json"), answer.text


def test_a_manifest_leads_to_the_video(api: Api) -> None:
    found = json.loads(exported(api, "iiif"))
    # It is published where it says: IIIF Presentation 3.0, section 3.2.
    assert api.client.get(found["id"].removeprefix("http://localhost")).json == found
    address = found["items"][0]["items"][0]["items"][0]["body"]["id"]
    answer = api.client.get(address.removeprefix("http://localhost"), headers={"Range": "bytes=0-9"})
    assert answer.status_code == 206
    assert answer.mimetype == "video/mp4"


class TestProject:
    def test_a_table_of_all(self, api: Api) -> None:
        answer = api.client.get("/api/v1/projects/p/export?format=csv")
        assert answer.mimetype == "text/csv"
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert len(rows) == api.workspace.store.count(Appearance, project="p")
        assert len({row["video_id"] for row in rows}) == 2

    def test_lines_of_json(self, api: Api) -> None:
        answer = api.client.get("/api/v1/projects/p/export")
        assert answer.mimetype == "application/x-ndjson"
        assert [json.loads(line)["project"] for line in answer.text.splitlines()] == ["p", "p"]

    @pytest.mark.parametrize("name", [name for name, found in FORMATS.items() if found.joined is None])
    def test_archives(self, api: Api, name: str) -> None:
        answer = api.client.get(f"/api/v1/projects/p/export?format={name}")
        assert answer.mimetype == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            assert archive.testzip() is None
            assert sorted(archive.namelist()) == [f"film{FORMATS[name].suffix}", f"newsreel{FORMATS[name].suffix}"]

    def test_what_there_is_not(self, api: Api) -> None:
        api.refused("GET", "/projects/p/export?format=x", 406, "not_acceptable")
        api.refused("GET", "/projects/none/export", 404, "not_found")


class TestResults:
    def test_a_file_and_a_part_of_it(self, api: Api) -> None:
        from src.verbs import exporting

        report = exporting.write_clips(api.workspace, "p", api.video().locator)
        assert report.output.relative_to(api.workspace.data_dir).as_posix() == "out/p/newsreel/clips"
        answer = api.client.get("/api/v1/projects/p/results/newsreel/clips/clips.csv")
        assert answer.text.startswith("file,name,")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        answer = api.client.get("/api/v1/projects/p/results/newsreel/clips/clips.csv", headers={"Range": "bytes=0-3"})
        assert (answer.status_code, answer.text) == (206, "file")

    def test_a_folder_as_an_archive(self, api: Api) -> None:
        from src.verbs import exporting

        report = exporting.write_clips(api.workspace, "p", api.video().locator, stretch=(0.5, 1.5))
        assert report.output.name == "clips_0.5-1.5"
        (report.output / "link.csv").symlink_to(api.workspace.data_dir / "facerec.db")
        answer = api.client.get("/api/v1/projects/p/results/newsreel/clips_0.5-1.5?archive=true")
        assert (answer.mimetype, answer.headers["Content-Disposition"]) == (
            "application/zip",
            "attachment; filename=clips_0.5-1.5.zip",
        )
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            rows = list(csv.DictReader(io.TextIOWrapper(archive.open("clips.csv"), "utf-8")))
        assert sorted(names) == sorted(["clips.csv", *(row["file"] for row in rows)])
        assert (rows[0]["name"], rows[0]["wanted_start_npt"], rows[0]["wanted_end_npt"]) == ("Stretch", "0.5", "1.5")

    @pytest.mark.parametrize(
        "name", ["none.csv", "newsreel", "../q/x", "newsreel/../../../facerec.db", "%2e%2e/facerec.db", "a\\b"]
    )
    def test_what_there_is_not(self, api: Api, name: str) -> None:
        answer = api.client.get(f"/api/v1/projects/p/results/{name}")
        assert answer.status_code in (404, 422), answer.text
        assert answer.mimetype == "application/problem+json"


class TestImport:
    def test_an_edit_becomes_a_decision(self, api: Api) -> None:
        text = exported(api, "elan").replace("Ben Bo", "Mia Meier")
        body = sent(api, text, dry_run="true")
        assert [(said["verb"], said["name"]) for said in body["decisions"]] == [("is", "Mia Meier")]
        assert api.workspace.store.count(Decision, project="p") == 0
        body = sent(api, text, author="eva")
        assert [(said["verb"], said["kind"], said["name"]) for said in body["decisions"]] == [("is", "track", "Mia Meier")]
        assert (body["notes"], body["job"]) == ([], None)
        assert api.appearance("Mia Meier").source == "human"
        (decision,) = api.workspace.store.find(Decision, project="p")
        assert (decision.verb, decision.author) == (Verb.IS, "eva")
        assert "Mia Meier" in exported(api, "elan")

    def test_the_log_tells_who_brought_which_file(self, api: Api) -> None:
        text = exported(api, "elan").replace("Ben Bo", "Mia Meier")
        sent(api, text, dry_run="true")
        assert [event.what for event in events(api.workspace.store) if event.what != "request"] == []
        sent(api, text, author="eva")
        found = [event for event in events(api.workspace.store) if event.what != "request"]
        assert [(event.what, event.project, event.outcome) for event in found] == [("import", "p", "ok"), ("decide", "p", "ok")]
        assert re.fullmatch(f"video {api.video().video_id} elan sha256 [0-9a-f]{{16}} decisions 1", found[0].target)
        assert "Mia" not in repr(found)

    @pytest.mark.parametrize("name", READABLE)
    def test_nothing_new(self, api: Api, name: str) -> None:
        body = sent(api, exported(api, name), format=name)
        assert (body["decisions"], body["notes"]) == ([], [])
        assert body["n_same"] > 0

    def test_much_is_left_to_a_job(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        from src.api import deriving

        monkeypatch.setattr(deriving, "AT_ONCE_TRACKS", 1)
        body = sent(api, exported(api, "json").replace("Ben Bo", "Mia Meier"))
        assert body["job"]["kind"] == "derive"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("hello", "Nothing tells of which format x.eaf is"),
            (
                '<!DOCTYPE a [<!ENTITY b "c">]>\n<ANNOTATION_DOCUMENT>&b;</ANNOTATION_DOCUMENT>',
                "line 1: declares a document type",
            ),
            ("<ANNOTATION_DOCUMENT>\n<TIER>", "x.eaf, line 2: is no XML"),
            ('{"@context": "http://10.0.0.1/"}', "would have to be fetched"),
        ],
    )
    def test_what_cannot_be_read(self, api: Api, text: str, message: str) -> None:
        body = sent(api, text, 422)
        assert (body["code"], message in body["detail"]) == ("invalid", True)

    def test_large_files_are_read_by_another_process(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        text = exported(api, "turtle").replace("Ben Bo", "Mia Meier")
        wanted = sent(api, text, dry_run="true")
        assert [one["name"] for one in wanted["decisions"]] == ["Mia Meier"]
        monkeypatch.setattr(importlib.import_module("src.api.v1.exports"), "_AT_ONCE_BYTES", 10)
        monkeypatch.setattr("src.verbs.importing.said_by", None)  # of this process
        found = sent(api, text, dry_run="true")
        assert [without_id(one) for one in found["decisions"]] == [without_id(one) for one in wanted["decisions"]]
        assert found["n_same"] == wanted["n_same"]
        assert "no XML" in sent(api, "<ANNOTATION_DOCUMENT>\n<TIER>", 422)["detail"]
        assert sent(api, text)["decisions"][0]["name"] == "Mia Meier"
        assert [one.person_id for one in api.workspace.store.find(Decision, project="p")] == ["Mia_Meier"]

    def test_one_large_file_is_read_at_a_time(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        from src.api import apart

        monkeypatch.setattr(importlib.import_module("src.api.v1.exports"), "_AT_ONCE_BYTES", 10)
        with apart._ONE:
            assert sent(api, exported(api, "json"), 429)["code"] == "too_many_requests"
        assert sent(api, exported(api, "json"))["n_same"] > 0

    def test_what_cannot_be_sent(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        assert sent(api, "x", 422, dry_run="perhaps")["code"] == "invalid"
        answer = api.client.post(path(api, "import"), json={})
        assert answer.status_code == 415
        monkeypatch.setattr(importlib.import_module("src.api.v1.exports"), "_MAX_IMPORT_BYTES", 3)
        assert sent(api, "WEBVTT", 413)["code"] == "request_entity_too_large"
        api.refused("POST", "/projects/p/videos/none/import", 404, "not_found", data={"file": (io.BytesIO(b"x"), "x")})

    def test_nobody_is_made_for_what_is_refused(self, api: Api) -> None:
        body = sent(api, exported(api, "json").replace("Ben Bo", "a/b"))
        assert body["decisions"] == []
        assert "no folder may have" in body["notes"][0]
        assert {person.name for person in api.workspace.store.find(Person, project="p")} == {
            "Anna Albers",
            "Ben Bo",
            "Çelik Özil",
        }
