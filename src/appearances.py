"""Who appears when in an analysed video: worked out from tracks, the newest model and people's decisions, at any time again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .clusters.unknowns import assign_unknowns
from .decisions import PIECE, Rulings, active_decisions, match_track, rulings_of
from .derivation import (
    HUMAN,
    Label,
    Seen,
    candidates_of,
    cannot_be_one,
    cut_tracks,
    label_tracks,
    merge_labels,
)
from .errors import GalleryError
from .files import write_csv, write_json
from .identification import (
    TOP,
    TrackNames,
    analyses_of,
    forget_older,
    hidden_names,
    identify_analysis,
    load_recognizer,
    newest_model,
    pool_tracks,
    track_names,
)
from .recognition.voting import VotingRule
from .records import (
    Analysis,
    Appearance,
    Decision,
    Model,
    Person,
    Project,
    ProjectVideo,
    Shot,
    Status,
    Target,
    UnknownPerson,
    UnknownTrack,
    Video,
)
from .schema import UNKNOWN, Box, FloatArray
from .settings import ClusterizeSettings
from .tables import write_predictions
from .videos import analysis_content, forget_derived, forget_unknown, iter_tracks, read_embeddings, sample_number
from .workspace import Workspace

COLUMNS = (
    "name",
    "start_npt",
    "end_npt",
    "confidence",
    "track_id",
    "merged_tracks",
    "start_frame",
    "end_frame",
    "x",
    "y",
    "w",
    "h",
    "best_npt",
    "source",
)


@dataclass(frozen=True, slots=True)
class Derived:
    """Who appears in one analysis.

    Attributes:
        video: The video's record.
        analysis: What the appearances rest on.
        model: What the names rest on; None where the project has no model yet and every face is unknown.
        appearances: Everybody who appears, by time; unknown people have no `person_id`.
        lost: Decisions about this video whose track this analysis does not have.
        json_path, csv_path: Where they were written.
    """

    video: Video
    analysis: Analysis
    model: Model | None
    appearances: tuple[Appearance, ...]
    lost: tuple[Decision, ...]
    json_path: Path
    csv_path: Path


def derive_all(workspace: Workspace, project: Project, settings: ClusterizeSettings) -> list[Derived]:
    """Derive the appearances of every video of a project anew, with no video opened."""
    analyses = list(analyses_of(workspace, project.project))
    reports = []
    with workspace.progress.task("Appearances", len(analyses), "videos") as task:
        for analysis in analyses:
            derived = derive_if_complete(workspace, project, analysis, settings)
            reports += [derived] if derived else []
            task.advance()
    return reports


def derive(workspace: Workspace, owner: Project, analysis: Analysis, settings: ClusterizeSettings) -> Derived:
    """Work out who appears in one analysis, store it in place of what was derived before, and write it.

    Args:
        workspace: Where to work.
        owner: The project.
        analysis: A complete one.
        settings: When to name and what to merge.

    Raises:
        GalleryError: The newest model is of another engine, or cannot be read; or the video is being analysed anew.
    """
    derived = derive_if_complete(workspace, owner, analysis, settings)
    if derived is None:
        raise GalleryError(f"Analysis {analysis.analysis_id} is being made anew. Run the same command when that is done.")
    return derived


def derive_if_complete(
    workspace: Workspace, owner: Project, analysis: Analysis, settings: ClusterizeSettings
) -> Derived | None:
    """Do what `derive` does, unless somebody is making the analysis anew; None then."""
    with workspace.locked(analysis_content(analysis.analysis_id)):
        current = workspace.store.get(Analysis, analysis.analysis_id)
        if current is None or current.status is not Status.COMPLETE:
            return None
        return _derive(workspace, owner, current, settings)


def _derive(workspace: Workspace, owner: Project, analysis: Analysis, settings: ClusterizeSettings) -> Derived:
    video = workspace.store.get(Video, analysis.video_id)
    if video is None:
        raise GalleryError(f"Analysis {analysis.analysis_id} belongs to a video that is not stored. Track it again.")
    model = newest_model(workspace, owner)
    people = {person.person_id: person for person in workspace.store.find(Person, project=owner.project)}
    seen = _seen(workspace, model, analysis)
    folder = workspace.output_dir(owner.project, video.folder)
    json_path, csv_path = folder / "appearances.json", folder / "appearances.csv"
    shots = {shot.shot: shot for shot in workspace.store.find(Shot, analysis_id=analysis.analysis_id)}
    if not _is_whole(workspace, analysis, seen, shots):
        # Somebody analyses the video anew at this moment: what was derived before stays until that is done.
        before = workspace.store.find(Appearance, project=owner.project, analysis_id=analysis.analysis_id)
        return Derived(video, analysis, model, tuple(before), (), json_path, csv_path)
    period_s = float(analysis.sampling["period_s"])
    rulings = _by_name(
        rulings_of(
            active_decisions(workspace.store, owner.project),
            analysis.video_id,
            analysis.fragment,
            analysis.analysis_id,
            {item.track.track_id: item.samples for item in seen},
            period_s,
        ),
        people,
    )
    labels = _labels(workspace, model, analysis, seen, shots, rulings, people, settings, period_s)
    labels = _named_elsewhere(workspace, owner.project, labels, rulings)
    labels = _number_unknown(workspace, owner, analysis, labels, rulings, settings.unknown_similarity)
    labels = merge_labels(labels, settings.merge_gap_s if settings.merge_cluster else None, rulings.merged)
    appearances = _store_appearances(workspace, owner, analysis, labels, rulings, people)
    _forget_other_analyses(workspace, owner, analysis)
    write_json(json_path, _document(video, analysis, model, settings, appearances))
    write_csv(csv_path, COLUMNS, [_row(appearance) for appearance in appearances])
    if model is not None:
        write_predictions(folder / "predictions.csv", workspace.store, analysis, model)
    return Derived(video, analysis, model, appearances, tuple(rulings.lost), json_path, csv_path)


def _seen(workspace: Workspace, model: Model | None, analysis: Analysis) -> list[Seen]:
    """Return the tracks of an analysis with what the model says of each."""
    block = read_embeddings(workspace.store, analysis.analysis_id)
    if block is None:
        return []
    names: dict[int, TrackNames] = {}
    if model is not None:
        identification = identify_analysis(workspace, model, analysis)
        names = dict(track_names(model, identification)) if identification else {}
        forget_older(workspace, model, analysis.analysis_id)
    track_ids, pooled = pool_tracks(block)
    by_track = dict(zip(track_ids.tolist(), pooled, strict=True))
    return [
        Seen(track, samples, names.get(track.track_id), by_track[track.track_id])
        for track, samples in iter_tracks(workspace.store, analysis)
        if track.track_id in by_track
    ]


def _is_whole(workspace: Workspace, analysis: Analysis, seen: Sequence[Seen], shots: Mapping[int, Shot]) -> bool:
    """Say whether what was read is one complete analysis, and not the beginning of a new one of the same video."""
    current = workspace.store.get(Analysis, analysis.analysis_id)
    return current is not None and current.status is Status.COMPLETE and all(item.track.shot in shots for item in seen)


def _labels(
    workspace: Workspace,
    model: Model | None,
    analysis: Analysis,
    seen: list[Seen],
    shots: Mapping[int, Shot],
    rulings: Rulings,
    people: Mapping[str, Person],
    settings: ClusterizeSettings,
    period_s: float,
) -> list[Label]:
    if rulings.splits:
        seen = cut_tracks(seen, rulings, _Renamer(workspace, model, analysis))
    rule = VotingRule(
        settings.confidence_threshold,
        settings.dominant_ratio,
        settings.weighted_dominant_ratio,
        settings.min_length,
        settings.voting,
    )
    current = {alias: person.name for person in people.values() for alias in (*person.aliases, person.name)}
    allowed = frozenset(alias for person in people.values() if person.recognisable for alias in (*person.aliases, person.name))
    labels = label_tracks(seen, rulings, rule, allowed, shots, period_s)
    # A model may know somebody by an older name.
    return [replace(label, person=current[label.person]) if label.person else label for label in labels]


class _Renamer:
    """Gives the pieces of a split track their own pooled embedding and names."""

    def __init__(self, workspace: Workspace, model: Model | None, analysis: Analysis) -> None:
        self._block = read_embeddings(workspace.store, analysis.analysis_id)
        self._recognizer = load_recognizer(workspace, model, analysis.engine) if model else None

    def __call__(self, piece: Seen) -> Seen:
        """Return the piece with what its own samples say."""
        block, track = self._block, piece.track
        assert block is not None, "a piece comes from a track, and a track has embeddings"
        rows = np.flatnonzero(
            (block.track_ids == piece.samples.track_id % PIECE) & np.isin(block.frame_index, piece.samples.frame_index)
        )
        part = replace(
            block,
            track_ids=np.full(len(rows), track.track_id, np.int64),
            frame_index=block.frame_index[rows],
            weights=block.weights[rows],
            embeddings=block.embeddings[rows],
        )
        pooled = pool_tracks(part)[1][0]
        if self._recognizer is None or piece.names is None:
            return replace(piece, pooled=pooled)
        kept = np.isin(piece.names.frames, part.frame_index)
        names = TrackNames(
            self._recognizer.predict(pooled[None]).top(0, TOP),
            piece.names.frames[kept],
            tuple(name for name, keep in zip(piece.names.names, kept, strict=True) if keep),
            piece.names.confidences[kept],
        )
        return replace(piece, pooled=pooled, names=names)


def _by_name(rulings: Rulings, people: Mapping[str, Person]) -> Rulings:
    """Return rulings with people by name; somebody who is not in the project any more is not named."""

    def name(person_id: str) -> str | None:
        return people[person_id].name if person_id in people else None

    rulings.persons = {key: found for key, person in rulings.persons.items() if (found := name(person))}
    for key, persons in rulings.not_persons.items():
        rulings.not_persons[key] = {found for person in persons if (found := name(person))}
    rulings.unknown_persons = {key: found for key, person in rulings.unknown_persons.items() if (found := name(person))}
    rulings.shown = [(found, start, end) for person, start, end in rulings.shown if (found := name(person))]
    return rulings


def _number_unknown(
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
    alias = _aliases(numbers.values(), rulings.unknown_same)
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
    fresh = [label for label in unnamed if label.seen.track.track_id not in numbers]
    if fresh:
        numbers |= _assign(workspace, project, analysis, fresh, unnamed, numbers, rulings, min_similarity, leaving)
    forget_unknown(store, [entry for entry in entries.values() if entry.track_id not in numbers])
    return _joined_elsewhere(workspace, project, numbers, rulings)


class _Barred:
    """Which unknown person a track may not be taken for, because somebody said that two tracks are two people."""

    def __init__(self, workspace: Workspace, project: str, rulings: Rulings, numbers: Mapping[int, int]) -> None:
        self._numbers, self._pairs = numbers, rulings.different
        self._elsewhere = [
            (track_id, number_elsewhere(workspace, project, target)) for track_id, target in rulings.different_elsewhere
        ]

    def from_number(self, track_id: int, number: int) -> bool:
        """Say whether a track may not have a number."""
        others = [b if a == track_id else a for a, b in self._pairs if track_id in (a, b)]
        here = any(self._numbers.get(other) == number for other in others)
        return here or (track_id, number) in self._elsewhere

    def leaves(self, track_id: int, number: int) -> bool:
        """Say whether a track has to give its number up: of two of this video the one that was found later."""
        later = any(max(pair) == track_id and self._numbers.get(min(pair)) == number for pair in self._pairs)
        return later or (track_id, number) in self._elsewhere


def number_elsewhere(workspace: Workspace, project: str, target: Target) -> int | None:
    """Return the number of the unknown person that a track of another video was taken for; None where it has none."""
    found = _track_elsewhere(workspace, project, target)
    entry = workspace.store.get(UnknownTrack, project, *found) if found else None
    return entry.unknown_id if entry else None


def _track_elsewhere(workspace: Workspace, project: str, target: Target) -> tuple[str, int] | None:
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


def _joined_elsewhere(workspace: Workspace, project: str, numbers: dict[int, int], rulings: Rulings) -> dict[int, int]:
    """Let tracks that are one person with a track of another video share the lower of the two numbers."""
    result = dict(numbers)
    for track_id, target in rulings.same_elsewhere:
        number = number_elsewhere(workspace, project, target)
        if number is not None and track_id in result:
            result[track_id] = min(result[track_id], number)
    return result


def _named_elsewhere(workspace: Workspace, project: str, labels: list[Label], rulings: Rulings) -> list[Label]:
    """Give unnamed tracks the name of the track of another video that shows the same person."""
    names: dict[int, str] = {}
    for track_id, target in rulings.same_elsewhere:
        found = _track_elsewhere(workspace, project, target)
        for appearance in workspace.store.find(Appearance, project=project, analysis_id=found[0]) if found else ():
            if found and found[1] in appearance.merged_tracks and appearance.person_id is not None:
                names[track_id] = appearance.name
    return [
        replace(label, person=names[label.seen.track.track_id], confidence=1.0, source=HUMAN)
        if label.person is None and label.seen.track.track_id in names
        else label
        for label in labels
    ]


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
        frozenset(number for other, number in old if apart[row, other]) | ({before} if before is not None else set())
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


def _aliases(numbers: Iterable[int], same: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Return for each number the lowest number of the people that are one with it."""
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


def _store_appearances(
    workspace: Workspace,
    owner: Project,
    analysis: Analysis,
    labels: Sequence[Label],
    rulings: Rulings,
    people: Mapping[str, Person],
) -> tuple[Appearance, ...]:
    """Replace what was derived before by what is derived now."""
    ids = {person.name: person.person_id for person in people.values()}
    called = {
        person.unknown_id: person.name or f"{UNKNOWN} {person.unknown_id}"
        for person in workspace.store.find(UnknownPerson, project=owner.project)
    }
    hidden = hidden_names(workspace.store, owner.project)
    appearances = [_appearance(owner.project, ids, called, hidden, analysis, label) for label in labels]
    appearances += [
        _said(owner.project, ids[name], name, analysis, number, start, end)
        for number, (name, start, end) in enumerate(rulings.shown, start=1)
    ]
    ordered = tuple(sorted(appearances, key=lambda appearance: (appearance.start_npt, appearance.track_id)))
    workspace.store.delete(Appearance, project=owner.project, analysis_id=analysis.analysis_id)
    workspace.store.put(*ordered)
    return ordered


def _forget_other_analyses(workspace: Workspace, owner: Project, analysis: Analysis) -> None:
    """Delete what the project derived from other analyses of the same part of the video: one of them counts."""
    for other in list(workspace.store.find(Analysis, video_id=analysis.video_id)):
        if other.fragment == analysis.fragment and other.analysis_id != analysis.analysis_id:
            forget_derived(workspace.store, owner.project, other.analysis_id)


def _appearance(
    project: str,
    ids: Mapping[str, str],
    called: Mapping[int, str],
    hidden: frozenset[str],
    analysis: Analysis,
    label: Label,
) -> Appearance:
    track = label.seen.track
    return Appearance(
        project,
        analysis.analysis_id,
        track.track_id,
        name=label.person or called[label.unknown_id or 0],
        person_id=ids.get(label.person) if label.person else None,
        unknown_id=label.unknown_id,
        start_npt=round(label.start_npt, 3),
        end_npt=round(label.end_npt, 3),
        start_frame=track.start_frame,
        end_frame=track.end_frame,
        start_sample=sample_number(analysis, track.start_frame, track.start_npt),
        end_sample=sample_number(analysis, track.end_frame, track.end_npt),
        confidence=round(label.confidence, 4),
        merged_tracks=label.merged,
        box=track.best_box,
        best_npt=round(track.best_npt, 3),
        candidates=tuple(candidate for candidate in candidates_of(label.seen) if candidate.name not in hidden),
        source=label.source,
    )


def _said(
    project: str, person_id: str, name: str, analysis: Analysis, number: int, start_npt: float, end_npt: float
) -> Appearance:
    """Return the appearance of somebody whom no track shows, but a person saw; such ones count down from -1."""
    return Appearance(
        project,
        analysis.analysis_id,
        -number,
        name=name,
        person_id=person_id,
        unknown_id=None,
        start_npt=start_npt,
        end_npt=end_npt,
        start_frame=0,
        end_frame=0,
        start_sample=0,
        end_sample=0,
        confidence=1.0,
        merged_tracks=(),
        box=Box(0, 0, 0, 0),
        best_npt=start_npt,
        source=HUMAN,
    )


def _document(
    video: Video,
    analysis: Analysis,
    model: Model | None,
    settings: ClusterizeSettings,
    appearances: Sequence[Appearance],
) -> dict[str, Any]:
    return {
        "locator": video.locator,
        "video_id": video.video_id,
        "duration": video.duration,
        "analysis_id": analysis.analysis_id,
        "engine": analysis.engine,
        "sampling": dict(analysis.sampling),
        "fragment": analysis.fragment,
        "model_id": model.model_id if model else None,
        "settings": settings.model_dump(),
        "appearances": [asdict(appearance) for appearance in appearances],
    }


def _row(appearance: Appearance) -> list[Any]:
    box = appearance.box
    values = {"x": box.x, "y": box.y, "w": box.w, "h": box.h}
    values = {key: round(value, 1) for key, value in values.items()}
    merged = ";".join(str(track_id) for track_id in appearance.merged_tracks)
    plain = asdict(appearance) | values | {"merged_tracks": merged}
    return [plain[column] for column in COLUMNS]
