"""`/disabled`: photos that nothing is trained on."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

from src import classifier
from src.records import (
    Image,
    ImageState,
)
from tests.api.conftest import Api

from .asking import FIRST, disable, get, refused


class TestDisabled:
    def test_nothing_is_left_out_of_good_pictures(self, api: Api) -> None:
        assert get(api, "/disabled/p") == []

    def test_automatic_outliers_until_a_list_is_saved(self, api: Api) -> None:
        outlier = self.image(api)
        api.workspace.store.put(replace(outlier, state=ImageState.OUTLIER, reason="looks like nobody else"))
        assert get(api, "/disabled/p") == [FIRST]
        other = FIRST.replace("000000", "000002")
        assert disable(api, [other]) == "ok"
        assert get(api, "/disabled/p") == [other]
        assert self.image(api, other).state is ImageState.DISABLED
        assert FIRST not in self.left_out_by_training(api)
        assert other in self.left_out_by_training(api)

    def test_a_saved_list_is_all_that_is_out(self, api: Api) -> None:
        paths = [FIRST, FIRST.replace("000000", "000001")]
        disable(api, paths)
        assert get(api, "/disabled/p") == paths
        disable(api, paths[1:])
        assert get(api, "/disabled/p") == paths[1:]
        assert self.image(api).state is ImageState.ACTIVE
        disable(api, [])
        assert get(api, "/disabled/p") == []
        assert self.left_out_by_training(api) == []

    def test_what_was_switched_off_one_by_one_is_on_the_list_and_can_leave_it(self, api: Api) -> None:
        path = f"/projects/p/images/{self.image(api).sha256}"
        api.send("PATCH", path, 200, json={"enabled": False}, headers=api.etag(path))
        assert get(api, "/disabled/p") == [FIRST]
        disable(api, [])
        assert get(api, "/disabled/p") == []
        assert self.image(api).state is ImageState.ACTIVE

    def test_pictures_by_their_addresses_as_the_page_names_them(self, api: Api) -> None:
        address = f"http://localhost:5000/{FIRST}"
        assert disable(api, [address]) == "ok"
        assert get(api, "/disabled/p") == [address]
        assert self.image(api).state is ImageState.DISABLED
        disable(api, [f"data/{FIRST}", "Ben_Bo/000001_0.png"])
        assert get(api, "/disabled/p") == [FIRST, "training_img_aligned/p/Ben_Bo/000001_0.png"]
        celik = "http://localhost:5000/training_img_aligned/p/%C3%87elik_%C3%96zil/000001_0.png"
        disable(api, [celik])
        assert get(api, "/disabled/p") == ["training_img_aligned/p/Çelik_Özil/000001_0.png"]

    def test_a_name_with_a_number_sign(self, api: Api) -> None:
        image, folder = self.image(api), api.workspace.aligned_dir("p") / "C#_Man"
        folder.mkdir()
        shutil.copy(api.workspace.data_dir / FIRST, folder / "1_0.png")
        path = "training_img_aligned/p/C#_Man/1_0.png"
        api.workspace.store.put(replace(image, sha256="ab", person_id="C#_Man", path="x.png", aligned_path=path))
        disable(api, [path])
        assert get(api, "/disabled/p") == [path]
        disable(api, [])
        assert get(api, "/disabled/p") == []

    def test_a_list_that_somebody_edited_by_hand_is_read(self, api: Api) -> None:
        listing = api.workspace.aligned_dir("p") / "disabled.txt"
        listing.write_text("# blurred\nAnna_Albers/000000_0.png\n", encoding="utf-8")
        assert get(api, "/disabled/p") == [FIRST]
        disable(api, [FIRST])
        listing.write_text("", encoding="utf-8")
        assert get(api, "/disabled/p") == []

    def test_wrong_lists_change_nothing(self, api: Api) -> None:
        disable(api, [FIRST])
        for body in (
            {"path": FIRST},
            "x",
            None,
            [1],
            [[FIRST]],
            [None],
            [{"$gt": ""}],
            ["training_img_aligned/p/Anna_Albers/9.png"],
            ["training_img_aligned/q/Anna_Albers/000000_0.png"],
            ["http://localhost/training_img_aligned/q/Anna_Albers/000000_0.png"],
            ["../../etc/passwd"],
            ["elsewhere/Anna_Albers/000000_0.png"],
            [f"{FIRST}\nBen_Bo/000000_0.png"],
            [""],
            ["\ud800"],
        ):
            refused(api, 422, "/disabled/p", "POST", data=json.dumps(body).encode(), content_type="application/json")
            assert get(api, "/disabled/p") == [FIRST], body

    def test_what_is_no_json(self, api: Api) -> None:
        for data, kind, status in (
            (b"{", "application/json", 400),
            (b"", "application/json", 400),
            (b"[" * 10_000, "application/json", 400),
            (b"\xff", "application/json", 400),
            (b"[]", "text/plain", 415),
            (b'["' + b"x" * 1_100_000 + b'"]', "application/json", 413),
        ):
            refused(api, status, "/disabled/p", "POST", data=data, content_type=kind)

    def test_unknown_project(self, api: Api) -> None:
        refused(api, 404, "/disabled/none")
        refused(api, 404, "/disabled/none", "POST", json=[])

    def image(self, api: Api, path: str = FIRST) -> Image:
        return next(image for image in api.workspace.store.find(Image, project="p") if image.aligned_path == path)

    def left_out_by_training(self, api: Api) -> list[str]:
        """Return what a training does not rest on."""
        trained = classifier.run(api.workspace, "p").model.images
        images = api.workspace.store.find(Image, project="p")
        return [str(image.aligned_path) for image in images if f"{image.person_id}/{image.sha256}" not in trained]
