"""The demo: from photos and a video to "who appears when", beside what is really to be seen.

python -m evaluation.demo prepare   fetch the photos, compose the video
python -m evaluation.demo run       all of it: prepare, crawl, align, train, track, clusterize, report, a name for the stranger
python -m evaluation.demo report    the appearances once more, beside the truth
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from src.cli import CONTEXT, config_option, run_command, workspace_of
from src.models import SAMPLE_PHOTOS, SCIKIT_IMAGE
from src.names import display_name
from src.schema import UNKNOWN
from src.timebase import format_npt
from src.workspace import Workspace

from .material.data import TruthRow
from .material.demo_stranger import name_stranger, take_back
from .material.demo_video import Demo, files_of, prepare
from .scores.claims import Claim, claims_of
from .scores.scoring import STRANGER

PROJECT = "demo"
SAMPLE_PERIOD_S = 0.5
_ENOUGH = 0.5
"""Share of a shot in which somebody must have been found."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the report: what is to be seen, what was found, and whether that is right."""

    truth: TruthRow
    found: tuple[Claim, ...]
    right: bool


def compare(truth: Iterable[TruthRow], claims: Sequence[Claim]) -> list[Line]:
    """Put beside each row of the truth what was found.

    A row is right when its person was found in at least half of it, a stranger as somebody unknown, and when nobody was
    named in it who is not there; a row without anybody is right when nothing was found in it. What reaches into a row by no
    more than half a sample period belongs to the next row.
    """
    rows = list(truth)
    return [_line(row, [other for other in rows if _overlap(row, other) > 0], claims) for row in rows]


def _line(row: TruthRow, at_the_time: list[TruthRow], claims: Sequence[Claim]) -> Line:
    there = [claim for claim in claims if _overlap(row, claim) > SAMPLE_PERIOD_S / 2]
    expected = {_label(other) for other in at_the_time if other.person}
    wrong = tuple(claim for claim in there if claim.person != UNKNOWN and claim.person not in expected)
    if not row.person:
        return Line(row, tuple(there), not there)
    right = tuple(claim for claim in there if claim.person == _label(row))
    seconds = sum(_overlap(row, claim) for claim in right)
    enough = seconds >= _ENOUGH * (row.end_s - row.start_s)
    # A face without a name is shown where it stands in the place of this person.
    unnamed = () if right else tuple(claim for claim in there if claim.person == UNKNOWN)
    return Line(row, (*right, *wrong, *unnamed), enough and not wrong)


def _label(row: TruthRow) -> str:
    return UNKNOWN if row.person.startswith(STRANGER) else row.person


def _overlap(row: TruthRow, other: TruthRow | Claim) -> float:
    return min(row.end_s, other.end_s) - max(row.start_s, other.start_s)


def report_table(lines: Iterable[Line]) -> Table:
    """Draw the report."""
    table = Table(title="Who appears when in the demo video")
    for column in ("to be seen", "who", "found", "from - to", "confidence"):
        table.add_column(column, no_wrap=True, justify="right" if column == "confidence" else "left")
    table.add_column("", justify="center")
    for line in lines:
        mark = "[green]✓[/]" if line.right else "[red]✗[/]"
        who = display_name(line.truth.person.removeprefix(STRANGER)).title() if line.truth.person else "[dim]nobody[/]"
        who += " [dim](a stranger)[/]" if line.truth.person.startswith(STRANGER) else ""
        for number, cells in enumerate(_found_cells(line)):
            first = number == 0
            table.add_row(_interval(line.truth) if first else "", who if first else "", *cells, mark if first else "")
    return table


def _found_cells(line: Line) -> Iterator[tuple[str, str, str]]:
    if not line.found:
        yield "[dim]nobody[/]", "", ""
    for claim in line.found:
        yield claim.name, _interval(claim), f"{claim.confidence:.2f}"


def _interval(row: TruthRow | Claim) -> str:
    return f"{format_npt(row.start_s)} - {format_npt(row.end_s)}"


def make_material(workspace: Workspace) -> Demo:
    """Fetch the photos and compose the video, unless they are there.

    Raises:
        WeightsError: The archives of the photos cannot be had.
        StorageError: The folder cannot be written.
    """
    demo = Demo(workspace.data_dir / "demo")
    if demo.is_complete():
        return demo
    weights = workspace.weights()
    photos, stranger = weights.archive(SAMPLE_PHOTOS), weights.archive(SCIKIT_IMAGE)
    workspace.progress.message("Composing the demo video ...")
    prepare(demo, photos, stranger)
    return demo


def run_stages(workspace: Workspace, demo: Demo) -> None:
    """Crawl from the folder, align, train and track; what was done before is not done again.

    Raises:
        AnnotationError: A stage failed.
    """
    from src import aligner, classifier, crawler, tracker

    crawler.run(workspace, PROJECT, [], max_num=_most_photos(demo.gallery), folder=demo.gallery)
    aligner.run(workspace, PROJECT)
    classifier.run(workspace, PROJECT)
    tracker.run(workspace, str(demo.video), PROJECT, sample_period_s=SAMPLE_PERIOD_S)


def _most_photos(gallery: Path) -> int:
    return max((sum(1 for _ in files_of(folder)) for folder in gallery.iterdir()), default=1)


def show_report(workspace: Workspace, demo: Demo, picture: Path | None = None) -> int:
    """Print the appearances beside the truth and where everything lies, and return the status for the shell.

    Args:
        workspace: Where the demo ran.
        demo: Its material.
        picture: Where to draw the table as SVG too.

    Raises:
        ConfigError: The material or the project is not there.
        AnnotationError: The video was not analysed.
    """
    from src import clusterize

    truth = demo.truth()
    result = clusterize.run(workspace, str(demo.video), PROJECT)
    lines = compare(truth, claims_of(result.appearances))
    # A pipe or a file gets whole lines.
    console = Console(width=None if sys.stdout.isatty() else 130, highlight=False)
    console.print(report_table(lines))
    if picture:
        picture.write_text(_drawn(report_table(lines)), encoding="utf-8")
    for path in _outputs(workspace, demo):
        console.print(f"  {path}", soft_wrap=True)
    wrong = sum(not line.right for line in lines)
    if wrong:
        console.print(f"[red]{wrong} of {len(lines)} rows are not right.[/]")
        return 1
    console.print("[green]All five people found, the stranger unknown, nobody in the empty shots.[/]")
    return 0


def show_sixth_person(workspace: Workspace, demo: Demo) -> None:
    """Give the stranger a name in the finished video, print what that changed, and take it back.

    Raises:
        GalleryError: No stranger was found.
    """
    naming = name_stranger(workspace, PROJECT, str(demo.video), demo.truth())
    console = Console(width=None if sys.stdout.isatty() else 130, highlight=False)
    console.print(f"\nA sixth person, afterwards: somebody says who [bold]{naming.called}[/] is.")
    for item in naming.after:
        interval = f"{format_npt(item.start_npt)} - {format_npt(item.end_npt)}"
        console.print(f"  {interval}  {naming.called} → [bold]{item.name}[/]")
    console.print(
        f"[green]Re-labelled in {naming.seconds:.2f} s from what is stored; the video was not opened.[/] "
        "The decision is taken back now."
    )
    console.print(f"[dim]Photos of a new person do the same: crawl, align, train, then identify --project {PROJECT}[/]")
    take_back(workspace, PROJECT)


def _drawn(table: Table) -> str:
    """Return a table as SVG, with the fonts of whoever looks at it instead of fetched ones."""
    drawing = Console(width=126, record=True, file=io.StringIO(), force_terminal=True)
    drawing.print(table)
    return re.sub(r"@font-face \{.*?\}", "", drawing.export_svg(title="make demo"), flags=re.DOTALL)


def _outputs(workspace: Workspace, demo: Demo) -> Iterator[Path]:
    yield from (demo.video, demo.truth_table)
    yield from (workspace.training_dir(PROJECT), workspace.aligned_dir(PROJECT), workspace.classifier_dir(PROJECT))
    for folder in sorted((workspace.data_dir / "out" / PROJECT).glob("*")):
        yield from files_of(folder)


@click.group(context_settings=CONTEXT)
def command() -> None:
    """From photos and a video to who appears when."""


@command.command("prepare")
@config_option
def prepare_command(config: Path | None) -> None:
    """Fetch the sample photos and compose the demo video with its ground truth."""
    with workspace_of(config) as workspace:
        click.echo(make_material(workspace).folder)


@command.command("run")
@config_option
def run_whole(config: Path | None) -> int:
    """Do everything: prepare, crawl, align, train, track, clusterize, report, and name the stranger."""
    with workspace_of(config) as workspace:
        demo = make_material(workspace)
        # What a run that was interrupted decided must not be part of the report.
        take_back(workspace, PROJECT)
        run_stages(workspace, demo)
        status = show_report(workspace, demo)
        if status == 0:
            show_sixth_person(workspace, demo)
        return status


@command.command("report")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the table as SVG too, as in the README.")
@config_option
def report_command(picture: Path | None, config: Path | None) -> int:
    """Print the appearances found beside the truth; 1 unless all of them are right."""
    with workspace_of(config) as workspace:
        return show_report(workspace, Demo(workspace.data_dir / "demo"), picture)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the status for the shell."""
    return run_command(command, argv, "python -m evaluation.demo")


if __name__ == "__main__":
    sys.exit(main())
