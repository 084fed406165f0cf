"""Forgetting: tracks that are deleted with all that was made of them, outputs without a name, videos that leave a project."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from ..errors import GalleryError
from ..records import (
    Analysis,
    Appearance,
    Identification,
    IdentificationPart,
    Project,
    ProjectAccess,
    ProjectVideo,
    Track,
    TrackEmbeddings,
    TrackSamples,
    UnknownPerson,
    UnknownTrack,
    Video,
)
from ..schema import FloatArray
from ..videos import analysis_content, forget_derived, iter_tracks, read_embeddings, remove_unused
from ..workspace import Workspace
from .appearances import derive
from .decisions import PIECE, anchors_of, match_track
from .identification import newest_model, pool_tracks
from .tables import write_trackers

DERIVED_FILES = frozenset({"appearances.json", "appearances.csv", "predictions.csv", "trackers.csv"})
"""Files of a video's folder that are written anew whenever what they show changes."""
FRAMES = "frames"
"""Folder of exported frames, which have names drawn on them."""
_PREDICTIONS, _TRACKERS = "predictions.csv", "trackers.csv"


def with_other_analyses(workspace: Workspace, tracks: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """Add the tracks that show the same faces in other analyses of the same videos, found by time and place.

    Args:
        workspace: Where they are.
        tracks: Whole tracks by analysis.

    Returns:
        Tracks by analysis, those that were given last: the others are found by them.
    """
    store = workspace.store
    found: dict[str, set[int]] = defaultdict(set)
    for analysis_id, track_ids in tracks.items():
        analysis = store.get(Analysis, analysis_id)
        if analysis is None:
            continue
        anchors = [anchors_of(seen) for track, seen in iter_tracks(store, analysis) if track.track_id in track_ids]
        for other in store.find(Analysis, video_id=analysis.video_id):
            samples = {track.track_id: seen for track, seen in iter_tracks(store, other)} if anchors else {}
            period_s = float(other.sampling["period_s"])
            matches = (match_track(places, samples, period_s) for places in anchors)
            found[other.analysis_id] |= {track_id for track_id in matches if track_id is not None}
    others = {analysis_id: track_ids for analysis_id, track_ids in found.items() if analysis_id not in tracks and track_ids}
    return others | {analysis_id: track_ids | found[analysis_id] for analysis_id, track_ids in tracks.items()}


def forget_tracks(workspace: Workspace, owner: Project, tracks: Mapping[str, set[int]]) -> tuple[int, int]:
    """Forget tracks with samples, embeddings and thumbnails, in every project that uses the same analyses.

    What they are found by goes last: an interrupted run finds them again.

    Args:
        workspace: Where they are.
        owner: The project that asks; its appearances stay, for the caller to derive anew.
        tracks: Whole tracks by analysis.

    Returns:
        How many tracks and how many embeddings were there.
    """
    n_tracks = n_embeddings = 0
    store = workspace.store
    others = {
        (member.project, analysis_id) for analysis_id in tracks for member in store.find(ProjectVideo, analysis_id=analysis_id)
    }
    for project in sorted({project for project, _ in others} | {owner.project}):
        _forget_centres(workspace, project, tracks)
    for project, analysis_id in sorted(others):
        for entry in list(store.find(UnknownTrack, project=project, analysis_id=analysis_id)):
            if entry.track_id % PIECE in tracks[analysis_id]:
                store.delete(UnknownTrack, project=project, analysis_id=analysis_id, track_id=entry.track_id)
        for kind in (Identification, IdentificationPart):
            store.delete(kind, project=project, analysis_id=analysis_id)
    for analysis_id, track_ids in tracks.items():
        for track_id in sorted(track_ids):
            n_tracks += store.delete(Track, analysis_id=analysis_id, track_id=track_id)
            store.delete(TrackSamples, analysis_id=analysis_id, track_id=track_id)
        n_embeddings += _forget_embeddings(workspace, analysis_id, track_ids)
    for project, analysis_id in sorted(others):
        _rewrite(workspace, project, analysis_id, is_own=project == owner.project)
    return n_tracks, n_embeddings


def forget_video(workspace: Workspace, owner: Project, member: ProjectVideo) -> bool:
    """Take a video out of a project: what was derived there and its tables, and what was seen in it where no project uses that.

    What people said of it stays, as all decisions do: added again, the video shows it. The film itself stays where it is.

    Args:
        workspace: Where it is.
        owner: The project.
        member: The video, and the part of it, as the project has it.

    Returns:
        Whether what was seen was deleted too: no other project uses it.
    """
    store, video = workspace.store, workspace.store.get(Video, member.video_id)
    with workspace.locked(analysis_content(member.analysis_id)):
        forget_derived(store, owner.project, member.analysis_id)
        store.delete(ProjectVideo, project=owner.project, video_id=member.video_id, fragment=member.fragment)
        is_gone = remove_unused(store, member.analysis_id)
    if next(store.find(ProjectVideo, project=owner.project, video_id=member.video_id), None) is None:
        store.delete(ProjectAccess, project=owner.project, video_id=member.video_id)
    folder = workspace.output_dir(owner.project, video.folder if video else member.video_id, member.fragment)
    for name in DERIVED_FILES:
        (folder / name).unlink(missing_ok=True)
    if (folder / FRAMES).is_dir():
        shutil.rmtree(folder / FRAMES)
    return is_gone


def derive_without_names_at_worst(workspace: Workspace, owner: Project, analysis: Analysis) -> None:
    """Derive appearances anew; where the model cannot be asked, delete them: no name is better than one that has to go."""
    video = workspace.store.get(Video, analysis.video_id)
    folder = workspace.output_dir(owner.project, video.folder if video else analysis.video_id, analysis.fragment)
    if newest_model(workspace, owner) is None:
        (folder / _PREDICTIONS).unlink(missing_ok=True)
    try:
        derive(workspace, owner, analysis, workspace.settings.clusterize)
    except GalleryError:
        workspace.store.delete(Appearance, project=owner.project, analysis_id=analysis.analysis_id)
        for name in DERIVED_FILES - {_TRACKERS}:
            (folder / name).unlink(missing_ok=True)


def _forget_centres(workspace: Workspace, project: str, tracks: Mapping[str, set[int]]) -> None:
    """Work out anew, without these tracks, what the unknown people who look like them look like.

    An unknown person keeps the mean face also of tracks that got a name later, and so is found by likeness.
    """
    store = workspace.store
    forgotten = list(_pooled(workspace, tracks))
    if not forgotten:
        return
    vectors = np.stack([vector for _, _, vector in forgotten])
    least = workspace.settings.clusterize.unknown_similarity
    for somebody in list(store.find(UnknownPerson, project=project)):
        entries = list(store.find(UnknownTrack, project=project, unknown_id=somebody.unknown_id))
        kept = defaultdict(set)
        for entry in entries:
            if entry.track_id % PIECE not in tracks.get(entry.analysis_id, ()):
                kept[entry.analysis_id].add(entry.track_id % PIECE)
        n_kept = sum(map(len, kept.values()))
        if n_kept == len(entries) and float((vectors @ somebody.centre).max()) < least:
            continue
        total: FloatArray = sum((vector for _, _, vector in _pooled(workspace, kept)), np.zeros_like(somebody.centre))
        centre: FloatArray = (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)
        store.put(replace(somebody, centre=centre, n_tracks=n_kept))


def _pooled(workspace: Workspace, tracks: Mapping[str, set[int]]) -> Iterator[tuple[str, int, FloatArray]]:
    for analysis_id, track_ids in tracks.items():
        block = read_embeddings(workspace.store, analysis_id)
        if block is not None:
            for track_id, vector in zip(*pool_tracks(block), strict=True):
                if int(track_id) in track_ids:
                    yield analysis_id, int(track_id), vector


def _forget_embeddings(workspace: Workspace, analysis_id: str, track_ids: set[int]) -> int:
    count = 0
    for block in list(workspace.store.find(TrackEmbeddings, analysis_id=analysis_id)):
        kept = ~np.isin(block.track_ids, sorted(track_ids))
        count += int((~kept).sum())
        if not kept.any():
            workspace.store.delete(TrackEmbeddings, analysis_id=analysis_id, part=block.part)
        elif not kept.all():
            rest = replace(
                block,
                track_ids=block.track_ids[kept],
                frame_index=block.frame_index[kept],
                weights=block.weights[kept],
                embeddings=block.embeddings[kept],
            )
            workspace.store.put(rest)
    return count


def _rewrite(workspace: Workspace, project: str, analysis_id: str, *, is_own: bool) -> None:
    """Write the tables of an analysis anew; in other projects also derive its appearances."""
    store = workspace.store
    owner, analysis = store.get(Project, project), store.get(Analysis, analysis_id)
    video = store.get(Video, analysis.video_id) if analysis else None
    if owner is None or analysis is None or video is None:
        return
    folder = workspace.output_dir(project, video.folder, analysis.fragment)
    if (folder / FRAMES).is_dir():
        shutil.rmtree(folder / FRAMES)
    if (folder / _TRACKERS).is_file():
        write_trackers(folder / _TRACKERS, store, analysis)
    if not is_own:
        derive_without_names_at_worst(workspace, owner, analysis)
