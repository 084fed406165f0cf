"""Addresses of archives lead to what is played."""

from __future__ import annotations

from dataclasses import replace

from tests.api.conftest import Api

from .asking import new_film, refused


class TestLocator:
    def test_an_address_is_text(self, api: Api) -> None:
        answer = api.client.get("/get_locator?video=https://films.example/a.mp4")
        assert (answer.status_code, answer.mimetype, answer.text) == (200, "text/plain", "https://films.example/a.mp4")
        video = replace(api.video(), locator="http://data.example/media/1", media="https://films.example/b.mp4", checksum="")
        api.workspace.store.put(video)
        assert api.client.get("/get_locator?video=http://data.example/media/1").text == "https://films.example/b.mp4"

    def test_a_file_is_itself(self, api: Api) -> None:
        data = (api.folder / "newsreel.mp4").read_bytes()
        answer = api.client.get("/get_locator", query_string={"video": api.video().locator})
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "video/mp4", data)
        path = new_film(api)
        part = api.client.get("/get_locator?video=video/film2.mp4", headers={"Range": "bytes=0-9"})
        assert (part.status_code, part.data) == (206, path.read_bytes()[:10])
        assert api.client.get("/get_locator?video=film2.mp4").data == path.read_bytes()

    def test_what_is_not_given(self, api: Api) -> None:
        for video, status in (
            ("", 422),
            ("../facerec.db", 422),
            ("..%2f..%2fetc%2fpasswd", 422),
            ("/etc/passwd", 422),
            ("//etc/passwd", 422),
            ("\\\\host\\share", 422),
            ("film.mp4\x00", 422),
            ("nothing.mp4", 404),
            ("http://127.0.0.1:8000/a.mp4", 422),
            ("http://169.254.169.254/latest/meta-data", 422),
            ("http://0x7f000001/a.mp4", 422),
        ):
            for route in ("/get_locator", "/get_metadata"):
                refused(api, status, route, query_string={"video": video})

    def test_nothing_is_known(self, api: Api) -> None:
        refused(api, 422, "/get_locator")
        refused(api, 422, "/get_metadata")
        refused(api, 404, "/get_metadata?video=https://films.example/a.mp4")
