"""Several pictures at once: which are doubtful, switched, given to somebody else, and given their state back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from src.records import Image, ImageState
from src.training.trainingset import DISABLED_FILE, TrainingSet
from tests.api.conftest import Api

PATH = "/projects/p/image-changes"


def pictures(api: Api, person: str = "Ben_Bo") -> list[dict[str, Any]]:
    """Return the pictures of somebody as the page gets them."""
    items: list[dict[str, Any]] = api.get(f"/projects/p/people/{person}/images")["items"]
    return items


def change(image: dict[str, Any], **what: Any) -> dict[str, Any]:
    """Return the change of a picture as it was seen."""
    return {"sha256": image["sha256"], "expected_state": image["state"], "expected_person": image["person_id"], **what}


def send(api: Api, *changes: dict[str, Any]) -> dict[str, Any]:
    """Send changes and return what became of them."""
    answer: dict[str, Any] = api.send("POST", PATH, 200, json={"changes": list(changes)})
    return answer


def test_the_least_like_the_others_comes_first(api: Api) -> None:
    ann = TrainingSet(api.workspace, "p").images("Anna_Albers")[0]
    mine = TrainingSet(api.workspace, "p").images("Ben_Bo")
    wrong = replace(mine[2], embedding=ann.embedding)
    unseen = replace(mine[0], embedding=None)
    api.workspace.store.put(wrong, unseen)
    found = pictures(api)
    assert found[0]["sha256"] == wrong.sha256
    assert found[-1]["sha256"] == unseen.sha256
    assert found[-1]["likeness"] is None
    known = [one["likeness"] for one in found[:-1]]
    assert known == sorted(known)
    assert known[0] < 0.5 < known[-1]
    assert api.get("/projects/p/people/Ben_Bo/images")["total"] == 4
    api.refused("GET", "/projects/p/people/nobody/images", 404, "not_found")


def test_many_are_switched_and_what_changed_in_between_is_left(api: Api) -> None:
    first, second, third, fourth = pictures(api)
    send(api, change(third, enabled=False, reason="mine"))
    done = send(api, *(change(one, enabled=False, reason="his brother") for one in (first, second, third)))
    assert [item["sha256"] for item in done["items"]] == [first["sha256"], second["sha256"]]
    assert {(item["state"], item["reason"], item["state_by"]) for item in done["items"]} == {
        ("disabled", "his brother", "human")
    }
    (refused,) = done["refused"]
    assert (refused["sha256"], refused["code"]) == (third["sha256"], "precondition_failed")
    assert [one["state"] for one in pictures(api)].count("active") == 1
    gone = send(api, {**change(fourth, enabled=False), "sha256": "0" * 64})
    assert gone["refused"][0]["code"] == "not_found"


def test_given_to_somebody_else_with_its_face_and_back_again(api: Api) -> None:
    image = pictures(api)[0]
    record = api.workspace.store.get(Image, "p", image["sha256"])
    assert record is not None
    outlier = replace(record, state=ImageState.OUTLIER, reason="unlike the others")
    api.workspace.store.put(outlier)
    listing = api.workspace.aligned_dir("p") / DISABLED_FILE
    listing.write_text("/".join(str(record.aligned_path).split("/")[-2:]) + "\n", encoding="utf-8")

    (given,) = send(api, change({**image, "state": "outlier"}, person_id="Anna_Albers"))["items"]
    assert (given["person_id"], given["state"], given["state_by"]) == ("Anna_Albers", "active", "human")
    assert given["path"].startswith("training_img/p/Anna_Albers/")
    assert given["aligned_path"].startswith("training_img_aligned/p/Anna_Albers/")
    for path in (given["path"], given["aligned_path"]):
        assert (api.workspace.data_dir / path).is_file()
    for path in (record.path, str(record.aligned_path)):
        assert not (api.workspace.data_dir / path).exists()
    assert listing.read_text(encoding="utf-8") == ""
    changes = TrainingSet(api.workspace, "p").notice_changes()
    assert (changes.moved, changes.deleted, changes.disabled) == (0, 0, 0)
    kept = api.workspace.store.get(Image, "p", image["sha256"])
    assert kept is not None and kept.embedding is not None

    state = {"state": "outlier", "reason": "unlike the others", "state_by": "machine"}
    (back,) = send(api, change(given, person_id="Ben_Bo", put_back=state))["items"]
    assert (back["person_id"], back["state"], back["reason"], back["state_by"]) == (
        "Ben_Bo", "outlier", "unlike the others", "machine",
    )  # fmt: skip
    assert len(pictures(api)) == 4


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"person_id": "nobody"}, "Add them first"),
        ({"put_back": {"state": "no_face"}}, "found by looking"),
    ],
)
def test_what_cannot_be(api: Api, what: dict[str, Any], why: str) -> None:
    image = pictures(api)[0]
    (refused,) = send(api, change(image, **what))["refused"]
    assert refused["code"] == "conflict"
    assert why in refused["detail"]
    assert len(pictures(api)) == 4


def test_malformed_changes_are_refused_as_a_whole(api: Api) -> None:
    image = pictures(api)[0]
    api.refused("POST", PATH, 422, "invalid", json={"changes": []})
    api.refused("POST", PATH, 422, "invalid", json={"changes": [change(image, enabled="yes")]})
    api.refused("POST", PATH, 422, "invalid", json={"changes": [{"sha256": "x", "expected_state": "active"}]})
