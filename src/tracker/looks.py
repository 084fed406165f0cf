"""Which faces are embedded: all of them where samples are sparse, the best of each track in each window where they are dense.

Neighbouring frames show a face in nearly the same way, and embedding it is the dearest step of all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..schema import FloatArray, IntArray, RgbImage
from ..tracking import AnyTracker
from .buffers import SampledFace
from .finding import Seen

DENSE_S = 0.25
"""Samples that are at most this far apart are dense: faces hardly move from one to the next."""

Embed = Callable[[RgbImage], FloatArray]


@dataclass(slots=True, eq=False)
class _Best:
    """The best face of a track in a window, and its crop."""

    face: SampledFace
    crop: RgbImage


class OnDemandLooks:
    """Embeds the crops of one sample when they are asked for, each once."""

    def __init__(self, embed: Embed, seen: Seen) -> None:
        """Begin with none embedded."""
        self._embed, self._crops = embed, seen.crops
        self._known: dict[int, FloatArray] = {}

    def __call__(self, rows: IntArray) -> FloatArray:
        """Return the (k, d) embeddings of k faces of the sample."""
        new = [row for row in rows.tolist() if row not in self._known]
        self._known.update(zip(new, self._embed(self._crops[new]), strict=True))
        return np.stack([self._known[row] for row in rows.tolist()])

    def known(self, row: int) -> FloatArray | None:
        """Return an embedding that was asked for before."""
        return self._known.get(row)


class WindowLooks:
    """Keeps the best face of each track until a window of time ends. Memory: one crop a track that was seen in the window."""

    def __init__(self, embed: Embed) -> None:
        """Begin without tracks."""
        self._embed = embed
        self._best: dict[int, _Best] = {}

    def offer(self, track_id: int, face: SampledFace, crop: RgbImage) -> None:
        """Take note of the next face of a track."""
        best = self._best.get(track_id)
        if best is None or face.quality > best.face.quality:
            self._best[track_id] = _Best(face, crop.copy())

    def end_window(self, tracker: AnyTracker) -> None:
        """Embed the best face of each track, all at once, and tell the tracker what its tracks look like."""
        new = {track_id: best for track_id, best in self._best.items() if best.face.embedding is None}
        self._best = {}
        if not new:
            return
        embeddings = self._embed(np.stack([best.crop for best in new.values()]))
        for (track_id, best), embedding in zip(new.items(), embeddings, strict=True):
            best.face.embedding = embedding
            tracker.remember(track_id, embedding)
