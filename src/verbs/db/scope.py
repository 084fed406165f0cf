"""What belongs to a project: which records, which files, and how both are renamed with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import PurePosixPath
from typing import Any

from ...errors import StorageError
from ...records import (
    KEYS,
    Analysis,
    Appearance,
    AuditEvent,
    Image,
    Job,
    JobDelivery,
    JobEvent,
    JobName,
    Model,
    Owed,
    Project,
    ProjectAccess,
    ProjectVideo,
    Record,
    Token,
    TokenUse,
    Video,
)
from ...storage import Store

FILES: Mapping[type[Any], tuple[str, ...]] = {Image: ("path", "aligned_path"), Model: ("path",)}
"""Fields that name a file or a folder, relative to the data folder."""

ROOTS = ("training_img", "training_img_aligned", "classifier")
"""Folders of the data folder in which a project has a folder of its name with what its records name."""

_NAMES = ("project", "person_id", "folder")
"""Fields that become the name of a folder."""


def _names_of(kind: type[Any]) -> set[str]:
    return {field.name for field in fields(kind)}


OF_WORK: tuple[type[Any], ...] = (Job, JobName, JobEvent, JobDelivery, Owed)
"""What workers of this database do for projects: no archive takes it along."""

OF_ACCESS: tuple[type[Any], ...] = (Token, TokenUse, ProjectAccess, AuditEvent)
"""Who may come in here and see what, and who did: no archive takes it along, and none brings any."""

OF_PROJECT: tuple[type[Any], ...] = tuple(
    kind for kind in KEYS if kind not in (Project, *OF_WORK, *OF_ACCESS) and "project" in _names_of(kind)
)
"""Kinds of which each record belongs to one project."""

OF_ANALYSIS: tuple[type[Any], ...] = tuple(
    kind for kind in KEYS if kind is not Analysis and "analysis_id" in _names_of(kind) and "project" not in _names_of(kind)
)
"""Kinds that are parts of an analysis, which any project may use."""

ORDER: tuple[type[Any], ...] = (Video, *OF_ANALYSIS, Analysis, *OF_PROJECT, Project)
"""All kinds that an archive holds, in the order in which they are written: what declares others complete comes after them."""


def analyses_of(store: Store, project: Project) -> Iterator[Analysis]:
    """Yield the analyses that a project uses: those that count in it, and all by its engine of the same videos."""
    shown = {found.analysis_id: None for kind in (ProjectVideo, Appearance) for found in _all_of(store, kind, project)}
    used = (store.get(Analysis, analysis_id) for analysis_id in shown)
    for video_id in dict.fromkeys(analysis.video_id for analysis in used if analysis):
        for analysis in store.find(Analysis, video_id=video_id):
            if analysis.engine.partition("@")[0] == project.engine or analysis.analysis_id in shown:
                yield analysis


def _all_of(store: Store, kind: type[Any], project: Project) -> Iterator[Any]:
    return store.find(kind, project=project.project)


def check_names(record: Record) -> None:
    """Refuse a record from outside whose names or paths lead out of the folders of its project.

    Raises:
        StorageError: They do.
    """
    for name in _NAMES:
        value = getattr(record, name, None)
        if value is not None and (PurePosixPath(value).name != value or value == ".." or "\\" in value or "\0" in value):
            raise StorageError(f"A {type(record).__name__} names {value!r} as a folder, which is none.")
    for name in FILES.get(type(record), ()):
        path = getattr(record, name)
        if path is not None:
            check_path(path, getattr(record, "project", ""))


def check_path(path: str, project: str) -> None:
    """Refuse a path that does not lie in a folder of the project.

    Raises:
        StorageError: It does not.
    """
    parts = path.split("/")
    strange = any(part in ("", ".", "..") for part in parts) or any(character in path for character in "\\:\0")
    if strange or len(parts) < 3 or parts[0] not in ROOTS or parts[1] != project:
        raise StorageError(f"The path {path!r} does not lie in a folder of project {project}.")


def renamed_path(path: str, name: str) -> str:
    """Return a path that `check_path` accepts in the folder of another project."""
    root, _, rest = path.split("/", 2)
    return f"{root}/{name}/{rest}"


def renamed(record: Any, name: str) -> Any:
    """Return a record of a project as one of another, its paths too."""
    paths = {field: getattr(record, field) for field in FILES.get(type(record), ())}
    moved = {field: renamed_path(path, name) for field, path in paths.items() if path is not None}
    return replace(record, project=name, **moved)
