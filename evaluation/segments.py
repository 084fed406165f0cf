"""Turns analysed videos with ground truth into segments and predictions for `evaluation.facerec`.

    python -m evaluation.segments --data DIR --analysed DIR/out/PROJECT --split tune --predictions FILE --ground_truth FILE
    python -m evaluation.segments --data DIR --ground_truth FILE      # the table alone: bulk --table FILE --base DIR/videos

A row of the ground truth is a segment: a person and a stretch of time. Where nobody known is to be seen there is one segment
for each stretch, of nobody. Where several people are seen together each has a segment of their own, with the same samples.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from src.cli import CONTEXT, run_command
from src.disk.files import write_csv
from src.errors import ConfigError
from src.names import display_name, video_folder

from .material.data import TruthRow, read_truth, split_of
from .scores.predictions import NOBODY
from .scores.scoring import STRANGER

_TICK_S = 1e-6
COLUMNS = ("x1", "y1", "x2", "y2", "track_id", "name", "confidence", "frame", "tracker_sample", "npt")
"""Of predictions.csv; `segment` is added to them."""


@dataclass(frozen=True, slots=True)
class TruthSegment:
    """A stretch of a video with the person to be found in it: a name as shown, or `0` for nobody."""

    video: str
    start_s: float
    end_s: float
    person: str


def segments_of(rows: Sequence[TruthRow]) -> list[TruthSegment]:
    """Return the segments of a ground truth, in its order.

    Args:
        rows: Of any videos. Optional rows and those that are not scored make no segment.
    """
    usable = [row for row in rows if not row.excluded]
    segments = []
    for row in usable:
        if _is_known(row) and not row.presence().optional:
            segments.append(TruthSegment(row.video, row.start_s, row.end_s, display_name(row.person)))
        elif not any(_is_known(other) and _overlap(row, other) for other in usable):
            segments.append(TruthSegment(row.video, row.start_s, row.end_s, NOBODY))
    return list(dict.fromkeys(segments))


def _is_known(row: TruthRow) -> bool:
    return bool(row.person) and not row.person.startswith(STRANGER)


def _overlap(row: TruthRow, other: TruthRow) -> bool:
    return row.video == other.video and row.start_s < other.end_s and other.start_s < row.end_s


def predictions_of(segments: Sequence[TruthSegment], analysed: Path) -> Iterator[list[str]]:
    """Yield the samples of each segment: the cells of predictions.csv, and the number of the segment.

    Args:
        segments: In the order of the ground truth.
        analysed: Folder with `<video>/predictions.csv`.

    Raises:
        ConfigError: A video was not analysed, or its predictions cannot be read.
    """
    samples: dict[str, list[tuple[float, list[str]]]] = {}
    for number, segment in enumerate(segments):
        if segment.video not in samples:
            samples[segment.video] = list(_samples(analysed / video_folder(segment.video) / "predictions.csv"))
        for npt, cells in samples[segment.video]:
            if segment.start_s - _TICK_S <= npt < segment.end_s - _TICK_S:
                yield [*cells, str(number)]


def _samples(path: Path) -> Iterator[tuple[float, list[str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield float(row["npt"]), [row[column] for column in COLUMNS]
    except (OSError, KeyError, ValueError, csv.Error) as err:
        raise ConfigError(f"{path} cannot be read: {err!r}. Analyse the video again: track --video …") from err


@click.command(context_settings=CONTEXT)
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder with videos/ground_truth.csv.")
@click.option("--analysed", type=click.Path(path_type=Path), help="Folder with VIDEO/predictions.csv.")
@click.option("--split", type=click.Choice(["tune", "report", "all"]), default="all", show_default=True, help="Videos to take.")
@click.option("--predictions", type=click.Path(path_type=Path), help="Where the predictions go.")
@click.option("--ground_truth", required=True, type=click.Path(path_type=Path), help="Where the segments go.")
def command(data: Path, analysed: Path | None, split: str, predictions: Path | None, ground_truth: Path) -> None:
    """Make predictions and ground truth for evaluation.facerec of analysed videos, or the ground truth alone for a bulk run."""
    if (analysed is None) is not (predictions is None):
        raise click.UsageError("Give --analysed and --predictions, or neither.")
    rows = read_truth(data / "videos" / "ground_truth.csv")
    segments = segments_of([row for row in rows if split in {split_of(row.video), "all"}])
    if analysed is not None and predictions is not None:
        write_csv(predictions, (*COLUMNS, "segment"), predictions_of(segments, analysed))
    cells = [(segment.video, f"{segment.start_s:.3f}", f"{segment.end_s:.3f}", segment.person) for segment in segments]
    write_csv(ground_truth, ("media", "start", "end", "person"), cells)
    click.echo(f"{len(segments)} segments. Written: {' and '.join(str(path) for path in (predictions, ground_truth) if path)}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "python -m evaluation.segments")


if __name__ == "__main__":
    sys.exit(main())
