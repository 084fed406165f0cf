"""Between stored records and reports: which pictures there are, which model came before, and where a report lies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...disk.files import replacing, write_json
from ...faces.quality import turn
from ...records import Image, Model
from ...schema import FloatArray, IntArray
from .comparison import Previous, PreviousPerson, read_previous
from .inputs import Picture, TrainingPictures
from .page import render
from .report import TrainingReport

PAGE, NUMBERS = "report.html", "report.json"
"""In the folder of each model, and those of the newest one above them."""


def pictures_of(
    data_dir: Path,
    images: Sequence[Image],
    trained: Sequence[Image],
    names: Mapping[str, str],
    embeddings: FloatArray,
    labels: IntArray,
) -> TrainingPictures:
    """Return all pictures of a project as the report shows them.

    Args:
        data_dir: Where paths of records start.
        images: The records of all pictures.
        trained: Those that the model was given, in their order: not always the active ones, see `--discard_disabled`.
        names: The name of each person who is learned, by id.
        embeddings: (n, d) float32 of those that train for one of these people.
        labels: (n,) int64, whom each of these shows.
    """
    hashes = {image.sha256 for image in trained}
    active = [image for image in trained if image.embedding is not None]
    aside = [image for image in images if image.sha256 not in hashes]
    return TrainingPictures(
        tuple(_picture(data_dir, image, names) for image in active if image.person_id in names),
        embeddings,
        labels,
        tuple(_picture(data_dir, image, names) for image in aside),
        sum(image.person_id not in names for image in active),
    )


def _picture(data_dir: Path, image: Image, names: Mapping[str, str]) -> Picture:
    return Picture(
        names.get(image.person_id, image.person_id),
        "/".join((image.aligned_path or image.path).split("/")[-2:]),
        data_dir / image.aligned_path if image.aligned_path is not None else None,
        image.state.value,
        image.reason,
        float(turn(image.landmarks[None])[0]) if image.landmarks is not None else None,
        image.quality,
    )


def previous_of(data_dir: Path, model: Model | None) -> Previous | None:
    """Return what is known of the model before, with the numbers of its report where that can be read.

    Args:
        data_dir: Where paths of records start.
        model: Its record; None where there was none.
    """
    if model is None:
        return None
    entries = model.report.get("people", [])
    people = {
        entry["name"]: PreviousPerson(entry["name"], entry["n_images"], entry["recall"], entry["precision"])
        for entry in entries
    }
    record = Previous(model.model_id, model.engine, model.classifier, model.created_at, people, {})
    return read_previous(record, data_dir / model.path / NUMBERS)


def write_report(report: TrainingReport, folder: Path) -> None:
    """Write page and numbers into a folder.

    Raises:
        ExportError: They cannot be written.
    """
    write_json(folder / NUMBERS, report.document())
    with replacing(folder / PAGE) as page:
        page.write_text(render(report), encoding="utf-8")


def show_report(model_dir: Path, folder: Path) -> Path | None:
    """Put a copy of a model's report where people look for it, and return the page's path.

    Args:
        model_dir: The folder of the model.
        folder: Where the copy goes.

    Returns:
        None where the model has no report: it is older than reports are, or somebody deleted it.

    Raises:
        ExportError: It cannot be written.
    """
    if not all((model_dir / name).is_file() for name in (PAGE, NUMBERS)):
        return None
    for name in (NUMBERS, PAGE):
        content = (model_dir / name).read_bytes()
        if not (folder / name).is_file() or (folder / name).read_bytes() != content:
            with replacing(folder / name) as copy:
                copy.write_bytes(content)
    return folder / PAGE


def read_advice(page: Path) -> tuple[str, ...]:
    """Return the advice of the report that a page belongs to; none where it cannot be read.

    Args:
        page: As `show_report` returned it.
    """
    try:
        entries = json.loads(page.with_name(NUMBERS).read_text(encoding="utf-8"))["advice"]
        return tuple(str(entry["text"]) for entry in entries)
    except (OSError, ValueError, KeyError, TypeError):
        return ()
