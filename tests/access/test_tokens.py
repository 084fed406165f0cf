"""Tokens: made once, kept as a digest, good for as long as they should be."""

from __future__ import annotations

import os
import re
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from src.__main__ import main
from src.access import Access, add_token, revoke_token, verify_token
from src.access.tokens import TokenFile, has_good_tokens, has_tokens
from src.errors import ConfigError
from src.records import AuditEvent, Project, Role, Token, TokenUse
from src.workspace import Workspace


@pytest.fixture
def store(workspace: Workspace) -> object:
    workspace.store.put(Project("p", "sface"), Project("q", "sface"))
    return workspace.store


def test_a_token_lets_its_owner_in(workspace: Workspace, store: object) -> None:
    text, token = add_token(workspace.store, "laptop", Role.EDITOR, "p", created_by="me")

    assert re.fullmatch(r"fr_[0-9a-f]{12}_[\w-]{43}", text)
    assert verify_token(workspace.store, text, "10.1.1.1") == Access(f"laptop ({token.token_id})", Role.EDITOR, "p")
    assert (token.project, token.expires_at, token.created_by) == ("p", "", "me")
    use = workspace.store.get(TokenUse, token.token_id)
    assert use is not None
    assert use.address == "10.1.1.1"


def test_no_two_tokens_are_alike(workspace: Workspace) -> None:
    texts = {add_token(workspace.store, "x", Role.VIEWER)[0] for _ in range(50)}

    assert len(texts) == 50
    assert all(verify_token(workspace.store, text) for text in texts)


def test_what_is_secret_is_nowhere_in_the_store(workspace: Workspace, tmp_path: Path) -> None:
    text, _ = add_token(workspace.store, "laptop", Role.ADMIN)
    verify_token(workspace.store, text)
    secret = text.split("_", 2)[2]

    workspace.store.close()
    for file in (tmp_path / "data").glob("facerec.db*"):
        assert secret.encode() not in file.read_bytes()
    with sqlite3.connect(tmp_path / "data" / "facerec.db") as connection:
        assert connection.execute("SELECT count(*) FROM token").fetchone() == (1,)
    connection.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: "fr_000000000000_" + text.split("_", 2)[2],
        lambda text: text.split("_", 2)[2],
        lambda text: text.upper(),
        lambda text: "",
        lambda text: "fr__",
        lambda text: "fr_../../x_" + "A" * 43,
        lambda text: '{"$gt": ""}',
        lambda text: "\ud800",
    ],
)
def test_a_wrong_token_lets_nobody_in(workspace: Workspace, change: object) -> None:
    text, _ = add_token(workspace.store, "laptop", Role.ADMIN)

    assert verify_token(workspace.store, change(text)) is None  # type: ignore[operator]


def test_the_secret_of_one_is_not_good_for_another(workspace: Workspace) -> None:
    one, _ = add_token(workspace.store, "one", Role.VIEWER)
    other, _ = add_token(workspace.store, "other", Role.ADMIN)
    mixed = "_".join([*other.split("_", 2)[:2], one.split("_", 2)[2]])

    assert verify_token(workspace.store, mixed) is None


def test_a_revoked_token_stays_revoked(workspace: Workspace) -> None:
    text, token = add_token(workspace.store, "laptop", Role.ADMIN)
    verify_token(workspace.store, text)
    revoked = revoke_token(workspace.store, token.token_id, "me")

    assert verify_token(workspace.store, text) is None
    assert revoke_token(workspace.store, token.token_id).revoked_at == revoked.revoked_at
    assert not has_good_tokens(workspace.store)
    assert has_tokens(workspace.store), "else the last revocation would let everybody in"


def test_a_use_never_takes_a_revocation_back(workspace: Workspace) -> None:
    """What a use writes is another record than what a revocation writes."""
    text, token = add_token(workspace.store, "laptop", Role.ADMIN)
    before = workspace.store.get(Token, token.token_id)
    verify_token(workspace.store, text)

    assert workspace.store.get(Token, token.token_id) == before


def test_a_token_ends(workspace: Workspace) -> None:
    text, token = add_token(workspace.store, "laptop", Role.ADMIN, days=2)
    assert verify_token(workspace.store, text)

    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat(timespec="seconds")
    workspace.store.put(replace(token, expires_at=past))
    assert verify_token(workspace.store, text) is None


def test_wrong_wishes_are_refused(workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match='no project "nowhere"'):
        add_token(workspace.store, "x", Role.VIEWER, "nowhere")
    with pytest.raises(ConfigError, match="needs a name"):
        add_token(workspace.store, " ", Role.VIEWER)
    for token_id in ("000000000000", "", "a b", "\x1b[2J"):
        with pytest.raises(ConfigError, match="no token"):
            revoke_token(workspace.store, token_id)
    assert list(workspace.store.find(Token)) == []


# role of the token, its project, role needed, project concerned, allowed?
@pytest.mark.parametrize(
    ("has", "own", "needs", "project", "allowed"),
    [
        (Role.VIEWER, "", Role.VIEWER, "p", True),
        (Role.VIEWER, "", Role.EDITOR, "p", False),
        (Role.VIEWER, "", Role.ADMIN, "p", False),
        (Role.EDITOR, "p", Role.VIEWER, "p", True),
        (Role.EDITOR, "p", Role.EDITOR, "p", True),
        (Role.EDITOR, "p", Role.ADMIN, "p", False),
        (Role.EDITOR, "p", Role.VIEWER, "q", False),
        (Role.EDITOR, "p", Role.VIEWER, "", False),
        (Role.ADMIN, "p", Role.ADMIN, "p", True),
        (Role.ADMIN, "p", Role.VIEWER, "", False),
        (Role.ADMIN, "", Role.ADMIN, "", True),
        (Role.ADMIN, "", Role.VIEWER, "q", True),
    ],
)
def test_what_roles_allow(has: Role, own: str, needs: Role, project: str, allowed: bool) -> None:
    assert Access("x", has, own).allows(needs, project) is allowed


def test_uses_are_told_in_the_log_but_not_each(workspace: Workspace) -> None:
    text, _ = add_token(workspace.store, "laptop", Role.ADMIN, created_by="me")
    for address in ("10.1.1.1", "10.1.1.1", "10.9.9.9"):
        verify_token(workspace.store, text, address)

    told = [(event.what, event.who, event.address) for event in workspace.store.find(AuditEvent)]
    assert [what for what, _, _ in told] == ["token.add", "token.use"]
    assert told[1][2] == "10.1.1.1"


class TestFile:
    """The token in a file."""

    def test_is_made_for_its_owner_alone(self, tmp_path: Path) -> None:
        file = TokenFile(tmp_path / "new" / "token")

        text = (tmp_path / "new" / "token").read_text().strip()
        assert file.is_new
        assert file.verify(text) == Access("token file (file)", Role.ADMIN)
        assert file.verify(text + "x") is None
        if os.name == "posix":
            assert (tmp_path / "new" / "token").stat().st_mode & 0o777 == 0o600

    def test_is_read_again(self, tmp_path: Path) -> None:
        TokenFile(tmp_path / "token")
        text = (tmp_path / "token").read_text().strip()
        again = TokenFile(tmp_path / "token")
        assert not again.is_new
        assert again.verify(text) is not None

    @pytest.mark.parametrize("text", ["", "short", "with blank " * 5, "ü" * 40])
    def test_must_hold_a_good_one(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "token").write_text(text, encoding="utf-8")
        (tmp_path / "token").chmod(0o600)
        with pytest.raises(ConfigError, match="32 characters"):
            TokenFile(tmp_path / "token")

    @pytest.mark.skipif(os.name != "posix", reason="needs modes of files")
    def test_must_not_be_for_everybody(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("x" * 40)
        (tmp_path / "token").chmod(0o644)
        with pytest.raises(ConfigError, match="chmod 600"):
            TokenFile(tmp_path / "token")

    def test_that_cannot_be_had(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"server\.token_file"):
            TokenFile(tmp_path)


class TestCommands:
    """The verb `token`."""

    @pytest.fixture(autouse=True)
    def database(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, workspace: Workspace) -> None:
        monkeypatch.setenv("FACEREC_DATABASE_URI", workspace.settings.database.uri)

    def test_add_list_revoke(self, workspace: Workspace, store: object, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["token", "add", "--role", "editor", "--project", "p", "--name", "laptop", "--days", "3"]) == 0
        out, err = capsys.readouterr()
        text = out.strip()
        assert "shown only now" in err
        assert "editor, project p" in err
        assert verify_token(workspace.store, text)

        assert main(["token", "list"]) == 0
        listed = capsys.readouterr().out
        token_id = text.split("_")[1]
        assert listed.startswith(f"{token_id}  editor  p  laptop  (good, until ")
        assert text.split("_", 2)[2] not in listed

        assert main(["token", "revoke", token_id]) == 0
        assert "is revoked" in capsys.readouterr().out
        assert verify_token(workspace.store, text) is None
        main(["token", "list"])
        assert "(revoked" in capsys.readouterr().out

    def test_wrong_usage(self, store: object, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["token", "add", "--role", "king", "--name", "x"]) == 2
        assert main(["token", "add"]) == 2
        assert main(["token", "add", "--name", "x", "--project", "none"]) == 1
        assert main(["token", "revoke", "none"]) == 1
        assert "Traceback" not in capsys.readouterr().err
