"""Stored tracks to names: arithmetic on embeddings, with no video opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import GalleryError
from ..recognition.identify import Recognizer
from ..records import (
    Analysis,
    Identification,
    IdentificationPart,
    Model,
    Person,
    Project,
    ProjectVideo,
    Status,
    TrackEmbeddings,
)
from ..schema import Candidate, FloatArray, IntArray
from ..storage import Store
from ..videos import read_embeddings
from ..workspace import Workspace
from .called import called

TOP = 5
"""Candidates kept of a track: the name and its runners-up."""
_TOGETHER = 65536
"""Embeddings that are worked on at once."""
PART_TRACKS, PART_SAMPLES = 50_000, 200_000
"""Rows of one record: at most 3.4 and 4.8 MB, where MongoDB takes 16 MB. Three hours of one face at 5 a second are 54,000."""
_LEAST_WEIGHT = 1e-6
"""A face of no quality at all still counts where a track has no better one."""

_ARRAYS = tuple(field.name for field in fields(IdentificationPart))[4:]
"""The fields that hold one entry a track or, named `sample_*`, one a sample; the first four name the part."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackNames:
    """What a model says of one track.

    Attributes:
        candidates: The likeliest people of its pooled embedding, likeliest first.
        frames: (n,) int64, its samples.
        names: Who each sample most likely is. `confidences`: (n,) float32 in [0, 1].
    """

    candidates: tuple[Candidate, ...]
    frames: IntArray
    names: tuple[str, ...]
    confidences: FloatArray

    def confidence(self, name: str) -> float:
        """Return the track's confidence in a name, 0 where it is no candidate."""
        return next((candidate.confidence for candidate in self.candidates if candidate.name == name), 0.0)


def newest_model(workspace: Workspace, project: Project) -> Model | None:
    """Return the model that was trained last, or None where there is none."""
    return max(
        workspace.store.find(Model, project=project.project),
        key=lambda model: (model.created_at, model.model_id),
        default=None,
    )


def hidden_names(store: Store, project: str) -> frozenset[str]:
    """Return the names of people whom the model must not name, whatever it sees; older names of theirs among them."""
    people = store.find(Person, project=project)
    meant = called(people).items()
    return frozenset(name for name, person in meant if not person.recognisable and name in (person.name, *person.aliases))


def load_recognizer(workspace: Workspace, model: Model, engine_id: str) -> Recognizer:
    """Load a model to be used on embeddings of an engine.

    Args:
        workspace: Where the model lies.
        model: Its record.
        engine_id: `name@version` of the engine that made the embeddings.

    Raises:
        GalleryError: The model was trained on another engine, or cannot be read.
    """
    if model.engine != engine_id:
        raise GalleryError(
            f"Model {model.model_id} was trained on embeddings of {model.engine}, these are of {engine_id}. "
            "Align and train again, or track the video again."
        )
    return Recognizer.load(workspace.data_dir / model.path)


def pool_tracks(block: TrackEmbeddings) -> tuple[IntArray, FloatArray]:
    """Average the embeddings of each track: what its samples share stays, what disturbs a single one cancels out.

    Args:
        block: Rows ordered by track, at least one.

    Returns:
        (t,) int64 tracks, and (t, d) float32, L2-normalised.

    Source: Chen et al., Unconstrained still/video-based face verification, IJCV 2018 (media pooling by quality).
    """
    track_ids, starts = np.unique(block.track_ids, return_index=True)
    weights = np.maximum(block.weights, _LEAST_WEIGHT)[:, None]
    sums = np.add.reduceat(block.embeddings.astype(np.float32) * weights, starts, axis=0)
    pooled: FloatArray = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return track_ids, pooled


def identify_blocks(
    project: str, model_id: str, recognizer: Recognizer, blocks: Sequence[TrackEmbeddings]
) -> list[Identification]:
    """Say who the tracks of analyses are, and each of their samples, all analyses at once.

    Args:
        project: Whose model it is.
        model_id: Of the model.
        recognizer: The trained model.
        blocks: All embeddings of each analysis, at least one each.

    Returns:
        One identification a block.
    """
    pools = [pool_tracks(block) for block in blocks]
    found = recognizer.predict(np.concatenate([pooled for _, pooled in pools]))
    order = np.argsort(-found.confidences, axis=1, kind="stable")[:, :TOP]
    scores = np.take_along_axis(found.scores, order, axis=1).astype(np.float32)
    confidences = np.take_along_axis(found.confidences, order, axis=1).astype(np.float32)
    people, sure = recognizer.best(np.concatenate([block.embeddings for block in blocks]))
    tracks = _slices(len(ids) for ids, _ in pools)
    samples = _slices(len(block.track_ids) for block in blocks)
    return [
        Identification(
            project,
            model_id,
            block.analysis_id,
            ids,
            order[at].astype(np.int32),
            scores[at],
            confidences[at],
            block.track_ids,
            block.frame_index,
            people[rows],
            sure[rows],
        )
        for block, (ids, _), at, rows in zip(blocks, pools, tracks, samples, strict=True)
    ]


def _slices(lengths: Iterable[int]) -> list[slice]:
    """Return where parts of these lengths lie when they are put together."""
    ends = np.cumsum([0, *lengths]).tolist()
    return [slice(start, end) for start, end in pairwise(ends)]


def identify_analysis(workspace: Workspace, model: Model, analysis: Analysis) -> Identification | None:
    """Return what a model says of an analysis, working it out and storing it where nobody asked before.

    Args:
        workspace: Where both lie.
        model: The model's record.
        analysis: A complete one.

    Returns:
        The identification; None where the analysis has no face.

    Raises:
        GalleryError: The model is of another engine, or cannot be read.
    """
    return next(identify_analyses(workspace, model, [analysis]))[1]


def identify_analyses(
    workspace: Workspace, model: Model, analyses: Iterable[Analysis]
) -> Iterator[tuple[Analysis, Identification | None]]:
    """Yield what a model says of each analysis, in order; what nobody asked before is worked out and stored.

    Small analyses are worked on together: looking at each of hundreds of people costs the same for one face as for
    thousands.

    Args:
        workspace: Where all lie.
        model: The model's record.
        analyses: Complete ones.

    Raises:
        GalleryError: The model is of another engine than an analysis, or cannot be read.
    """
    recognizers: dict[str, Recognizer] = {}
    waiting: list[tuple[Analysis, TrackEmbeddings | None, Identification | None]] = []
    for analysis in analyses:
        stored = read_identification(workspace.store, model, analysis.analysis_id)
        block = None if stored else read_embeddings(workspace.store, analysis.analysis_id)
        if block is not None and analysis.engine not in recognizers:
            recognizers[analysis.engine] = load_recognizer(workspace, model, analysis.engine)
        waiting.append((analysis, block, stored))
        if sum(len(block.track_ids) for _, block, _ in waiting if block is not None) >= _TOGETHER:
            yield from _identify_waiting(workspace, model, recognizers, waiting)
            waiting = []
    yield from _identify_waiting(workspace, model, recognizers, waiting)


def _identify_waiting(
    workspace: Workspace,
    model: Model,
    recognizers: Mapping[str, Recognizer],
    waiting: Sequence[tuple[Analysis, TrackEmbeddings | None, Identification | None]],
) -> Iterator[tuple[Analysis, Identification | None]]:
    blocks = [block for _, block, _ in waiting if block is not None]
    new: dict[str, Identification] = {}
    if blocks:
        # A model is of one engine: all blocks that it could be loaded for are of that one.
        recognizer = next(iter(recognizers.values()))
        found = identify_blocks(model.project, model.model_id, recognizer, blocks)
        # Somebody who analyses a video anew in the meantime must not be left with names for half of its tracks.
        unchanged = {analysis.analysis_id for analysis, _, _ in waiting if _is_unchanged(workspace.store, analysis)}
        for identification in found:
            if identification.analysis_id in unchanged:
                workspace.store.put(*parts_of(identification))
        new = {identification.analysis_id: identification for identification in found}
    for analysis, _, stored in waiting:
        yield analysis, stored or new.get(analysis.analysis_id)


def read_identification(store: Store, model: Model, analysis_id: str) -> Identification | None:
    """Return what a model said of an analysis, in one piece; None where it was not asked or not all is there."""
    key = {"project": model.project, "model_id": model.model_id, "analysis_id": analysis_id}
    first = store.get(Identification, *key.values())
    if first is None or first.n_parts == 1:
        return first
    further = list(store.find(IdentificationPart, **key))
    if len(further) != first.n_parts - 1:
        return None
    joined: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in (first, *further)]) for name in _ARRAYS}
    return replace(first, n_parts=1, **joined)


def _is_unchanged(store: Store, analysis: Analysis) -> bool:
    current = store.get(Analysis, analysis.analysis_id)
    return current is not None and (current.status, current.updated_at) == (analysis.status, analysis.updated_at)


def parts_of(identification: Identification) -> list[Identification | IdentificationPart]:
    """Cut an identification into records that every store takes; the one that says how many there are comes last."""
    n_parts = max(-(-len(identification.track_ids) // PART_TRACKS), -(-len(identification.sample_tracks) // PART_SAMPLES), 1)
    key = (identification.project, identification.model_id, identification.analysis_id)
    further = [IdentificationPart(*key, part, **_rows(identification, part)) for part in range(1, n_parts)]
    return [*further, replace(identification, n_parts=n_parts, **_rows(identification, 0))]


def _rows(identification: Identification, part: int) -> dict[str, Any]:
    """Return the arrays of one part."""
    sizes = {name: PART_SAMPLES if name.startswith("sample_") else PART_TRACKS for name in _ARRAYS}
    return {name: getattr(identification, name)[part * size : (part + 1) * size] for name, size in sizes.items()}


def forget_older(workspace: Workspace, model: Model, analysis_id: str) -> None:
    """Delete what models before this one said of an analysis."""
    for old in list(workspace.store.find(Identification, project=model.project, analysis_id=analysis_id)):
        if old.model_id != model.model_id:
            for kind in (Identification, IdentificationPart):
                workspace.store.delete(kind, project=old.project, model_id=old.model_id, analysis_id=analysis_id)


def track_names(model: Model, identification: Identification) -> Iterator[tuple[int, TrackNames]]:
    """Yield each track of an identification with what is said of it."""
    starts = np.searchsorted(identification.sample_tracks, identification.track_ids)
    ends = np.searchsorted(identification.sample_tracks, identification.track_ids, side="right")
    for row, (track_id, start, end) in enumerate(zip(identification.track_ids.tolist(), starts, ends, strict=True)):
        rows = slice(int(start), int(end))
        cells = zip(
            identification.candidates[row].tolist(),
            identification.scores[row].tolist(),
            identification.confidences[row].tolist(),
            strict=True,
        )
        yield (
            track_id,
            TrackNames(
                tuple(Candidate(model.people[person], score, confidence) for person, score, confidence in cells),
                identification.sample_frames[rows],
                tuple(model.people[person] for person in identification.sample_people[rows].tolist()),
                identification.sample_confidences[rows],
            ),
        )


def add_to_project(workspace: Workspace, project: str, video_id: str, fragment: str, analysis_id: str) -> None:
    """Let an analysis be the one that counts for a video in a project."""
    known = workspace.store.get(ProjectVideo, project, video_id, fragment)
    if known is None or known.analysis_id != analysis_id:
        workspace.store.put(ProjectVideo(project, video_id, fragment, analysis_id))


def analyses_of(workspace: Workspace, project: str) -> Iterator[Analysis]:
    """Yield the analyses that count in a project and are complete."""
    for membership in workspace.store.find(ProjectVideo, project=project):
        analysis = workspace.store.get(Analysis, membership.analysis_id)
        if analysis is not None and analysis.status is Status.COMPLETE:
            yield analysis
