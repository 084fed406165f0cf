"""How well faces are followed: `python -m evaluation.tracking [--data DIR]`.

Every tracker, with and without appearance, and those of the package `trackers`, at the same detections: on seeded films
of a crowd (see `evaluation.material.crowd_script`) whose every box is known, and on made sequences of boxes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from src.cli import CONTEXT, run_command, workspace_of
from src.disk.files import write_json
from src.engines import Engine
from src.errors import ConfigError
from src.schema import FloatArray, IntArray
from src.settings import TrackerSettings
from src.tracker.looks import DENSE_S
from src.tracking import TRACKERS, AnyTracker, Appearance, Life, open_tracker
from src.workspace import Workspace

from .material.crowd import Look
from .material.crowd_film import crowd_film
from .material.crowd_script import looks_of_clips, looks_of_photos
from .material.data import read_truth
from .material.demo_video import Demo
from .material.sequences import FaceSequence, Moment, made_sequences
from .published_trackers import PUBLISHED, follow_published
from .reports.documents import write_section
from .scores.track_scores import Tracked, TrackScore, score

RATES = (25, 5, 2, 1)
"""Samples a second."""
FILMS: Mapping[str, int] = {"film 1, on which settings were chosen": 1, "film 2": 2}
"""Seeds of the films."""
_MADE_SEEDS = (0,)
_NOT_SCORED = "do not score"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report.

    Attributes:
        material: Which film, or the made sequences. `rate`: samples a second.
        tracker: Its name. `kind`: `boxes`, `boxes and looks`, or `package trackers`.
        score: Over all sequences of the material.
    """

    material: str
    rate: int
    tracker: str
    kind: str
    score: TrackScore


Follow = Callable[[FaceSequence], Tracked]


def follow(name: str, sequence: FaceSequence, settings: TrackerSettings, looks: bool) -> Tracked:
    """Run one of our trackers over a sequence as the stage `track` does.

    Args:
        name: One of `TRACKERS`.
        sequence: What it sees.
        settings: As for `track`.
        looks: Whether embeddings are used.
    """
    life = Life(settings.max_age, settings.max_lost_s)
    appearance = Appearance(settings.appearance, settings.appearance_veto) if looks else None
    tracker = open_tracker(name, settings.min_iou, life, appearance, 1 / sequence.rate, settings.min_score)
    sparing = looks and settings.embed_period_s > 0 and 1 / sequence.rate <= DENSE_S
    ids, shot, window = [], 0, _Window(settings.embed_period_s)
    for moment in sequence.moments:
        if moment.shot != shot:
            tracker.end_shot()
            shot = moment.shot
        if not sparing:
            ids.append(tracker.update(moment.found, moment.embeddings if looks else None, moment.npt))
            continue
        window.reach(moment.npt, tracker)
        ids.append(tracker.update(moment.found, lambda rows, of=moment: of.embeddings[rows], moment.npt))  # type: ignore[misc]
        window.offer(ids[-1], moment)
    return Tracked(sequence, tuple(ids))


class _Window:
    """The best face of each track in a window of time, which is all that the tracker is told of dense samples.

    The stage goes by quality; here the score of the detector stands for it.
    """

    def __init__(self, length_s: float) -> None:
        self._length_s, self._number = length_s, 0
        self._best: dict[int, tuple[float, FloatArray]] = {}

    def reach(self, npt: float, tracker: AnyTracker) -> None:
        """Go on to a time; where that is another window, the tracker hears of the last one."""
        number = int(npt / self._length_s)
        if number != self._number:
            for track_id, (_, embedding) in self._best.items():
                tracker.remember(track_id, embedding)
            self._number, self._best = number, {}

    def offer(self, ids: IntArray, moment: Moment) -> None:
        """Take note of the faces of a moment."""
        for track_id, sure, embedding in zip(ids.tolist(), moment.found.scores.tolist(), moment.embeddings, strict=True):
            if track_id and sure > self._best.get(track_id, (-1.0,))[0]:
                self._best[track_id] = sure, embedding


def followers(settings: TrackerSettings) -> Iterator[tuple[str, str, Follow]]:
    """Yield name, kind and function of everything that is compared.

    The package's trackers get the same minimum of overlap, as long a memory, and report tracks as early as they can.
    """
    for name in TRACKERS:
        yield name, "boxes", lambda seq, name=name: follow(name, seq, settings, looks=False)  # type: ignore[misc]
        yield name, "boxes and looks", lambda seq, name=name: follow(name, seq, settings, looks=True)  # type: ignore[misc]
    for name in PUBLISHED:
        yield name, "package trackers", lambda seq, name=name: _published(name, seq, settings)  # type: ignore[misc]


def _published(name: str, sequence: FaceSequence, settings: TrackerSettings) -> Tracked:
    samples = max(settings.max_age, round(settings.max_lost_s * sequence.rate))
    first = 0 if name == "ocsort" else 1
    return follow_published(
        name,
        sequence,
        lost_track_buffer=samples,
        minimum_iou_threshold=settings.min_iou,
        minimum_consecutive_frames=first,
    )


def evaluate(materials: Mapping[str, Sequence[FaceSequence]], settings: TrackerSettings) -> Iterator[Row]:
    """Yield the scores of everything on all materials at all rates."""
    for material, sequences in materials.items():
        for rate in RATES:
            sampled = [sequence.sampled(rate) for sequence in sequences]
            for name, kind, run in followers(settings):
                yield Row(material, rate, name, kind, score([run(sequence) for sequence in sampled]))


def heads_of(data: Path, engine: Engine) -> dict[str, list[Look]]:
    """Return the heads that a data folder has: of photos in probe/ and gallery/, of clips in videos/ where truth is known."""
    folders = [folder for name in ("probe", "gallery") if (folder := data / name).is_dir()]
    looks = looks_of_photos(folders, engine.detector)
    table = data / "videos" / "ground_truth.csv"
    people: dict[Path, set[str]] = {}
    for row in read_truth(table) if table.exists() else ():
        people.setdefault(table.parent / row.video, set()).add("" if _NOT_SCORED in row.note else row.person)
    alone = {path: next(iter(known)) for path, known in people.items() if len(known) == 1 and path.exists()}
    for person, found in looks_of_clips({path: who for path, who in alone.items() if who}, engine.detector).items():
        looks.setdefault(person, []).extend(found)
    return looks


def as_markdown(rows: Sequence[Row]) -> str:
    """Return a table for each material."""
    parts = []
    for material in dict.fromkeys(row.material for row in rows):
        parts.append(f"**{material}**\n")
        parts.append("| samples/s | tracker | from | HOTA | DetA | AssA | IDF1 | MOTA | switches/min | fragments/min |")
        parts.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for row in rows:
            if row.material == material:
                of = row.score
                shares = " | ".join(f"{value:.3f}" for value in (of.hota, of.deta, of.assa, of.idf1, of.mota))
                parts.append(f"| {row.rate} | {row.tracker} | {row.kind} | {shares} | {of.switches:.1f} | {of.fragments:.1f} |")
        parts.append("")
    return "\n".join(parts).rstrip()


def run(workspace: Workspace, data: Path | None, work: Path, engine_name: str) -> list[Row]:
    """Make films and sequences, follow everybody and score it.

    Args:
        workspace: Gives engine, settings and progress.
        data: Folder with photos and clips; the demo's where None.
        work: Where films are kept.
        engine_name: Which engine looks at the films.

    Raises:
        ConfigError: There are too few photos, or a package is missing.
    """
    folder = data or Demo(workspace.data_dir / "demo").folder
    if not folder.is_dir():
        raise ConfigError(f"{folder} is missing. Give --data, or run: python -m evaluation.demo prepare")
    engine = workspace.engine(engine_name)
    looks = heads_of(folder, engine)
    films = {name: [crowd_film(work, looks, seed, engine, workspace.progress)] for name, seed in FILMS.items()}
    made = [sequence for seed in _MADE_SEEDS for sequence in made_sequences(seed)]
    return list(evaluate(films | {"made sequences": made}, workspace.settings.tracker))


@click.command(context_settings=CONTEXT)
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder with photos [the demo's].")
@click.option(
    "--work", type=click.Path(path_type=Path), default=Path("data/tracking"), help="Folder for films [data/tracking]."
)
@click.option("--engine", default="sface", help="Engine that looks at the films [sface].")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the scores here too.")
@click.option("--document", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Put the tables into this file.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file [config/config.yaml].")
def command(
    data: Path | None, work: Path, engine: str, json_path: Path | None, document: Path | None, config: Path | None
) -> None:
    """Print HOTA, IDF1, MOTA, switches and fragments of every tracker."""
    with workspace_of(config) as workspace:
        rows = run(workspace, data, work, engine)
    print(as_markdown(rows))
    if json_path:
        write_json(json_path, [asdict(row) for row in rows])
    if document:
        write_section(document, "tracking", as_markdown(rows))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "evaluation.tracking")


if __name__ == "__main__":
    sys.exit(main())
