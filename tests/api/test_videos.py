"""The videos of a project: what a list says of each, one alone, and how one leaves the project."""

from __future__ import annotations

from dataclasses import replace

import pytest

from src.records import (
    Analysis,
    Appearance,
    Decision,
    ProjectAccess,
    ProjectVideo,
    Status,
    Track,
    Video,
)
from tests.api.conftest import Api

PATH = "/projects/p/videos"


def begun(api: Api) -> Video:
    """Let the first analysis of another video be under way."""
    video = replace(api.video(), video_id="x" * 16, locator="other.mp4", folder="other", title="other")
    model = next(api.workspace.store.find(Analysis, video_id=api.video().video_id))
    analysis = replace(model, analysis_id="under-way", video_id=video.video_id, status=Status.RUNNING, progress=0.25)
    api.workspace.store.put(video, analysis)
    return video


class TestList:
    def test_says_where_the_analysis_stands_and_who_is_seen(self, api: Api) -> None:
        plain = api.get(PATH)["items"]
        assert {(item["status"], item["progress"], item["n_people"]) for item in plain} == {("COMPLETE", 1.0, None)}
        counted = {item["video"]["title"]: item for item in api.get(f"{PATH}?counts=true")["items"]}
        assert [(item["n_people"], item["n_unknown"]) for item in (counted["newsreel"], counted["film"])] == [(2, 2), (1, 0)]

    def test_counts_follow_what_people_say(self, api: Api) -> None:
        track = api.track("Unknown 2")
        target = {"kind": "track", "track": f"{track.analysis_id}-{track.track_id}"}
        api.get(f"{PATH}?counts=true")
        api.send("POST", "/projects/p/decisions", 201, json={"verb": "is", "target": target, "person": "Zoë Zett"})
        (item,) = (item for item in api.get(f"{PATH}?counts=true")["items"] if item["video"]["title"] == "newsreel")
        assert (item["n_people"], item["n_unknown"]) == (3, 1)


class TestOne:
    def test_is_the_one_of_the_list(self, api: Api) -> None:
        for item in api.get(f"{PATH}?counts=true")["items"]:
            assert api.get(f"{PATH}/{item['video_id']}") == item

    def test_a_first_analysis_under_way_counts_meanwhile(self, api: Api) -> None:
        video = begun(api)
        api.refused("GET", f"{PATH}/{video.video_id}", 404, "not_found")
        api.workspace.store.put(ProjectAccess("p", video.video_id))
        found = api.get(f"{PATH}/{video.video_id}")
        assert (found["analysis_id"], found["status"], found["progress"]) == ("under-way", "RUNNING", 0.25)
        assert (found["n_people"], found["n_unknown"]) == (0, 0)

    @pytest.mark.parametrize("path", ["none", "none?fragment=t%3D1,2", "a%00b"])
    def test_what_is_not_there(self, api: Api, path: str) -> None:
        api.refused("GET", f"{PATH}/{path}", 404, "not_found")
        api.refused("DELETE", f"{PATH}/{path}", 404, "not_found")


class TestRemove:
    def test_takes_what_was_seen_along_and_leaves_what_was_said(self, api: Api) -> None:
        video, store = api.video(), api.workspace.store
        track = api.track("Ben Bo")
        target = {"kind": "track", "track": f"{track.analysis_id}-{track.track_id}"}
        api.send("POST", "/projects/p/decisions", 201, json={"verb": "is", "target": target, "person": "Ben Bo"})
        api.send("DELETE", f"{PATH}/{video.video_id}", 204)
        assert [item["video"]["title"] for item in api.get(PATH)["items"]] == ["film"]
        assert store.count(Track, analysis_id=track.analysis_id) == 0
        assert store.count(Appearance, project="p", analysis_id=track.analysis_id) == 0
        assert store.get(Analysis, track.analysis_id) is None
        assert store.get(ProjectAccess, "p", video.video_id) is None
        assert not (api.workspace.output_dir("p", video.folder) / "appearances.csv").exists()
        assert store.count(Decision, project="p") == 1
        assert store.get(Video, video.video_id) is not None
        api.refused("DELETE", f"{PATH}/{video.video_id}", 404, "not_found")

    def test_what_another_project_uses_stays(self, api: Api) -> None:
        video, store = api.video(), api.workspace.store
        analysis_id = api.appearance("Ben Bo").analysis_id
        store.put(ProjectVideo("q", video.video_id, "", analysis_id))
        api.send("DELETE", f"{PATH}/{video.video_id}", 204)
        assert store.count(Track, analysis_id=analysis_id) == 6

    def test_not_under_the_hands_of_a_job(self, api: Api) -> None:
        video = api.video()
        job = api.send("POST", "/projects/p/jobs", 202, json={"kind": "analyse", "params": {"video_id": video.video_id}})
        assert job["job_id"] in api.refused("DELETE", f"{PATH}/{video.video_id}", 409, "conflict")["detail"]
        api.send("POST", f"/jobs/{job['job_id']}/cancel", 202)
        api.send("DELETE", f"{PATH}/{video.video_id}", 204)


class TestForThePageOfAVideo:
    def test_candidates_say_whose_names_they_are(self, api: Api) -> None:
        found = api.get(f"/projects/p/appearances?video_id={api.video().video_id}")["items"]
        assert {one["name"]: one["person_id"] for item in found for one in item["candidates"]} == {
            "Anna Albers": "Anna_Albers",
            "Ben Bo": "Ben_Bo",
            "Çelik Özil": "Çelik_Özil",
        }

    def test_an_older_name_still_leads_to_the_person(self, api: Api) -> None:
        path = "/projects/p/people/Ben_Bo"
        api.send("PATCH", path, 200, json={"name": "Benno Bo"}, headers=api.etag(path))
        found = api.get(f"/projects/p/appearances?video_id={api.video().video_id}")["items"]
        assert {one["person_id"] for item in found for one in item["candidates"] if one["name"] in ("Ben Bo", "Benno Bo")} == {
            "Ben_Bo"
        }

    def test_decisions_of_one_video_and_one_verb(self, api: Api) -> None:
        ben, film = api.track("Ben Bo"), api.track("Çelik Özil")
        for verb, track in (("ignore", film), ("unknown", ben), ("ignore", ben)):
            target = {"kind": "track", "track": f"{track.analysis_id}-{track.track_id}"}
            api.send("POST", "/projects/p/decisions", 201, json={"verb": verb, "target": target})
        path = "/projects/p/decisions"

        def verbs(query: str) -> list[str]:
            return [item["verb"] for item in api.get(f"{path}?{query}")["items"]]

        assert verbs(f"video_id={api.video().video_id}") == ["ignore", "unknown"]
        assert verbs(f"video_id={api.video('film').video_id}") == ["ignore"]
        assert verbs("verb=ignore") == ["ignore", "ignore"]
        assert verbs(f"verb=unknown&video_id={api.video('film').video_id}") == []
        api.refused("GET", f"{path}?verb=shout", 422, "invalid")

    def test_best_samples(self, api: Api) -> None:
        track = api.track("Ben Bo")
        path = f"/tracks/{track.analysis_id}-{track.track_id}"
        found = api.get(f"{path}/best?n=3")["items"]
        assert [item["npt"] for item in found] == sorted(item["npt"] for item in found)
        assert len(found) == 3
        for item in found:
            picture = api.client.get(f"/api/v1{path}/samples/{item['frame_index']}/thumbnail")
            assert picture.mimetype == "image/jpeg"
        middle = (track.start_npt + track.end_npt) / 2
        assert all(item["npt"] < middle for item in api.get(f"{path}/best?to={middle}")["items"])
        api.refused("GET", "/tracks/none-1/best", 404, "not_found")
        api.refused("GET", f"{path}/best?n=0", 422, "invalid")
