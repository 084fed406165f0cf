"""`python server.py --production` as a process, by gunicorn and by waitress: health, metrics, logs, TLS, and its end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest

from src.api.ops.listening import listen
from src.errors import ConfigError
from src.jobs import get, submit
from src.jobs.events import LOG, tell
from src.records import JobStatus, Project
from src.settings import DatabaseSettings, Settings
from src.storage import open_store
from src.workspace import open_workspace
from tests.conftest import forget_settings
from tests.servers.service import PATIENCE_S, Reply, Service, running

JSON_LOG = {"FACEREC_LOG__FORMAT": "json"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a store that knows two projects."""
    with open_store(f"sqlite:///{tmp_path / 'facerec.db'}") as store:
        store.put(Project("a", "sface"), Project("b", "sface"))
    return tmp_path


@pytest.fixture(params=["gunicorn", "waitress"])
def program(request: pytest.FixtureRequest) -> str:
    """Each server in turn."""
    return str(request.param)


@pytest.fixture
def service(folder: Path, program: str) -> Iterator[Service]:
    with running(folder, program=program, environment=JSON_LOG) as started:
        yield started


@pytest.fixture(scope="module", params=["gunicorn", "waitress"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service for all tests that only ask it something: starting one takes seconds."""
    folder = tmp_path_factory.mktemp("shared")
    with open_store(f"sqlite:///{folder / 'facerec.db'}") as store:
        store.put(Project("a", "sface"), Project("b", "sface"))
    with pytest.MonkeyPatch.context() as patch:
        forget_settings(patch)
        with running(folder, program=request.param, environment=JSON_LOG) as started:
            yield started


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, str]:
    """The variables that name a certificate for 127.0.0.1 that signs itself, and its key."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return {"FACEREC_SERVER__TLS_CERTIFICATE": str(certificate), "FACEREC_SERVER__TLS_KEY": str(key)}


def requests_of(service: Service) -> list[dict[str, object]]:
    return [event for event in service.events if "route" in event]


def samples(reply: Reply) -> dict[str, float]:
    """Return the measurements of an answer of /metrics by their name with its labels."""
    lines = [line for line in reply.body.decode().splitlines() if line and not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def slowly(folder: Path, program: str, **environment: str) -> AbstractContextManager[Service]:
    """Start the service with a request that waits for the file `go on`."""
    command = ("-m", "tests.servers.slow_service")
    return running(folder, program=program, environment=JSON_LOG | environment, command=command)


def until(true: Callable[[], bool]) -> None:
    """Wait until something has happened."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def connects(address: str) -> bool:
    host, _, port = address.removeprefix("http://").rpartition(":")
    with socket.socket() as line:
        return line.connect_ex((host, int(port))) == 0


def streaming(service: Service, path: str) -> Any:
    """Open a stream of the API."""
    return urllib.request.urlopen(f"{service.address}/api/v1{path}", timeout=PATIENCE_S)


def event_of(stream: Any) -> Any:
    """Return the data of the next event of a stream, which stays open."""
    while True:
        line = stream.readline()
        assert line, "the stream ended"
        if line.startswith(b"data: "):
            return json.loads(line[6:])


def rest_of(stream: Any, *, ends: bool) -> bytes:
    """Return what is left of a stream; the server for one person may break it off without a proper end."""
    try:
        return bytes(stream.read())
    except http.client.IncompleteRead as err:
        assert not ends
        return err.partial


def children_of(process: int) -> list[int]:
    """Return the processes that another one started."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def sockets_of(process: int) -> set[str]:
    """Return the inodes of the sockets that a process holds."""
    found = set()
    for link in Path(f"/proc/{process}/fd").iterdir():
        with suppress(OSError):
            found.add(os.readlink(link))
    return {name[len("socket:[") : -1] for name in found if name.startswith("socket:[")}


def in_state(state: str, port: int) -> set[str]:
    """Return the inodes of the sockets of a port here in a state, as the table of the kernel writes it."""
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == state}


def connected(port: int) -> set[str]:
    return in_state("01", port)


def listening_of(service: Service) -> dict[int, set[str]]:
    """Return the sockets at which each process of a service listens."""
    listening = in_state("0A", int(service.address.rpartition(":")[2]))
    return {child: sockets_of(child) & listening for child in children_of(service.process.pid)}


class TestAnswers:
    def test_health_readiness_and_what_the_store_knows(self, shared: Service) -> None:
        assert shared.get("/healthz").json["status"] == "ok"
        ready = shared.get("/readyz")
        assert (ready.status, ready.json["status"]) == (200, "ready")
        assert {"store", "disk", "process"} <= set(ready.json["checks"])
        assert shared.get("/projects").json == ["a", "b"]

    def test_counts_of_all_processes_are_one(self, service: Service) -> None:
        for _ in range(12):
            service.get("/projects")
        service.get("/no/such/route/1")
        service.get("/no/such/route/2")
        asked = 'facerec_http_requests_total{method="GET",route="/projects",status="200"}'
        nowhere = 'facerec_http_requests_total{method="GET",route="(none)",status="404"}'

        def are_counted() -> bool:
            counts = samples(service.get("/metrics"))
            return (counts.get(asked), counts.get(nowhere)) == (12, 2)

        until(are_counted)  # an answer may be with the client before it is counted
        found = samples(service.get("/metrics"))
        assert found['facerec_http_request_duration_seconds_count{method="GET",route="/projects"}'] == 12
        assert found['facerec_http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/projects"}'] == 12
        assert (found["facerec_projects"], found["facerec_store_up"]) == (2, 1)
        assert found["facerec_store_bytes"] > 4096
        assert found['facerec_analyses{status="RUNNING"}'] == 0

    def test_metrics_are_for_this_machine_only(self, shared: Service) -> None:
        assert shared.get("/metrics").status == 200
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            refused = shared.get("/metrics", {header: "10.0.0.9"})
            assert (refused.status, refused.json["code"]) == (403, "forbidden")
            assert b"facerec_projects" not in refused.body

    def test_wrong_route_is_no_page_of_the_server(self, shared: Service) -> None:
        assert shared.get("/nothing").status == 404
        assert "json" in shared.get("/nothing").headers["Content-Type"]

    def test_an_address_as_long_as_we_take_reaches_us(self, shared: Service) -> None:
        refused = shared.get(f"/api/v1/projects?cursor={'a' * 8000}")
        assert (refused.status, refused.json["code"]) == (422, "invalid")

    def test_a_body_far_too_large_is_not_taken_in(self, shared: Service) -> None:
        where = urllib.parse.urlsplit(shared.address)
        with socket.create_connection((where.hostname, where.port), timeout=PATIENCE_S) as line:
            head = f"POST /api/v1/projects HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
            line.sendall(f"{head}Content-Length: 900000000\r\n\r\n".encode())
            assert line.recv(100).startswith(b"HTTP/1.1 413")

    def test_one_date(self, shared: Service) -> None:
        assert len(shared.get("/api/v1/projects").headers.get_all("Date", [])) == 1


class TestJobs:
    def test_are_done_beside_by_one_process(self, service: Service, folder: Path) -> None:
        settings = Settings(data_dir=folder, database=DatabaseSettings(uri=f"sqlite:///{folder / 'facerec.db'}"))
        with open_workspace(settings) as workspace:
            # It cannot be done, for there are no pictures: what it says comes from the worker.
            job = submit(workspace, "train", "a", {})
            until(lambda: get(workspace, job.job_id).status is JobStatus.FAILED)
            assert get(workspace, job.job_id).error
        assert 'facerec_jobs{kind="train",status="failed"} 1.0' in service.get("/metrics").body.decode()
        assert service.stop() == 0

    def test_are_left_alone_where_workers_run_apart(self, folder: Path, program: str) -> None:
        with running(folder, program=program, environment={"FACEREC_SERVER__WORKER": "false"}) as service:
            assert "worker" in service.get("/readyz").json["checks"]
            assert service.stop() == 0
        assert not (folder / ".locks").exists()


class TestStreams:
    @pytest.mark.parametrize("server", ["gunicorn", "waitress", None])
    def test_tell_at_once_leave_room_for_others_and_end_with_the_server(self, folder: Path, server: str | None) -> None:
        # One process with four threads: two streams at a time, where there are places at all.
        small = {"FACEREC_SERVER__PROCESSES": "1", "FACEREC_SERVER__THREADS": "4", "FACEREC_SERVER__WORKER": "false"}
        settings = Settings(data_dir=folder, database=DatabaseSettings(uri=f"sqlite:///{folder / 'facerec.db'}"))
        with (
            open_workspace(settings) as workspace,
            running(folder, program=server, environment=JSON_LOG | small) as service,
        ):
            job = submit(workspace, "train", "a", {})
            with streaming(service, f"/jobs/{job.job_id}/stream") as one, streaming(service, "/jobs/stream") as all_jobs:
                assert event_of(one)["message"] == "queued"
                assert [item["job_id"] for item in event_of(all_jobs)["items"]] == [job.job_id]
                tell(workspace.store, job, LOG, "a line")
                assert event_of(one)["message"] == "a line"
                refused = service.get(f"/api/v1/jobs/{job.job_id}/stream")
                assert (refused.status, refused.json["code"]) == (503, "too_many_streams")
                assert service.get("/projects").json == ["a", "b"]
                service.process.send_signal(signal.SIGTERM)
                for stream in (one, all_jobs):
                    assert b"event" not in rest_of(stream, ends=server is not None)
            assert service.process.wait(PATIENCE_S) == 0
        assert not any("Traceback" in line for line in service.lines)

    def test_places_of_readers_who_left_are_free_again(self, folder: Path, program: str) -> None:
        small = {"FACEREC_SERVER__PROCESSES": "1", "FACEREC_SERVER__THREADS": "2", "FACEREC_SERVER__WORKER": "false"}
        settings = Settings(data_dir=folder, database=DatabaseSettings(uri=f"sqlite:///{folder / 'facerec.db'}"))
        with open_workspace(settings) as workspace, running(folder, program=program, environment=small) as service:
            job = submit(workspace, "train", "a", {})
            with streaming(service, f"/jobs/{job.job_id}/stream") as one:
                event_of(one)

            def is_free() -> bool:
                tell(workspace.store, job, LOG, "something to send")  # the server hears of the end when it sends
                try:
                    with streaming(service, "/jobs/stream") as other:
                        return bool(event_of(other))
                except urllib.error.HTTPError as err:
                    err.close()
                    return False

            until(is_free)
            assert service.stop() == 0


class TestRequestIds:
    def test_are_taken_over_made_and_logged(self, service: Service) -> None:
        assert service.get("/projects", {"X-Request-ID": "abc.DEF-1_2"}).headers["X-Request-ID"] == "abc.DEF-1_2"
        made = service.get("/projects?token=s3cret").headers["X-Request-ID"]
        assert len(made) == 32
        assert service.stop() == 0
        logged = requests_of(service)
        assert [event["request_id"] for event in logged] == ["abc.DEF-1_2", made]
        # The second one is refused: a token must not stand in an address.
        assert [event["status"] for event in logged] == [200, 400]
        assert {(event["route"], event["path"], event["client"]) for event in logged} == {
            ("/projects", "/projects", "127.0.0.1")
        }
        assert all(isinstance(event["duration_ms"], float) for event in logged), logged
        assert logged[0]["bytes"] == 10
        assert "s3cret" not in "\n".join(service.lines)

    def test_that_are_not_well_formed_are_replaced(self, shared: Service) -> None:
        for given in ("a b", "x" * 129, "a\tb", "ü", "<script>", "a;b", '{"a":1}'):
            found = shared.get("/healthz", {"X-Request-ID": given.encode().decode("latin-1")}).headers["X-Request-ID"]
            assert found != given
            assert found.isalnum()

    def test_evil_path_forges_no_line(self, service: Service) -> None:
        service.get("/x%0a%7b%22level%22%3a%22forged%22%7d%0d%1b%5b31m%e2%80%a8")
        assert service.stop() == 0
        logged = requests_of(service)
        assert len(logged) == 1
        assert "forged" in str(logged[0]["path"])
        assert str(logged[0]["path"]).isprintable()
        assert all(event["level"] != "forged" for event in service.events)


class TestTheEnd:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_is_in_order_and_leaves_nothing(self, folder: Path, program: str, tmp_path: Path, number: int) -> None:
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        with running(folder, program=program, environment=JSON_LOG | {"TMPDIR": str(temporary)}) as service:
            assert service.get("/projects").status == 200
            assert service.stop(number) == 0
        assert list(temporary.iterdir()) == []
        assert {file.name for file in folder.iterdir()} - {".locks"} == {"facerec.db", "temporary"}
        assert not any("Traceback" in line for line in service.lines)
        assert not any(event["level"] == "error" for event in service.events)

    def test_waits_for_the_request_under_way_and_takes_no_new_one(self, folder: Path, program: str) -> None:
        with slowly(folder, program, FACEREC_SERVER__STOP_S="3600") as service, ThreadPoolExecutor() as pool:
            reply = pool.submit(service.get, "/slow")
            until((folder / "begun").exists)
            service.process.send_signal(signal.SIGTERM)
            until(lambda: not connects(service.address))
            until(lambda: not list(folder.glob("beside *")))  # what runs beside is ended meanwhile
            assert service.process.poll() is None
            (folder / "go on").touch()
            assert (reply.result(PATIENCE_S).status, reply.result().body) == (200, b"done")
            assert service.process.wait(PATIENCE_S) == 0

    def test_does_not_wait_for_ever(self, folder: Path, program: str) -> None:
        with slowly(folder, program, FACEREC_SERVER__STOP_S="1") as service, ThreadPoolExecutor() as pool:
            reply = pool.submit(service.get, "/slow")
            until((folder / "begun").exists)
            service.process.send_signal(signal.SIGTERM)
            until(lambda: not list(folder.glob("beside *")))
            with pytest.raises(OSError):
                reply.result(PATIENCE_S)
            (folder / "go on").touch()  # a thread of waitress cannot be ended from outside
            assert service.process.wait(PATIENCE_S) == 0

    def test_streams_hear_of_it(self, folder: Path, program: str) -> None:
        with slowly(folder, program) as service:
            with urllib.request.urlopen(service.address + "/events", timeout=PATIENCE_S) as stream:
                assert stream.readline() == b"first\n"
                service.process.send_signal(signal.SIGTERM)
                assert stream.read() == b"last\n"
            assert service.process.wait(PATIENCE_S) == 0

    def test_what_runs_beside_is_begun_in_each_process_and_ended(self, folder: Path) -> None:
        with slowly(folder, "gunicorn", FACEREC_SERVER__PROCESSES="3") as service:
            until(lambda: len(list(folder.glob("beside *"))) == 3)
            assert service.stop(signal.SIGINT) == 0
        assert list(folder.glob("beside *")) == []

    @pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed in /proc")
    def test_of_one_process_is_made_good(self, folder: Path) -> None:
        with running(folder, program="gunicorn", environment=JSON_LOG | {"FACEREC_SERVER__PROCESSES": "1"}) as service:
            until(lambda: len(children_of(service.process.pid)) == 1)
            (child,) = children_of(service.process.pid)
            os.kill(child, signal.SIGKILL)
            until(lambda: children_of(service.process.pid) not in ([], [child]))
            assert service.get("/projects").json == ["a", "b"]
            assert service.stop() == 0


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="sockets are listed in /proc")
class TestSharing:
    def test_each_process_listens_by_itself_and_one_that_died_is_replaced_there(self, folder: Path) -> None:
        with running(folder, program="gunicorn", environment=JSON_LOG) as service:
            until(lambda: [len(found) for found in listening_of(service).values()] == [1, 1])
            before = listening_of(service)
            assert len(set.union(*before.values())) == 2
            died = next(iter(before))
            os.kill(died, signal.SIGKILL)
            until(lambda: died not in children_of(service.process.pid) and len(children_of(service.process.pid)) == 2)
            until(lambda: sorted(map(sorted, listening_of(service).values())) == sorted(map(sorted, before.values())))

    def test_many_connections_reach_every_process(self, folder: Path) -> None:
        with running(folder, program="gunicorn", environment=JSON_LOG) as service:
            host, _, port = service.address.removeprefix("http://").rpartition(":")
            lines = [socket.create_connection((host, int(port))) for _ in range(64)]
            try:
                for line in lines:
                    line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                assert all(line.recv(12) == b"HTTP/1.1 200" for line in lines)
                mine = [len(sockets_of(child) & connected(int(port))) for child in children_of(service.process.pid)]
                # Of 64 at random, fewer than ten at one of two come about once in a thousand million times.
                assert sum(mine) == 64
                assert min(mine) >= 10
            finally:
                for line in lines:
                    line.close()

    def test_an_address_in_use_stays_refused(self, folder: Path) -> None:
        with running(folder, program="gunicorn", environment=JSON_LOG) as service:
            host, _, port = service.address.removeprefix("http://").rpartition(":")
            with pytest.raises(ConfigError, match="Nothing can listen"):
                listen(host, int(port))


class TestTls:
    def test_answers_https_and_only_that(self, folder: Path, certificate: dict[str, str]) -> None:
        context = ssl.create_default_context(cafile=certificate["FACEREC_SERVER__TLS_CERTIFICATE"])
        for program in ("gunicorn", None):
            with running(folder, program=program, environment=certificate, context=context) as service:
                assert service.address.startswith("https://127.0.0.1:")
                assert service.get("/projects").json == ["a", "b"]
                assert service.stop() == 0

    def test_waitress_says_that_it_cannot(self, folder: Path, certificate: dict[str, str]) -> None:
        with (
            pytest.raises(AssertionError, match="waitress cannot answer https"),
            running(folder, program="waitress", environment=certificate),
        ):
            pass
