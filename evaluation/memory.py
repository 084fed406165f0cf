"""Whether memory grows with the length of a video: `python -m evaluation.memory [--minutes 10 --minutes 120]`.

One film of a minute is repeated without coding it anew, and analysed in a process of its own, whose peak is read afterwards.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import click

from src.cli import CONTEXT, config_option, run_command, workspace_of
from src.errors import MediaError
from src.workspace import Workspace

from .material.demo_video import Demo
from .material.speed_film import SIZES, real_clips, speed_film

_MB = 1 << (20 if sys.platform == "darwin" else 10)
"""Units of `ru_maxrss` in a megabyte."""


_MOST_MB = 1200.0
"""What a film of 1080p may take."""
_GROWTH = 1.05
"""How much more than the others the film that takes most may take, and how much more a film may take at its end."""
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Peak:
    """What the analysis of a film took.

    Attributes:
        minutes: Length of the film. `peak_mb`: most memory that its process held. `early_mb`, `late_mb`: what it held in the
            middle of the first third of its time and of the last; NaN where the system does not say. `wall_s`: seconds.
    """

    minutes: float
    peak_mb: float
    early_mb: float
    late_mb: float
    wall_s: float


def repeat(film: Path, n: int, path: Path) -> Path:
    """Write a film n times, one behind the other, without coding it anew.

    Args:
        film: With one video stream and constant frame rate.
        n: How often.
        path: Where to write.
    """
    partial = path.with_suffix(f".partial{path.suffix}")
    with av.open(str(partial), "w") as out:
        stream = None
        for number in range(n):
            with av.open(str(film)) as container:
                source = container.streams.video[0]
                stream = stream or out.add_stream_from_template(source)
                length = Fraction(source.frames) / Fraction(source.average_rate or 25)
                for packet in container.demux(source):
                    if packet.dts is None or packet.pts is None:
                        continue
                    shift = round(number * length / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                    out.mux(packet)
    return partial.replace(path)


def peak_of(command: Sequence[str], environment: Mapping[str, str]) -> Peak:
    """Run a program to its end, and return what it took, with 0 minutes of film.

    The peak is a count of the system; it is somewhat higher the more often queues were full together. Growth is seen better
    in what is held most of the time, which is looked at twice a second.

    Raises:
        MediaError: It failed.
    """
    begin = time.monotonic()
    child = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)
    held: list[float] = []
    while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
        held += _resident_mb(child.pid)
        time.sleep(_LOOK_S)
    _, status, used = ended
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise MediaError(command[-1], f"could not be analysed: the process ended with {child.returncode}. See above.")
    third = max(1, len(held) // 3)
    early, late = (statistics.median(part) if part else math.nan for part in (held[:third], held[-third:]))
    return Peak(0, used.ru_maxrss / _MB, early, late, time.monotonic() - begin)


def _resident_mb(pid: int) -> list[float]:
    """Return the megabytes of memory that a process holds now; nothing where the system does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return []
    return [pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)]


def grows(peaks: Sequence[Peak]) -> bool:
    """Return whether any took more than it may or than the others, or the longest grew while it ran; a short one warms up."""
    most = max(peak.peak_mb for peak in peaks)
    longest = max(peaks, key=lambda peak: peak.minutes)
    # What the system does not say, NaN, is not above anything.
    has_grown = longest.late_mb > _GROWTH * longest.early_mb
    return most > min(_MOST_MB, _GROWTH * min(peak.peak_mb for peak in peaks)) or has_grown


def run(
    workspace: Workspace, data: Path, work: Path, size_name: str, minutes: Sequence[int], track_fps: float | None
) -> Iterator[Peak]:
    """Make the films and yield what each took, the shortest first.

    Raises:
        ConfigError: There are no clips to make films of.
        MediaError: A film cannot be analysed.
    """
    size = next(size for size in SIZES if size.name == size_name)
    minute = speed_film(work, real_clips(data / "videos"), size, 1, workspace.progress)
    for n in sorted(minutes):
        film = work / f"memory-{size.name}-{n}min.mp4"
        if not film.exists():
            repeat(minute, n, film)
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {
                "FACEREC_DATA_DIR": folder,
                "FACEREC_DATABASE__URI": f"sqlite:///{folder}/facerec.db",
                "FACEREC_WEIGHTS_DIR": str(workspace.settings.weights_dir.absolute()),
            }
            command = [sys.executable, "-m", "src", "track", "--project", "memory", "--sample_period", "1"]
            command += ["--track_fps", str(track_fps)] if track_fps else []
            peak = peak_of([*command, "--video", str(film.absolute())], environment)
        yield replace(peak, minutes=n)


@click.command(context_settings=CONTEXT)
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder with videos/ [the demo's].")
@click.option("--work", type=click.Path(path_type=Path), default=Path("data/speed"), help="Folder for films [data/speed].")
@click.option("--size", type=click.Choice([size.name for size in SIZES]), default="1080p", help="Of the pictures [1080p].")
@click.option("--minutes", type=click.IntRange(min=1), multiple=True, default=(10, 120), help="Lengths [10 and 120].")
@click.option("--track_fps", type=float, help="Follow faces between samples.")
@config_option
def command(
    data: Path | None, work: Path, size: str, minutes: tuple[int, ...], track_fps: float | None, config: Path | None
) -> int:
    """Print what films of several lengths take of memory; ends with 1 above 1.2 GB, or where it grows by more than 5 %."""
    with workspace_of(config) as workspace:
        folder = data or Demo(workspace.data_dir / "demo").folder
        print("| minutes | peak MB | first third MB | last third MB | seconds |\n| ---: | ---: | ---: | ---: | ---: |")
        peaks = []
        for peak in run(workspace, folder, work, size, minutes, track_fps):
            held = f"{peak.early_mb:.0f} | {peak.late_mb:.0f}"
            print(f"| {peak.minutes:g} | {peak.peak_mb:.0f} | {held} | {peak.wall_s:.0f} |", flush=True)
            peaks.append(peak)
    return 1 if grows(peaks) else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "evaluation.memory")


if __name__ == "__main__":
    sys.exit(main())
