"""What is lost where not all of each sample is searched for faces: `python -m evaluation.attention VIDEO... [--period S]`.

Each video is looked at twice, all of every sample and as `track` does it; what both found is compared sample by sample.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from src.cli import CONTEXT, run_command, workspace_of
from src.engines import Engine
from src.geometry import iou_matrix
from src.schema import WHOLE, Detections
from src.settings import TrackerSettings
from src.tracker.attention import Attention
from src.tracker.finding import FaceLimits
from src.tracker.reading import Reader, Sample
from src.video import open_stream
from src.video.sampling import Sampling

_SAME = 0.5


@dataclass(slots=True)
class Kept:
    """Counts over the samples of a video.

    Attributes:
        n_samples: Samples. `n_whole`: those of which all was looked at.
        n_faces: Faces found in all of every sample. `n_kept`: of these, those that were found too (IoU 0.5).
        n_more: Faces that were found only near others.
    """

    n_samples: int = 0
    n_whole: int = 0
    n_faces: int = 0
    n_kept: int = 0
    n_more: int = 0

    def add(self, whole: Detections, found: Detections) -> None:
        """Take in a sample."""
        kept = int((iou_matrix(whole.boxes_xywh, found.boxes_xywh).max(axis=1, initial=0) >= _SAME).sum())
        self.n_samples += 1
        self.n_faces += len(whole)
        self.n_kept += kept
        self.n_more += len(found) - kept


def compare(video: Path, engine: Engine, settings: TrackerSettings, rate: float, period_s: float) -> Kept:
    """Look at a video in both ways.

    Args:
        video: Its file.
        engine: Finds faces.
        settings: Which faces are followed, and how long a window of time is.
        rate: Samples a second.
        period_s: A whole picture is looked at each so many seconds.
    """
    limits = FaceLimits(settings.min_score, settings.min_face_px, settings.max_faces)
    attention, kept = Attention(engine.detector, period_s), Kept()
    for sample, window in _samples(video, rate, settings.embed_period_s or 1.0):
        (all_of_it,) = engine.detector.detect([sample.frame.image])
        found = attention.look(sample.frame, window)
        faces, is_crowd = limits.keep(found)
        attention.expect(sample.frame, faces, is_crowd)
        kept.add(limits.keep(all_of_it)[0], faces)
        kept.n_whole += attention.was_whole
    return kept


def _samples(video: Path, rate: float, window_s: float) -> Iterator[tuple[Sample, int]]:
    with open_stream(str(video)) as stream:
        for batch in Reader(stream, Sampling(sample_period_s=1 / rate), WHOLE, window_s=window_s).batches():
            for sample in batch.samples:
                yield sample, batch.window


def as_markdown(rows: Sequence[tuple[str, Kept]]) -> str:
    """Return a table, a video a line."""
    lines = ["| video | samples | whole | faces | found too | found besides |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for name, of in rows:
        share = f"{of.n_kept / of.n_faces:.2%}" if of.n_faces else ""
        lines.append(f"| {name} | {of.n_samples} | {of.n_whole} | {of.n_faces} | {share} | {of.n_more} |")
    return "\n".join(lines)


@click.command(context_settings=CONTEXT)
@click.argument("videos", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--engine", default="sface", help="Engine that looks at the videos [sface].")
@click.option("--rate", default=5.0, type=click.FloatRange(0, min_open=True), help="Samples a second [5].")
@click.option("--period", type=click.FloatRange(0, min_open=True), help="Seconds between whole pictures [the setting].")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file [config/config.yaml].")
def command(videos: tuple[Path, ...], engine: str, rate: float, period: float | None, config: Path | None) -> None:
    """Print how many faces are found where most samples are searched near known faces only."""
    with workspace_of(config) as workspace:
        settings = workspace.settings.tracker
        period_s = period or settings.detect_period_s or 1.0
        rows = [(path.stem, compare(path, workspace.engine(engine), settings, rate, period_s)) for path in videos]
    together = Kept()
    for _, of in rows:
        for name in Kept.__slots__:
            setattr(together, name, getattr(together, name) + getattr(of, name))
    print(as_markdown([*rows, ("all", together)]))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "evaluation.attention")


if __name__ == "__main__":
    sys.exit(main())
