"""The stage that makes training pictures of what people said: faces of tracks that are somebody, cut out of the videos."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..connectors import connectors_of
from ..disk.pictures import digest, perceptual_hash, png_bytes, read_picture
from ..errors import ConfigError, FetchError, MediaError
from ..faces.cutting import Cut, room_around
from ..identities.called import called
from ..identities.decisions import PIECE, active_decisions
from ..identities.identification import analyses_of
from ..recognition.selection import choose_varied
from ..records import Analysis, Anchor, Decision, Image, ImageState, Person, Project, Provenance, Track, TrackEmbeddings, Video
from ..schema import Box, Interval, RgbImage
from ..training.lessons import Confirmed, Lesson, embedded_rows, read_lesson, teaching_analyses
from ..training.trainingset import TrainingSet
from ..video import open_stream
from ..video.fragments import Fragment, Region, parse_fragment
from ..video.source import is_address
from ..videos import read_embeddings, video_identity
from ..workspace import Workspace

VIDEO = "video"
"""Provider of a picture that was cut out of a video."""
TAKEN_BACK = "decision taken back"
"""Reason why such a picture does not train any more."""

MAX_PER_TRACK, MAX_NUM = 3, 60
_MARGIN = 0.6
"""Room around a face as a share of its longer side: detectors are trained on faces with some picture around them."""
_THUMBNAIL_MARGIN = 0.35
"""The room that the tracker leaves around a thumbnail."""
_PAGE = "videos/"


@dataclass(frozen=True, slots=True)
class Learned:
    """What a run did for one person.

    Attributes:
        person_id: Whose folder it is.
        name: The person.
        n_tracks: Tracks that people said are this person.
        added: Pictures cut out in this run. `from_thumbnails`: how many of these are thumbnails, the video being gone.
        kept: Pictures of earlier runs that train on.
        restored: Of these, pictures that had been taken out and are said to be the person again.
        taken_out: Pictures that do not train any more, because what was said was taken back.
    """

    person_id: str
    name: str
    n_tracks: int
    added: int
    from_thumbnails: int
    kept: int
    restored: int
    taken_out: int


@dataclass(frozen=True, slots=True)
class LearnReport:
    """What a run did.

    Attributes:
        project: The project's slug.
        people: Everybody who has, had or got pictures from videos, by id.
        unread: Videos that could not be read, each with the reason; thumbnails stood in for them.
    """

    project: str
    people: tuple[Learned, ...]
    unread: Mapping[str, str]

    @property
    def changed(self) -> bool:
        """Whether the training set is another one than before."""
        return any(person.added or person.restored or person.taken_out for person in self.people)


@dataclass(frozen=True, slots=True)
class _Pick:
    """A sample that is to become a picture."""

    said: Confirmed
    track_id: int
    rank: int
    quality: float
    frame_index: int
    npt: float
    box: Box
    cut: Cut


@dataclass(slots=True, eq=False)
class _Plan:
    """What is to be cut out of one video."""

    lesson: Lesson
    video: Video
    picks: list[_Pick] = field(default_factory=list)


def run(
    workspace: Workspace,
    project: str,
    person: str | None = None,
    *,
    max_per_track: int = MAX_PER_TRACK,
    max_num: int = MAX_NUM,
) -> LearnReport:
    """Bring the training pictures that come from videos in line with what people said.

    Tracks that are somebody by an active decision give pictures: the best sample and those that differ most from it, cut out
    with room around the face and without anybody else. They lie beside the person's other photos; `align` and `train` take
    them from there. Pictures whose decision was taken back are disabled, and enabled again with it. People who may not be
    recognised get no further pictures.

    Args:
        workspace: Where to work.
        project: Whose decisions.
        person: By name, alias or folder; everybody where None.
        max_per_track: Pictures of one track at most, those of earlier runs included.
        max_num: Pictures from videos of one person at most, those of earlier runs included.

    Raises:
        ConfigError: The project or the person does not exist.
        StorageError: Disk or store cannot be written.
    """
    owner = workspace.project(project)
    return _Learner(workspace, owner, _people(workspace, owner, person), max_per_track, max_num).run()


def _people(workspace: Workspace, owner: Project, name: str | None) -> dict[str, Person]:
    people = {person.person_id: person for person in workspace.store.find(Person, project=owner.project)}
    if name is None:
        return people
    found = called(people.values()).get(name)
    if found is None:
        raise ConfigError(f'Project "{owner.project}" knows nobody called "{name}".')
    return {found.person_id: found}


class _Learner:
    """One run."""

    def __init__(
        self, workspace: Workspace, owner: Project, people: Mapping[str, Person], max_per_track: int, max_num: int
    ) -> None:
        self._workspace, self._store, self._owner, self._people = workspace, workspace.store, owner, people
        self._max_per_track, self._max_num = max_per_track, max_num
        self._training_set = TrainingSet(workspace, owner.project)
        self._decisions = active_decisions(workspace.store, owner.project)
        self._active = {decision.decision_id for decision in self._decisions}
        every = workspace.store.find(Decision, project=owner.project)
        self._said_to_be = {decision.decision_id: decision.person_id for decision in every if decision.person_id}
        self._images: dict[str, list[Image]] = defaultdict(list)
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._unread: dict[str, str] = {}

    def run(self) -> LearnReport:
        """Look through all videos that teach something or did so, one at a time."""
        for image in self._store.find(Image, project=self._owner.project):
            if image.provenance.provider == VIDEO and image.person_id in self._people:
                self._images[_video_of(image)].append(image)
        plans = []
        left = set(self._images)
        for analysis in self._analyses():
            left.discard(analysis.video_id)
            lesson = read_lesson(self._store, self._owner, analysis, self._decisions)
            for image in self._images[analysis.video_id]:
                self._review(image, lesson)
            plans.append(self._plan(lesson))
        for video_id in left:
            for image in self._images[video_id]:
                self._review(image, None)
        self._bound(plans)
        for plan in plans:
            self._cut_out(plan)
        return self._report()

    def _analyses(self) -> list[Analysis]:
        teaching = {analysis.analysis_id for analysis in teaching_analyses(self._workspace, self._owner, self._decisions)}
        return [
            analysis
            for analysis in analyses_of(self._workspace, self._owner.project)
            if analysis.analysis_id in teaching or analysis.video_id in self._images
        ]

    def _review(self, image: Image, lesson: Lesson | None) -> None:
        """Take a picture out of training where nobody says any more who it is, and in again where somebody does."""
        counts = self._counts[image.person_id]
        said_to_be = self._said_to_be.get(image.provenance.query.partition(" ")[0], image.person_id)
        if said_to_be != image.person_id:
            # Somebody moved the picture into another person's folder, and so said themselves who it is.
            return
        by_us = image.state is ImageState.DISABLED and image.reason == TAKEN_BACK
        if self._holds(image, lesson):
            if by_us:
                self._store.put(replace(image, state=ImageState.ACTIVE, reason="", state_by="human"))
                counts["restored"] += 1
            counts["kept"] += image.state is not ImageState.DISABLED or by_us
        elif image.state is not ImageState.DISABLED:
            self._store.put(replace(image, state=ImageState.DISABLED, reason=TAKEN_BACK, state_by="human"))
            counts["taken_out"] += 1

    def _holds(self, image: Image, lesson: Lesson | None) -> bool:
        """Say whether a picture still shows somebody of whom people say so.

        A track that the model names by itself since it learned these pictures is in no unknown person any more; what was
        said of that unknown person then still holds for it, unless somebody says otherwise of the track.
        """
        anchor = _anchor_of(image)
        track_id = lesson.track_at(anchor) if lesson is not None and anchor is not None else None
        if lesson is not None and track_id is not None:
            said = lesson.confirmed.get(track_id)
            if said is not None and said.person_id == image.person_id:
                return True
            if lesson.contradicts(track_id, image.person_id):
                return False
        return set(image.provenance.query.split()) <= self._active

    def _plan(self, lesson: Lesson) -> _Plan:
        """Choose the samples of a video that are to become pictures."""
        video = self._store.get(Video, lesson.analysis.video_id)
        if video is None:
            raise ConfigError(f"Analysis {lesson.analysis.analysis_id} belongs to a video that is not stored. Track it again.")
        plan = _Plan(lesson, video)
        wanted = {
            track_id: said
            for track_id, said in lesson.confirmed.items()
            if said.person_id in self._people and len(lesson.rows(track_id))
        }
        taken = self._taken(lesson, video, {said.person_id for said in wanted.values()})
        block = read_embeddings(self._store, lesson.analysis.analysis_id) if wanted else None
        for track_id, said in sorted(wanted.items()):
            self._counts[said.person_id]["tracks"] += 1
            if block is not None and self._people[said.person_id].recognisable:
                plan.picks += self._choose(plan, block, track_id, said, taken[track_id])
        return plan

    def _taken(self, lesson: Lesson, video: Video, people: set[str]) -> dict[int, list[float]]:
        """Return for each track the times of pictures that it gave before, those included that somebody deleted."""
        anchors = [_anchor_of(image) for image in self._images[video.video_id]]
        for person_id in people:
            refused = self._training_set.refused(person_id)
            anchors += [_anchor_in(url) for url in refused if url.rpartition("#")[0] == video.locator]
        taken: dict[int, list[float]] = defaultdict(list)
        for anchor in anchors:
            track_id = lesson.track_at(anchor) if anchor is not None else None
            if anchor is not None and track_id is not None:
                taken[track_id].append(anchor.npt)
        return taken

    def _choose(
        self, plan: _Plan, block: TrackEmbeddings, track_id: int, said: Confirmed, taken: Sequence[float]
    ) -> Iterator[_Pick]:
        rows = embedded_rows(block, plan.lesson, track_id)
        samples = plan.lesson.samples[track_id % PIECE]
        at = np.searchsorted(samples.frame_index, block.frame_index[rows])
        cuts = [self._cut(plan, track_id, int(row)) for row in at]
        usable = [number for number, cut in enumerate(cuts) if cut is not None]
        old = [int(np.abs(samples.npt[at] - npt).argmin()) for npt in taken] if len(at) else []
        embeddings = block.embeddings[rows].astype(np.float32)
        chosen = choose_varied(samples.qualities[at], embeddings, self._max_per_track - len(taken), old, usable)
        for rank, number in enumerate(chosen, start=len(taken)):
            row, cut = int(at[number]), cuts[number]
            assert cut is not None, "only usable samples are chosen"
            box = Box(*(float(value) for value in samples.boxes_xywh[row]))
            quality, frame_index = float(samples.qualities[row]), int(samples.frame_index[row])
            yield _Pick(said, track_id, rank, quality, frame_index, float(samples.npt[row]), box, cut)

    def _cut(self, plan: _Plan, track_id: int, row: int, margin: float = _MARGIN) -> Cut | None:
        samples = plan.lesson.samples
        own = samples[track_id % PIECE]
        box = Box(*(float(value) for value in own.boxes_xywh[row]))
        others = [
            other.boxes_xywh[other.frame_index == own.frame_index[row]]
            for number, other in samples.items()
            if number != track_id % PIECE
        ]
        boxes = np.concatenate([np.zeros((0, 4), np.float32), *others])
        return room_around(box, boxes, margin, plan.video.width, plan.video.height)

    def _bound(self, plans: Sequence[_Plan]) -> None:
        """Drop what is too much of a person: first the best picture of every track, then the second of every track …"""
        by_person: dict[str, list[_Pick]] = defaultdict(list)
        for plan in plans:
            for pick in plan.picks:
                by_person[pick.said.person_id].append(pick)
        kept: set[int] = set()
        for person_id, picks in by_person.items():
            room = max(self._max_num - self._counts[person_id]["kept"], 0)
            kept |= {id(pick) for pick in sorted(picks, key=lambda pick: (pick.rank, -pick.quality))[:room]}
        for plan in plans:
            plan.picks = [pick for pick in plan.picks if id(pick) in kept]

    def _cut_out(self, plan: _Plan) -> None:
        """Write the pictures of one video, from its frames, or from thumbnails where it cannot be read."""
        if not plan.picks:
            return
        open_picks = list(plan.picks)
        try:
            for image, pick in self._frames(plan):
                self._add(plan, pick, pick.cut.of(image), pick.npt, pick.box)
                open_picks.remove(pick)
        except (MediaError, FetchError) as err:
            self._unread[plan.video.locator] = str(err)
        self._use_thumbnails(plan, open_picks)

    def _frames(self, plan: _Plan) -> Iterator[tuple[RgbImage, _Pick]]:
        """Yield the frame of each pick; only these are converted, and nothing after the last of them is decoded.

        Raises:
            MediaError: The video is gone, or another one than was analysed.
        """
        media = plan.video.media
        found = connectors_of(self._workspace).reopen(plan.video)
        if not is_address(plan.video.locator) and video_identity(media)[0] != plan.video.video_id:
            raise MediaError(media, "is another video than the one that was analysed")
        wanted = defaultdict(list)
        for pick in plan.picks:
            wanted[pick.frame_index].append(pick)
        last = max(wanted)
        title = f"Pictures of {plan.video.title or plan.video.locator}"
        with (
            open_stream(found.play, guard=found.guard or self._workspace.guard) as stream,
            self._workspace.progress.task(title, len(plan.picks), "pictures") as task,
        ):
            for frame in stream.frames():
                for pick in wanted.get(frame.frame_index, ()):
                    yield frame.rgb(), pick
                    task.advance()
                if frame.frame_index >= last:
                    break

    def _use_thumbnails(self, plan: _Plan, picks: Sequence[_Pick]) -> None:
        """Let the thumbnail of a track stand in for all its pictures: it shows its best sample."""
        for track_id in sorted({pick.track_id for pick in picks}):
            pick = next(pick for pick in picks if pick.track_id == track_id)
            track = self._store.get(Track, plan.lesson.analysis.analysis_id, track_id % PIECE)
            samples = plan.lesson.samples[track_id % PIECE]
            if track is None or not track.thumbnail or pick.rank:
                continue
            rows = [row for row in plan.lesson.rows(track_id) if samples.frame_index[row] == track.best_frame]
            if rows and self._stands_alone(plan, track_id, int(rows[0])):
                image = read_picture(track.thumbnail, "thumbnail", self._workspace.settings.crawler.max_pixels).image
                self._add(plan, pick, image, track.best_npt, track.best_box, "from_thumbnails")

    def _stands_alone(self, plan: _Plan, track_id: int, row: int) -> bool:
        """Say whether a thumbnail shows nobody else."""
        free = self._cut(plan, track_id, row, _THUMBNAIL_MARGIN)
        box = Box(*(float(value) for value in plan.lesson.samples[track_id % PIECE].boxes_xywh[row]))
        alone = room_around(box, np.zeros((0, 4), np.float32), _THUMBNAIL_MARGIN, plan.video.width, plan.video.height)
        return free == alone

    def _add(self, plan: _Plan, pick: _Pick, image: RgbImage, npt: float, box: Box, how: str = "") -> None:
        data = png_bytes(image)
        sha256 = digest(data)
        if self._training_set.has(sha256) is not None:
            return
        region = Region(round(box.x, 1), round(box.y, 1), round(box.w, 1), round(box.h, 1))
        fragment = Fragment(Interval(round(npt, 3)), region)
        provenance = Provenance(
            VIDEO,
            query=" ".join(pick.said.decisions),
            url=fragment.on(plan.video.locator),
            page=f"{_PAGE}{plan.video.video_id}#{fragment}",
        )
        height, width = image.shape[:2]
        phash = perceptual_hash(image)
        person_id = pick.said.person_id
        record = Image(self._owner.project, sha256, person_id, "", provenance, width, height, phash=phash, state_by="human")
        self._training_set.add(record, data, ".png")
        self._counts[person_id]["added"] += 1
        if how:
            self._counts[person_id][how] += 1

    def _report(self) -> LearnReport:
        names = ("tracks", "added", "from_thumbnails", "kept", "restored", "taken_out")
        people = tuple(
            Learned(person_id, self._people[person_id].name, *(counts[name] for name in names))
            for person_id, counts in sorted(self._counts.items())
            if any(counts[name] for name in names)
        )
        return LearnReport(self._owner.project, people, dict(self._unread))


def _video_of(image: Image) -> str:
    return image.provenance.page.partition("#")[0].removeprefix(_PAGE)


def _anchor_of(image: Image) -> Anchor | None:
    return _anchor_in(image.provenance.page)


def _anchor_in(address: str) -> Anchor | None:
    """Return the time and place that a fragment names, None where it names none."""
    try:
        fragment = parse_fragment(address.rpartition("#")[2])
    except ConfigError:
        return None
    region = fragment.region
    return None if region is None else Anchor(fragment.interval.start_npt, Box(region.x, region.y, region.w, region.h))


@click.command(context_settings=CONTEXT)
@click.option("--project", required=True, help="Whose decisions.")
@click.option("--person", help="Learn only this person [everybody].")
@click.option("--max_per_track", type=click.IntRange(min=1), default=MAX_PER_TRACK, help=f"Pictures a track [{MAX_PER_TRACK}].")
@click.option("--max_num", type=click.IntRange(min=1), default=MAX_NUM, help=f"Pictures a person from all videos [{MAX_NUM}].")
@config_option
def command(project: str, person: str | None, config: Path | None, **limits: Any) -> None:
    """Cut training pictures out of the videos for tracks that somebody said are a person, and take back those undone."""
    with workspace_of(config) as workspace:
        report = run(workspace, project, person, **limits)
    _print(report)


def _print(report: LearnReport) -> None:
    for person in report.people:
        thumbnails = f" ({person.from_thumbnails} of them thumbnails)" if person.from_thumbnails else ""
        click.echo(
            f"{person.name}: {person.n_tracks} tracks, {person.added} pictures added{thumbnails}, {person.kept} kept, "
            f"{person.taken_out} taken out"
        )
    for locator, why in report.unread.items():
        click.echo(f"{locator} cannot be read, thumbnails stand in for it: {why}")
    if report.changed:
        click.echo(f"Now run: align --project {report.project}, then train and identify")
    elif not report.people:
        click.echo("Nobody said yet who a track is. Say so with: decide is")
    else:
        click.echo("The training pictures are up to date")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "learn")


if __name__ == "__main__":
    sys.exit(main())
