"""The life of tracks: begun by a box that nobody claims, ended by a cut or by not being seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..geometry import iou_matrix
from ..schema import FloatArray, IntArray
from .association import associate
from .motion import BoxMotion

_MEMORY = 0.8
"""Weight of the past in a track's running embedding."""


@dataclass(slots=True, eq=False)
class _Live:
    """A track that may go on. `unseen` counts samples since its last box."""

    track_id: int
    motion: BoxMotion
    embedding: FloatArray
    unseen: int = 0


class SortTracker:
    """Follows faces inside one shot by overlap and, where that fails, by likeness.

    Between samples half a second apart a face may leave its box altogether. Boxes that no track claims by overlap are
    therefore compared with the remaining tracks by their embeddings.

    Source: Bewley et al., Simple Online and Realtime Tracking, ICIP 2016. Other than there, a track is reported from its
    first box on (sparse samples have no time for probation), and appearance is used as in Wojke et al., Deep SORT,
    ICIP 2017, but after overlap and not before it.
    """

    def __init__(self, min_iou: float = 0.3, max_age: int = 2, appearance: float = 0.4) -> None:
        """Begin without tracks.

        Args:
            min_iou: Overlap of box and prediction that makes a pair; 0 to 1.
            max_age: Samples that a track outlives without being seen.
            appearance: Cosine similarity that makes a pair where boxes do not overlap; 1 means never.
        """
        self._min_iou, self._max_age, self._appearance = min_iou, max_age, appearance
        self._live: list[_Live] = []
        self._next_id = 1

    def update(self, boxes_xywh: FloatArray, embeddings: FloatArray) -> IntArray:
        """Take the faces of the next sample.

        Args:
            boxes_xywh: (n, 4) float32 pixels; n may be 0.
            embeddings: (n, d) float32, L2-normalised, one a box.

        Returns:
            (n,) int64, the track of each box; ids count from 1 and are never used again.
        """
        predicted = np.array([track.motion.predict() for track in self._live], np.float32).reshape(-1, 4)
        by_overlap = associate(iou_matrix(boxes_xywh, predicted), self._min_iou)
        likeness = self._likeness(embeddings)[np.ix_(by_overlap.boxes, by_overlap.tracks)]
        by_likeness = associate(likeness, self._appearance)
        ids = np.zeros(len(boxes_xywh), np.int64)
        for track in self._live:
            track.unseen += 1
        again = np.stack([by_overlap.boxes[by_likeness.pairs[:, 0]], by_overlap.tracks[by_likeness.pairs[:, 1]]], axis=1)
        for box, column in np.concatenate([by_overlap.pairs, again]):
            ids[box] = self._continue(self._live[column], boxes_xywh[box], embeddings[box])
        for box in np.flatnonzero(ids == 0):
            ids[box] = self._begin(boxes_xywh[box], embeddings[box])
        self._live = [track for track in self._live if track.unseen <= self._max_age]
        return ids

    def end_shot(self) -> None:
        """End all tracks: what comes next lies behind a cut."""
        self._live.clear()

    @property
    def live_ids(self) -> frozenset[int]:
        """Tracks that may still go on."""
        return frozenset(track.track_id for track in self._live)

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on later, as plain numbers."""
        return {
            "next_id": self._next_id,
            "live": [
                {
                    "track_id": track.track_id,
                    "motion": track.motion.state(),
                    "embedding": track.embedding.tolist(),
                    "unseen": track.unseen,
                }
                for track in self._live
            ],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self._next_id = state["next_id"]
        self._live = [
            _Live(
                live["track_id"],
                BoxMotion.restored(live["motion"]),
                np.array(live["embedding"], np.float32),
                live["unseen"],
            )
            for live in state["live"]
        ]

    def _likeness(self, embeddings: FloatArray) -> FloatArray:
        if not self._live or not len(embeddings) or self._appearance >= 1:
            return np.full((len(embeddings), len(self._live)), -np.inf, np.float32)
        known = np.stack([track.embedding for track in self._live])
        cosine: FloatArray = embeddings @ known.T / np.maximum(np.linalg.norm(known, axis=1), 1e-12)
        return cosine

    def _continue(self, track: _Live, box_xywh: FloatArray, embedding: FloatArray) -> int:
        track.motion.correct(box_xywh)
        track.embedding = _MEMORY * track.embedding + (1 - _MEMORY) * embedding
        track.unseen = 0
        return track.track_id

    def _begin(self, box_xywh: FloatArray, embedding: FloatArray) -> int:
        self._live.append(_Live(self._next_id, BoxMotion(box_xywh), embedding.copy()))
        self._next_id += 1
        return self._next_id - 1
