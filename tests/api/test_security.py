"""What every request passes, and what every answer carries: tokens, roles, hosts, origins, rates, headers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from src.access import add_token, revoke_token
from src.access.audit import events
from src.api import create_app
from src.api.headers import DATA_POLICY, PAGE_POLICY
from src.api.limits import Buckets, cost_of
from src.api.permissions import may, needs, needs_of, require, who
from src.api.problems import register_problems
from src.api.security import protect
from src.api.serve import check_binding, main
from src.errors import ConfigError
from src.records import Project, Role
from src.settings import FetchSettings, ServerSettings, Settings
from src.storage import Store
from src.workspace import Workspace, open_workspace

Make = Callable[..., FlaskClient]


@pytest.fixture
def make(settings: Settings) -> Iterator[Make]:
    """Return what makes a client of a service with these settings of the server, and some views to try things on."""
    opened = []

    def made(**server: Any) -> FlaskClient:
        chosen = settings.model_copy(update={"server": ServerSettings(**server)})
        context = open_workspace(chosen)
        workspace = context.__enter__()
        opened.append(context)
        workspace.store.put(Project("p", "sface"), Project("q", "sface"))
        app = Flask(__name__, static_folder=None)
        register_problems(app)
        protect(app, workspace)
        _add_views(app, workspace)
        client = app.test_client()
        client.store = workspace.store  # type: ignore[attr-defined]
        client.workspace = workspace  # type: ignore[attr-defined]
        return client

    yield made
    for context in opened:
        context.__exit__(None, None, None)


def _add_views(app: Flask, workspace: Workspace) -> None:
    def projects() -> list[str]:
        return [found.project for found in workspace.store.find(Project) if may(Role.VIEWER, found.project)]

    app.add_url_rule("/projects", "projects", projects)
    app.add_url_rule("/healthz", "healthz", lambda: {"status": "ok"})
    base = "/api/v1/projects/<project>"
    app.add_url_rule(f"{base}/people", "people", lambda project: [project], methods=["GET", "POST"])
    app.add_url_rule(f"{base}/people/<person_id>", "person", lambda project, person_id: [], methods=["DELETE"])
    app.add_url_rule(base, "project", lambda project: [project], methods=["GET", "DELETE"])
    app.add_url_rule(f"{base}/erasures", "erasures", lambda project: [], methods=["POST"])
    app.add_url_rule("/api/v1/videos", "videos", list, methods=["GET", "POST"])
    app.add_url_rule("/api/v1/things", "things", list)
    app.add_url_rule("/api/v1/tokens", "tokens", list, methods=["GET"])
    app.add_url_rule("/train/<project>", "train", lambda project: {"status": "ok"})
    app.add_url_rule("/training-set", "training_set", list)
    app.add_url_rule("/training_img_aligned/<path:path>", "picture", lambda path: Response("x", mimetype="image/svg+xml"))
    app.add_url_rule("/", "page", lambda: Response("<!doctype html>", mimetype="text/html"))
    app.add_url_rule("/body", "body", _read_body, methods=["POST"])

    @app.get("/api/v1/mixed/<project>")
    @needs(Role.VIEWER, "view")
    def mixed(project: str) -> list[str]:
        require(Role.EDITOR, project)
        return [who()]


def _read_body() -> dict[str, int]:
    from flask import request

    return {"n": len(request.get_data())}


def token(client: FlaskClient, role: Role = Role.ADMIN, project: str = "") -> dict[str, str]:
    """Make a token and return the header that carries it."""
    text, _ = add_token(client.store, f"{role}", role, project)  # type: ignore[attr-defined]
    return {"Authorization": f"Bearer {text}"}


def code(answer: TestResponse) -> str:
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert body["status"] == answer.status_code
    assert {"type", "title", "detail"} <= set(body)
    return str(body["code"])


class TestTokens:
    def test_who_has_one_comes_in(self, make: Make) -> None:
        client = make()
        header = token(client)
        assert client.get("/projects", headers=header).json == ["p", "q"]
        assert client.get(
            "/projects", headers={"authorization": header["Authorization"].replace("Bearer", "bearer")}
        ).status_code

    @pytest.mark.parametrize(
        "value", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer fr_000000000000_" + "A" * 43, "Token x", "Bearer ü"]
    )
    def test_who_has_none_does_not(self, make: Make, value: str) -> None:
        client = make()
        token(client)
        answer = client.get("/projects", headers={"Authorization": value} if value else {})
        assert (answer.status_code, code(answer)) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="FaceRec"')

    def test_a_revoked_one_is_none_at_once(self, make: Make) -> None:
        client = make()
        header = token(client)
        assert client.get("/projects", headers=header).status_code == 200
        revoke_token(client.store, header["Authorization"].split("_")[1])  # type: ignore[attr-defined]
        assert client.get("/projects", headers=header).status_code == 401
        assert client.get("/projects").status_code == 401

    def test_what_holds_nobodys_data_is_open(self, make: Make) -> None:
        client = make()
        token(client)
        assert client.get("/healthz").status_code == 200
        assert client.get("/").status_code == 200
        assert client.get("/nothing").status_code == 401

    @pytest.mark.parametrize(
        "address",
        [
            "/projects?token=x",
            "/projects?access_token=x",
            "/projects?API_KEY=x",
            "/projects?q=fr_0123456789ab_" + "A" * 43,
            "/nothing/fr_0123456789ab_" + "A" * 43,
            "/healthz?Authorization=Bearer",
        ],
    )
    @pytest.mark.parametrize("with_tokens", [True, False])
    def test_one_in_an_address_is_refused(self, make: Make, address: str, with_tokens: bool) -> None:
        client = make()
        header = token(client) if with_tokens else {}
        answer = client.get(address, headers=header)
        assert (answer.status_code, code(answer)) == (400, "token_in_url")

    def test_an_address_in_an_address_may_hold_one(self, make: Make) -> None:
        assert make().get("/projects?video=http://a.example/b.mp4%3Ftoken=1").status_code == 200

    def test_guessing_is_slowed_down_and_does_not_fill_the_log(self, make: Make) -> None:
        client = make()
        token(client)
        statuses = [client.get("/projects", headers={"Authorization": "Bearer x"}).status_code for _ in range(40)]
        assert statuses[:30] == [401] * 30
        assert statuses[-1] == 429
        refused = [event for event in events(client.store) if event.what == "refused"]  # type: ignore[attr-defined]
        assert len(refused) <= 31

    def test_the_one_of_a_file(self, make: Make, tmp_path: Path) -> None:
        client = make(token_path=tmp_path / "token")
        text = (tmp_path / "token").read_text().strip()
        assert client.get("/projects").status_code == 401
        assert client.get("/projects", headers={"Authorization": f"Bearer {text}"}).status_code == 200


# role, project, method, path, status
@pytest.mark.parametrize(
    ("role", "project", "method", "path", "status"),
    [
        ("viewer", "", "GET", "/api/v1/projects/p/people", 200),
        ("viewer", "", "HEAD", "/api/v1/projects/p/people", 200),
        ("viewer", "", "POST", "/api/v1/projects/p/people", 403),
        ("viewer", "p", "GET", "/api/v1/projects/p/people", 200),
        ("viewer", "p", "GET", "/api/v1/projects/q/people", 403),
        ("viewer", "p", "GET", "/api/v1/projects/q/people?project=p", 403),
        ("viewer", "p", "GET", "/api/v1/things", 403),
        ("viewer", "p", "GET", "/api/v1/things?project=p", 403),
        ("viewer", "", "GET", "/api/v1/things", 200),
        ("editor", "p", "POST", "/api/v1/projects/p/people", 200),
        ("editor", "p", "POST", "/api/v1/projects/q/people", 403),
        ("editor", "p", "DELETE", "/api/v1/projects/p/people/x", 200),
        ("editor", "p", "DELETE", "/api/v1/projects/p", 403),
        ("editor", "p", "POST", "/api/v1/projects/p/erasures", 403),
        ("editor", "", "GET", "/api/v1/tokens", 403),
        ("admin", "p", "POST", "/api/v1/projects/p/erasures", 200),
        ("admin", "p", "POST", "/api/v1/projects/q/erasures", 403),
        ("admin", "p", "GET", "/api/v1/tokens", 403),
        ("admin", "", "GET", "/api/v1/tokens", 200),
        # the original service
        ("viewer", "p", "GET", "/training-set?project=p", 200),
        ("viewer", "p", "GET", "/training-set?project=q", 403),
        ("viewer", "p", "GET", "/training-set", 403),
        ("viewer", "p", "GET", "/train/p", 403),
        ("editor", "p", "GET", "/train/p", 200),
        ("viewer", "p", "GET", "/training_img_aligned/p/A/1.png", 200),
        ("viewer", "p", "GET", "/training_img_aligned/q/A/1.png", 403),
        # what a view says itself
        ("viewer", "p", "GET", "/api/v1/mixed/p", 403),
        ("editor", "p", "GET", "/api/v1/mixed/p", 200),
        ("editor", "p", "GET", "/api/v1/mixed/q", 403),
    ],
)
def test_roles(make: Make, role: str, project: str, method: str, path: str, status: int) -> None:
    client = make()
    answer = client.open(path, method=method, headers=token(client, Role(role), project))
    assert answer.status_code == status
    if status == 403 and "mixed" not in path:
        assert code(answer) == "forbidden"


def test_each_token_sees_its_projects(make: Make) -> None:
    client = make()
    assert client.get("/projects", headers=token(client, Role.VIEWER, "q")).json == ["q"]
    assert client.get("/projects", headers=token(client, Role.VIEWER)).json == ["p", "q"]


def test_a_route_without_a_rule_is_not_open() -> None:
    assert needs_of("GET", "/api/v2/new/<x>").role is Role.VIEWER
    assert needs_of("PATCH", "/api/v2/new/<x>").role is Role.EDITOR
    assert needs_of("POST", "/api/v1/projects/<project>/search").role is Role.VIEWER
    assert needs_of("GET", "/docs/<path:name>").role is None
    assert needs_of("GET", "/docsx").role is Role.VIEWER
    assert needs_of("POST", "/docs").role is Role.EDITOR


class TestHosts:
    """Without tokens only this machine, by its own names: a name that was made to lead here is not ours."""

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1:5000", "[::1]:5000", "LOCALHOST:1", "localhost.", "127.9.9.9"])
    def test_ours(self, make: Make, host: str) -> None:
        assert make().get("/projects", headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize(
        "host",
        ["evil.example", "evil.example:5000", "127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0", "10.0.0.1", "@x"],
    )
    def test_others(self, make: Make, host: str) -> None:
        answer = make().get("/projects", headers={"Host": host})
        assert (answer.status_code, code(answer)) == (421, "bad_host")

    def test_other_machines_do_not_come_in_without_tokens(self, make: Make) -> None:
        client = make(host="0.0.0.0")
        assert client.get("/projects").status_code == 421
        client = make()
        assert client.get("/projects", environ_base={"REMOTE_ADDR": "10.0.0.7"}).status_code == 421

    def test_with_tokens_any_name_will_do_unless_names_are_given(self, make: Make) -> None:
        client = make()
        header = token(client)
        assert client.get("/projects", headers=header | {"Host": "films.example"}).status_code == 200
        client = make(hosts=("Films.example",))
        assert client.get("/projects", headers=header | {"Host": "films.example:443"}).status_code == 200
        assert client.get("/projects", headers=header | {"Host": "other.example"}).status_code == 421
        assert client.get("/healthz", headers={"Host": "127.0.0.1:5000"}).status_code == 200

    def test_the_client_behind_proxies(self, make: Make) -> None:
        client = make(proxies=1)
        header = token(client)
        client.get("/projects", headers=header | {"X-Forwarded-For": "6.6.6.6, 10.1.2.3"})
        assert [event.address for event in events(client.store) if event.what == "token.use"] == ["10.1.2.3"]  # type: ignore[attr-defined]

    def test_what_clients_say_of_themselves_does_not_count(self, make: Make) -> None:
        client = make()
        answer = client.get("/projects", headers={"X-Forwarded-For": "127.0.0.1"}, environ_base={"REMOTE_ADDR": "10.0.0.7"})
        assert answer.status_code == 421


class TestCrossSite:
    """A page elsewhere can neither act nor read in somebody's name."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://localhost:8080"},
            {"Origin": "http://localhost.evil.example"},
            {"Origin": "https://localhost"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
        ],
    )
    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "/api/v1/videos"), ("GET", "/train/p"), ("DELETE", "/api/v1/projects/p")]
    )
    def test_does_nothing(self, make: Make, headers: Mapping[str, str], method: str, path: str) -> None:
        client = make()
        assert code(client.open(path, method=method, headers=headers)) == "cross_site"
        answer = client.open(path, method=method, headers=dict(headers) | token(client))
        assert (answer.status_code, code(answer)) == (403, "cross_site")

    @pytest.mark.parametrize(
        "headers", [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
    )
    def test_our_page_and_programs_do(self, make: Make, headers: Mapping[str, str]) -> None:
        assert make().post("/api/v1/videos", headers=headers).status_code == 200

    def test_pictures_cannot_be_shown_elsewhere_but_links_lead_here(self, make: Make) -> None:
        client = make()
        shown = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        frame = link | {"Sec-Fetch-Dest": "iframe"}
        assert client.get("/training_img_aligned/p/A/1.png", headers=shown).status_code == 403
        assert client.get("/", headers=link).status_code == 200
        assert client.get("/projects", headers=frame).status_code == 403

    def test_no_cookie_is_ever_set(self, make: Make) -> None:
        client = make()
        for answer in (client.get("/"), client.get("/projects", headers=token(client)), client.get("/projects")):
            assert "Set-Cookie" not in answer.headers


class TestCors:
    origin = "https://archive.example"
    ask: Mapping[str, str] = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}

    def test_a_page_on_the_list_may(self, make: Make) -> None:
        client = make(cors_origins=(self.origin,))
        header = token(client)
        answer = client.options("/api/v1/projects/p", headers=self.ask)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == self.origin
        assert {"Authorization", "Upload-Offset"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
        answer = client.post("/api/v1/videos", headers=header | {"Origin": self.origin, "Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == self.origin
        assert {"Frame-Npt", "Upload-Offset"} <= set(answer.headers["Access-Control-Expose-Headers"].split(", "))
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" in answer.headers["Vary"]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"

    def test_others_may_not(self, make: Make) -> None:
        for client in (make(cors_origins=(self.origin,)), make()):
            for origin in ("https://evil.example", "https://archive.example.evil.example", "http://archive.example", "null"):
                answer = client.options("/api/v1/projects/p", headers=dict(self.ask) | {"Origin": origin})
                assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
                answer = client.get("/projects", headers={"Origin": origin})
                assert "Access-Control-Allow-Origin" not in answer.headers


class TestHeaders:
    @pytest.mark.parametrize("path", ["/", "/projects", "/nothing", "/projects?token=x", "/training_img_aligned/p/A/1.png"])
    def test_are_on_every_answer(self, make: Make, path: str) -> None:
        headers = make().get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Content-Security-Policy"] == (PAGE_POLICY if path == "/" else DATA_POLICY)
        assert "Strict-Transport-Security" not in headers

    def test_scripts_come_from_here_alone(self) -> None:
        scripts = next(part for part in PAGE_POLICY.split("; ") if part.startswith("script-src"))
        assert scripts == "script-src 'self'"
        assert "frame-ancestors 'none'" in PAGE_POLICY
        assert "sandbox" in DATA_POLICY

    def test_https_stays_https(self, make: Make) -> None:
        assert "max-age=31536000" in make(https=True).get("/").headers["Strict-Transport-Security"]
        assert "Strict-Transport-Security" in make().get("/", base_url="https://localhost").headers


class TestRates:
    def test_work_is_rationed(self, make: Make) -> None:
        client = make(work_per_minute=3)
        answers = [client.post("/api/v1/videos") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert code(answers[3]) == "too_many_requests"
        assert answers[3].headers["RateLimit-Limit"] == "3"
        assert 1 <= int(answers[3].headers["Retry-After"]) <= 20
        assert "Retry-After" not in answers[0].headers
        assert client.get("/projects").status_code == 200
        assert "RateLimit-Limit" not in client.get("/projects").headers

    def test_each_client_has_its_own(self, make: Make) -> None:
        client = make(work_per_minute=1)
        one, other = token(client), token(client)
        assert client.post("/api/v1/videos", headers=one).status_code == 200
        assert client.post("/api/v1/videos", headers=one).status_code == 429
        assert client.post("/api/v1/videos", headers=other).status_code == 200

    def test_none_where_none_is_wanted(self, make: Make) -> None:
        client = make(work_per_minute=0)
        assert {client.post("/api/v1/videos").status_code for _ in range(100)} == {200}

    def test_a_bucket_fills_evenly(self) -> None:
        now = [0.0]
        buckets = Buckets(60, clock=lambda: now[0])
        assert [buckets.take("a").is_allowed for _ in range(61)] == [True] * 60 + [False]  # type: ignore[union-attr]
        now[0] = 2.0
        assert [buckets.take("a").is_allowed for _ in range(3)] == [True, True, False]  # type: ignore[union-attr]
        now[0] = 1e6
        taken = buckets.take("a")
        assert taken is not None
        assert (taken.remaining, taken.reset_s) == (59, 1)

    def test_memory_is_bounded(self) -> None:
        buckets = Buckets(60)
        for number in range(12_000):
            buckets.take(f"{number}")
        assert len(buckets._levels) == 10_000

    @pytest.mark.parametrize(
        ("method", "rule", "cost"),
        [
            ("POST", "/api/v1/jobs", "work"),
            ("GET", "/crawler", "work"),
            ("HEAD", "/train/<project>", "work"),
            ("GET", "/track", "frames"),
            ("GET", "/api/v1/videos/<video_id>/frame", "frames"),
            ("GET", "/api/v1/videos/<video_id>/thumbnail", "frames"),
            ("GET", "/api/v1/tracks/<track>/samples/<int:frame_index>/thumbnail", "frames"),
            ("GET", "/api/v1/tracks/<track>/thumbnail", ""),
            ("GET", "/api/v1/projects/<project>/videos/<video_id>/export", "frames"),
            ("GET", "/api/v1/projects/<project>/videos/<video_id>/overview", "frames"),
            ("GET", "/api/v1/projects/<project>/moments", "frames"),
            ("GET", "/api/v1/projects/<project>/groups/<int:unknown_id>/alike", "frames"),
            ("POST", "/api/v1/jobs/<job_id>/cancel", "frames"),
            ("POST", "/api/v1/projects/<project>/decisions", "frames"),
            ("POST", "/api/v1/projects/<project>/decisions/several", "frames"),
            ("POST", "/api/v1/projects/<project>/people-list", "work"),
            ("POST", "/api/v1/projects/<project>/search/photo", "work"),
            ("POST", "/api/v1/session", "work"),
            ("GET", "/api/v1/videos", ""),
            ("PATCH", "/api/v1/uploads/<upload_id>", ""),
        ],
    )
    def test_what_costs(self, method: str, rule: str, cost: str) -> None:
        assert cost_of(method, rule) == cost


OF_ONE = {
    *("", "/images/<sha256>", "/images/<sha256>/face", "/images/<sha256>/picture", "/models/<model_id>", "/people/<person_id>"),
    *("/people/<person_id>/thumbnail", "/unknown/<int:unknown_id>", "/unknown/<int:unknown_id>/thumbnail", "/settings"),
    *("/videos/<video_id>", "/decisions/<decision_id>", "/results/<path:result>"),
}
"""What reads some records, or sends a file."""
PAGED = {
    *("/appearances", "/decisions", "/images", "/models", "/people", "/unknown", "/unknown/<int:unknown_id>/tracks"),
    "/videos",
}
"""What an index serves, a page at a time."""


def test_what_reads_a_whole_project_is_rationed(workspace: Workspace) -> None:
    """So that somebody thinks of it where a route is added."""
    below = "/api/v1/projects/<project>"
    rules = [rule for rule in create_app(workspace).url_map.iter_rules() if rule.rule.startswith(below)]
    free = {rule.rule.removeprefix(below) for rule in rules if "GET" in (rule.methods or ()) and not cost_of("GET", rule.rule)}
    assert free == OF_ONE | PAGED
    assert cost_of("GET", f"{below}/export") == "work"
    changing = {
        (method, rule.rule.removeprefix(below))
        for rule in rules
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if not cost_of(method, rule.rule)
    }
    assert changing == {("PATCH", ""), ("PATCH", "/images/<sha256>")}


class TestLog:
    def told(self, client: FlaskClient) -> list[tuple[str, str, str, str]]:
        store: Store = client.store  # type: ignore[attr-defined]
        return [(event.what, event.target, event.outcome, event.project) for event in events(store)]

    def test_changes_are_noted_and_readings_not(self, make: Make) -> None:
        client = make()
        client.get("/projects")
        client.delete("/api/v1/projects/p/people/Konrad_Adenauer")
        client.get("/train/p")
        assert self.told(client) == [
            ("request", "DELETE /api/v1/projects/<project>/people/<person_id> project=p", "200", "p"),
            ("request", "GET /train/<project> project=p", "200", "p"),
        ]

    def test_refusals_are_noted(self, make: Make) -> None:
        client = make()
        header = token(client, Role.VIEWER, "p")
        client.post("/api/v1/projects/q/people", headers=header)
        client.get("/projects", headers={"Authorization": "Bearer wrong"})
        client.get("/projects?q=" + header["Authorization"].removeprefix("Bearer "))
        found = [(what, outcome) for what, _, outcome, _ in self.told(client) if what == "refused"]
        assert [outcome.split()[0] for _, outcome in found] == ["needs", "wrong", "token"]
        secret = header["Authorization"].split("_", 2)[2]
        assert secret not in repr(list(events(client.store)))  # type: ignore[attr-defined]

    def test_nothing_can_be_forged(self, make: Make) -> None:
        client = make()
        client.post("/api/v1/projects/p%0A2026-01-01%09admin%09token.add/people")
        (event,) = events(client.store)  # type: ignore[attr-defined]
        assert "\n" not in repr(event.target) + event.target
        assert "\t" not in event.target
        assert r"p\n2026-01-01\tadmin" in event.target


def test_the_service_is_protected(workspace: Workspace) -> None:
    client = create_app(workspace).test_client()
    assert client.get("/projects").headers["Content-Security-Policy"] == DATA_POLICY
    assert client.get("/api/v1/projects", headers={"Host": "evil.example"}).status_code == 421
    text, _ = add_token(workspace.store, "x", Role.VIEWER)
    header = {"Authorization": f"Bearer {text}"}
    for path in ("/projects", "/api/v1/projects", "/api/v1/videos"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=header).status_code == 200
    assert client.post("/api/v1/projects", headers=header, json={}).status_code == 403
    assert client.get("/openapi.json").status_code == 200


def test_the_service_fetches_through_the_guard(make: Make, workspace: Workspace) -> None:
    assert workspace.guard is None
    client = make()
    assert client.workspace.guard is not None  # type: ignore[attr-defined]
    assert client.workspace.settings.fetch == FetchSettings(guarded=True)  # type: ignore[attr-defined]


def test_large_bodies_are_refused(make: Make) -> None:
    client = make()
    client.application.config["MAX_CONTENT_LENGTH"] = 1000
    assert client.post("/body", data=b"x" * 1000).status_code == 200
    assert client.post("/body", data=b"x" * 1001).status_code == 413


def test_long_addresses_are_refused(make: Make) -> None:
    answer = make().get("/projects?x=" + "a" * 9000)
    assert (answer.status_code, code(answer)) == (414, "address_too_long")


class TestBinding:
    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "films.example"])
    def test_other_machines_need_a_token(self, settings: Settings, tmp_path: Path, host: str) -> None:
        chosen = settings.model_copy(update={"server": ServerSettings(host=host)})
        with open_workspace(chosen) as workspace:
            with pytest.raises(ConfigError, match="token add"):
                check_binding(workspace)
            _, made = add_token(workspace.store, "x", Role.VIEWER)
            check_binding(workspace)
            revoke_token(workspace.store, made.token_id)
            with pytest.raises(ConfigError, match="no token to ask"):
                check_binding(workspace)
            workspace.settings = settings.model_copy(
                update={"server": ServerSettings(host=host, token_path=tmp_path / "token")}
            )
            check_binding(workspace)

    @pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
    def test_this_machine_needs_none(self, settings: Settings, host: str) -> None:
        chosen = settings.model_copy(update={"server": ServerSettings(host=host)})
        with open_workspace(chosen) as workspace:
            check_binding(workspace)

    def test_the_flag_is_judged_too(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("FACEREC_DATABASE_URI", settings.database.uri)
        assert main(["--host", "0.0.0.0", "--port", "0"]) == 1
        err = capsys.readouterr().err
        assert "0.0.0.0 can be reached from other machines" in err
        assert len(err.strip().splitlines()) == 1


def test_every_refusal_has_a_status() -> None:
    from src.api.refusals import REFUSALS, refuse

    app = Flask("x")
    with app.app_context():
        for name, (status, _) in itertools.chain(REFUSALS.items()):
            assert refuse(name, "x").status_code == status
