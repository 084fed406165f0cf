"""Ground truth from files of annotation programs: what ELAN, CVAT, WebVTT, Web Annotations or our own JSON say becomes rows
of a table.

python -m evaluation.truth newsreel.eaf --video newsreel.mp4 --output videos/ground_truth.csv
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import click

from src.cli import CONTEXT, run_command
from src.errors import ConfigError
from src.export.document import is_unknown
from src.export.reading import Claim, Reading
from src.export.sniffing import format_of
from src.names import folder_name
from src.verbs.importing import read_source

from .material.data import TruthRow, read_truth, write_table
from .scores.scoring import STRANGER


def run(path: Path, video: str, output: Path, rate: Fraction | None = None, format_name: str = "") -> list[TruthRow]:
    """Read a file and put its rows in the place of those that a table has of this video; return them.

    Args:
        path: The file.
        video: Its name in the table.
        output: The table; made where there is none.
        rate: Frames a second, for files that count frames.
        format_name: Of the file; empty where it tells by itself.

    Raises:
        ConfigError: The file or the table cannot be read, or the file counts frames and nobody says how many are a second.
    """
    source = read_source(path)
    found = format_of(source, format_name)
    assert found.read is not None, "only formats that can be read are chosen"
    rows = sorted(rows_of(found.read(source), video, rate), key=lambda row: (row.start_s, row.end_s, row.person))
    others = [row for row in read_truth(output) if row.video != video] if output.exists() else []
    if not rows:
        raise ConfigError(f"{path} says of nobody that they are to be seen. Give a file with names and times.")
    write_table(output, [*others, *rows])
    return rows


def rows_of(reading: Reading, video: str, rate: Fraction | None = None) -> Iterator[TruthRow]:
    """Yield a row of truth for each claim that names somebody.

    Raises:
        ConfigError: The file counts frames and nobody says how many are a second, or a name is none.
    """
    for claim in reading.claims:
        if not claim.name:
            continue
        start, end = _times(claim, rate)
        if end > start:
            yield TruthRow(video, start, end, _person(claim.name))


def _times(claim: Claim, rate: Fraction | None) -> tuple[float, float]:
    if math.isinf(claim.end_npt):
        raise ConfigError(f"{claim.where}: it lasts to the end of the video. Write when that is.")
    if not math.isnan(claim.start_npt):
        return claim.start_npt, claim.end_npt
    if rate is None or claim.spots is None or claim.spots.frames is None:
        raise ConfigError(f"{claim.where}: the file counts frames. Say with --rate how many are a second: 25 or 30000/1001.")
    first, last = int(claim.spots.frames.min()), int(claim.spots.frames.max()) + 1
    return round(float(first / rate), 3), round(float(last / rate), 3)


def _person(name: str) -> str:
    """Return how the table calls somebody: people by their folder, strangers by a number or word of their own."""
    return STRANGER + (name.partition(" ")[2] or "1") if is_unknown(name) else folder_name(name)


@click.command(context_settings=CONTEXT)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--video", required=True, help="Name of the video in the table.")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="The table, made where there is none.")
@click.option("--rate", help="Frames a second, for files that count frames: 25 or 30000/1001.")
@click.option("--format", "format_name", default="", help="Of the file [it tells by itself].")
def command(file: Path, video: str, output: Path, rate: str | None, format_name: str) -> None:
    """Make rows of ground truth of a file of an annotation program."""
    try:
        exact = Fraction(rate) if rate else None
    except (ValueError, ZeroDivisionError) as err:
        raise click.UsageError(f"--rate {rate} is no rate. Write 25 or 30000/1001.") from err
    rows = run(file, video, output, exact, format_name)
    click.echo(f"{output}: {len(rows)} rows of {video}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "truth")


if __name__ == "__main__":
    sys.exit(main())
