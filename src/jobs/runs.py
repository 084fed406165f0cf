"""What each kind of job does: it runs the verb and says in few words what came of it.

The verbs are imported when a job of theirs runs, in the process of that job: whoever only submits or watches stays small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from ..records import Analysis, Decision, Job, JobEvent, JobStatus, Project
from ..workspace import Workspace
from .events import STATUS
from .params import (
    AlignParams,
    AnalyseParams,
    ClusterParams,
    CrawlParams,
    DeriveParams,
    EraseParams,
    ExportParams,
    LearnParams,
    NoParams,
    TrackParams,
    TrainParams,
)

if TYPE_CHECKING:
    from ..identities.appearances import Derived
    from ..tracker import TrackReport
    from ..verbs.exporting import AllReport

MAX_LINES = 50
"""Of failures and warnings a job keeps so many lines."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: its result and, where it has failed nevertheless, why."""

    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


def crawl(workspace: Workspace, job: Job, params: CrawlParams) -> Outcome:
    """Search photos. It has failed where nobody has a usable picture."""
    from .. import crawler

    report = crawler.run(workspace, job.project, **params.model_dump())
    without = [person.name for person in report.people if not person.has_pictures]
    result = {
        "usable": {person.name: person.usable for person in report.people},
        "added": sum(person.added for person in report.people),
        "without_pictures": without,
    }
    failed = without and len(without) == len(report.people)
    error = f"No usable picture of {', '.join(without)}. Check the names, or give other providers." if failed else ""
    return Outcome(result, error)


def align(workspace: Workspace, job: Job, params: AlignParams) -> Outcome:
    """Find and align the faces in the photos."""
    from .. import aligner

    report = aligner.run(workspace, job.project, discard_multi_faces=params.discard_multi_faces)
    return Outcome(
        {
            "photos": sum(person.photos for person in report.people),
            "aligned": sum(person.aligned for person in report.people),
            "failures": [f"{failure.path}: {failure.reason}" for failure in report.failures[:MAX_LINES]],
            "warnings": list(report.cleaning.all_warnings())[:MAX_LINES],
        }
    )


def clean(workspace: Workspace, job: Job, _params: NoParams) -> Outcome:
    """Set wrong and useless pictures aside."""
    from .. import cleaning

    report = cleaning.run(workspace, job.project)
    return Outcome(
        {
            "kept": sum(person.kept for person in report.people),
            "changed": sum(person.changed for person in report.people),
            "warnings": list(report.all_warnings())[:MAX_LINES],
        }
    )


def train(workspace: Workspace, job: Job, params: TrainParams) -> Outcome:
    """Train a classifier."""
    from .. import classifier

    report = classifier.run(workspace, job.project, **params.model_dump())
    return Outcome(
        {
            "model_id": report.model.model_id,
            "is_new": report.is_new,
            "people": [person.name for person in report.people],
            "left_out": list(report.left_out),
            "advice": list(report.advice)[:MAX_LINES],
        }
    )


def learn(workspace: Workspace, job: Job, params: LearnParams) -> Outcome:
    """Make training pictures of what people said."""
    from ..verbs import learn as verb

    report = verb.run(workspace, job.project, params.person)
    return Outcome(
        {
            "added": sum(person.added for person in report.people),
            "taken_out": sum(person.taken_out for person in report.people),
            "unread": dict(list(report.unread.items())[:MAX_LINES]),
        }
    )


def track(workspace: Workspace, job: Job, params: TrackParams) -> Outcome:
    """Find and follow the faces of a video; a playlist or collection becomes a job for each of its videos."""
    spread = _spread(workspace, job, params)
    return spread or Outcome(_tracked(_track(workspace, job, params)))


def analyse(workspace: Workspace, job: Job, params: AnalyseParams) -> Outcome:
    """Do what `track` does, then say who appears when, where the project has a model that knows somebody."""
    from .. import clusterize
    from ..identities.identification import newest_model

    spread = _spread(workspace, job, params)
    if spread is not None:
        return spread
    tracked = _tracked(_track(workspace, job, params))
    if newest_model(workspace, workspace.project(job.project)) is None:
        workspace.progress.message("The project has no model yet: nobody is named. See: train")
        return Outcome(tracked)
    return Outcome(tracked | _derived([clusterize.run(workspace, params.video, job.project)]))


def refresh(workspace: Workspace, job: Job, _params: NoParams) -> Outcome:
    """Analyse again what an older tracker analysed. It has failed where nothing but failures came of it."""
    from ..tracker.outdated import refresh as run

    report = run(workspace, job.project)
    result = {"refreshed": len(report.refreshed), "current": report.n_current, "failures": list(report.failures[:MAX_LINES])}
    failed = report.failures and not report.refreshed
    return Outcome(result, f"No video could be analysed anew: {report.failures[0]}" if failed else "")


def identify(workspace: Workspace, job: Job, _params: NoParams) -> Outcome:
    """Name the people in all videos anew."""
    from ..verbs import identify as verb

    report = verb.run(workspace, job.project)
    return Outcome({"model_id": report.model.model_id, "videos": report.n_videos, "appearances": report.n_appearances})


def cluster(workspace: Workspace, job: Job, params: ClusterParams) -> Outcome:
    """Say who appears when in a video, or in all."""
    from .. import clusterize

    rule = params.model_dump(exclude={"video"}, exclude_none=True)
    if params.video is None:
        return Outcome(_derived(clusterize.run_all(workspace, job.project, **rule)))
    return Outcome(_derived([clusterize.run(workspace, params.video, job.project, **rule)]))


def derive(workspace: Workspace, job: Job, params: DeriveParams) -> Outcome:
    """Derive the appearances that a decision touches, or all; of several jobs for the same videos the last one does."""
    from ..identities.appearances import derive_all
    from ..verbs import decide

    owner = workspace.project(job.project)
    decide.apply_names(workspace, owner)  # whoever decided may have died before that
    decision = workspace.store.get(Decision, owner.project, params.cause)
    of_some = decision is not None and not decide.reaches_all(workspace.store, decision)
    later = _derived_later(workspace, owner, job, decision if of_some else None)
    if later is not None:
        return Outcome({"left_to": later.job_id})
    if decision is not None and of_some:
        reports = list(decide.derive(workspace, owner, decision))
    else:
        reports = derive_all(workspace, owner, workspace.settings.clusterize)
    lost = sorted({lost.decision_id for report in reports for lost in report.lost})
    return Outcome(_derived(reports) | {"lost": lost[:MAX_LINES]})


def export(workspace: Workspace, job: Job, params: ExportParams) -> Outcome:
    """Write what was seen in a video or project in a format of other programs, or as clips or a video."""
    from ..verbs import exporting

    if params.video is None and not params.format:
        return _exported(workspace, exporting.write_all(workspace, job.project, clips=params.clips, redact=params.redact))
    if params.video is None:
        path = exporting.run_project(workspace, job.project, params.format)
        return Outcome({"path": _relative(workspace, path)})
    if params.format:
        report = exporting.run(workspace, job.project, params.video, params.format, stretch=params.interval)
    elif params.clips:
        report = exporting.write_clips(workspace, job.project, params.video, stretch=params.interval)
    else:
        report = exporting.write_picture(workspace, job.project, params.video, params.redact)
    notes = {"notes": list(report.notes)} if report.notes else {}
    return Outcome({"path": _relative(workspace, report.output), "rows": report.n_rows, **notes})


def _exported(workspace: Workspace, report: AllReport) -> Outcome:
    """Return what came of all videos of a project."""
    videos = [{"path": _relative(workspace, one.output), "rows": one.n_rows} for one in report.reports]
    failed = (
        f"{len(report.failures)} of {len(videos) + len(report.failures)} videos were not written." if report.failures else ""
    )
    return Outcome({"videos": videos, "failures": list(report.failures[:MAX_LINES])}, failed)


def erase(workspace: Workspace, job: Job, params: EraseParams) -> Outcome:
    """Erase a person. The result names the receipt and not the person."""
    from ..verbs import erase as verb

    receipt = verb.run(
        workspace, job.project, params.person, forget_embeddings=params.forget_embeddings, author=job.submitted_by
    )
    return Outcome({"receipt_id": receipt.receipt_id, "scrubbed": receipt.scrubbed, "counts": dict(receipt.counts)})


def _spread(workspace: Workspace, job: Job, params: TrackParams) -> Outcome | None:
    """Submit a job for each video that an address stands for; None where it stands for one."""
    from ..connectors import connectors_of
    from ..video.fragments import split_locator
    from .queue import submit

    bare, fragment = split_locator(params.video)
    entries = connectors_of(workspace).entries(bare)
    if entries is None:
        return None
    given = params.model_dump(exclude_defaults=True)
    for video in entries.limited_to(fragment):
        submit(workspace, job.kind, job.project, given | {"video": video}, submitted_by=job.submitted_by)
    left_out = "" if entries.n_more == 0 else "; more are left out (sources.max_entries)"
    workspace.progress.message(f"{len(entries.locators)} videos were submitted, a job each{left_out}")
    return Outcome({"submitted": len(entries.locators), "left_out": entries.n_more, "title": entries.title})


def _track(workspace: Workspace, job: Job, params: TrackParams) -> TrackReport:
    from .. import tracker

    options = params.model_dump(exclude={"video"})
    if params.no_cache and _has_begun(workspace, job, params):
        options["no_cache"] = False
    return tracker.run(workspace, params.video, job.project, **options)


def _has_begun(workspace: Workspace, job: Job, params: TrackParams) -> bool:
    """Say whether an earlier attempt of a job has thrown the old analysis away: then it goes on with the new one."""
    from ..videos import find_video

    told = workspace.store.find(JobEvent, job_id=job.job_id)
    if sum(event.what == STATUS and event.status is JobStatus.RUNNING for event in told) < 2:
        return False
    try:
        video, fragment = find_video(workspace.store, params.video)
    except ConfigError:
        return False
    asked = params.model_dump(include={"video_speedup", "sample_period_s"}, exclude_none=True)
    return any(
        found.fragment == str(fragment) and found.created_at >= job.created_at and found.sampling.items() >= asked.items()
        for found in workspace.store.find(Analysis, video_id=video.video_id)
    )


def _derived_later(workspace: Workspace, owner: Project, job: Job, mine: Decision | None) -> Job | None:
    """Return a job that waits, and will derive the same videos when whatever was said up to now is stored.

    Args:
        workspace: Where both are.
        owner: The project.
        job: The one that asks.
        mine: The decision that it is about; None where it derives all videos.
    """
    from ..verbs import decide

    wanted = {found.analysis_id for found in decide.touched(workspace, owner, mine)} if mine else set()
    if mine is not None and mine.other is not None and mine.target.kind == "track" and len(wanted) > 1:
        return None  # Tracks of two videos look at each other: these are derived in an order of their own.
    for other in workspace.store.find(Job, project=job.project, status=JobStatus.QUEUED):
        if other.kind == job.kind and other.job_id > job.job_id and not other.cancel_requested:
            decision = workspace.store.get(Decision, job.project, str(other.params["cause"]))
            if decision is None or decide.reaches_all(workspace.store, decision):
                return other
            if mine and wanted <= {found.analysis_id for found in decide.touched(workspace, owner, decision)}:
                return other
    return None


def _tracked(report: TrackReport) -> dict[str, Any]:
    return {
        "video_id": report.video.video_id,
        "analysis_id": report.analysis.analysis_id,
        "is_new": report.is_new,
        "counts": dict(report.analysis.counts),
        "damage": report.analysis.error,
    }


def _derived(reports: list[Derived]) -> dict[str, Any]:
    return {"videos": len(reports), "appearances": sum(len(report.appearances) for report in reports)}


def _relative(workspace: Workspace, path: Path) -> str:
    """Return where a file lies in the data folder, as records name files."""
    return path.resolve().relative_to(workspace.data_dir.resolve()).as_posix()
