"""The second half of the demo: a stranger of the finished video gets a name, and loses it again.

Only a decision does this honestly here. The packages hold one photo of the stranger, and the video is composed of it: a model
trained on it would be asked about its own training picture.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from src import clusterize
from src.errors import GalleryError
from src.identities.decisions import active_decisions
from src.names import display_name
from src.records import Appearance, Decision, Image, Person, Target, Verb
from src.verbs import decide
from src.verbs.decide import unknown_target
from src.workspace import Workspace

from ..scores.scoring import STRANGER
from .data import TruthRow

AUTHOR = "make demo"
"""Who decides in the demo: what it said, and nothing else, is taken back."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What naming the stranger changed.

    Attributes:
        called: What the stranger was called before.
        name: And after.
        before, after: Their appearances, by time.
        seconds: From the decision to the new appearances of all videos of the project.
    """

    called: str
    name: str
    before: tuple[Appearance, ...]
    after: tuple[Appearance, ...]
    seconds: float


def name_stranger(workspace: Workspace, project: str, video: str, truth: Sequence[TruthRow]) -> Naming:
    """Say of the unknown person who appears first where the truth has a stranger who that is.

    Args:
        workspace: Where the video was named.
        project: Whose video.
        video: As it was given to the tracker.
        truth: Who is to be seen when, with a stranger.

    Raises:
        GalleryError: Nobody unknown appears there.
    """
    row = next((row for row in truth if row.person.startswith(STRANGER)), None)
    shown = clusterize.run(workspace, video, project).appearances
    stranger = next((item for item in shown if row and item.unknown_id and _is_during(item, row)), None)
    if row is None or stranger is None or stranger.unknown_id is None:
        raise GalleryError("Nobody unknown was found where the stranger is to be seen: there is nobody to give a name to.")
    name = display_name(row.person.removeprefix(STRANGER)).title()
    start = time.perf_counter()
    report = decide.run(workspace, project, Verb.IS, unknown_target(stranger.unknown_id), person=name, author=AUTHOR)
    seconds = time.perf_counter() - start
    analysis_id = stranger.analysis_id
    renamed = [item for derived in report.derived for item in derived.appearances if item.analysis_id == analysis_id]
    return Naming(
        stranger.name,
        name,
        tuple(item for item in shown if item.unknown_id == stranger.unknown_id),
        tuple(item for item in renamed if item.person_id == report.decision.person_id),
        seconds,
    )


def take_back(workspace: Workspace, project: str) -> None:
    """Undo what the demo decided, in this run or one that was interrupted, and forget whom it made up for that."""
    for decision in active_decisions(workspace.store, project):
        if decision.author == AUTHOR:
            undo = Target("decision", decision_id=decision.decision_id)
            decide.run(workspace, project, Verb.UNDO, undo, author=AUTHOR)
    ours = (decision for decision in workspace.store.find(Decision, project=project) if decision.author == AUTHOR)
    for person_id in {decision.person_id for decision in ours if decision.person_id}:
        if not workspace.store.count(Image, project=project, person_id=person_id):
            workspace.store.delete(Person, project=project, person_id=person_id)


def _is_during(item: Appearance, row: TruthRow) -> bool:
    return min(item.end_npt, row.end_s) > max(item.start_npt, row.start_s)
