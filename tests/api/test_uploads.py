"""Videos and photos that are sent, whole and in chunks."""

from __future__ import annotations

import io
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from src.records import Video
from src.training.trainingset import TrainingSet
from tests.api.conftest import Api
from tests.api.test_people import photo
from tests.videos import numbered, truncate, write_sound, write_video

CHUNK = "application/offset+octet-stream"


def film(folder: Path, first: int = 100) -> bytes:
    return write_video(folder / "sent.mp4", numbered(30, first=first)).read_bytes()


def begin(api: Api, data: bytes, **what: Any) -> str:
    body = {"kind": "video", "filename": "Kleine Reise.mp4", "size": len(data)} | what
    return str(api.send("POST", "/uploads", 201, json=body)["upload_id"])


def patch(api: Api, upload_id: str, offset: int | str, data: bytes, kind: str = CHUNK) -> Any:
    return api.client.patch(
        f"/api/v1/uploads/{upload_id}", data=data, content_type=kind, headers={"Upload-Offset": str(offset)}
    )


def parts(api: Api) -> list[Path]:
    return sorted((api.workspace.data_dir / "uploads").glob("*"))


class TestChunks:
    def test_video_in_pieces_with_a_break_in_between(self, api: Api) -> None:
        data = film(api.folder)
        upload_id = begin(api, data)
        assert patch(api, upload_id, 0, data[:1000]).json["offset"] == 1000
        head = api.client.head(f"/api/v1/uploads/{upload_id}")
        assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("1000", str(len(data)))
        wrong = patch(api, upload_id, 0, data[:1000])
        assert (wrong.status_code, wrong.json["code"], wrong.headers["Upload-Offset"]) == (409, "wrong_offset", "1000")
        done = patch(api, upload_id, 1000, data[1000:])
        assert done.json["complete"] is True
        video = api.get(f"/videos/{done.json['result']}")
        assert (video["title"], video["local"], video["width"]) == ("Kleine_Reise", True, 96)
        assert api.client.get(f"/api/v1/videos/{video['video_id']}/media").data == data
        assert patch(api, upload_id, len(data), b"").json["complete"] is True
        assert api.get(f"/uploads/{upload_id}")["result"] == video["video_id"]

    def test_same_bytes_are_kept_once(self, api: Api) -> None:
        known = api.video()
        data = Path(known.media).read_bytes()
        done = patch(api, begin(api, data), 0, data)
        assert done.json["result"] == known.video_id
        assert api.video().media == known.media
        assert api.workspace.store.count(Video) == 2

    def test_picture_in_chunks(self, api: Api) -> None:
        data = photo(70, "JPEG")
        upload_id = begin(api, data, kind="picture", filename="x.jpg", project="p", person_id="Ben_Bo")
        patch(api, upload_id, 0, data[:100])
        done = patch(api, upload_id, 100, data[100:])
        assert api.get(f"/projects/p/images/{done.json['result']}")["person_id"] == "Ben_Bo"

    def test_what_is_not_what_it_should_be_leaves_nothing(self, api: Api) -> None:
        video, wrong = (
            film(api.folder),
            [b"<html>", truncate(write_video(api.folder / "t.mp4", numbered(40)), 0.5).read_bytes()],
        )
        wrong += [write_sound(api.folder / "s.m4a").read_bytes(), photo(), b"#EXTM3U\nhttp://127.0.0.1/x"]
        for data in wrong:
            answer = patch(api, begin(api, data), 0, data)
            assert (answer.status_code, answer.json["code"]) == (422, "not_a_video"), answer.text
            assert str(api.folder) not in answer.text
        named = begin(api, video, kind="picture", filename="photo.jpg", project="p", person_id="Ben_Bo")
        assert patch(api, named, 0, video).json["code"] == "not_a_picture"
        assert parts(api) == []
        assert api.workspace.store.count(Video) == 2

    def test_more_than_was_said_is_refused_and_forgotten(self, api: Api) -> None:
        upload_id = begin(api, b"12345")
        assert patch(api, upload_id, 0, b"123456").status_code == 413
        assert api.get(f"/uploads/{upload_id}")["offset"] == 0
        assert [path.suffix for path in parts(api)] == [".json", ".part"]

    @pytest.mark.parametrize("offset", ["", "-1", "x", "1.0", "²", "9" * 30])
    def test_offset_that_is_no_number(self, api: Api, offset: str) -> None:
        assert patch(api, begin(api, b"12345"), offset.encode().decode("latin-1"), b"1").status_code == 400

    def test_other_content_type(self, api: Api) -> None:
        assert patch(api, begin(api, b"12345"), 0, b"1", "application/json").status_code == 415

    @pytest.mark.parametrize("upload_id", ["none", "..%2f..%2fx", "%00", "a" * 32, "A" * 32, "%2e%2e"])
    def test_ids_of_no_upload(self, api: Api, upload_id: str) -> None:
        for method in ("GET", "DELETE"):
            assert api.client.open(f"/api/v1/uploads/{upload_id}", method=method).status_code in (404, 405)

    def test_given_up(self, api: Api) -> None:
        upload_id = begin(api, b"12345")
        assert api.client.delete(f"/api/v1/uploads/{upload_id}").status_code == 204
        assert parts(api) == []

    def test_limits(self, api: Api) -> None:
        server = api.workspace.settings.server.model_copy(update={"max_uploads": 2, "max_upload_bytes": 1000})
        api.workspace.settings = api.workspace.settings.model_copy(update={"server": server})
        body = {"kind": "video", "filename": "x", "size": 1001}
        api.refused("POST", "/uploads", 413, "request_entity_too_large", json=body)
        for _ in range(2):
            begin(api, b"1")
        api.refused("POST", "/uploads", 429, "too_many_requests", json=body | {"size": 1})
        for path in parts(api):
            old = time.time() - 4 * 86_400
            os.utime(path, (old, old))
        begin(api, b"1")
        assert len(parts(api)) == 2

    @pytest.mark.parametrize(
        "change", [{"size": 0}, {"size": -1}, {"size": "5"}, {"kind": "music"}, {"filename": ""}, {"project": "p"}]
    )
    def test_what_cannot_begin(self, api: Api, change: dict[str, Any]) -> None:
        api.refused("POST", "/uploads", 422, "invalid", json={"kind": "video", "filename": "x", "size": 5} | change)

    def test_picture_needs_a_person(self, api: Api) -> None:
        body = {"kind": "picture", "filename": "x", "size": 5, "project": "p", "person_id": "nobody"}
        api.refused("POST", "/uploads", 404, "not_found", json=body)


class TestForms:
    def test_video_in_a_form(self, api: Api) -> None:
        data = film(api.folder, 300)
        what = {"data": {"file": (io.BytesIO(data), "..\\..\\böse?.mp4")}, "content_type": "multipart/form-data"}
        video = api.send("POST", "/videos", 201, **what)
        stored = api.workspace.store.get(Video, video["video_id"])
        assert stored is not None
        assert Path(stored.media).parent == (api.workspace.data_dir / "video").resolve()
        assert Path(stored.media).read_bytes() == data
        assert parts(api) == []

    def test_picture_named_as_video(self, api: Api) -> None:
        what = {"data": {"file": (io.BytesIO(photo()), "x.mp4")}, "content_type": "multipart/form-data"}
        api.refused("POST", "/videos", 422, "not_a_video", **what)

    def test_picture_that_two_send_at_once_is_kept_once(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        add, said = TrainingSet.add, list[int]()

        def send() -> None:
            path = "/api/v1/projects/p/people/Ben_Bo/images"
            said.append(api.app.test_client().post(path, data={"file": (io.BytesIO(photo(71)), "x.png")}).status_code)

        other = threading.Thread(target=send)

        def slow(*what: Any) -> Any:
            if other.ident is None:
                other.start()
                other.join(0.5)  # as long as this one is at it, the other one comes no further
            return add(*what)

        monkeypatch.setattr(TrainingSet, "add", slow)
        send()
        other.join()
        assert sorted(said) == [201, 409]

    def test_body_over_the_limit(self, api: Api) -> None:
        api.app.config["MAX_CONTENT_LENGTH"] = 1000
        what = {"data": {"file": (io.BytesIO(b"x" * 5000), "x.mp4")}, "content_type": "multipart/form-data"}
        api.refused("POST", "/videos", 413, "request_entity_too_large", **what)
