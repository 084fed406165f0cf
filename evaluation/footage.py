"""What old and strange footage costs, and whether degraded copies of the training pictures, or mirroring, help.

    python -m evaluation.footage --data FOLDER [--engine sface]

`crops24/<Person>/*` of the folder is parted into known people and strangers at random, several times; each picture of theirs
that is not in the gallery is asked for as it is and degraded in each way of `material.degrade`. The photos of `gallery/` and
`probe/`, if there are any, show what detectors miss and what age does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from src.cli import CONTEXT, config_option, run_command, workspace_of
from src.disk.files import write_json
from src.engines import Engine

from .footage_rates import COPIES, GALLERY_SIZES, KINDS, SPLITS, Rates, embed_crops, measure, read_crops
from .material.footage_pictures import Ages, Found, measure_pictures, read_pictures
from .reports.documents import write_section

BOTH_WAYS = "both ways"
"""No copies; gallery and probes are means of the embeddings of a crop and of its mirror image."""


@dataclass(frozen=True, slots=True)
class Footage:
    """All that was measured.

    Attributes:
        engine: Name and version.
        n_people, n_faces: In crops24.
        splits: How often people were parted.
        rates: By gallery size, copies and kind of probe.
        found: Of whole pictures; empty where the folder has none.
        n_pictures: Whole pictures with a face.
        ages: People with five photos at least.
    """

    engine: str
    n_people: int
    n_faces: int
    splits: int
    rates: Mapping[int, Mapping[str, Mapping[str, Rates]]]
    found: Sequence[Found]
    n_pictures: int
    ages: Sequence[Ages]


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the report.

    Attributes:
        text: What stands above it.
        columns: The first is that of the rows' names.
        rows: Cells.
    """

    text: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def run(engine: Engine, folder: Path, splits: int = SPLITS, crops_only: bool = False) -> Footage:
    """Measure all that the folder allows.

    Args:
        engine: What to measure.
        folder: With `crops24/`, and perhaps `gallery/` and `probe/`.
        splits: How often people are parted.
        crops_only: Whether whole pictures are left alone, which slow detectors take long for.

    Raises:
        GalleryError: `crops24/` has too few people or pictures.
        MediaError: A picture cannot be read.
    """
    embedded = embed_crops(engine, *read_crops(folder))
    rates = {}
    for size in GALLERY_SIZES:
        rates[size] = {name: measure(embedded, size, copies, splits) for name, copies in COPIES.items()}
        rates[size][BOTH_WAYS] = measure(embedded, size, (), splits, both_ways=True)
    found, ages, n_pictures = measure_pictures(engine, *(([], []) if crops_only else read_pictures(folder)))
    return Footage(
        engine.id, len(embedded.people), len(embedded.labels), splits, rates, found if n_pictures else (), n_pictures, ages
    )


def sections(footage: Footage) -> Iterator[Section]:
    """Yield the tables of the report."""
    for size, by_copies in footage.rates.items():
        pictures = "1 picture" if size == 1 else f"{size} pictures"
        text = f"DIR at 1 % / 0.1 % FPIR with {pictures} of each person, by the copies that these get:"
        rows = [[kind, *(_two(rates[kind].dir_1, rates[kind].dir_01) for rates in by_copies.values())] for kind in KINDS]
        mean = [
            _two(*(np.mean([getattr(rates[kind], name) for kind in KINDS]) for name in ("dir_1", "dir_01")))
            for rates in by_copies.values()
        ]
        yield Section(text, ("probes", *by_copies), [*rows, ["mean", *mean]])
    text = "At the limit that 1 % of clean strangers pass: known faces rightly named / strangers named, without copies."
    by_size = {size: by_copies["none"] for size, by_copies in footage.rates.items()}
    rows = [[kind, *(_two(rates[kind].named, rates[kind].false) for rates in by_size.values())] for kind in KINDS]
    yield Section(text, ("probes", *(f"{size} in the gallery" for size in by_size)), rows)
    if footage.found:
        rows = [[row.kind, f"{row.recall:.3f}", "-" if row.cosine is None else f"{row.cosine:.2f}"] for row in footage.found]
        text = (
            f"Whole pictures, {footage.n_pictures} with a face: share of the faces found, and median cosine to the clean face."
        )
        yield Section(text, ("pictures", "found", "cosine"), rows)
    if footage.ages:
        rows = [
            [
                row.person.replace("_", " "),
                str(row.n_photos),
                *(f"{value:.2f}" for value in (row.median, row.least)),
                f"{row.named:.3f}",
            ]
            for row in footage.ages
        ]
        text = "Each photo against all others: evidence for its own person, and share that would be named."
        yield Section(text, ("person", "photos", "median", "least", "named"), rows)


def _two(one: float, other: float) -> str:
    return f"{one:.3f} / {other:.3f}"


def _head(footage: Footage) -> str:
    return (
        f"Engine `{footage.engine}`, {footage.n_faces} crops of {footage.n_people} people, half of them known, half strangers; "
        f"mean of {footage.splits} splits."
    )


def as_markdown(footage: Footage) -> str:
    """Return the tables for a document."""
    lines = [_head(footage)]
    for section in sections(footage):
        lines += ["", section.text, "", f"| {' | '.join(section.columns)} |"]
        lines += [f"| --- |{' ---: |' * (len(section.columns) - 1)}", *(f"| {' | '.join(row)} |" for row in section.rows)]
    return "\n".join(lines)


def print_report(footage: Footage, console: Console) -> None:
    """Print the tables."""
    console.print(_head(footage), soft_wrap=True)
    for section in sections(footage):
        console.print(section.text, soft_wrap=True)
        table = Table()
        for number, column in enumerate(section.columns):
            table.add_column(column, justify="right" if number else "left", no_wrap=True)
        for row in section.rows:
            table.add_row(*row)
        console.print(table)


@click.command(context_settings=CONTEXT)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="Folder of photos.")
@click.option("--engine", "engine_name", default="sface", show_default=True, help="Engine to measure.")
@click.option("--splits", type=click.IntRange(min=1), default=SPLITS, show_default=True, help="How often people are parted.")
@click.option("--crops_only", is_flag=True, help="Leave whole pictures alone: a slow detector takes long for them.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write everything here.")
@click.option("--document", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Put the tables into this file.")
@config_option
def command(
    data: Path,
    engine_name: str,
    splits: int,
    crops_only: bool,
    json_path: Path | None,
    document: Path | None,
    config: Path | None,
) -> None:
    """Measure what old and strange footage costs, and what helps."""
    with workspace_of(config) as workspace:
        footage = run(workspace.engine(engine_name), data, splits, crops_only)
    print_report(footage, Console(width=None if sys.stdout.isatty() else 160))
    if json_path:
        write_json(json_path, asdict(footage))
    if document:
        write_section(document, f"footage-{engine_name}", as_markdown(footage))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "footage")


if __name__ == "__main__":
    sys.exit(main())
