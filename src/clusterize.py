"""The stage that says who appears when: tracks and a model to appearances, and strangers to groups."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

import click
import numpy as np

from .cli import CONTEXT, config_option, run_command, workspace_of
from .clusters.grouping import group_tracks
from .errors import GalleryError
from .files import write_csv, write_json
from .identification import IdentifiedTrack, identify_track, load_recognizer, newest_model
from .recognition.voting import Vote, Voting, VotingRule, accepts, count_votes
from .records import Analysis, Appearance, Model, Person, Project, Shot, Track, Video
from .schema import UNKNOWN, BoolArray, FloatArray
from .settings import ClusterizeSettings
from .timebase import format_npt
from .videos import find_analysis, find_video, iter_tracks, sample_number
from .workspace import Workspace

_TICK_S = 1e-6
"""Times that differ by less are equal; sums of floats are not exact."""

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
class ClusterizeReport:
    """What a run of clusterize found.

    Attributes:
        video: The video's record.
        analysis: What the appearances rest on.
        model: What the names rest on.
        appearances: Everybody who appears, by time; unknown people have no `person_id`.
        json_path, csv_path: Where they were written.
    """

    video: Video
    analysis: Analysis
    model: Model
    appearances: tuple[Appearance, ...]
    json_path: Path
    csv_path: Path


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """A track on its way to an appearance: `name` is None as long as nobody knows it."""

    track: Track
    identified: IdentifiedTrack
    name: str | None
    start_npt: float
    end_npt: float
    merged: tuple[int, ...]
    last_shot: int
    confidence: float


def run(
    workspace: Workspace,
    video: str,
    project: str,
    *,
    voting: Voting | None = None,
    confidence_threshold: float | None = None,
    dominant_ratio: float | None = None,
    weighted_dominant_ratio: float | None = None,
    min_length: int | None = None,
    merge_cluster: bool | None = None,
) -> ClusterizeReport:
    """Name the tracks of an analysed video, group the others, and store and write the appearances.

    Args:
        workspace: Where to work.
        video: As it was given to the tracker, with its fragment.
        project: Whose model gives the names.
        voting: How the samples of a track agree on a name; this and the following: the setting where None.
        confidence_threshold: A name with less is not given.
        dominant_ratio: Share of a track's samples that must carry its name.
        weighted_dominant_ratio: The same, weighted by confidence and quality.
        min_length: Samples a track needs to be named.
        merge_cluster: Join neighbouring tracks of one person.

    Raises:
        ConfigError: The video was not analysed yet, or the project does not exist.
        GalleryError: The project has no model, or one of another engine.
    """
    owner = workspace.project(project)
    given = {
        "voting": voting,
        "confidence_threshold": confidence_threshold,
        "dominant_ratio": dominant_ratio,
        "weighted_dominant_ratio": weighted_dominant_ratio,
        "min_length": min_length,
        "merge_cluster": merge_cluster,
    }
    asked = {key: value for key, value in given.items() if value is not None}
    settings = workspace.settings.clusterize.model_copy(update=asked)
    record, fragment = find_video(workspace.store, video)
    analysis = find_analysis(workspace.store, record, owner.engine, fragment)
    model = newest_model(workspace, owner)
    if model is None:
        raise GalleryError(f'Project "{owner.project}" has no model. Run: train --project {owner.project}')
    named = _name_tracks(workspace, analysis, model, settings)
    named = _group_unknown(named, settings.unknown_similarity)
    if settings.merge_cluster:
        named = _merge(named, settings.merge_gap_s)
    appearances = _store_appearances(workspace, owner, record, analysis, named)
    folder = workspace.output_dir(owner.project, record.folder)
    json_path, csv_path = folder / "appearances.json", folder / "appearances.csv"
    write_json(json_path, _document(record, analysis, model, settings, appearances))
    write_csv(csv_path, COLUMNS, [_row(appearance) for appearance in appearances])
    return ClusterizeReport(record, analysis, model, appearances, json_path, csv_path)


def _name_tracks(workspace: Workspace, analysis: Analysis, model: Model, settings: ClusterizeSettings) -> list[_Named]:
    """Give each track its name, or none, and the stretch of time that its samples stand for."""
    recognizer = load_recognizer(workspace, model, analysis.engine)
    rule = VotingRule(
        settings.confidence_threshold,
        settings.dominant_ratio,
        settings.weighted_dominant_ratio,
        settings.min_length,
        settings.voting,
    )
    allowed = {person.name for person in workspace.store.find(Person, project=model.project) if person.recognisable}
    shots = {shot.shot: shot for shot in workspace.store.find(Shot, analysis_id=analysis.analysis_id)}
    period_s = float(analysis.sampling["period_s"])
    result = []
    for track, samples in iter_tracks(workspace.store, analysis):
        identified = identify_track(recognizer, samples)
        vote, confidence = _vote(identified, rule.voting)
        accepted = vote.name in allowed and accepts(rule, vote, confidence)
        start, end = stretch(track, shots[track.shot], period_s)
        unknown = 1 - sum(candidate.confidence for candidate in identified.candidates)
        result.append(
            _Named(
                track,
                identified,
                vote.name if accepted else None,
                start,
                end,
                (track.track_id,),
                track.shot,
                confidence if accepted else max(unknown, 0.0),
            )
        )
    return result


def _vote(identified: IdentifiedTrack, voting: Voting) -> tuple[Vote, float]:
    """Return what the samples say, and the track's confidence in it: that of its pooled embedding, or the samples' own."""
    if voting == "majority":
        names = [sample.name for sample in identified.samples]
        confidences = np.array([sample.confidence for sample in identified.samples], np.float32)
        vote = count_votes(names, confidences, voting=voting)
        return vote, vote.confidence
    return identified.vote, identified.confidence(identified.vote.name) if identified.vote.name else 0.0


def stretch(track: Track, shot: Shot, period_s: float) -> tuple[float, float]:
    """Return the time that the samples of a track stand for.

    A sample stands for half a period to either side. Where the shot begins or ends less than a whole period away, so does
    the face: between that cut and the sample nobody looked.
    """
    looked_before = track.start_npt - shot.start_npt >= period_s - _TICK_S
    looked_after = shot.end_npt - track.end_npt > period_s + _TICK_S
    start = track.start_npt - period_s / 2 if looked_before else shot.start_npt
    end = track.end_npt + period_s / 2 if looked_after else shot.end_npt
    return start, end


def _group_unknown(named: list[_Named], min_similarity: float) -> list[_Named]:
    """Call the unnamed tracks `Unknown 1`, `Unknown 2` …, one number a group, most time on screen first."""
    rows = [row for row, track in enumerate(named) if track.name is None]
    unknown = [named[row] for row in rows]
    if not unknown:
        return named
    pooled: FloatArray = np.stack([track.identified.pooled for track in unknown])
    groups = group_tracks(pooled, _seen_together(unknown), min_similarity)
    seconds = np.bincount(groups, [track.end_npt - track.start_npt for track in unknown])
    rank = {int(group): number for number, group in enumerate(np.argsort(-seconds, kind="stable"), start=1)}
    result = list(named)
    for row, group in zip(rows, groups.tolist(), strict=True):
        result[row] = replace(named[row], name=f"{UNKNOWN} {rank[group]}")
    return result


def _seen_together(tracks: list[_Named]) -> BoolArray:
    starts = np.array([track.track.start_npt for track in tracks])
    ends = np.array([track.track.end_npt for track in tracks])
    overlap: BoolArray = (starts[:, None] <= ends[None]) & (starts[None] <= ends[:, None])
    np.fill_diagonal(overlap, False)
    return overlap


def _merge(named: list[_Named], gap_s: float) -> list[_Named]:
    """Join each track to the one before it of the same name where hardly any time lies between."""
    result: dict[str, list[_Named]] = {}
    for track in sorted(named, key=lambda track: (track.start_npt, track.track.track_id)):
        chain = result.setdefault(str(track.name), [])
        if chain and _follows(chain[-1], track, gap_s):
            chain[-1] = _joined(chain[-1], track)
        else:
            chain.append(track)
    return [track for chain in result.values() for track in chain]


def _follows(first: _Named, second: _Named, gap_s: float) -> bool:
    """Say whether one appearance goes on with another: later and soon enough, and with no whole shot of others between.

    Two faces at a time are two people, also where both look like one.
    """
    in_time = second.track.start_npt > first.track.end_npt and second.start_npt - first.end_npt <= gap_s
    return in_time and second.track.shot - first.last_shot <= 1


def _joined(first: _Named, second: _Named) -> _Named:
    """Return one appearance for two: the better seen of the two stands for both."""
    lengths = [first.track.n_samples, second.track.n_samples]
    better = max(first, second, key=lambda track: track.track.best_quality)
    track = replace(
        better.track,
        track_id=first.track.track_id,
        start_npt=first.track.start_npt,
        end_npt=second.track.end_npt,
        start_frame=first.track.start_frame,
        end_frame=second.track.end_frame,
        n_samples=sum(lengths),
    )
    confidence = float(np.average([first.confidence, second.confidence], weights=lengths))
    return replace(
        better,
        track=track,
        start_npt=first.start_npt,
        end_npt=second.end_npt,
        merged=first.merged + second.merged,
        last_shot=second.last_shot,
        confidence=confidence,
    )


def _store_appearances(
    workspace: Workspace, owner: Project, video: Video, analysis: Analysis, named: list[_Named]
) -> tuple[Appearance, ...]:
    """Replace what was derived before by what is derived now."""
    ids = {person.name: person.person_id for person in workspace.store.find(Person, project=owner.project)}
    appearances = tuple(
        _appearance(owner.project, ids.get(str(track.name)), analysis, track)
        for track in sorted(named, key=lambda track: (track.start_npt, track.track.track_id))
    )
    workspace.store.delete(Appearance, project=owner.project, analysis_id=analysis.analysis_id)
    workspace.store.put(*appearances)
    return appearances


def _appearance(project: str, person_id: str | None, analysis: Analysis, named: _Named) -> Appearance:
    track = named.track
    return Appearance(
        project,
        analysis.analysis_id,
        track.track_id,
        name=str(named.name),
        person_id=person_id,
        start_npt=round(named.start_npt, 3),
        end_npt=round(named.end_npt, 3),
        start_frame=track.start_frame,
        end_frame=track.end_frame,
        start_sample=sample_number(analysis, track.start_frame, track.start_npt),
        end_sample=sample_number(analysis, track.end_frame, track.end_npt),
        confidence=round(named.confidence, 4),
        merged_tracks=named.merged,
        box=track.best_box,
        best_npt=round(track.best_npt, 3),
        candidates=named.identified.candidates,
    )


def _document(
    video: Video,
    analysis: Analysis,
    model: Model,
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
        "model_id": model.model_id,
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


@click.command(context_settings=CONTEXT)
@click.option("--video", required=True, help="As it was given to the tracker.")
@click.option("--project", required=True, help="Project whose model gives the names.")
@click.option("--voting", type=click.Choice(get_args(Voting)), help="How the samples of a track agree on a name.")
@click.option("--confidence_threshold", type=click.FloatRange(0, 1), help="A name with less is not given.")
@click.option("--dominant_ratio", type=click.FloatRange(0, 1), help="Share of a track's samples that carry its name.")
@click.option("--weighted_dominant_ratio", type=click.FloatRange(0, 1), help="The same, weighted by confidence and quality.")
@click.option("--min_length", type=click.IntRange(min=1), help="Samples a track needs to be named.")
@click.option("--merge_cluster/--no_merge_cluster", default=None, help="Join neighbouring tracks of one person.")
@config_option
def command(video: str, project: str, config: Path | None, **rule: Any) -> None:
    """Say who appears when in an analysed video."""
    with workspace_of(config) as workspace:
        report = run(workspace, video, project, **rule)
    _print(report)


def _print(report: ClusterizeReport) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Who", "From", "To", "Confidence", "Tracks", title=report.video.title)
    for appearance in report.appearances:
        table.add_row(
            appearance.name,
            format_npt(appearance.start_npt),
            format_npt(appearance.end_npt),
            f"{appearance.confidence:.2f}" if appearance.person_id else "",
            str(len(appearance.merged_tracks)),
            style=None if appearance.person_id else "dim",
        )
    Console().print(table)
    people = {appearance.name for appearance in report.appearances if appearance.person_id}
    unknown = {appearance.name for appearance in report.appearances if not appearance.person_id}
    click.echo(f"{len(people)} people and {len(unknown)} unknown. Written: {report.csv_path} and {report.json_path}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "clusterize")


if __name__ == "__main__":
    sys.exit(main())
