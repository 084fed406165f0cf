"""What the model doubts, and unknown people in groups: listed from all videos, decided, taken back."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import Any

import pytest

from src import clusterize
from src.extracts import SWEEP_S, Extracts
from src.identities.ledger import ledger_of
from src.records import Appearance, Decision, Model, Track, UnknownPerson, UnknownTrack, Verb
from src.schema import Candidate
from src.verbs import decide, erase
from src.verbs.decide import track_target
from src.workspace import open_workspace
from tests.api.conftest import Api


def make_doubtful(api: Api, name: str, confidence: float, *rivals: float) -> Appearance:
    """Let the model be less sure of somebody."""
    seen = api.appearance(name)
    candidates = [Candidate(name, 0.5, confidence)]
    candidates += [Candidate(f"Rival {number}", 0.4, value) for number, value in enumerate(rivals)]
    doubtful = replace(seen, confidence=confidence, candidates=tuple(candidates))
    api.workspace.store.put(doubtful)
    return doubtful


def say(api: Api, verb: str, target: dict[str, Any], status: int = 201, **more: Any) -> Any:
    return api.send("POST", "/projects/p/decisions", status, json={"verb": verb, "target": target, **more})


def track_of(seen: Appearance) -> dict[str, Any]:
    return {"kind": "track", "track": f"{seen.analysis_id}-{seen.track_id}"}


def groups(api: Api) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.get("/projects/p/groups")["items"]
    return items


class TestReview:
    def test_lists_what_is_doubted_with_what_is_to_be_known_of_it(self, api: Api) -> None:
        ben = make_doubtful(api, "Ben Bo", 0.5, 0.4)
        (item,) = api.get("/projects/p/review?person_id=Ben_Bo")["items"]
        assert item["id"] == f"{ben.analysis_id}-{ben.track_id}"
        assert item["doubt"] == pytest.approx(0.9)
        assert item["seconds"] == pytest.approx(ben.end_npt - ben.start_npt)
        assert item["weight"] == pytest.approx(0.9 * item["seconds"], abs=1e-3)
        assert (item["title"], item["video_id"], item["fragment"]) == ("newsreel", api.video().video_id, "")
        assert item["appearance"]["candidates"][1]["name"] == "Rival 0"

    def test_goes_on_by_cursor_and_counts(self, api: Api) -> None:
        make_doubtful(api, "Ben Bo", 0.5, 0.4)
        make_doubtful(api, "Anna Albers", 0.4, 0.4)
        everything = api.get("/projects/p/review")
        assert everything["total"] == len(everything["items"]) >= 2
        assert everything["seconds_left"] == pytest.approx(sum(item["seconds"] for item in everything["items"]))
        assert everything["seconds"] > everything["seconds_left"]
        weights = [item["weight"] for item in everything["items"]]
        assert weights == sorted(weights, reverse=True)
        first = api.get("/projects/p/review?limit=1")
        second = api.get(f"/projects/p/review?limit=1&cursor={first['next']}")
        assert [*first["items"], *second["items"]] == everything["items"][:2]

    @pytest.mark.parametrize("verb", ["is", "is_not", "unknown", "ignore"])
    def test_what_people_said_is_never_in_it_until_taken_back(self, api: Api, verb: str) -> None:
        ben = make_doubtful(api, "Ben Bo", 0.5, 0.4)
        person = {"person": "Ben Bo"} if verb in ("is", "is_not") else {}
        report = say(api, verb, track_of(ben), **person)
        name = track_of(ben)["track"]
        assert name not in [item["id"] for item in api.get("/projects/p/review")["items"]]
        say(api, "undo", {"kind": "decision", "decision_id": report["decision"]["decision_id"]})
        make_doubtful(api, "Ben Bo", 0.5, 0.4)
        assert name in [item["id"] for item in api.get("/projects/p/review")["items"]]

    def test_filters_and_cursors_that_mean_nothing(self, api: Api) -> None:
        make_doubtful(api, "Ben Bo", 0.5, 0.4)
        make_doubtful(api, "Anna Albers", 0.4, 0.4)
        film = api.video("film").video_id
        assert all(item["video_id"] == film for item in api.get(f"/projects/p/review?video_id={film}")["items"])
        assert api.get("/projects/p/review?person_id=Nobody")["items"] == []
        cursor = api.get("/projects/p/review?limit=1")["next"]
        api.refused("GET", f"/projects/p/review?cursor={cursor}&person_id=Ben_Bo", 400, "bad_cursor")
        api.refused("GET", "/projects/p/review?cursor=nonsense", 400, "bad_cursor")
        api.refused("GET", "/projects/p/review?limit=101", 422, "invalid")
        api.refused("GET", "/projects/none/review", 404, "not_found")


class TestLedger:
    def test_reads_again_only_the_video_that_changed(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        store, extracts = api.workspace.store, Extracts(api.workspace.store)
        read: list[str] = []
        cells = store.cells

        def watched(kind: type[Any], names: Any, query: Any) -> Any:
            if kind is Appearance:
                read.append(query.equals["analysis_id"])
            return cells(kind, names, query)

        monkeypatch.setattr(store, "cells", watched)
        first = ledger_of(extracts, "p")
        assert len(read) == 2
        assert ledger_of(extracts, "p") is first
        ben = api.appearance("Ben Bo")
        store.put(replace(ben, confidence=0.3))
        assert ledger_of(extracts, "p") is not first
        assert read[2:] == [ben.analysis_id]

    def test_knows_decisions_that_were_erased(self, api: Api) -> None:
        store, extracts = api.workspace.store, Extracts(api.workspace.store)
        ben = api.appearance("Ben Bo")
        decide.run(api.workspace, "p", Verb.IS, track_target(api.workspace, "p", api.video().locator, ben.track_id), person="X")
        assert ledger_of(extracts, "p").words.tracks == {(ben.analysis_id, ben.track_id)}
        store.delete(Decision, project="p")
        assert ledger_of(extracts, "p").words.tracks == set()


class TestGroups:
    def test_are_over_all_videos_with_faces(self, api: Api) -> None:
        found = api.get("/projects/p/groups")
        first = found["items"][0]
        seconds = [group["seconds"] for group in found["items"]]
        assert seconds == sorted(seconds, reverse=True)
        assert found["total"] == len(seconds)
        assert found["seconds"] == pytest.approx(sum(seconds))
        assert api.get(f"/projects/p/groups/{first['unknown_id']}") == first
        seen = api.get(f"/projects/p/groups/{first['unknown_id']}/appearances")
        assert (seen["total"], len(seen["items"])) == (first["n_appearances"], first["n_appearances"])
        assert {item["appearance"]["unknown_id"] for item in seen["items"]} == {first["unknown_id"]}
        for face in first["faces"]:
            assert api.client.get(f"/api/v1/tracks/{face}/thumbnail").mimetype == "image/jpeg"

    def test_on_pages(self, api: Api) -> None:
        first = api.get("/projects/p/groups?limit=1")
        second = api.get(f"/projects/p/groups?limit=1&cursor={first['next']}")
        assert [*first["items"], *second["items"]] == groups(api)[:2]
        number = max(groups(api), key=lambda group: group["n_appearances"])["unknown_id"]
        everything = api.get(f"/projects/p/groups/{number}/appearances")["items"]
        page = api.get(f"/projects/p/groups/{number}/appearances?limit=1")
        rest = api.get(f"/projects/p/groups/{number}/appearances?cursor={page['next']}")["items"]
        assert [*page["items"], *rest] == everything

    def test_a_name_tells_how_many_videos_changed_and_comes_off_again(self, api: Api) -> None:
        before = groups(api)
        first = before[0]
        report = say(api, "is", {"kind": "unknown", "unknown_id": first["unknown_id"]}, person="Dora Day")
        assert len(report["changed"]) == first["n_videos"] == 1
        assert first["unknown_id"] not in [group["unknown_id"] for group in groups(api)]
        api.refused("GET", f"/projects/p/groups/{first['unknown_id']}", 404, "not_found")
        undone = say(api, "undo", {"kind": "decision", "decision_id": report["decision"]["decision_id"]})
        assert undone["changed"] == report["changed"]
        assert groups(api) == before

    def test_a_name_is_gone_from_the_wall_before_a_job_derives_it(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("src.api.deriving.AT_ONCE_TRACKS", 1)
        first = groups(api)[0]
        report = say(api, "is", {"kind": "unknown", "unknown_id": first["unknown_id"]}, person="Dora Day")
        assert (report["job"]["status"], report["changed"]) == ("queued", [])
        assert first["unknown_id"] not in [group["unknown_id"] for group in groups(api)]

    def test_merge_and_not_the_same(self, api: Api) -> None:
        one, other, *_ = groups(api)
        pair = {
            "target": {"kind": "unknown", "unknown_id": one["unknown_id"]},
            "other": {"kind": "unknown", "unknown_id": other["unknown_id"]},
        }
        like = api.get(f"/projects/p/groups/{one['unknown_id']}/alike")["groups"]
        assert other["unknown_id"] in [item["group"]["unknown_id"] for item in like]
        scores = [item["score"] for item in like]
        assert scores == sorted(scores, reverse=True)
        merged = api.send("POST", "/projects/p/decisions", 201, json={"verb": "same_person", **pair})
        lowest = min(one["unknown_id"], other["unknown_id"])
        (both,) = [group for group in groups(api) if group["unknown_id"] == lowest]
        assert both["seconds"] == pytest.approx(one["seconds"] + other["seconds"])
        assert api.get(f"/projects/p/groups/{max(one['unknown_id'], other['unknown_id'])}") == both
        say(api, "undo", {"kind": "decision", "decision_id": merged["decision"]["decision_id"]})
        api.send("POST", "/projects/p/decisions", 201, json={"verb": "not_same_person", **pair})
        like = api.get(f"/projects/p/groups/{one['unknown_id']}/alike")["groups"]
        assert other["unknown_id"] not in [item["group"]["unknown_id"] for item in like]

    def test_people_who_look_alike_but_not_those_it_is_not(self, api: Api) -> None:
        number = groups(api)[0]["unknown_id"]
        people = api.get(f"/projects/p/groups/{number}/alike")["people"]
        assert {person["name"] for person in people} >= {"Anna Albers", "Ben Bo"}
        say(api, "is_not", {"kind": "unknown", "unknown_id": number}, person="Ben Bo")
        people = api.get(f"/projects/p/groups/{number}/alike")["people"]
        assert "Ben Bo" not in {person["name"] for person in people}

    def test_somebody_named_by_hand_is_found_by_their_looks(self, api: Api) -> None:
        one, other, *_ = groups(api)
        say(api, "is", {"kind": "unknown", "unknown_id": other["unknown_id"]}, person="Dora Day")
        people = api.get(f"/projects/p/groups/{one['unknown_id']}/alike?limit=50")["people"]
        assert "Dora Day" in {person["name"] for person in people}

    def test_the_faces_of_a_model_are_forgotten_when_somebody_is_erased(self, api: Api) -> None:
        """Also by a process that did not erase them, and that nobody asks for groups any more."""
        api.get(f"/projects/p/groups/{groups(api)[0]['unknown_id']}/alike")
        extracts: Extracts = api.client.application.extensions["facerec.extracts"]
        model_id, gallery = ledger_of(extracts, "p").made["gallery"]
        assert "Ben Bo" in gallery.people
        held = weakref.ref(gallery.embeddings)
        del gallery
        gc.collect()
        assert held() is not None, "or this test would prove nothing"
        with open_workspace(api.workspace.settings) as elsewhere:
            erase.run(elsewhere, "p", "Ben Bo")
            assert model_id not in [model.model_id for model in elsewhere.store.find(Model, project="p")]
        extracts._swept_at -= SWEEP_S
        api.get("/projects")
        gc.collect()
        assert held() is None


class TestSplit:
    def most(self, api: Api) -> dict[str, Any]:
        return max(groups(api), key=lambda group: group["n_appearances"])

    def test_tracks_become_a_new_group_for_good_and_go_back_when_taken_back(self, api: Api) -> None:
        before, group = groups(api), self.most(api)
        assert group["n_appearances"] >= 2
        number = group["unknown_id"]
        seen = api.get(f"/projects/p/groups/{number}/appearances")["items"]
        gone = seen[-1]["id"]
        report = api.send("POST", f"/projects/p/groups/{number}/split", 201, json={"tracks": [gone]})
        new = report["unknown_id"]
        assert new not in [one["unknown_id"] for one in before]
        assert [item["id"] for item in api.get(f"/projects/p/groups/{new}/appearances")["items"]] == [gone]
        assert api.get(f"/projects/p/groups/{number}")["n_appearances"] == group["n_appearances"] - 1
        # Also in the records, and after everything is derived anew.
        clusterize.run_all(api.workspace, "p")
        analysis_id, _, track_id = gone.rpartition("-")
        entry = api.workspace.store.get(UnknownTrack, "p", analysis_id, int(track_id))
        assert entry == UnknownTrack("p", analysis_id, int(track_id), new, parted_from=number)
        somebody = api.workspace.store.get(UnknownPerson, "p", new)
        assert somebody is not None
        assert somebody.n_tracks == 1
        assert api.get(f"/projects/p/groups/{new}")["n_appearances"] == 1
        undo = [
            {"verb": "undo", "target": {"kind": "decision", "decision_id": one["decision_id"]}} for one in report["decisions"]
        ]
        api.send("POST", "/projects/p/decisions/several", 201, json={"decisions": undo})
        assert groups(api) == before

    def test_not_the_same_never_comes_back_by_itself(self, api: Api) -> None:
        number = self.most(api)["unknown_id"]
        seen = api.get(f"/projects/p/groups/{number}/appearances")["items"]
        gone = seen[0]["id"]
        report = api.send("POST", f"/projects/p/groups/{number}/split", 201, json={"tracks": [gone], "together": False})
        assert report["unknown_id"] is None
        clusterize.run_all(api.workspace, "p")
        assert gone not in [item["id"] for item in api.get(f"/projects/p/groups/{number}/appearances")["items"]]

    def test_of_what_is_not_there(self, api: Api) -> None:
        number = self.most(api)["unknown_id"]
        path = f"/projects/p/groups/{number}/split"
        api.refused("POST", path, 404, "not_found", json={"tracks": ["none-1"]})
        api.refused("POST", path, 422, "invalid", json={"tracks": []})
        api.refused("POST", "/projects/p/groups/9999/split", 404, "not_found", json={"tracks": ["x-1"]})
        assert list(api.workspace.store.find(Decision, project="p")) == []


class TestSeveral:
    def test_are_said_in_order_or_not_at_all(self, api: Api) -> None:
        ben = track_of(api.appearance("Ben Bo"))
        wrong = [{"verb": "ignore", "target": ben}, {"verb": "ignore", "target": {"kind": "track", "track": "none-1"}}]
        api.refused("POST", "/projects/p/decisions/several", 404, "not_found", json={"decisions": wrong})
        assert list(api.workspace.store.find(Decision, project="p")) == []
        said = [{"verb": "is", "target": ben, "person": name} for name in ("One", "Two")]
        report = api.send("POST", "/projects/p/decisions/several", 201, json={"decisions": said})
        assert [one["person_id"] for one in report["decisions"]] == ["One", "Two"]
        assert len(report["changed"]) == 1
        assert api.appearance("Two").source == "human"

    def test_left_to_one_job_for_each_video(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("src.api.deriving.AT_ONCE_TRACKS", 1)
        ben = track_of(api.appearance("Ben Bo"))
        said = [{"verb": "is", "target": ben, "person": name} for name in ("One", "Two")]
        report = api.send("POST", "/projects/p/decisions/several", 201, json={"decisions": said})
        (job,) = report["jobs"]
        assert (job["kind"], report["changed"]) == ("derive", [])


class TestSampleThumbnails:
    def path(self, api: Api) -> str:
        track = api.track("Ben Bo")
        return f"/api/v1/tracks/{track.analysis_id}-{track.track_id}/samples/{track.start_frame}/thumbnail"

    def test_are_cut_out_once(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        first = api.client.get(self.path(api))
        assert first.mimetype == "image/jpeg"
        monkeypatch.setattr("src.video.shown.frame_at", lambda *_, **__: pytest.fail("looked for again"))
        again = api.client.get(self.path(api))
        assert (again.data, again.headers["ETag"]) == (first.data, first.headers["ETag"])
        assert "max-age" in again.headers["Cache-Control"]

    def test_go_when_faces_are_forgotten(self, api: Api) -> None:
        api.client.get(self.path(api))
        folder = api.workspace.data_dir / "thumbnails"
        assert list(folder.glob("*/*.jpg"))
        erase.run(api.workspace, "p", "Ben Bo", forget_embeddings=True)
        assert not folder.exists()

    def test_of_a_track_that_goes_meanwhile_are_not_kept(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        from src.video import shown

        path, frame_at, track = self.path(api), shown.frame_at, api.track("Ben Bo")

        def slow(*args: Any, **kwargs: Any) -> Any:
            api.workspace.store.delete(Track, analysis_id=track.analysis_id, track_id=track.track_id)
            return frame_at(*args, **kwargs)

        monkeypatch.setattr(shown, "frame_at", slow)
        assert api.client.get(path).status_code == 200
        assert not list((api.workspace.data_dir / "thumbnails").glob("*/*.jpg"))
