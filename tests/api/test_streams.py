"""Streams of events: nothing lost, nothing told twice, ended with the job and with the server, and never too many."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from src import jobs
from src.access.tokens import add_token
from src.api import create_app, streams
from src.api.ops import lifecycle_of
from src.jobs import Watch, watching
from src.jobs.events import LOG, PROGRESS, tell
from src.jobs.leases import Leases, finish
from src.jobs.queue import change
from src.records import Job, JobStatus, Project, Role
from src.workspace import Workspace
from tests.api.conftest import Api


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for news all the time."""
    monkeypatch.setattr(streams, "LOOK_S", 0.01)


def parsed(text: str) -> list[tuple[str, str, Any]]:
    """Return the name, the id and the data of the events of a stream."""
    found = []
    for part in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.split("\n") if ": " in line[1:])
        if "data" in fields:
            found.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
    return found


class Opened:
    """A stream that is read an event at a time."""

    def __init__(self, api: Api, path: str, **headers: str) -> None:
        self._answer = api.client.get(f"/api/v1{path}", headers=headers, buffered=False)
        assert (self._answer.status_code, self._answer.mimetype) == (200, "text/event-stream")
        self._parts = iter(self._answer.response)

    def next(self) -> tuple[str, str, Any]:
        """Return the next event."""
        return next(self.events())

    def events(self) -> Iterator[tuple[str, str, Any]]:
        """Yield all events until the stream ends."""
        for part in self._parts:
            yield from parsed(part.decode() if isinstance(part, bytes) else part)

    def close(self) -> None:
        """Go away."""
        self._answer.close()


def running(workspace: Workspace, kind: str = "train", project: str = "p") -> Job:
    """Submit a job, and return it as a worker claimed it."""
    jobs.submit(workspace, kind, project)
    claimed = Leases(workspace.store, "w", 30.0, 3).claim()
    assert claimed is not None
    return claimed


class TestOfAJob:
    def test_tells_all_then_what_comes_then_the_end(self, api: Api) -> None:
        job = running(api.workspace)
        stream = Opened(api, f"/jobs/{job.job_id}/stream")
        assert [stream.next()[2]["message"] for _ in range(2)] == ["queued", "begins, attempt 1"]
        tell(api.workspace.store, job, LOG, "one line\nand another: ü \u2028")
        name, mark, data = stream.next()
        assert (name, mark, data["number"]) == ("log", "3", 3)
        assert data == api.get(f"/jobs/{job.job_id}/events?after=2")["items"][0]
        tell(api.workspace.store, replace(job, progress=0.5), PROGRESS, "half")
        assert stream.next()[2]["progress"] == 0.5
        finish(api.workspace.store, job, {"n": 1})
        assert stream.next()[2]["status"] == "done"
        assert list(stream.events()) == [("end", "5.end", api.get(f"/jobs/{job.job_id}"))]

    @pytest.mark.parametrize("cut", range(7))
    def test_goes_on_after_any_event_without_loss_or_repetition(self, api: Api, cut: int) -> None:
        job = running(api.workspace)
        for number in range(3):
            tell(api.workspace.store, job, LOG, f"line {number}")
        finish(api.workspace.store, job, {})
        path = f"/jobs/{job.job_id}/stream"
        whole = parsed(api.client.get(f"/api/v1{path}").text)
        assert [mark for _, mark, _ in whole] == ["1", "2", "3", "4", "5", "6", "6.end"]
        known = whole[:cut]
        rest = api.client.get(f"/api/v1{path}", headers={"Last-Event-ID": known[-1][1]} if known else {})
        assert known + parsed(rest.text) == whole

    def test_who_knows_the_end_is_told_to_stop_until_it_is_begun_anew(self, api: Api) -> None:
        job = running(api.workspace)
        finish(api.workspace.store, job, {}, "no", "x")
        path, known = f"/api/v1/jobs/{job.job_id}/stream", {"Last-Event-ID": "3.end"}
        assert api.client.get(path, headers=known).status_code == 204
        api.send("POST", f"/jobs/{job.job_id}/retry", 202)
        stream = Opened(api, f"/jobs/{job.job_id}/stream", **known)
        assert stream.next()[2]["message"] == "once more"
        stream.close()

    def test_a_job_that_is_begun_anew_before_the_end_was_told(self, api: Api) -> None:
        job = running(api.workspace)
        stream = Opened(api, f"/jobs/{job.job_id}/stream?after=2")
        finish(api.workspace.store, job, {}, "no", "x")
        api.send("POST", f"/jobs/{job.job_id}/retry", 202)
        jobs.cancel(api.workspace, job.job_id)
        assert [(name, data["status"]) for name, _, data in stream.events()] == [
            ("status", "failed"),
            ("status", "queued"),
            ("status", "cancelled"),
            ("end", "cancelled"),
        ]

    def test_an_end_that_nobody_wrote_down(self, api: Api) -> None:
        job = running(api.workspace)
        change(api.workspace.store, job.job_id, lambda found: replace(found, status=JobStatus.DONE))
        names = [name for name, _, _ in parsed(api.client.get(f"/api/v1/jobs/{job.job_id}/stream").text)]
        assert names == ["status", "status", "status", "end"]

    def test_ends_where_the_job_is_erased(self, api: Api) -> None:
        job = running(api.workspace)
        stream = Opened(api, f"/jobs/{job.job_id}/stream?after=2")
        api.workspace.store.delete(Job, job_id=job.job_id)
        assert list(stream.events()) == []

    def test_refused_as_the_job_itself(self, api: Api) -> None:
        api.refused("GET", "/jobs/none/stream", 404, "not_found")
        job = running(api.workspace)
        for odd in ("x", "-1", "1.end.end", "1 ", "\u0661", "9" * 16):
            api.refused("GET", f"/jobs/{job.job_id}/stream", 422, "invalid", headers={"Last-Event-ID": odd})
        api.refused("GET", f"/jobs/{job.job_id}/stream?after=-1", 422, "invalid")
        api.refused("GET", f"/jobs/{job.job_id}/stream?since=1", 422, "invalid")

    def test_a_token_of_another_project_sees_no_job(self, api: Api) -> None:
        job = running(api.workspace)
        api.workspace.store.put(Project("q", "fake"))
        theirs, _ = add_token(api.workspace.store, "theirs", Role.ADMIN, "q")
        ours, _ = add_token(api.workspace.store, "ours", Role.VIEWER, "p")
        path = f"/jobs/{job.job_id}/stream"
        api.refused("GET", path, 401, "unauthorized")
        api.refused("GET", path, 404, "not_found", headers={"Authorization": f"Bearer {theirs}"})
        api.refused("GET", "/jobs/stream?project=p", 403, "forbidden", headers={"Authorization": f"Bearer {theirs}"})
        stream = Opened(api, path, Authorization=f"Bearer {ours}")
        assert stream.next()[2]["number"] == 1
        stream.close()
        everything = Opened(api, "/jobs/stream", Authorization=f"Bearer {theirs}")
        assert everything.next() == ("jobs", "", {"items": []})
        change(api.workspace.store, job.job_id, lambda found: replace(found, progress=0.5))
        seen = running(api.workspace, project="q")
        assert everything.next()[2]["job_id"] == seen.job_id
        everything.close()


class TestOfAllJobs:
    def test_first_the_live_ones_then_each_change(self, api: Api) -> None:
        first = running(api.workspace)
        done = jobs.submit(api.workspace, "clean", "p")
        jobs.cancel(api.workspace, done.job_id)
        stream, other = Opened(api, "/jobs/stream?project=p"), Opened(api, "/jobs/stream?project=q")
        assert stream.next() == ("jobs", "", {"items": [api.get(f"/jobs/{first.job_id}")]})
        assert other.next() == ("jobs", "", {"items": []})
        change(api.workspace.store, first.job_id, lambda job: replace(job, progress=0.25, message="a quarter"))
        name, _, data = stream.next()
        assert (name, data["job_id"], data["progress"], data["message"]) == ("job", first.job_id, 0.25, "a quarter")
        finish(api.workspace.store, first, {})
        assert stream.next()[2]["status"] == "done"
        elsewhere = jobs.submit(api.workspace, "train", "q")
        new = jobs.submit(api.workspace, "align", "p")
        assert stream.next()[2]["job_id"] == new.job_id
        assert other.next()[2]["job_id"] == elsewhere.job_id
        stream.close()
        other.close()


class TestWatch:
    def test_what_begins_and_ends_between_two_looks_is_told(self, workspace: Workspace) -> None:
        watch = Watch(workspace.store)
        assert watch.begin() == []
        job = jobs.cancel(workspace, jobs.submit(workspace, "train", "p").job_id)
        assert watch.changes() == [job]
        assert watch.changes() == []

    def test_old_jobs_are_no_news_however_many_end_or_are_erased(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watching, "NEWEST", 3)
        made = [jobs.submit(workspace, "train", f"p{number}") for number in range(8)]
        for job in made[:7]:
            jobs.cancel(workspace, job.job_id)
        watch = Watch(workspace.store)
        assert watch.begin() == [made[7]]
        for job in made[4:7]:
            workspace.store.delete(Job, job_id=job.job_id)
        assert watch.changes() == []
        ended = jobs.cancel(workspace, made[7].job_id)
        assert watch.changes() == [ended]
        newer = [jobs.submit(workspace, "align", f"p{number}") for number in range(5)]
        assert watch.changes() == newer
        workspace.store.delete(Job, job_id=newer[0].job_id)
        ends = [jobs.cancel(workspace, job.job_id) for job in newer[1:]]
        assert watch.changes() == ends
        assert watch.changes() == []
        assert jobs.retry(workspace, ends[0].job_id) == watch.changes()[0]


class TestLimits:
    def test_never_more_than_others_can_spare(self, api: Api) -> None:
        path = f"/jobs/{running(api.workspace).job_id}/stream"
        opened = [Opened(api, path) for _ in range(8)]
        said = api.refused("GET", path, 503, "too_many_streams")
        assert "Ask again" in said["detail"]
        assert api.client.get(f"/api/v1{path}").headers["Retry-After"] == "2"
        assert api.get("/jobs")["items"]
        opened.pop().close()
        opened.append(Opened(api, path))
        opened[0].close()
        opened[0].close()  # gives back one place, not two
        opened[0] = Opened(api, "/jobs/stream")
        api.refused("GET", "/jobs/stream", 503, "too_many_streams")
        for stream in opened:
            stream.close()

    @pytest.mark.parametrize(("threads", "wanted", "n"), [(16, 8, 8), (16, 3, 3), (6, 8, 3), (1, 8, 0)])
    def test_half_of_the_threads_stay_free(self, workspace: Workspace, threads: int, wanted: int, n: int) -> None:
        server = workspace.settings.server.model_copy(update={"threads": threads, "streams": wanted})
        workspace.settings = workspace.settings.model_copy(update={"server": server})
        client = create_app(workspace).test_client()
        opened = [client.get("/api/v1/jobs/stream", buffered=False) for _ in range(n)]
        assert {answer.status_code for answer in opened} <= {200}
        assert client.get("/api/v1/jobs/stream").status_code == 503
        for answer in opened:
            answer.close()

    def test_head_and_streams_that_nobody_reads_give_their_places_back(self, api: Api) -> None:
        path = f"/api/v1/jobs/{running(api.workspace).job_id}/stream"
        for _ in range(20):
            assert api.client.head(path).status_code == 200
            api.client.get(path, buffered=False).close()

    def test_silence_is_broken_by_comments(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(streams, "HEARTBEAT_S", 0.0)
        job = running(api.workspace)
        answer = api.client.get(f"/api/v1/jobs/{job.job_id}/stream?after=2", buffered=False)
        parts = iter(answer.response)
        assert [next(parts) for _ in range(3)] == [b"retry: 2000\n\n", b": still here\n\n", b": still here\n\n"]
        answer.close()

    def test_none_lasts_for_ever(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(streams, "LONGEST_S", 0.0)
        job = running(api.workspace)
        assert len(parsed(api.client.get(f"/api/v1/jobs/{job.job_id}/stream").text)) == 2

    def test_all_end_when_the_server_is_stopped(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        # Were the wait not for the end of the server, this would take an hour.
        monkeypatch.setattr(streams, "LOOK_S", 3600.0)
        job = running(api.workspace)
        found = [Opened(api, f"/jobs/{job.job_id}/stream"), Opened(api, "/jobs/stream")]
        first = [stream.next() for stream in found]
        assert [name for name, _, _ in first] == ["status", "jobs"]
        readers = [threading.Thread(target=lambda stream=stream: list(stream.events())) for stream in found]  # type: ignore[misc]
        for reader in readers:
            reader.start()
        lifecycle_of(api.app).stopping.set()
        for reader in readers:
            reader.join(60)
            assert not reader.is_alive()

    def test_a_store_that_fails_ends_the_stream(self, api: Api, caplog: pytest.LogCaptureFixture) -> None:
        stream = Opened(api, f"/jobs/{running(api.workspace).job_id}/stream?after=2")
        api.workspace.store.close()
        assert list(stream.events()) == []
        assert "A stream ends" in caplog.text
