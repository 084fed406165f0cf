"""The Python client, against a server that listens."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import src
from src.access import add_token
from src.api import streams
from src.api.serve import open_server
from src.client import Client
from src.errors import ApiError
from src.jobs import get
from src.jobs.events import LOG, tell
from src.records import Project, Role
from tests.api.conftest import Api
from tests.api.test_people import photo
from tests.videos import numbered, write_video

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
def address(api: Api) -> Iterator[str]:
    with open_server(api.app, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with Client(f"{address}/") as opened:
        yield opened


def test_package_gives_out_the_client() -> None:
    assert src.Client is Client  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="Nothing"):
        src.Nothing  # type: ignore[attr-defined]  # noqa: B018


def test_a_netrc_takes_nobodys_place(api: Api, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (api.folder / "netrc").write_text("default login ann password secret\n")
    monkeypatch.setenv("NETRC", str(api.folder / "netrc"))
    token, _ = add_token(api.workspace.store, "ann", Role.VIEWER)
    with Client(address, token) as client:
        assert [item["project"] for item in client.items("/projects")] == ["p"]


def test_lists_are_walked_to_the_end(client: Client, api: Api) -> None:
    api.workspace.store.put(*(Project(f"x{number}", "fake") for number in range(5)))
    assert [item["project"] for item in client.items("/projects", limit=2)] == ["p", "x0", "x1", "x2", "x3", "x4"]


def test_edit_and_a_refusal(client: Client, api: Api) -> None:
    path = f"/videos/{api.video().video_id}"
    assert client.edit(path, title="名前")["title"] == "名前"
    with pytest.raises(ApiError, match="more: Extra") as caught:
        client.edit(path, more=1)
    assert (caught.value.status, caught.value.code) == (422, "invalid")


def test_uploads_in_several_chunks(client: Client, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.client._CHUNK_BYTES", 1000)
    film = write_video(api.folder / "sent.mp4", numbered(30, first=400))
    video = client.upload(film)
    assert client.content(f"/videos/{video['video_id']}/media") == film.read_bytes()
    (api.folder / "photo.png").write_bytes(photo(80))
    assert client.upload(api.folder / "photo.png", project="p", person_id="Ben_Bo")["person_id"] == "Ben_Bo"


def test_jobs_are_waited_for(client: Client) -> None:
    job = client.submit("p", "train")
    client.post(f"/jobs/{job['job_id']}/cancel")
    assert client.wait(job, poll_s=0.01)["status"] == "cancelled"


def test_jobs_are_followed_over_broken_connections(client: Client, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOK_S", 0.01)
    monkeypatch.setattr(streams, "LONGEST_S", 0.05)
    monkeypatch.setattr("src.client._AGAIN_S", 0.01)
    job = client.submit("p", "train")
    seen = []
    for event in client.follow(job["job_id"]):
        seen.append((event["number"], event["message"]))
        if event["number"] < 4:
            tell(api.workspace.store, get(api.workspace, job["job_id"]), LOG, f"line {event['number']} ü")
            time.sleep(0.1)  # the server ends the stream meanwhile
        elif event["number"] == 4:
            client.post(f"/jobs/{job['job_id']}/cancel")
    assert seen == [(1, "queued"), (2, "line 1 ü"), (3, "line 2 ü"), (4, "line 3 ü"), (5, "cancelled")]
    assert [event["number"] for event in client.follow(job["job_id"], after=3)] == [4, 5]
    with pytest.raises(ApiError, match="no job"):
        next(client.follow("none"))


def test_followers_wait_for_a_place(address: str, client: Client, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.client._AGAIN_S", 0.01)
    job = client.submit("p", "train")
    taken = [api.client.get("/api/v1/jobs/stream", buffered=False) for _ in range(8)]
    with Client(address, timeout_s=2.0) as impatient, pytest.raises(ApiError, match="taken"):
        next(impatient.follow(job["job_id"]))
    followed = client.follow(job["job_id"])
    later = threading.Timer(0.2, lambda: [answer.close() for answer in taken])
    later.start()
    assert next(followed)["number"] == 1
    later.join()
    followed.close()  # type: ignore[attr-defined]


def test_a_key_leads_to_the_same_job(client: Client) -> None:
    first = client.submit("p", "train", idempotency_key="a")
    client.post(f"/jobs/{first['job_id']}/cancel")
    assert client.submit("p", "train", idempotency_key="a")["job_id"] == first["job_id"]
    assert client.submit("p", "train", idempotency_key="b")["job_id"] != first["job_id"]
    with pytest.raises(ApiError, match="WEBHOOK_SECRET"):
        client.submit("p", "clean", webhook="https://archive.example/told")


def test_something_is_said_and_taken_back(client: Client, api: Api) -> None:
    track = api.track("Ben Bo")
    name = f"{track.analysis_id}-{track.track_id}"
    said = client.decide("p", "is", track=name, person="Mia Meier", author="eva")
    assert api.appearance("Mia Meier").source == "human"
    assert client.decide("p", "undo", decision_id=said["decision"]["decision_id"])["changed"]
    interval = {"kind": "interval", "video_id": api.video().video_id, "start_npt": 0.0, "end_npt": 1.0}
    assert client.decide("p", "ignore", target=interval)["decision"]["target"]["kind"] == "interval"
    with pytest.raises(ApiError) as caught:
        client.decide("p", "undo", decision_id="none")
    assert caught.value.status in (404, 422)


def test_an_export_is_saved_edited_and_sent_back(client: Client, api: Api) -> None:
    path, file = f"/projects/p/videos/{api.video().video_id}", api.folder / "x.eaf"
    assert client.save(file, f"{path}/export", format="elan") == file
    file.write_text(file.read_text(encoding="utf-8").replace("Ben Bo", "Mia Meier"), encoding="utf-8")
    found = client.send(f"{path}/import", file, dry_run=True)
    assert [one["name"] for one in found["decisions"]] == ["Mia Meier"]
    with pytest.raises(ApiError) as caught:
        client.save(api.folder / "y", f"{path}/export", format="none")
    assert caught.value.code == "not_acceptable"
    assert sorted(one.name for one in api.folder.glob("[xy]*")) == ["x.eaf"]


def test_what_breaks_off_leaves_no_file(client: Client, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Iterator[bytes]:
        yield b"half"
        raise requests.exceptions.ChunkedEncodingError("gone")

    monkeypatch.setattr(requests.Response, "iter_content", broken)
    with pytest.raises(ApiError, match="broke off"):
        client.save(api.folder / "x", "/projects/p/export", format="csv")
    assert not list(api.folder.glob("x*"))


def test_server_that_is_not_there() -> None:
    with Client("http://127.0.0.1:9", timeout_s=5) as client, pytest.raises(ApiError, match="does not answer"):
        client.get("/projects")


def test_lines_of_the_document_run(address: str, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    (part,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    write_video(api.folder / "film.mp4", numbered(50, first=500))
    monkeypatch.chdir(api.folder)
    program = part.replace("from facerec import Client", "from src.client import Client").replace(
        "http://127.0.0.1:5000", address
    )
    names: dict[str, object] = {}
    exec(program + "\nclient.close()", names)
    assert names["job"]["status"] == "queued"  # type: ignore[index]
    assert names["said"]["changed"]  # type: ignore[index]
    assert (api.folder / "people.csv").read_text(encoding="utf-8").startswith("video,")
