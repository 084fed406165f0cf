"""Whether memory grows with the length of a video: `python -m evaluation.memory [--minutes 10 --minutes 120]`.

One film of a minute is repeated without coding it anew, and analysed in a process of its own, whose peak is read afterwards.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
"""How much more than the others the film that takes most may take."""


@dataclass(frozen=True, slots=True)
class Peak:
    """What the analysis of a film took.

    Attributes:
        minutes: Length of the film. `peak_mb`: most memory that its process held. `wall_s`: seconds.
    """

    minutes: float
    peak_mb: float
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


def peak_of(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a program to its end, and return the most memory that it held in megabytes, and its seconds.

    Raises:
        MediaError: It failed.
    """
    begin = time.monotonic()
    child = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise MediaError(command[-1], f"could not be analysed: the process ended with {child.returncode}. See above.")
    return used.ru_maxrss / _MB, time.monotonic() - begin


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
            peak_mb, wall_s = peak_of([*command, "--video", str(film.absolute())], environment)
        yield Peak(n, peak_mb, wall_s)


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
    """Print the peak of memory for films of several lengths; ends with 1 above 1.2 GB or where they differ by more than 5 %."""
    with workspace_of(config) as workspace:
        folder = data or Demo(workspace.data_dir / "demo").folder
        print("| minutes | peak MB | seconds |\n| --- | --- | --- |")
        peaks = []
        for peak in run(workspace, folder, work, size, minutes, track_fps):
            print(f"| {peak.minutes:g} | {peak.peak_mb:.0f} | {peak.wall_s:.0f} |", flush=True)
            peaks.append(peak.peak_mb)
    return 1 if max(peaks) > min(_MOST_MB, _GROWTH * min(peaks)) else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "evaluation.memory")


if __name__ == "__main__":
    sys.exit(main())
