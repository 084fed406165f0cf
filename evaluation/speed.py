"""How fast faces are found and followed: `python -m evaluation.speed [--data DIR]`.

The same films by the original's recipe, by that of the package face_recognition, by ours, and by what lies below: decoding, and
decoding and networks alone. Each runs in a process of its own, in turn, several times; medians are reported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import click

from src.cli import CONTEXT, config_option, run_command, workspace_of
from src.disk.files import write_json
from src.errors import ConfigError
from src.settings import CONFIG_VARIABLE
from src.workspace import Workspace

from .material.demo_video import Demo
from .material.speed_film import SIZES, real_clips, speed_film
from .reports.documents import write_section

RATES = (1.0, 5.0)
"""Samples a second."""

LABELS: Mapping[str, str] = {
    "sface": "ours, `sface`",
    "original": "the original's recipe",
    "facenet": "ours, `facenet`",
    "following": "ours, `sface`, following in every frame",
    "dlib": "face_recognition's recipe",
    "decoding": "decoding alone",
    "floor": "decoding + networks of `sface`",
}
"""What the report calls recipes, in the order in which they run: the floor embeds what `sface` did before it."""

SLOW = ("original", "dlib")
"""Recipes that may be run on parts of the film only, spread evenly over it; they do not get faster on the way."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a recipe over a film or parts of it.

    Attributes:
        watched_s: How much of the film it looked at.
        work_s: What it took, start-up left out. `startup_s`: starting and ending the process, loading what it needs.
        peak_mb: Most memory held.
        stages: Seconds of its parts; where these overlap they add up to more than it took.
        counts: `samples`, `faces` and `embedded`.
    """

    watched_s: float
    work_s: float
    startup_s: float
    peak_mb: float
    stages: Mapping[str, float]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Speed:
    """A line of the report: medians over the runs.

    Attributes:
        film: Size of its pictures. `rate`: samples a second. `recipe`: one of `LABELS`.
        watched_s: How much of the film was watched; less than all is scaled.
        s_per_minute: Seconds for a minute of film. `stages`: the same for its parts.
        startup_s, peak_mb: As of a `Run`.
        counts: For a minute of film.
        error: Why there are no numbers; empty where there are.
    """

    film: str
    rate: float
    recipe: str
    watched_s: float = 0.0
    s_per_minute: float = 0.0
    stages: Mapping[str, float] | None = None
    startup_s: float = 0.0
    peak_mb: float = 0.0
    counts: Mapping[str, float] | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio that was promised.

    Attributes:
        text: What it says. `slow`, `fast`: the recipes that are compared. `rate`: samples a second.
        wanted: The ratio. `at_most`: whether less is better.
    """

    text: str
    slow: str
    fast: str
    rate: float
    wanted: float
    at_most: bool = False


TARGETS = (
    Target("the original / `sface`", "original", "sface", 1.0, 12),
    Target("the original / `sface`", "original", "sface", 5.0, 30),
    Target("the original / `facenet`", "original", "facenet", 1.0, 6),
    Target("the original / `facenet`", "original", "facenet", 5.0, 15),
    Target("face_recognition / `sface`", "dlib", "sface", 1.0, 6),
    Target("face_recognition / `sface`", "dlib", "sface", 5.0, 6),
    Target("`sface` / decoding + networks", "sface", "floor", 1.0, 1.5, at_most=True),
    Target("`sface` / decoding + networks", "sface", "floor", 5.0, 1.5, at_most=True),
    Target("`sface` following / not", "following", "sface", 1.0, 2, at_most=True),
    Target("`sface` following / not", "following", "sface", 5.0, 2, at_most=True),
)


def summarise(film: str, rate: float, recipe: str, runs: Sequence[Run]) -> Speed:
    """Return the medians of several runs, for a minute of film."""
    stages = {name: median(_per_minute(run, run.stages.get(name, 0.0)) for run in runs) for name in runs[0].stages}
    counts = {name: median(_per_minute(run, run.counts.get(name, 0)) for run in runs) for name in runs[0].counts}
    return Speed(
        film,
        rate,
        recipe,
        watched_s=runs[0].watched_s,
        s_per_minute=median(_per_minute(run, run.work_s) for run in runs),
        stages=stages,
        startup_s=median(run.startup_s for run in runs),
        peak_mb=median(run.peak_mb for run in runs),
        counts=counts,
    )


def _per_minute(run: Run, amount: float) -> float:
    return amount * 60 / run.watched_s


def ratio(rows: Sequence[Speed], film: str, rate: float, slow: str, fast: str) -> float | None:
    """Return how many times as long one recipe takes as another; None where one of them was not measured."""
    found = {row.recipe: row.s_per_minute for row in rows if (row.film, row.rate) == (film, rate) and not row.error}
    return found[slow] / found[fast] if slow in found and found.get(fast) else None


def run_recipe(
    name: str, film: Path, rate: float, film_s: float, watched_s: float, embed_share: float, config: Path | None
) -> Run:
    """Run a recipe in a process of its own.

    Args:
        name: One of `LABELS`.
        film: What it sees.
        rate: Samples a second.
        film_s: How long the film is.
        watched_s: How much of it is looked at.
        embed_share: Share of its faces that the floor embeds.
        config: File of settings.

    Raises:
        ConfigError: It could not be run; the message is its own.
    """
    environment = os.environ | ({CONFIG_VARIABLE: str(config)} if config else {}) | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        arguments = [name, *(str(value) for value in (film, rate, film_s, watched_s, out, embed_share))]
        start = time.perf_counter()
        process = subprocess.run(
            [sys.executable, "-m", "evaluation.speed_recipes", *arguments], capture_output=True, text=True, env=environment
        )
        total_s = time.perf_counter() - start
        if process.returncode:
            last = (process.stderr.strip().splitlines() or [f"status {process.returncode}"])[-1]
            raise ConfigError(last)
        found = json.loads(out.read_text(encoding="utf-8"))
    startup_s = total_s - found["work_s"]
    return Run(found["watched_s"], found["work_s"], startup_s, found["peak_mb"], found["stages"], found["counts"])


def measure(
    workspace: Workspace,
    films: Mapping[str, Path],
    rates: Sequence[float],
    n_runs: int,
    film_s: float,
    slow_s: float,
    config: Path | None = None,
) -> Iterator[Speed]:
    """Yield a line for each film, rate and recipe.

    Args:
        workspace: Its progress is told.
        films: By the name of their size.
        rates: Samples a second.
        n_runs: How often each is run; recipes take turns, so that a busy moment of the machine meets all.
        film_s: How long the films are.
        slow_s: How much of them slow recipes get at the highest rate; at lower ones more, so that samples are as many.
        config: File of settings.
    """
    with workspace.progress.task("Speed", len(films) * len(rates) * n_runs * len(LABELS), "runs") as task:
        for film, path in films.items():
            for rate in rates:
                runs: dict[str, list[Run]] = {}
                errors: dict[str, str] = {}
                for _ in range(n_runs):
                    for name in LABELS:
                        watched_s = min(slow_s * max(rates) / rate, film_s) if name in SLOW else film_s
                        try:
                            share = embed_share(runs.get("sface", ()))
                            runs.setdefault(name, []).append(run_recipe(name, path, rate, film_s, watched_s, share, config))
                        except ConfigError as err:
                            errors[name] = str(err)
                        task.advance()
                for name in LABELS:
                    failed = Speed(film, rate, name, error=errors.get(name, ""))
                    yield failed if name in errors else summarise(film, rate, name, runs[name])


def embed_share(runs: Sequence[Run]) -> float:
    """Return the share of the faces found that the last run embedded; all where there is none."""
    counts = runs[-1].counts if runs else {}
    return min(counts.get("embedded", 0) / counts["faces"], 1.0) if counts.get("faces") else 1.0


def as_markdown(rows: Sequence[Speed], n_runs: int, film_s: float) -> str:
    """Return how it was measured, a table of all lines, and one of the ratios."""
    cut = {row.rate: row.watched_s for row in rows if row.recipe in SLOW and row.watched_s and row.watched_s < film_s}
    seen = " and ".join(f"{watched_s:g} s at {rate:g} a second" for rate, watched_s in sorted(cut.items()))
    scaled = f" Slow recipes (*) saw parts spread over all of it, {seen}, scaled to a minute." if cut else ""
    medians = f"medians of {n_runs} runs" if n_runs > 1 else "one run"
    lines = [
        f"{os.cpu_count()} cores, films of {film_s / 60:g} min, {medians} in turn.{scaled} Seconds, also of parts, are for a "
        "minute of film; parts of ours may overlap and add up to more than the whole.",
        "",
        "| film | samples/s | recipe | s/min | parts | starting up s | peak MB | samples | faces | embedded |",
        "| --- | ---: | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |",
        *(_line(row, film_s) for row in rows),
        "",
        "| film | samples/s | ratio | measured | wanted |",
        "| --- | ---: | --- | ---: | ---: |",
    ]
    for film in dict.fromkeys(row.film for row in rows):
        for target in TARGETS:
            found = ratio(rows, film, target.rate, target.slow, target.fast)
            if found is not None:
                wanted = f"{'≤' if target.at_most else '≥'} {target.wanted:g}"
                lines.append(f"| {film} | {target.rate:g} | {target.text} | {found:.1f} | {wanted} |")
    return "\n".join(lines)


def _line(row: Speed, film_s: float) -> str:
    label = LABELS[row.recipe] + (" *" if row.watched_s and row.watched_s < film_s else "")
    head = f"| {row.film} | {row.rate:g} | {label} |"
    if row.error or row.stages is None or row.counts is None:
        return f"{head} not measured | {row.error} | | | | | |"
    parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in row.stages.items())
    counts = " | ".join(f"{row.counts.get(name, 0):.0f}" for name in ("samples", "faces", "embedded"))
    return f"{head} {row.s_per_minute:.2f} | {parts} | {row.startup_s:.1f} | {row.peak_mb:.0f} | {counts} |"


@click.command(context_settings=CONTEXT)
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder with videos/ [the demo's].")
@click.option("--work", type=click.Path(path_type=Path), default=Path("data/speed"), help="Folder for films [data/speed].")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), default=3.0, help="Length of the films [3].")
@click.option("--runs", "n_runs", type=click.IntRange(min=1), default=3, help="How often each is run [3].")
@click.option(
    "--slow_s",
    type=click.FloatRange(min=0, min_open=True),
    help="Slow recipes see so many seconds of the highest rate only, spread over the film; as many samples of others [all].",
)
@click.option("--film", "sizes", type=click.Choice([size.name for size in SIZES]), multiple=True, help="Which films [all].")
@click.option("--rate", "rates", type=click.FloatRange(min=0, min_open=True), multiple=True, help="Samples a second [1, 5].")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the numbers here too.")
@click.option("--document", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Put the tables into this file.")
@config_option
def command(
    data: Path | None,
    work: Path,
    minutes: float,
    n_runs: int,
    slow_s: float | None,
    sizes: tuple[str, ...],
    rates: tuple[float, ...],
    json_path: Path | None,
    document: Path | None,
    config: Path | None,
) -> None:
    """Print how long each way to find faces takes for a minute of film."""
    with workspace_of(config) as workspace:
        folder = (data or Demo(workspace.data_dir / "demo").folder) / "videos"
        clips = real_clips(folder)
        chosen = [size for size in SIZES if not sizes or size.name in sizes]
        films = {size.name: speed_film(work, clips, size, minutes, workspace.progress) for size in chosen}
        film_s = minutes * 60
        rows = list(measure(workspace, films, rates or RATES, n_runs, film_s, slow_s or film_s, config))
    text = as_markdown(rows, n_runs, film_s)
    print(text)
    if json_path:
        write_json(json_path, {"runs": n_runs, "film_s": film_s, "rows": [asdict(row) for row in rows]})
    if document:
        write_section(document, "speed", text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "evaluation.speed")


if __name__ == "__main__":
    sys.exit(main())
