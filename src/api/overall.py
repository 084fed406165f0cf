"""What the API shows of a whole project: moments with a face or of several people, and figures. `shapes` shows records."""

from __future__ import annotations

from pydantic import Field

from .shapes import Box, Shape


class Programme(Shape):
    """A video of a project, or the part of it that was analysed."""

    video_id: str
    fragment: str
    analysis_id: str
    title: str
    locator: str
    date: str = Field(description="1938-09-30, 1938-09 or 1938, as far as it is known; empty where it is not")
    duration: float | None
    start_time: float = Field(description="Where npt 0 lies on the clock of the file, in seconds")
    local: bool = Field(description="Whether the server has the file, and so its media")


class Moment(Shape):
    """A stretch of a video that shows a face like the one searched for."""

    score: float
    locator: str
    video_id: str
    track: str = Field(description="Names the track in addresses")
    analysis_id: str
    track_id: int
    start_npt: float
    end_npt: float
    best_npt: float
    best_frame: int
    box: Box
    name: str
    person_id: str | None
    unknown_id: int | None


class Found(Shape):
    """What a search found, best score first."""

    engine: str
    moments: list[Moment]
    min_score: float
    n_videos: int
    n_tracks: int
    n_faces: int = Field(description="In the photo; 0 for a search by track")
    face: int = Field(description="Which of them was searched for, from 1, left to right")
    faces: list[Box] = Field(description="Where they are in the upright photo, left to right")
    width: int = Field(description="Of the upright photo; 0 for a search by track")
    height: int
    alike: float = Field(description="Score from which the engine takes a face for a known person rather than for a stranger")
    videos: list[Programme] = Field(description="Those that the moments are of")
    outdated: list[str] = Field(description="Videos of another version of the engine, that were not searched")


class Whom(Shape):
    """Somebody known by name, or an unknown person."""

    person_id: str | None
    unknown_id: int | None
    name: str


class Sight(Shape):
    """What shows somebody in a moment: the appearance that lasts longest in it."""

    person_id: str | None
    unknown_id: int | None
    track: str | None = Field(description="Names the track in addresses; null where a person said so and no track shows it")
    confidence: float


class JointMoment(Shape):
    """A stretch of a video in which people are together."""

    video_id: str
    fragment: str
    analysis_id: str
    start_npt: float
    end_npt: float
    sights: list[Sight] = Field(description="Of those who are wanted, in the order of the question")


class MomentProgramme(Programme):
    """A video with moments that were looked for."""

    seconds: float = Field(description="Of all its moments")
    n_moments: int


class JointMoments(Shape):
    """Some of the moments that were found, those of one video together and by time."""

    items: list[JointMoment]
    next: str | None = Field(description="Cursor of the next page; null on the last one")
    total: int
    seconds: float = Field(description="Of all moments, on all pages")
    n_videos: int = Field(description="With a moment")
    n_undated: int = Field(description="Videos that were left out because nobody knows their date, where dates are asked for")
    videos: list[MomentProgramme] = Field(description="Those of this page")
    present: list[Whom]
    absent: list[Whom]


class PersonTime(Whom):
    """How long somebody is on screen."""

    seconds: float
    n_appearances: int
    n_videos: int


class VideoTime(Programme):
    """For how long people are on screen in a video; two of them at a time count twice."""

    seconds: float = Field(description="Of known people")
    unknown_seconds: float


class Pair(Shape):
    """Two people who are on screen at the same time."""

    one: int = Field(description="Place in `people`")
    other: int
    seconds: float
    times: int = Field(description="How often")


class Periods(Shape):
    """Screen time by the dates of the programmes."""

    unit: str = Field(description="year or month; empty where no programme has a date")
    periods: list[str] = Field(description="In order, those without a programme too")
    n_videos: list[int] = Field(description="Programmes of each period")
    people: list[list[float]] = Field(description="Seconds of each of `people` in each period")
    others: list[float] = Field(description="Of all other known people")
    unknown: list[float] = Field(description="Of all unknown people who are not in `people`")
    undated_seconds: float = Field(description="In programmes without a date")


class Statistics(Shape):
    """Screen time by person, by video and over time, and who is on screen with whom."""

    people: list[PersonTime] = Field(description="Longest on screen first")
    n_people: int = Field(description="How many there would be")
    named_seconds: float
    unknown_seconds: float
    n_appearances: int
    n_videos: int = Field(description="In which anybody is to be seen")
    n_undated: int = Field(description="Videos that were left out because nobody knows their date, where dates are asked for")
    videos: list[VideoTime] = Field(description="Those in which known people are longest on screen, longest first")
    cells: list[list[float]] = Field(description="Seconds of each of `people` in each of `videos`")
    together: list[Pair] = Field(description="Longest together first")
    over_time: Periods
