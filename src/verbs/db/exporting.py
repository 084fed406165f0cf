"""A project out of the store, into one archive."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...disk.files import replacing
from ...errors import ExportError
from ...records import Analysis, Image, Model, Project, Record, Video
from ...storage.schema import SCHEMA
from ...workspace import Workspace
from .archive import ArchiveWriter, Manifest
from .scope import OF_ANALYSIS, OF_PROJECT, ORDER, analyses_of


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was exported.

    Attributes:
        path: The archive.
        manifest: What it holds.
        missing: Files that records name and that are not there, relative to the data folder.
    """

    path: Path
    manifest: Manifest
    missing: tuple[str, ...]


def export_project(workspace: Workspace, project: str, path: Path, *, with_files: bool = False) -> ExportReport:
    """Write a project to an archive: its records, those of the videos it uses, and the files of its models.

    Args:
        workspace: Where the project is.
        project: Its name.
        path: The archive; one that is there is replaced when the new one is whole.
        with_files: Also the photos and their aligned faces.

    Raises:
        ConfigError: There is no such project.
        ExportError: The archive cannot be written.
        StorageError: A record is damaged.
    """
    owner = workspace.project(project)
    missing: list[str] = []
    with replacing(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        writer = ArchiveWriter(file)
        with workspace.progress.task(f"Export {owner.project}", len(ORDER), "kinds") as task:
            for kind in ORDER:
                writer.add_records(SCHEMA.layouts[kind], _records(workspace, owner, kind))
                task.advance()
        for relative in _files(workspace, owner, with_files):
            source = workspace.data_dir / relative
            if source.is_file():
                writer.add_file(source, relative)
            else:
                missing.append(relative)
        manifest = writer.finish(owner.project)
    return ExportReport(path, manifest, tuple(missing))


def refuse_existing(path: Path) -> None:
    """Refuse to write over a file.

    Raises:
        ExportError: It exists.
    """
    if path.exists():
        raise ExportError(f"{path} exists. Give another name, or --overwrite.")


def _records(workspace: Workspace, owner: Project, kind: type[Record]) -> Iterator[Record]:
    store = workspace.store
    if kind is Project:
        yield owner
    elif kind in OF_PROJECT:
        yield from store.find(kind, project=owner.project)
    elif kind is Analysis:
        yield from analyses_of(store, owner)
    elif kind is Video:
        for video_id in dict.fromkeys(analysis.video_id for analysis in analyses_of(store, owner)):
            video = store.get(Video, video_id)
            if video is not None:
                yield video
    elif kind in OF_ANALYSIS:
        for analysis in analyses_of(store, owner):
            yield from store.find(kind, analysis_id=analysis.analysis_id)


def _files(workspace: Workspace, owner: Project, with_files: bool) -> Iterator[str]:
    """Yield the paths of files, relative to the data folder."""
    for model in workspace.store.find(Model, project=owner.project):
        folder = workspace.data_dir / model.path
        found = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
        yield from (file.relative_to(workspace.data_dir).as_posix() for file in found) if found else (model.path,)
    if with_files:
        for image in workspace.store.find(Image, project=owner.project):
            yield from (path for path in (image.path, image.aligned_path) if path is not None)
