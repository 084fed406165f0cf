"""How fast the service answers many who ask at once: `python -m evaluation.load --data FOLDER [--analysis VIDEO]`.

A store as full as that of a large archive is made up where there is none, `server.py --production` is started on a copy of it,
and clients, each with a connection of its own, ask one kind of question after the other without a pause: the worst case, for
people read what they were answered. The clients run on the same machine and take their share of it, which is told. With
`--analysis` every question is asked a second time while the service analyses that video, as a job among its own.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import click
import numpy as np

from src.cli import CONTEXT, run_command
from src.disk.files import write_json
from src.errors import ConfigError
from src.storage import open_store

from .load_clients import Asked, ask
from .load_server import Analysing, Memory, Served, analysing, cpu_of, memory_of, served
from .material.seeding import Library, Sizes, describe, seed

_APPEARANCES = "/api/v1/projects/{project}/appearances"
_TRACKS = "/api/v1/videos/{long_video}/tracks?project={project}&from={minute}&to={minute_end}"
_ONE = {
    "/healthz": "/healthz",
    "/projects": "/projects",
    "videos": "/api/v1/videos?limit=50",
    "videos, by date": "/api/v1/videos?limit=50&sort=-date",
    "one video": "/api/v1/videos/{any_video}",
    "appearances of a video": f"{_APPEARANCES}?video_id={{any_video}}&limit=100",
    "appearances of 3 h": f"{_APPEARANCES}?video_id={{long_video}}&limit=100",
    "appearances of a person": f"{_APPEARANCES}?person_id={{any_person}}&limit=100",
    "overview of 3 h": "/api/v1/projects/{project}/videos/{long_video}/overview",
    "tracks, a minute of 3 h": _TRACKS,
    "the same with samples": f"{_TRACKS}&samples=true",
    "track of 3 h, a minute": "/api/v1/tracks/{long_track}/samples?from={minute}&to={minute_end}",
    "track of 3 h, thinned": "/api/v1/tracks/{long_track}/samples?max_points=1000",
    "thumbnail": "/api/v1/tracks/{any_track}/thumbnail",
    "moments of two people": "/api/v1/projects/{project}/moments?with={any_person}/{other_person}",
    "one without another": "/api/v1/projects/{project}/moments?with={any_person}&without={other_person}",
    "statistics": "/api/v1/projects/{project}/statistics",
    "statistics of a year": "/api/v1/projects/{project}/statistics?from={year}&to={year}",
    "/track of 3 h (original)": "/track?video={locator}&project={project}",
    "/track (original)": "/track?video={any_locator}&project={project}",
    "/appearance (original)": "/appearance/{any_name}?project={project}",
}
_MIXED = {
    "videos": 2,
    "one video": 2,
    "overview of 3 h": 1,
    "appearances of a video": 3,
    "appearances of a person": 1,
    "the same with samples": 2,
    "track of 3 h, a minute": 2,
    "track of 3 h, thinned": 1,
    "thumbnail": 10,
}
"""What the page asks for while somebody looks through a few videos, and how often."""

QUESTIONS = {name: (path,) for name, path in _ONE.items()} | {
    "mixed": tuple(_ONE[name] for name, times in _MIXED.items() for _ in range(times))
}
"""Each question with the addresses that ask it, one of them by chance for each request; words in braces are filled in anew."""

_PREPARED = 200
"""Requests that a client has ready, and begins with anew when it has sent them all."""


class Words:
    """Fills an address: each client with its own chance, the same in each run."""

    def __init__(self, library: Library, client: int) -> None:
        """Begin with what was seeded."""
        self._library = library
        self._rng = np.random.default_rng([7, client])

    def requests(self, choices: Sequence[str], number: int) -> list[str]:
        """Return so many addresses, each one of the choices with every word in its place."""
        return [self.fill(choices[int(self._rng.integers(len(choices)))]) for _ in range(number)]

    def fill(self, address: str) -> str:
        """Return the address with every word in its place."""
        library, rng = self._library, self._rng
        video = library.videos[int(rng.integers(len(library.videos)))]
        number = int(rng.integers(len(library.people)))
        person, other = library.people[number], library.people[(number + 1) % len(library.people)]
        minute = int(rng.integers(int((library.long_video.duration or 60) // 60)))
        return address.format(
            project=library.project,
            any_video=video.video_id,
            long_video=library.long_video.video_id,
            any_person=person.person_id,
            other_person=other.person_id,
            any_name=quote(person.name),
            year=1950 + int(rng.integers(70)),
            any_track=f"{library.long_analysis}-{1 + int(rng.integers(library.n_long_tracks))}",
            long_track=f"{library.long_analysis}-1",
            minute=minute * 60,
            minute_end=minute * 60 + 60,
            locator=quote(library.long_video.locator),
            any_locator=quote(video.locator),
        )


def asked_by_all(
    server: Served | None, address: str, name: str, library: Library, clients: int, seconds: float, token: str
) -> Asked:
    """Let clients ask one question for some time, and return what they were answered and what that cost."""
    choices = QUESTIONS.get(name, (name,))
    paths = [Words(library, client).requests(choices, _PREPARED) for client in range(clients)]
    before = cpu_of(server.pid) if server else 0.0
    asked = ask(address, name, paths, seconds, token)
    asked.server_cpu_s = cpu_of(server.pid) - before if server else float("nan")
    return asked


def table(rows: Sequence[Asked]) -> str:
    """Return the figures as a table in Markdown."""
    names = ("question", "requests", "a second", "p50 ms", "p95 ms", "p99 ms", "server CPU ms each", "kB each", "wrong")
    lines = [f"| {' | '.join(names)} |", "| --- |" + " ---: |" * (len(names) - 1)]
    for row in rows:
        bad = [(status, number) for status, number in sorted(row.statuses.items()) if status != 200]
        wrong = ", ".join(f"{number} x {status or 'none'}" for status, number in bad) or "0"
        times = " | ".join(f"{row.ms(percent):.0f}" for percent in (50, 95, 99))
        each = f"{row.server_cpu_s / max(row.n, 1) * 1000:.1f} | {row.n_bytes / max(row.n, 1) / 1000:.1f}"
        lines.append(f"| {row.name} | {row.n} | {row.n / row.wall_s:.0f} | {times} | {each} | {wrong} |")
    return "\n".join(lines)


def share_of_clients(rows: Sequence[Asked]) -> float:
    """Return how much of one core the clients took, over all questions."""
    return sum(row.client_cpu_s for row in rows) / sum(row.wall_s for row in rows)


def memory_table(rows: Sequence[tuple[str, Sequence[Memory]]]) -> str:
    """Return the memory of all processes of the service; shared memory counts once in the last column."""
    lines = [
        "| service | processes | RSS of each, MB | sum, MB | sum without what is shared twice, MB |",
        "| --- | ---: | --- | ---: | ---: |",
    ]
    for when, found in rows:
        each = ", ".join(f"{one.rss_mb:.0f}" for one in found)
        lines.append(
            f"| {when} | {len(found)} | {each} | {sum(m.rss_mb for m in found):.0f} | {sum(m.pss_mb for m in found):.0f} |"
        )
    return "\n".join(lines)


def filled(folder: Path, sizes: Sizes) -> Library:
    """Return what is in the store of a folder: a copy of one of these sizes, which is made up where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    whole, partial = folder / f"seeded-{sizes.n_videos}-{sizes.n_tracks}.db", folder / "partial.db"
    if not whole.exists():
        begin = time.monotonic()
        partial.unlink(missing_ok=True)
        with open_store(f"sqlite:///{partial}") as store:
            library = seed(store, sizes)
        partial.replace(whole)
        n = f"{library.n_tracks} tracks of {sizes.n_videos} videos"
        print(f"{n} made up in {time.monotonic() - begin:.0f} s", file=sys.stderr)
    # A copy, so that every measurement begins with the same: an analysis adds to it.
    for old in folder.glob("facerec.db*"):
        old.unlink()
    shutil.copyfile(whole, folder / "facerec.db")
    library = describe(sizes)
    for video in library.videos:
        # Its time says that the people were named by the newest model; without it /track would have that done first.
        write_json(folder / "out" / library.project / video.folder / "appearances.json", [])
    return library


def asked_for(names: Sequence[str]) -> Iterator[str]:
    """Yield the names of these questions, all where there are none; an address of one's own is its own name."""
    for name in names or QUESTIONS:
        if name not in QUESTIONS and not name.startswith("/"):
            raise ConfigError(f'There is no question "{name}". Known are {", ".join(QUESTIONS)}; or write a path.')
        yield name


@click.command(context_settings=CONTEXT)
@click.option(
    "--data", type=click.Path(path_type=Path), help="Folder of the store, kept; a new one that is deleted by default."
)
@click.option("--videos", default=500, show_default=True, help="Videos in a store that is made up.")
@click.option("--tracks", default=200_000, show_default=True, help="Tracks of all of them.")
@click.option("--clients", default=32, show_default=True, help="Who ask at a time.")
@click.option("--seconds", default=5.0, show_default=True, help="How long each question is asked.")
@click.option("--question", "questions", multiple=True, help="Name of a question, or a path; all known by default.")
@click.option(
    "--analysis",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Ask everything again while this video is analysed, over and over.",
)
@click.option("--url", help="Ask a service that runs already, seeded with the same sizes.")
@click.option("--token", default="", help="Sent with every request.")
def command(
    data: Path | None,
    videos: int,
    tracks: int,
    clients: int,
    seconds: float,
    questions: tuple[str, ...],
    analysis: Path | None,
    url: str | None,
    token: str,
) -> None:
    """Measure how fast the service answers many who ask at once."""
    wanted = list(asked_for(questions))
    if analysis and url:
        raise ConfigError("Give --analysis without --url: a service that runs elsewhere does not have that video.")
    with ExitStack() as stack:
        folder = (data or Path(stack.enter_context(tempfile.TemporaryDirectory()))).resolve()
        sizes = Sizes(n_videos=videos, n_tracks=tracks)
        library = describe(sizes) if url else filled(folder, sizes)
        load_before = os.getloadavg()
        server = None if url else stack.enter_context(served(folder))
        address = url or (server.address if server else "")
        memory = [("idle", memory_of(server.pid))] if server else []
        rows = [asked_by_all(server, address, name, library, clients, seconds, token) for name in wanted]
        memory += [("after these questions", memory_of(server.pid))] if server else []
        running = stack.enter_context(analysing(address, analysis)) if analysis else None
        more = [asked_by_all(server, address, name, library, clients, seconds, token) for name in wanted] if running else []
    print(f"Without an analysis:\n\n{table(rows)}")
    if running and analysis:
        print(f"\nWhile {analysis.name} is analysed ({_told(running)}):\n\n{table(more)}")
    if memory:
        print("\n" + memory_table(memory))
    load = f"{load_before[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
    share = f"they took {share_of_clients([*rows, *more]):.0%} of one of them"
    print(f"\n{clients} clients, {os.cpu_count()} cores, {share}; load of the machine: {load}")


def _told(running: Analysing) -> str:
    """Return how the analyses went.

    Raises:
        ConfigError: One failed, so that these figures would be without it.
    """
    if running.failed:
        raise ConfigError(f"The analysis failed: {running.failed}")
    return f"{running.n_done} times to its end meanwhile, the last time to {running.progress:.0%}"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and return the status for the shell."""
    return run_command(command, argv, "load")


if __name__ == "__main__":
    sys.exit(main())
