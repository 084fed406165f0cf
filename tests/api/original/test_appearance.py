"""`/appearance`: in which videos somebody is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from src.records import (
    ProjectVideo,
    TrackSamples,
    Verb,
)
from src.verbs import decide
from src.verbs.decide import track_target
from tests.api.conftest import Api
from tests.original_client import check_samples

from .asking import ANNA, BEN, get, refused


class TestAppearance:
    def test_samples_of_a_person(self, api: Api) -> None:
        samples = get(api, f"/appearance/{ANNA}", project="p")
        assert samples
        check_samples(ANNA, samples)
        fields = {"locator", "project", "name", "npt", "frame", "tracker_sample", "confidence", "track_id", "rect", "bounding"}
        assert {frozenset(sample) for sample in samples} == {frozenset(fields)}
        assert {sample["locator"] for sample in samples} == {api.video().locator}
        table = (api.workspace.output_dir("p", "newsreel") / "predictions.csv").read_text(encoding="utf-8")
        rows = [dict(zip(table.splitlines()[0].split(","), line.split(","), strict=True)) for line in table.splitlines()[1:]]
        sure = [row for row in rows if row["name"] == ANNA and float(row["confidence"]) >= 0.6]
        assert [(str(one["frame"]), f"{one['npt']:.3f}", f"{one['confidence']:.4f}") for one in samples] == [
            (row["frame"], row["npt"], row["confidence"]) for row in sorted(sure, key=lambda row: float(row["npt"]))
        ]
        for sample in samples:
            assert sample["tracker_sample"] == sample["frame"] // 5
            x, y, w, h = (sample["bounding"][name] for name in "xywh")
            assert sample["rect"] == [x, y, x + w, y + h]

    def test_by_folder_and_alias(self, api: Api) -> None:
        wanted = get(api, f"/appearance/{ANNA}", project="p")
        assert get(api, "/appearance/Anna_Albers", project="p") == wanted

    def test_what_people_decided_holds(self, api: Api) -> None:
        track = api.track("Unknown 1")
        locator = api.video().locator
        before = get(api, f"/appearance/{BEN}", project="p")
        decide.run(api.workspace, "p", Verb.IS, track_target(api.workspace, "p", locator, track.track_id), person=BEN)
        own = {sample["track_id"] for sample in before}
        said = get(api, f"/appearance/{BEN}", project="p")
        assert {track.track_id, *own} <= {sample["track_id"] for sample in said}
        assert {sample["confidence"] for sample in said} == {1.0}
        assert own
        for track_id in own:
            decide.run(api.workspace, "p", Verb.IS_NOT, track_target(api.workspace, "p", locator, track_id), person=BEN)
        assert not own & {sample["track_id"] for sample in get(api, f"/appearance/{BEN}", project="p")}

    def test_unsure_samples_are_left_out(self, api: Api) -> None:
        from src.records import Identification

        for found in list(api.workspace.store.find(Identification, project="p")):
            api.workspace.store.put(replace(found, sample_confidences=found.sample_confidences * 0 + 0.59))
        assert get(api, f"/appearance/{ANNA}", project="p") == []

    def test_analyses_that_count_no_more_are_left_out(self, api: Api) -> None:
        wanted = get(api, f"/appearance/{ANNA}", project="p")
        store = api.workspace.store
        (member,) = [one for one in store.find(ProjectVideo, project="p") if one.video_id == api.video().video_id]
        store.put(replace(member, analysis_id="another"))
        assert get(api, f"/appearance/{ANNA}", project="p") == []
        store.put(member)
        assert get(api, f"/appearance/{ANNA}", project="p") == wanted != []

    def test_are_kept_until_something_changes(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        read: list[type[Any]] = []
        of_keys = api.workspace.store._of_keys

        def watched(kind: type[Any], *more: Any) -> Any:
            read.append(kind)
            return of_keys(kind, *more)

        monkeypatch.setattr(api.workspace.store, "_of_keys", watched)
        first = get(api, f"/appearance/{ANNA}", project="p")
        assert TrackSamples in read
        read.clear()
        assert get(api, f"/appearance/{ANNA}", project="p") == first
        assert TrackSamples not in read
        video = api.video()
        api.workspace.store.put(replace(video, locator="elsewhere.mp4"))
        assert {one["locator"] for one in get(api, f"/appearance/{ANNA}", project="p")} == {"elsewhere.mp4"}

    def test_nobody(self, api: Api) -> None:
        assert "Nobody" in refused(api, 404, "/appearance/Nobody?project=p")
        assert "none" in refused(api, 404, f"/appearance/{ANNA}?project=none")
        refused(api, 422, f"/appearance/{ANNA}?project=..")
