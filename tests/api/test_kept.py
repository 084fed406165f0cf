"""Answers that are kept: as long as what they were made of stays the same, whichever process changes it, and no longer."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from src.api.kept import IDLE_S, Keeper
from src.records import Appearance
from tests.api.conftest import Api

ROOT = Path(__file__).parents[2]
BEGIN = """
import sys
from pathlib import Path
from src import clusterize, tracker
from src.engines import ENGINES
from src.records import Appearance, ProjectVideo, Target, Verb
from src.verbs import decide
from src.workspace import open_workspace
from tests.api.conftest import FAKE, settings_in
ENGINES["fake"] = FAKE
folder, film = Path(sys.argv[1]), sys.argv[2]
with open_workspace(settings_in(folder / "data")) as workspace:
    """


def elsewhere(api: Api, code: str) -> None:
    """Run lines in another process, with the `workspace` of the archive and the name of its newsreel, `film`."""
    command = [sys.executable, "-c", BEGIN + code, str(api.folder), api.video().locator]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@pytest.fixture
def made(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Analyses whose appearances were read as a whole from now on."""
    seen: list[str] = []
    cells = api.workspace.store.cells

    def watched(kind: type[Any], names: Any, query: Any) -> Any:
        if kind is Appearance:
            seen.append(query.equals["analysis_id"])
        return cells(kind, names, query)

    monkeypatch.setattr(api.workspace.store, "cells", watched)
    yield seen


class TestOverview:
    def path(self, api: Api) -> str:
        return f"/api/v1/projects/p/videos/{api.video().video_id}/overview"

    def test_is_made_once_and_then_not_even_sent_again(self, api: Api, made: list[str]) -> None:
        path = self.path(api)
        first, second = api.client.get(path), api.client.get(path)
        assert (first.data, first.headers["ETag"]) == (second.data, second.headers["ETag"])
        assert len(made) == 1
        again = api.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert "private" in again.headers["Cache-Control"]
        assert len(made) == 1

    def test_need_not_be_made_to_say_that_nothing_changed(self, api: Api, made: list[str]) -> None:
        """Also by a process that has not made it yet: a server that was started anew."""
        etag = api.client.get(self.path(api)).headers["ETag"]
        api.app.extensions["facerec.kept"] = Keeper(0)
        made.clear()
        assert api.client.get(self.path(api), headers={"If-None-Match": etag}).status_code == 304
        assert made == []

    def test_differs_by_what_was_asked_for(self, api: Api) -> None:
        path = self.path(api)
        answers = [api.client.get(f"{path}?{query}") for query in ("", "bins=8", "bins=9", "max_lanes=1")]
        assert len({answer.data for answer in answers}) == len({answer.headers["ETag"] for answer in answers}) == 4

    @pytest.mark.parametrize(
        "code",
        [
            'decide.run(workspace, "p", Verb.RENAME, Target("person", person_id="Anna_Albers"), name="Hannah")',
            'seen = next(a for a in workspace.store.find(Appearance, project="p") if a.name == "Unknown 2")\n'
            '    target = decide.track_target(workspace, "p", film, seen.track_id)\n'
            '    decide.run(workspace, "p", Verb.IS, target, person="Ben Bo")',
            'tracker.run(workspace, film, "p", video_speedup=10)\n    clusterize.run(workspace, film, "p")',
            'workspace.store.delete(Appearance, project="p", person_id="Anna_Albers")',
        ],
        ids=["a rename", "a decision", "another analysis", "an erasure"],
    )
    def test_follows_what_another_process_changes(self, api: Api, code: str) -> None:
        before = api.client.get(self.path(api))
        assert api.client.get(self.path(api)).data == before.data
        elsewhere(api, code)
        after = api.client.get(self.path(api), headers={"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 200
        assert after.data != before.data
        api.app.extensions["facerec.kept"] = Keeper(0)
        assert api.client.get(self.path(api)).data == after.data

    def test_stays_when_another_video_is_decided_about(self, api: Api, made: list[str]) -> None:
        api.client.get(self.path(api))
        api.workspace.store.delete(Appearance, project="p", analysis_id=api.appearance("Çelik Özil").analysis_id)
        api.client.get(self.path(api))
        assert len(made) == 1

    def test_of_a_video_whose_length_became_known(self, api: Api) -> None:
        api.client.get(self.path(api))
        video = api.video()
        api.workspace.store.put(type(video)(**{name: getattr(video, name) for name in video.__slots__} | {"duration": 40.0}))
        assert api.client.get(self.path(api)).json["duration"] == 40.0  # type: ignore[index]

    def test_is_packed_for_those_who_can_unpack(self, api: Api, made: list[str]) -> None:
        plain = api.client.get(self.path(api))
        packed = api.client.get(self.path(api), headers={"Accept-Encoding": "br, gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert json.loads(gzip.decompress(packed.data)) == plain.json
        assert len(made) == 1
        assert "Content-Encoding" not in plain.headers
        assert "Accept-Encoding" in plain.vary and "Accept-Encoding" in packed.vary
        assert packed.headers["ETag"] != plain.headers["ETag"]
        for header in ("gzip;q=0", "identity"):
            assert "Content-Encoding" not in api.client.get(self.path(api), headers={"Accept-Encoding": header}).headers


class TestTrack:
    """The route of the original service, whose answer about hours of video is megabytes."""

    def path(self, api: Api) -> str:
        return f"/track?video={quote(api.video().locator)}&project=p"

    def test_is_kept_until_another_process_changes_the_appearances(self, api: Api) -> None:
        first, second = api.client.get(self.path(api)), api.client.get(self.path(api))
        assert first.json["status"] == "COMPLETE"  # type: ignore[index]
        assert (first.data, first.headers["ETag"]) == (second.data, second.headers["ETag"])
        etag = {"If-None-Match": first.headers["ETag"]}
        assert api.client.get(self.path(api), headers=etag).status_code == 304
        elsewhere(api, 'decide.run(workspace, "p", Verb.RENAME, Target("person", person_id="Anna_Albers"), name="Hannah")')
        after = api.client.get(self.path(api), headers=etag)
        assert {track["name"] for track in after.json["tracks"]} == {"Hannah", "Ben Bo"}  # type: ignore[index]

    def test_follows_what_is_said_of_the_video(self, api: Api) -> None:
        address = self.path(api)
        api.client.get(address)
        path = f"/api/v1/videos/{api.video().video_id}"
        etag = {"If-Match": api.client.get(path).headers["ETag"]}
        assert api.client.patch(path, json={"title": "Die Reise"}, headers=etag).status_code == 200
        assert api.client.get(address).json["title"] == "Die Reise"  # type: ignore[index]


class TestKeeper:
    def test_room_is_bounded_and_the_least_wanted_goes_first(self) -> None:
        keeper, made = Keeper(100), []

        def ask(what: str, size: int = 40) -> None:
            keeper.body(what, "1", lambda: made.append(what) or bytes(size))  # type: ignore[func-returns-value]

        for what in ("a", "b", "a", "c", "a", "b"):
            ask(what)
        assert made == ["a", "b", "c", "b"]
        ask("huge", 101)
        ask("huge", 101)
        assert made[-2:] == ["huge", "huge"]

    def test_older_revisions_take_no_room(self) -> None:
        keeper = Keeper(100)
        for revision in range(10):
            assert keeper.body("a", str(revision), lambda revision=revision: b"%d" % revision * 40)[:1] == b"%d" % revision  # type: ignore[misc]
        keeper.body("b", "1", lambda: bytes(60))
        assert keeper.body("a", "9", lambda: b"made anew") != b"made anew"

    def test_what_nobody_asks_for_goes(self) -> None:
        now, made = [0.0], []
        keeper = Keeper(1000, lambda: now[0])

        def ask(what: str) -> None:
            keeper.body(what, "1", lambda: made.append(what) or b"x")  # type: ignore[func-returns-value]

        ask("a")
        now[0] = 1.0
        ask("b")
        now[0] = IDLE_S
        keeper.let_go()
        ask("b")
        now[0] = IDLE_S + 1.0
        keeper.let_go()
        assert keeper.body("b", "1", lambda: b"anew") == b"x"
        assert made == ["a", "b"]
        ask("a")
        assert made == ["a", "b", "a"]

    def test_many_who_want_the_same_wait_for_one(self) -> None:
        keeper, made = Keeper(1000), []

        def make() -> bytes:
            made.append(1)
            time.sleep(0.05)
            return b"x"

        threads = [threading.Thread(target=keeper.body, args=("a", "1", make)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 1

    def test_what_cannot_be_made_keeps_nobody_from_trying_again(self) -> None:
        keeper = Keeper(1000)
        with pytest.raises(ZeroDivisionError):
            keeper.body("a", "1", lambda: bytes(1 // 0))
        assert keeper.body("a", "1", lambda: b"x") == b"x"
