"""How fast the service answers many who ask at once: `python -m evaluation.load --data FOLDER [--analysis VIDEO]`.

A store as full as that of a large archive is made up where there is none, `server.py --production` is started on it, and
clients, each with a connection of its own, ask one kind of question after the other without a pause: the worst case, for people
read what they were answered. The clients run on the same machine and take their share of it.
"""

from __future__ import annotations

import http.client
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import click
import numpy as np

from src.cli import CONTEXT, run_command
from src.errors import ConfigError
from src.storage import open_store

from .load_server import Memory, analysing, memory_of, served
from .material.seeding import Library, Sizes, describe, seed

QUESTIONS: Mapping[str, str] = {
    "/healthz": "/healthz",
    "/projects": "/projects",
    "videos": "/api/v1/videos?limit=50",
    "videos, by date": "/api/v1/videos?limit=50&sort=-date",
    "one video": "/api/v1/videos/{any_video}",
    "appearances of a video": "/api/v1/projects/{project}/appearances?video_id={any_video}&limit=100",
    "appearances of 3 h": "/api/v1/projects/{project}/appearances?video_id={long_video}&limit=100",
    "appearances of a person": "/api/v1/projects/{project}/appearances?person_id={any_person}&limit=100",
    "overview of 3 h": "/api/v1/projects/{project}/videos/{long_video}/overview",
    "tracks, a minute of 3 h": "/api/v1/videos/{long_video}/tracks?project={project}&from={minute}&to={minute_end}",
    "the same with samples": "/api/v1/videos/{long_video}/tracks?project={project}&from={minute}&to={minute_end}&samples=true",
    "track of 3 h, a minute": "/api/v1/tracks/{long_track}/samples?from={minute}&to={minute_end}",
    "track of 3 h, thinned": "/api/v1/tracks/{long_track}/samples?max_points=1000",
    "thumbnail": "/api/v1/tracks/{any_track}/thumbnail",
    "/track of 3 h (original)": "/track?video={locator}&project={project}",
    "/track (original)": "/track?video={any_locator}&project={project}",
    "/appearance (original)": "/appearance/{any_name}?project={project}",
}
"""Each question with the address that asks it; words in braces are filled in anew for every request."""


@dataclass(slots=True)
class Asked:
    """What came of one question: `seconds` of the answers that were right, `statuses` of all, 0 for none at all."""

    name: str
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    n_bytes: int = 0
    wall_s: float = 0.0

    @property
    def n_wrong(self) -> int:
        """How many were not answered with 200."""
        return sum(number for status, number in self.statuses.items() if status != 200)

    def ms(self, percent: float) -> float:
        """Return a percentile of the times of good answers."""
        return float(np.percentile(self.seconds, percent)) * 1000 if self.seconds else float("nan")


class Words:
    """Fills an address: each client with its own chance, the same in each run."""

    def __init__(self, library: Library, client: int) -> None:
        """Begin with what was seeded."""
        self._library = library
        self._rng = np.random.default_rng([7, client])

    def fill(self, address: str) -> str:
        """Return the address with every word in its place."""
        library, rng = self._library, self._rng
        video = library.videos[int(rng.integers(len(library.videos)))]
        person = library.people[int(rng.integers(len(library.people)))]
        minute = int(rng.integers(int((library.long_video.duration or 60) // 60)))
        return address.format(
            project=library.project,
            any_video=video.video_id,
            long_video=library.long_video.video_id,
            any_person=person.person_id,
            any_name=quote(person.name),
            any_track=f"{library.long_analysis}-{1 + int(rng.integers(library.n_long_tracks))}",
            long_track=f"{library.long_analysis}-1",
            minute=minute * 60,
            minute_end=minute * 60 + 60,
            locator=quote(library.long_video.locator),
            any_locator=quote(video.locator),
        )


def ask(address: str, question: str, path: str, library: Library, clients: int, seconds: float, token: str = "") -> Asked:
    """Let clients ask one question for some time, and return what they were answered.

    Args:
        address: Of the service.
        question: What to call it.
        path: What to ask for, with words in braces.
        library: What fills them.
        clients: How many ask at a time.
        seconds: For how long.
        token: Sent by all of them.
    """
    total, lock, begin = Asked(question), threading.Lock(), time.perf_counter()

    def client(number: int) -> None:
        mine = Asked(question)
        _ask_on(address, path, Words(library, number), begin + seconds, mine, token)
        with lock:
            total.seconds += mine.seconds
            total.statuses += mine.statuses
            total.n_bytes += mine.n_bytes

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total.wall_s = time.perf_counter() - begin
    return total


def _ask_on(address: str, path: str, words: Words, until: float, asked: Asked, token: str) -> None:
    parts = urlsplit(address)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    while (begin := time.perf_counter()) < until:
        try:
            line.request("GET", words.fill(path), headers=headers)
            answer = line.getresponse()
            asked.n_bytes += len(answer.read())
            asked.statuses[answer.status] += 1
            if answer.status == 200:
                asked.seconds.append(time.perf_counter() - begin)
        except (OSError, http.client.HTTPException):
            asked.statuses[0] += 1
            line.close()
    line.close()


def table(rows: Sequence[Asked]) -> str:
    """Return the figures as a table in Markdown."""
    lines = ["| question | answers | a second | p50 ms | p95 ms | p99 ms | kB each | wrong |", "| --- |" + " ---: |" * 7]
    for row in rows:
        n = sum(row.statuses.values())
        bad = [(status, number) for status, number in sorted(row.statuses.items()) if status != 200]
        wrong = ", ".join(f"{number} x {status or 'none'}" for status, number in bad)
        figures = f"{row.ms(50):.0f} | {row.ms(95):.0f} | {row.ms(99):.0f} | {row.n_bytes / max(n, 1) / 1000:.1f}"
        lines.append(f"| {row.name} | {n} | {n / row.wall_s:.0f} | {figures} | {wrong or '0'} |")
    return "\n".join(lines)


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
    """Return what is in the store of a folder, filling it where there is none."""
    path = folder / "facerec.db"
    if path.exists():
        return describe(sizes)
    folder.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    partial = folder / "facerec.partial.db"
    with open_store(f"sqlite:///{partial}") as store:
        library = seed(store, sizes)
    partial.replace(path)
    print(f"{library.n_tracks} tracks of {sizes.n_videos} videos made up in {time.monotonic() - begin:.0f} s", file=sys.stderr)
    return library


def asked_for(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the questions of these names, all where there are none; an address of one's own is its own name."""
    for name in names or QUESTIONS:
        if name not in QUESTIONS and not name.startswith("/"):
            raise ConfigError(f'There is no question "{name}". Known are {", ".join(QUESTIONS)}; or write a path.')
        yield name, QUESTIONS.get(name, name)


@click.command(context_settings=CONTEXT)
@click.option(
    "--data", type=click.Path(path_type=Path), help="Folder of the store, kept; a new one that is deleted by default."
)
@click.option("--videos", default=500, show_default=True, help="Videos in a store that is made up.")
@click.option("--tracks", default=200_000, show_default=True, help="Tracks of all of them.")
@click.option("--clients", default=32, show_default=True, help="Who ask at a time.")
@click.option("--seconds", default=15.0, show_default=True, help="How long each question is asked.")
@click.option("--question", "questions", multiple=True, help="Name of a question, or a path; all known by default.")
@click.option("--analysis", type=click.Path(exists=True, path_type=Path), help="Analyse this video again and again meanwhile.")
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
    with ExitStack() as stack:
        folder = (data or Path(stack.enter_context(tempfile.TemporaryDirectory()))).resolve()
        sizes = Sizes(n_videos=videos, n_tracks=tracks)
        library = describe(sizes) if url else filled(folder, sizes)
        load_before = os.getloadavg()
        server = None if url else stack.enter_context(served(folder))
        address = url or (server.address if server else "")
        memory = [("idle", memory_of(server.pid))] if server else []
        running = stack.enter_context(analysing(analysis, folder)) if analysis else None
        rows = [ask(address, name, path, library, clients, seconds, token) for name, path in wanted]
        memory += [("after these questions", memory_of(server.pid))] if server else []
        if running and running.failed is not None:
            raise ConfigError(
                f"The analysis of {analysis} failed with status {running.failed}: these figures would be without it."
            )
        done = running.n_done if running else 0
    print(table(rows))
    if memory:
        print("\n" + memory_table(memory))
    load = f"{load_before[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
    print(f"\n{clients} clients, {os.cpu_count()} cores; load of the machine: {load}")
    if analysis:
        print(f"{analysis.name} was analysed meanwhile, {done} times to its end.")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and return the status for the shell."""
    return run_command(command, argv, "load")


if __name__ == "__main__":
    sys.exit(main())
