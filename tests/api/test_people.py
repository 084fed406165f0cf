"""People, their training pictures, and new pictures of them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image as Pillow

from src import classifier
from src.records import Image, ImageState
from src.training.trainingset import DISABLED_FILE, TrainingSet
from tests.api.conftest import Api
from tests.stages.conftest import draw_photo
from tests.videos import numbered, write_video

PATH = "/projects/p/people"


def photo(number: int = 50, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(draw_photo(0, number)).save(buffer, kind)
    return buffer.getvalue()


def form(data: bytes, name: str = "photo.png", part: str = "file") -> dict[str, Any]:
    return {"data": {part: (io.BytesIO(data), name)}, "content_type": "multipart/form-data"}


class TestPeople:
    def test_list_add_and_show(self, api: Api) -> None:
        assert [item["name"] for item in api.get(PATH)["items"]] == ["Anna Albers", "Ben Bo", "Çelik Özil"]
        person = api.send(
            "POST", PATH, 201, json={"name": "名前 Ünï", "aliases": ["N"], "uri": "https://x/1", "metadata": {"born": 1}}
        )
        assert (person["person_id"], person["metadata"]) == ("名前_Ünï", {"born": 1})
        assert api.get(f"{PATH}/名前_Ünï") == person
        api.refused("POST", PATH, 409, "conflict", json={"name": "名前 Ünï"})
        api.refused("GET", f"{PATH}/nobody", 404, "not_found")

    @pytest.mark.parametrize("uri", ["javascript:alert(1)", "x", "file:///etc/passwd", "data:text/html,x"])
    def test_address_that_a_page_must_not_link_to(self, api: Api, uri: str) -> None:
        api.refused("POST", PATH, 422, "invalid", json={"name": "X", "uri": uri})

    def test_change(self, api: Api) -> None:
        path = f"{PATH}/Ben_Bo"
        api.refused("PATCH", path, 428, "precondition_required", json={"description": "x"})
        changed = api.send(
            "PATCH", path, 200, json={"description": "x", "uri": "urn:x", "aliases": ["B"]}, headers=api.etag(path)
        )
        assert (changed["description"], changed["uri"], changed["aliases"]) == ("x", "urn:x", ["B"])
        assert api.send("PATCH", path, 200, json={"uri": ""}, headers=api.etag(path))["uri"] is None

    def test_new_name_follows_in_videos_and_the_old_one_is_an_alias(self, api: Api) -> None:
        path = f"{PATH}/Ben_Bo"
        changed = api.send("PATCH", path, 200, json={"name": "Benjamin <b>Bo</b>"}, headers=api.etag(path))
        assert (changed["name"], changed["aliases"]) == ("Benjamin <b>Bo</b>", ["Ben Bo"])
        (seen,) = api.get("/projects/p/appearances?person_id=Ben_Bo")["items"]
        assert seen["name"] == "Benjamin <b>Bo</b>"

    def test_the_name_of_somebody_else_is_refused_and_nothing_changes(self, api: Api) -> None:
        path = f"{PATH}/Ben_Bo"
        before = api.get(path)
        wanted = {"name": "Anna Albers", "description": "new"}
        problem = api.refused("PATCH", path, 422, "invalid", json=wanted, headers=api.etag(path))
        assert problem["detail"] == 'Somebody else is called "Anna Albers". Choose a name that tells them apart.'
        assert api.get(path) == before

    def test_who_bears_a_name_has_it_and_not_who_is_also_known_by_it(self, api: Api) -> None:
        path = f"{PATH}/Ben_Bo"
        shown = "/projects/p/appearances?person_id=Anna_Albers"
        before = [seen["name"] for seen in api.get(shown)["items"]]
        assert set(before) == {"Anna Albers"}
        known = {"aliases": ["Anna Albers"], "recognisable": False}  # what changes makes the names anew
        api.send("PATCH", path, 200, json=known, headers=api.etag(path))
        assert [seen["name"] for seen in api.get(shown)["items"]] == before

    def test_somebody_who_may_not_be_recognised_is_not_named(self, api: Api) -> None:
        path = f"{PATH}/Ben_Bo"
        assert api.send("PATCH", path, 200, json={"recognisable": False}, headers=api.etag(path))["recognisable"] is False
        assert api.get("/projects/p/appearances?person_id=Ben_Bo")["items"] == []
        assert api.send("PATCH", path, 200, json={"recognisable": True}, headers=api.etag(path))["recognisable"] is True
        assert len(api.get("/projects/p/appearances?person_id=Ben_Bo")["items"]) == 1

    def test_thumbnail(self, api: Api) -> None:
        answer = api.client.get(f"/api/v1{PATH}/Anna_Albers/thumbnail")
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        api.send("POST", PATH, 201, json={"name": "New"})
        nothing = api.client.get(f"/api/v1{PATH}/New/thumbnail")
        assert (nothing.status_code, nothing.data, nothing.headers["Cache-Control"]) == (204, b"", "private, no-cache")

    def test_thumbnail_of_somebody_who_is_known_from_videos_alone(self, api: Api) -> None:
        track = api.track("Unknown 2")
        target = {"kind": "track", "track": f"{track.analysis_id}-{track.track_id}"}
        api.send("POST", "/projects/p/decisions", 201, json={"verb": "is", "person": "Dora Day", "target": target})
        answer = api.client.get(f"/api/v1{PATH}/Dora_Day/thumbnail")
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/jpeg", track.thumbnail)

    def test_a_list_of_names_can_be_sent_again(self, api: Api) -> None:
        names = [
            {"name": "Dora Day"},
            {"name": "Ben Bo", "uri": "https://x/2"},
            {"name": "a/b"},
            {"name": "Eve", "uri": "urn:e"},
        ]
        answer = api.send("POST", "/projects/p/people-list", 200, json={"people": names})
        assert [person["name"] for person in answer["added"]] == ["Dora Day", "Eve"]
        assert [(person["name"], person["uri"]) for person in answer["known"]] == [("Ben Bo", None)]
        assert [one["name"] for one in answer["refused"]] == ["a/b"]
        assert "no folder may have" in answer["refused"][0]["detail"]
        again = api.send("POST", "/projects/p/people-list", 200, json={"people": names})
        assert (again["added"], len(again["known"])) == ([], 3)
        assert api.get(f"{PATH}/Eve")["uri"] == "urn:e"
        api.refused("POST", "/projects/p/people-list", 422, "invalid", json={"people": []})


class TestImages:
    def test_list_by_person_and_state(self, api: Api) -> None:
        assert api.get("/projects/p/images")["total"] == 12
        mine = api.get("/projects/p/images?person_id=Ben_Bo")
        assert mine["total"] == 4
        assert {item["state"] for item in mine["items"]} == {"active"}
        assert api.get("/projects/p/images?person_id=Ben_Bo&state=disabled")["items"] == []
        api.refused("GET", "/projects/p/images?state=gone", 422, "invalid")

    def test_pictures(self, api: Api) -> None:
        image = api.get("/projects/p/images?person_id=Ben_Bo")["items"][0]
        path = f"/projects/p/images/{image['sha256']}"
        assert api.get(path) == image
        for what, file in (("picture", image["path"]), ("face", image["aligned_path"])):
            answer = api.client.get(f"/api/v1{path}/{what}")
            assert (answer.mimetype, answer.data) == ("image/png", (api.workspace.data_dir / file).read_bytes())

    def test_picture_that_a_link_leads_out_of_the_data_folder(self, api: Api) -> None:
        image = api.get("/projects/p/images?person_id=Ben_Bo")["items"][0]
        secret = api.folder / "secret.png"
        secret.write_bytes(b"secret")
        file = api.workspace.data_dir / image["path"]
        file.unlink()
        file.symlink_to(secret)
        answer = api.client.get(f"/api/v1/projects/p/images/{image['sha256']}/picture")
        assert answer.status_code == 422
        assert b"secret" not in answer.data.replace(b"secret.png", b"")

    def test_switched_off_and_on_again(self, api: Api) -> None:
        image = api.get("/projects/p/images?person_id=Ben_Bo")["items"][0]
        path = f"/projects/p/images/{image['sha256']}"
        off = api.send("PATCH", path, 200, json={"enabled": False, "reason": "his brother"}, headers=api.etag(path))
        assert (off["state"], off["reason"], off["state_by"]) == ("disabled", "his brother", "human")
        assert api.get("/projects/p/images?person_id=Ben_Bo&state=disabled")["total"] == 1
        model = classifier.run(api.workspace, "p").model
        assert image["sha256"] not in model.images
        on = api.send("PATCH", path, 200, json={"enabled": True}, headers=api.etag(path))
        assert (on["state"], on["reason"]) == ("active", "")
        api.refused("PATCH", path, 428, "precondition_required", json={"enabled": True})

    def test_on_strikes_it_off_the_list_of_disabled_pictures(self, api: Api) -> None:
        photos = TrainingSet(api.workspace, "p")
        image = photos.images("Ben_Bo")[0]
        listing = api.workspace.aligned_dir("p") / DISABLED_FILE
        other = photos.images("Anna_Albers")[0]
        assert image.aligned_path
        assert other.aligned_path
        lines = ["/".join(found.aligned_path.split("/")[-2:]) for found in (image, other)]  # type: ignore[union-attr]
        listing.write_text("# ours\n" + "\n".join(lines) + "\n", encoding="utf-8")
        photos.notice_disabled_file()
        saved = photos.list_saved_at()
        path = f"/projects/p/images/{image.sha256}"
        api.send("PATCH", path, 200, json={"enabled": True}, headers=api.etag(path))
        assert listing.read_text(encoding="utf-8") == f"# ours\n{lines[1]}\n"
        assert photos.list_saved_at() == saved
        photos.notice_disabled_file()
        assert api.get(path)["state"] == "active"

    def test_what_cannot_train_cannot_be_switched_on(self, api: Api) -> None:
        image = TrainingSet(api.workspace, "p").images("Ben_Bo")[0]
        assert image.aligned_path
        (api.workspace.data_dir / image.aligned_path).unlink()
        TrainingSet(api.workspace, "p").notice_changes()
        path = f"/projects/p/images/{image.sha256}"
        api.refused("PATCH", path, 409, "conflict", json={"enabled": True}, headers=api.etag(path))


def bomb(width: int, height: int) -> bytes:
    """Return a small PNG whose header announces a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


class TestNewPictures:
    def test_photo_joins_those_of_a_person(self, api: Api) -> None:
        data = photo()
        answer = api.client.post(f"/api/v1{PATH}/Ben_Bo/images", **form(data, "../../etc/x.php"))
        assert answer.status_code == 201, answer.text
        assert answer.json is not None
        assert answer.json["path"] == "training_img/p/Ben_Bo/000004.png"
        assert answer.json["provenance"]["provider"] == "upload"
        assert api.client.get(answer.headers["Location"] + "/picture").data == data
        api.refused("POST", f"{PATH}/Anna_Albers/images", 409, "conflict", **form(data))

    def test_what_is_no_picture(self, api: Api) -> None:
        video = write_video(api.folder / "v.mp4", numbered(5)).read_bytes()
        wrong = [video, b"", b"<svg onload='x'>", b"<?php", photo()[:200], bomb(60_000, 60_000), bomb(2**31 - 1, 2**31 - 1)]
        for data in wrong:
            api.refused("POST", f"{PATH}/Ben_Bo/images", 422, "not_a_picture", **form(data, "photo.jpg"))
        assert api.workspace.store.count(Image, project="p") == 12

    def test_forms_that_hold_something_else(self, api: Api) -> None:
        path = f"{PATH}/Ben_Bo/images"
        api.refused("POST", path, 422, "invalid", **form(photo(), part="photo"))
        api.refused("POST", path, 422, "invalid", data={}, content_type="multipart/form-data")
        api.refused("POST", path, 415, "unsupported_media_type", data=photo(), content_type="image/png")
        api.refused("POST", f"{PATH}/nobody/images", 404, "not_found", **form(photo()))

    def test_states_are_those_of_the_records(self, api: Api) -> None:
        for state in ImageState:
            api.get(f"/projects/p/images?state={state.value}")
