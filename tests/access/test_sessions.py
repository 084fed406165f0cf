"""Sessions: good for a while, as long as their token is, and for nobody who signs them himself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.access import Access, Session, Sessions, add_token, revoke_token, verify_token
from src.access.keyfile import secret_in
from src.access.sessions import LONGEST_S
from src.access.tokens import TokenFile
from src.errors import ConfigError
from src.records import Project, Role, Token
from src.workspace import Workspace

SECRET = b"k" * 32


class Clock:
    """A clock that stands still until it is set."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def made(workspace: Workspace, clock: Clock, secret: bytes = SECRET, file: TokenFile | None = None) -> Sessions:
    return Sessions(workspace.store, lambda: secret, 600, file, clock)


def bearer(workspace: Workspace, role: Role = Role.EDITOR, project: str = "") -> tuple[Access, Token]:
    workspace.store.put(Project("p", "sface"))
    text, token = add_token(workspace.store, "laptop", role, project)
    access = verify_token(workspace.store, text)
    assert access is not None
    return access, token


def begun(sessions: Sessions, access: Access, before: Session | None = None) -> Session:
    session = sessions.begin(access, before)
    assert session is not None
    return session


def test_stands_for_its_token(workspace: Workspace) -> None:
    access, token = bearer(workspace, Role.EDITOR, "p")
    session = begun(made(workspace, Clock()), access)

    found = made(workspace, Clock()).judge(session.text)
    assert found is not None
    assert found[0] == access == Access(f"laptop ({token.token_id})", Role.EDITOR, "p")
    assert found[1] == session
    assert token.digest not in session.text


def test_ends_after_its_time(workspace: Workspace) -> None:
    clock = Clock()
    sessions = made(workspace, clock)
    session = begun(sessions, bearer(workspace)[0])
    for passed, good in ((0, True), (599, True), (600, False), (10**9, False), (-1, False)):
        clock.now = session.began + passed
        assert (sessions.judge(session.text) is not None) is good, passed


def test_is_renewed_but_not_for_ever(workspace: Workspace) -> None:
    clock = Clock()
    sessions, access = made(workspace, clock), bearer(workspace)[0]
    first = session = begun(sessions, access)
    while session.ends < first.began + LONGEST_S:
        clock.now = session.ends - 1
        assert sessions.judge(session.text) is not None
        session = begun(sessions, access, session)
        assert session.began == first.began
    clock.now = session.ends
    assert sessions.judge(session.text) is None


def test_ends_with_its_token(workspace: Workspace) -> None:
    sessions = made(workspace, Clock())
    access, token = bearer(workspace)
    session = begun(sessions, access)
    workspace.store.put(replace(token, digest="0" * 64))
    assert sessions.judge(session.text) is None
    workspace.store.put(token)
    assert sessions.judge(session.text) is not None
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    workspace.store.put(replace(token, expires_at=past))
    assert sessions.judge(session.text) is None
    workspace.store.put(token)
    revoke_token(workspace.store, token.token_id)
    assert sessions.judge(session.text) is None
    assert sessions.begin(access) is None


def test_what_was_signed_with_another_secret_is_none(workspace: Workspace) -> None:
    session = begun(made(workspace, Clock(), b"x" * 32), bearer(workspace)[0])
    assert made(workspace, Clock()).judge(session.text) is None


def test_every_part_is_signed(workspace: Workspace) -> None:
    sessions = made(workspace, Clock())
    access, _ = bearer(workspace)
    _, other = bearer(workspace, Role.ADMIN)
    text = begun(sessions, access).text
    parts = text.split(".")
    for place, forged in ((1, other.token_id), (1, "file"), (2, "0"), (3, "999999999999"), (4, "0" * 64), (0, "v2")):
        changed = [*parts[:place], forged, *parts[place + 1 :]]
        assert sessions.judge(".".join(changed)) is None, forged


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text() | st.from_regex(r"v1\.[0-9a-f]{12}\.\d{1,12}\.\d{1,12}\.[0-9a-f]{64}"))
def test_no_other_text_is_a_session(workspace: Workspace, text: str) -> None:
    assert made(workspace, Clock()).judge(text) is None


def test_of_the_token_of_a_file(workspace: Workspace, tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "token")
    access = file.verify((tmp_path / "token").read_text().strip())
    assert access is not None
    session = begun(made(workspace, Clock(), file=file), access)
    found = made(workspace, Clock(), file=TokenFile(tmp_path / "token")).judge(session.text)
    assert found is not None
    assert found[0].role is Role.ADMIN
    (tmp_path / "token").unlink()
    assert made(workspace, Clock(), file=TokenFile(tmp_path / "token")).judge(session.text) is None
    assert made(workspace, Clock()).judge(session.text) is None


def test_nobody_without_a_token_has_one(workspace: Workspace) -> None:
    assert made(workspace, Clock()).begin(Access("local", Role.ADMIN)) is None


class TestKeyFile:
    def test_is_made_once_for_its_owner_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "key"
        text, is_new = secret_in(path, lambda: "a" * 32, "key", "Look.")
        assert (text, is_new, path.stat().st_mode & 0o777) == ("a" * 32, True, 0o600)
        assert secret_in(path, lambda: "b" * 32, "key", "Look.") == ("a" * 32, False)
        assert [found.name for found in path.parent.iterdir()] == ["key"]

    @pytest.mark.parametrize(("text", "mode"), [("short", 0o600), ("a" * 40, 0o644), ("a b" * 20, 0o600), ("ü" * 40, 0o600)])
    def test_is_refused(self, tmp_path: Path, text: str, mode: int) -> None:
        path = tmp_path / "key"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        with pytest.raises(ConfigError, match="key"):
            secret_in(path, lambda: "b" * 32, "key", "Look.")

    def test_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(ConfigError, match="Look"):
            secret_in(tmp_path / "file" / "key", lambda: "b" * 32, "key", "Look.")
