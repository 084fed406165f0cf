"""`/training-set`: whose photos a model is trained on."""

from __future__ import annotations

import shutil
from dataclasses import replace

from src.records import (
    Person,
    Project,
)
from tests.api.conftest import Api
from tests.stages.conftest import PEOPLE

from .asking import ANNA, BEN, FIRST, get, refused


class TestTrainingSet:
    def test_projects(self, api: Api) -> None:
        api.workspace.store.put(Project("q", "fake"))
        assert get(api, "/projects") == ["p", "q"]

    def test_people_with_their_pictures(self, api: Api) -> None:
        found = get(api, "/training-set", project="p")
        assert [set(item) for item in found] == [{"class", "path"}] * 3
        assert [item["class"] for item in found] == [ANNA, BEN, PEOPLE[2]]
        assert found[0]["path"] == [f"training_img_aligned/p/Anna_Albers/00000{n}_0.png" for n in range(4)]
        (api.workspace.data_dir / FIRST).unlink()
        assert FIRST not in get(api, "/training-set", project="p")[0]["path"]

    def test_renamed_people_go_by_their_name(self, api: Api) -> None:
        person = api.workspace.store.get(Person, "p", "Anna_Albers")
        assert person is not None
        api.workspace.store.put(replace(person, name="Anni A."))
        assert get(api, "/training-set", project="p")[0]["class"] == "Anni A."

    def test_project_is_general_where_none_is_named(self, api: Api) -> None:
        assert "general" in refused(api, 404, "/training-set")
        api.workspace.store.put(Project("general", "fake"))
        assert get(api, "/training-set") == []

    def test_pictures(self, api: Api) -> None:
        path = get(api, "/training-set", project="p")[0]["path"][0]
        answer = api.client.get(f"/{path}")
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        assert answer.data == (api.workspace.data_dir / path).read_bytes()

    def test_no_path_leads_out_of_the_folder(self, api: Api) -> None:
        for path in (
            "p/../p/Anna_Albers/000000_0.png",
            "p/..%2f..%2ffacerec.db",
            "..%2ffacerec.db",
            "p/%2e%2e/%2e%2e/facerec.db",
            "p/Anna_Albers/..%5c..%5c000000_0.png",
            "p/%2fetc%2fpasswd",
            "p/C:%5cwindows%5cwin.ini",
            "p/Anna_Albers/000000_0.png%00.png",
            "p/Anna_Albers%252f000000_0.png",
            "p/con/000000_0.png",
        ):
            answer = api.client.get(f"/training_img_aligned/{path}")
            assert answer.status_code in (404, 422), path
            assert answer.json is not None
            assert answer.json["status"] == "error"

    def test_what_is_no_picture_of_the_project_is_not_there(self, api: Api) -> None:
        folder = api.workspace.aligned_dir("p")
        (folder / "disabled.txt").write_text("Anna_Albers/000000_0.png\n", encoding="utf-8")
        other = api.workspace.aligned_dir("q") / "Zoe"
        other.mkdir(parents=True)
        shutil.copy(folder / "Anna_Albers" / "000000_0.png", other / "1.png")
        (folder / "Linked").symlink_to(other)
        for path in ("p/disabled.txt", "p/Anna_Albers", "p", "p/Linked/1.png", "p/Anna_Albers/9.png", "q/Zoe/1.png"):
            refused(api, 404, f"/training_img_aligned/{path}")
        api.workspace.store.put(Project("q", "fake"))
        assert api.client.get("/training_img_aligned/q/Zoe/1.png").status_code == 200
