"""The parameters of each kind of job, named as its verb names them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..guard import Outside
from ..settings import Classifier, Ratio, TrackerName

Seconds = Annotated[float, Field(ge=0, le=1e7)]


class Params(BaseModel):
    """Parameters of a kind of job. What was not given is left to the settings of the worker."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoParams(Params):
    """The project is all there is to say."""


class PictureAddress(Params):
    """Where a photo of a person is."""

    name: str = Field(min_length=1, max_length=200, description="One of `keywords`")
    url: Annotated[str, Outside.FETCHED] = Field(max_length=4000, pattern="^https?://", description="Of the photo itself")
    page: Annotated[str, Outside.KEPT] = Field("", max_length=4000, pattern="^(|https?://.+)$", description="That shows it")
    licence: str = Field("", max_length=200)


class CrawlParams(Params):
    """Parameters of `crawl`. Folders and lists of this machine are for the command line alone."""

    keywords: tuple[str, ...] = Field(min_length=1, max_length=1000, description="Names of people")
    addresses: Annotated[tuple[PictureAddress, ...], Outside.FETCHED] = Field(
        (), max_length=5000, description="Photos that are fetched before the providers are asked"
    )
    max_num: int | None = Field(None, ge=1, le=10_000, description="Usable pictures with a face for each person")
    providers: tuple[str, ...] | None = Field(None, min_length=1, description="bing, google, baidu or wikimedia, in this order")
    discard_multi_faces: bool = Field(False, description="Leave out photos with several faces")
    engine: str | None = Field(None, description="Engine to begin the project with")


class AlignParams(Params):
    """Parameters of `align`."""

    discard_multi_faces: bool = Field(False, description="Leave out photos with several faces")


class TrainParams(Params):
    """Parameters of `train`."""

    classifier: Classifier | None = Field(None, description="How people are told apart; the project's own where not given")
    discard_disabled: Literal["auto", "true", "false"] = Field("auto", description="Which pictures are left out")


class LearnParams(Params):
    """Parameters of `learn`."""

    person: str | None = Field(None, min_length=1, description="By name, alias or folder; everybody where not given")


class TrackParams(Params):
    """Parameters of `track`: one video a job, so that each can be cancelled and retried by itself."""

    video: Annotated[str, Outside.VIDEO] = Field(
        min_length=1, description="Path or http(s) address, also with a fragment: film.mp4#t=10,20"
    )
    video_speedup: int | None = Field(None, ge=1, description="Analyse every Nth frame")
    sample_period_s: float | None = Field(None, gt=0, description="Analyse a frame each so many seconds instead")
    tracker: TrackerName | None = Field(None, description="How boxes become tracks")
    track_fps: float | None = Field(None, gt=0, description="Follow faces between samples, so many frames a second")
    max_faces: int | None = Field(None, ge=1, description="Follow at most so many faces a frame, the best ones")
    export_frames: bool = Field(False, description="Write the sampled frames with boxes")
    no_cache: bool = Field(False, description="Analyse again what was analysed before")

    @model_validator(mode="after")
    def _one_sampling(self) -> TrackParams:
        if self.video_speedup is not None and self.sample_period_s is not None:
            raise ValueError("give video_speedup or sample_period_s, not both")
        return self


class AnalyseParams(TrackParams):
    """Parameters of `analyse`: those of `track`."""


class ClusterParams(Params):
    """Parameters of `cluster`, the verb `clusterize`."""

    video: Annotated[str | None, Outside.VIDEO] = Field(
        None, min_length=1, description="As it was given to the tracker; all where not given"
    )
    confidence_threshold: Ratio | None = Field(None, description="A name with less is not given")
    dominant_ratio: Ratio | None = Field(None, description="Share of a track's samples that must carry its name")
    weighted_dominant_ratio: Ratio | None = Field(None, description="The same, weighted by confidence")
    min_length: int | None = Field(None, ge=1, description="Samples a track needs to be named")
    merge_cluster: bool | None = Field(None, description="Join neighbouring tracks of one person")
    voting: Literal["weighted", "majority"] | None = Field(None, description="How the samples of a track agree on a name")


class DeriveParams(Params):
    """Parameters of `derive`."""

    cause: str = Field(min_length=1, max_length=100, description="Id of the decision that is followed, or any text of its own")


class ExportParams(Params):
    """Parameters of `export`. The file lies among the results of the video or project; the result of the job says where."""

    video: Annotated[str | None, Outside.VIDEO] = Field(
        None, min_length=1, description="As it was given to the tracker; all videos of the project where not given"
    )
    format: str = Field("", description="One of the formats of the verb export; empty for one of the following")
    clips: bool = Field(False, description="Cut the appearances out of the video")
    burn_in: bool = Field(False, description="Write the video with frames and names on it")
    redact: str = Field("", max_length=20_000, description="Write the video with blurred faces: everyone, or all-but:NAME;NAME")
    interval: tuple[Seconds, Seconds] | None = Field(
        None, description="Only this stretch of the video: start and end in seconds; goes with `format` and `clips`"
    )

    @model_validator(mode="after")
    def _one_thing(self) -> ExportParams:
        if [bool(self.format), self.clips, self.burn_in, bool(self.redact)].count(True) != 1:
            raise ValueError("give one of format, clips, burn_in and redact")
        if self.interval is not None and (self.video is None or self.burn_in or self.redact):
            raise ValueError("interval goes with a video, and with format or clips")
        if self.interval is not None and not self.interval[0] < self.interval[1]:
            raise ValueError("the interval is empty: give its start before its end")
        return self


class EraseParams(Params):
    """Parameters of `erase`."""

    person: str = Field(min_length=1, description="By name, alias or folder")
    forget_embeddings: bool = Field(False, description="Also forget the tracks that were taken for them")
