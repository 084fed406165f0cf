"""How well cuts are found: `python -m evaluation.shots --data DIR`.

DIR holds `videos/shots.csv` (columns `video,shot,start_s,end_s,…`, one row a shot, exact) and the videos beside it. A cut
counts as found when one is reported within a frame of it; each true cut can be found once.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from src.cli import CONTEXT, run_command
from src.errors import ConfigError
from src.video import open_stream
from src.video.shots import ShotDetector

TOLERANCE_FRAMES = 1


@dataclass(frozen=True, slots=True)
class CutScore:
    """Cuts of one video, or of all.

    Attributes:
        video: File name, or `all`.
        found: True cuts that were reported.
        missed: True cuts that were not.
        false: Reports where there is no cut.
    """

    video: str
    found: int
    missed: int
    false: int

    @property
    def precision(self) -> float:
        """Share of reports that are true; 1 without reports."""
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of cuts that were found; 1 without cuts."""
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def score_cuts(video: str, wanted: Sequence[int], got: Sequence[int], tolerance: int = TOLERANCE_FRAMES) -> CutScore:
    """Compare frame indices of true and reported cuts, both rising."""
    rest = list(got)
    found = 0
    for cut in wanted:
        match = min(
            (index for index in rest if abs(index - cut) <= tolerance), key=lambda index: abs(index - cut), default=None
        )
        if match is not None:
            rest.remove(match)
            found += 1
    return CutScore(video, found, len(wanted) - found, len(rest))


def detect_cuts(path: Path) -> tuple[list[int], list[float]]:
    """Return the indices of the frames that start a new shot, and the times of all frames."""
    detector, cuts, times = ShotDetector(), [], []
    with open_stream(str(path)) as stream:
        for frame in stream.frames():
            times.append(frame.npt)
            settled = detector.update(frame.frame_index, frame.npt, frame.thumbnail())
            cuts += [each.frame_index for each in settled if each.transition]
        cuts += [each.frame_index for each in detector.finish() if each.transition]
    return cuts, times


def read_shots(path: Path) -> dict[str, list[float]]:
    """Return the times of the cuts of each video: the starts of all its shots but the first.

    Raises:
        ConfigError: There is no such file, or it has other columns.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = sorted((row["video"], float(row["start_s"])) for row in csv.DictReader(file))
    except (OSError, KeyError, ValueError) as err:
        raise ConfigError(f"{path} cannot be read as a table of shots (video,shot,start_s,end_s): {err!r}") from err
    starts: dict[str, list[float]] = {}
    for video, start in rows:
        starts.setdefault(video, []).append(start)
    return {video: times[1:] for video, times in starts.items()}


def evaluate(videos: Path, only: Sequence[str] = ()) -> list[CutScore]:
    """Score every video of `shots.csv`, and all of them together in the last row."""
    scores = []
    for video, starts in read_shots(videos / "shots.csv").items():
        if only and video not in only:
            continue
        got, times = detect_cuts(videos / video)
        scores.append(score_cuts(video, [_nearest(times, start) for start in starts], got))
    everything = CutScore("all", sum(s.found for s in scores), sum(s.missed for s in scores), sum(s.false for s in scores))
    return [*scores, everything]


def _nearest(times: Sequence[float], moment: float) -> int:
    return min(range(len(times)), key=lambda index: abs(times[index] - moment))


@click.command(context_settings=CONTEXT)
@click.option(
    "--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True, help="Folder with videos/."
)
@click.option("--video", "only", multiple=True, help="Only this file; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(data: Path, only: tuple[str, ...], as_json: bool) -> None:
    """Print precision, recall and F1 of the cuts found in each video."""
    scores = evaluate(data / "videos", only)
    if as_json:
        print(json.dumps([asdict(s) | {"precision": s.precision, "recall": s.recall, "f1": s.f1} for s in scores], indent=2))
        return
    print(f"{'video':<24}{'found':>7}{'missed':>8}{'false':>7}{'precision':>11}{'recall':>8}{'F1':>7}")
    for s in scores:
        print(f"{s.video:<24}{s.found:>7}{s.missed:>8}{s.false:>7}{s.precision:>11.3f}{s.recall:>8.3f}{s.f1:>7.3f}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "evaluation.shots")


if __name__ == "__main__":
    sys.exit(main())
