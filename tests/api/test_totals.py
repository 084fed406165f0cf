"""How much a project has of its people, and where each is to be seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from src.records import Appearance
from tests.api.conftest import Api

PATH = "/projects/p/people-totals"


def totals(api: Api) -> dict[str, dict[str, Any]]:
    return {item["person_id"]: item for item in api.get(PATH)["items"]}


def test_pictures_appearances_and_seconds_of_everybody(api: Api) -> None:
    found = totals(api)
    assert sorted(found) == ["Anna_Albers", "Ben_Bo", "Çelik_Özil"]
    for person, item in found.items():
        seen = [one for one in api.workspace.store.find(Appearance, project="p") if one.person_id == person]
        assert item["n_appearances"] == len(seen) > 0
        assert item["seconds"] == pytest.approx(sum(one.end_npt - one.start_npt for one in seen), abs=1e-3)
        assert item["n_videos"] == len({one.analysis_id for one in seen})
        assert (item["n_pictures"], item["n_training"], item["portrait"]) == (4, 4, True)
    api.send("POST", "/projects/p/people", 201, json={"name": "New"})
    assert "New" not in totals(api)


def test_a_decision_about_one_video_reads_that_one_alone(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    cells = api.workspace.store.cells

    def watched(kind: type[Any], names: Any, query: Any) -> Any:
        if kind is Appearance:
            read.append(query.equals["analysis_id"])
        return cells(kind, names, query)

    monkeypatch.setattr(api.workspace.store, "cells", watched)
    before = totals(api)
    assert len(read) == 2
    assert totals(api) == before
    assert len(read) == 2
    track = api.track("Unknown 2")
    target = {"kind": "track", "track": f"{track.analysis_id}-{track.track_id}"}
    read.clear()
    api.send("POST", "/projects/p/decisions", 201, json={"verb": "is", "person": "Ben Bo", "target": target})
    read.clear()
    after = totals(api)["Ben_Bo"]
    assert after["seconds"] > before["Ben_Bo"]["seconds"]
    seen = [one for one in api.workspace.store.find(Appearance, project="p") if one.person_id == "Ben_Bo"]
    assert after["seconds"] == pytest.approx(sum(one.end_npt - one.start_npt for one in seen), abs=1e-3)
    assert read == [track.analysis_id]


def test_players_hear_where_the_clock_of_a_file_begins(api: Api) -> None:
    film = api.video()
    api.workspace.store.put(replace(film, start_time=3.5))
    (seen,) = api.get("/projects/p/people/Anna_Albers/appearances")["videos"]
    (found,) = api.get("/projects/p/moments?with=Anna_Albers")["videos"]
    told = [api.get(f"/videos/{film.video_id}"), api.get("/projects/p/videos")["items"][0]["video"], seen, found]
    assert [one["start_time"] for one in told] == [3.5] * 4


def test_where_somebody_is_to_be_seen(api: Api) -> None:
    found = api.get("/projects/p/people/Anna_Albers/appearances")
    (video,) = found["videos"]
    film = api.video()
    assert (video["video_id"], video["title"], video["local"]) == (film.video_id, "newsreel", True)
    assert video["locator"] == film.locator
    seen = [one for one in api.workspace.store.find(Appearance, project="p") if one.person_id == "Anna_Albers"]
    assert found["total"] == len(seen) == len(video["items"])
    starts = [item["start_npt"] for item in video["items"]]
    assert starts == sorted(one.start_npt for one in seen)
    assert {item["source"] for item in video["items"]} == {"machine"}
    assert api.get("/projects/p/people/Ben_Bo/appearances")["total"] >= 1
    api.refused("GET", "/projects/p/people/nobody/appearances", 404, "not_found")
