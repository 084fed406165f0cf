"""Many videos, one after the other or several at a time: one that fails is noted, and the rest goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import AnnotationError
from ..workspace import Workspace
from .stage import TrackReport, run
from .workers import Died, Workers, share_of_cores

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one video.

    Attributes:
        video: As it was named.
        report: What the stage reports; None where it failed.
        error: Why it failed; empty where it did not.
    """

    video: str
    report: TrackReport | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class ManyReport:
    """What came of all videos, in the order in which they were named."""

    outcomes: tuple[Outcome, ...]

    @property
    def n_done(self) -> int:
        """Videos that were analysed now."""
        return sum(outcome.report is not None and outcome.report.is_new for outcome in self.outcomes)

    @property
    def n_skipped(self) -> int:
        """Videos that had been analysed before."""
        return sum(outcome.report is not None and not outcome.report.is_new for outcome in self.outcomes)

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """Videos that could not be analysed."""
        return tuple(outcome for outcome in self.outcomes if outcome.report is None)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One video, and how `run` is to be called for it."""

    video: str
    project: str
    options: Mapping[str, Any]


def run_many(workspace: Workspace, videos: Sequence[str], project: str, jobs: int = 0, **options: Any) -> ManyReport:
    """Find and follow the faces of many videos.

    An interruption stops all processes; what they had stored is gone on with by the same call.

    Args:
        workspace: Where to work; each further process opens the same one for itself.
        videos: Paths and addresses, as `expansion.expand` gives them.
        project: Whose engine is used; begun where there is none.
        jobs: Videos at a time; 0 as many as the machine has room for.
        **options: As for `run`.

    Raises:
        ConfigError: The project cannot be begun.
        EngineError: A new project's engine cannot be opened.
    """
    owner = workspace.begin_project(project)
    pieces = [_Piece(video, owner.project, options) for video in videos]
    outcomes: list[Outcome] = [Outcome(video) for video in videos]
    with workspace.progress.task("Videos", len(videos), "videos") as task:
        for number, outcome in _each(workspace, pieces, share_of_cores(len(videos), jobs)):
            if outcome.error:
                workspace.progress.message(f"Failed: {outcome.error}")
            outcomes[number] = outcome
            task.advance()
    return ManyReport(tuple(outcomes))


def _each(workspace: Workspace, pieces: Sequence[_Piece], n: int) -> Iterator[tuple[int, Outcome]]:
    """Yield what came of each piece, in any order."""
    if n == 1:
        yield from ((number, _track(workspace, piece)) for number, piece in enumerate(pieces))
        return
    with Workers(workspace.settings, workspace.progress, _track, n) as workers:
        for number, result in workers.run(pieces):
            video = pieces[number].video
            yield number, Outcome(video, error=f"{video}: {result.why}.") if isinstance(result, Died) else result


def _track(workspace: Workspace, piece: _Piece) -> Outcome:
    try:
        return Outcome(piece.video, run(workspace, piece.video, piece.project, **piece.options))
    except AnnotationError as err:
        return Outcome(piece.video, error=str(err))
    except OSError as err:
        return Outcome(piece.video, error=f"{err.filename or piece.video}: {err.strerror or err}. Check the disk.")
    except Exception as err:
        # A fault of ours in one video must not cost the other thousand; where it is, the log says.
        _log.exception("%s", piece.video)
        return Outcome(piece.video, error=f"{piece.video}: {type(err).__name__}: {err}. This is a fault of FaceRec.")
