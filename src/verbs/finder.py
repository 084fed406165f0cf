"""The stage that finds a face in all videos of a project: by a photo, or by a track of one of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from ..cli import CONTEXT, config_option, device_option, run_command, workspace_of
from ..disk.files import write_csv, write_json
from ..disk.pictures import Picture, read_picture
from ..engines import ENGINES
from ..engines.finding import find_faces, main_face
from ..errors import ConfigError, MediaError
from ..identities.decisions import PIECE, active_decisions
from ..identities.identification import analyses_of, pool_tracks
from ..identities.trackindex import analysis_of, current_index, source_of
from ..mediafragments import joined
from ..records import Analysis, Appearance, Person, Project, ProjectVideo, Status, Track, Verb, Video
from ..schema import Box, Detections, FloatArray
from ..search import Hit, VectorIndex
from ..search.approximate import ApproximateIndex
from ..timebase import format_npt
from ..videos import find_video, read_embeddings
from ..workspace import Workspace

TOP = 50

COLUMNS = (
    "rank",
    "score",
    "locator",
    "start_npt",
    "end_npt",
    "best_npt",
    "best_frame",
    "name",
    "person_id",
    "unknown_id",
    "track_id",
    "analysis_id",
    "x",
    "y",
    "w",
    "h",
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a video that shows a face like the one searched for.

    Attributes:
        score: Cosine similarity of the face and the track.
        locator: The video as it was given to the tracker, with its fragment.
        video_id, analysis_id, track_id: Where it was seen.
        start_npt, end_npt: First and last sample of the track.
        best_npt, best_frame, box: Of its best sample.
        name: Whom the project takes it for, `Unknown 3` for somebody without a name; empty where nobody said, or where this
            person is not to be recognised.
        person_id: Of a known person. `unknown_id`: of an unknown one.
    """

    score: float
    locator: str
    video_id: str
    analysis_id: str
    track_id: int
    start_npt: float
    end_npt: float
    best_npt: float
    best_frame: int
    box: Box
    name: str = ""
    person_id: str | None = None
    unknown_id: int | None = None


@dataclass(frozen=True, slots=True)
class SearchReport:
    """What a search found.

    Attributes:
        project: Whose videos were searched.
        engine: What made the vectors, `name@version`.
        moments: Best score first.
        min_score: A lower score was not reported.
        n_videos, n_tracks: What was searched.
        n_faces: Faces in the photo; 0 for a search by track. `face`: which of them was searched for, from 1, left to right.
        faces: Where they are in the photo, upright as it is shown, left to right; the photo has `width` and `height` pixels.
        alike: The score from which the engine takes a face for a known person rather than for a stranger.
        outdated: Videos of the project that another version of the engine analysed and that were not searched.
    """

    project: str
    engine: str
    moments: tuple[Moment, ...]
    min_score: float
    n_videos: int
    n_tracks: int
    n_faces: int = 0
    face: int = 0
    faces: tuple[Box, ...] = ()
    width: int = 0
    height: int = 0
    alike: float = 0.0
    outdated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Query:
    """What to search for: a vector of an engine, and the track that it comes from, which is not to be found again."""

    vector: FloatArray
    engine_id: str
    faces: tuple[Box, ...] = ()
    face: int = 0
    own: tuple[str, int] = ("", -1)
    size: tuple[int, int] = (0, 0)


def run(
    workspace: Workspace,
    project: str,
    *,
    photo: Path | None = None,
    face: int | None = None,
    video: str | None = None,
    track_id: int | None = None,
    analysis_id: str | None = None,
    top: int = TOP,
    min_score: float | None = None,
    approximate: bool = False,
) -> SearchReport:
    """Find the moments of a project's videos that show a face; no video is opened.

    Args:
        workspace: Where to work.
        project: Whose videos.
        photo: Shows the face; or else `video` and `track_id` name a track that does.
        face: Which face of the photo, from 1, left to right; the main one where None.
        video: As it was given to the tracker, with its fragment.
        track_id: A track of this video.
        analysis_id: In the place of `video`, the analysis that the track is of; the file is not looked at then.
        top: At most so many moments.
        min_score: Least cosine similarity; where None that at which the engine takes a face for a known person.
        approximate: Ask a graph in an archive of very many tracks: faster, and a moment may be missed.

    Raises:
        ConfigError: Neither photo nor track, or both; no such project, video, track or face; the package usearch is missing.
        MediaError: The photo cannot be read, or shows no face.
        StorageError: The index is damaged; delete its folder.
    """
    owner = workspace.project(project)
    if analysis_id is not None and track_id is not None:
        query = _query_of_analysis(workspace, analysis_id, track_id, f"analysis {analysis_id}")
    else:
        query = _query(workspace, owner, photo, face, video, track_id)
    limit = ENGINES[owner.engine].alike if min_score is None else min_score
    complete = [found for found in analyses_of(workspace, owner.project) if found.status is Status.COMPLETE]
    analyses = {found.analysis_id: found for found in complete if found.engine == query.engine_id}
    index = current_index(workspace, query.engine_id, len(query.vector), list(analyses.values()))
    allowed = {source_of(analysis) for analysis in analyses.values()}
    searcher = _with_graph(index) if approximate else index
    moments = _moments(workspace, owner, searcher, query, analyses, allowed, top, limit)
    outdated = (_locator(workspace, found) for found in complete if found.engine != query.engine_id)
    return SearchReport(
        owner.project,
        query.engine_id,
        moments,
        limit,
        n_videos=len({analysis.video_id for analysis in analyses.values()}),
        n_tracks=sum(len(part) for block in index.snapshot().blocks for part in block.entry.segments if part.source in allowed),
        n_faces=len(query.faces),
        face=query.face,
        faces=query.faces,
        width=query.size[0],
        height=query.size[1],
        alike=ENGINES[owner.engine].alike,
        outdated=tuple(sorted(outdated)),
    )


def _query(
    workspace: Workspace, owner: Project, photo: Path | None, face: int | None, video: str | None, track_id: int | None
) -> _Query:
    if photo is not None and video is None and track_id is None:
        return _query_of_photo(workspace, owner, photo, face)
    if photo is None and face is None and video is not None and track_id is not None:
        return _query_of_track(workspace, owner, video, track_id)
    raise ConfigError("Give either a photo, or a video and the number of one of its tracks.")


def _query_of_photo(workspace: Workspace, owner: Project, path: Path, face: int | None) -> _Query:
    try:
        data = path.read_bytes()
    except OSError as err:
        raise MediaError(str(path), f"cannot be read: {err.strerror}. Check the path.") from err
    picture = read_picture(data, str(path), workspace.settings.crawler.max_pixels)
    engine = workspace.engine(owner.engine)
    (faces,) = find_faces(engine.detector, [picture.image])
    order = _from_left(faces)
    row, number = _choose_face(picture, faces, order, path, face)
    crops = engine.embedder.align(picture.image, faces.take(np.array([row])))
    boxes = tuple(Box(*(float(side) for side in faces.boxes_xywh[row])) for row in order)
    size = (picture.width, picture.height)
    return _Query(engine.embedder.embed(crops)[0], engine.id, boxes, number, size=size)


def _from_left(faces: Detections) -> list[int]:
    """Return the rows of faces from left to right."""
    order: list[int] = np.argsort(faces.boxes_xywh[:, 0] + faces.boxes_xywh[:, 2] / 2, kind="stable").tolist()
    return order


def _choose_face(picture: Picture, faces: Detections, order: list[int], path: Path, face: int | None) -> tuple[int, int]:
    """Return the row of the face that is meant, and its number from left to right."""
    if not len(faces):
        raise MediaError(str(path), "shows no face. Choose a photo with a larger or clearer one.")
    if face is None:
        row = main_face(faces, picture.width, picture.height)
        return row, order.index(row) + 1
    if not 1 <= face <= len(order):
        raise ConfigError(
            f"{path} shows {len(order)} faces; number {face} is not among them. They count from 1, left to right."
        )
    return order[face - 1], face


def _query_of_track(workspace: Workspace, owner: Project, locator: str, track_id: int) -> _Query:
    video, fragment = find_video(workspace.store, locator)
    member = workspace.store.get(ProjectVideo, owner.project, video.video_id, str(fragment))
    analysis = workspace.store.get(Analysis, member.analysis_id) if member else None
    if analysis is None:
        raise ConfigError(
            f'{locator} does not belong to project "{owner.project}". Run: track --video {locator} --project {owner.project}'
        )
    return _query_of_analysis(workspace, analysis.analysis_id, track_id, locator)


def _query_of_analysis(workspace: Workspace, analysis_id: str, track_id: int, locator: str) -> _Query:
    analysis = workspace.store.get(Analysis, analysis_id)
    block = read_embeddings(workspace.store, analysis_id)
    track_ids, vectors = pool_tracks(block) if block else (np.zeros(0, np.int64), np.zeros((0, 0), np.float32))
    (rows,) = np.nonzero(track_ids == track_id)
    if analysis is None or not len(rows):
        raise ConfigError(f"{locator} has no track {track_id} (it has {_some(track_ids.tolist())}).")
    return _Query(vectors[rows[0]], analysis.engine, own=(analysis_id, track_id))


def _some(track_ids: Sequence[int]) -> str:
    shown = ", ".join(map(str, track_ids[:10]))
    return f"{shown} …" if len(track_ids) > 10 else shown or "none"


def _moments(
    workspace: Workspace,
    owner: Project,
    index: VectorIndex | ApproximateIndex,
    query: _Query,
    analyses: Mapping[str, Analysis],
    allowed: set[str],
    top: int,
    min_score: float,
) -> tuple[Moment, ...]:
    """Search for more and more until enough of what is found may be shown."""
    shower = _Shower(workspace, owner, analyses)
    wanted = top + 1
    while True:
        hits = index.search(query.vector, wanted, allowed)
        near = [hit for hit in hits if hit.score >= min_score and (analysis_of(hit.source), hit.key) != query.own]
        moments = list(shower.show(near))
        if len(moments) >= top or len(hits) < wanted or len(near) < len(hits) - 1:
            return tuple(moments[:top])
        wanted *= 4


def _with_graph(index: VectorIndex) -> ApproximateIndex:
    graph = ApproximateIndex.open(index)
    graph.update()
    return graph


class _Shower:
    """Turns hits into moments, with what the project knows of them."""

    def __init__(self, workspace: Workspace, owner: Project, analyses: Mapping[str, Analysis]) -> None:
        self._workspace, self._project, self._analyses = workspace, owner.project, analyses
        people = workspace.store.find(Person, project=owner.project)
        self._nameable = {person.person_id for person in people if person.recognisable}
        ignored = (ruling.target for ruling in active_decisions(workspace.store, owner.project) if ruling.verb is Verb.IGNORE)
        self._ignored = {(target.analysis_id, target.track_id) for target in ignored if target.kind == "track"}
        self._appearances: dict[str, list[Appearance]] = {}
        self._moments: dict[tuple[str, int], Moment | None] = {}

    def show(self, hits: Iterable[Hit]) -> Iterator[Moment]:
        """Yield the moments of hits that may be shown."""
        for hit in hits:
            place = analysis_of(hit.source), hit.key
            if place not in self._moments:
                self._moments[place] = self._moment(*place, hit.score)
            moment = self._moments[place]
            if moment is not None:
                yield moment

    def _moment(self, analysis_id: str, track_id: int, score: float) -> Moment | None:
        store, analysis = self._workspace.store, self._analyses[analysis_id]
        track = store.get(Track, analysis_id, track_id)
        if track is None:
            return None  # Deleted while we searched.
        if analysis_id not in self._appearances:
            self._appearances[analysis_id] = list(store.find(Appearance, project=self._project, analysis_id=analysis_id))
        known = self._appearances[analysis_id]
        # The index holds whole tracks; an appearance may show a piece of one that somebody split.
        own = [seen for seen in known if any(other % PIECE == track_id for other in seen.merged_tracks)]
        if (analysis_id, track_id) in self._ignored or (known and not own):
            return None  # Somebody decided that this is no face; what is left out of the appearances counts as that.
        seen = next((seen for seen in own if seen.start_npt <= track.best_npt <= seen.end_npt), own[0] if own else None)
        named = seen is not None and (seen.person_id is None or seen.person_id in self._nameable)
        return Moment(
            round(score, 4),
            _locator(self._workspace, analysis),
            analysis.video_id,
            analysis_id,
            track_id,
            round(track.start_npt, 3),
            round(track.end_npt, 3),
            round(track.best_npt, 3),
            track.best_frame,
            track.best_box,
            seen.name if seen and named else "",
            seen.person_id if seen and named else None,
            seen.unknown_id if seen and named else None,
        )


def _locator(workspace: Workspace, analysis: Analysis) -> str:
    """Return a video, or the part of it that was analysed, as a person would name it."""
    video = workspace.store.get(Video, analysis.video_id)
    locator = video.locator if video else f"video {analysis.video_id}"
    return joined(locator, analysis.fragment)


@click.command(context_settings=CONTEXT)
@click.option("--project", required=True, help="Project whose videos are searched.")
@click.option("--photo", type=click.Path(path_type=Path), help="Photo of the face.")
@click.option("--face", type=click.IntRange(min=1), help="Which face of the photo, from 1, left to right [the main one].")
@click.option("--video", help="Video that shows the face, as it was given to the tracker.")
@click.option("--track", "track_id", type=click.IntRange(min=0), help="Track of this video that shows it.")
@click.option("--top", type=click.IntRange(min=1), default=TOP, show_default=True, help="At most so many moments.")
@click.option("--min_score", type=click.FloatRange(-1, 1), help="Least cosine similarity [as the engine names people].")
@click.option("--approximate", is_flag=True, help="For millions of tracks: faster, and a moment may be missed.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the result here too.")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="Write the moments here too.")
@device_option
@config_option
def command(config: Path | None, device: str | None, json_path: Path | None, csv_path: Path | None, **what: Any) -> None:
    """Find the moments that show the face of a photo, or of a track."""
    if (what["photo"] is None) == (what["video"] is None or what["track_id"] is None):
        raise click.UsageError("Give either --photo, or --video and --track.")
    with workspace_of(config, device) as workspace:
        report = run(workspace, **what)
    if json_path:
        write_json(json_path, asdict(report))
    if csv_path:
        write_csv(csv_path, COLUMNS, [_row(rank, moment) for rank, moment in enumerate(report.moments, start=1)])
    _print(report)


def _row(rank: int, moment: Moment) -> list[Any]:
    box = moment.box
    sides = {name: round(side, 1) for name, side in (("x", box.x), ("y", box.y), ("w", box.w), ("h", box.h))}
    values = {**asdict(moment), **sides, "rank": rank}
    return [values[column] for column in COLUMNS]


def _print(report: SearchReport) -> None:
    from rich.console import Console
    from rich.table import Table

    if report.n_faces > 1:
        click.echo(f"The photo shows {report.n_faces} faces; searched for number {report.face} from the left (--face chooses).")
    table = Table()
    for column in ("", "Score", "Who", "From", "To", "Best", "Track"):
        table.add_column(column, no_wrap=column != "Who")
    table.add_column("Video", overflow="fold")
    for rank, moment in enumerate(report.moments, start=1):
        times = (format_npt(npt) for npt in (moment.start_npt, moment.end_npt, moment.best_npt))
        table.add_row(str(rank), f"{moment.score:.3f}", moment.name, *times, str(moment.track_id), moment.locator)
    # Where no terminal sets a width, addresses need not be folded.
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    click.echo(f"{len(report.moments)} moments among {report.n_tracks} tracks of {report.n_videos} videos.")
    if report.outdated:
        click.echo(f"Not searched, as another version of the engine analysed them; track again: {', '.join(report.outdated)}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "search")


if __name__ == "__main__":
    sys.exit(main())
