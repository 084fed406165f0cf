"""The second part of the work: the faces of the samples are found, and nothing is remembered of them. It runs ahead of the last
part, which follows, embeds and stores.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from ..engines import Engine
from ..faces.quality import face_qualities
from ..schema import BoolArray, Detections, FloatArray, Frame, RgbImage
from .attention import Attention
from .reading import Batch, Sample


@dataclass(frozen=True, slots=True)
class FaceLimits:
    """Which detections are followed.

    Attributes:
        min_score: Lowest detector score, inclusive.
        min_face_px: Shortest side of a box, inclusive.
        max_faces: Faces a frame; the best ones are kept.
    """

    min_score: float
    min_face_px: float
    max_faces: int

    def keep(self, found: Detections) -> tuple[Detections, bool]:
        """Return the detections that are followed, best score first, and whether there were too many of them."""
        large: BoolArray = found.boxes_xywh[:, 2:].min(axis=1, initial=np.inf) >= self.min_face_px
        rows = np.flatnonzero(large & (found.scores >= self.min_score))
        return found.take(rows[: self.max_faces]), len(rows) > self.max_faces


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A sample with the faces that were found in it.

    Attributes:
        sample: The sample.
        n_found: Faces before any was dropped.
        faces: Those that are followed.
        crops: (n, size, size, 3) uint8 RGB, aligned.
        qualities: (n,) float32 in [0, 1].
    """

    sample: Sample
    n_found: int
    faces: Detections
    crops: RgbImage
    qualities: FloatArray

    @property
    def frame(self) -> Frame:
        """The picture."""
        return self.sample.frame


def find_faces(
    batches: Generator[Batch],
    engine: Engine,
    limits: FaceLimits,
    detect_period_s: float | None = None,
    known: Detections | None = None,
) -> Generator[tuple[Batch, list[Seen]]]:
    """Yield each batch with the faces of its samples; the batches are closed with this generator.

    Args:
        batches: The samples.
        engine: Finds and aligns faces.
        limits: Which are followed.
        detect_period_s: A whole picture is looked at each so many seconds, and at the first sample of each window of time and
            of each shot; between these only where faces were. None looks at all of every sample.
        known: The faces of the sample that was worked on before an interruption; None finds them again.
    """
    finder = _Finder(engine, limits, Attention(engine.detector, detect_period_s) if detect_period_s else None, known)
    with closing(batches):
        for batch in batches:
            yield batch, finder.find(batch)


@dataclass(frozen=True, slots=True, eq=False)
class _Finder:
    """Finds the faces of one batch after the other."""

    engine: Engine
    limits: FaceLimits
    attention: Attention | None
    known: Detections | None

    def find(self, batch: Batch) -> list[Seen]:
        """Return the samples of a batch with their faces."""
        if self.attention is not None:
            return [self._attend(self.attention, sample, batch.window) for sample in batch.samples]
        images = [sample.frame.image for sample in batch.samples]
        found = self.engine.detector.detect(images) if images else []
        return [
            self._seen(sample, len(faces), self.limits.keep(faces)[0])
            for sample, faces in zip(batch.samples, found, strict=True)
        ]

    def _attend(self, attention: Attention, sample: Sample, window: int) -> Seen:
        if sample.is_known and self.known is not None:
            return self._seen(sample, len(self.known), self.known)
        found = attention.look(sample.frame, window)
        kept, is_crowd = self.limits.keep(found)
        attention.expect(sample.frame, kept, is_crowd)
        return self._seen(sample, len(found), kept)

    def _seen(self, sample: Sample, n_found: int, kept: Detections) -> Seen:
        crops = self.engine.embedder.align(sample.frame.image, kept)
        qualities = np.array([quality.overall for quality in face_qualities(kept, crops)], np.float32)
        return Seen(sample, n_found, kept, crops, qualities)
