"""Health, readiness, metrics and what runs beside the requests, in one process."""

from __future__ import annotations

import gc
import logging
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from pydantic import SecretStr

from src.api import create_app
from src.api.ops import lifecycle_of
from src.api.ops.health import Probe, disk_check, failing
from src.api.ops.lifecycle import Lifecycle, settle_memory
from src.api.ops.listening import address_of, certificate_of, listen
from src.api.ops.production import choose
from src.api.ops.workers import waiting_in_vain
from src.errors import ConfigError
from src.logs import REQUEST_ID, USER
from src.records import Analysis, Job, JobStatus, Status
from src.settings import ServerSettings, Settings
from src.workspace import Workspace, open_workspace


@pytest.fixture
def app(workspace: Workspace) -> Flask:
    return create_app(workspace)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def measured(client: FlaskClient, **headers: str) -> str:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return answer.text


class TestReady:
    def test_says_what_was_looked_at(self, client: FlaskClient) -> None:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json) == (
            200,
            {"status": "ready", "checks": {"store": "ok", "disk": "ok", "process": "ok", "worker": "ok"}},
        )

    def test_closed_store_is_not_ready_but_alive(
        self, client: FlaskClient, workspace: Workspace, caplog: pytest.LogCaptureFixture
    ) -> None:
        workspace.store.close()
        answer = client.get("/readyz")
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
        assert answer.json is not None
        assert (answer.json["code"], answer.json["status"]) == ("not_ready", 503)
        assert answer.json["checks"] == {
            "store": "does not answer; the log says why",
            "disk": "ok",
            "process": "ok",
            "worker": "ok",
        }
        assert answer.json["detail"].startswith("store: ")
        # Anybody may ask: where the store lies is for the log alone.
        assert "facerec.db" not in answer.text
        assert "facerec.db" in caplog.text
        assert client.get("/healthz").status_code == 200

    def test_full_disk_is_not_ready(self, client: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        class Usage(NamedTuple):
            total: int
            used: int
            free: int

        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**12, 10**12, 499_999_999))
        answer = client.get("/readyz")
        assert answer.json is not None
        assert answer.json["checks"]["disk"] == "499 MB free where 500 are wanted"
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**12, 10**12, 500_000_000))
        assert client.get("/readyz").status_code == 200

    def test_further_checks_and_one_that_fails_itself(
        self, app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        checks = lifecycle_of(app).checks
        checks["workers"] = lambda: "none is alive"
        checks["broken"] = lambda: str(1 / 0)
        answer = client.get("/readyz")
        assert answer.json is not None
        assert answer.json["detail"] == "workers: none is alive; broken: could not be checked; the log says why"
        caplog.clear()

    def test_a_process_that_ends_is_not_ready(self, app: Flask, client: FlaskClient) -> None:
        lifecycle_of(app).stop()
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200

    def test_disk_of_a_folder_that_is_not_there_yet(self, tmp_path: Path) -> None:
        assert failing({"disk": disk_check(tmp_path / "a" / "b", 0)}) == {}
        assert failing({"disk": disk_check(tmp_path / "a" / "b", 10**12)}).keys() == {"disk"}

    def test_check_that_hangs_is_begun_once(self) -> None:
        begun, go_on = [], threading.Event()

        def check() -> str:
            begun.append(1)
            go_on.wait()
            return "late"

        probe = Probe(check, 0.01)
        assert [probe(), probe()] == ["does not answer within 0.01 s"] * 2
        assert begun == [1]
        go_on.set()


class TestWorkersApart:
    @pytest.fixture
    def apart(self, settings: Settings) -> Iterator[Workspace]:
        server = settings.server.model_copy(update={"worker": False})
        with open_workspace(settings.model_copy(update={"server": server})) as workspace:
            yield workspace

    def test_jobs_that_nobody_takes_up_are_told(self, apart: Workspace) -> None:
        client = create_app(apart).test_client()
        apart.store.put(Job("j1", "identify", "p", {}, created_at="2026-01-01T00:00:00+00:00"))
        answer = client.get("/readyz")
        assert answer.json is not None
        assert (answer.status_code, answer.json["checks"]["worker"]) == (503, "jobs wait and no worker takes them up")

    @pytest.mark.parametrize(
        ("jobs", "well"),
        [
            ([], True),
            ([{"created_at": "1970-01-01T00:01:00+00:00"}], False),
            ([{"created_at": "1970-01-01T00:01:01+00:00"}], True),
            ([{"not_before": 61.0}], True),
            ([{"not_before": 500.0}], True),
            ([{}, {"status": JobStatus.RUNNING, "lease_until": 121.0}], True),
            ([{}, {"status": JobStatus.RUNNING, "lease_until": 119.0}], False),
            ([{"status": JobStatus.FAILED}], True),
        ],
    )
    def test_by_hand_two_minutes_after_1970(self, apart: Workspace, jobs: list[dict[str, Any]], well: bool) -> None:
        early = {"created_at": "1970-01-01T00:00:00+00:00"}
        apart.store.put(*(Job(f"j{number}", "train", "p", {}, **early | job) for number, job in enumerate(jobs)))
        assert (waiting_in_vain(apart, 120.0) == "") is well


class TestMetrics:
    def test_tell_jobs_by_status_and_kind(self, client: FlaskClient, workspace: Workspace) -> None:
        workspace.store.put(*(Job(f"j{number}", "train", "p", {}) for number in range(3)))
        text = measured(client)
        assert 'facerec_jobs{kind="train",status="queued"} 3.0' in text
        assert 'facerec_jobs{kind="train",status="failed"} 0.0' in text

    def test_tell_analyses_frames_and_versions(self, client: FlaskClient, workspace: Workspace) -> None:
        for number, status in enumerate((Status.COMPLETE, Status.RUNNING, Status.RUNNING)):
            counts = {"n_frames": 100 * number, "n_samples": number}
            workspace.store.put(Analysis(f"a{number}", "v", "sface", {}, {}, status=status, counts=counts))
        text = measured(client)
        for line in (
            'facerec_analyses{status="RUNNING"} 2.0',
            'facerec_analyses{status="ERROR"} 0.0',
            "facerec_frames_total 300.0",
            "facerec_samples_total 3.0",
            "facerec_store_up 1.0",
        ):
            assert line in text.splitlines()

    def test_count_by_route_not_by_address(self, app: Flask, client: FlaskClient) -> None:
        app.add_url_rule("/things/<thing>", view_func=lambda thing: thing)
        for number in range(3):
            client.get(f"/things/{number}").close()
        client.open("/things/1", method="BREW").close()
        text = measured(client)
        assert 'facerec_http_requests_total{method="GET",route="/things/<thing>",status="200"} 3.0' in text
        assert 'facerec_http_requests_total{method="OTHER",route="(none)",status="405"} 1.0' in text
        assert "/things/1" not in text

    def test_say_that_the_store_is_down(self, client: FlaskClient, workspace: Workspace) -> None:
        workspace.store.close()
        text = measured(client)
        assert "facerec_store_up 0.0" in text
        assert "facerec_projects" not in text

    def test_two_applications_do_not_disturb_each_other(self, workspace: Workspace) -> None:
        one, other = create_app(workspace).test_client(), create_app(workspace).test_client()
        one.get("/projects").close()
        assert 'route="/projects"' in measured(one)
        assert 'route="/projects"' not in measured(other)

    def test_open_metrics_where_asked_for(self, client: FlaskClient) -> None:
        assert measured(client, Accept="application/openmetrics-text; version=1.0.0").endswith("# EOF\n")

    def test_other_machines_may_not_ask(self, client: FlaskClient) -> None:
        answer = client.get("/metrics", environ_overrides={"REMOTE_ADDR": "10.0.0.5"})
        assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
        assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": ""}).status_code == 403
        assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            ("Bearer t0ken", 200),
            ("bearer t0ken", 200),
            ("Bearer t0ke", 401),
            ("Basic t0ken", 401),
            ("Bearer", 401),
            ("", 401),
            ("Bearer tökén", 401),
        ],
    )
    def test_with_a_token_everybody_has_to_send_it(self, settings: Settings, sent: str, status: int) -> None:
        server = settings.server.model_copy(update={"metrics_token": SecretStr("t0ken")})
        with open_workspace(settings.model_copy(update={"server": server})) as workspace:
            client = create_app(workspace).test_client()
            for address in ("127.0.0.1", "10.0.0.5"):
                answer = client.get("/metrics", headers={"Authorization": sent}, environ_overrides={"REMOTE_ADDR": address})
                assert answer.status_code == status
                assert ("WWW-Authenticate" in answer.headers) is (status == 401)


class TestRequests:
    def test_id_and_user_are_in_lines_of_the_request_and_gone_after(self, app: Flask, caplog: pytest.LogCaptureFixture) -> None:
        seen = []

        def view() -> Response:
            USER.set("archive desk")

            def parts() -> Iterator[str]:
                seen.append((REQUEST_ID.get(), USER.get()))
                yield "x"

            return Response(parts())

        app.add_url_rule("/streams", view_func=view)
        app.test_client().get("/streams", headers={"X-Request-ID": "one-1"}).close()
        assert seen == [("one-1", "archive desk")]
        assert (REQUEST_ID.get(), USER.get()) == ("", "")

    def test_machines_that_ask_often_leave_no_lines(self, client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "src")
        for path in ("/healthz", "/readyz", "/metrics", "/projects"):
            client.get(path).close()
        assert [record.getMessage().split()[1] for record in caplog.records] == ["/projects"]

    def test_long_path_is_cut(self, client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "src")
        client.get("/" + "x" * 5000).close()
        assert len(caplog.records[-1].getMessage()) < 600


class TestLifecycle:
    def test_ends_in_reverse_order_and_once(self) -> None:
        lifecycle, done = Lifecycle(), []
        lifecycle.on_start(lambda: done.append("start"))
        lifecycle.on_stop(lambda: done.append("a"))
        lifecycle.on_stop(lambda: done.append("b"))
        lifecycle.start()
        lifecycle.stop()
        lifecycle.stop()
        assert done == ["start", "b", "a"]

    def test_told_to_end_while_it_starts_it_ends_what_it_started(self) -> None:
        lifecycle, done, ended = Lifecycle(), [], threading.Event()

        def start() -> None:
            lifecycle.stopping.set()  # a signal arrives now
            assert not ended.wait(0.2), "it is not ended before it has started"
            done.append("start")

        lifecycle.on_start(start)
        lifecycle.on_stop(lambda: done.append("end"))
        lifecycle.on_stop(ended.set)
        lifecycle.start()
        lifecycle.stop()
        assert done == ["start", "end"]

    def test_what_is_there_at_the_start_is_not_looked_through_again(self) -> None:
        before, thresholds = gc.get_freeze_count(), gc.get_threshold()
        lifecycle = Lifecycle()
        lifecycle.on_start(settle_memory)
        try:
            lifecycle.start()
            assert gc.get_freeze_count() > before + 10_000
            assert gc.get_threshold()[0] > thresholds[0]
            kept = [[]]  # type: ignore[var-annotated]
            kept[0].append(kept)
            del kept
            assert gc.collect() > 0, "what comes later is"
        finally:
            gc.unfreeze()
            gc.set_threshold(*thresholds)
            lifecycle.stop()

    def test_end_that_fails_does_not_keep_the_others(self, caplog: pytest.LogCaptureFixture) -> None:
        lifecycle, done = Lifecycle(), []
        lifecycle.on_stop(lambda: done.append("a"))
        lifecycle.on_stop(lambda: done.append(str(1 / 0)))
        lifecycle.stop()
        assert done == ["a"]
        assert "did not end in good order" in caplog.text
        caplog.clear()

    def test_setting_the_event_is_enough(self) -> None:
        lifecycle, ended = Lifecycle(), threading.Event()
        lifecycle.on_stop(ended.set)
        lifecycle.start()
        lifecycle.stopping.set()
        assert ended.wait(60)

    def test_does_not_wait_for_what_hangs(self) -> None:
        lifecycle, go_on = Lifecycle(), threading.Event()
        lifecycle.on_stop(go_on.wait)  # type: ignore[arg-type]
        lifecycle.start()
        lifecycle.stop(0.01)
        go_on.set()


class TestCertificate:
    def test_neither_is_plain(self) -> None:
        assert certificate_of(ServerSettings()) is None

    def test_one_alone_is_refused(self, tmp_path: Path) -> None:
        for one in ("tls_certificate", "tls_key"):
            with pytest.raises(ConfigError, match="or neither"):
                certificate_of(ServerSettings(**{one: tmp_path}))

    def test_files_that_are_missing_or_no_certificate(self, tmp_path: Path) -> None:
        certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
        certificate.write_text("no certificate")
        with pytest.raises(ConfigError, match=r"server.tls_key: .*k.pem cannot be read"):
            certificate_of(ServerSettings(tls_certificate=certificate, tls_key=key))
        key.write_text("no key")
        with pytest.raises(ConfigError, match="no certificate with its key"):
            certificate_of(ServerSettings(tls_certificate=certificate, tls_key=key))


def test_addresses_are_shown_as_browsers_take_them() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert address_of(listening, "127.0.0.1", tls=False) == f"http://127.0.0.1:{port}"
        assert address_of(listening, "::1", tls=True) == f"https://[::1]:{port}"


def test_server_that_does_not_run_here_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert choose("auto") == "waitress"
    with pytest.raises(ConfigError, match="gunicorn does not run here"):
        choose("gunicorn")
