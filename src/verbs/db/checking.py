"""Whether the database is whole: its own structure, every record, and the files that records name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...errors import StorageError
from ...records import KEYS, Image, ImageState
from ...storage.schema import SCHEMA
from ...workspace import Workspace
from .scope import FILES


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.

    Attributes:
        counts: Readable records of each kind.
        faults: What is wrong, a line each.
    """

    counts: dict[str, int]
    faults: tuple[str, ...]


def check_database(workspace: Workspace) -> CheckReport:
    """Check the database and read every record in it."""
    faults = list(workspace.store.faults())
    counts: dict[str, int] = {}
    with workspace.progress.task("Check", len(KEYS), "kinds") as task:
        for kind in KEYS:
            name = SCHEMA.layouts[kind].name
            try:
                counts[name] = 0
                for found in workspace.store.scan(kind):
                    if isinstance(found, StorageError):
                        faults.append(str(found))
                    else:
                        counts[name] += 1
                        faults += _missing_files(workspace, found)
            except StorageError as err:  # the database itself cannot be read on
                faults.append(str(err))
            task.advance()
    return CheckReport(counts, tuple(faults))


def _missing_files(workspace: Workspace, record: Any) -> Iterator[str]:
    """Name the files of a record that are not there; one who was taken out of training needs no aligned face."""
    for name in FILES.get(type(record), ()):
        path = getattr(record, name)
        out = name == "aligned_path" and isinstance(record, Image) and record.state is not ImageState.ACTIVE
        if path is not None and not out and not (workspace.data_dir / path).exists():
            remedy = "align" if isinstance(record, Image) else "train"
            named = f"{path}, which {type(record).__name__} of {record.project} names,"
            yield f"{named} is not there. Put it back, or run: {remedy} --project {record.project}"
