"""`/crawler`: photos of somebody are searched for."""

from __future__ import annotations

from dataclasses import replace

from src import jobs
from src.records import (
    Job,
    JobStatus,
)
from tests.api.conftest import Api
from tests.servers.photos import encode
from tests.servers.web import LocalWeb
from tests.stages.conftest import draw_photo

from .asking import get, refused


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
