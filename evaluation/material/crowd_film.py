"""Films of a crowd as sequences: filmed, looked at by an engine in every frame, and kept for the next run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from src.disk.files import replacing
from src.engines import Engine
from src.progress import Progress
from src.records import stable_id
from src.schema import Detections
from src.video import open_stream

from .compose import Canvas
from .crowd import CANVAS, CrowdFrame, Look, film_crowd
from .crowd_script import crowd_shots
from .sequences import FaceSequence, Moment

_VERSION = "1"
"""Counts up when films or what is kept of them change."""


def crowd_film(
    work: Path,
    looks: dict[str, list[Look]],
    seed: int,
    engine: Engine,
    progress: Progress,
    n_shots: int = 12,
    canvas: Canvas = CANVAS,
) -> FaceSequence:
    """Film a crowd and let an engine look at every frame; what lies in the folder is not made again.

    Args:
        work: Where the film and what was seen in it are kept.
        looks: Heads of each person.
        seed: Of the film.
        engine: Detects and embeds.
        progress: Is told of the frames.
        n_shots: Length of the film.
        canvas: Size and frame rate.
    """
    film = film_path(work, looks, seed, engine, n_shots, canvas)
    kept = film.with_suffix(".npz")
    if not kept.exists():
        work.mkdir(parents=True, exist_ok=True)
        truth = film_crowd(film, crowd_shots(looks, seed, n_shots, canvas), canvas)
        _keep(kept, _truth_arrays(truth) | _look(film, len(truth), engine, progress))
    with np.load(kept) as arrays:
        return _sequence(f"film {seed}", float(canvas.rate), {name: arrays[name] for name in arrays.files})


def film_path(
    work: Path, looks: dict[str, list[Look]], seed: int, engine: Engine, n_shots: int = 12, canvas: Canvas = CANVAS
) -> Path:
    """Return where `crowd_film` keeps a film."""
    heads = [
        (look.person, [(picture.shape, int(picture.sum())) for picture in look.pictures[:2]])
        for known in looks.values()
        for look in known
    ]
    key = stable_id(_VERSION, engine.id, heads, seed, n_shots, repr(canvas))
    return work / f"crowd_{seed}_{key}.mp4"


def _truth_arrays(truth: Sequence[CrowdFrame]) -> dict[str, np.ndarray]:
    return {
        "npt": np.array([frame.npt for frame in truth]),
        "shot": np.array([frame.shot for frame in truth]),
        "n_true": np.array([len(frame.ids) for frame in truth]),
        "ids": np.concatenate([frame.ids for frame in truth]),
        "true_boxes": np.concatenate([frame.boxes_xywh for frame in truth]),
        "n_hidden": np.array([len(frame.hidden_xywh) for frame in truth]),
        "hidden_boxes": np.concatenate([frame.hidden_xywh for frame in truth]),
    }


def _look(film: Path, n_frames: int, engine: Engine, progress: Progress) -> dict[str, np.ndarray]:
    """Detect and embed in every frame."""
    found, embeddings = [], []
    with open_stream(str(film)) as stream, progress.task(film.name, n_frames, "frames") as task:
        for decoded in stream.frames():
            picture = decoded.rgb()
            faces = engine.detector.detect([picture])[0]
            found.append(faces)
            embeddings.append(engine.embedder.embed(engine.embedder.align(picture, faces)))
            task.advance()
    return {
        "n_found": np.array([len(faces) for faces in found]),
        "boxes": np.concatenate([faces.boxes_xywh for faces in found]),
        "scores": np.concatenate([faces.scores for faces in found]),
        "landmarks": np.concatenate([faces.landmarks for faces in found]),
        "embeddings": np.concatenate(embeddings),
    }


def _keep(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez(file, **arrays)


def _sequence(name: str, rate: float, kept: dict[str, np.ndarray]) -> FaceSequence:
    parts = {
        names: [np.split(kept[array], np.cumsum(kept[counts])[:-1]) for array in names]
        for counts, names in (
            ("n_true", ("ids", "true_boxes")),
            ("n_hidden", ("hidden_boxes",)),
            ("n_found", ("boxes", "scores", "landmarks", "embeddings")),
        )
    }
    true, hidden, found = parts.values()
    rows = zip(kept["npt"].tolist(), kept["shot"].tolist(), *true, *hidden, *found, strict=True)
    return FaceSequence(
        name,
        rate,
        tuple(
            Moment(npt, shot, ids, true_boxes, hidden_boxes, Detections(boxes, scores, landmarks), embeddings)
            for npt, shot, ids, true_boxes, hidden_boxes, boxes, scores, landmarks, embeddings in rows
        ),
    )
