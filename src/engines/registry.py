"""The engines by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..errors import EngineError, WeightsError
from ..models import WeightsCache
from .base import Engine, ScorePrior
from .runtime import CPU, Runtime


def _sface(weights: WeightsCache, runtime: Runtime) -> Engine:
    from .sface import make_engine

    return make_engine(weights, runtime)


def _facenet(weights: WeightsCache, runtime: Runtime) -> Engine:
    from .facenet import make_engine

    return make_engine(weights, runtime)


def _facenet_yunet(weights: WeightsCache, runtime: Runtime) -> Engine:
    from .facenet import make_engine

    return make_engine(weights, runtime, detector="yunet")


def _facenet_512(weights: WeightsCache, runtime: Runtime) -> Engine:
    from .facenet import FACENET_512, make_engine

    return make_engine(weights, runtime, FACENET_512)


def _dlib(weights: WeightsCache, runtime: Runtime) -> Engine:
    from .dlib import make_engine

    return make_engine(weights, runtime)


def _dlib_mmod(weights: WeightsCache, runtime: Runtime) -> Engine:
    from .dlib import make_engine

    return make_engine(weights, runtime, "mmod")


def _insightface(weights: WeightsCache, runtime: Runtime) -> Engine:
    from .insightface import make_engine

    return make_engine(weights, runtime)


def _insightface_s(weights: WeightsCache, runtime: Runtime) -> Engine:
    from .insightface import make_engine

    return make_engine(weights, runtime, "insightface-s")


def _device(_weights: WeightsCache, runtime: Runtime) -> None:
    runtime.check()


def _facenet_here(_weights: WeightsCache, runtime: Runtime) -> None:
    from .facenet import check

    check(runtime)


def _dlib_here(_weights: WeightsCache, runtime: Runtime) -> None:
    from .dlib import check

    check(runtime)


def _insightface_here(weights: WeightsCache, runtime: Runtime, name: str = "insightface") -> None:
    runtime.check()
    if weights.packs.acceptance(name) is None:
        raise WeightsError(f"Its licence has to be accepted where the service runs: python -m src models accept {name}")


def _insightface_s_here(weights: WeightsCache, runtime: Runtime) -> None:
    _insightface_here(weights, runtime, "insightface-s")


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """An engine that can be opened.

    Attributes:
        open: Loads it, given the weights and where networks run; its packages are imported only then.
        prior: Where its scores part known people from strangers: asked for also where no network is needed.
        alike: Cosine from which two faces are likelier one person than two, where nothing else is known: what searches and
            the cleaning of training sets go by.
        about: What it is good for, in a sentence.
        check: Raises EngineError or WeightsError where it cannot run on this machine; loads and fetches nothing.
    """

    open: Callable[[WeightsCache, Runtime], Engine]
    prior: ScorePrior
    alike: float = 0.5
    about: str = ""
    check: Callable[[WeightsCache, Runtime], None] = _device


ENGINES: Mapping[str, EngineEntry] = {
    "sface": EngineEntry(
        _sface,
        ScorePrior(threshold=0.39, slope=22.7, margin=15.0, pictures=-0.76),
        alike=0.43,
        about="The quickest, and the most exact of those measured: good for most archives.",
    ),
    "facenet": EngineEntry(
        _facenet,
        ScorePrior(threshold=0.42, slope=17.7, margin=4.8, pictures=-0.50),
        alike=0.50,
        about="The networks of the first FaceRec: a little less exact, and slower.",
        check=_facenet_here,
    ),
    "facenet-yunet": EngineEntry(
        _facenet_yunet,
        ScorePrior(threshold=0.42, slope=18.5, margin=4.9, pictures=-0.56),
        alike=0.50,
        about="As exact as facenet, with a quicker detector.",
        check=_facenet_here,
    ),
    "facenet-512": EngineEntry(
        _facenet_512,
        ScorePrior(threshold=0.60, slope=20.0, margin=2.0),
        alike=0.60,
        about="A FaceNet with longer vectors; its network is fetched from GitHub.",
        check=_facenet_here,
    ),
    "dlib": EngineEntry(
        _dlib,
        ScorePrior(threshold=0.48, slope=18.4, margin=6.1, pictures=-0.76),
        alike=0.47,
        about="To compare with other programs that use dlib; it misses turned faces.",
        check=_dlib_here,
    ),
    "dlib-mmod": EngineEntry(
        _dlib_mmod,
        ScorePrior(threshold=0.48, slope=18.4, margin=6.1, pictures=-0.76),
        alike=0.47,
        about="As dlib, and finds more turned faces, which takes much longer.",
        check=_dlib_here,
    ),
    "insightface": EngineEntry(
        _insightface,
        ScorePrior(threshold=0.40, slope=20.0, margin=2.0),
        alike=0.40,
        about="Strongest in published comparisons, not measured here; its licence allows non-commercial research only.",
        check=_insightface_here,
    ),
    "insightface-s": EngineEntry(
        _insightface_s,
        ScorePrior(threshold=0.40, slope=20.0, margin=2.0),
        alike=0.40,
        about="Small and quick; its licence allows non-commercial research only.",
        check=_insightface_s_here,
    ),
}
"""Every engine that can be named.

`python -m evaluation.priors` fits the priors, on 599 faces of 24 people, from 1 to 40 pictures each. dlib-mmod embeds as
dlib does and shares its prior. Those of facenet-512 and of insightface are not fitted: their weights come from no package.
"""


def open_engine(name: str, weights: WeightsCache, runtime: Runtime = CPU) -> Engine:
    """Load an engine, fetching its weights where they are missing.

    Args:
        name: One of `ENGINES`.
        weights: Where weights are kept.
        runtime: The device and the threads of its networks.

    Raises:
        EngineError: No engine goes by this name, or its device or a package that it needs is not here.
        WeightsError: Its weights cannot be had.
    """
    if name not in ENGINES:
        near = difflib.get_close_matches(name, ENGINES, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise EngineError(f'There is no engine "{name}".{hint} Choose one of: {", ".join(ENGINES)}.')
    return ENGINES[name].open(weights, runtime)
