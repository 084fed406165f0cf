"""The second part of the work: the faces of the samples are found, and nothing is remembered of them. It runs ahead of the last
part, which follows, embeds and stores.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np

from ..engines import Engine
from ..faces.quality import face_qualities
from ..schema import BoolArray, Box, Detections, FloatArray, Frame, RgbImage
from .attention import Attention
from .buffers import make_thumbnail
from .reading import Batch, Sample

BESIDE = 1
"""Networks at work beside each: faces are embedded while others are searched for."""


@dataclass(frozen=True, slots=True)
class FaceLimits:
    """Which detections are followed.

    Attributes:
        min_score: Lowest detector score, inclusive.
        min_face_px: Shortest side of a box, inclusive.
        max_faces: Faces a frame; the best ones are kept.
        region: The part of the picture that is meant, in pixels: faces whose middle lies outside are nobody's business.
    """

    min_score: float
    min_face_px: float
    max_faces: int
    region: Box | None = None

    def keep(self, found: Detections) -> tuple[Detections, bool]:
        """Return the detections that are followed, best score first, and whether there were too many of them."""
        large: BoolArray = found.boxes_xywh[:, 2:].min(axis=1, initial=np.inf) >= self.min_face_px
        rows = np.flatnonzero(large & (found.scores >= self.min_score) & self._inside(found.boxes_xywh))
        return found.take(rows[: self.max_faces]), len(rows) > self.max_faces

    def n_meant(self, found: Detections) -> int:
        """Return how many detections lie in the part of the picture that is meant."""
        return int(np.count_nonzero(self._inside(found.boxes_xywh)))

    def _inside(self, boxes_xywh: FloatArray) -> BoolArray:
        """Say of each box, (n, 4) float32 x, y, w, h in pixels, whether its middle lies in the region: (n,) bool."""
        if self.region is None:
            return np.ones(len(boxes_xywh), bool)
        middles = boxes_xywh[:, :2] + boxes_xywh[:, 2:] / 2
        corner, size = np.array([self.region.x, self.region.y]), np.array([self.region.w, self.region.h])
        inside: BoolArray = ((middles >= corner) & (middles < corner + size)).all(axis=1)
        return inside


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A sample with the faces that were found in it.

    Attributes:
        sample: The sample.
        n_found: Faces before any was dropped, in the part of the picture that is meant.
        faces: Those that are followed.
        crops: (n, size, size, 3) uint8 RGB, aligned.
        qualities: (n,) float32 in [0, 1].
        embeddings: (n, d) float32 where they were made with the crops; None where they are made when they are needed.
        thumbnails: A JPEG of each face where the picture is no more there; else empty.
    """

    sample: Sample
    n_found: int
    faces: Detections
    crops: RgbImage
    qualities: FloatArray
    embeddings: FloatArray | None = None
    thumbnails: tuple[bytes, ...] = ()

    @property
    def frame(self) -> Frame:
        """The picture."""
        return self.sample.frame

    def thumbnail(self, row: int) -> bytes:
        """Return the JPEG of a face."""
        return self.thumbnails[row] if self.thumbnails else make_thumbnail(self.frame.image, self.faces.boxes_xywh[row])


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


def embed_all(engine: Engine, batch: list[Seen]) -> list[Seen]:
    """Return the samples of a batch with the embeddings of all their faces, made at once."""
    if not batch:
        return []
    embeddings = engine.embedder.embed(np.concatenate([seen.crops for seen in batch]))
    rows = np.split(embeddings, np.cumsum([len(seen.faces) for seen in batch])[:-1])
    return [replace(seen, embeddings=own) for seen, own in zip(batch, rows, strict=True)]


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
            self._seen(sample, self.limits.n_meant(faces), self.limits.keep(faces)[0])
            for sample, faces in zip(batch.samples, found, strict=True)
        ]

    def _attend(self, attention: Attention, sample: Sample, window: int) -> Seen:
        if sample.is_known and self.known is not None:
            return self._seen(sample, len(self.known), self.known)
        found = attention.look(sample.frame, window)
        kept, is_crowd = self.limits.keep(found)
        attention.expect(sample.frame, kept, is_crowd)
        return self._seen(sample, self.limits.n_meant(found), kept)

    def _seen(self, sample: Sample, n_found: int, kept: Detections) -> Seen:
        crops = self.engine.embedder.align(sample.frame.image, kept)
        qualities = np.array([quality.overall for quality in face_qualities(kept, crops)], np.float32)
        return Seen(sample, n_found, kept, crops, qualities)
