"""Unknown people of a project: which tracks that have no name show the same one, over all its videos and for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..clusters.unknowns import assign_unknowns
from ..errors import ConfigError
from ..records import Analysis, Project, ProjectVideo, Target, UnknownPerson, UnknownTrack
from ..schema import FloatArray
from ..storage import Query, Store
from ..videos import forget_unknown, iter_tracks, read_embeddings
from ..workspace import Workspace
from .decisions import Rulings, match_track
from .identification import pool_tracks
from .naming import HUMAN, Label, cannot_be_one


def number_unknown(
    workspace: Workspace,
    owner: Project,
    analysis: Analysis,
    labels: list[Label],
    rulings: Rulings,
    min_similarity: float,
) -> list[Label]:
    """Give each unnamed track the number of an unknown person, the one it had before where it had one."""
    # Two processes that number at once would give one number to two people, or count a track twice.
    with workspace.locked(f"unknown-{owner.project}"):
        numbers = _numbers(workspace, owner.project, analysis, labels, rulings, min_similarity)
    alias = aliases_of(rulings.unknown_same, numbers.values())
    return [_with_number(label, numbers, alias, rulings) for label in labels if not _is_ignored(label, numbers, alias, rulings)]


def _numbers(
    workspace: Workspace, project: str, analysis: Analysis, labels: list[Label], rulings: Rulings, min_similarity: float
) -> dict[int, int]:
    """Return the number of each unnamed track, and forget those of tracks that have a name now."""
    store = workspace.store
    entries = {entry.track_id: entry for entry in store.find(UnknownTrack, project=project, analysis_id=analysis.analysis_id)}
    barred = _Barred(workspace, project, rulings, {track_id: entry.unknown_id for track_id, entry in entries.items()})
    for track_id, entry in entries.items():
        if entry.parted_from is not None and not barred.from_number(track_id, entry.parted_from):
            entries[track_id] = replace(entry, unknown_id=entry.parted_from, parted_from=None)
            store.put(entries[track_id])
    remembered = {track_id: entry.unknown_id for track_id, entry in entries.items()}
    leaving = {track_id: number for track_id, number in remembered.items() if barred.leaves(track_id, number)}
    unnamed = [label for label in labels if label.person is None]
    ids = [label.seen.track.track_id for label in unnamed]
    numbers = {track_id: remembered[track_id] for track_id in ids if track_id in remembered and track_id not in leaving}
    placed = {
        track_id: rulings.numbers[track_id] for track_id in ids if track_id not in numbers and track_id in rulings.numbers
    }
    if placed:
        _place(store, project, analysis.analysis_id, placed, entries)
        numbers |= placed
    fresh = [label for label in unnamed if label.seen.track.track_id not in numbers]
    if fresh:
        numbers |= _assign(workspace, project, analysis, fresh, unnamed, numbers, rulings, min_similarity, leaving, barred)
    forget_unknown(store, [entry for entry in entries.values() if entry.track_id not in numbers])
    return _joined_elsewhere(workspace, project, _joined_here(numbers, rulings), rulings)


class _Barred:
    """Which unknown person a track may not be taken for, because somebody said that two tracks are two people."""

    def __init__(self, workspace: Workspace, project: str, rulings: Rulings, numbers: Mapping[int, int]) -> None:
        self._numbers, self._pairs = numbers, rulings.different
        self._said, self._refused = rulings.numbers, _refused_numbers(rulings)
        self._elsewhere = [
            (track_id, number_elsewhere(workspace, project, target)) for track_id, target in rulings.different_elsewhere
        ]

    def from_number(self, track_id: int, number: int) -> bool:
        """Say whether a track may not have a number."""
        if self._is_refused(track_id, number):
            return True
        others = [b if a == track_id else a for a, b in self._pairs if track_id in (a, b)]
        here = any(self._numbers.get(other) == number for other in others)
        return here or (track_id, number) in self._elsewhere

    def leaves(self, track_id: int, number: int) -> bool:
        """Say whether a track has to give its number up: of two of this video the one that was found later."""
        if self._is_refused(track_id, number):
            return True
        later = any(max(pair) == track_id and self._numbers.get(min(pair)) == number for pair in self._pairs)
        return later or (track_id, number) in self._elsewhere

    def refused(self, track_id: int) -> frozenset[int]:
        """Return the numbers that somebody said a track does not have."""
        return frozenset(self._refused.get(track_id, ()))

    def _is_refused(self, track_id: int, number: int) -> bool:
        return number in self._refused.get(track_id, ()) or self._said.get(track_id, number) != number


def _refused_numbers(rulings: Rulings) -> dict[int, set[int]]:
    """Return the numbers that tracks do not have, with those of the people who are one with these.

    Those are numbers that somebody said so of, and those that bear a name that somebody said a track has not.
    """
    alias = aliases_of(rulings.unknown_same)
    refused = {track_id: set(numbers) for track_id, numbers in rulings.not_numbers.items()}
    for track_id, names in rulings.not_persons.items():
        bearing = {number for number, name in rulings.unknown_persons.items() if name in names}
        refused.setdefault(track_id, set()).update(bearing)
    return {
        track_id: {other for number in numbers for other in (number, *_one_with(number, alias))}
        for track_id, numbers in refused.items()
    }


def _one_with(number: int, alias: Mapping[int, int]) -> Iterable[int]:
    lowest = alias.get(number, number)
    return (other for other, least in alias.items() if least == lowest)


def begin_unknown(workspace: Workspace, project: str, tracks: Mapping[str, Sequence[int]]) -> UnknownPerson:
    """Give a new unknown person a number; whoever calls says of these tracks that they are that person.

    Args:
        workspace: Where to work.
        project: Whose unknown people.
        tracks: Whole tracks by analysis, whose mean face the person begins with.

    Raises:
        ConfigError: None of the tracks has an embedding.
    """
    vectors: list[FloatArray] = []
    for analysis_id, track_ids in tracks.items():
        block = read_embeddings(workspace.store, analysis_id)
        if block is not None:
            known, pooled = pool_tracks(block)
            vectors += list(pooled[np.isin(known, list(track_ids))])
    if not vectors:
        raise ConfigError("None of these tracks was embedded, so that nobody could be found who looks like them.")
    total: FloatArray = np.sum(vectors, axis=0)
    centre: FloatArray = (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)
    with workspace.locked(f"unknown-{project}"):
        highest = max((person.unknown_id for person in workspace.store.find(UnknownPerson, project=project)), default=0)
        person = UnknownPerson(project, highest + 1, centre, 0)
        workspace.store.put(person)
    return person


def analyses_with(store: Store, project: str, numbers: Iterable[int]) -> list[str]:
    """Return the analyses in which somebody was taken for one of these unknown people, named or not, in order."""
    found: set[str] = set()
    for number in set(numbers):
        query = Query({"project": project, "unknown_id": number})
        found.update(str(cells[0]) for cells in store.cells(UnknownTrack, ("analysis_id",), query))
    return sorted(found)


def _place(
    store: Store, project: str, analysis_id: str, placed: Mapping[int, int], entries: Mapping[int, UnknownTrack]
) -> None:
    """Write down which unknown person somebody put tracks to, and whom they had been taken for before."""
    before = {track_id: entries[track_id] for track_id in placed if track_id in entries}
    store.put(*(_placed(project, analysis_id, track_id, number, before.get(track_id)) for track_id, number in placed.items()))
    for number in {*placed.values(), *(entry.unknown_id for entry in before.values())}:
        person = store.get(UnknownPerson, project, number)
        if person is not None:
            store.put(replace(person, n_tracks=store.count(UnknownTrack, project=project, unknown_id=number)))


def _placed(project: str, analysis_id: str, track_id: int, number: int, before: UnknownTrack | None) -> UnknownTrack:
    first = None
    if before is not None:
        first = before.unknown_id if before.parted_from is None else before.parted_from
    return UnknownTrack(project, analysis_id, track_id, number, None if first == number else first)


def number_elsewhere(workspace: Workspace, project: str, target: Target) -> int | None:
    """Return the number of the unknown person that a track of another video was taken for; None where it has none."""
    found = track_elsewhere(workspace, project, target)
    entry = workspace.store.get(UnknownTrack, project, *found) if found else None
    return entry.unknown_id if entry else None


def track_elsewhere(workspace: Workspace, project: str, target: Target) -> tuple[str, int] | None:
    """Return analysis and id of a track of another video, found again where that was analysed anew."""
    membership = workspace.store.get(ProjectVideo, project, target.video_id, target.fragment)
    if membership is None or membership.analysis_id == target.analysis_id:
        return target.analysis_id, target.track_id
    analysis = workspace.store.get(Analysis, membership.analysis_id)
    if analysis is None:
        return None
    samples = {track.track_id: seen for track, seen in iter_tracks(workspace.store, analysis)}
    track_id = match_track(target.anchors, samples, float(analysis.sampling["period_s"]))
    return None if track_id is None else (analysis.analysis_id, track_id)


def _joined_here(numbers: Mapping[int, int], rulings: Rulings) -> dict[int, int]:
    """Let tracks of one video that are one person share a number: one that bears a name, else the lowest."""
    alias = aliases_of(rulings.unknown_same)
    bearing = {alias.get(number, number) for number in rulings.unknown_persons}
    group_of = aliases_of([pair for pair in rulings.same if numbers.keys() >= set(pair)], numbers)
    groups: dict[int, list[int]] = {}
    for track_id, number in numbers.items():
        groups.setdefault(group_of[track_id], []).append(number)
    shared = {
        group: min(found, key=lambda number: (alias.get(number, number) not in bearing, number))
        for group, found in groups.items()
    }
    return {track_id: shared[group_of[track_id]] for track_id in numbers}


def _joined_elsewhere(workspace: Workspace, project: str, numbers: dict[int, int], rulings: Rulings) -> dict[int, int]:
    """Let tracks that are one person with a track of another video share the lower of the two numbers."""
    result = dict(numbers)
    for track_id, target in rulings.same_elsewhere:
        number = number_elsewhere(workspace, project, target)
        if number is not None and track_id in result:
            result[track_id] = min(result[track_id], number)
    return result


def _assign(
    workspace: Workspace,
    project: str,
    analysis: Analysis,
    fresh: list[Label],
    unnamed: list[Label],
    numbers: Mapping[int, int],
    rulings: Rulings,
    min_similarity: float,
    leaving: Mapping[int, int],
    barred: _Barred,
) -> dict[int, int]:
    """Let tracks seen for the first time join the unknown people of the project, or become new ones; store it."""
    store = workspace.store
    persons = {person.unknown_id: person for person in store.find(UnknownPerson, project=project)}
    known = {number: (person.centre, person.n_tracks) for number, person in persons.items()}
    apart = cannot_be_one(unnamed, rulings.different)
    rows = [unnamed.index(label) for label in fresh]
    old = [(row, numbers[label.seen.track.track_id]) for row, label in enumerate(unnamed) if row not in set(rows)]
    left = [leaving.get(unnamed[row].seen.track.track_id) for row in rows]
    forbidden = [
        frozenset(number for other, number in old if apart[row, other])
        | ({before} if before is not None else set())
        | barred.refused(unnamed[row].seen.track.track_id)
        for row, before in zip(rows, left, strict=True)
    ]
    pooled: FloatArray = np.stack([label.seen.pooled for label in fresh])
    assigned = assign_unknowns(pooled, apart[np.ix_(rows, rows)], known, min_similarity, max(persons, default=0) + 1, forbidden)
    result = {label.seen.track.track_id: number for label, number in zip(fresh, assigned.unknown_ids, strict=True)}
    entries = [
        UnknownTrack(project, analysis.analysis_id, track_id, number, leaving.get(track_id))
        for track_id, number in result.items()
    ]
    changed = []
    for number, (centre, _) in assigned.centres.items():
        n_tracks = store.count(UnknownTrack, project=project, unknown_id=number) + assigned.unknown_ids.count(number)
        known_person = persons.get(number) or UnknownPerson(project, number, centre, 0)
        changed.append(replace(known_person, centre=centre, n_tracks=n_tracks))
    # People first: a store that writes one by one never has a track of somebody who is not there.
    store.put(*changed, *entries)
    return result


def aliases_of(same: Sequence[tuple[int, int]], numbers: Iterable[int] = ()) -> dict[int, int]:
    """Return for each number the lowest number of the people that are one with it.

    Args:
        same: Pairs of unknown people that somebody said are one.
        numbers: Of others, who are one with nobody; each is its own lowest.
    """
    groups: dict[int, set[int]] = {number: {number} for number in numbers}
    for one, other in same:
        joined = groups.get(one, {one}) | groups.get(other, {other})
        groups.update(dict.fromkeys(joined, joined))
    return {number: min(group) for number, group in groups.items()}


def _is_ignored(label: Label, numbers: Mapping[int, int], alias: Mapping[int, int], rulings: Rulings) -> bool:
    number = numbers.get(label.seen.track.track_id) if label.person is None else None
    return number is not None and bool({number, alias[number]} & rulings.unknown_ignored)


def _with_number(label: Label, numbers: Mapping[int, int], alias: Mapping[int, int], rulings: Rulings) -> Label:
    """Return a label with the number of its unknown person, or the name that somebody gave that person."""
    if label.person is not None:
        return label
    number = numbers[label.seen.track.track_id]
    members = [other for other, lowest in alias.items() if lowest == alias[number]]
    name = next((rulings.unknown_persons[other] for other in sorted(members) if other in rulings.unknown_persons), None)
    if name is not None and label.source != HUMAN:
        return replace(label, person=name, confidence=1.0, source=HUMAN)
    return replace(label, unknown_id=alias[number])
