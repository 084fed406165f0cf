"""What a run says of a video, as intervals that can be scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from src.records import Appearance
from src.schema import UNKNOWN

from .scoring import Presence


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody is said to be on screen; `end_s` lies outside.

    Attributes:
        person: Folder of the person, or `Unknown`.
        name: As shown to people: `Ben Affleck`, `Unknown 3`.
        start_s, end_s: Seconds from the start of the video, as the appearance has them.
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


def claims_of(appearances: Iterable[Appearance]) -> list[Claim]:
    """Return what the appearances of one video claim, earliest first."""
    claims = [
        Claim(shown.person_id or UNKNOWN, shown.name, shown.start_npt, shown.end_npt, shown.confidence) for shown in appearances
    ]
    return sorted(claims, key=lambda claim: (claim.start_s, claim.end_s, claim.name))
