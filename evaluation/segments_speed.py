"""What several processes bring: `python -m evaluation.segments_speed [--data DIR]`.

One film by one process and in segments, and several films one after the other and in a pool. Each way runs in turn, several
times, into an empty data folder; medians are reported.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import click

from src.cli import CONTEXT, config_option, run_command, workspace_of
from src.disk.files import write_json
from src.settings import CONFIG_VARIABLE
from src.workspace import Workspace

from .material.demo_video import Demo
from .material.speed_film import SIZES, real_clips, speed_film
from .memory import peak_of
from .reports.documents import write_section
from .speed import RATES


@dataclass(frozen=True, slots=True)
class Way:
    """A way to analyse films.

    Attributes:
        label: What the report calls it.
        segments, jobs: As `track` takes them.
        is_many: Whether all films are analysed, or only the first.
        than: The label of the way that it is compared with; empty for one that others are compared with.
    """

    label: str
    segments: int
    jobs: int
    is_many: bool
    than: str = ""


def ways(n_processes: int) -> tuple[Way, ...]:
    """Return what is compared, for so many processes at a time."""
    one, in_turn = "one film, one process", "several films, one after the other"
    return (
        Way(one, 1, 1, is_many=False),
        Way(f"one film, {n_processes} segments at a time", n_processes, 1, is_many=False, than=one),
        Way(in_turn, 1, 1, is_many=True),
        Way(f"several films, {n_processes} at a time", 1, n_processes, is_many=True, than=in_turn),
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """What a way took.

    Attributes:
        film, rate, label: Size of the pictures, samples a second, and which way.
        s_per_minute: Seconds for a minute of film, with starting up; median.
        peak_mb: Most memory of one process; median.
        ratio: How many times as fast it is as what it is compared with; None where it is compared with nothing.
    """

    film: str
    rate: float
    label: str
    s_per_minute: float
    peak_mb: float
    ratio: float | None = None


def run_way(workspace: Workspace, way: Way, films: Sequence[Path], rate: float, config: Path | None) -> tuple[float, float]:
    """Analyse films in a process of its own, into an empty folder; return the most memory in MB, and seconds.

    Raises:
        MediaError: They cannot be analysed.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "FACEREC_DATA_DIR": folder,
            "FACEREC_DATABASE__URI": f"sqlite:///{folder}/facerec.db",
            "FACEREC_WEIGHTS_DIR": str(workspace.settings.weights_dir.absolute()),
        }
        if config:
            environment[CONFIG_VARIABLE] = str(config.absolute())
        command = [sys.executable, "-m", "src", "track", "--project", "speed", "--sample_period", str(1 / rate)]
        command += ["--segments", str(way.segments), "--jobs", str(way.jobs), "--video"]
        return peak_of([*command, *(str(film.absolute()) for film in films)], environment)


def measure(
    workspace: Workspace,
    films: Mapping[str, Sequence[Path]],
    rates: Sequence[float],
    n_processes: int,
    n_runs: int,
    film_s: float,
    config: Path | None = None,
) -> Iterator[Taken]:
    """Yield what each way takes, for each size and rate.

    Args:
        workspace: Its weights are used, its progress is told.
        films: By the name of their size.
        rates: Samples a second.
        n_processes: Segments, and films, at a time.
        n_runs: How often each way is run; they take turns, so that a busy moment of the machine meets all.
        film_s: How long each film is.
        config: File of settings.
    """
    chosen = ways(n_processes)
    with workspace.progress.task("Segments", len(films) * len(rates) * n_runs * len(chosen), "runs") as task:
        for size, paths in films.items():
            for rate in rates:
                runs: dict[str, list[tuple[float, float]]] = {way.label: [] for way in chosen}
                for _ in range(n_runs):
                    for way in chosen:
                        runs[way.label].append(run_way(workspace, way, paths if way.is_many else paths[:1], rate, config))
                        task.advance()
                yield from summarise(size, rate, chosen, runs, film_s, len(paths))


def summarise(
    size: str,
    rate: float,
    chosen: Sequence[Way],
    runs: Mapping[str, Sequence[tuple[float, float]]],
    film_s: float,
    n_films: int,
) -> list[Taken]:
    """Return the medians of runs, each (MB, seconds), by way, and the ratios of their seconds."""
    wall_s = {label: median(seconds for _, seconds in each) for label, each in runs.items()}
    return [
        Taken(
            size,
            rate,
            way.label,
            wall_s[way.label] * 60 / (film_s * (n_films if way.is_many else 1)),
            median(peak_mb for peak_mb, _ in runs[way.label]),
            wall_s[way.than] / wall_s[way.label] if way.than else None,
        )
        for way in chosen
    ]


def as_markdown(rows: Sequence[Taken], n_runs: int, film_s: float, n_films: int) -> str:
    """Return how it was measured, and a table."""
    medians = f"medians of {n_runs} runs" if n_runs > 1 else "one run"
    lines = [
        f"{os.cpu_count()} cores, films of {film_s / 60:g} min, {n_films} of them where there are several, {medians} in turn. "
        "Seconds are for a minute of film, with starting up; memory is that of the largest process.",
        "",
        "| film | samples/s | way | s/min | times as fast | peak MB |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append(f"| {row.film} | {row.rate:g} | {row.label} | {row.s_per_minute:.2f} | {ratio} | {row.peak_mb:.0f} |")
    return "\n".join(lines)


@click.command(context_settings=CONTEXT)
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder with videos/ [the demo's].")
@click.option("--work", type=click.Path(path_type=Path), default=Path("data/speed"), help="Folder for films [data/speed].")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), default=3.0, help="Length of each film [3].")
@click.option("--films", "n_films", type=click.IntRange(min=2), default=4, help="Films of the pool [4].")
@click.option("--processes", type=click.IntRange(min=2), default=2, help="Segments, or films, at a time [2].")
@click.option("--runs", "n_runs", type=click.IntRange(min=1), default=3, help="How often each way is run [3].")
@click.option("--film", "sizes", type=click.Choice([size.name for size in SIZES]), multiple=True, help="Which sizes [all].")
@click.option("--rate", "rates", type=click.FloatRange(min=0, min_open=True), multiple=True, help="Samples a second [1, 5].")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the numbers here too.")
@click.option("--document", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Put the table into this file.")
@config_option
def command(
    data: Path | None,
    work: Path,
    minutes: float,
    n_films: int,
    processes: int,
    n_runs: int,
    sizes: tuple[str, ...],
    rates: tuple[float, ...],
    json_path: Path | None,
    document: Path | None,
    config: Path | None,
) -> None:
    """Print how long one process, segments and a pool take for a minute of film."""
    with workspace_of(config) as workspace:
        clips = real_clips((data or Demo(workspace.data_dir / "demo").folder) / "videos")
        films = {
            size.name: [
                # Each film begins with another clip, in a folder of its own: none is the same video as another.
                speed_film(work / str(n) if n else work, [*clips[n:], *clips[:n]], size, minutes, workspace.progress)
                for n in range(min(n_films, len(clips)))
            ]
            for size in SIZES
            if not sizes or size.name in sizes
        }
        rows = list(measure(workspace, films, rates or RATES, processes, n_runs, minutes * 60, config))
    text = as_markdown(rows, n_runs, minutes * 60, min(n_films, len(clips)))
    print(text)
    if json_path:
        numbers = {"runs": n_runs, "film_s": minutes * 60, "processes": processes, "rows": [asdict(row) for row in rows]}
        write_json(json_path, numbers)
    if document:
        write_section(document, "segments-speed", text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "evaluation.segments_speed")


if __name__ == "__main__":
    sys.exit(main())
