"""What all trackers share: when a track begins and ends, what it looks like, and how to go on after an interruption."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

import numpy as np

from ..geometry import iou_matrix
from ..schema import BoolArray, Detections, FloatArray, IntArray
from .association import Association, associate, cosine_similarities, only_from
from .motion import Motion

M = TypeVar("M", bound=Motion)

OnDemand: TypeAlias = Callable[[IntArray], FloatArray]
"""Gives the (k, d) embeddings of k boxes: for samples so dense that the place of most boxes says whose they are."""

_SURE_IOU = 0.5
"""A box that overlaps so much with the prediction of one track needs no look, where nothing else is near ..."""
_NEAR_IOU = 0.02
"""... that is, where no other box or track overlaps more than this."""


@dataclass(frozen=True, slots=True)
class Life:
    """When tracks begin and end.

    Attributes:
        max_age: Samples that a track outlives without being seen.
        max_lost_s: Seconds that it outlives too, however many samples these are; needs the times of the samples.
        min_hits: Times in a row that a track has to be seen again before its boxes count; 0 counts them from the first on,
            as sparse samples need it.
    """

    max_age: int = 1
    max_lost_s: float = 0.0
    min_hits: int = 0


@dataclass(frozen=True, slots=True)
class Appearance:
    """What likeness of embeddings does to tracks; all values are cosine similarities.

    Attributes:
        join: From here on a box goes on with a track that it does not overlap; 1 means never.
        veto: Below, a box does not go on with a track although they overlap; -1 means never.
        memory: Weight of the past in a track's running embedding; 0 to 1.

    Source: after Wojke et al., Simple Online and Realtime Tracking with a Deep Association Metric, ICIP 2017; other than
    there, overlap goes first and likeness decides where it says nothing.
    """

    join: float = 0.4
    veto: float = -1.0
    memory: float = 0.8


@dataclass(slots=True, eq=False)
class LiveTrack(Generic[M]):
    """A track that may go on.

    Attributes:
        track_id: Counts from 1 over all tracks of a tracker.
        motion: Where it is expected.
        embedding: (d,) float32 running mean of its looks; None without embeddings.
        streak: Times in a row that it was seen again.
        unseen: Samples since its last box. `seen_npt`: when that was, None where times are not known.
        confirmed: Whether its boxes ever counted.
    """

    track_id: int
    motion: M
    embedding: FloatArray | None
    streak: int = 0
    unseen: int = 0
    seen_npt: float | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What is known of the n boxes of a sample and the m live tracks when they are paired.

    Attributes:
        found: The boxes and their scores.
        overlap: (n, m) float32 IoU of boxes and predicted boxes; -inf where they look like different people.
        likeness: (n, m) float32 cosines of embeddings; -inf throughout where there are none.
    """

    found: Detections
    overlap: FloatArray
    likeness: FloatArray


class Tracker(ABC, Generic[M]):
    """Follows faces through the samples of one shot after the other. Deterministic: the same input gives the same ids."""

    motion: ClassVar[type[Any]]
    """How boxes move, a `Motion`."""

    def __init__(self, min_iou: float, life: Life, appearance: Appearance | None = None, period_s: float | None = None) -> None:
        """Begin without tracks.

        Args:
            min_iou: Overlap of box and prediction that makes a pair; 0 to 1.
            life: When tracks begin and end.
            appearance: What likeness does; None follows boxes only.
            period_s: Usual time between samples. Where it is known, a longer or shorter wait moves predictions further or
                less far; without it, or without times, every sample is one step.
        """
        self._min_iou, self._life, self._appearance, self._period_s = min_iou, life, appearance, period_s
        self.reset()

    def reset(self) -> None:
        """Forget everything, for another video: ids count from 1 again."""
        self._live: list[LiveTrack[M]] = []
        self._next_id, self._n_updates = 1, 0
        self._npt: float | None = None

    def end_shot(self) -> None:
        """End all tracks: what comes next lies behind a cut. Ids go on."""
        self._live = []
        self._n_updates = 0

    def update(self, found: Detections, embeddings: FloatArray | OnDemand | None = None, npt: float | None = None) -> IntArray:
        """Take the faces of the next sample.

        Args:
            found: n faces, in any order; n may be 0.
            embeddings: (n, d) float32, L2-normalised, one a face; None where there are none. A function is asked only for
                the faces whose place leaves doubt: those that do not clearly go on with one track, and so also those that
                begin one.
            npt: Seconds from the start of the video, rising; None where times are not known.

        Returns:
            (n,) int64, the track of each face; ids count from 1 and are never used again. 0 is a face that is not, or not yet,
            part of a track.
        """
        overlap = iou_matrix(found.boxes_xywh, self._predict(npt))
        looks = self._looks(embeddings, overlap)
        made = self._pair(self._sight(found, looks, overlap))
        self._n_updates += 1
        ids = np.zeros(len(found), np.int64)
        for track in self._live:
            track.unseen += 1
        for box, column in made.pairs.tolist():
            ids[box] = self._continue(self._live[column], found.boxes_xywh[box], looks.get(box), npt)
        for box in made.boxes[self._may_begin(found)[made.boxes]].tolist():
            ids[box] = self._begin(found.boxes_xywh[box], looks.get(box), npt)
        self._live = [track for track in self._live if self._outlives(track, npt)]
        return ids

    def remember(self, track_id: int, embedding: FloatArray) -> None:
        """Tell what a track looked like lately, where its boxes were taken by their place alone.

        A track that turns out to look like somebody else ends here: what comes next begins another one. One that ended
        before is left in peace.

        Args:
            track_id: Which track.
            embedding: (d,) float32, L2-normalised, of one of its last boxes.
        """
        for track in self._live:
            if track.track_id == track_id:
                if self._is_other(track, embedding):
                    self._live.remove(track)
                else:
                    self._remember(track, embedding)
                return

    @property
    def live_ids(self) -> frozenset[int]:
        """Tracks that may still go on."""
        return frozenset(track.track_id for track in self._live)

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on later, as plain numbers."""
        return {
            "next_id": self._next_id,
            "n_updates": self._n_updates,
            "npt": self._npt,
            "live": [_live_state(track) for track in self._live],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self._next_id, self._n_updates, self._npt = state["next_id"], state["n_updates"], state["npt"]
        self._live = [self._live_from(live) for live in state["live"]]

    @abstractmethod
    def _overlapping(self, sight: Sight) -> Association:
        """Pair boxes with tracks by where they are, as the published tracker does."""

    def _is_other(self, track: LiveTrack[M], embedding: FloatArray) -> bool:
        """Say whether an embedding is too unlike a track for both to be one face."""
        if self._appearance is None or track.embedding is None:
            return False
        likeness = cosine_similarities(embedding[None], track.embedding[None])
        return bool(likeness[0, 0] < self._appearance.veto)

    def _may_begin(self, found: Detections) -> BoolArray:
        """Say which boxes begin a track when no track claims them, (n,) bool."""
        return np.ones(len(found), np.bool_)

    def _outlives(self, track: LiveTrack[M], npt: float | None) -> bool:
        """Say whether a track may still go on."""
        if track.unseen <= self._life.max_age:
            return True
        if npt is None or track.seen_npt is None:
            return False
        return npt - track.seen_npt <= self._life.max_lost_s

    def _counts(self, track: LiveTrack[M]) -> bool:
        """Say whether the box that a track has just got counts: not before it was seen often enough, but from the first
        samples of a shot on.
        """
        return track.streak >= self._life.min_hits or self._n_updates <= self._life.min_hits

    def _predict(self, npt: float | None) -> FloatArray:
        """Move all tracks to a time and return their (m, 4) boxes."""
        steps = 1.0
        if self._period_s and npt is not None and self._npt is not None:
            steps = max((npt - self._npt) / self._period_s, 0.0)
        self._npt = npt
        return np.array([track.motion.predict(steps) for track in self._live], np.float32).reshape(-1, 4)

    def _looks(self, embeddings: FloatArray | OnDemand | None, overlap: FloatArray) -> dict[int, FloatArray]:
        """Return the embeddings that are known, by box."""
        if embeddings is None:
            return {}
        if not callable(embeddings):
            return dict(enumerate(embeddings))
        rows = self._doubtful(overlap) if self._appearance is not None else np.zeros(0, np.int64)
        return dict(zip(rows.tolist(), embeddings(rows), strict=True)) if len(rows) else {}

    def _doubtful(self, overlap: FloatArray) -> IntArray:
        """Return the boxes that do not clearly go on with one track, from the (n, m) overlap with predictions."""
        n, m = overlap.shape
        if not m:
            return np.arange(n)
        near = overlap > _NEAR_IOU
        alone = near.sum(axis=1) == 1
        track = overlap.argmax(axis=1)
        unshared = near.sum(axis=0)[track] == 1
        # One that comes back may be somebody else in the same place.
        present = np.array([one.unseen == 0 for one in self._live])[track]
        return np.flatnonzero(~(alone & unshared & present & (overlap.max(axis=1) >= _SURE_IOU)))

    def _sight(self, found: Detections, looks: dict[int, FloatArray], overlap: FloatArray) -> Sight:
        likeness = np.full(overlap.shape, -np.inf, np.float32)
        remembered = {column: track.embedding for column, track in enumerate(self._live) if track.embedding is not None}
        rows, columns = list(looks), list(remembered)
        if self._appearance is None or not rows or not columns:
            return Sight(found, overlap, likeness)
        both = np.ix_(rows, columns)
        likeness[both] = cosine_similarities(np.stack([looks[row] for row in rows]), np.stack(list(remembered.values())))
        overlap = overlap.copy()
        overlap[both] = np.where(likeness[both] >= self._appearance.veto, overlap[both], np.float32(-np.inf))
        return Sight(found, overlap, likeness)

    def _pair(self, sight: Sight) -> Association:
        """Pair by place, then what is left by looks."""
        made = self._overlapping(sight)
        if self._appearance is None or self._appearance.join >= 1:
            return made
        boxes = made.boxes[self._may_begin(sight.found)[made.boxes]]
        likeness = only_from(sight.likeness[np.ix_(boxes, made.tracks)], self._appearance.join)
        return made.then(boxes, made.tracks, associate(likeness, self._appearance.join))

    def _continue(self, track: LiveTrack[M], box_xywh: FloatArray, embedding: FloatArray | None, npt: float | None) -> int:
        track.streak = track.streak + 1 if track.unseen == 1 else 1
        track.motion.correct(box_xywh)
        self._remember(track, embedding)
        track.unseen, track.seen_npt = 0, npt
        return self._shown_id(track)

    def _remember(self, track: LiveTrack[M], embedding: FloatArray | None) -> None:
        if track.embedding is None:
            track.embedding = None if embedding is None else embedding.copy()
        elif self._appearance is not None and embedding is not None:
            track.embedding = self._appearance.memory * track.embedding + (1 - self._appearance.memory) * embedding

    def _begin(self, box_xywh: FloatArray, embedding: FloatArray | None, npt: float | None) -> int:
        looks = None if embedding is None else embedding.copy()
        track: LiveTrack[M] = LiveTrack(self._next_id, self.motion(box_xywh), looks, seen_npt=npt)
        self._live.append(track)
        self._next_id += 1
        return self._shown_id(track)

    def _shown_id(self, track: LiveTrack[M]) -> int:
        shown = self._counts(track)
        track.confirmed |= shown
        return track.track_id if shown else 0

    def _live_from(self, state: dict[str, Any]) -> LiveTrack[M]:
        embedding = None if state["embedding"] is None else np.array(state["embedding"], np.float32)
        rest = {name: state[name] for name in ("streak", "unseen", "seen_npt", "confirmed")}
        return LiveTrack(state["track_id"], self.motion.restored(state["motion"]), embedding, **rest)


def _live_state(track: LiveTrack[M]) -> dict[str, Any]:
    return {
        "track_id": track.track_id,
        "motion": track.motion.state(),
        "embedding": None if track.embedding is None else track.embedding.tolist(),
        "streak": track.streak,
        "unseen": track.unseen,
        "seen_npt": track.seen_npt,
        "confirmed": track.confirmed,
    }
