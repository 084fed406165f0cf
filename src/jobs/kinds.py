"""What can be done as a job: a table of kinds, each with its parameters and what runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ..errors import JobError
from ..records import Job
from ..workspace import Workspace
from . import runs
from .params import (
    AlignParams,
    AnalyseParams,
    ClusterParams,
    CrawlParams,
    DeriveParams,
    EraseParams,
    ExportParams,
    LearnParams,
    NoParams,
    Params,
    TrackParams,
    TrainParams,
)
from .runs import Outcome


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job.

    Attributes:
        name: What it is called.
        params: Its parameters.
        run: Does it, in the process of the job: workspace, job, its parameters.
        steps: How the labels of its tasks begin, with the share of the whole that each is; nothing where there is one task.
        in_turn: Whether jobs of one project that say so are done one after the other, in the order of submission: those that
            change its people, pictures or names. The others disturb nobody.
        forgets: Whether its parameters are not kept once it is done: they name who must not be named any more.
    """

    name: str
    params: type[Params]
    run: Callable[[Workspace, Job, Any], Outcome]
    steps: Callable[[Any], Mapping[str, float]] = lambda _params: {}
    in_turn: bool = True
    forgets: bool = False


def _a_person_each(params: CrawlParams) -> Mapping[str, float]:
    return {name: 1 / len(params.keywords) for name in params.keywords}


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("crawl", CrawlParams, runs.crawl, _a_person_each),
        Kind("align", AlignParams, runs.align, lambda _: {"Aligning": 0.8, "Cleaning": 0.2}),
        Kind("clean", NoParams, runs.clean),
        Kind("train", TrainParams, runs.train),
        Kind("learn", LearnParams, runs.learn),
        Kind("track", TrackParams, runs.track, in_turn=False),
        Kind("analyse", AnalyseParams, runs.analyse, in_turn=False),
        Kind("refresh", NoParams, runs.refresh),
        Kind("identify", NoParams, runs.identify, lambda _: {"Identifying": 0.5, "Appearances": 0.5}),
        Kind("cluster", ClusterParams, runs.cluster),
        Kind("derive", DeriveParams, runs.derive),
        Kind("export", ExportParams, runs.export, in_turn=False),
        Kind("erase", EraseParams, runs.erase, forgets=True),
    )
}
"""All kinds by their names."""


def checked(kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a job that is to be submitted, as they are stored: those that were given.

    Raises:
        JobError: There is no such kind, or these are not its parameters.
    """
    if kind not in KINDS:
        raise JobError("unknown_kind", f'There is no kind of job "{kind}". Choose one of: {", ".join(KINDS)}.')
    try:
        found = KINDS[kind].params.model_validate(dict(params))
    except ValidationError as err:
        raise JobError("bad_params", f"{kind}: " + "; ".join(map(_explained, err.errors()))) from err
    return found.model_dump(mode="json", exclude_defaults=True)


def _explained(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"there is no parameter {name}"
    return f"{name}: {problem['msg']}" if name else str(problem["msg"])
