"""What a run says of a video, as intervals that can be scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from src.records import Appearance, Shot
from src.schema import UNKNOWN
from src.storage import Store

from .scoring import Presence, claimed


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody is said to be on screen; `end_s` lies outside.

    Attributes:
        person: Folder of the person, or `Unknown`.
        name: As shown to people: `Ben Affleck`, `Unknown 3`.
        start_s, end_s: Seconds from the start of the video, with the time around the samples; see `scoring.claimed`.
        confidence: Of the name.
    """

    person: str
    name: str
    start_s: float
    end_s: float
    confidence: float

    @property
    def presence(self) -> Presence:
        """What the scorer needs."""
        return Presence(self.person, self.start_s, self.end_s)


def claims_of(store: Store, appearances: Iterable[Appearance], period_s: float) -> list[Claim]:
    """Return what appearances claim, earliest first.

    Args:
        store: Holds the shots of the analysis.
        appearances: Of one video.
        period_s: Seconds between two samples of the analysis.
    """
    listed = list(appearances)
    shots = {
        analysis_id: [(shot.start_npt, shot.end_npt) for shot in store.find(Shot, analysis_id=analysis_id)]
        for analysis_id in {appearance.analysis_id for appearance in listed}
    }
    claims = [_claim(appearance, period_s, shots[appearance.analysis_id]) for appearance in listed]
    return sorted(claims, key=lambda claim: (claim.start_s, claim.end_s, claim.name))


def _claim(appearance: Appearance, period_s: float, shots: list[tuple[float, float]]) -> Claim:
    start_s, end_s = claimed(appearance.start_npt, appearance.end_npt, period_s, shots)
    return Claim(appearance.person_id or UNKNOWN, appearance.name, start_s, end_s, appearance.confidence)
