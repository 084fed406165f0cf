"""Analyses, shots, tracks and their samples in windows of time."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from src.api import shapes
from src.api.thinning import thinned
from src.api.v1.tracks import shape
from src.engines.fake import colour_of
from src.names import folder_name
from src.records import Analysis, Appearance, Track, TrackSamples
from src.schema import Box
from tests.api.conftest import STRANGER, Api


def picture(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def colour_at_the_middle(data: bytes) -> np.ndarray:
    image = picture(data)
    height, width = image.shape[:2]
    return image[height // 2 - 2 : height // 2 + 2, width // 2 - 2 : width // 2 + 2].mean(axis=(0, 1))


class TestAnalyses:
    def test_list_and_one(self, api: Api) -> None:
        video = api.video()
        (found,) = api.get(f"/analyses?video_id={video.video_id}")["items"]
        assert (found["status"], found["sampling"]["video_speedup"]) == ("COMPLETE", 5)
        assert api.get(f"/analyses/{found['analysis_id']}") == found
        assert api.get("/analyses")["total"] == 2
        api.refused("GET", "/analyses/none", 404, "not_found")

    def test_shots_in_a_window(self, api: Api) -> None:
        analysis_id = api.appearance("Ben Bo").analysis_id
        shots = api.get(f"/analyses/{analysis_id}/shots")["items"]
        assert [(shot["start_npt"], shot["end_npt"]) for shot in shots] == [(0, 1), (1, 2), (2, 3), (3, 4)]
        window = api.get(f"/analyses/{analysis_id}/shots?from=1.5&to=2.5")["items"]
        assert [shot["shot"] for shot in window] == [1, 2]


class TestTracks:
    def test_of_a_video_in_a_window_with_samples(self, api: Api) -> None:
        path = f"/videos/{api.video().video_id}/tracks"
        everything = api.get(path)["items"]
        assert len(everything) == 6
        assert all(track["samples"] is None for track in everything)
        starts = [track["start_npt"] for track in everything]
        assert starts == sorted(starts)
        window = api.get(f"{path}?project=p&from=1.2&to=1.9&samples=true")["items"]
        (ben,) = window
        assert ben["id"] == f"{ben['analysis_id']}-{ben['track_id']}"
        assert ben["samples"]["npt"] == pytest.approx([1.2, 1.4, 1.6, 1.8])
        assert ben["samples"]["n_samples"] == 4
        x, y, w, h = ben["samples"]["boxes_xywh"][0]
        assert (x + w / 2, y + h / 2) == pytest.approx((100, 64), abs=4)

    def test_lists_show_what_the_model_shows_of_each_record(self, api: Api) -> None:
        """Lists are not checked against their model at run time."""
        tracks = [shape(track) for track in api.workspace.store.find(Track, analysis_id=api.appearance("Ben Bo").analysis_id)]
        shown = api.get(f"/videos/{api.video().video_id}/tracks?samples=true")["items"]
        for item in shown:
            shapes.Samples.model_validate(item["samples"], strict=True)
        by_id = sorted([item | {"samples": None} for item in shown], key=lambda item: item["track_id"])
        assert by_id == [track.model_dump(mode="json") for track in tracks]
        seen = [shapes.Appearance.model_validate(one) for one in api.workspace.store.find(Appearance, project="p")]
        listed = api.get("/projects/p/appearances")["items"]
        keys = ("analysis_id", "track_id")
        for candidate in (candidate for item in listed for candidate in item["candidates"]):
            assert candidate.pop("person_id") == folder_name(candidate["name"])
        wanted = [one.model_dump(mode="json") for one in seen]
        for candidate in (candidate for item in wanted for candidate in item["candidates"]):
            assert candidate.pop("person_id") is None  # records have names alone
        assert sorted(listed, key=lambda item: [item[key] for key in keys]) == wanted
        videos = api.get("/videos?sort=video_id")["items"]
        assert videos == [api.get(f"/videos/{video['video_id']}") for video in videos]

    def test_pages_of_a_window(self, api: Api) -> None:
        path = f"/videos/{api.video().video_id}/tracks?limit=2"
        first = api.get(path)
        second = api.get(f"{path}&cursor={first['next']}")
        third = api.get(f"{path}&cursor={second['next']}")
        ids = [track["track_id"] for page in (first, second, third) for track in page["items"]]
        assert len(set(ids)) == 6
        assert third["next"] is None

    def test_one_track_and_its_samples(self, api: Api) -> None:
        track = api.track("Anna Albers")
        path = f"/tracks/{track.analysis_id}-{track.track_id}"
        shown = api.get(path)
        assert (shown["n_samples"], shown["best_box"]["w"]) == (track.n_samples, track.best_box.w)
        assert len(api.get(f"{path}/samples")["npt"]) == track.n_samples
        assert api.get(f"{path}/samples?max_points=2")["npt"] == pytest.approx([track.start_npt, track.end_npt])
        assert api.get(f"{path}/samples?from=100&to=200")["n_samples"] == 0
        assert len(api.get(f"{path}/samples?from=0.1&to=0.5")["npt"]) == 2

    @pytest.mark.parametrize("name", ["x", "-", "a-b", "x-1", "..%2f", "%00-1", "x--1", "x-99999999999999999999", "x-²"])
    def test_names_of_no_track(self, api: Api, name: str) -> None:
        api.refused("GET", f"/tracks/{name}", 404, "not_found")

    @pytest.mark.parametrize(
        "query", ["from=-1", "to=nan", "from=inf", "max_points=1", "max_points=5001", "from={}", "from=1&from=2"]
    )
    def test_windows_out_of_range(self, api: Api, query: str) -> None:
        track = api.track("Ben Bo")
        api.refused("GET", f"/tracks/{track.analysis_id}-{track.track_id}/samples?{query}", 422, "invalid")

    def test_other_analyses_are_not_of_this_video(self, api: Api) -> None:
        other = api.appearance("Çelik Özil").analysis_id
        path = f"/videos/{api.video().video_id}/tracks"
        api.refused("GET", f"{path}?analysis_id={other}", 404, "not_found")
        api.refused("GET", f"{path}?project=none", 404, "not_found")
        api.refused("GET", "/videos/none/tracks", 404, "not_found")

    def test_three_hours_travel_in_pieces(self, api: Api) -> None:
        """54,000 samples, of which an answer holds as many as were asked for, the jump among them."""
        n = 54_000
        npt = np.arange(n) / 5
        boxes = np.tile(np.array([10, 10, 40, 40], np.float32), (n, 1))
        boxes[30_000, 0] = 900
        api.workspace.store.put(
            Analysis("long", api.video().video_id, "fake@1", {}, {}),
            Track("long", 0, 0, 0.0, float(npt[-1]), 0, n * 5, n, 0.0, 0, Box(0, 0, 1, 1), 0.5),
            *(
                TrackSamples(
                    "long", 0, k, np.arange(k * 9000, (k + 1) * 9000) * 5, npt[k * 9000 : (k + 1) * 9000],
                    boxes[k * 9000 : (k + 1) * 9000], np.zeros((9000, 5, 2), np.float32), np.ones(9000, np.float32),
                    np.ones(9000, np.float32),
                )
                for k in range(6)
            ),
        )  # fmt: skip
        whole = api.get("/tracks/long-0/samples?max_points=500")
        assert (len(whole["npt"]), whole["n_samples"]) == (500, n)
        assert max(box[0] for box in whole["boxes_xywh"]) == 900
        window = api.get("/tracks/long-0/samples?from=5990&to=6010")
        assert (len(window["npt"]), window["npt"][0]) == (100, 5990)


class TestThumbnails:
    def test_of_a_track(self, api: Api) -> None:
        track = api.track("Ben Bo")
        answer = api.client.get(f"/api/v1/tracks/{track.analysis_id}-{track.track_id}/thumbnail")
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/jpeg", track.thumbnail)
        assert "private" in answer.headers["Cache-Control"]
        again = api.client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")

    def test_of_a_sample_is_cut_out_of_the_video(self, api: Api) -> None:
        track = api.track("Unknown 1")
        path = f"/tracks/{track.analysis_id}-{track.track_id}"
        for frame_index in api.get(f"{path}/samples")["frame_index"][::2]:
            data = api.send("GET", f"{path}/samples/{frame_index}/thumbnail", 200).data
            assert np.abs(colour_at_the_middle(data) - colour_of(STRANGER)).max() < 30
        api.refused("GET", f"{path}/samples/3/thumbnail", 404, "not_found")


class TestThinning:
    def test_few_samples_are_all_kept(self) -> None:
        assert thinned(np.arange(5.0), np.zeros((5, 4), np.float32), 5).tolist() == [0, 1, 2, 3, 4]
        assert thinned(np.zeros(0), np.zeros((0, 4), np.float32), 2).tolist() == []

    @pytest.mark.parametrize("max_points", [2, 3, 4, 7, 50, 99])
    def test_bounds_order_and_ends(self, max_points: int) -> None:
        boxes = np.random.default_rng(0).normal(0, 50, (100, 4)).astype(np.float32)
        kept = thinned(np.arange(100.0), boxes, max_points)
        assert len(kept) == max_points
        assert kept[0] == 0
        assert kept[-1] == 99
        assert (np.diff(kept) > 0).all()

    def test_the_one_that_strays_furthest_is_kept_by_hand(self) -> None:
        # Two stretches, samples 1 to 3 and 4 to 6, between 0 and 7. Of equals the first; what is no number strays furthest.
        boxes = np.zeros((8, 4), np.float32)
        boxes[2, 1], boxes[5, 3] = 9, -9
        assert thinned(np.arange(8.0), boxes, 4).tolist() == [0, 2, 5, 7]
        assert thinned(np.arange(8.0), np.zeros((8, 4), np.float32), 4).tolist() == [0, 1, 4, 7]
        boxes[6] = np.nan
        assert thinned(np.arange(8.0), boxes, 4)[2] == 6

    def test_corners_are_kept(self) -> None:
        # Still, then a walk to the right, then still again: the two corners say it all.
        x = np.concatenate([np.zeros(40), np.linspace(0, 300, 20), np.full(40, 300)])
        boxes = np.stack([x, np.zeros(100), np.full(100, 30), np.full(100, 30)], axis=1).astype(np.float32)
        npt = np.arange(100.0)
        kept = thinned(npt, boxes, 12)
        drawn = np.interp(npt, npt[kept], x[kept])
        assert np.abs(drawn - x).max() < 60
        even = np.linspace(0, 99, 12).round().astype(int)
        assert np.abs(drawn - x).mean() <= np.abs(np.interp(npt, npt[even], x[even]) - x).mean()
