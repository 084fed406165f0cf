"""How well faces are followed between samples: `python -m evaluation.following VIDEO... [--data DIR]`.

Each video is tracked as `track --track_fps` does it. What was followed is compared with the faces that the engine finds in
every frame. With `--data`, a film of a crowd whose every box is known (see `evaluation.tracking`) is tracked too, and scored in
every frame, samples and what was followed between them together.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from src import tracker
from src.cli import CONTEXT, run_command, workspace_of
from src.geometry import iou_matrix
from src.schema import BoolArray, FloatArray, IntArray
from src.settings import DatabaseSettings
from src.tracker.finding import FaceLimits
from src.video import open_stream
from src.videos import iter_tracks
from src.workspace import Workspace, open_workspace

from .material.crowd_film import crowd_film, film_path
from .material.sequences import FaceSequence, boxes_only
from .scores.track_scores import Tracked, TrackScore, score
from .tracking import FILMS, heads_of

RATES = (1.0, 5.0)
"""Samples a second."""
_SAME = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """All boxes of the tracks of a video.

    Attributes:
        frames: (n,) int64, numbers of their frames. `ids`: (n,) int64, their tracks.
        boxes_xywh: (n, 4) float32.
        followed: (n,) bool: whether they were followed and not detected.
        cpu_s: Seconds of all processors that it took to find them.
    """

    frames: IntArray
    ids: IntArray
    boxes_xywh: FloatArray
    followed: BoolArray
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report.

    Attributes:
        name: Of the video. `rate`: samples a second.
        n_followed: Boxes that were followed.
        on_face: Share of these that lie (IoU 0.5) on a face. `overlap`: their mean IoU with the face that is nearest.
        covered: Share of the faces of all frames on which a box lies, followed or not.
        cpu_s: Seconds of all processors for the whole stage.
        score: Of tracks in every frame, where the truth is known.
    """

    name: str
    rate: float
    n_followed: int
    on_face: float
    overlap: float
    covered: float
    cpu_s: float
    score: TrackScore | None = None


def track(workspace: Workspace, video: Path, engine_name: str, rate: float, track_fps: float) -> Boxes:
    """Run the stage over a video, into an empty data folder, and return what it stored."""
    with tempfile.TemporaryDirectory() as folder:
        store = DatabaseSettings(uri=f"sqlite:///{folder}/facerec.db")
        settings = workspace.settings.model_copy(update={"data_dir": Path(folder), "database": store})
        with open_workspace(settings) as own:
            own.begin_project("following", engine_name)
            own.engine(engine_name)
            begin = time.process_time()
            report = tracker.run(own, str(video), "following", sample_period_s=1 / rate, track_fps=track_fps)
            cpu_s = time.process_time() - begin
            tracks = [(track.track_id, samples) for track, samples in iter_tracks(own.store, report.analysis)]
    return Boxes(
        np.concatenate([np.zeros(0, np.int64), *(samples.frame_index for _, samples in tracks)]),
        np.concatenate([np.zeros(0, np.int64), *(np.full(len(of.npt), number) for number, of in tracks)]),
        np.concatenate([np.zeros((0, 4), np.float32), *(samples.boxes_xywh for _, samples in tracks)]),
        np.concatenate([np.zeros(0, np.bool_), *(samples.qualities == 0 for _, samples in tracks)]),
        cpu_s,
    )


def faces_of(workspace: Workspace, video: Path, engine_name: str) -> list[FloatArray]:
    """Return the (n, 4) boxes that the engine finds in each frame of a video."""
    detector = workspace.engine(engine_name).detector
    of = workspace.settings.tracker
    limits = FaceLimits(of.min_score, of.min_face_px, of.max_faces)
    with open_stream(str(video)) as stream:
        return [limits.keep(detector.detect([frame.rgb()])[0])[0].boxes_xywh for frame in stream.frames()]


def compare(name: str, rate: float, boxes: Boxes, faces: Sequence[FloatArray]) -> Row:
    """Say how well boxes lie on the faces of their frames.

    Args:
        name: Of the video.
        rate: Samples a second.
        boxes: Of its tracks.
        faces: The true ones of each frame, (n, 4).
    """
    overlaps, n_covered = [], 0
    for frame, true in enumerate(faces):
        here = boxes.frames == frame
        overlap = iou_matrix(boxes.boxes_xywh[here], true)
        overlaps.append(overlap.max(axis=1, initial=0.0)[boxes.followed[here]])
        n_covered += int((overlap.max(axis=0, initial=0.0) >= _SAME).sum())
    best = np.concatenate(overlaps) if overlaps else np.zeros(0, np.float32)
    on_face, overlap_mean = (float((best >= _SAME).mean()), float(best.mean())) if len(best) else (0.0, 0.0)
    return Row(name, rate, len(best), on_face, overlap_mean, n_covered / max(sum(map(len, faces)), 1), boxes.cpu_s)


def scored(film: FaceSequence, boxes: Boxes) -> TrackScore:
    """Score the tracks of a film in every frame."""
    moments, ids = [], []
    for frame, moment in enumerate(film.moments):
        here = boxes.frames == frame
        found = boxes_only(boxes.boxes_xywh[here], np.ones(int(here.sum()), np.float32))
        moments.append(replace(moment, found=found, embeddings=np.zeros((len(found), 0), np.float32)))
        ids.append(boxes.ids[here])
    return score([Tracked(FaceSequence(film.name, film.rate, tuple(moments)), tuple(ids))])


def evaluate(
    workspace: Workspace, videos: Sequence[Path], data: Path | None, work: Path, engine_name: str, rates: Sequence[float]
) -> Iterator[Row]:
    """Yield a line for each video and rate, and for each film of a crowd that the folder `data` gives."""
    for video in videos:
        faces = faces_of(workspace, video, engine_name)
        with open_stream(str(video)) as stream:
            fps = float(stream.info.frame_rate)
        for rate in rates:
            yield compare(video.stem, rate, track(workspace, video, engine_name, rate, fps), faces)
    if data is None:
        return
    engine = workspace.engine(engine_name)
    looks = heads_of(data, engine)
    for name, seed in FILMS.items():
        film = crowd_film(work, looks, seed, engine, workspace.progress)
        faces = [np.concatenate([moment.boxes_xywh, moment.hidden_xywh]) for moment in film.moments]
        for rate in rates:
            boxes = track(workspace, film_path(work, looks, seed, engine), engine_name, rate, film.rate)
            yield replace(compare(name, rate, boxes, faces), score=scored(film, boxes))


def as_markdown(rows: Sequence[Row]) -> str:
    """Return a table, a video and rate a line."""
    lines = [
        "| video | samples/s | followed | on a face | overlap | faces covered | CPU s | HOTA | DetA | AssA |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        of = row.score
        scores = " | ".join(f"{value:.3f}" for value in (of.hota, of.deta, of.assa)) if of else " | | "
        shares = f"{row.on_face:.2%} | {row.overlap:.3f} | {row.covered:.2%}"
        lines.append(f"| {row.name} | {row.rate:g} | {row.n_followed} | {shares} | {row.cpu_s:.1f} | {scores} |")
    return "\n".join(lines)


def together(rows: Sequence[Row]) -> list[Row]:
    """Return a line for all videos at each rate, each box counting once."""
    lines = []
    for rate in dict.fromkeys(row.rate for row in rows):
        of = [row for row in rows if row.rate == rate and row.score is None]
        n = sum(row.n_followed for row in of)
        shares = [sum(getattr(row, name) * row.n_followed for row in of) / max(n, 1) for name in ("on_face", "overlap")]
        covered = sum(row.covered for row in of) / max(len(of), 1)
        lines.append(Row("all videos", rate, n, *shares, covered, sum(row.cpu_s for row in of)))
    return lines


@click.command(context_settings=CONTEXT)
@click.argument("videos", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder with photos, for films.")
@click.option(
    "--work", type=click.Path(path_type=Path), default=Path("data/tracking"), help="Folder for films [data/tracking]."
)
@click.option("--engine", default="sface", help="Engine that looks at the videos [sface].")
@click.option("--rate", "rates", type=click.FloatRange(0, min_open=True), multiple=True, help="Samples a second [1, 5].")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file [config/config.yaml].")
def command(
    videos: tuple[Path, ...], data: Path | None, work: Path, engine: str, rates: tuple[float, ...], config: Path | None
) -> None:
    """Print how well the boxes between samples lie on faces."""
    with workspace_of(config) as workspace:
        rows = list(evaluate(workspace, videos, data, work, engine, rates or RATES))
    print(as_markdown([*rows, *(together(rows) if len(videos) > 1 else ())]))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "evaluation.following")


if __name__ == "__main__":
    sys.exit(main())
