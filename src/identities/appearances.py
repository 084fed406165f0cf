"""Who appears when in an analysed video: worked out from tracks, the newest model and people's decisions, at any time again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..disk.files import write_csv, write_json
from ..errors import GalleryError
from ..recognition.voting import VotingRule
from ..records import Analysis, Appearance, Decision, Model, Person, Project, Shot, Status, UnknownPerson, Video
from ..schema import UNKNOWN, Box
from ..settings import ClusterizeSettings
from ..videos import analysis_content, forget_derived, iter_tracks, read_embeddings, sample_number
from ..workspace import Workspace
from .called import called
from .decisions import PIECE, Rulings, active_decisions, rulings_of
from .derivation import cut_tracks, label_tracks, merge_labels
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
from .naming import HUMAN, Label, Rules, Seen, candidates_of, lead_of
from .tables import write_predictions
from .unknowns import number_unknown, track_elsewhere

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
    "margin",
    "reason",
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
    folder = workspace.output_dir(owner.project, video.folder, analysis.fragment)
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
    labels = number_unknown(workspace, owner, analysis, labels, rulings, settings.unknown_similarity)
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
    current = {name: person.name for name, person in called(people.values()).items()}
    # A model may know somebody by an older name, and what people said is of the one they bear now.
    seen = [replace(one, names=_called_now(one.names, current)) if one.names else one for one in seen]
    allowed = frozenset(person.name for person in people.values() if person.recognisable)
    return label_tracks(seen, rulings, Rules(rule, allowed, settings.name_similarity), shots, period_s)


def _called_now(names: TrackNames, current: Mapping[str, str]) -> TrackNames:
    """Return what a model says of a track with the names that people bear now."""
    candidates = tuple(replace(candidate, name=current.get(candidate.name, candidate.name)) for candidate in names.candidates)
    return replace(names, candidates=candidates, names=tuple(current.get(name, name) for name in names.names))


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
        if not len(rows):
            return self._without_looks(piece)
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

    def _without_looks(self, piece: Seen) -> Seen:
        """Return a piece of which no sample was embedded: it looks as the track did nearest in time; nothing votes."""
        block, middle = self._block, float(np.mean(piece.samples.frame_index))
        assert block is not None, "a piece comes from a track, and a track has embeddings"
        own = np.flatnonzero(block.track_ids == piece.samples.track_id % PIECE)
        nearest = own[np.abs(block.frame_index[own] - middle).argmin()]
        names = piece.names and replace(
            piece.names, frames=piece.names.frames[:0], names=(), confidences=piece.names.confidences[:0]
        )
        return replace(piece, pooled=block.embeddings[nearest].astype(np.float32), names=names)


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


def _named_elsewhere(workspace: Workspace, project: str, labels: list[Label], rulings: Rulings) -> list[Label]:
    """Give unnamed tracks the name of the track of another video that shows the same person."""
    names: dict[int, str] = {}
    for track_id, target in rulings.same_elsewhere:
        found = track_elsewhere(workspace, project, target)
        for appearance in workspace.store.find(Appearance, project=project, analysis_id=found[0]) if found else ():
            if found and found[1] in appearance.merged_tracks and appearance.person_id is not None:
                names[track_id] = appearance.name
    return [
        replace(label, person=names[label.seen.track.track_id], confidence=1.0, source=HUMAN)
        if label.person is None and label.seen.track.track_id in names
        else label
        for label in labels
    ]


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
    track, candidates = label.seen.track, candidates_of(label.seen)
    shown = tuple(candidate for candidate in candidates if candidate.name not in hidden)
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
        candidates=shown,
        source=label.source,
        margin=round(lead_of(shown), 4),
        accepted=label.person is not None,
        reason=label.reason,
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
