"""Search by face, models with their reports, and exports."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from src.records import Analysis, Status
from tests.api.conftest import Api
from tests.api.test_people import form, photo
from tests.stages.conftest import DrawnShot, draw
from tests.videos import numbered, write_video


class TestSearch:
    def test_by_photo(self, api: Api) -> None:
        found = api.send("POST", "/projects/p/search/photo?top=5", 200, **form(photo()))
        assert {moment["name"] for moment in found["moments"]} == {"Anna Albers"}
        assert (found["n_faces"], found["face"], found["n_videos"]) == (1, 1, 2)
        scores = [moment["score"] for moment in found["moments"]]
        assert scores == sorted(scores, reverse=True)
        assert api.get(f"/tracks/{found['moments'][0]['track']}")["track_id"] == found["moments"][0]["track_id"]
        assert {one["video_id"] for one in found["videos"]} == {moment["video_id"] for moment in found["moments"]}
        assert (found["videos"][0]["title"], found["videos"][0]["local"]) == ("newsreel", True)
        assert found["alike"] == found["min_score"]

    def test_faces_of_a_photo_are_where_they_are(self, api: Api) -> None:
        (picture,) = draw([DrawnShot(1, {1: (50, 50, 64), 0: (140, 140, 64)})])
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "PNG")
        sent = form(buffer.getvalue())
        found = [api.send("POST", f"/projects/p/search/photo?face={face}", 200, **form(buffer.getvalue())) for face in (1, 2)]
        middles = [(box["x"] + box["w"] / 2, box["y"] + box["h"] / 2) for box in found[0]["faces"]]
        assert middles == [pytest.approx((50, 64), abs=3), pytest.approx((140, 64), abs=3)]
        assert (found[0]["width"], found[0]["height"]) == (picture.shape[1], picture.shape[0])
        assert [{moment["name"] for moment in one["moments"]} for one in found] == [{"Ben Bo"}, {"Anna Albers"}]
        assert api.send("POST", "/projects/p/search/photo", 200, **sent)["n_faces"] == 2

    def test_by_track_finds_the_same_person_elsewhere(self, api: Api) -> None:
        track = api.track("Unknown 1")
        name = f"{track.analysis_id}-{track.track_id}"
        found = api.send("POST", "/projects/p/search/track", 200, json={"track": name})
        assert {moment["unknown_id"] for moment in found["moments"]} == {1}
        assert name not in [moment["track"] for moment in found["moments"]]

    def test_what_cannot_be_searched_for(self, api: Api) -> None:
        path = "/projects/p/search/photo"
        buffer = io.BytesIO()
        Image.fromarray(np.full((64, 64, 3), 40, np.uint8)).save(buffer, "PNG")
        answer = api.refused("POST", path, 422, "no_face", **form(buffer.getvalue()))
        assert "/" not in answer["detail"]
        video = write_video(api.folder / "v.mp4", numbered(5)).read_bytes()
        for data in (video, b"", photo()[:200]):
            api.refused("POST", path, 422, "not_a_picture", **form(data))
        api.refused("POST", f"{path}?face=9", 422, "invalid", **form(photo()))
        api.refused("POST", f"{path}?top=0", 422, "invalid", **form(photo()))
        api.refused("POST", "/projects/p/search/track", 404, "not_found", json={"track": "none-1"})
        api.workspace.begin_project("other", "fake")
        track = api.track("Unknown 1")
        body = {"track": f"{track.analysis_id}-{track.track_id}"}
        api.refused("POST", "/projects/other/search/track", 404, "not_found", json=body)


class TestModels:
    def test_list_and_one(self, api: Api) -> None:
        (model,) = api.get("/projects/p/models")["items"]
        assert (model["people"], model["n_images"]) == (["Anna Albers", "Ben Bo", "Çelik Özil"], 12)
        assert api.get(f"/projects/p/models/{model['model_id']}") == model
        api.refused("GET", "/projects/p/models/none", 404, "not_found")

    def test_report_as_json_and_as_page(self, api: Api) -> None:
        (model,) = api.get("/projects/p/models")["items"]
        path = f"/api/v1/projects/p/models/{model['model_id']}/report"
        for how, kind in (
            ({}, "application/json"),
            ({"headers": {"Accept": "text/html,*/*;q=0.5"}}, "text/html"),
            ({"headers": {"Accept": "application/json"}}, "application/json"),
            ({"query_string": {"format": "html"}}, "text/html"),
        ):
            answer = api.client.get(path, **how)
            assert (answer.status_code, answer.mimetype) == (200, kind)
        assert "default-src 'none'" in api.client.get(path).headers["Content-Security-Policy"]
        assert "people" in json.loads(api.client.get(path).data)
        refused = api.client.get(path, headers={"Accept": "image/png"})
        assert refused.status_code == 406


class TestExports:
    def path(self, api: Api) -> str:
        return f"/api/v1/projects/p/videos/{api.video().video_id}/export"

    def test_formats_are_listed_and_each_can_be_had(self, api: Api) -> None:
        formats = api.get("/exports")["items"]
        assert {"mot", "shots"} <= {item["format"] for item in formats}
        for item in formats:
            answer = api.client.get(f"{self.path(api)}?format={item['format']}")
            assert (answer.status_code, answer.mimetype) == (200, item["media_type"])
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.data
        assert list((api.workspace.data_dir / "exports").iterdir()) == []

    def test_content(self, api: Api) -> None:
        rows = list(csv.DictReader(io.StringIO(api.client.get(f"{self.path(api)}?format=shots").text)))
        assert [float(row["start_npt"]) for row in rows] == [0, 1, 2, 3]

    @pytest.mark.parametrize(("accept", "kind"), [("text/csv", "text/csv"), ("text/plain;q=0.9, image/*", "text/plain")])
    def test_by_accept(self, api: Api, accept: str, kind: str) -> None:
        assert api.client.get(self.path(api), headers={"Accept": accept}).mimetype == kind

    def test_what_cannot_be_exported(self, api: Api) -> None:
        def refused(status: int, code: str, path: str, **how: Any) -> None:
            answer = api.client.get(path, **how)
            assert (answer.status_code, answer.json["code"]) == (status, code)  # type: ignore[index]

        refused(406, "not_acceptable", f"{self.path(api)}?format=../x")
        refused(406, "not_acceptable", self.path(api), headers={"Accept": "image/png"})
        refused(404, "not_found", "/api/v1/projects/p/videos/none/export?format=mot")
        analysis = api.workspace.store.get(Analysis, api.appearance("Ben Bo").analysis_id)
        assert analysis is not None
        api.workspace.store.put(replace(analysis, status=Status.RUNNING))
        refused(409, "conflict", f"{self.path(api)}?format=mot")
