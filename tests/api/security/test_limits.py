"""How much is answered, and what is noted: rates, sizes, the audit log."""

from __future__ import annotations

import itertools

import pytest
from flask import Flask
from flask.testing import FlaskClient

from src.access.audit import events
from src.api import create_app
from src.api.limits import Buckets, cost_of
from src.records import Role
from src.storage import Store
from src.workspace import Workspace
from tests.api.security.asking import Make, code, token


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


def test_large_bodies_are_refused(make: Make) -> None:
    client = make()
    client.application.config["MAX_CONTENT_LENGTH"] = 1000
    assert client.post("/body", data=b"x" * 1000).status_code == 200
    assert client.post("/body", data=b"x" * 1001).status_code == 413


def test_long_addresses_are_refused(make: Make) -> None:
    answer = make().get("/projects?x=" + "a" * 9000)
    assert (answer.status_code, code(answer)) == (414, "address_too_long")


def test_every_refusal_has_a_status() -> None:
    from src.api.refusals import REFUSALS, refuse

    app = Flask("x")
    with app.app_context():
        for name, (status, _) in itertools.chain(REFUSALS.items()):
            assert refuse(name, "x").status_code == status
