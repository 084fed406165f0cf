"""What the API shows of each record: the fields of `records` under their names, without arrays and server paths."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ..records import ImageState, JobStatus, Role, Status, Verb


class Shape(BaseModel):
    """A model of an answer, read from the fields of a record or given one by one."""

    model_config = ConfigDict(from_attributes=True)


class Problem(Shape):
    """What went wrong, as RFC 9457 writes it."""

    type: str = Field(description="Where the code is explained")
    title: str
    status: int
    detail: str = Field(description="What happened, to which thing, and what to do")
    code: str = Field(description="One of the codes in docs/api.md; does not change")
    errors: list[ProblemPlace] = Field(default=[], description="What is wrong where in the request")


class ProblemPlace(Shape):
    """A value of a request that was refused."""

    where: str
    message: str


class Box(Shape):
    """A rectangle in pixels of the original frame, origin top left."""

    x: float
    y: float
    w: float
    h: float


class Candidate(Shape):
    """One person that a face may be."""

    name: str
    score: float
    confidence: float
    person_id: str | None = Field(None, description="Of somebody whom the project knows by this name")


class Project(Shape):
    """A set of people and videos that belong together, with one engine."""

    project: str
    engine: str
    engine_version: str
    classifier: str
    settings: dict[str, Any]
    created_at: str


class SinceModel(Shape):
    """What came and went since the newest model was trained."""

    model_id: str
    added: int = Field(description="Pictures that would train now, and did not then")
    removed: int = Field(description="Pictures that trained then, and would not now")
    people_added: list[str]
    people_removed: list[str]
    decisions: int = Field(description="What people have said of tracks since, counted up to 1000")


class Summary(Shape):
    """How many of what a project holds."""

    people: int
    pictures: int
    training: int = Field(description="Pictures that are switched on")
    to_align: int = Field(description="Of these, those that no face was looked for in yet: `align` comes before `train`")
    videos: int
    video_s: float = Field(description="Seconds of all videos together")
    unknown: int = Field(description="Unknown people")
    models: int
    decisions: int
    appearances: int
    named: int = Field(description="Appearances of somebody with a name")
    screen_s: float = Field(description="Seconds of all appearances together")
    named_s: float = Field(description="Seconds of those with a name")
    since_model: SinceModel | None = Field(description="null where there is no model")


class Room(Shape):
    """How much room something takes on disk."""

    what: str = Field(description="pictures, faces, models, results, videos; database is that of all projects")
    n_bytes: int
    n_files: int
    is_complete: bool = Field(description="Whether all files were counted before the time was over")


class Storage(Shape):
    """How much room a project takes on disk."""

    items: list[Room]


class Setting(Shape):
    """A setting, and what it means."""

    name: str
    value: Any
    default: Any
    type: str
    range: str
    meaning: str
    choices: list[str]
    variable: str = Field(description="Its name in the environment of the service")
    scope: str = Field("service", description="project: its own; service: that of all projects")
    changeable: bool = Field(False, description="Whether a PATCH of the project changes it")


class SettingList(Shape):
    """Settings that a project is worked on with."""

    items: list[Setting]


class Person(Shape):
    """Somebody whom a project knows by name."""

    project: str
    person_id: str
    name: str
    aliases: list[str]
    description: str
    uri: str | None
    metadata: dict[str, Any]
    recognisable: bool


class Provenance(Shape):
    """Where a picture comes from."""

    provider: str
    query: str
    url: str
    page: str
    licence: str
    date: str


class FaceQuality(Shape):
    """What makes a face easy or hard to recognise."""

    size_px: float
    sharpness: float
    frontality: float
    overall: float


class Image(Shape):
    """A training picture, with its state and the reason for it."""

    project: str
    sha256: str
    person_id: str
    path: str
    aligned_path: str | None
    provenance: Provenance
    width: int
    height: int
    state: ImageState
    reason: str
    state_by: str
    n_faces: int | None
    box: Box | None
    score: float | None
    quality: FaceQuality | None
    engine: str | None


class PersonImage(Image):
    """A training picture among those of its person."""

    likeness: float | None = Field(
        description="How much the face looks like the other ones of the person that train, -1 to 1; null where nobody can say"
    )


class PersonImages(Shape):
    """The training pictures of a person, the most doubtful first."""

    items: list[PersonImage]
    total: int = Field(description="Pictures of the person; `items` has the first of them where they are very many")


class RefusedChange(Shape):
    """A picture that was left as it is, and why."""

    sha256: str
    code: str = Field(description="One of the codes in docs/api.md")
    detail: str


class ImageChanges(Shape):
    """What became of several pictures."""

    items: list[Image] = Field(description="Those that were changed, as they are now")
    refused: list[RefusedChange]


class RefusedPerson(Shape):
    """A name that cannot be used, and why."""

    name: str
    detail: str


class AddedPeople(Shape):
    """What became of a list of names."""

    added: list[Person]
    known: list[Person] = Field(description="Those whom the project knew already; they stay as they are")
    refused: list[RefusedPerson]


class PersonTotals(Shape):
    """How much a project has of a person."""

    person_id: str
    n_pictures: int
    n_training: int = Field(description="Pictures that train")
    n_videos: int
    n_appearances: int
    seconds: float = Field(description="Screen time")
    portrait: bool = Field(description="Whether there is a picture to show them by")


class PeopleTotals(Shape):
    """How much a project has of everybody."""

    items: list[PersonTotals]


class PersonAppearance(Shape):
    """One appearance of a person; the video is that of the group it stands in."""

    track_id: int
    start_npt: float
    end_npt: float
    best_npt: float
    confidence: float
    source: str


class PersonInVideo(Shape):
    """Where a person is to be seen in one video."""

    video_id: str
    fragment: str
    analysis_id: str
    title: str
    date: str
    local: bool = Field(description="Whether the server has the file")
    items: list[PersonAppearance] = Field(description="In the order of their start")


class PersonAppearances(Shape):
    """Where a person is to be seen in all videos of a project, the newest programme first."""

    total: int = Field(description="Appearances in all; `videos` has the surest of them where they are very many")
    videos: list[PersonInVideo]


class Model(Shape):
    """A trained classifier."""

    project: str
    model_id: str
    engine: str
    classifier: str
    people: list[str]
    n_images: int
    thresholds: dict[str, float]
    created_at: str


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


class Appearance(Shape):
    """Somebody is to be seen from `start_npt` to `end_npt`."""

    project: str
    analysis_id: str
    track_id: int
    name: str
    person_id: str | None
    unknown_id: int | None
    start_npt: float
    end_npt: float
    start_frame: int
    end_frame: int
    start_sample: int
    end_sample: int
    confidence: float
    merged_tracks: list[int]
    box: Box
    best_npt: float
    candidates: list[Candidate]
    source: str
    margin: float
    accepted: bool
    reason: str


class UnknownPerson(Shape):
    """Somebody without a name, with a number that is never given to anybody else."""

    project: str
    unknown_id: int
    n_tracks: int
    name: str
    created_at: str


class Anchor(Shape):
    """Where a track was when somebody decided about it."""

    npt: float
    box: Box


class Target(Shape):
    """What a decision is about."""

    kind: str
    video_id: str
    fragment: str
    analysis_id: str
    track_id: int
    anchors: list[Anchor]
    start_npt: float
    end_npt: float
    unknown_id: int
    person_id: str
    decision_id: str


class Decision(Shape):
    """What a person said. Decisions are only ever added."""

    project: str
    decision_id: str
    verb: Verb
    target: Target
    person_id: str
    name: str
    npt: float
    other: Target | None
    author: str
    created_at: str
    undone: bool = Field(description="Whether somebody took it back")


class Job(Shape):
    """Work that a worker does or has done."""

    job_id: str
    kind: str
    project: str
    params: dict[str, Any]
    status: JobStatus
    progress: float
    message: str
    error: str
    code: str = Field(description="Why it failed, for programs")
    result: dict[str, Any]
    attempts: int
    cancel_requested: bool
    submitted_by: str
    created_at: str
    started_at: str
    ended_at: str


class DecisionReport(Shape):
    """What a decision changed."""

    decision: Decision
    changed: list[str] = Field(description="Analyses whose appearances were derived anew")
    lost: list[str] = Field(description="Decisions whose track is not found any more in these analyses")
    job: Job | None = Field(None, description="What derives the appearances, where these are too many to be waited for")


class Lane(Shape):
    """When one person, or one unknown person, is to be seen."""

    name: str
    person_id: str | None
    unknown_id: int | None
    seconds: float
    intervals: list[Annotated[list[float], Field(min_length=2, max_length=2)]] = Field(
        description="Those nearer to each other than `bin_s` are one"
    )


class Overview(Shape):
    """A video at a glance, for a timeline."""

    analysis_id: str
    duration: float
    bin_s: float
    appearances: list[int] = Field(description="How many people are to be seen in each bin")
    lanes: list[Lane] = Field(description="Who is to be seen longest first")
    n_lanes: int = Field(description="How many lanes there would be")


class UnknownTrack(Shape):
    """A track that was taken for an unknown person."""

    id: str = Field(description="Names the track in addresses")
    analysis_id: str
    track_id: int
    unknown_id: int


class Upload(Shape):
    """A file that comes in chunks."""

    upload_id: str
    kind: str
    filename: str
    size: int
    offset: int = Field(description="Bytes that have arrived")
    project: str
    person_id: str
    created_at: str
    complete: bool
    result: str = Field(description="`video_id` or `sha256` of what it became")


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
    outdated: list[str] = Field(description="Videos of another version of the engine, that were not searched")


class Format(Shape):
    """A format that analyses are exported in."""

    format: str
    text: str
    suffix: str
    media_type: str


class FormatList(Shape):
    """All formats."""

    items: list[Format]


class JobEvent(Shape):
    """What happened to a job: number 1, 2, 3 … without a gap."""

    job_id: str
    number: int
    what: str
    status: JobStatus
    progress: float
    message: str
    created_at: str


class JobWebhook(Shape):
    """An address that is told the end of a job."""

    url: str
    state: str = Field(description="waiting, delivered or failed")
    attempts: int
    error: str = Field(description="What went wrong the last time")


class JobWebhooks(Shape):
    """Who is told the end of a job."""

    items: list[JobWebhook]


class LiveJobs(Shape):
    """The jobs that are queued or running."""

    items: list[Job]


class JobEvents(Shape):
    """What happened to a job after a number."""

    items: list[JobEvent]
    last: int = Field(description="`after` of the next request")


class Session(Shape):
    """Who one is, and what one may do."""

    who: str = Field(description="What their token is called; `local` where there are no tokens")
    role: Role
    project: str = Field(description="The only project that the token is for; empty for all")
    projects: list[str] = Field(description="The projects that they see")
    expires_at: str | None = Field(description="When the cookie ends; null where none came or comes with this")
