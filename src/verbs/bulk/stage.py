"""`run`: the rows of a table are analysed like videos of their own, and what came of each is written beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ...connectors import connectors_of
from ...disk.files import write_csv, write_json
from ...errors import AnnotationError
from ...identities.appearances import derive
from ...identities.identification import newest_model
from ...identities.tables import PREDICTION_COLUMNS, prediction_rows
from ...names import video_folder
from ...records import Model
from ...tracker.many import Outcome, run_many
from ...video.fragments import split_locator
from ...workspace import Workspace
from .rows import BulkRow, read_rows

REPORT_COLUMNS = ("segment", "line", "video", "person", "status", "analysis_id", "n_samples", "n_tracks", "found", "error")
DONE, SKIPPED, FAILED = "done", "skipped", "failed"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What came of a row.

    Attributes:
        row: The row.
        status: `done`, `skipped` for what had been analysed before, or `failed`.
        analysis_id: Empty where it failed.
        n_samples: Frames that were looked at.
        n_tracks: Faces that were followed.
        found: Who appears, with confidence, the surest first.
        error: Why it failed.
    """

    row: BulkRow
    status: str
    analysis_id: str = ""
    n_samples: int = 0
    n_tracks: int = 0
    found: tuple[tuple[str, float], ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class BulkReport:
    """What came of a table.

    Attributes:
        table: The table.
        outcomes: In the order of its rows.
        folder: Where `report.csv`, `report.json` and, where the project has a model, `predictions.csv` lie.
        is_named: Whether the project has a model.
    """

    table: Path
    outcomes: tuple[RowOutcome, ...]
    folder: Path
    is_named: bool

    def count(self, status: str) -> int:
        """Return how many rows have a status."""
        return sum(outcome.status == status for outcome in self.outcomes)


def run(
    workspace: Workspace,
    table: Path,
    project: str,
    *,
    column: str | None = None,
    base: str | None = None,
    output: Path | None = None,
    jobs: int = 0,
    **options: Any,
) -> BulkReport:
    """Analyse the videos of a table, say who appears in each, and report every row.

    Run again it goes on where it was: what is complete is not analysed again, and the report is written anew.

    Args:
        workspace: Where to work.
        table: See `rows`.
        project: Whose engine is used and whose model gives the names; begun where there is none.
        column: Which column of the table names the video.
        base: Folder or address that relative ones start from.
        output: Folder for the report; `bulk_<table>` among the results of the project where None.
        jobs: Videos at a time; 0 as many as the machine has room for.
        **options: As for `tracker.run`.

    Raises:
        ConfigError: The table cannot be read or names no video, or the project cannot be begun.
        EngineError: A new project's engine cannot be opened.
    """
    rows = _spread(workspace, read_rows(table, column, base))
    owner = workspace.begin_project(project)
    videos = list(dict.fromkeys(row.video for row in rows if not row.error))
    report_of = run_many(workspace, videos, owner.project, jobs, **options).outcomes if videos else ()
    done = dict(zip(videos, report_of, strict=True))
    model = newest_model(workspace, owner)
    named = {video: _named(workspace, owner.project, outcome, model) for video, outcome in done.items()}
    outcomes = tuple(_wrong(row) if row.error else _outcome(row, done[row.video], *named[row.video]) for row in rows)
    folder = output or workspace.output_dir(owner.project, f"bulk_{video_folder(table.name)}")
    report = BulkReport(table, outcomes, folder, model is not None)
    _write(report, workspace, owner.project)
    if model is not None:
        write_csv(folder / "predictions.csv", ("segment", *PREDICTION_COLUMNS), _predictions(workspace, outcomes, done, model))
    return report


def _spread(workspace: Workspace, rows: Sequence[BulkRow]) -> list[BulkRow]:
    """Return rows with playlists, collections and the like replaced by what they stand for, a row each; counted anew."""
    connectors, known = connectors_of(workspace), dict[str, tuple[str, ...]]()
    for row in rows:
        if row.error or row.video in known:
            continue
        known[row.video] = (row.video,)
        with suppress(AnnotationError):  # what is wrong with it is said when it is its turn
            bare, fragment = split_locator(row.video)
            entries = connectors.entries(bare)
            if entries is not None:
                known[row.video] = entries.limited_to(fragment)
                left_out = "" if entries.n_more == 0 else "; more are left out (sources.max_entries)"
                workspace.progress.message(f"Line {row.line} stands for {len(entries.locators)} videos{left_out}")
    spread = [replace(row, video=video) for row in rows for video in ((row.video,) if row.error else known[row.video])]
    return [replace(row, number=number) for number, row in enumerate(spread)]


def _named(
    workspace: Workspace, project: str, outcome: Outcome, model: Model | None
) -> tuple[tuple[tuple[str, float], ...], str]:
    """Return who appears in an analysis, and why that cannot be said."""
    if outcome.report is None or model is None:
        return (), ""
    analysis = outcome.report.analysis
    try:
        appearances = derive(workspace, workspace.project(project), analysis, workspace.settings.clusterize).appearances
    except AnnotationError as err:
        return (), str(err)
    best: dict[str, float] = {}
    for seen in appearances:
        if seen.person_id is not None:
            best[seen.name] = max(best.get(seen.name, 0.0), seen.confidence)
    return tuple(sorted(best.items(), key=lambda item: (-item[1], item[0]))), ""


def _wrong(row: BulkRow) -> RowOutcome:
    return RowOutcome(row, FAILED, error=row.error)


def _outcome(row: BulkRow, outcome: Outcome, found: tuple[tuple[str, float], ...], problem: str) -> RowOutcome:
    if outcome.report is None or problem:
        return RowOutcome(row, FAILED, error=outcome.error or problem)
    analysis = outcome.report.analysis
    status = DONE if outcome.report.is_new else SKIPPED
    return RowOutcome(
        row, status, analysis.analysis_id, analysis.counts.get("n_samples", 0), analysis.counts.get("n_tracks", 0), found
    )


def _predictions(
    workspace: Workspace, outcomes: Sequence[RowOutcome], done: dict[str, Outcome], model: Model
) -> Iterator[tuple[Any, ...]]:
    for outcome in outcomes:
        report = done[outcome.row.video].report if outcome.status != FAILED else None
        if report is not None:
            for cells in prediction_rows(workspace.store, report.analysis, model):
                yield outcome.row.number, *cells


def _write(report: BulkReport, workspace: Workspace, project: str) -> None:
    """Write what came of each row, for people as a table and for programs as JSON."""
    write_csv(
        report.folder / "report.csv",
        REPORT_COLUMNS,
        (
            (
                one.row.number,
                one.row.line,
                one.row.video,
                one.row.person,
                one.status,
                one.analysis_id,
                one.n_samples,
                one.n_tracks,
                "; ".join(f"{name} {confidence:.2f}" for name, confidence in one.found),
                one.error,
            )
            for one in report.outcomes
        ),
    )
    counts = {status: report.count(status) for status in (DONE, SKIPPED, FAILED)}
    summary = {"table": str(report.table.resolve()), "project": project, "rows": len(report.outcomes), **counts}
    write_json(report.folder / "report.json", summary | {"outcomes": [asdict(one) for one in report.outcomes]})
