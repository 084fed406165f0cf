"""The comparison of engines as tables for a document and as plain values for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from src.records import now

from ..engine_speed import Speed
from ..scores.openset import FPIRS, OpenSetResult, Protocol
from ..scores.verification import Verification
from .report import Evaluation

_SENTENCE = re.compile(r"(?<=\.)\s+")
"""What parts sentences."""


@dataclass(frozen=True, slots=True)
class FacesResult:
    """What came of the aligned faces.

    Attributes:
        way: How they were embedded: `found anew` or `as they are`.
        n_faces: Embedded. `missing`: in which no face was found.
        verification: Of all pairs.
        rules: Identification by each rule.
    """

    way: str
    n_faces: int
    missing: int
    verification: Verification
    rules: Mapping[str, OpenSetResult]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came of the probe photos.

    Attributes:
        n_photos: All. `missing`: in which no face was found.
        rank1: Whose likeliest person is right.
        accepted: Of these, named with enough confidence. `wrong`: others, named with enough confidence.
    """

    n_photos: int
    missing: int
    rank1: int
    accepted: int
    wrong: int


@dataclass(frozen=True, slots=True)
class EngineResult:
    """What came of an engine.

    Attributes:
        name: Of the engine. `engine_id`: with its version.
        error: Why it cannot be opened here; nothing else is filled then.
        faces: Over the aligned faces, once for each way of embedding them.
        probes: By classifier.
        speed: None where there is no video to time it on.
        videos: None where they were not asked for.
    """

    name: str
    engine_id: str = ""
    error: str = ""
    faces: tuple[FacesResult, ...] = ()
    probes: Mapping[str, ProbeResult] = field(default_factory=dict)
    speed: Speed | None = None
    videos: Evaluation | None = None


def as_json(results: Sequence[EngineResult], protocol: Protocol) -> dict[str, Any]:
    """Return everything as plain values."""
    return {
        "created_at": now(),
        "protocol": asdict(protocol) | {"fpir": list(FPIRS)},
        "engines": {result.name: _engine_json(result) for result in results},
    }


def _engine_json(result: EngineResult) -> dict[str, Any]:
    if result.error:
        return {"error": result.error}
    return {
        "engine": result.engine_id,
        "faces": {faces.way: asdict(faces) for faces in result.faces},
        "probes": {classifier: asdict(found) for classifier, found in result.probes.items()},
        "speed": asdict(result.speed) if result.speed else None,
        "videos": {split: _video_json(result.videos, split) for split in ("", "tune", "report")} if result.videos else None,
    }


def _video_json(evaluation: Evaluation, split: str) -> dict[str, float | None]:
    score = evaluation.total(split or None)
    total = score.overall
    ratios = {"precision": total.precision, "recall": total.recall, "f1": total.f1}
    return {**ratios, "false_naming_s": score.false_naming_s}


def as_markdown(results: Sequence[EngineResult], protocol: Protocol) -> str:
    """Return all tables."""
    parts = [_engines_table(results), _rules_table(results, protocol)]
    parts += [_probes_table(results)] if any(result.probes for result in results) else []
    parts += [_not_opened(results)] if any(result.error for result in results) else []
    return "\n\n".join(parts)


def _table(columns: Sequence[str], rows: Iterator[Sequence[str]], n_words: int) -> str:
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * n_words}{' ---: |' * (len(columns) - n_words)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _engines_table(results: Sequence[EngineResult]) -> str:
    columns = ("engine", "crops", "faces", "not found", "TAR at FAR 0.1 %", "EER", "ms a face", "ms a frame")
    videos = ("videos: precision", "recall", "F1", "F1 report") if any(result.videos for result in results) else ()

    def rows() -> Iterator[Sequence[str]]:
        for result in results:
            for faces in result.faces:
                found = faces.verification
                times = (f"{result.speed.face_ms:.1f}", f"{result.speed.frame_ms:.1f}") if result.speed else ("-", "-")
                cells = (str(faces.n_faces), str(faces.missing), f"{found.tar:.3f}", f"{found.eer:.4f}", *times)
                yield (f"`{result.name}`", faces.way, *cells, *(_video_cells(result.videos) if videos else ()))

    return _table((*columns, *videos), rows(), 2)


def _video_cells(evaluation: Evaluation | None) -> tuple[str, ...]:
    if evaluation is None:
        return ("-",) * 4
    total, report = evaluation.total().overall, evaluation.total("report").overall
    return tuple(_share(value) for value in (total.precision, total.recall, total.f1, report.f1))


def _rules_table(results: Sequence[EngineResult], protocol: Protocol) -> str:
    columns = (
        "engine",
        "crops",
        "rule",
        "DIR at 1 %",
        "at 0.1 %",
        "one threshold: at 1 %",
        "at 0.1 %",
        "threshold",
        "rank 1",
        "ECE",
    )

    def rows() -> Iterator[Sequence[str]]:
        for result in results:
            for faces in result.faces:
                for rule, found in faces.rules.items():
                    own = (f"{mean:.3f} ± {spread:.3f}" for mean, spread in zip(found.dir, found.dir_spread, strict=True))
                    common = (f"{value:.3f}" for value in found.common_dir)
                    threshold = f"{found.threshold:.2f} ± {found.threshold_spread:.2f}"
                    yield (
                        f"`{result.name}`",
                        faces.way,
                        rule,
                        *own,
                        *common,
                        threshold,
                        f"{found.rank1:.3f}",
                        _share(found.ece),
                    )

    head = (
        f"Open-set identification: half of the people known with {protocol.pictures} pictures each, all others strangers, "
        f"{protocol.splits} random halves, seed {protocol.seed}."
    )
    return f"{head}\n\n{_table(columns, rows(), 3)}"


def _probes_table(results: Sequence[EngineResult]) -> str:
    columns = ("engine", "classifier", "probe photos", "no face", "right first", "of these named", "wrongly named")

    def rows() -> Iterator[Sequence[str]]:
        for result in results:
            for classifier, found in result.probes.items():
                counts = (found.n_photos, found.missing, found.rank1, found.accepted, found.wrong)
                yield (f"`{result.name}`", classifier, *map(str, counts))

    return "Photos of `probe/`, after a training on all other photos:\n\n" + _table(columns, rows(), 2)


def _not_opened(results: Sequence[EngineResult]) -> str:
    # The first sentence says what is missing; what follows is advice for this machine, with its paths.
    rows = ((f"`{result.name}`", _SENTENCE.split(result.error)[0].replace("|", "/")) for result in results if result.error)
    return "Engines that could not be opened:\n\n" + _table(("engine", "why"), rows, 2)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
