"""Who comes in: tokens, roles, projects, and addresses that need a token at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.access import add_token, revoke_token
from src.access.audit import events
from src.api.permissions import needs_of
from src.api.serve import check_binding, main
from src.errors import ConfigError
from src.records import Role
from src.settings import ServerSettings, Settings
from src.workspace import open_workspace
from tests.api.security.asking import Make, code, token


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
