"""Repeats the published evaluation of FaceRec: are the right people among the appearances of each segment?

    python -m evaluation.facerec --predictions FILE --ground_truth CSV
    python -m evaluation.facerec --run FOLDER          # what `python -m src bulk` wrote of such a CSV

The appearances of a segment are derived from its per-sample predictions alone, by one rule or both.

Source: Lisena, Laaksonen and Troncy, FaceRec: An Interactive Framework for Face Recognition in Video Archives, DataTV 2021.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from src.cli import CONTEXT, run_command
from src.disk.files import write_json
from src.errors import ConfigError
from src.recognition.voting import Voting, VotingRule, accepts, at_least, count_votes, joint_confidence
from src.schema import DoubleArray

from .reports.documents import write_section
from .scores.predictions import ALIASES, NOBODY, NameBook, SampledTrack, SegmentPredictions, read_ground_truth, read_predictions

THRESHOLDS = tuple(percent / 100 for percent in range(40, 100, 5))
"""0.40, 0.45 … 0.95."""

RULES: Mapping[Voting, VotingRule] = {
    "majority": VotingRule(0, dominant_ratio=0.6, weighted_dominant_ratio=0.4, min_length=2, voting="majority"),
    "weighted": VotingRule(0),
}
"""The published rule with the published limits, and our default. The threshold is applied to appearances, and so is
`min_length`: it counts from the first to the last sample of an appearance."""


@dataclass(frozen=True, slots=True)
class SegmentAppearance:
    """Somebody is said to appear in a segment, on one track or on several that follow each other."""

    name: str
    confidence: float
    track_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Segments at one threshold.

    Attributes:
        tp: The right person is among the appearances, whoever else is.
        fp: There are appearances, and the right person is not among them, or there is no right person.
        fn: There is a right person, who is not among the appearances. If others are, the segment counts under `fp` too.
        tn: There is nobody to recognise, and no appearance.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def precision(self) -> float | None:
        """Share of the segments with appearances that are right; None without any."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def recall(self) -> float | None:
        """Share of the segments with a person in which that person was found; None without any."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two; None where there is nothing to find and nothing was said."""
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total else None


@dataclass(frozen=True, slots=True)
class FacerecResult:
    """What an evaluation gives.

    Attributes:
        people: Of each segment the person to be found; empty for nobody.
        n_samples: Predictions that were read.
        appearances: By rule, those of each segment at threshold 0.
        counts: By rule, those at each of `THRESHOLDS`.
    """

    people: tuple[str, ...]
    n_samples: int
    appearances: Mapping[Voting, tuple[tuple[SegmentAppearance, ...], ...]]
    counts: Mapping[Voting, tuple[Counts, ...]]


def evaluate(
    predictions: Path,
    ground_truth: Path,
    votings: Sequence[Voting] = tuple(RULES),
    aliases: Sequence[tuple[str, str]] = ALIASES,
) -> FacerecResult:
    """Derive the appearances of each segment and compare them with the ground truth.

    Args:
        predictions: Per-sample predictions, see `evaluation.scores.predictions`.
        ground_truth: The segments.
        votings: The rules to use.
        aliases: Pairs of names that mean one person, the second as in the ground truth.

    Raises:
        ConfigError: One of the files is wrong; the message names file and line.
    """
    written = read_ground_truth(ground_truth)
    book = NameBook((person for person in written if person.strip() != NOBODY), aliases)
    people = tuple(book.call(person) for person in written)
    read = read_predictions(predictions, len(people), book)
    found = {
        voting: tuple(appearances_of(read, segment, RULES[voting]) for segment in range(len(people))) for voting in votings
    }
    counts = {voting: tuple(count(people, found[voting], limit) for limit in THRESHOLDS) for voting in votings}
    return FacerecResult(people, read.n_samples, found, counts)


def appearances_of(read: SegmentPredictions, segment: int, rule: VotingRule) -> tuple[SegmentAppearance, ...]:
    """Vote on each track of a segment, and join each to the one before it of the same name where no sample lies between.

    Args:
        read: All predictions.
        segment: Number of the segment; it may have no samples.
        rule: How to vote; its `min_length` is asked of what was joined.

    Returns:
        The appearances, whatever their confidence, in the order of their first tracks.
    """
    chains: dict[str, list[list[_NamedTrack]]] = {}
    for track_id in sorted(read.segments.get(segment, ())):
        track = _named(read, segment, track_id, rule)
        if track is None:
            continue
        own = chains.setdefault(track.name, [])
        if own and track.sampled.first_sample - own[-1][-1].sampled.last_sample == 1:
            own[-1].append(track)
        else:
            own.append([track])
    joined = [chain for own in chains.values() for chain in own if _length(chain) >= rule.min_length]
    return tuple(_appearance(chain, rule) for chain in sorted(joined, key=lambda chain: chain[0].track_id))


@dataclass(frozen=True, slots=True, eq=False)
class _NamedTrack:
    """A track that got a name: `confidences` are those of the samples that carry it."""

    track_id: int
    name: str
    sampled: SampledTrack
    confidences: DoubleArray


def _named(read: SegmentPredictions, segment: int, track_id: int, rule: VotingRule) -> _NamedTrack | None:
    names, confidences = read.track(segment, track_id)
    vote = count_votes(names, confidences, voting=rule.voting)
    alone = VotingRule(0, rule.dominant_ratio, rule.weighted_dominant_ratio, 1, rule.voting)
    if not vote.name or not accepts(alone, vote, vote.confidence):
        return None
    own = confidences[[name == vote.name for name in names]]
    return _NamedTrack(track_id, vote.name, read.segments[segment][track_id], own)


def _length(chain: Sequence[_NamedTrack]) -> int:
    return chain[-1].sampled.last_sample - chain[0].sampled.first_sample + 1


def _appearance(chain: Sequence[_NamedTrack], rule: VotingRule) -> SegmentAppearance:
    confidence = _mean_confidence(chain) if rule.voting == "majority" else _joint_confidence(chain)
    return SegmentAppearance(chain[0].name, confidence, tuple(track.track_id for track in chain))


def _mean_confidence(chain: Sequence[_NamedTrack]) -> float:
    """Weigh the mean of each track by the time that it covers, as published."""
    return float(np.average([track.confidences.mean() for track in chain], weights=[_length([track]) for track in chain]))


def _joint_confidence(chain: Sequence[_NamedTrack]) -> float:
    """Take the samples of all tracks together: neighbours of one name strengthen each other."""
    confidences = np.concatenate([track.confidences for track in chain])
    return joint_confidence(confidences, np.maximum(confidences, 1e-6))


def count(people: Sequence[str], found: Sequence[Sequence[SegmentAppearance]], threshold: float) -> Counts:
    """Count the segments that are right and wrong at a threshold, which is inclusive.

    Args:
        people: Of each segment the person to be found; empty for nobody.
        found: Of each segment the appearances.
        threshold: Appearances with less confidence are left out.
    """
    tp = fp = fn = tn = 0
    for person, appearances in zip(people, found, strict=True):
        names = {appearance.name for appearance in appearances if at_least(appearance.confidence, threshold)}
        right = person in names
        tp += right
        fp += bool(names) and not right
        fn += bool(person) and not right
        tn += not person and not names
    return Counts(tp, fp, fn, tn)


def as_markdown(result: FacerecResult) -> str:
    """Return the table: a line a threshold, the rules side by side, and the means over all thresholds below."""
    with_person = sum(map(bool, result.people))
    sizes = f"{len(result.people)} segments, {with_person} of them with a person, {result.n_samples} samples."
    columns = ["threshold", *(name for voting in result.counts for name in (f"{voting} P", "R", "F1", "tp/fp/fn"))]
    lines = [
        [f"{limit:.2f}", *(cell for counts in result.counts.values() for cell in _cells(counts[row]))]
        for row, limit in enumerate(THRESHOLDS)
    ]
    lines.append(["mean", *(cell for counts in result.counts.values() for cell in (*_means(counts), ""))])
    widths = [max(len(line[column]) for line in (columns, *lines)) for column in range(len(columns))]
    rule = ["-" * (width - 1) + ":" for width in widths]
    table = [
        " | ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in (columns, rule, *lines)
    ]
    return "\n".join([f"{sizes} P = precision, R = recall.", "", *(f"| {line} |" for line in table)])


def _cells(counts: Counts) -> list[str]:
    ratios = [_ratio(value) for value in (counts.precision, counts.recall, counts.f1)]
    return [*ratios, f"{counts.tp}/{counts.fp}/{counts.fn}"]


def _means(counts: Sequence[Counts]) -> list[str]:
    columns = [[getattr(at, name) for at in counts] for name in ("precision", "recall", "f1")]
    return [_ratio(_mean(column)) for column in columns]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def as_json(result: FacerecResult) -> dict[str, Any]:
    """Return the result as plain values; a ratio is null where there is nothing to divide."""
    return {
        "segments": len(result.people),
        "with_person": sum(map(bool, result.people)),
        "samples": result.n_samples,
        "rules": {voting: _rule_json(result, voting) for voting in result.counts},
    }


def _rule_json(result: FacerecResult, voting: Voting) -> dict[str, Any]:
    rule, counts = RULES[voting], result.counts[voting]
    limits = {name: getattr(rule, name) for name in ("dominant_ratio", "weighted_dominant_ratio", "min_length")}
    return {
        **limits,
        "mean_f1": _mean([at.f1 for at in counts]),
        "thresholds": [_counts_json(limit, at) for limit, at in zip(THRESHOLDS, counts, strict=True)],
        "appearances": [
            {"segment": segment, "person": person or None, "found": [asdict(appearance) for appearance in found]}
            for segment, (person, found) in enumerate(zip(result.people, result.appearances[voting], strict=True))
        ],
    }


def _counts_json(threshold: float, counts: Counts) -> dict[str, float | None]:
    ratios = {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
    return {"threshold": threshold, **asdict(counts), **ratios}


def read_run(folder: Path) -> tuple[Path, Path, int]:
    """Return the predictions of a bulk run, its report, whose rows are those of its table, and how many of them failed.

    Raises:
        ConfigError: The folder holds no bulk run, or one without a model, or one that says of nobody that they are to be seen.
    """
    path = folder / "report.json"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        table, failed = str(said["table"]), int(said["failed"])
        people = [str(outcome["row"]["person"]) for outcome in said["outcomes"]]
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise ConfigError(f"{path} is no report of a bulk run. Make one with: python -m src bulk --table CSV") from err
    if not any(people):
        raise ConfigError(f"{table} has no column person with who is to be seen, so that there is nothing to score.")
    if not (folder / "predictions.csv").is_file():
        raise ConfigError(f"{folder} has no predictions: its project had no model. Train one, and run bulk again.")
    return folder / "predictions.csv", folder / "report.csv", failed


def _pairs(_context: click.Context, _flag: click.Parameter, values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Take `OTHER=NAME` apart."""
    pairs = [value.partition("=") for value in values]
    wrong = [value for value, (other, _, name) in zip(values, pairs, strict=True) if not (other.strip() and name.strip())]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not of the form OTHER=NAME.")
    return tuple((other, name) for other, _, name in pairs)


@click.command(context_settings=CONTEXT)
@click.option(
    "--predictions",
    type=click.Path(path_type=Path),
    help="Per-sample predictions: the columns of predictions.csv, and segment, the row of the ground truth from 0.",
)
@click.option("--ground_truth", type=click.Path(path_type=Path), help="Segments with their person; 0 means nobody.")
@click.option("--run", "folder", type=click.Path(path_type=Path), help="Folder of a bulk run; in the place of the two.")
@click.option(
    "--voting",
    type=click.Choice([*RULES, "both"]),
    default="both",
    show_default=True,
    help="Rule that names tracks: the published double majority, our default, or both.",
)
@click.option(
    "--alias",
    "aliases",
    multiple=True,
    metavar="OTHER=NAME",
    callback=_pairs,
    help="Another name of somebody in the ground truth; may be given several times. "
    "Known: " + ", ".join("=".join(pair) for pair in ALIASES) + ".",
)
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write everything as JSON too; - for standard output."
)
@click.option("--document", type=click.Path(path_type=Path), help="Put the table between marks of a Markdown file.")
@click.option("--section", default="facerec", show_default=True, help="Name of these marks: <!-- NAME: begin --> and end.")
def command(
    predictions: Path | None,
    ground_truth: Path | None,
    folder: Path | None,
    voting: str,
    aliases: tuple[tuple[str, str], ...],
    json_path: Path | None,
    document: Path | None,
    section: str,
) -> None:
    """Measure per-sample predictions, segment by segment, over thresholds."""
    if (folder is None) is (predictions is None or ground_truth is None):
        raise click.UsageError("Give --predictions and --ground_truth, or --run.")
    failed = 0
    if folder is not None:
        predictions, report, failed = read_run(folder)
        ground_truth = ground_truth or report
    assert predictions is not None and ground_truth is not None, "one of the two ways was taken"
    votings = tuple(one for one in RULES if voting in {one, "both"})
    result = evaluate(predictions, ground_truth, votings, (*aliases, *ALIASES))
    to_stdout = json_path == Path("-")
    click.echo(json.dumps(as_json(result), indent=2, ensure_ascii=False) if to_stdout else as_markdown(result))
    if failed:
        click.echo(f"{failed} segments were not analysed, and count as segments without appearances.", err=True)
    if json_path and not to_stdout:
        write_json(json_path, as_json(result))
    if document:
        write_section(document, section, as_markdown(result))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "python -m evaluation.facerec")


if __name__ == "__main__":
    sys.exit(main())
