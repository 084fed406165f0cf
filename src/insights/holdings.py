"""What a project holds: how many of what, how long people are to be seen, what is new since its last model, room on disk.

All of it is asked for whenever somebody opens the page of a project, so it must cost little however large that is. Counts come
from indexes, the screen time from what is kept of each video, and folders are walked for a bounded time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..extracts import Extracts
from ..records import SET_ASIDE, Decision, Image, ImageState, Model, Person, ProjectVideo, UnknownPerson, Video
from ..schema import UNKNOWN
from ..storage import Place, Query
from ..training.trainingset import TrainingSet
from ..workspace import Workspace
from .totals import Seen, seen_in

WALK_S = 2.0
"""So long folders are walked at most; what was not seen by then is missing, and the answer says so."""
ROOM_FRESH_S = 60.0
MAX_DECISIONS = 1000
"""Decisions since a model are counted up to this number."""
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of what a project holds.

    Attributes:
        people, pictures, videos, unknown, models, decisions: Records.
        training: Pictures that are switched on. `to_align`: those of them that no face was looked for in yet.
        video_s: Length of all videos together, as far as it is known.
        seen: The appearances.
    """

    people: int
    pictures: int
    training: int
    to_align: int
    videos: int
    video_s: float
    unknown: int
    models: int
    decisions: int
    seen: Seen


@dataclass(frozen=True, slots=True)
class News:
    """What came and went since the newest model was trained; nothing where there is no model.

    Attributes:
        model_id: That model.
        added, removed: Pictures that would train now and did not then, and the other way round.
        people_added, people_removed: Names of people with pictures that train, likewise.
        decisions: What people have said since, up to `MAX_DECISIONS`.
    """

    model_id: str
    added: int
    removed: int
    people_added: tuple[str, ...]
    people_removed: tuple[str, ...]
    decisions: int


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes in a few folders; `is_complete`: whether all of them were seen in time."""

    n_bytes: int
    n_files: int
    is_complete: bool = True


class Holdings:
    """What the projects of one workspace hold. Threads share it."""

    def __init__(self, workspace: Workspace, extracts: Extracts, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing known.

        Args:
            workspace: Whose projects.
            extracts: Of its store.
            clock: Seconds.
        """
        self._workspace, self._store, self._extracts, self._clock = workspace, workspace.store, extracts, clock
        self._room: dict[str, tuple[float, dict[str, Room]]] = {}

    def counts(self, project: str) -> Counts:
        """Count what a project holds."""
        store = self._store
        active = Query({"project": project, "state": ImageState.ACTIVE})
        engines = [engine for (engine,) in store.cells(Image, ("engine",), active)]
        return Counts(
            people=store.count(Person, project=project),
            pictures=store.count(Image, project=project),
            training=len(engines),
            to_align=engines.count(None),
            videos=store.count(ProjectVideo, project=project),
            video_s=self._length(project),
            unknown=store.count(UnknownPerson, project=project),
            models=store.count(Model, project=project),
            decisions=store.count(Decision, project=project),
            seen=seen_in(self._extracts, project),
        )

    def news(self, project: str) -> News | None:
        """Return what came and went since the newest model; None where there is no model."""
        newest = self._store.select(Model, Query({"project": project}, descending=True), 1).items
        if not newest:
            return None
        model = newest[0]
        names = {person_id: name for person_id, name in self._cells(Person, ("person_id", "name"), project)}
        now = dict(self._training(project))
        people = {names[person_id] for person_id in now.values() if person_id in names and person_id != UNKNOWN}
        return News(
            model.model_id,
            len(now.keys() - set(model.images)),
            len(set(model.images) - now.keys()),
            tuple(sorted(people - set(model.people))),
            tuple(sorted(set(model.people) - people)),
            self._decided_since(project, model.created_at),
        )

    def _training(self, project: str) -> Iterator[tuple[str, str]]:
        """Yield the pictures that the next training uses, named as a model names them, and whom each shows."""
        active = Query({"project": project, "state": ImageState.ACTIVE})
        for person_id, sha256 in self._store.cells(Image, ("person_id", "sha256"), active):
            yield f"{person_id}/{sha256}", person_id
        saved_at = TrainingSet(self._workspace, project).list_saved_at()
        if saved_at is None:
            return
        # A list that somebody saved is the whole list: what the cleaning set aside and it does not name trains; see `trains`.
        for state in sorted(SET_ASIDE):
            for image in self._images(project, state):
                if image.aligned_path is not None and image.provenance.date <= saved_at:
                    yield f"{image.person_id}/{image.sha256}", image.person_id

    def _images(self, project: str, state: ImageState) -> Iterator[Image]:
        query = Query({"project": project, "state": state}, omit=frozenset({"embedding", "landmarks"}))
        after: Place | None = None
        while True:
            page = self._store.select(Image, query, _PAGE, after)
            yield from page.items
            after = page.end
            if after is None:
                return

    def room(self, project: str) -> dict[str, Room]:
        """Return how much room a project takes on disk, by what for; `database` is that of all projects together."""
        known = self._room.get(project)
        if known is None or self._clock() - known[0] >= ROOM_FRESH_S:
            known = (self._clock(), self._measure(project))
            self._room[project] = known
        return known[1]

    def _measure(self, project: str) -> dict[str, Room]:
        workspace, until = self._workspace, time.monotonic() + WALK_S
        folders = {
            "pictures": workspace.training_dir(project),
            "faces": workspace.aligned_dir(project),
            "models": workspace.classifier_dir(project),
            "results": workspace.output_dir(project, ""),
        }
        found = {name: walked([folder], until) for name, folder in folders.items()}
        return found | {"videos": walked(self._media(project), until), "database": Room(self._store.size(), 1)}

    def _media(self, project: str) -> Iterator[Path]:
        """Yield the files of the videos of a project that lie on this machine."""
        wanted = set(self._cells(ProjectVideo, ("video_id",), project))
        for video_id, media, checksum in self._store.cells(Video, ("video_id", "media", "checksum"), Query()):
            if checksum and (video_id,) in wanted:
                yield Path(media)

    def _length(self, project: str) -> float:
        lengths = {video_id: length for video_id, length in self._store.cells(Video, ("video_id", "duration"), Query())}
        return sum(float(lengths.get(video_id) or 0.0) for (video_id,) in self._cells(ProjectVideo, ("video_id",), project))

    def _decided_since(self, project: str, moment: str) -> int:
        query = Query({"project": project}, descending=True)
        page = self._store.select_cells(Decision, ("created_at",), query, MAX_DECISIONS)
        return sum(created_at > moment for (created_at,) in page.items)

    def _cells(self, kind: type[Any], names: tuple[str, ...], project: str) -> Iterator[tuple[Any, ...]]:
        return self._store.cells(kind, names, Query({"project": project}))


def walked(places: Iterable[Path], until: float) -> Room:
    """Add up the files in some folders, or single files, following no link.

    Args:
        places: Folders and files; what is not there counts nothing.
        until: When to stop, by `time.monotonic`.
    """
    n_bytes = n_files = 0
    for path in _files(places):
        if time.monotonic() > until:
            return Room(n_bytes, n_files, is_complete=False)
        try:
            n_bytes += path.stat(follow_symlinks=False).st_size
        except OSError:  # gone since it was listed
            continue
        n_files += 1
    return Room(n_bytes, n_files)


def _files(places: Iterable[Path]) -> Iterator[Path | os.DirEntry[str]]:
    for place in places:
        if not place.is_dir():
            yield place
            continue
        folders = [str(place)]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
                        else:
                            yield entry
            except OSError:  # gone, or not ours to read
                continue
