"""Whether tracks hold one person each, appearances are whole, and unknown people are told apart.

The truth has times and no boxes. A track's person is certain where one person only is to be seen, or one only in that half
of the picture ("left half", "right half" in the note). Seconds in which several people are in the picture, or nobody, or
somebody optional, are left out here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from src.schema import UNKNOWN

from .moments import Footage, TrackSeen, is_stranger, moments

LEAST_S = 0.1
"""An appearance that touches a row for less is none of it: cuts of other videos than the composed ones are seen by eye."""


@dataclass(frozen=True, slots=True)
class Purity:
    """Whether tracks hold one person.

    Attributes:
        pure_s: Seconds of each track in the person it shows longest. `certain_s`: in which its person is certain.
        all_s: Seconds of all tracks.
    """

    pure_s: float = 0.0
    certain_s: float = 0.0
    all_s: float = 0.0

    @property
    def purity(self) -> float | None:
        """Share that is pure; None where nothing is certain."""
        return self.pure_s / self.certain_s if self.certain_s else None


@dataclass(frozen=True, slots=True)
class Fragmentation:
    """In how many pieces people are found.

    Attributes:
        rows: Rows of the truth with somebody who counts and can be counted.
        found: Of these, with an appearance of that person at least; for strangers, of somebody unknown.
        appearances: Of those people in those rows, all together.
        in_pieces: Rows with more than one.
    """

    rows: int = 0
    found: int = 0
    appearances: int = 0
    in_pieces: int = 0

    @property
    def mean(self) -> float | None:
        """Appearances a row that was found; 1 is best."""
        return self.appearances / self.found if self.found else None


@dataclass(frozen=True, slots=True)
class BCubed:
    """How well unknown people are told apart, over all videos.

    Attributes:
        precision: Of a second of a stranger, the share of what is in the same cluster that is the same person.
        recall: The share of that person's seconds that is in the same cluster.
        weight: Seconds, or tracks, of strangers whose track is certain.
        strangers: How many these are. `clusters`: that they are in.
    """

    precision: float | None = None
    recall: float | None = None
    weight: float = 0.0
    strangers: int = 0
    clusters: int = 0

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two."""
        if self.precision is None or self.recall is None:
            return None
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def purity_of(videos: Iterable[Footage]) -> Purity:
    """Measure the purity of all tracks of several videos."""
    pure_s = certain_s = all_s = 0.0
    for video in videos:
        for track in video.tracks:
            shares = _certain(video, track)
            pure_s += max(shares.values(), default=0.0)
            certain_s += sum(shares.values())
            all_s += track.end_s - track.start_s
    return Purity(pure_s, certain_s, all_s)


def fragmentation_of(videos: Iterable[Footage]) -> Fragmentation:
    """Count the appearances of the person of each row of the truth; strangers only where they are alone."""
    counts = [count for video in videos for count in _pieces(video)]
    return Fragmentation(len(counts), sum(map(bool, counts)), sum(counts), sum(count > 1 for count in counts))


def _pieces(video: Footage) -> Iterator[int]:
    for row in video.rows:
        presence = row.presence()
        if not row.person or presence.optional or presence.excluded:
            continue
        others = [other for other in video.rows if other is not row and other.start_s < row.end_s and other.end_s > row.start_s]
        if is_stranger(row.person) and others:
            continue
        wanted = UNKNOWN if is_stranger(row.person) else row.person
        common = (
            min(claim.end_s, row.end_s) - max(claim.start_s, row.start_s) for claim in video.claims if claim.person == wanted
        )
        yield sum(length_s >= min(LEAST_S, row.end_s - row.start_s) for length_s in common)


def bcubed_of(videos: Iterable[Footage], by_track: bool = False) -> BCubed:
    """Compare the unknown people of several videos, who are one set of people, with the strangers of the truth.

    Args:
        videos: Of one project.
        by_track: Let each track count the same, and not each second.
    """
    table: dict[tuple[str, str], float] = defaultdict(float)
    for number, video in enumerate(videos):
        for track in video.tracks:
            shares = _certain(video, track)
            whole = sum(shares.values()) if by_track else 1.0
            for person, seconds in shares.items():
                table[person, track.cluster or f"{number}/{track.track_id}"] += seconds / whole
    return bcubed(table)


def bcubed(table: Mapping[tuple[str, str], float]) -> BCubed:
    """Return B-cubed precision and recall of strangers.

    Known people are no items, but a cluster that holds them beside a stranger is less precise.

    Args:
        table: Weight by who it is and which cluster it was put into.

    Source: Bagga and Baldwin, Entity-based cross-document coreferencing using the vector space model, ACL 1998.
    """
    people: dict[str, float] = defaultdict(float)
    clusters: dict[str, float] = defaultdict(float)
    for (person, cluster), weight in table.items():
        people[person] += weight
        clusters[cluster] += weight
    cells = {cell: weight for cell, weight in table.items() if is_stranger(cell[0]) and weight > 0}
    total = sum(cells.values())
    if not total:
        return BCubed()
    precision = sum(weight**2 / clusters[cluster] for (_, cluster), weight in cells.items()) / total
    recall = sum(weight**2 / people[person] for (person, _), weight in cells.items()) / total
    strangers, found = ({cell[side] for cell in cells} for side in (0, 1))
    return BCubed(precision, recall, total, len(strangers), len(found))


def _certain(video: Footage, track: TrackSeen) -> dict[str, float]:
    """Return the seconds of a track by person, where that is certain."""
    shares: dict[str, float] = defaultdict(float)
    for moment in moments(video.rows, track.start_s, track.end_s):
        person = moment.only(track.x)
        if person is not None:
            shares[person] += moment.length_s
    return dict(shares)


def mixed_clusters(videos: Sequence[Footage]) -> dict[str, dict[str, float]]:
    """Return who is in each cluster that holds more than one person, a stranger among them: the seconds of each.

    A person who is in it for less than a tenth of a second is none: the ends of tracks and rows differ by as much.
    """
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for video in videos:
        for track in video.tracks:
            for person, seconds in _certain(video, track).items():
                found[track.cluster][person] += seconds
    kept = {name: {who: s for who, s in people.items() if s >= LEAST_S} for name, people in sorted(found.items())}
    return {name: people for name, people in kept.items() if len(people) > 1 and any(map(is_stranger, people))}
