"""The file of a video by ranges, and frames at a time."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from src.records import Video
from src.video.pyav import PyAvStream
from tests.api.conftest import Api


def media(api: Api) -> tuple[str, bytes]:
    video = api.video()
    return f"/api/v1/videos/{video.video_id}/media", Path(video.media).read_bytes()


class TestRanges:
    def test_whole_file(self, api: Api) -> None:
        path, data = media(api)
        answer = api.client.get(path)
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "video/mp4", data)
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "private" in answer.headers["Cache-Control"]

    def test_head_has_the_length_and_no_body(self, api: Api) -> None:
        path, data = media(api)
        answer = api.client.head(path)
        assert (answer.status_code, answer.content_length, answer.data) == (200, len(data), b"")

    @pytest.mark.parametrize(
        ("asked", "first", "last"), [("0-99", 0, 99), ("100-", 100, -1), ("-50", -50, -1), ("7-7", 7, 7), ("5-99999999", 5, -1)]
    )
    def test_range(self, api: Api, asked: str, first: int, last: int) -> None:
        path, data = media(api)
        size = len(data)
        first, last = first % size, last % size
        answer = api.client.get(path, headers={"Range": f"bytes={asked}"})
        assert (answer.status_code, answer.data) == (206, data[first : last + 1])
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}"

    @pytest.mark.parametrize("asked", ["items=0-9", "bytes=0-1,5-9"])
    def test_units_and_several_ranges_that_nobody_sends_are_passed_over(self, api: Api, asked: str) -> None:
        path, data = media(api)
        answer = api.client.get(path, headers={"Range": asked})
        assert (answer.status_code, answer.data) == (200, data)

    def test_end_of_a_file_that_is_shorter_is_all_of_it(self, api: Api) -> None:
        path, data = media(api)
        answer = api.client.get(path, headers={"Range": "bytes=-99999999"})
        assert (answer.status_code, answer.data) == (206, data)
        assert answer.headers["Content-Range"] == f"bytes 0-{len(data) - 1}/{len(data)}"

    def test_the_date_is_left_to_the_server(self, api: Api) -> None:
        path, _ = media(api)
        assert "Date" not in api.client.get(path).headers

    @pytest.mark.parametrize("asked", ["-0", "9-5", "99999999-", "99999999-999999999"])
    def test_range_outside_is_416(self, api: Api, asked: str) -> None:
        path, data = media(api)
        answer = api.client.get(path, headers={"Range": f"bytes={asked}"})
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(data)}")
        assert answer.json is not None
        assert answer.json["code"] == "requested_range_not_satisfiable"

    def test_range_of_a_file_that_changed_is_the_whole_file(self, api: Api) -> None:
        path, data = media(api)
        etag = api.client.get(path).headers["ETag"]
        same = api.client.get(path, headers={"Range": "bytes=0-9", "If-Range": etag})
        other = api.client.get(path, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
        assert (same.status_code, same.data) == (206, data[:10])
        assert (other.status_code, other.data) == (200, data)

    def test_unchanged_is_not_sent_again(self, api: Api) -> None:
        path, _ = media(api)
        etag = api.client.get(path).headers["ETag"]
        assert api.client.get(path, headers={"If-None-Match": etag}).status_code == 304

    def test_video_of_another_server_or_whose_file_is_gone(self, api: Api) -> None:
        api.workspace.store.put(Video("far", "/films/a.mp4", "/films/a.mp4", "a"))
        api.refused("GET", "/videos/far/media", 409, "media_elsewhere")
        assert api.get("/videos/far")["local"] is False
        Path(api.video().media).unlink()
        for what in ("media", "frame?npt=1", "thumbnail"):
            api.refused("GET", f"/videos/{api.video().video_id}/{what}", 409, "media_elsewhere")


class TestFrames:
    def test_every_frame_at_its_time(self, api: Api) -> None:
        video = api.video("film")
        with PyAvStream(video.media) as stream:
            truth = [(frame.npt, frame.rgb()) for frame in stream.frames()]
        for npt, image in truth[::7]:
            answer = api.client.get(f"/api/v1/videos/{video.video_id}/frame?npt={npt:.3f}&format=png")
            assert (answer.status_code, answer.mimetype) == (200, "image/png")
            assert float(answer.headers["Frame-Npt"]) == pytest.approx(npt)
            np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(answer.data))), image)

    def test_jpeg_and_size_and_hours(self, api: Api) -> None:
        path = f"/api/v1/videos/{api.video().video_id}/frame"
        answer = api.client.get(f"{path}?npt=0:00:01.5&max_side=96")
        assert answer.mimetype == "image/jpeg"
        assert Image.open(io.BytesIO(answer.data)).size == (96, 64)
        assert answer.headers["Frame-Npt"] == "1.480000"
        small = api.client.get(f"/api/v1/videos/{api.video().video_id}/thumbnail")
        assert Image.open(io.BytesIO(small.data)).size == (192, 128)

    @pytest.mark.parametrize("npt", ["-1", "x", "nan", "1:99", "99", "1e300", "inf", "", "1;2"])
    def test_times_of_no_frame(self, api: Api, npt: str) -> None:
        api.refused("GET", f"/videos/{api.video().video_id}/frame?npt={npt}", 422, "invalid")
