"""What a project holds, as its page shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from src import classifier
from src.records import Appearance, Decision, Image, ImageState, Target, Verb
from src.settings import Settings
from tests.api.conftest import Api


def first_image(api: Api) -> Image:
    return next(image for image in api.workspace.store.find(Image, project="p") if image.state is ImageState.ACTIVE)


class TestSummary:
    def test_counts_are_those_of_the_store(self, api: Api) -> None:
        summary = api.get("/projects/p/summary")
        seen = list(api.workspace.store.find(Appearance, project="p"))
        named = [one for one in seen if one.person_id is not None and one.accepted]
        images = list(api.workspace.store.find(Image, project="p"))
        assert summary["people"] == len(api.get("/projects/p/people")["items"])
        assert (summary["videos"], summary["models"]) == (2, 1)
        assert summary["pictures"] == len(images)
        assert summary["training"] == sum(image.state is ImageState.ACTIVE for image in images)
        assert (summary["appearances"], summary["named"]) == (len(seen), len(named))
        assert 0 < len(named) < len(seen)
        assert summary["screen_s"] == pytest.approx(sum(one.end_npt - one.start_npt for one in seen))
        assert summary["named_s"] == pytest.approx(sum(one.end_npt - one.start_npt for one in named))
        assert summary["video_s"] == pytest.approx(sum(api.video(title).duration or 0 for title in ("newsreel", "film")))

    def test_project_with_nothing(self, api: Api) -> None:
        api.send("POST", "/projects", 201, json={"project": "empty", "engine": "fake"})
        summary = api.get("/projects/empty/summary")
        assert summary.pop("since_model") is None
        assert set(summary.values()) == {0}

    def test_unknown_project(self, api: Api) -> None:
        for what in ("summary", "storage", "settings"):
            api.refused("GET", f"/projects/none/{what}", 404, "not_found")


class TestSinceModel:
    def test_nothing_is_new_right_after_a_training(self, api: Api) -> None:
        since = api.get("/projects/p/summary")["since_model"]
        assert since["model_id"] == api.get("/projects/p/models")["items"][0]["model_id"]
        assert (since["added"], since["removed"], since["people_added"], since["people_removed"]) == (0, 0, [], [])

    def test_picture_that_is_switched_off_and_a_training_without_it(self, api: Api) -> None:
        image = first_image(api)
        api.workspace.store.put(replace(image, state=ImageState.DISABLED, state_by="user"))
        assert api.get("/projects/p/summary")["since_model"]["removed"] == 1
        classifier.run(api.workspace, "p")
        assert api.get("/projects/p/summary")["since_model"]["removed"] == 0
        api.workspace.store.put(image)
        assert api.get("/projects/p/summary")["since_model"]["added"] == 1

    def test_person_without_pictures_is_one_who_left(self, api: Api) -> None:
        owner = first_image(api).person_id
        for image in list(api.workspace.store.find(Image, project="p", person_id=owner)):
            api.workspace.store.put(replace(image, state=ImageState.DISABLED, state_by="user"))
        name = next(one["name"] for one in api.get("/projects/p/people")["items"] if one["person_id"] == owner)
        assert api.get("/projects/p/summary")["since_model"]["people_removed"] == [name]

    def test_decisions_before_it_do_not_count(self, api: Api) -> None:
        target = Target("unknown", unknown_id=2)
        old = Decision("p", "00000000000000000001-aa", Verb.IGNORE, target, created_at="2001-01-01T00:00:00+00:00")
        new = Decision("p", "99999999999999999999-aa", Verb.IGNORE, target, created_at="2999-01-01T00:00:00+00:00")
        before = api.get("/projects/p/summary")["since_model"]["decisions"]
        api.workspace.store.put(old, new)
        assert api.get("/projects/p/summary")["since_model"]["decisions"] == before + 1


def test_screen_time_follows_what_people_say_at_once(api: Api) -> None:
    before = api.get("/projects/p/summary")
    seen = api.appearance("Anna Albers")
    target = {"kind": "track", "track": f"{seen.analysis_id}-{seen.track_id}"}
    api.send("POST", "/projects/p/decisions", 201, json={"verb": "ignore", "target": target, "author": "ann"})
    after = api.get("/projects/p/summary")
    assert after["named"] == before["named"] - 1
    assert after["named_s"] < before["named_s"]


def test_room_is_that_of_the_files(api: Api) -> None:
    items = {item["what"]: item for item in api.get("/projects/p/storage")["items"]}
    assert set(items) == {"pictures", "faces", "models", "results", "videos", "database"}
    photos = [path for path in (api.workspace.data_dir / "training_img" / "p").rglob("*") if path.is_file()]
    assert (items["pictures"]["n_bytes"], items["pictures"]["n_files"]) == (
        sum(path.stat().st_size for path in photos),
        len(photos),
    )
    films = [api.folder / "newsreel.mp4", api.folder / "film.mp4"]
    assert items["videos"]["n_bytes"] == sum(film.stat().st_size for film in films)
    assert all(item["is_complete"] for item in items.values())


class TestSettings:
    def test_each_says_value_default_and_meaning(self, api: Api) -> None:
        items = {item["name"]: item for item in api.get("/projects/p/settings")["items"]}
        assert items["tracker.max_faces"] == {
            "name": "tracker.max_faces",
            "value": 100,
            "default": 100,
            "type": "whole number",
            "range": "≥ 1",
            "meaning": "At most so many faces a frame, the best ones",
            "choices": [],
            "variable": "FACEREC_TRACKER__MAX_FACES",
            "scope": "service",
            "changeable": False,
        }
        assert items["crawler.providers"]["default"] == ["bing", "google", "baidu", "wikimedia"]
        assert all(item["meaning"] for item in items.values())

    def test_projects_own_are_told_and_one_can_be_changed(self, api: Api) -> None:
        def shown(name: str) -> Any:
            return next(item for item in api.get("/projects/p/settings")["items"] if item["name"] == name)

        assert (shown("engine")["value"], shown("engine")["scope"], shown("engine")["changeable"]) == ("fake", "project", False)
        api.send("PATCH", "/projects/p", 200, json={"classifier": "KNN"}, headers=api.etag("/projects/p"))
        assert (shown("classifier")["value"], shown("classifier")["default"]) == ("KNN", "SVM")
        assert shown("classifier")["changeable"]
        assert "KNN" in shown("classifier")["choices"]

    def test_nothing_secret_and_no_path_leaves(self, api: Api) -> None:
        names = {item["name"] for item in api.get("/projects/p/settings")["items"]}
        inner = ("server", "fetch", "database", "worker", "log", "data_dir", "weights_dir", "weights_from")
        assert not {name for name in names if name.split(".")[0] in inner}
        assert len(names) > 30
        assert {name.split(".")[0] for name in names} <= set(Settings.model_fields)
