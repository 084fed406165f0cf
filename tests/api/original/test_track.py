"""`/track`: a video is analysed, and told frame by frame."""

from __future__ import annotations

import gzip
import time
from dataclasses import replace

from src import classifier, jobs, tracker
from src.records import (
    Appearance,
    JobStatus,
    Person,
    Verb,
)
from src.verbs import decide
from src.verbs.decide import track_target
from tests.api.conftest import Api
from tests.original_client import TRACK_FIELDS, check_track
from tests.servers.web import LocalWeb
from tests.stages.conftest import PEOPLE

from .asking import (
    ANNA,
    BEN,
    FIRST,
    disable,
    end,
    film_folder,
    get,
    in_graph,
    new_film,
    only_job,
    refused,
    tracked,
    until,
)


class TestTrack:
    def test_who_appears(self, api: Api) -> None:
        locator = api.video().locator
        body = get(api, "/track", video=locator, project="p", speedup=25)
        assert (body["locator"], body["project"], body["status"]) == (locator, "p", "COMPLETE")
        assert body["title"] == "newsreel"
        assert jobs.find(api.workspace) == []
        seen = {
            (one.start_npt, one.track_id): one
            for one in api.workspace.store.find(Appearance, project="p", analysis_id=api.appearance(ANNA).analysis_id)
        }
        assert len(seen) == len(body["tracks"]) + len(body["feat_clusters"])
        assert {found["name"] for found in body["tracks"]} == {ANNA, BEN}
        assert {found["name"] for found in body["feat_clusters"]} == {"Unknown 1", "Unknown 2"}
        for found in (*body["tracks"], *body["feat_clusters"]):
            check_track(found, "p", locator)
            one = seen[found["start_npt"], found["track_id"]]
            for name in (*list(TRACK_FIELDS)[:2], "end_npt", "start_frame", "end_frame", "start_sample", "end_sample"):
                assert found[name] == getattr(one, name)
            assert (found["merged_tracks"], found["confidence"]) == (list(one.merged_tracks), one.confidence)
            corners = (one.box.x, one.box.y, one.box.x + one.box.w, one.box.y + one.box.h)
            assert found["rect"] == [round(edge) for edge in corners]
        assert {"unknown" in found for found in body["tracks"]} == {False}
        assert {found["unknown"] for found in body["feat_clusters"]} == {True}
        assert set(body["tracks"][0]) == set(TRACK_FIELDS)
        starts = [found["start_npt"] for found in body["tracks"]]
        assert starts == sorted(starts)

    def test_what_people_say_is_seen_at_once(self, api: Api) -> None:
        locator = api.video().locator
        before = get(api, "/track", video=locator, project="p")
        assert get(api, "/track", video=locator, project="p") == before
        target = track_target(api.workspace, "p", locator, api.track("Unknown 2").track_id)
        decide.run(api.workspace, "p", Verb.IS, target, person=ANNA)
        after = get(api, "/track", video=locator, project="p")
        assert {found["name"] for found in after["feat_clusters"]} == {"Unknown 1"}
        assert after["tracks"] != before["tracks"]

    def test_who_has_it_already_is_sent_nothing(self, api: Api) -> None:
        asked = {"video": api.video().locator, "project": "p"}
        first = api.client.get("/track", query_string=asked)
        known = {"If-None-Match": first.headers["ETag"]}
        assert api.client.get("/track", query_string=asked, headers=known).status_code == 304
        packed = api.client.get("/track", query_string=asked, headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(packed.data) == first.data
        api.workspace.store.put(replace(api.video(), title="Another"))
        assert api.client.get("/track", query_string=asked, headers=known).json["title"] == "Another"  # type: ignore[index]

    def test_metadata_of_a_knowledge_graph(self, api: Api) -> None:
        video = in_graph(api)
        body = get(api, "/track", video=video.locator, project="p")
        assert (body["media"], body["programme"], body["date"]) == (
            "http://data.example/media/1",
            "http://data.example/p/1",
            "1950",
        )
        assert (body["status"], body["locator"]) == ("COMPLETE", video.locator)
        known = get(api, "/get_metadata", video=video.locator)
        assert (known["title"], known["media"], known["locator"]) == ("Les Actualités", body["media"], video.locator)
        assert known["segments"] == [{"label": "Début"}]

    def test_first_running_then_complete(self, api: Api, working: LocalWeb) -> None:
        path = new_film(api)
        first = get(api, "/track", video="film2.mp4", project="p", speedup=5)
        assert set(first) == {"locator", "project", "status", "progress", "message"}
        assert (first["status"], first["project"], first["locator"]) == ("RUNNING", "p", str(path))
        body = tracked(api, "film2.mp4", speedup=5)
        assert {found["name"] for found in body["tracks"]} == {PEOPLE[2]}
        assert body["locator"] == str(path)
        job = only_job(api)
        assert (job.kind, job.params) == ("analyse", {"video": str(path), "video_speedup": 5})
        for same in (str(path), "video/film2.mp4", body["locator"]):
            assert get(api, "/track", video=same, project="p")["tracks"] == body["tracks"]
        only_job(api)

    def test_no_cache_begins_anew(self, api: Api, working: LocalWeb) -> None:
        locator = api.video("film").locator
        before = get(api, "/track", video=locator, project="p")
        for off in ("false", "0"):
            assert get(api, "/track", video=locator, project="p", no_cache=off)["status"] == "COMPLETE"
        body = get(api, "/track", video=locator, project="p", no_cache="", speedup=5)
        assert body["status"] == "RUNNING"
        assert get(api, "/track", video=locator, project="p", speedup=5)["status"] == "RUNNING"
        assert tracked(api, locator, speedup=5)["tracks"] == before["tracks"]
        assert only_job(api).params == {"video": locator, "video_speedup": 5, "no_cache": True}

    def test_a_new_model_names_what_was_analysed(self, api: Api, working: LocalWeb) -> None:
        locator = api.video("film").locator
        person = api.workspace.store.get(Person, "p", "Çelik_Özil")
        assert person is not None
        disable(api, [FIRST])
        time.sleep(1.1)  # models are dated to the second
        assert classifier.run(api.workspace, "p").is_new
        assert get(api, "/track", video=locator, project="p")["status"] == "RUNNING"
        assert only_job(api).kind == "cluster"
        assert {found["name"] for found in tracked(api, locator)["tracks"]} == {PEOPLE[2]}
        only_job(api)

    def test_names_that_cannot_be_had_are_asked_for_once(self, api: Api) -> None:
        locator = api.video("film").locator
        time.sleep(1.1)
        disable(api, [FIRST])
        classifier.run(api.workspace, "p")
        assert get(api, "/track", video=locator, project="p")["status"] == "RUNNING"
        end(api, only_job(api), JobStatus.FAILED, error="no")
        assert get(api, "/track", video=locator, project="p")["status"] == "COMPLETE"

    def test_tracks_without_names_get_them(self, api: Api, working: LocalWeb) -> None:
        path = new_film(api)
        tracker.run(api.workspace, str(path), "p", video_speedup=5)
        body = tracked(api, str(path))
        assert {found["name"] for found in body["tracks"]} == {PEOPLE[2]}
        assert [job.kind for job in jobs.find(api.workspace)] == ["cluster"]

    def test_a_failure_is_told_and_later_tried_again(self, api: Api, working: LocalWeb) -> None:
        new_film(api)
        (film_folder(api) / "broken.mp4").write_bytes(b"no video at all")
        body = until(api, "broken.mp4", "ERROR")
        assert set(body) == {"locator", "project", "status", "error"}
        assert "broken.mp4" in body["error"]
        assert "Traceback" not in body["error"]
        answer = refused(api, 409, "/track", query_string={"video": "broken.mp4", "project": "p", "format": "ttl"})
        assert "broken.mp4" in answer
        job = only_job(api)
        end(api, job, JobStatus.FAILED, ended_at="2020-01-01T00:00:00+00:00")
        assert get(api, "/track", video="broken.mp4", project="p")["status"] == "RUNNING"
        assert len(jobs.find(api.workspace)) == 2

    def test_part_of_a_video(self, api: Api, working: LocalWeb) -> None:
        locator = api.video().locator
        body = tracked(api, f"{locator}#t=1,2", speedup=5)
        assert body["locator"] == f"{locator}#t=1,2"
        assert {found["locator"] for found in body["tracks"]} == {body["locator"]}
        assert all(1 <= found["start_npt"] <= found["end_npt"] <= 2 for found in body["tracks"])
        assert [found["name"] for found in body["tracks"]] == [BEN]

    def test_what_cannot_be(self, api: Api) -> None:
        cases: list[tuple[dict[str, str], int]] = [
            ({}, 422),
            ({"video": ""}, 422),
            ({"speedup": "0"}, 422),
            ({"speedup": "-1"}, 422),
            ({"speedup": "x"}, 422),
            ({"speedup": "2.5"}, 422),
            ({"speedup": "1e9"}, 422),
            ({"speedup": "٣"}, 422),
            ({"speedup": "9" * 400}, 422),
            ({"speedup": ""}, 422),
            ({"format": "xml"}, 422),
            ({"format": ""}, 422),
            ({"project": "none"}, 404),
            ({"project": "../p"}, 422),
            ({"project": "a\x00"}, 422),
            ({"video": "nothing.mp4"}, 404),
            ({"video": "../facerec.db"}, 422),
            ({"video": "..%2ffacerec.db"}, 422),
            ({"video": "/etc/passwd"}, 422),
            ({"video": "C:\\film.mp4"}, 422),
            ({"video": "file:///etc/passwd"}, 422),
            ({"video": "concat:a|b"}, 422),
            ({"video": "film\x00.mp4"}, 422),
            ({"video": "http://127.0.0.1/film.mp4"}, 422),
            ({"video": "http://169.254.169.254/latest"}, 422),
            ({"video": "http://[::1]/film.mp4"}, 422),
            ({"video": "http://2130706433/film.mp4"}, 422),
            ({"video": "http://user:pass@example.org/film.mp4"}, 422),
            ({"video": "film.mp4#t=20,10"}, 422),
        ]
        for parameters, status in cases:
            video = {"video": api.video().locator} if parameters else {}
            assert refused(api, status, "/track", query_string={"project": "p", **video, **parameters}), parameters
        assert jobs.find(api.workspace) == []

    def test_parameters_that_come_twice(self, api: Api) -> None:
        refused(api, 422, f"/track?project=p&video={api.video().locator}&video=x")

    def test_links_out_of_the_folder_of_videos(self, api: Api) -> None:
        new_film(api)
        (film_folder(api) / "link.mp4").symlink_to(api.workspace.data_dir / "facerec.db")
        (film_folder(api) / ".hidden").write_text("x")
        refused(api, 422, "/track", query_string={"video": "link.mp4", "project": "p"})
        refused(api, 404, "/track", query_string={"video": ".hidden", "project": "p"})
