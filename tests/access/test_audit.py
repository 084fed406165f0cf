"""The audit log: things are added, nobody can forge a line, nothing secret is in it."""

from __future__ import annotations

import getpass
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from src.__main__ import main
from src.access import acting, add_token, note
from src.access.audit import events, one_line, printable
from src.records import AuditEvent, Person, Project, Role, Target, Verb
from src.verbs.decide import run as decide
from src.verbs.erase import run as erase
from src.workspace import Workspace


def test_events_come_in_their_order(workspace: Workspace) -> None:
    for number in range(20):
        note(workspace.store, "x", f"{number}", who="me")

    assert [event.target for event in events(workspace.store)] == [str(number) for number in range(20)]


def test_the_same_twice_is_two_events(workspace: Workspace) -> None:
    for _ in range(2):
        note(workspace.store, "x", "y", who="me")

    assert workspace.store.count(AuditEvent) == 2


def test_of_a_project_and_since(workspace: Workspace) -> None:
    note(workspace.store, "x", project="p")
    note(workspace.store, "y", project="q")
    moment = datetime.now(UTC)

    assert [event.what for event in events(workspace.store, "q")] == ["y"]
    assert len(list(events(workspace.store, since=moment - timedelta(minutes=1)))) == 2
    assert list(events(workspace.store, since=moment + timedelta(minutes=1))) == []


def test_what_is_older_is_not_read(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    store, read = workspace.store, []
    store.put(*(AuditEvent(f"{number:020d}-ab", "me", "old", project="p") for number in range(1000)))
    moment = datetime.now(UTC)
    for number in range(300):
        note(store, "new", f"{number}", project="p")
    selected = type(store)._selected

    def counted(self: Any, *args: Any) -> Any:
        rows = selected(self, *args)
        read.extend(rows)
        return rows

    monkeypatch.setattr(type(store), "_selected", counted)
    for project in (None, "p"):
        read.clear()
        assert [event.target for event in events(store, project, moment)] == [str(number) for number in range(300)]
        assert len(read) <= 301  # one to know that a page is not the last
    assert len(list(events(store))) == 1300
    assert len(list(events(store, since=datetime(1960, 1, 1, tzinfo=UTC)))) == 1300


def test_since_is_exact(workspace: Workspace) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    at_ns = 1_767_323_045_678_901_000
    ids = [f"{at_ns + offset:020d}-00" for offset in (-1, 0, 1)]
    workspace.store.put(*(AuditEvent(event_id, "me", "x") for event_id in ids))
    assert [event.event_id for event in events(workspace.store, since=moment)] == ids[1:]


def test_who_acts_is_who_the_request_is_of(workspace: Workspace) -> None:
    with acting("laptop (1)", "10.1.1.1"):
        note(workspace.store, "x", who="somebody else")
        thread = threading.Thread(target=note, args=(workspace.store, "y"))
        thread.start()
        thread.join()
    note(workspace.store, "z", who="me")

    told = {event.what: (event.who, event.address) for event in events(workspace.store)}
    assert told == {"x": ("laptop (1)", "10.1.1.1"), "y": ("", ""), "z": ("me", "")}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain Ünï 名 שם", "plain Ünï 名 שם"),
        ("a\nb\r\nc\td", r"a\nb\r\nc\td"),
        ("\x1b[2J\x07\0", r"\x1b[2J\x07\x00"),
        ("a\u2028b\u202ec\ufeff", r"a\u2028b\u202ec\ufeff"),
        ("a\\nb", r"a\\nb"),
        ("\ud800", r"\ud800"),
    ],
)
def test_nothing_pretends_to_be_a_line_of_its_own(workspace: Workspace, text: str, shown: str) -> None:
    note(workspace.store, "x", text, who=text, outcome=text)

    event = next(events(workspace.store))
    assert (event.target, event.who, event.outcome) == (shown, shown, shown)
    assert printable(one_line(text)) == one_line(text)


def test_long_texts_are_cut(workspace: Workspace) -> None:
    note(workspace.store, "x", "a" * 10_000)
    note(workspace.store, "x", "\n" * 10_000)

    assert [len(event.target) for event in events(workspace.store)] == [300, 300]


def test_decisions_and_erasures_are_noted_without_names(workspace: Workspace) -> None:
    workspace.store.put(Project("p", "sface"), Person("p", "Konrad_Adenauer", "Konrad Adenauer"))
    target = Target("person", person_id="Konrad_Adenauer")
    decide(workspace, "p", Verb.RENAME, target, name="Konrad Hermann Adenauer", author="me")
    erase(workspace, "p", "Konrad Adenauer", author="me")

    found = list(events(workspace.store, "p"))
    assert [(event.what, event.who, event.outcome) for event in found] == [("decide", "me", "ok"), ("erase", "me", "ok")]
    assert "receipt" in found[1].target
    assert "Adenauer" not in repr(found)


class TestCommand:
    """The verb `audit`."""

    @pytest.fixture(autouse=True)
    def database(self, monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
        monkeypatch.setenv("FACEREC_DATABASE_URI", workspace.settings.database.uri)

    def test_lists_a_line_an_event(self, workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
        text, token = add_token(workspace.store, "evil\nname", Role.ADMIN, created_by=getpass.getuser())
        workspace.store.put(AuditEvent("0", "from\nelsewhere", "x\ty", created_at="2020-01-01T00:00:00+00:00"))

        assert main(["audit"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 2
        assert all(line.count("\t") == 6 for line in lines)
        assert r"from\nelsewhere" in lines[0]
        assert f"token {token.token_id} role=admin" in lines[1]
        assert text.split("_", 2)[2] not in "".join(lines)

        assert main(["audit", "--since", "2021-01-01"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 1
        assert main(["audit", "--project", "p"]) == 0
        assert capsys.readouterr().out == ""

    def test_wrong_date(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        assert main(["audit", "--since", "yesterday"]) == 2
        assert "2026-01-31" in capsys.readouterr().err
