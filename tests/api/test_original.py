"""The routes of the original service: every field, every status, and what they refuse."""

from __future__ import annotations

import gzip
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, XSD

from src import classifier, jobs, tracker
from src.access import add_token
from src.access.audit import events
from src.api.original.waiting import _Seats
from src.export.rdf import EBUCORE, ITSRDF, MEMAD, NIF, OA
from src.jobs import Worker
from src.records import (
    Appearance,
    Image,
    ImageState,
    Job,
    JobStatus,
    Person,
    Project,
    ProjectVideo,
    Role,
    TrackSamples,
    Verb,
    Video,
)
from src.storage import Query
from src.verbs import decide
from src.verbs.decide import track_target
from src.workspace import Workspace
from tests.api.conftest import Api
from tests.original_client import TRACK_FIELDS, check_samples, check_track
from tests.servers.photos import encode
from tests.servers.searching_child import COMMAND
from tests.servers.web import LocalWeb, local_web
from tests.stages.conftest import PEOPLE, draw_photo

ANNA, BEN = PEOPLE[0], PEOPLE[1]
FIRST = "training_img_aligned/p/Anna_Albers/000000_0.png"


@pytest.fixture
def working(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalWeb]:
    """A worker beside the requests, and the web that its jobs search in."""
    with local_web() as web:
        monkeypatch.setenv("LOCAL_WEB", web.address)
        quick = api.workspace.settings.worker.model_copy(update={"nice": 0, "poll_s": 0.05})
        crawler = api.workspace.settings.crawler.model_copy(update={"providers": ("bing",), "max_num": 2, "retries": 0})
        api.workspace.settings = api.workspace.settings.model_copy(update={"worker": quick, "crawler": crawler})
        worker = Worker(api.workspace, command=COMMAND)
        worker.start()
        yield web
        worker.stop()


def set_server(workspace: Workspace, **values: Any) -> None:
    server = workspace.settings.server.model_copy(update=values)
    workspace.settings = workspace.settings.model_copy(update={"server": server})


def get(api: Api, path: str, **parameters: Any) -> Any:
    answer = api.client.get(path, query_string=parameters)
    assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
    return answer.json


def refused(api: Api, status: int, path: str, method: str = "GET", **sent: Any) -> str:
    """Send something that is refused in the form of the original service, and return the reason."""
    answer = api.client.open(path, method=method, **sent)
    assert (answer.status_code, answer.mimetype) == (status, "application/json"), answer.text
    body = answer.json
    assert body is not None
    assert body["status"] == "error"
    assert isinstance(body["time"], str)
    assert "Traceback" not in answer.text
    assert body["error"]
    return str(body["error"])


def tracked(api: Api, locator: str, **parameters: Any) -> Any:
    """Ask until the video is COMPLETE."""
    return until(api, locator, "COMPLETE", **parameters)


def until(api: Api, locator: str, status: str, **parameters: Any) -> Any:
    give_up = time.monotonic() + 120
    while (body := get(api, "/track", video=locator, project="p", **parameters))["status"] == "RUNNING":
        assert time.monotonic() < give_up, body
        parameters.pop("no_cache", None)
        time.sleep(0.05)
    assert body["status"] == status, body
    return body


def end(api: Api, job: Job, status: JobStatus, **fields: Any) -> None:
    """Let a job have ended."""
    found = jobs.get(api.workspace, job.job_id)
    api.workspace.store.put(replace(found, status=status, revision=found.revision + 1, **fields))


def only_job(api: Api) -> Job:
    (job,) = jobs.find(api.workspace)
    return job


class TestTrainingSet:
    def test_projects(self, api: Api) -> None:
        api.workspace.store.put(Project("q", "fake"))
        assert get(api, "/projects") == ["p", "q"]

    def test_people_with_their_pictures(self, api: Api) -> None:
        found = get(api, "/training-set", project="p")
        assert [set(item) for item in found] == [{"class", "path"}] * 3
        assert [item["class"] for item in found] == [ANNA, BEN, PEOPLE[2]]
        assert found[0]["path"] == [f"training_img_aligned/p/Anna_Albers/00000{n}_0.png" for n in range(4)]
        (api.workspace.data_dir / FIRST).unlink()
        assert FIRST not in get(api, "/training-set", project="p")[0]["path"]

    def test_renamed_people_go_by_their_name(self, api: Api) -> None:
        person = api.workspace.store.get(Person, "p", "Anna_Albers")
        assert person is not None
        api.workspace.store.put(replace(person, name="Anni A."))
        assert get(api, "/training-set", project="p")[0]["class"] == "Anni A."

    def test_project_is_general_where_none_is_named(self, api: Api) -> None:
        assert "general" in refused(api, 404, "/training-set")
        api.workspace.store.put(Project("general", "fake"))
        assert get(api, "/training-set") == []

    def test_pictures(self, api: Api) -> None:
        path = get(api, "/training-set", project="p")[0]["path"][0]
        answer = api.client.get(f"/{path}")
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        assert answer.data == (api.workspace.data_dir / path).read_bytes()

    def test_no_path_leads_out_of_the_folder(self, api: Api) -> None:
        for path in (
            "p/../p/Anna_Albers/000000_0.png",
            "p/..%2f..%2ffacerec.db",
            "..%2ffacerec.db",
            "p/%2e%2e/%2e%2e/facerec.db",
            "p/Anna_Albers/..%5c..%5c000000_0.png",
            "p/%2fetc%2fpasswd",
            "p/C:%5cwindows%5cwin.ini",
            "p/Anna_Albers/000000_0.png%00.png",
            "p/Anna_Albers%252f000000_0.png",
            "p/con/000000_0.png",
        ):
            answer = api.client.get(f"/training_img_aligned/{path}")
            assert answer.status_code in (404, 422), path
            assert answer.json is not None
            assert answer.json["status"] == "error"

    def test_what_is_no_picture_of_the_project_is_not_there(self, api: Api) -> None:
        folder = api.workspace.aligned_dir("p")
        (folder / "disabled.txt").write_text("Anna_Albers/000000_0.png\n", encoding="utf-8")
        other = api.workspace.aligned_dir("q") / "Zoe"
        other.mkdir(parents=True)
        shutil.copy(folder / "Anna_Albers" / "000000_0.png", other / "1.png")
        (folder / "Linked").symlink_to(other)
        for path in ("p/disabled.txt", "p/Anna_Albers", "p", "p/Linked/1.png", "p/Anna_Albers/9.png", "q/Zoe/1.png"):
            refused(api, 404, f"/training_img_aligned/{path}")
        api.workspace.store.put(Project("q", "fake"))
        assert api.client.get("/training_img_aligned/q/Zoe/1.png").status_code == 200


class TestDisabled:
    def test_nothing_is_left_out_of_good_pictures(self, api: Api) -> None:
        assert get(api, "/disabled/p") == []

    def test_automatic_outliers_until_a_list_is_saved(self, api: Api) -> None:
        outlier = self.image(api)
        api.workspace.store.put(replace(outlier, state=ImageState.OUTLIER, reason="looks like nobody else"))
        assert get(api, "/disabled/p") == [FIRST]
        other = FIRST.replace("000000", "000002")
        assert self.save(api, [other]) == "ok"
        assert get(api, "/disabled/p") == [other]
        assert self.image(api, other).state is ImageState.DISABLED
        assert FIRST not in self.left_out_by_training(api)
        assert other in self.left_out_by_training(api)

    def test_a_saved_list_is_all_that_is_out(self, api: Api) -> None:
        paths = [FIRST, FIRST.replace("000000", "000001")]
        self.save(api, paths)
        assert get(api, "/disabled/p") == paths
        self.save(api, paths[1:])
        assert get(api, "/disabled/p") == paths[1:]
        assert self.image(api).state is ImageState.ACTIVE
        self.save(api, [])
        assert get(api, "/disabled/p") == []
        assert self.left_out_by_training(api) == []

    def test_what_was_switched_off_one_by_one_is_on_the_list_and_can_leave_it(self, api: Api) -> None:
        path = f"/projects/p/images/{self.image(api).sha256}"
        api.send("PATCH", path, 200, json={"enabled": False}, headers=api.etag(path))
        assert get(api, "/disabled/p") == [FIRST]
        self.save(api, [])
        assert get(api, "/disabled/p") == []
        assert self.image(api).state is ImageState.ACTIVE

    def test_pictures_by_their_addresses_as_the_page_names_them(self, api: Api) -> None:
        address = f"http://localhost:5000/{FIRST}"
        assert self.save(api, [address]) == "ok"
        assert get(api, "/disabled/p") == [address]
        assert self.image(api).state is ImageState.DISABLED
        self.save(api, [f"data/{FIRST}", "Ben_Bo/000001_0.png"])
        assert get(api, "/disabled/p") == [FIRST, "training_img_aligned/p/Ben_Bo/000001_0.png"]
        celik = "http://localhost:5000/training_img_aligned/p/%C3%87elik_%C3%96zil/000001_0.png"
        self.save(api, [celik])
        assert get(api, "/disabled/p") == ["training_img_aligned/p/Çelik_Özil/000001_0.png"]

    def test_a_name_with_a_number_sign(self, api: Api) -> None:
        image, folder = self.image(api), api.workspace.aligned_dir("p") / "C#_Man"
        folder.mkdir()
        shutil.copy(api.workspace.data_dir / FIRST, folder / "1_0.png")
        path = "training_img_aligned/p/C#_Man/1_0.png"
        api.workspace.store.put(replace(image, sha256="ab", person_id="C#_Man", path="x.png", aligned_path=path))
        self.save(api, [path])
        assert get(api, "/disabled/p") == [path]
        self.save(api, [])
        assert get(api, "/disabled/p") == []

    def test_a_list_that_somebody_edited_by_hand_is_read(self, api: Api) -> None:
        listing = api.workspace.aligned_dir("p") / "disabled.txt"
        listing.write_text("# blurred\nAnna_Albers/000000_0.png\n", encoding="utf-8")
        assert get(api, "/disabled/p") == [FIRST]
        self.save(api, [FIRST])
        listing.write_text("", encoding="utf-8")
        assert get(api, "/disabled/p") == []

    def test_wrong_lists_change_nothing(self, api: Api) -> None:
        self.save(api, [FIRST])
        for body in (
            {"path": FIRST},
            "x",
            None,
            [1],
            [[FIRST]],
            [None],
            [{"$gt": ""}],
            ["training_img_aligned/p/Anna_Albers/9.png"],
            ["training_img_aligned/q/Anna_Albers/000000_0.png"],
            ["http://localhost/training_img_aligned/q/Anna_Albers/000000_0.png"],
            ["../../etc/passwd"],
            ["elsewhere/Anna_Albers/000000_0.png"],
            [f"{FIRST}\nBen_Bo/000000_0.png"],
            [""],
            ["\ud800"],
        ):
            refused(api, 422, "/disabled/p", "POST", data=json.dumps(body).encode(), content_type="application/json")
            assert get(api, "/disabled/p") == [FIRST], body

    def test_what_is_no_json(self, api: Api) -> None:
        for data, kind, status in (
            (b"{", "application/json", 400),
            (b"", "application/json", 400),
            (b"[" * 10_000, "application/json", 400),
            (b"\xff", "application/json", 400),
            (b"[]", "text/plain", 415),
            (b'["' + b"x" * 1_100_000 + b'"]', "application/json", 413),
        ):
            refused(api, status, "/disabled/p", "POST", data=data, content_type=kind)

    def test_unknown_project(self, api: Api) -> None:
        refused(api, 404, "/disabled/none")
        refused(api, 404, "/disabled/none", "POST", json=[])

    def image(self, api: Api, path: str = FIRST) -> Image:
        return next(image for image in api.workspace.store.find(Image, project="p") if image.aligned_path == path)

    def save(self, api: Api, paths: list[str]) -> Any:
        answer = api.client.post("/disabled/p", json=paths)
        assert answer.status_code == 200, answer.text
        return answer.json

    def left_out_by_training(self, api: Api) -> list[str]:
        """Return what a training does not rest on."""
        trained = classifier.run(api.workspace, "p").model.images
        images = api.workspace.store.find(Image, project="p")
        return [str(image.aligned_path) for image in images if f"{image.person_id}/{image.sha256}" not in trained]


class TestCrawler:
    def test_photos_are_searched_and_aligned(self, api: Api, working: LocalWeb) -> None:
        for number in (0, 1):
            working.serve(f"/d{number}.png", body=encode(draw_photo(3, number), "PNG"), kind="image/png")
            working.serve(f"/e{number}.png", body=encode(draw_photo(4, number), "PNG"), kind="image/png")
        faces = {name: [f"{working.address}/{sign}{number}.png" for number in (0, 1)] for name, sign in DORA_AND_EMIL.items()}
        working.bing_by_name(faces)
        answer = get(api, "/crawler", q=" Dora Day; Emil Eck;", project="p")
        assert set(answer) == {"task", "time", "execution_time", "status"}
        assert (answer["task"], answer["status"]) == ("crawl", "ok")
        assert isinstance(answer["time"], str)
        assert isinstance(answer["execution_time"], float)
        people = {item["class"]: item["path"] for item in get(api, "/training-set", project="p")}
        assert {name: len(people[name]) for name in DORA_AND_EMIL} == {"Dora Day": 2, "Emil Eck": 2}
        assert {job.kind for job in jobs.find(api.workspace)} == {"crawl", "align"}

    def test_without_names(self, api: Api) -> None:
        for path in ("/crawler", "/crawler?project=p", "/crawler?q=&project=p", "/crawler?q=;%20;&project=p"):
            assert "parameter q" in refused(api, 422, path)
        assert jobs.find(api.workspace) == []

    def test_names_that_are_none(self, api: Api) -> None:
        for name in ("a/b", "..", "con", "x" * 300, "a\x00b", "A;b/c"):
            refused(api, 422, "/crawler", query_string={"q": name, "project": "p"})
        assert jobs.find(api.workspace) == []

    def test_projects_that_are_none(self, api: Api) -> None:
        for project in ("../x", "a/b", "", "con"):
            refused(api, 422, "/crawler", query_string={"q": "A", "project": project})
        refused(api, 422, "/crawler?q=A&q=B&project=p")

    def test_nobody_is_found(self, api: Api, working: LocalWeb) -> None:
        working.bing()
        assert "No usable picture of Dora Day" in refused(api, 422, "/crawler", query_string={"q": "Dora Day", "project": "p"})

    def test_an_older_align_job_is_not_taken_for_the_one_after(self, api: Api, working: LocalWeb) -> None:
        # Live, and older than the search: it may have looked before the photos came.
        old = Job("00000000000000000001-aa", "align", "p", {}, status=JobStatus.QUEUED)
        real = jobs.submit(api.workspace, "align", "p")
        api.workspace.store.delete(Job, job_id=real.job_id)
        api.workspace.store.put(replace(real, job_id=old.job_id))
        name = next(iter(api.workspace.store.find(jobs.queue.JobName, job_id=real.job_id)))
        api.workspace.store.put(replace(name, job_id=old.job_id))
        working.serve("/d.png", body=encode(draw_photo(3, 0), "PNG"), kind="image/png")
        working.bing(f"{working.address}/d.png")
        get(api, "/crawler", q="Dora Day", project="p")
        assert "Dora Day" in [item["class"] for item in get(api, "/training-set", project="p")]


DORA_AND_EMIL = {"Dora Day": "d", "Emil Eck": "e"}


class TestTrain:
    def test_it_is_trained(self, api: Api, working: LocalWeb) -> None:
        TestDisabled().save(api, [FIRST])
        answer = get(api, "/train/p")
        assert set(answer) == {"task", "time", "execution_time", "status"}
        assert (answer["task"], answer["status"]) == ("train", "ok")
        assert isinstance(answer["execution_time"], float)
        assert (only_job(api).kind, only_job(api).status) == ("train", JobStatus.DONE)

    def test_two_at_once_share_a_job(self, api: Api, working: LocalWeb) -> None:
        answers: list[int] = []

        def ask() -> None:
            answers.append(api.app.test_client().get("/train/p").status_code)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [200] * 3
        only_job(api)

    def test_a_job_that_takes_longer_goes_on(self, api: Api) -> None:
        set_server(api.workspace, wait_s=0.3)
        answer = api.client.get("/train/p")
        assert (answer.status_code, answer.headers["Retry-After"]) == (504, "15")
        assert answer.json is not None
        assert set(answer.json) == {"status", "error", "time", "job_id"}
        assert answer.json["status"] == "error"
        assert only_job(api).job_id == answer.json["job_id"]
        assert only_job(api).status is JobStatus.QUEUED
        assert f"goes on as job {answer.json['job_id']}" in answer.json["error"]

    def test_only_so_many_requests_wait(self, api: Api) -> None:
        api.app.extensions["facerec.original"] = seats = _Seats(1)
        with seats.taken() as has_seat:
            assert has_seat
            assert "goes on" in refused(api, 504, "/train/p")
        set_server(api.workspace, wait_s=0.1)
        refused(api, 504, "/train/p")
        with seats.taken() as has_seat:
            assert has_seat

    def test_a_server_that_ends_keeps_nobody_waiting(self, api: Api) -> None:
        from src.api.ops import lifecycle_of

        lifecycle_of(api.app).stopping.set()
        refused(api, 504, "/train/p")

    def test_failures_are_told(self, api: Api, working: LocalWeb) -> None:
        api.workspace.store.put(Project("empty", "fake"))
        assert refused(api, 422, "/train/empty") == only_job(api).error

    def test_what_failures_are(self, api: Api) -> None:
        def fail(code: str) -> None:
            while not (live := jobs.find(api.workspace, status=JobStatus.QUEUED)):
                time.sleep(0.01)
            end(api, live[0], JobStatus.FAILED, error="It broke.", code=code)

        kinds = {"GalleryError": 422, "FetchError": 502, "EngineError": 503, "unexpected": 500, "MemoryError": 500}
        for code, status in kinds.items():
            thread = threading.Thread(target=fail, args=(code,))
            thread.start()
            assert refused(api, status, "/train/p") == "It broke."
            thread.join()

    def test_a_cancelled_job(self, api: Api) -> None:
        def cancel() -> None:
            while not jobs.find(api.workspace):
                time.sleep(0.01)
            jobs.cancel(api.workspace, only_job(api).job_id)

        thread = threading.Thread(target=cancel)
        thread.start()
        assert "cancelled" in refused(api, 409, "/train/p")
        thread.join()

    def test_unknown_project(self, api: Api) -> None:
        assert "none" in refused(api, 404, "/train/none")
        assert jobs.find(api.workspace) == []


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
        video = self.in_graph(api)
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
        path = self.new_film(api)
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
        TestDisabled().save(api, [FIRST])
        time.sleep(1.1)  # models are dated to the second
        assert classifier.run(api.workspace, "p").is_new
        assert get(api, "/track", video=locator, project="p")["status"] == "RUNNING"
        assert only_job(api).kind == "cluster"
        assert {found["name"] for found in tracked(api, locator)["tracks"]} == {PEOPLE[2]}
        only_job(api)

    def test_names_that_cannot_be_had_are_asked_for_once(self, api: Api) -> None:
        locator = api.video("film").locator
        time.sleep(1.1)
        TestDisabled().save(api, [FIRST])
        classifier.run(api.workspace, "p")
        assert get(api, "/track", video=locator, project="p")["status"] == "RUNNING"
        end(api, only_job(api), JobStatus.FAILED, error="no")
        assert get(api, "/track", video=locator, project="p")["status"] == "COMPLETE"

    def test_tracks_without_names_get_them(self, api: Api, working: LocalWeb) -> None:
        path = self.new_film(api)
        tracker.run(api.workspace, str(path), "p", video_speedup=5)
        body = tracked(api, str(path))
        assert {found["name"] for found in body["tracks"]} == {PEOPLE[2]}
        assert [job.kind for job in jobs.find(api.workspace)] == ["cluster"]

    def test_a_failure_is_told_and_later_tried_again(self, api: Api, working: LocalWeb) -> None:
        self.new_film(api)
        (self.folder(api) / "broken.mp4").write_bytes(b"no video at all")
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
        self.new_film(api)
        (self.folder(api) / "link.mp4").symlink_to(api.workspace.data_dir / "facerec.db")
        (self.folder(api) / ".hidden").write_text("x")
        refused(api, 422, "/track", query_string={"video": "link.mp4", "project": "p"})
        refused(api, 404, "/track", query_string={"video": ".hidden", "project": "p"})

    def folder(self, api: Api) -> Path:
        return api.folder / "video"

    def new_film(self, api: Api) -> Path:
        """Put a film that nobody analysed into a folder of videos; its bytes differ from those of the archive."""
        self.folder(api).mkdir()
        path = self.folder(api) / "film2.mp4"
        path.write_bytes((api.folder / "film.mp4").read_bytes() + bytes(8))
        set_server(api.workspace, video_dirs=(str(self.folder(api)),))
        return path.resolve()

    def in_graph(self, api: Api) -> Video:
        """Let a video of the archive be one of a knowledge graph."""
        metadata = {
            "media": "http://data.example/media/1",
            "programme": "http://data.example/p/1",
            "segments": [{"label": "Début"}],
            "status": "published",
        }
        video = replace(api.video(), title="Les Actualités", date="1950", metadata=metadata)
        api.workspace.store.put(video)
        return video


class TestTurtle:
    ebucore, nif, oa, memad, itsrdf = map(Namespace, (EBUCORE, NIF, OA, MEMAD, ITSRDF))

    def graph(self, api: Api, video: Video, status: int = 200, **parameters: Any) -> Graph:
        answer = api.client.get("/track", query_string={"video": video.locator, "project": "p", "format": "ttl", **parameters})
        assert (answer.status_code, answer.mimetype) == (status, "text/turtle"), answer.text
        return Graph().parse(data=answer.text, format="turtle")

    def test_every_appearance_of_somebody_named(self, api: Api) -> None:
        video = TestTrack().in_graph(api)
        person = api.workspace.store.get(Person, "p", "Ben_Bo")
        assert person is not None
        api.workspace.store.put(replace(person, uri="http://people.example/ben"))
        tracks = get(api, "/track", video=video.locator, project="p")["tracks"]
        graph = self.graph(api, video)
        media = URIRef("http://data.example/media/1")
        assert (media, RDF.type, self.ebucore.MediaResource) in graph
        assert (URIRef("http://data.example/p/1"), self.ebucore.isInstantiatedBy, media) in graph
        assert graph.value(media, DCTERMS.title) == Literal("Les Actualités")
        annotations = list(graph.subjects(RDF.type, self.oa.Annotation))
        assert len(annotations) == len(tracks)
        said = set()
        for annotation in annotations:
            part, body = graph.value(annotation, self.oa.hasTarget), graph.value(annotation, self.oa.hasBody)
            assert (part, RDF.type, self.ebucore.MediaFragment) in graph
            assert (part, self.ebucore.isMediaFragmentOf, media) in graph
            assert (body, RDF.type, self.nif.Annotation) in graph
            assert (body, RDF.type, self.memad.VisualPersonIdentification) in graph
            assert (annotation, self.oa.motivatedBy, self.oa.identifying) in graph
            created, sure = graph.value(annotation, DCTERMS.created), graph.value(body, self.nif.taIdentConf)
            assert (created.datatype, sure.datatype) == (XSD.dateTime, XSD.decimal)  # type: ignore[union-attr]
            assert str(graph.value(body, self.nif.taIdentProv)).startswith("FaceRec ")
            name = str(graph.value(body, RDF.value))
            assert (graph.value(body, self.itsrdf.taIdentRef) is not None) is (name == BEN)
            said.add((str(part), name, float(sure)))  # type: ignore[arg-type]
        assert said == {
            (
                f"{media}#t=npt:{one['start_npt']:.3f},{one['end_npt']:.3f}&xywh={one['bounding']['xywh']}",
                one["name"],
                one["confidence"],
            )
            for one in tracks
        }

    def test_twice_the_same_graph(self, api: Api) -> None:
        assert set(self.graph(api, api.video())) == set(self.graph(api, api.video()))

    def test_a_file_is_named_by_its_bytes(self, api: Api) -> None:
        graph = self.graph(api, api.video())
        (media,) = graph.subjects(RDF.type, self.ebucore.MediaResource)
        assert str(media).startswith("ni:///sha-256;")
        assert str(api.folder) not in graph.serialize()

    def test_what_people_said_is_told_apart(self, api: Api) -> None:
        track = api.track("Unknown 1")
        target = track_target(api.workspace, "p", api.video().locator, track.track_id)
        decide.run(api.workspace, "p", Verb.IS, target, person=ANNA, author="ann")
        graph = self.graph(api, api.video())
        assert len({str(found) for found in graph.objects(None, self.nif.taIdentProv)}) == 2

    def test_running_is_an_empty_graph(self, api: Api) -> None:
        path = TestTrack().new_film(api)
        video = Video("x", str(path), str(path), "x")
        graph = self.graph(api, video, 202)
        assert list(graph.subjects(RDF.type, self.oa.Annotation)) == []
        assert len(list(graph.subjects(RDF.type, self.ebucore.MediaResource))) == 1

    def test_signs_that_turtle_has_another_use_for(self, api: Api) -> None:
        odd = 'A "q" \\ <b> \n {x} | ^ ` 名前 🙂 \u202e'
        video = replace(api.video(), title=odd, metadata={"media": 'http://x.example/a b"<c>{d}|e^`\\名'})
        api.workspace.store.put(video)
        person = api.workspace.store.get(Person, "p", "Ben_Bo")
        assert person is not None
        api.workspace.store.put(replace(person, uri='http://x.example/"><b'))
        for seen in list(api.workspace.store.find(Appearance, project="p", person_id="Ben_Bo")):
            api.workspace.store.put(replace(seen, name=odd))
        graph = self.graph(api, video)
        (media,) = graph.subjects(RDF.type, self.ebucore.MediaResource)
        assert str(media) == "http://x.example/a%20b%22%3Cc%3E%7Bd%7D%7Ce%5E%60%5C名"
        assert graph.value(media, DCTERMS.title) == Literal(odd)
        assert Literal(odd) in set(graph.objects(None, RDF.value))


class TestAppearance:
    def test_samples_of_a_person(self, api: Api) -> None:
        samples = get(api, f"/appearance/{ANNA}", project="p")
        assert samples
        check_samples(ANNA, samples)
        fields = {"locator", "project", "name", "npt", "frame", "tracker_sample", "confidence", "track_id", "rect", "bounding"}
        assert {frozenset(sample) for sample in samples} == {frozenset(fields)}
        assert {sample["locator"] for sample in samples} == {api.video().locator}
        table = (api.workspace.output_dir("p", "newsreel") / "predictions.csv").read_text(encoding="utf-8")
        rows = [dict(zip(table.splitlines()[0].split(","), line.split(","), strict=True)) for line in table.splitlines()[1:]]
        sure = [row for row in rows if row["name"] == ANNA and float(row["confidence"]) >= 0.6]
        assert [(str(one["frame"]), f"{one['npt']:.3f}", f"{one['confidence']:.4f}") for one in samples] == [
            (row["frame"], row["npt"], row["confidence"]) for row in sorted(sure, key=lambda row: float(row["npt"]))
        ]
        for sample in samples:
            assert sample["tracker_sample"] == sample["frame"] // 5
            x, y, w, h = (sample["bounding"][name] for name in "xywh")
            assert sample["rect"] == [x, y, x + w, y + h]

    def test_by_folder_and_alias(self, api: Api) -> None:
        wanted = get(api, f"/appearance/{ANNA}", project="p")
        assert get(api, "/appearance/Anna_Albers", project="p") == wanted

    def test_what_people_decided_holds(self, api: Api) -> None:
        track = api.track("Unknown 1")
        locator = api.video().locator
        before = get(api, f"/appearance/{BEN}", project="p")
        decide.run(api.workspace, "p", Verb.IS, track_target(api.workspace, "p", locator, track.track_id), person=BEN)
        own = {sample["track_id"] for sample in before}
        said = get(api, f"/appearance/{BEN}", project="p")
        assert {track.track_id, *own} <= {sample["track_id"] for sample in said}
        assert {sample["confidence"] for sample in said} == {1.0}
        assert own
        for track_id in own:
            decide.run(api.workspace, "p", Verb.IS_NOT, track_target(api.workspace, "p", locator, track_id), person=BEN)
        assert not own & {sample["track_id"] for sample in get(api, f"/appearance/{BEN}", project="p")}

    def test_unsure_samples_are_left_out(self, api: Api) -> None:
        from src.records import Identification

        for found in list(api.workspace.store.find(Identification, project="p")):
            api.workspace.store.put(replace(found, sample_confidences=found.sample_confidences * 0 + 0.59))
        assert get(api, f"/appearance/{ANNA}", project="p") == []

    def test_analyses_that_count_no_more_are_left_out(self, api: Api) -> None:
        wanted = get(api, f"/appearance/{ANNA}", project="p")
        store = api.workspace.store
        (member,) = [one for one in store.find(ProjectVideo, project="p") if one.video_id == api.video().video_id]
        store.put(replace(member, analysis_id="another"))
        assert get(api, f"/appearance/{ANNA}", project="p") == []
        store.put(member)
        assert get(api, f"/appearance/{ANNA}", project="p") == wanted != []

    def test_are_kept_until_something_changes(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        read: list[type[Any]] = []
        of_keys = api.workspace.store._of_keys

        def watched(kind: type[Any], *more: Any) -> Any:
            read.append(kind)
            return of_keys(kind, *more)

        monkeypatch.setattr(api.workspace.store, "_of_keys", watched)
        first = get(api, f"/appearance/{ANNA}", project="p")
        assert TrackSamples in read
        read.clear()
        assert get(api, f"/appearance/{ANNA}", project="p") == first
        assert TrackSamples not in read
        video = api.video()
        api.workspace.store.put(replace(video, locator="elsewhere.mp4"))
        assert {one["locator"] for one in get(api, f"/appearance/{ANNA}", project="p")} == {"elsewhere.mp4"}

    def test_nobody(self, api: Api) -> None:
        assert "Nobody" in refused(api, 404, "/appearance/Nobody?project=p")
        assert "none" in refused(api, 404, f"/appearance/{ANNA}?project=none")
        refused(api, 422, f"/appearance/{ANNA}?project=..")


class TestLocator:
    def test_an_address_is_text(self, api: Api) -> None:
        answer = api.client.get("/get_locator?video=https://films.example/a.mp4")
        assert (answer.status_code, answer.mimetype, answer.text) == (200, "text/plain", "https://films.example/a.mp4")
        video = replace(api.video(), locator="http://data.example/media/1", media="https://films.example/b.mp4", checksum="")
        api.workspace.store.put(video)
        assert api.client.get("/get_locator?video=http://data.example/media/1").text == "https://films.example/b.mp4"

    def test_a_file_is_itself(self, api: Api) -> None:
        data = (api.folder / "newsreel.mp4").read_bytes()
        answer = api.client.get("/get_locator", query_string={"video": api.video().locator})
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "video/mp4", data)
        path = TestTrack().new_film(api)
        part = api.client.get("/get_locator?video=video/film2.mp4", headers={"Range": "bytes=0-9"})
        assert (part.status_code, part.data) == (206, path.read_bytes()[:10])
        assert api.client.get("/get_locator?video=film2.mp4").data == path.read_bytes()

    def test_what_is_not_given(self, api: Api) -> None:
        for video, status in (
            ("", 422),
            ("../facerec.db", 422),
            ("..%2f..%2fetc%2fpasswd", 422),
            ("/etc/passwd", 422),
            ("//etc/passwd", 422),
            ("\\\\host\\share", 422),
            ("film.mp4\x00", 422),
            ("nothing.mp4", 404),
            ("http://127.0.0.1:8000/a.mp4", 422),
            ("http://169.254.169.254/latest/meta-data", 422),
            ("http://0x7f000001/a.mp4", 422),
        ):
            for route in ("/get_locator", "/get_metadata"):
                refused(api, status, route, query_string={"video": video})

    def test_nothing_is_known(self, api: Api) -> None:
        refused(api, 422, "/get_locator")
        refused(api, 422, "/get_metadata")
        refused(api, 404, "/get_metadata?video=https://films.example/a.mp4")


class TestRoles:
    @pytest.fixture
    def headers(self, api: Api) -> Callable[[Role, str], dict[str, str]]:
        api.workspace.store.put(Project("q", "fake"))
        set_server(api.workspace, wait_s=0.0)

        def made(role: Role, project: str) -> dict[str, str]:
            text, _ = add_token(api.workspace.store, f"{role} of {project}", role, project)
            return {"Authorization": f"Bearer {text}"}

        return made

    def test_without_a_token(self, api: Api, headers: Any) -> None:
        headers(Role.ADMIN, "")
        for path in ("/projects", "/track?video=x&project=p", "/training-set?project=p", "/disabled/p", "/get_locator?video=x"):
            refused(api, 401, path)

    def test_a_viewer_reads(self, api: Api, headers: Any) -> None:
        sent, locator = {"headers": headers(Role.VIEWER, "p")}, api.video().locator
        found = api.client.get("/track", query_string={"video": locator, "project": "p"}, **sent)
        assert (found.status_code, found.json["status"]) == (200, "COMPLETE")  # type: ignore[index]
        assert api.client.get("/projects", **sent).json == ["p"]
        for path in ("/training-set?project=p", "/disabled/p", f"/{FIRST}", f"/appearance/{ANNA}?project=p"):
            assert api.client.get(path, **sent).status_code == 200, path
        for route in ("/get_locator", "/get_metadata"):
            assert api.client.get(route, query_string={"video": locator}, **sent).status_code == 200
        for path in ("/crawler?q=A&project=p", "/train/p"):
            refused(api, 403, path, **sent)
        refused(api, 403, "/disabled/p", "POST", json=[], **sent)
        refused(api, 403, "/track", query_string={"video": locator, "project": "p", "no_cache": ""}, **sent)
        refused(api, 403, "/track", query_string={"video": "https://films.example/a.mp4", "project": "p"}, **sent)
        assert jobs.find(api.workspace) == []

    def test_a_viewer_sees_what_an_editor_started(self, api: Api, headers: Any) -> None:
        asked = {"video": "https://films.example/a.mp4", "project": "p"}
        started = api.client.get("/track", query_string=asked, headers=headers(Role.EDITOR, "p"))
        assert started.json["status"] == "RUNNING"  # type: ignore[index]
        assert only_job(api).submitted_by.startswith("editor of p")
        noted = [event for event in events(api.workspace.store) if event.target == "GET /track analyse"]
        assert [(event.project, event.who.split(" (")[0]) for event in noted] == [("p", "editor of p")]
        viewer = headers(Role.VIEWER, "p")
        assert api.client.get("/track", query_string=asked, headers=viewer).json["status"] == "RUNNING"  # type: ignore[index]
        end(api, only_job(api), JobStatus.FAILED, error="gone", ended_at="2020-01-01T00:00:00+00:00")
        assert api.client.get("/track", query_string=asked, headers=viewer).json["status"] == "ERROR"  # type: ignore[index]

    def test_another_project_stays_closed(self, api: Api, headers: Any) -> None:
        sent, locator = {"headers": headers(Role.EDITOR, "q")}, api.video().locator
        for path in ("/training-set?project=p", "/training-set", "/disabled/p", f"/{FIRST}", f"/appearance/{ANNA}?project=p"):
            refused(api, 403, path, **sent)
        for path in ("/crawler?q=A&project=p", "/crawler?q=A", "/train/p", "/crawler?q=A&project=q&project=p"):
            refused(api, 422 if path.endswith("q&project=p") else 403, path, **sent)
        refused(api, 403, "/track", query_string={"video": locator, "project": "p"}, **sent)
        refused(api, 403, "/disabled/p", "POST", json=[], **sent)
        for route in ("/get_locator", "/get_metadata"):
            refused(api, 422, route, query_string={"video": locator}, **sent)  # as any path elsewhere
            refused(api, 403, route, query_string={"video": "https://films.example/a.mp4"}, **sent)
        assert jobs.find(api.workspace) == []

    def test_pages_elsewhere_start_nothing(self, api: Api) -> None:
        for path in ("/crawler?q=A&project=p", "/train/p", "/track?video=https://films.example/a.mp4&project=p"):
            for sent in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
                refused(api, 403, path, headers=sent)
        assert jobs.find(api.workspace) == []


def test_they_are_not_in_the_description(api: Api) -> None:
    described = api.client.get("/openapi.json").json
    assert described is not None
    assert all(path.startswith("/api/v1/") for path in described["paths"])


def test_no_page_of_jobs_is_scanned(api: Api) -> None:
    """The job of a video is found by its name, however many jobs there are."""
    params = {"video": "x", "video_speedup": 25}
    job = jobs.submit(api.workspace, "analyse", "p", params)
    assert jobs.latest(api.workspace, "analyse", "p", params) == job
    assert jobs.latest(api.workspace, "analyse", "p", params | {"no_cache": True}) is None
    end(api, job, JobStatus.DONE)
    found = jobs.latest(api.workspace, "analyse", "p", params)
    assert found is not None
    assert found.status is JobStatus.DONE
    assert api.workspace.store.select(Job, Query({"project": "p"}), 5).items == (found,)
