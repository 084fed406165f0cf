"""How well shots are found: `python -m evaluation.shots --data DIR`.

Three tables: composed videos, whose cuts are exact (`videos/shots.csv`: columns `video,shot,start_s,end_s,…`, one row a
shot); the other videos, whose boundaries were found by eye, most of them one shot each; and seeded films made of their clips
(`material.shot_films`), those on which numbers were set apart from the others. A boundary counts as found when one is
reported inside it or within a frame of it; each can be found once."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from src.cli import CONTEXT, run_command
from src.errors import ConfigError
from src.schema import RgbImage
from src.video import open_stream
from src.video.shots import ShotDetector

from .material.shot_clips import KNOWN, read_clips
from .material.shot_films import RATE, TROUBLE, Film, Span, make_film
from .reports.documents import write_section

TOLERANCE_FRAMES = 1
SEEDS = {"tune": range(24), "report": range(100, 124)}
"""Of the films that are made of the clips of each part."""


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


@dataclass(slots=True)
class KindScore:
    """Boundaries of one kind in made films, or reports inside trouble of one kind.

    Attributes:
        part: Of which clips the films are made.
        kind: Of the boundaries, of the trouble, or `all`.
        n: How many there are.
        found: Boundaries that were reported; 0 for trouble.
        false: Reports in which there is no boundary.
        off_frames: By how many frames reports lie off the middle, on average.
    """

    part: str
    kind: str
    n: int = 0
    found: int = 0
    false: int = 0
    off_frames: float = 0.0


def score_films(part: str, films: Iterable[Film]) -> list[KindScore]:
    """Score each kind of boundary and of trouble, `elsewhere`, and `all`."""
    scores: dict[str, KindScore] = {}
    everything = KindScore(part, "all")
    for film in films:
        rest = find_boundaries(film.pictures)
        for span in film.boundaries:
            score = scores.setdefault(span.kind, KindScore(part, span.kind))
            score.n += 1
            match = _match(span, rest)
            if match is not None:
                rest.remove(match)
                score.found += 1
                score.off_frames += abs(match - (span.first + span.last) / 2)
        for span in film.trouble:
            scores.setdefault(span.kind, KindScore(part, span.kind)).n += 1
        for frame in rest:
            where = next((span.kind for span in film.trouble if span.first - 2 <= frame <= span.last + 2), "elsewhere")
            scores.setdefault(where, KindScore(part, where)).false += 1
    for score in scores.values():
        everything.n += 0 if score.kind in TROUBLE else score.n
        everything.found, everything.false = everything.found + score.found, everything.false + score.false
        score.off_frames /= max(score.found, 1)
    return [*(scores[kind] for kind in sorted(scores)), everything]


def _match(span: Span, found: Sequence[int]) -> int | None:
    """Return the report that is nearest to the middle of a boundary, of those inside it or within a frame of it."""
    inside = [frame for frame in found if span.first - TOLERANCE_FRAMES <= frame <= span.last + TOLERANCE_FRAMES]
    return min(inside, key=lambda frame: abs(frame - (span.first + span.last) / 2), default=None)


def find_boundaries(pictures: Sequence[RgbImage]) -> list[int]:
    """Return the frames of a made film that are reported to begin a shot."""
    detector = ShotDetector()
    settled = [each for i, picture in enumerate(pictures) for each in detector.update(i, i / RATE, picture)]
    return [each.frame_index for each in settled + detector.finish() if each.transition]


def score_known(videos: Path) -> list[CutScore]:
    """Score the videos that nobody composed, and all of them together in the last row."""
    composed, scores = read_shots(videos / "shots.csv"), []
    for path in sorted(videos.glob("*.mp4")):
        if path.name in composed:
            continue
        rest, _ = detect_cuts(path)
        spans, found = KNOWN.get(path.name, ()), 0
        for span in spans:
            match = _match(span, rest)
            if match is not None:
                rest.remove(match)
                found += 1
        scores.append(CutScore(path.name, found, len(spans) - found, len(rest)))
    return [*scores, _together(scores)]


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
    return [*scores, _together(scores)]


def _together(scores: Sequence[CutScore]) -> CutScore:
    return CutScore("all", sum(s.found for s in scores), sum(s.missed for s in scores), sum(s.false for s in scores))


def _nearest(times: Sequence[float], moment: float) -> int:
    return min(range(len(times)), key=lambda index: abs(times[index] - moment))


def as_markdown(cuts: Sequence[CutScore], known: Sequence[CutScore], films: Sequence[KindScore]) -> str:
    """Return the three tables; those of what was not measured are left out."""
    lines = []
    for title, scores in (("Composed videos (exact cuts)", cuts), ("Other videos (boundaries by eye)", known)):
        if scores:
            lines += [f"**{title}**", "", "| video | found | missed | false | precision | recall | F1 |", "| --- " * 7 + "|"]
            for s in scores:
                shares = f"{s.precision:.3f} | {s.recall:.3f} | {s.f1:.3f}"
                lines.append(f"| {s.video} | {s.found} | {s.missed} | {s.false} | {shares} |")
            lines.append("")
    for part in dict.fromkeys(score.part for score in films):
        lines += [
            f"**Made films, {part}**",
            "",
            "| what | there are | found | false | frames off the middle |",
            "| --- " * 5 + "|",
        ]
        for film in (score for score in films if score.part == part):
            is_trouble = film.kind in TROUBLE or film.kind == "elsewhere"
            found, off = ("", "") if is_trouble else (str(film.found), f"{film.off_frames:.1f}")
            lines.append(f"| {film.kind} | {film.n or ''} | {found} | {film.false} | {off if film.kind != 'all' else ''} |")
        total = next(score for score in films if score.part == part and score.kind == "all")
        one = CutScore("all", total.found, total.n - total.found, total.false)
        lines += ["", f"Precision {one.precision:.3f}, recall {one.recall:.3f}, F1 {one.f1:.3f}.", ""]
    return "\n".join(lines).rstrip()


@click.command(context_settings=CONTEXT)
@click.option(
    "--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True, help="Folder with videos/."
)
@click.option("--video", "only", multiple=True, help="Only this composed video; may be given several times.")
@click.option("--films", is_flag=True, help="Also the other videos, and films made of clips of all.")
@click.option("--document", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Put the tables into this file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(data: Path, only: tuple[str, ...], films: bool, document: Path | None, as_json: bool) -> None:
    """Print how many boundaries are found, and how many reports are none."""
    cuts = evaluate(data / "videos", only)
    known, made = [], []
    if films:
        known = score_known(data / "videos")
        for part, clips in read_clips(data / "videos").items():
            made += score_films(part, (make_film(clips, seed) for seed in SEEDS[part]))
    if as_json:
        rows = [asdict(s) | {"precision": s.precision, "recall": s.recall, "f1": s.f1} for s in cuts]
        print(json.dumps({"composed": rows, "known": [asdict(s) for s in known], "films": [asdict(s) for s in made]}, indent=2))
    else:
        print(as_markdown(cuts, known, made))
    if document is not None:
        write_section(document, "shots", as_markdown(cuts, known, made))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "evaluation.shots")


if __name__ == "__main__":
    sys.exit(main())
