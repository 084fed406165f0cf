"""Moments of several people and figures of a project, over HTTP: asked, shown, refused and kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from src.api import overall
from src.api.kept import Keeper
from src.records import Appearance, Video
from tests.api.conftest import Api
from tests.contract.library import fill, seen

PATH = "/projects/lib/moments"
FIGURES = "/projects/lib/statistics"


@pytest.fixture
def library(api: Api) -> Api:
    """The archive, and beside it a project of a few videos whose people are known to the second."""
    fill(api.workspace.store, "lib")
    return api


def times(found: Any) -> list[tuple[str, float, float]]:
    return [(item["analysis_id"], item["start_npt"], item["end_npt"]) for item in found["items"]]


class TestMoments:
    def test_of_two_people(self, library: Api) -> None:
        found = library.get(f"{PATH}?with=Ann/Ben&sort=date")
        assert times(found) == [("a", 4.0, 6.0), ("c", 100.0, 160.0), ("d", 1.0, 2.0)]
        assert (found["total"], found["seconds"], found["n_videos"], found["next"], found["n_undated"]) == (3, 63.0, 3, None, 0)
        assert [(one["title"], one["date"], one["seconds"], one["n_moments"]) for one in found["videos"]] == [
            ("Film a", "1938-09-30", 2.0, 1),
            ("Film c", "1945", 60.0, 1),
            ("Film d", "", 1.0, 1),
        ]
        assert found["present"] == [
            {"person_id": "Ann", "unknown_id": None, "name": "Ann A"},
            {"person_id": "Ben", "unknown_id": None, "name": "Ben A"},
        ]
        assert [sight["track"] for sight in found["items"][0]["sights"]] == ["a-1", "a-2"]
        overall.JointMoments.model_validate(found, strict=True)

    def test_without_somebody_between_dates(self, library: Api) -> None:
        found = library.get(f"{PATH}?with=Ann&without=Ben/Cy&from=1938&to=1940&min_s=3")
        assert times(found) == [("a", 0.0, 4.0), ("a", 6.0, 10.0), ("a", 20.0, 25.0)]
        assert found["n_undated"] == 1
        assert [one["name"] for one in found["absent"]] == ["Ben A", "Cy A"]

    def test_of_an_unknown_person_in_some_videos(self, library: Api) -> None:
        found = library.get(f"{PATH}?with=Ann/{quote('unknown:3')}")
        assert times(found) == [("b", 2.0, 4.0)]
        assert found["present"][1] == {"person_id": None, "unknown_id": 3, "name": "Unknown 3"}
        assert times(library.get(f"{PATH}?with=Ann/Ben&videos=vc/vd&sort=title")) == [("c", 100.0, 160.0), ("d", 1.0, 2.0)]

    def test_what_no_track_shows_has_no_picture(self, library: Api) -> None:
        library.workspace.store.put(seen("lib", "a", -1, "Cy", 4, 6, 1.0, "human", None))
        (moment,) = library.get(f"{PATH}?with=Ben/Cy&human=true")["items"]
        assert [sight["track"] for sight in moment["sights"]] == ["a-2", None]

    @pytest.mark.parametrize("limit", [1, 2, 5])
    @pytest.mark.parametrize("sort", ["date", "-date", "-seconds", "title"])
    def test_pages_make_the_whole(self, library: Api, limit: int, sort: str) -> None:
        path = f"{PATH}?with=Ann&sort={sort}"
        whole, found, cursor = library.get(path), [], ""
        while cursor is not None:
            page = library.get(f"{path}&limit={limit}&cursor={cursor}")
            assert page["total"] == whole["total"] == 5
            found += page["items"]
            assert {one["video_id"] for one in page["videos"]} == {item["video_id"] for item in page["items"]}
            cursor = page["next"]
        assert found == whole["items"]

    def test_next_page_begins_after_the_last_moment_whatever_came_before_it(self, library: Api) -> None:
        path = f"{PATH}?with=Ann&sort=date&limit=2"
        first = library.get(path)
        assert times(first) == [("a", 0.0, 10.0), ("a", 20.0, 30.0)]
        library.workspace.store.put(seen("lib", "a", 90, "Ann", 12, 14, 0.9, "machine", None))
        assert times(library.get(f"{path}&cursor={first['next']}"))[0] == ("c", 100.0, 160.0)
        library.workspace.store.delete(Appearance, project="lib", analysis_id="a")
        assert times(library.get(f"{path}&cursor={first['next']}"))[0][0] in "bd"

    @pytest.mark.parametrize(
        ("query", "status", "code"),
        [
            ("", 422, "invalid"),
            ("with=", 422, "invalid"),
            ("with=/", 422, "invalid"),
            ("with=Nobody", 404, "not_found"),
            ("with=unknown:99", 404, "not_found"),
            ("with=unknown:x", 422, "invalid"),
            ("with=unknown:-1", 422, "invalid"),
            ("with=Ann&without=Ann", 422, "invalid"),
            ("with=" + "/".join(f"unknown:{number}" for number in range(11)), 422, "invalid"),
            ("with=Ann&from=soon", 422, "invalid"),
            ("with=Ann&to=1938-13", 422, "invalid"),
            ("with=Ann&gap_s=-1", 422, "invalid"),
            ("with=Ann&gap_s=nan", 422, "invalid"),
            ("with=Ann&sort=name", 422, "invalid"),
            ("with=Ann&limit=501", 422, "invalid"),
            ("with=Ann&videos=" + "/".join(map(str, range(101))), 422, "invalid"),
            ("with=Ann&present=Ben", 422, "invalid"),
            ("with=Ann&cursor=x", 400, "bad_cursor"),
            ("with=Ann&cursor=WyJ4IiwiYSIsMSwxXQ", 400, "bad_cursor"),
        ],
    )
    def test_what_cannot_be_asked(self, library: Api, query: str, status: int, code: str) -> None:
        library.refused("GET", f"{PATH}?{query}", status, code)

    def test_cursor_of_another_question(self, library: Api) -> None:
        cursor = library.get(f"{PATH}?with=Ann&limit=1")["next"]
        library.refused("GET", f"{PATH}?with=Ben&limit=1&cursor={cursor}", 400, "bad_cursor")


class TestStatistics:
    def test_are_those_of_the_appearances(self, library: Api) -> None:
        found = library.get(FIGURES)
        assert [(one["name"], one["seconds"], one["n_videos"]) for one in found["people"]] == [
            ("Ben A", 91.0, 4),
            ("Ann A", 86.0, 4),
            ("Cy A", 15.0, 1),
        ]
        assert (found["named_seconds"], found["unknown_seconds"], found["n_appearances"]) == (192.0, 2.0, 13)
        assert [(one["title"], one["seconds"], one["unknown_seconds"]) for one in found["videos"]][2] == ("Film b", 9.0, 2.0)
        assert found["cells"][0] == [80.0, 5.0, 4.0, 2.0]
        assert found["together"][0] == {"one": 0, "other": 1, "seconds": 63.0, "times": 3}
        assert found["over_time"]["unit"] == "year"
        assert found["over_time"]["people"][0] == [5.0, 0, 0, 0, 0, 0, 0, 84.0]
        overall.Statistics.model_validate(found, strict=True)

    def test_filters(self, library: Api) -> None:
        assert [one["name"] for one in library.get(f"{FIGURES}?unknown=true&top=4")["people"]][-1] == "Unknown 3"
        assert [one["seconds"] for one in library.get(f"{FIGURES}?human=true")["people"]] == [12.0, 5.0]
        few = library.get(f"{FIGURES}?from=1945-05&to=1945-05-31&videos=vb")
        assert ([one["seconds"] for one in few["people"]], few["n_undated"]) == ([5.0, 4.0], 0)
        assert (few["over_time"]["unit"], few["over_time"]["periods"]) == ("month", ["1945-05"])
        assert library.get(f"{FIGURES}?from=1900&to=1901")["people"] == []

    @pytest.mark.parametrize("query", ["top=0", "top=61", "confidence=2", "from=x", "human=perhaps", "with=Ann"])
    def test_what_cannot_be_asked(self, library: Api, query: str) -> None:
        library.refused("GET", f"{FIGURES}?{query}", 422, "invalid")

    def test_of_an_empty_project(self, api: Api) -> None:
        api.workspace.begin_project("empty", "fake")
        found = api.get("/projects/empty/statistics")
        assert (found["people"], found["videos"], found["over_time"]["periods"]) == ([], [], [])
        api.refused("GET", "/projects/none/statistics", 404, "not_found")


@pytest.mark.parametrize("path", [f"{PATH}?with=Ann", FIGURES])
class TestKept:
    @pytest.fixture
    def read(self, library: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
        """Look-ups of appearances from now on."""
        seen_: list[str] = []
        cells = library.workspace.store.cells

        def watched(kind: type[Any], names: Any, query: Any) -> Any:
            if kind is Appearance:
                seen_.append(str(query))
            return cells(kind, names, query)

        monkeypatch.setattr(library.workspace.store, "cells", watched)
        yield seen_

    def test_until_appearances_change(self, library: Api, path: str, read: list[str]) -> None:
        first = library.client.get(f"/api/v1{path}")
        n = len(read)
        assert n
        assert library.client.get(f"/api/v1{path}").data == first.data
        etag = {"If-None-Match": first.headers["ETag"]}
        library.app.extensions["facerec.kept"] = Keeper(0)
        assert library.client.get(f"/api/v1{path}", headers=etag).status_code == 304
        assert len(read) == n
        library.workspace.store.put(seen("lib", "d", 77, "Ann", 50, 60, 0.9, "machine", None))
        changed = library.client.get(f"/api/v1{path}", headers=etag)
        assert changed.status_code == 200
        assert changed.data != first.data

    def test_until_a_video_gets_another_title(self, library: Api, path: str) -> None:
        first = library.client.get(f"/api/v1{path}")
        video = library.workspace.store.get(Video, "vc")
        assert video is not None
        library.send("PATCH", "/videos/vc", 200, json={"title": "Die Reise"}, headers=library.etag("/videos/vc"))
        after = library.client.get(f"/api/v1{path}", headers={"If-None-Match": first.headers["ETag"]})
        assert after.status_code == 200
        assert "Die Reise" in after.text

    def test_others_make_no_difference(self, library: Api, path: str, read: list[str]) -> None:
        first = library.client.get(f"/api/v1{path}")
        library.workspace.store.put(seen("other", "d", 77, "Ann", 50, 60, 0.9, "machine", None))
        n = len(read)
        assert library.client.get(f"/api/v1{path}").headers["ETag"] == first.headers["ETag"]
        assert len(read) == n
