"""A project out of an archive, into the store.

The archive is read twice: once to refuse what is wrong with it before anything changes, once to write. The project's own
record is written last, so that an import that was interrupted looks as if there were no such project, and can be repeated.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...disk.files import replacing
from ...errors import ConfigError, StorageError
from ...names import folder_name, inside
from ...records import Analysis, Project, Record, Status, Video
from ...storage import Store
from ...storage.schema import SCHEMA
from ...workspace import Workspace
from .archive import ArchiveReader, open_archive
from .scope import OF_ANALYSIS, OF_PROJECT, ORDER, check_names, check_path, renamed, renamed_path

_BATCH = 64
"""Records written at a time."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was imported.

    Attributes:
        project: The name it has now.
        counts: Records of each kind in the archive.
        n_files: Files written.
        n_known: Analyses that were here already, and were left as they are.
    """

    project: str
    counts: dict[str, int]
    n_files: int
    n_known: int


def import_project(
    workspace: Workspace, path: Path, *, name: str | None = None, replace_existing: bool = False
) -> ImportReport:
    """Read a project from an archive.

    Complete analyses and videos that the store has already are left as they are: others may use them.

    Args:
        workspace: Where the project goes.
        path: The archive.
        name: What to call the project; as in the archive where None.
        replace_existing: Forget a project that has this name. Pictures in its folders stay.

    Raises:
        ConfigError: There is a project of this name.
        StorageError: The archive is damaged, or not one of ours; nothing was changed.
        ExportError: A file cannot be written.
    """
    with open_archive(path) as archive:
        slug = folder_name(name or archive.manifest.project, "project")
        if workspace.store.get(Project, slug) is not None and not replace_existing:
            raise ConfigError(
                f'There is already a project "{slug}". Give --as NAME to import under another name, or --replace to put this '
                "one in its place."
            )
        _check(archive)
        wanted, n_known = _wanted_analyses(workspace.store, archive)
        forget_project(workspace.store, slug)
        with workspace.progress.task(f"Import {slug}", sum(archive.manifest.counts.values()), "records") as task:
            for relative in archive.files:
                _write_file(workspace.data_dir, archive, relative, renamed_path(relative, slug))
            _forget_analyses(workspace.store, wanted)
            for kind in ORDER:
                for batch in _batches(_to_write(workspace.store, archive, kind, slug, wanted)):
                    workspace.store.put(*batch)
                    task.advance(len(batch))
    return ImportReport(slug, dict(archive.manifest.counts), len(archive.files), n_known)


def forget_project(store: Store, project: str) -> None:
    """Delete the records of a project, its own first: what is left of an interruption belongs to no project."""
    store.delete(Project, project=project)
    for kind in OF_PROJECT:
        store.delete(kind, project=project)


def _check(archive: ArchiveReader) -> None:
    """Read everything once, and refuse an archive of which a part is missing, damaged or out of place."""
    archive.check_content(SCHEMA.layouts[kind] for kind in ORDER)
    project = archive.manifest.project
    seen: Counter[str] = Counter()
    known: dict[type[Any], set[str]] = {Video: set(), Analysis: set()}
    for kind in (Video, Analysis, *OF_ANALYSIS, *OF_PROJECT, Project):
        for record in archive.records(SCHEMA.layouts[kind]):
            seen[SCHEMA.layouts[kind].name] += 1
            _check_record(archive, record, project, known)
    expected = {name: count for name, count in archive.manifest.counts.items() if count}
    if dict(seen) != expected or seen["project"] != 1:
        raise archive.refused(f"it holds {dict(seen)} and should hold {expected}")
    for relative in archive.files:
        check_path(relative, project)
        with archive.open_file(relative) as file:
            while file.read(1 << 20):
                pass


def _check_record(archive: ArchiveReader, record: Any, project: str, known: dict[type[Any], set[str]]) -> None:
    check_names(record)
    if getattr(record, "project", project) != project:
        raise archive.refused(f"a {type(record).__name__} in it belongs to another project")
    if isinstance(record, Video):
        known[Video].add(record.video_id)
    elif isinstance(record, Analysis):
        known[Analysis].add(record.analysis_id)
        if record.video_id not in known[Video]:
            raise archive.refused(f"the video of analysis {record.analysis_id} is missing in it")
    elif type(record) in OF_ANALYSIS and record.analysis_id not in known[Analysis]:
        raise archive.refused(f"a {type(record).__name__} in it belongs to no analysis")


def _wanted_analyses(store: Store, archive: ArchiveReader) -> tuple[set[str], int]:
    """Return the analyses that the store does not have complete, and the number of the others."""
    ids = [analysis.analysis_id for analysis in archive.records(SCHEMA.layouts[Analysis])]
    here = (store.get(Analysis, analysis_id) for analysis_id in ids)
    complete = {analysis.analysis_id for analysis in here if analysis and analysis.status is Status.COMPLETE}
    return set(ids) - complete, len(complete)


def _forget_analyses(store: Store, wanted: set[str]) -> None:
    """Delete what an interruption left of analyses, each one's own record first."""
    for analysis_id in sorted(wanted):
        kinds: tuple[type[Any], ...] = (Analysis, *OF_ANALYSIS)
        for kind in kinds:
            store.delete(kind, analysis_id=analysis_id)


def _to_write(store: Store, archive: ArchiveReader, kind: type[Any], slug: str, wanted: set[str]) -> Iterator[Record]:
    for record in archive.records(SCHEMA.layouts[kind]):
        if kind is Video:
            if store.get(Video, record.video_id) is None:
                yield replace(record, folder=_free_folder(store, record))
        elif kind is Project or kind in OF_PROJECT:
            yield renamed(record, slug)
        elif record.analysis_id in wanted:
            yield record


def _free_folder(store: Store, video: Video) -> str:
    taken = next(store.find(Video, folder=video.folder), None)
    return video.folder if taken is None else f"{video.folder}_{video.video_id[:8]}"


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in records:
        batch.append(record)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _write_file(data_dir: Path, archive: ArchiveReader, relative: str, target: str) -> None:
    """Write a file of the archive, whole or not at all.

    Raises:
        StorageError: A link on the disk leads its path out of the data folder.
        ExportError: It cannot be written.
    """
    try:
        path = inside(data_dir, target)
    except ConfigError as err:
        raise StorageError(str(err)) from err
    path.parent.mkdir(parents=True, exist_ok=True)
    # What an interrupted import left of this file.
    for stale in path.parent.glob(".*.partial"):
        if stale.name.startswith(f".{path.name}."):
            stale.unlink(missing_ok=True)
    with replacing(path) as partial, archive.open_file(relative) as source, partial.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
