"""What the service keeps in memory of a project goes with those it is about."""

from __future__ import annotations

import pytest

from src.extracts import SWEEP_S, Extracts
from src.verbs import erase
from tests.api.conftest import Api
from tests.held import text_in

VIEWS = ("people-totals", "summary", "videos?counts=true", "review", "groups", "statistics")


def test_nothing_of_somebody_who_was_erased_stays(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    extracts: Extracts = api.app.extensions["facerec.extracts"]
    target = {"kind": "unknown", "unknown_id": 2}
    api.send("POST", "/projects/p/decisions", 201, json={"verb": "is_not", "person": "Ben Bo", "target": target})
    for view in VIEWS:
        api.get(f"/projects/p/{view}")
    kept = text_in(extracts._projects)
    assert "Ben_Bo" in kept
    assert "Ben Bo" in kept
    erase.run(api.workspace, "p", "Ben Bo")
    now = extracts._clock()
    monkeypatch.setattr(extracts, "_clock", lambda: now + SWEEP_S)
    api.client.get("/")
    assert "Ben" in text_in(extracts._projects), "a file of the page has nothing to do with the store"
    api.get("/projects")
    assert "Ben" not in text_in(extracts._projects)
