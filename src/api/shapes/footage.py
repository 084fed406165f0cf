"""Videos and what was seen in them, without names."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ...records import Status
from .base import Box, Shape


class Video(Shape):
    """A video as it was named and as it was found."""

    video_id: str
    locator: str
    title: str
    date: str
    duration: float | None
    width: int
    height: int
    frame_rate: str = Field(description="Exact, as a fraction: 30000/1001")
    checksum: str
    metadata: dict[str, Any]
    start_time: float = Field(description="Where npt 0 lies on the clock of the file, in seconds: players may count as it does")
    local: bool = Field(description="Whether the server has the file, and so its media, frames and thumbnails")


class ProjectVideo(Shape):
    """A video of a project, and the analysis of it that counts there."""

    project: str
    video_id: str
    fragment: str
    analysis_id: str
    added_at: str
    video: Video
    status: Status | None = Field(None, description="Where that analysis stands")
    progress: float = Field(0.0, description="How much of it is done, 0 to 1")
    n_people: int | None = Field(None, description="People with a name who are to be seen; where `counts` were asked for")
    n_unknown: int | None = Field(None, description="The same of unknown people")


class Analysis(Shape):
    """What was seen in a video with one engine, sampling and tracker."""

    analysis_id: str
    video_id: str
    engine: str
    sampling: dict[str, Any]
    tracker: dict[str, Any]
    fragment: str
    status: Status
    progress: float
    counts: dict[str, int]
    error: str
    versions: dict[str, str]
    created_at: str
    updated_at: str


class Shot(Shape):
    """Frames between two cuts; the end lies outside."""

    analysis_id: str
    shot: int
    start_npt: float
    end_npt: float
    start_frame: int
    end_frame: int
    transition: str = Field(description="How it begins: cut, dissolve or fade; empty for the first, and where nobody looked")


class Samples(Shape):
    """Where a face was in some of the frames that it was seen in: one entry a sample in each list."""

    frame_index: list[int]
    npt: list[float]
    boxes_xywh: list[Annotated[list[float], Field(min_length=4, max_length=4)]]
    scores: list[float]
    qualities: list[float]
    n_samples: int = Field(description="Samples in the window, before they were thinned out")


class BestSample(Shape):
    """A sample that shows a face well."""

    frame_index: int = Field(description="Its picture: `/tracks/{track}/samples/{frame_index}/thumbnail`")
    npt: float
    quality: float


class BestSamples(Shape):
    """Samples that show a face well and differ, in the order of time."""

    items: list[BestSample]


class Track(Shape):
    """One face followed inside one shot."""

    id: str = Field(description="Names the track in addresses: analysis and number")
    analysis_id: str
    track_id: int
    shot: int
    start_npt: float
    end_npt: float
    start_frame: int
    end_frame: int
    n_samples: int
    best_npt: float
    best_frame: int
    best_box: Box
    best_quality: float
    samples: Samples | None = Field(description="Where samples were asked for")
