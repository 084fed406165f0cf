"""Who appears when, unknown people, and what people say of them."""

from __future__ import annotations

from typing import Any

import pytest

from src.api import shapes
from src.records import Decision, Person
from tests.api.conftest import Api

PATH = "/projects/p/appearances"


def names(found: Any) -> list[str]:
    return [item["name"] for item in found["items"]]


class TestAppearances:
    def test_of_a_video_by_start(self, api: Api) -> None:
        found = api.get(f"{PATH}?video_id={api.video().video_id}")
        assert names(found) == ["Anna Albers", "Unknown 1", "Ben Bo", "Unknown 1", "Unknown 2", "Anna Albers"]
        assert found["items"][0]["candidates"][0]["name"] == "Anna Albers"
        window = api.get(f"{PATH}?video_id={api.video().video_id}&from=1.2&to=1.8")
        assert names(window) == ["Ben Bo"]

    def test_of_the_project_by_confidence(self, api: Api) -> None:
        found = api.get(PATH)["items"]
        assert len(found) == 7
        confidences = [item["confidence"] for item in found]
        assert confidences == sorted(confidences, reverse=True)

    def test_of_one_person_and_one_unknown(self, api: Api) -> None:
        assert names(api.get(f"{PATH}?person_id=Anna_Albers")) == ["Anna Albers"] * 2
        assert names(api.get(f"{PATH}?unknown_id=1")) == ["Unknown 1"] * 2
        assert names(api.get(f"{PATH}?video_id={api.video().video_id}&person_id=Ben_Bo")) == ["Ben Bo"]
        assert names(api.get(f"{PATH}?person_id=nobody")) == []

    def test_filter_without_index_goes_on_over_pages(self, api: Api) -> None:
        path = f"{PATH}?video_id={api.video().video_id}&accepted=false&limit=1"
        found, cursor = [], ""
        while True:
            page = api.get(f"{path}&cursor={cursor}")
            found += names(page)
            cursor = page["next"]
            if cursor is None:
                break
        assert found == ["Unknown 1", "Unknown 1", "Unknown 2"]

    @pytest.mark.parametrize(
        "query", ["from=1", "sort=start_npt", "unknown_id=x", "accepted=maybe", "person_id[$gt]=", "source=me"]
    )
    def test_what_means_nothing(self, api: Api, query: str) -> None:
        api.refused("GET", f"{PATH}?{query}", 422, "invalid")

    def test_overview_of_a_video(self, api: Api) -> None:
        found = api.get(f"/projects/p/videos/{api.video().video_id}/overview?bins=8")
        assert (found["duration"], found["bin_s"]) == (pytest.approx(4.0), pytest.approx(0.5))
        assert found["appearances"][0] == 2
        lanes = {lane["name"]: lane for lane in found["lanes"]}
        assert set(lanes) == {"Anna Albers", "Ben Bo", "Unknown 1", "Unknown 2"}
        assert lanes["Anna Albers"]["intervals"] == [[0, 1], [3, 4]]
        assert lanes["Unknown 1"]["unknown_id"] == 1
        # Two people from 0 to 1 s, one to 2 s, two to 3 s, one to 4 s; an end touches the bin that begins there.
        assert found["appearances"] == [2, 2, 3, 1, 3, 2, 3, 1]
        shapes.Overview.model_validate(found, strict=True)
        few = api.get(f"/projects/p/videos/{api.video().video_id}/overview?max_lanes=1")
        assert (len(few["lanes"]), few["n_lanes"]) == (1, 4)
        api.refused("GET", "/projects/p/videos/none/overview", 404, "not_found")


class TestUnknown:
    def test_list_tracks_and_thumbnail(self, api: Api) -> None:
        found = api.get("/projects/p/unknown")["items"]
        assert [(item["unknown_id"], item["n_tracks"]) for item in found] == [(1, 2), (2, 1)]
        tracks = api.get("/projects/p/unknown/1/tracks")["items"]
        assert [api.get(f"/tracks/{track['id']}")["track_id"] for track in tracks] == [track["track_id"] for track in tracks]
        assert api.client.get("/api/v1/projects/p/unknown/1/thumbnail").mimetype == "image/jpeg"
        for number in ("99", "0", "9" * 30):
            api.refused("GET", f"/projects/p/unknown/{number}", 404, "not_found")

    def test_name(self, api: Api) -> None:
        path = "/projects/p/unknown/1"
        assert (
            api.send("PATCH", path, 200, json={"name": "The <b>tall</b> one"}, headers=api.etag(path))["name"]
            == "The <b>tall</b> one"
        )
        assert names(api.get(f"{PATH}?unknown_id=1")) == ["The <b>tall</b> one"] * 2
        api.refused("PATCH", path, 428, "precondition_required", json={"name": "x"})


def say(api: Api, status: int = 201, **what: Any) -> Any:
    return api.send("POST", "/projects/p/decisions", status, json=what)


def target(api: Api, name: str) -> dict[str, Any]:
    track = api.track(name)
    return {"kind": "track", "track": f"{track.analysis_id}-{track.track_id}"}


class TestDecisions:
    def test_a_track_gets_a_name_and_loses_it_again(self, api: Api) -> None:
        report = say(api, verb="is", target=target(api, "Unknown 2"), person="Dora 名前", author="ann")
        decision = report["decision"]
        assert (decision["verb"], decision["person_id"], decision["author"]) == ("is", "Dora_名前", "ann")
        assert report["changed"] == [api.appearance("Ben Bo").analysis_id]
        assert names(api.get(f"{PATH}?person_id=Dora_名前")) == ["Dora 名前"]
        say(api, verb="undo", target={"kind": "decision", "decision_id": decision["decision_id"]})
        assert names(api.get(f"{PATH}?person_id=Dora_名前")) == []
        listed = api.get("/projects/p/decisions")["items"]
        assert [(item["verb"], item["undone"]) for item in listed] == [("undo", False), ("is", True)]
        assert api.get(f"/projects/p/decisions/{decision['decision_id']}")["undone"] is True

    def test_unknown_person_gets_a_name_everywhere(self, api: Api) -> None:
        say(api, verb="is", target={"kind": "unknown", "unknown_id": 1}, person="Ben Bo")
        (one,) = api.get(f"{PATH}?person_id=Ben_Bo")["items"]
        assert (one["start_npt"], one["end_npt"], len(one["merged_tracks"])) == (0.0, 3.0, 3)

    def test_not_this_person_not_a_face_split_and_merge(self, api: Api) -> None:
        say(api, verb="is_not", target=target(api, "Ben Bo"), person="Ben Bo")
        assert names(api.get(f"{PATH}?person_id=Ben_Bo")) == []
        say(api, verb="ignore", target=target(api, "Unknown 2"))
        assert "Unknown 2" not in names(api.get(PATH))
        say(api, verb="same_person", target={"kind": "unknown", "unknown_id": 1}, other={"kind": "unknown", "unknown_id": 2})
        anna = target(api, "Anna Albers")
        say(api, verb="split", target=anna, npt=0.5)
        shown = api.get(f"{PATH}?video_id={api.video().video_id}")["items"]
        pieces = [track_id for item in shown for track_id in item["merged_tracks"]]
        assert max(pieces) >= 1_000_000
        piece = {"kind": "track", "track": f"{anna['track'].rpartition('-')[0]}-{max(pieces)}"}
        assert say(api, verb="is", target=piece, person="Ben Bo")["decision"]["target"]["track_id"] == max(pieces)
        assert api.get(f"/tracks/{piece['track']}")["track_id"] < 1_000_000
        say(
            api,
            verb="is",
            target={"kind": "interval", "video_id": api.video().video_id, "start_npt": 3.0, "end_npt": 3.5},
            person="Ben Bo",
        )
        assert "human" in [item["source"] for item in api.get(f"{PATH}?person_id=Ben_Bo")["items"]]

    @pytest.mark.parametrize(
        ("what", "status"),
        [
            ({"verb": "is", "target": {"kind": "track", "track": "none-1"}, "person": "New"}, 404),
            ({"verb": "is", "target": {"kind": "unknown", "unknown_id": 99}, "person": "New"}, 422),
            ({"verb": "is", "target": {"kind": "unknown", "unknown_id": 1}}, 422),
            ({"verb": "split", "target": {"kind": "unknown", "unknown_id": 1}, "person": "New"}, 422),
            ({"verb": "is", "target": {"kind": "person", "person_id": "Ben_Bo"}, "person": "New"}, 422),
            ({"verb": "is", "target": {"kind": "unknown", "unknown_id": 1}, "person": "../x"}, 422),
            ({"verb": "is", "target": {"kind": "unknown", "unknown_id": {"$gt": 0}}, "person": "New"}, 422),
            ({"verb": "is", "target": {"kind": "unknown", "unknown_id": "1"}, "person": "New"}, 422),
            ({"verb": "shout", "target": {"kind": "unknown", "unknown_id": 1}}, 422),
            ({"verb": "undo", "target": {"kind": "decision", "decision_id": "none"}}, 422),
            (
                {
                    "verb": "is",
                    "target": {"kind": "interval", "video_id": "none", "start_npt": 0, "end_npt": 1},
                    "person": "New",
                },
                404,
            ),
        ],
    )
    def test_what_is_refused_leaves_nothing(self, api: Api, what: Any, status: int) -> None:
        api.refused(
            "POST",
            "/projects/p/decisions",
            status,
            "not_found" if status == 404 else "bad_name" if what.get("person") == "../x" else "invalid",
            json=what,
        )
        assert list(api.workspace.store.find(Decision, project="p")) == []
        assert api.workspace.store.get(Person, "p", "New") is None

    def test_track_of_another_project(self, api: Api) -> None:
        api.workspace.begin_project("other", "fake")
        what = {"verb": "is", "target": target(api, "Ben Bo"), "person": "New"}
        api.refused("POST", "/projects/other/decisions", 404, "not_found", json=what)


class TestManyTracks:
    """What touches more tracks than anybody wants to wait for is derived by a job; what was said holds at once."""

    @pytest.fixture(autouse=True)
    def many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let three tracks be many; the newsreel has five, the film one."""
        monkeypatch.setattr("src.api.deriving.AT_ONCE_TRACKS", 3)

    def done(self, api: Api, job_id: str) -> Any:
        """Do a job as its process does, and return what is shown of it."""
        from src.jobs.kinds import KINDS
        from src.jobs.leases import Leases, finish

        while api.get(f"/jobs/{job_id}")["status"] == "queued":
            job = Leases(api.workspace.store, "w", 30.0, 3).claim()
            assert job is not None
            params = KINDS[job.kind].params.model_validate(job.params)
            finish(api.workspace.store, job, KINDS[job.kind].run(api.workspace, job, params).result)
        return api.get(f"/jobs/{job_id}")

    def names(self, api: Api) -> set[str]:
        """Return who appears."""
        return {seen["name"] for seen in api.get("/projects/p/appearances")["items"]}

    def test_a_decision_answers_with_its_job(self, api: Api) -> None:
        somebody = next(iter(api.get("/projects/p/unknown")["items"]))["unknown_id"]
        before = self.names(api)
        target = {"kind": "unknown", "unknown_id": somebody}
        said = {"verb": "is", "target": target, "person": "Cy Coe Jr", "author": "ann"}
        report = api.client.post("/api/v1/projects/p/decisions", json=said)
        assert report.status_code == 201
        assert report.json is not None
        job = report.json["job"]
        assert (job["kind"], job["status"], report.json["changed"]) == ("derive", "queued", [])
        assert report.headers["Link"] == f'</api/v1/jobs/{job["job_id"]}>; rel="monitor"'
        assert api.get("/projects/p/decisions")["items"][0]["decision_id"] == report.json["decision"]["decision_id"]
        assert api.get("/projects/p/people/Cy_Coe_Jr")["name"] == "Cy Coe Jr"
        assert self.names(api) == before
        assert self.done(api, job["job_id"])["result"] == {"videos": 1, "appearances": 6, "lost": []}
        assert "Cy Coe Jr" in self.names(api)

    def test_of_several_about_the_same_videos_the_last_one_derives_for_all(self, api: Api) -> None:
        ids = [found["unknown_id"] for found in api.get("/projects/p/unknown")["items"]]
        assert len(ids) == 2
        jobs = [
            api.send(
                "POST",
                "/projects/p/decisions",
                201,
                json={"verb": "is", "target": {"kind": "unknown", "unknown_id": number}, "person": f"Person {number}"},
            )["job"]["job_id"]
            for number in ids
        ]
        assert self.done(api, jobs[0])["result"] == {"left_to": jobs[1]}
        assert self.done(api, jobs[1])["result"]["videos"] == 1
        assert {f"Person {number}" for number in ids} <= self.names(api)

    def test_a_track_of_a_small_video_is_derived_at_once(self, api: Api) -> None:
        film = api.get(f"/videos/{api.video('film').video_id}/tracks")["items"][0]["id"]
        body = {"verb": "is", "target": {"kind": "track", "track": film}, "person": "Small One"}
        report = api.send("POST", "/projects/p/decisions", 201, json=body)
        assert report["job"] is None
        assert len(report["changed"]) == 1
        assert "Small One" in self.names(api)

    def test_a_track_of_a_large_video_is_not(self, api: Api) -> None:
        track = api.track("Ben Bo")
        body = {"verb": "is", "target": {"kind": "track", "track": f"{track.analysis_id}-{track.track_id}"}, "person": "Large"}
        job = api.send("POST", "/projects/p/decisions", 201, json=body)["job"]
        assert self.done(api, job["job_id"])["result"]["videos"] == 1
        assert "Large" in self.names(api)

    def test_renaming_and_forbidding_say_which_job_does_the_rest(self, api: Api) -> None:
        path = "/projects/p/people/Ben_Bo"
        answer = api.client.patch(f"/api/v1{path}", json={"name": "Benjamin"}, headers=api.etag(path))
        assert answer.status_code == 200
        assert answer.json is not None
        assert answer.json["name"] == "Benjamin"
        assert "Benjamin" not in self.names(api)
        assert self.done(api, linked(answer))["status"] == "done"
        assert "Benjamin" in self.names(api)
        answer = api.client.patch(f"/api/v1{path}", json={"recognisable": False}, headers=api.etag(path))
        assert self.done(api, linked(answer))["status"] == "done"
        assert "Benjamin" not in self.names(api)
        number = api.get("/projects/p/unknown")["items"][0]["unknown_id"]
        path = f"/projects/p/unknown/{number}"
        answer = api.client.patch(f"/api/v1{path}", json={"name": "The lady"}, headers=api.etag(path))
        assert self.done(api, linked(answer))["status"] == "done"
        assert "The lady" in self.names(api)


def linked(answer: Any) -> str:
    """Return the job that the header Link of an answer names."""
    address, _, relation = answer.headers["Link"].partition("; ")
    assert relation == 'rel="monitor"'
    return str(address.strip("<>").rpartition("/")[2])
