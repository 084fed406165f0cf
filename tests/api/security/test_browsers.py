"""What browsers may do: hosts, origins, and the headers that keep them careful."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from src.access.audit import events
from src.api.headers import DATA_POLICY, PAGE_POLICY
from tests.api.security.asking import Make, code, token


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
