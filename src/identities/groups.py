"""Unknown people as somebody sees them who is to name them: groups of tracks over all videos, the longest seen first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..recognition.gallery import Gallery
from ..recognition.identify import load_gallery
from ..records import Model, Person, Project, UnknownPerson
from ..schema import DoubleArray, FloatArray, IntArray
from ..storage import Store
from ..workspace import Workspace
from .called import called
from .identification import hidden_names, newest_model
from .ledger import Ledger

N_FACES = 6

Place = tuple[float, int]
"""Where a page of groups ends: seconds and number of the last one."""


@dataclass(frozen=True, slots=True)
class Group:
    """An unknown person with all that was put to them.

    Attributes:
        unknown_id: The lowest of their numbers. `members`: all of these.
        seconds: How long they are to be seen.
        n_appearances, n_videos: How often, and in how many videos.
        faces: Some appearances that show them differently, as analysis and track.
    """

    unknown_id: int
    members: tuple[int, ...]
    seconds: float
    n_appearances: int
    n_videos: int
    faces: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Some groups, the longest seen first, and where the next ones begin; None where these are the last."""

    groups: tuple[Group, ...]
    end: Place | None
    n_groups: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Alike:
    """Who looks like a group: other groups, and people by id, each with a similarity, the most similar first."""

    groups: tuple[tuple[Group, float], ...]
    people: tuple[tuple[Person, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Grouped:
    """All groups of a ledger: numbers, seconds, and the rows of each, the longest seen group first."""

    numbers: IntArray
    seconds: DoubleArray
    rows: tuple[IntArray, ...]


def list_groups(ledger: Ledger, limit: int, after: Place | None = None) -> GroupPage:
    """Return a page of the groups of a project."""
    found = _grouped(ledger)
    first = 0
    if after is not None:
        seconds, number = after
        later = (found.seconds < seconds) | ((found.seconds == seconds) & (found.numbers > number))
        first = int(np.argmax(later)) if later.any() else len(found.numbers)
    groups = tuple(_group(ledger, found, at) for at in range(first, min(first + limit, len(found.numbers))))
    is_last = first + limit >= len(found.numbers)
    end = None if is_last else (groups[-1].seconds, groups[-1].unknown_id)
    return GroupPage(groups, end, len(found.numbers), float(found.seconds.sum()))


def find_group(ledger: Ledger, unknown_id: int) -> Group | None:
    """Return the group that a number belongs to; None where nobody is left in it, or it was named."""
    found = _grouped(ledger)
    at = np.flatnonzero(found.numbers == ledger.words.group_of(unknown_id))
    return _group(ledger, found, int(at[0])) if len(at) else None


def rows_of(ledger: Ledger, unknown_id: int) -> IntArray:
    """Return the rows of a group in the ledger, by analysis and track; none where there is no such group."""
    found = _grouped(ledger)
    at = np.flatnonzero(found.numbers == ledger.words.group_of(unknown_id))
    return found.rows[int(at[0])] if len(at) else np.zeros(0, np.int64)


def alike(workspace: Workspace, owner: Project, ledger: Ledger, unknown_id: int, limit: int) -> Alike:
    """Return the groups and people that a group resembles most, without those that somebody said it is not.

    Args:
        workspace: Where all lies.
        owner: The project.
        ledger: Of the project.
        unknown_id: Of the group.
        limit: At most so many of either.
    """
    own = ledger.words.group_of(unknown_id)
    centres = _centres(workspace.store, owner.project, ledger)
    if own not in centres:
        return Alike((), ())
    return Alike(
        _groups_like(ledger, centres, own, limit),
        _people_like(workspace, owner, ledger, centres, own, limit),
    )


def _grouped(ledger: Ledger) -> _Grouped:
    if "groups" not in ledger.made:
        groups = ledger.groups
        rows = np.flatnonzero(groups)
        rows = rows[np.argsort(groups[rows], kind="stable")]
        numbers, starts = np.unique(groups[rows], return_index=True)
        seconds = np.add.reduceat(ledger.seconds[rows], starts).round(3) if len(rows) else np.zeros(0)
        parts = np.split(rows, starts[1:]) if len(rows) else []
        order = np.lexsort((numbers, -seconds))
        ledger.made["groups"] = _Grouped(numbers[order], seconds[order], tuple(parts[at] for at in order.tolist()))
    found: _Grouped = ledger.made["groups"]
    return found


def _group(ledger: Ledger, found: _Grouped, at: int) -> Group:
    number, rows = int(found.numbers[at]), found.rows[at]
    videos = {ledger.members[place].video_id for place in np.unique(ledger.analyses[rows]).tolist()}
    faces = tuple(
        (ledger.members[int(ledger.analyses[row])].analysis_id, int(ledger.columns.track_ids[row]))
        for row in varied(ledger, rows, N_FACES).tolist()
    )
    members = tuple(ledger.words.members_of(number))
    return Group(number, members, float(found.seconds[at]), len(rows), len(videos), faces)


def varied(ledger: Ledger, rows: IntArray, n: int) -> IntArray:
    """Choose appearances that show somebody differently: of as many videos as there are, and in each far apart in time.

    Another film is another light, another year and another coat. Of those near each other the longest is taken, as somebody who
    is seen for long is seen well.

    Args:
        ledger: Where they stand.
        rows: Of the appearances, at least one.
        n: At most so many.
    """
    ordered = rows[np.lexsort((ledger.columns.starts[rows], ledger.analyses[rows]))]
    _, starts = np.unique(ledger.analyses[ordered], return_index=True)
    of_video = np.split(ordered, starts[1:])
    totals = np.array([ledger.seconds[part].sum() for part in of_video])
    longest_first = np.argsort(-totals, kind="stable")[:n].tolist()
    chosen: list[int] = []
    for rank, at in enumerate(longest_first):
        quota = n // len(longest_first) + (rank < n % len(longest_first))
        for part in np.array_split(of_video[at], min(quota, len(of_video[at]))):
            chosen.append(int(part[ledger.seconds[part].argmax()]))
    return np.array(chosen, np.int64)


def _centres(store: Store, project: str, ledger: Ledger) -> dict[int, FloatArray]:
    """Return the mean face of every number, and of groups of several numbers that of all of them."""
    if "centres" not in ledger.made:
        people = {person.unknown_id: person for person in store.find(UnknownPerson, project=project)}
        centres = {number: person.centre for number, person in people.items()}
        for lowest in set(ledger.words.alias.values()):
            members = [people[number] for number in ledger.words.members_of(lowest) if number in people]
            if members:
                centres[lowest] = _mean(members)
        ledger.made["centres"] = centres
    found: dict[int, FloatArray] = ledger.made["centres"]
    return found


def _mean(people: list[UnknownPerson]) -> FloatArray:
    total = sum((person.centre * max(person.n_tracks, 1) for person in people), np.zeros_like(people[0].centre))
    unit: FloatArray = (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)
    return unit


def _groups_like(ledger: Ledger, centres: dict[int, FloatArray], own: int, limit: int) -> tuple[tuple[Group, float], ...]:
    found = _grouped(ledger)
    centre = centres[own]
    others = [
        (at, number)
        for at, number in enumerate(found.numbers.tolist())
        if number != own
        and number in centres
        and centres[number].shape == centre.shape
        and frozenset((own, number)) not in ledger.words.different
    ]
    if not others:
        return ()
    scores = np.stack([centres[number] for _, number in others]) @ centre
    best = np.argsort(-scores, kind="stable")[:limit].tolist()
    return tuple((_group(ledger, found, others[at][0]), round(float(scores[at]), 4)) for at in best)


def _people_like(
    workspace: Workspace, owner: Project, ledger: Ledger, centres: dict[int, FloatArray], own: int, limit: int
) -> tuple[tuple[Person, float], ...]:
    people = list(workspace.store.find(Person, project=owner.project))
    hidden = hidden_names(workspace.store, owner.project)
    scores = _by_model(workspace, owner, ledger, people, centres[own])
    # Who was named by hand, and is in no model yet, looks like the groups that were named so.
    for number, person_id in ledger.words.named.items():
        if number in centres and centres[number].shape == centres[own].shape:
            scores[person_id] = max(float(centres[number] @ centres[own]), scores.get(person_id, -1.0))
    refused = {person for number in ledger.words.members_of(own) for person in ledger.words.not_people.get(number, ())}
    shown = [person for person in people if person.person_id in scores and person.person_id not in refused]
    shown = [person for person in shown if person.name not in hidden]
    shown.sort(key=lambda person: (-scores[person.person_id], person.person_id))
    return tuple((person, round(scores[person.person_id], 4)) for person in shown[:limit])


def _by_model(
    workspace: Workspace, owner: Project, ledger: Ledger, people: list[Person], centre: FloatArray
) -> dict[str, float]:
    """Return how much the pictures of each person that the newest model knows resemble a face."""
    model = newest_model(workspace, owner)
    if model is None:
        return {}
    gallery = _gallery(workspace, ledger, model)
    if gallery.embeddings.shape[1] != len(centre):
        return {}
    ids = {name: person.person_id for name, person in called(people).items()}
    scores = gallery.evidence(centre[None])[0]
    return {ids[name]: float(score) for name, score in zip(gallery.people, scores, strict=True) if name in ids}


def _gallery(workspace: Workspace, ledger: Ledger, model: Model) -> Gallery:
    """Return the faces that a model knows: with the ledger they go when anything changes, as when somebody is erased."""
    if ledger.made.get("gallery", ("",))[0] != model.model_id:
        ledger.made["gallery"] = model.model_id, load_gallery(workspace.data_dir / model.path)
    found: Gallery = ledger.made["gallery"][1]
    return found
