"""Whether a confidence of 0.8 is right in 80 of 100 seconds: reliability and expected calibration error.

What is measured, always weighted by seconds, of three kinds of confidence:

- `samples`: a face in one frame, and its likeliest person, however unlikely. Each stands for an equal part of its track.
- `tracks`: a track, and the likeliest person of its mean embedding, whether that name was given or not.
- `appearances`: what is shown to people: a name, or "unknown".

A name is right in the seconds in which that person is on screen. The faces of strangers count too: whoever they resemble
most is wrong, so that only a low confidence is calibrated. "Unknown" is right while a stranger, or nobody, is on screen, or
every known person there is named by some other appearance. Seconds of people who are optional count neither way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from src.schema import UNKNOWN, DoubleArray

from .claims import Claim
from .moments import Footage, Moment, is_right, is_stranger, moments

N_BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Confidences of one tenth of the scale.

    Attributes:
        seconds: What lies in it.
        confidence: Mean of the confidences. `accuracy`: Share that is right.
    """

    seconds: float
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far confidences can be trusted.

    Attributes:
        bins: Of equal width from 0 to 1, empty ones left out. Of a value on a border the lower bin has it.
    """

    bins: tuple[Bin, ...] = ()

    @property
    def seconds(self) -> float:
        """All that was measured."""
        return sum(bin.seconds for bin in self.bins)

    @property
    def error(self) -> float | None:
        """Expected calibration error: by how much confidence and accuracy differ, on average; None without seconds.

        Source: Naeini et al., Obtaining well calibrated probabilities using Bayesian binning, AAAI 2015.
        """
        if not self.seconds:
            return None
        return sum(bin.seconds * abs(bin.accuracy - bin.confidence) for bin in self.bins) / self.seconds


Answers = Iterable[tuple[float, bool, float]]
"""Confidence, whether it is right, seconds."""


def reliability_of(answers: Answers) -> Reliability:
    """Sort answers into bins.

    Args:
        answers: In any order; may be none.
    """
    table: DoubleArray = np.array([(value, right, seconds) for value, right, seconds in answers], np.float64).reshape(-1, 3)
    values, right, seconds = table.T
    rows = np.searchsorted(np.linspace(0, 1, N_BINS + 1)[1:-1], values)
    bins = []
    for row in range(N_BINS):
        inside = rows == row
        weight = float(seconds[inside].sum())
        if weight > 0:
            means = (float(np.average(column[inside], weights=seconds[inside])) for column in (values, right))
            bins.append(Bin(weight, *means))
    return Reliability(tuple(bins))


def sample_answers(footage: Footage) -> Iterator[tuple[float, bool, float]]:
    """Yield the likeliest person of each sample."""
    for track in footage.tracks:
        for sample in track.samples:
            for moment in moments(footage.rows, sample.npt, np.nextafter(sample.npt, np.inf)):
                right = _is_right_at(sample.person, moment, sample.x)
                if right is not None:
                    yield sample.confidence, right, track.sample_s


def track_answers(footage: Footage) -> Iterator[tuple[float, bool, float]]:
    """Yield the likeliest person of each track, in the pieces that the truth cuts it into."""
    for track in footage.tracks:
        for moment in moments(footage.rows, track.start_s, track.end_s) if track.person else ():
            right = _is_right_at(track.person, moment, track.x)
            if right is not None:
                yield track.confidence, right, moment.length_s


def appearance_answers(footage: Footage) -> Iterator[tuple[float, bool, float]]:
    """Yield every appearance, in the pieces that the truth and other appearances cut it into."""
    for claim in footage.claims:
        for start, end, others in _company(claim, footage.claims):
            for moment in moments(footage.rows, start, end):
                right = _unknown_is_right(moment, others) if claim.person == UNKNOWN else is_right(claim.person, moment)
                if right is not None:
                    yield claim.confidence, right, moment.length_s


def _is_right_at(person: str, moment: Moment, x: float) -> bool | None:
    """Say whether a face at this place may be this person; where the truth knows who is there, by that."""
    only = moment.only(x)
    return is_right(person, moment) if only is None else only == person


def _company(claim: Claim, claims: Iterable[Claim]) -> Iterator[tuple[float, float, frozenset[str]]]:
    """Cut an appearance where others begin and end, and say who else is shown."""
    near = [other for other in claims if other.start_s < claim.end_s and other.end_s > claim.start_s]
    cuts = {claim.start_s, claim.end_s} | {
        moment for other in near for moment in (other.start_s, other.end_s) if claim.start_s < moment < claim.end_s
    }
    for start, end in pairwise(sorted(cuts)):
        yield start, end, frozenset(other.person for other in near if other.start_s <= start and other.end_s >= end)


def _unknown_is_right(moment: Moment, named: frozenset[str]) -> bool | None:
    if moment.optional:
        return None
    known = {person for person in moment.people if not is_stranger(person)}
    return any(map(is_stranger, moment.people)) or not known - named


KINDS: Mapping[str, Callable[[Footage], Answers]] = {
    "samples": sample_answers,
    "tracks": track_answers,
    "appearances": appearance_answers,
}
"""The kinds of confidence, and what of each can be checked."""


def measure(footage: Iterable[Footage]) -> dict[str, Reliability]:
    """Return the reliability of each kind of confidence over several videos."""
    videos = list(footage)
    return {kind: reliability_of(answer for video in videos for answer in of(video)) for kind, of in KINDS.items()}
