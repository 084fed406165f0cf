"""What people's decisions teach: tracks that are somebody, and tracks that are not somebody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..identities.decisions import PIECE, Rulings, active_decisions, match_track, pieces, rulings_of
from ..identities.identification import analyses_of, pool_tracks
from ..records import Analysis, Anchor, Decision, Project, TrackEmbeddings, TrackSamples, UnknownTrack, Verb, stable_id
from ..schema import FloatArray, IntArray
from ..storage import Store
from ..videos import iter_tracks, read_embeddings
from ..workspace import Workspace

_TEACHING = (Verb.IS, Verb.IS_NOT)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Somebody said who a track is.

    Attributes:
        person_id: Who.
        decisions: Ids of the decisions that say so together; without any one of them nobody said it.
    """

    person_id: str
    decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What the decisions of a project say of the tracks of one analysis. Pieces of split tracks count as tracks.

    Attributes:
        analysis: Of the video.
        samples: What was seen, by whole track.
        rulings: What the decisions mean.
        confirmed: Who a track is.
        refuted: Tracks with a person that they are not.
        unknown: Tracks that were taken for an unknown person.
    """

    analysis: Analysis
    samples: Mapping[int, TrackSamples]
    rulings: Rulings
    confirmed: Mapping[int, Confirmed]
    refuted: frozenset[tuple[int, str]]
    unknown: frozenset[int]

    @property
    def period_s(self) -> float:
        """Seconds between two samples."""
        return float(self.analysis.sampling["period_s"])

    def rows(self, track_id: int) -> IntArray:
        """Return which samples of its whole track a track or piece is made of; none where it is not there."""
        whole = track_id % PIECE
        if whole not in self.samples:
            return np.zeros(0, np.int64)
        npt = self.samples[whole].npt
        for piece_id, start, end in pieces(whole, self.rulings.splits.get(whole, ())):
            if piece_id == track_id:
                return np.flatnonzero((npt >= start) & (npt < end))
        return np.zeros(0, np.int64)

    def track_at(self, anchor: Anchor) -> int | None:
        """Return the track or piece that was seen at a time and place, None where there is none."""
        whole = match_track([anchor], self.samples, self.period_s)
        if whole is None:
            return None
        cuts = pieces(whole, self.rulings.splits.get(whole, ()))
        return next(piece_id for piece_id, start, end in cuts if start <= anchor.npt < end)

    def contradicts(self, track_id: int, person_id: str) -> bool:
        """Say whether a track is said to be somebody else, nobody, or not this person."""
        rulings = self.rulings
        said = self.confirmed.get(track_id)
        return (
            (said is not None and said.person_id != person_id)
            or (track_id, person_id) in self.refuted
            or track_id in rulings.unknown
            or track_id in rulings.ignored
            or (said is None and track_id in self.unknown)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Refuted:
    """The face of a track that is not a person.

    Attributes:
        person_id: Who it is not.
        embedding: (d,) float32, mean of the track, L2-normalised.
    """

    person_id: str
    embedding: FloatArray

    @property
    def key(self) -> str:
        """Text that differs from that of any other face or person."""
        return stable_id(self.person_id, self.embedding.tobytes().hex())


def read_lesson(store: Store, owner: Project, analysis: Analysis, decisions: Sequence[Decision]) -> Lesson:
    """Work out what decisions say of an analysis.

    Args:
        store: Where its tracks are.
        owner: The project.
        analysis: A complete one.
        decisions: The active ones of the project, oldest first.
    """
    samples = {track.track_id: found for track, found in iter_tracks(store, analysis)}
    reader = _Reader(store, owner, analysis, decisions, samples)
    return Lesson(analysis, samples, reader.rulings, reader.confirmed(), reader.refuted(), frozenset(reader.numbers))


def teaching_analyses(workspace: Workspace, owner: Project, decisions: Sequence[Decision]) -> Iterator[Analysis]:
    """Yield the analyses of a project whose tracks some decision names or refuses a name; the others are not even read."""
    said = [decision for decision in decisions if decision.verb in _TEACHING]
    videos = {decision.target.video_id for decision in said if decision.target.kind != "unknown"}
    numbers = any(decision.target.kind == "unknown" for decision in said)
    for analysis in analyses_of(workspace, owner.project):
        wanted = analysis.video_id in videos
        if not wanted and numbers:
            wanted = workspace.store.count(UnknownTrack, project=owner.project, analysis_id=analysis.analysis_id) > 0
        if wanted:
            yield analysis


def refuted_faces(workspace: Workspace, owner: Project, engine_id: str) -> list[Refuted]:
    """Return the faces that somebody said are not a person, as far as they were embedded by this very engine."""
    decisions = active_decisions(workspace.store, owner.project)
    if not any(decision.verb is Verb.IS_NOT for decision in decisions):
        return []
    result = []
    for analysis in teaching_analyses(workspace, owner, decisions):
        if analysis.engine != engine_id:
            continue
        lesson = read_lesson(workspace.store, owner, analysis, decisions)
        block = read_embeddings(workspace.store, analysis.analysis_id) if lesson.refuted else None
        for track_id, person_id in sorted(lesson.refuted) if block else ():
            assert block is not None
            rows = embedded_rows(block, lesson, track_id)
            if len(rows):
                result.append(Refuted(person_id, _pooled(block, rows)))
    return sorted(result, key=lambda face: (face.person_id, face.key))


def embedded_rows(block: TrackEmbeddings, lesson: Lesson, track_id: int) -> IntArray:
    """Return the rows of a block that are of a track or piece.

    Args:
        block: All embeddings of the lesson's analysis.
        lesson: With the samples of its tracks.
        track_id: Of the track or piece.
    """
    rows = lesson.rows(track_id)
    if not len(rows):
        return rows
    frames = lesson.samples[track_id % PIECE].frame_index[rows]
    return np.flatnonzero((block.track_ids == track_id % PIECE) & np.isin(block.frame_index, frames))


class _Reader:
    """Works out who the tracks of one analysis are and are not."""

    def __init__(
        self,
        store: Store,
        owner: Project,
        analysis: Analysis,
        decisions: Sequence[Decision],
        samples: Mapping[int, TrackSamples],
    ) -> None:
        self._analysis, self._decisions, self._samples = analysis, decisions, samples
        self.rulings = self._rulings(decisions)
        entries = store.find(UnknownTrack, project=owner.project, analysis_id=analysis.analysis_id)
        self.numbers = {entry.track_id: entry.unknown_id for entry in entries}
        self._groups = _joined(self.numbers.values(), self.rulings.unknown_same)

    def confirmed(self) -> dict[int, Confirmed]:
        """Return who each track is: what was said of it, of its unknown person, or of a track that is the same person."""
        found = self._by_number() | self._by_track()
        return {track_id: said for track_id, said in self._linked(found).items() if self._may_be(track_id, said.person_id)}

    def refuted(self) -> frozenset[tuple[int, str]]:
        """Return tracks with a person that they are not."""
        direct = {(track_id, person) for track_id, persons in self.rulings.not_persons.items() for person in persons}
        by_number = {
            (track_id, person)
            for track_id, number in self.numbers.items()
            for person in self.rulings.not_unknown.get(number, ())
            if self._person_of(number) != person
        }
        named = self.rulings.persons
        return frozenset((track_id, person) for track_id, person in direct | by_number if named.get(track_id) != person)

    def _rulings(self, decisions: Sequence[Decision]) -> Rulings:
        analysis = self._analysis
        period_s = float(analysis.sampling["period_s"])
        return rulings_of(decisions, analysis.video_id, analysis.fragment, analysis.analysis_id, self._samples, period_s)

    def _by_track(self) -> dict[int, Confirmed]:
        found = {}
        for decision in self._of(Verb.IS, "track"):
            for track_id, person_id in self._rulings([decision]).persons.items():
                if self.rulings.persons.get(track_id) == person_id:
                    found[track_id] = Confirmed(person_id, (decision.decision_id,))
        return found

    def _by_number(self) -> dict[int, Confirmed]:
        found = {}
        for track_id, number in self.numbers.items():
            person_id = self._person_of(number)
            if person_id is not None and not self._groups[number] & self.rulings.unknown_ignored:
                found[track_id] = Confirmed(person_id, self._why(self._groups[number], person_id))
        return found

    def _person_of(self, number: int) -> str | None:
        persons = self.rulings.unknown_persons
        return next((persons[other] for other in sorted(self._groups[number]) if other in persons), None)

    def _why(self, group: frozenset[int], person_id: str) -> tuple[str, ...]:
        """Return the latest decision that names an unknown person, and those that say who is the same."""
        named = [d for d in self._of(Verb.IS, "unknown") if d.target.unknown_id in group and d.person_id == person_id]
        joins = [d for d in self._of(Verb.SAME_PERSON, "unknown", Verb.MERGE) if d.target.unknown_id in group]
        return tuple(decision.decision_id for decision in (*named[-1:], *joins))

    def _linked(self, found: dict[int, Confirmed]) -> dict[int, Confirmed]:
        """Let tracks that are one person be whoever one of them is, where all that is known of them agrees."""
        links = self.rulings.same
        groups = _joined((track_id for pair in links for track_id in pair), links)
        result = dict(found)
        for group in set(groups.values()):
            known = {found[track_id].person_id: found[track_id] for track_id in sorted(group) if track_id in found}
            if len(known) == 1:
                said = next(iter(known.values()))
                why = tuple(dict.fromkeys((*said.decisions, *self._links_in(group))))
                result |= {track_id: Confirmed(said.person_id, why) for track_id in group if track_id not in found}
        return result

    def _links_in(self, group: frozenset[int]) -> Iterator[str]:
        for decision in self._of(Verb.SAME_PERSON, "track", Verb.MERGE):
            if any(set(pair) <= group for pair in self._rulings([decision]).same):
                yield decision.decision_id

    def _may_be(self, track_id: int, person_id: str) -> bool:
        rulings = self.rulings
        return (
            person_id not in rulings.not_persons.get(track_id, ())
            and rulings.persons.get(track_id, person_id) == person_id
            and track_id not in rulings.unknown
            and track_id not in rulings.ignored
        )

    def _of(self, verb: Verb, kind: str, *others: Verb) -> list[Decision]:
        return [d for d in self._decisions if d.verb in (verb, *others) and d.target.kind == kind]


def _joined(members: Iterable[int], pairs: Iterable[tuple[int, int]]) -> dict[int, frozenset[int]]:
    """Return for each member the group of all that are one with it."""
    groups = {member: frozenset([member]) for member in members}
    for one, other in pairs:
        group = groups.get(one, frozenset([one])) | groups.get(other, frozenset([other]))
        groups.update(dict.fromkeys(group, group))
    return groups


def _pooled(block: TrackEmbeddings, rows: IntArray) -> FloatArray:
    part = replace(
        block,
        track_ids=np.zeros(len(rows), np.int64),
        frame_index=block.frame_index[rows],
        weights=block.weights[rows],
        embeddings=block.embeddings[rows],
    )
    pooled: FloatArray = pool_tracks(part)[1][0]
    return pooled
