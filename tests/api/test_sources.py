"""Addresses of archives over HTTP: told, analysed by jobs, and refused where they lead inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from src import jobs
from src.jobs import Worker
from src.records import Job, JobStatus, Video
from src.settings import AntractSettings, FetchSettings, LimecraftSettings, MemadSettings, Settings, SourcesSettings
from tests.api.conftest import Api
from tests.faults.conftest import ENTRY
from tests.servers.archive import ANTRACT_GRAPH, MEMAD_GRAPH, LocalArchive, local_archive
from tests.servers.searching_child import COMMAND

MEDIA = "http://www.ina.fr/media/AFE86003905"
PROGRAMME = "http://data.memad.eu/fr2/7h30/programme"


@pytest.fixture
def service(api: Api) -> Iterator[LocalArchive]:
    """An archive that the service knows, with the film of the API's archive."""
    with local_archive(ANTRACT_GRAPH + MEMAD_GRAPH) as opened:
        film = (api.folder / "film.mp4").read_bytes()
        for path in ("/Media/AF/AFE86003905.mp4", "/film.mp4"):
            opened.put(path, film, "video/mp4")
        point_at(api, opened)
        yield opened


def point_at(api: Api, archive: LocalArchive, networks: tuple[str, ...] = ("127.0.0.1/32",), **more: Any) -> None:
    """Let the service know the archives of a local server, and the networks that it may call."""
    changes: dict[str, Any] = {
        "fetch": FetchSettings(guarded=True, allow_networks=networks),
        "antract": AntractSettings(endpoint=archive.endpoint, media_base=archive.address),
        "memad": MemadSettings(endpoint=archive.endpoint),
        "limecraft": LimecraftSettings(address=archive.limecraft, user=archive.account[0], password=archive.account[1]),
    }
    settings: Settings = api.workspace.settings.model_copy(update=changes | more)
    api.workspace.settings = settings


def ask(api: Api, path: str, video: str, status: int = 200) -> Any:
    answer = api.client.get(path, query_string={"video": video})
    assert answer.status_code == status, answer.text
    return answer


def test_get_locator_says_where_a_video_of_an_archive_is_played_from(api: Api, service: LocalArchive) -> None:
    assert ask(api, "/get_locator", MEDIA).text == f"{service.address}/Media/AF/AFE86003905.mp4"
    assert ask(api, "/get_locator", PROGRAMME).text == f"{service.address}/film.mp4?signature=s3cret"


def test_get_metadata_says_what_the_archive_does(api: Api, service: LocalArchive) -> None:
    said = ask(api, "/get_metadata", f"{MEDIA}#t=1,2").json

    assert (said["locator"], said["title"], said["date"]) == (
        f"{MEDIA}#t=1,2",
        "Les Actualités françaises du 18 juin 1958",
        "1958-06-18",
    )
    assert [segment["title"] for segment in said["segments"]] == ["Sir Winston Churchill à Paris", 'L\'hommage "éternel"']
    assert said["people"][0]["name"] == "Churchill, Winston"


@pytest.mark.parametrize("path", ["/get_locator", "/get_metadata"])
def test_what_an_archive_does_not_know_or_answer(
    api: Api, service: LocalArchive, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert "is not known to the archive" in ask(api, path, "http://www.ina.fr/media/NONE", 404).json["error"]
    service.fault = "html"
    assert "web page instead of data" in ask(api, path, MEDIA, 502).json["error"]
    caplog.clear()  # an archive that fails is told in the log of the service too
    service.fault = ""
    point_at(api, service, networks=())
    assert "this machine itself" in ask(api, path, MEDIA, 422).json["error"]


@pytest.fixture
def worker(api: Api, monkeypatch: pytest.MonkeyPatch, service: LocalArchive) -> Iterator[Worker]:
    monkeypatch.setitem(__import__("src.engines", fromlist=["ENGINES"]).ENGINES, "fake", ENTRY)
    quick = api.workspace.settings.worker.model_copy(update={"nice": 0, "poll_s": 0.05})
    api.workspace.settings = api.workspace.settings.model_copy(update={"worker": quick})
    started = Worker(api.workspace, command=COMMAND)
    started.start()
    yield started
    started.stop()


def ended(api: Api, job_id: str) -> Job:
    import time

    give_up = time.monotonic() + 120
    while (job := jobs.get(api.workspace, job_id)).status in jobs.LIVE:
        assert time.monotonic() < give_up, job
        time.sleep(0.05)
    return job


def test_a_video_of_an_archive_is_posted_and_shown(api: Api, worker: Worker) -> None:
    posted = api.send("POST", "/projects/p/jobs", 202, json={"kind": "analyse", "params": {"video": MEDIA, "video_speedup": 5}})
    job = ended(api, posted["job_id"])

    assert (job.status, job.error) == (JobStatus.DONE, "")
    shown = api.get(f"/videos/{job.result['video_id']}")
    assert (shown["locator"], shown["title"], shown["date"]) == (
        MEDIA,
        "Les Actualités françaises du 18 juin 1958",
        "1958-06-18",
    )
    assert shown["metadata"]["people"][1]["name"] == "De Gaulle, Charles"
    told = api.client.get("/track", query_string={"video": MEDIA, "project": "p"}).json
    assert told is not None
    assert (told["status"], told["locator"], told["programme"]) == ("COMPLETE", MEDIA, "http://www.ina.fr/notice/summary1")
    assert ask(api, "/get_locator", MEDIA).text.endswith("/Media/AF/AFE86003905.mp4")


def test_a_collection_becomes_a_job_for_each_video(api: Api, worker: Worker, service: LocalArchive) -> None:
    point_at(api, service, sources=SourcesSettings(max_entries=2), worker=api.workspace.settings.worker)
    items = [{"id": f"{service.address}/{n}/manifest.json", "type": "Manifest"} for n in range(5)]
    url = service.put("/manifest.json", {"type": "Collection", "label": "All", "items": items})
    posted = api.send(
        "POST", "/projects/p/jobs", 202, json={"kind": "track", "params": {"video": f"{url}#t=1,2", "video_speedup": 5}}
    )
    job = ended(api, posted["job_id"])

    assert job.result == {"submitted": 2, "left_out": 3, "title": "All"}
    wanted = [{"video": f"{service.address}/{n}/manifest.json#t=1,2", "video_speedup": 5} for n in range(2)]
    found = [one for one in jobs.find(api.workspace) if one.params in wanted]
    assert len(found) == 2
    for one in found:
        assert "404" in ended(api, one.job_id).error
    assert all(not video.locator.endswith("manifest.json") for video in api.workspace.store.find(Video))
