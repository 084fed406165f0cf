"""Films of archives, sent on: in pieces, through the guard, with the archive's login, of which the answer tells nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from src.api import relay
from src.records import Video
from src.settings import GraphSettings, LimecraftSettings
from tests.api.conftest import Api
from tests.servers.archive import ANTRACT_GRAPH, LocalArchive, local_archive

PRESS = "http://www.ina.fr/media/AFE86003905"
LOGIN = ("ann", "sesame")


@pytest.fixture
def keeper() -> Iterator[LocalArchive]:
    """An archive whose media ask who wants them."""
    with local_archive(ANTRACT_GRAPH, media_login=LOGIN) as server:
        yield server


def allow(api: Api, **sections: Any) -> None:
    """Let the service call the archive of the test."""
    fetch = api.workspace.settings.fetch.model_copy(update={"allow_networks": ("127.0.0.0/8",)})
    api.workspace.settings = api.workspace.settings.model_copy(update={"fetch": fetch, **sections})


def graph_of(keeper: LocalArchive, media_base: str) -> GraphSettings:
    return GraphSettings(endpoint=keeper.endpoint, user=LOGIN[0], password=SecretStr(LOGIN[1]), media_base=media_base)


def keep(api: Api, locator: str) -> str:
    """Store a video that lies elsewhere, and return where its film is had from."""
    far = replace(api.video(), video_id="far", locator=locator, media=locator, folder="far", checksum="")
    api.workspace.store.put(far)
    return "/api/v1/videos/far/media"


class TestFromAnArchive:
    def film(self, api: Api, keeper: LocalArchive) -> tuple[str, bytes]:
        """Let the archive have the film of the newsreel, behind its login."""
        data = Path(api.video().media).read_bytes()
        keeper.put("/Media/AF/AFE86003905.mp4", data, "video/mp4")
        allow(api, antract=graph_of(keeper, keeper.address))
        return keep(api, PRESS), data

    def test_whole_and_in_ranges(self, api: Api, keeper: LocalArchive) -> None:
        path, data = self.film(api, keeper)
        answer = api.client.get(path)
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "video/mp4", data)
        for asked, first, last in (("0-99", 0, 99), ("100-", 100, len(data) - 1), ("-50", len(data) - 50, len(data) - 1)):
            answer = api.client.get(path, headers={"Range": f"bytes={asked}"})
            assert (answer.status_code, answer.data) == (206, data[first : last + 1])
            assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(data)}"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "private, no-store"
        for asked, status in (("bytes=-99999999", 206), ("items=0-9", 200), ("bytes=0-1,5-9", 200)):
            answer = api.client.get(path, headers={"Range": asked})
            assert (answer.status_code, answer.data) == (status, data)
        # The graph was asked once: what it said holds for a while.
        assert len(keeper.queries) == 1

    def test_no_answer_to_a_range_is_long(self, api: Api, keeper: LocalArchive, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(relay, "PIECE", 1000)
        path, data = self.film(api, keeper)
        answer = api.client.get(path, headers={"Range": "bytes=10-"})
        assert (answer.status_code, answer.data) == (206, data[10:1010])
        assert answer.headers["Content-Range"] == f"bytes 10-1009/{len(data)}"

    def test_range_outside_is_416(self, api: Api, keeper: LocalArchive) -> None:
        path, data = self.film(api, keeper)
        answer = api.client.get(path, headers={"Range": "bytes=99999999-"})
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(data)}")

    def test_breaks_off_and_goes_on(self, api: Api, keeper: LocalArchive) -> None:
        path, data = self.film(api, keeper)
        keeper.break_after = [500]
        assert api.client.get(path, headers={"Range": "bytes=0-"}).data == data

    def test_login_and_link_stay_here(self, api: Api, keeper: LocalArchive, caplog: pytest.LogCaptureFixture) -> None:
        path, _ = self.film(api, keeper)
        said = str(api.client.get(path).headers)
        keeper.media_login = ("ben", "other")
        problem = api.refused("GET", "/videos/far/media", 502, "fetch_failed")
        assert "answers 401" in problem["detail"]
        for text in (said, str(problem)):
            assert LOGIN[1] not in text
            assert keeper.address not in text
        caplog.clear()

    def test_from_its_folder_here(self, api: Api, keeper: LocalArchive, tmp_path: Path) -> None:
        film = tmp_path / "Media" / "AF" / "AFE86003905.mp4"
        film.parent.mkdir(parents=True)
        film.write_bytes(Path(api.video().media).read_bytes())
        allow(api, antract=graph_of(keeper, str(tmp_path)))
        answer = api.client.get(keep(api, PRESS), headers={"Range": "bytes=5-9"})
        assert (answer.status_code, answer.data) == (206, film.read_bytes()[5:10])

    def test_link_that_expired_is_asked_for_anew(self, api: Api) -> None:
        with local_archive() as archive:
            data = Path(api.video().media).read_bytes()
            archive.put("/film.mp4", data, "video/mp4")
            user, password = archive.account
            allow(api, limecraft=LimecraftSettings(address=archive.limecraft, user=user, password=SecretStr(password)))
            path = keep(api, f"{archive.limecraft}/production/1/mo/2/moa")
            assert api.client.get(path).data == data
            archive.statuses = [403]
            assert api.client.get(path, headers={"Range": "bytes=0-9"}).data == data[:10]
            assert archive.count("GET /api/production/1/mo/2/download") == 2


class TestFromAnAddress:
    def test_plays(self, api: Api) -> None:
        with local_archive() as server:
            url = server.put("/a.mp4", b"film" * 100, "video/mp4")
            allow(api)
            assert api.client.get(keep(api, url)).data == b"film" * 100

    def test_nothing_of_a_private_network(self, api: Api) -> None:
        with local_archive() as server:
            keep(api, server.put("/a.mp4", b"film", "video/mp4"))
            api.refused("GET", "/videos/far/media", 422, "forbidden_address")
            assert server.asked == []

    def test_nothing_that_is_no_film(self, api: Api, caplog: pytest.LogCaptureFixture) -> None:
        with local_archive() as server:
            allow(api)
            keep(api, server.put("/a.mp4", "<html>log in</html>", "text/html"))
            api.refused("GET", "/videos/far/media", 502, "fetch_failed")
        caplog.clear()

    def test_a_path_in_its_record_is_no_address(self, api: Api) -> None:
        """What the record says of a file that is gone, or that was never here, opens nothing."""
        api.workspace.store.put(Video("odd", "/etc/passwd", "/etc/passwd", "odd"))
        api.refused("GET", "/videos/odd/media", 409, "media_elsewhere")
