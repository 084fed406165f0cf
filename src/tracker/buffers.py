"""Tracks while they grow: samples not yet stored, and a summary of those that are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from ..records import Track, TrackEmbeddings, TrackSamples
from ..schema import Box, Detections, FloatArray, Frame, RgbImage

BLOCK_ROWS = 8192
"""Embeddings of one record: 8.6 MB with 512 numbers each, where MongoDB takes 16 MB."""
_THUMBNAIL_PX = 128
_MARGIN = 0.35
"""Share of the face's size that a thumbnail shows around it."""


@dataclass(slots=True, eq=False)
class SampledFace:
    """One face of one sampled frame, ready to be stored; most faces of dense samples have no embedding."""

    frame_index: int
    npt: float
    box_xywh: FloatArray
    landmarks: FloatArray
    score: float
    quality: float
    embedding: FloatArray | None = None


@dataclass(slots=True, eq=False)
class TrackBuffer:
    """One track that is growing."""

    track_id: int
    shot: int
    summary: dict[str, Any] = field(default_factory=dict)
    thumbnail: bytes = b""
    n_parts: int = 0
    pending: list[SampledFace] = field(default_factory=list)

    def add(self, face: SampledFace, thumbnail: Callable[[], bytes]) -> None:
        """Take in the next sample; its thumbnail is asked for only where this is the best face so far."""
        if not self.summary:
            self.summary = {"start_npt": face.npt, "start_frame": face.frame_index, "n_samples": 0, "best_quality": -1.0}
        self.summary.update(end_npt=face.npt, end_frame=face.frame_index, n_samples=self.summary["n_samples"] + 1)
        if face.quality > self.summary["best_quality"]:
            box = [float(value) for value in face.box_xywh]
            self.summary.update(best_quality=face.quality, best_npt=face.npt, best_frame=face.frame_index, best_box=box)
            self.thumbnail = thumbnail()
        self.pending.append(face)

    def flush(self, analysis_id: str) -> list[Track | TrackSamples]:
        """Return the records that bring the store up to date, and forget the samples in them."""
        if not self.pending:
            return []
        samples = _samples(analysis_id, self.track_id, self.n_parts, self.pending)
        self.n_parts += 1
        self.pending = []
        summary = self.summary | {"best_box": Box(*self.summary["best_box"])}
        return [samples, Track(analysis_id, self.track_id, self.shot, **summary, thumbnail=self.thumbnail)]

    def state(self) -> dict[str, Any]:
        """Return what is needed to go on after `flush`, as plain values; the thumbnail is in the store."""
        return {"track_id": self.track_id, "shot": self.shot, "summary": dict(self.summary), "n_parts": self.n_parts}


def make_thumbnail(image: RgbImage, box_xywh: FloatArray) -> bytes:
    """Cut a face out of a picture, with some margin, as a JPEG of at most 128 pixels."""
    x, y, w, h = (float(value) for value in box_xywh)
    margin = _MARGIN * max(w, h)
    left, top = max(int(x - margin), 0), max(int(y - margin), 0)
    crop = image[top : max(int(y + h + margin), top + 1), left : max(int(x + w + margin), left + 1)]
    if not crop.size:
        return b""
    scale = min(1.0, _THUMBNAIL_PX / max(crop.shape[:2]))
    size = max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1])


def sampled_faces(frame: Frame, found: Detections, qualities: FloatArray) -> list[SampledFace]:
    """Return one SampledFace a detection of a frame, not yet embedded."""
    return [
        SampledFace(frame.frame_index, frame.npt, *face)
        for face in zip(found.boxes_xywh, found.landmarks, found.scores.tolist(), qualities.tolist(), strict=True)
    ]


def embeddings_of(analysis_id: str, part: int, buffers: Iterable[TrackBuffer]) -> list[TrackEmbeddings]:
    """Return the pending embeddings of all tracks in blocks, numbered from `part` on; none where nothing was embedded."""
    rows = [(buffer.track_id, face) for buffer in buffers for face in buffer.pending if face.embedding is not None]
    rows.sort(key=lambda row: (row[0], row[1].frame_index))
    blocks = [rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS)]
    return [_block(analysis_id, number, block) for number, block in enumerate(blocks, start=part)]


def _block(analysis_id: str, part: int, rows: list[tuple[int, SampledFace]]) -> TrackEmbeddings:
    return TrackEmbeddings(
        analysis_id,
        part,
        track_ids=np.array([track_id for track_id, _ in rows], np.int64),
        frame_index=np.array([face.frame_index for _, face in rows], np.int64),
        weights=np.array([face.quality for _, face in rows], np.float32),
        embeddings=np.stack([face.embedding for _, face in rows if face.embedding is not None]).astype(np.float16),
    )


def _samples(analysis_id: str, track_id: int, part: int, faces: list[SampledFace]) -> TrackSamples:
    return TrackSamples(
        analysis_id,
        track_id,
        part,
        frame_index=np.array([face.frame_index for face in faces], np.int64),
        npt=np.array([face.npt for face in faces], np.float64),
        boxes_xywh=np.stack([face.box_xywh for face in faces]).astype(np.float32),
        landmarks=np.stack([face.landmarks for face in faces]).astype(np.float32),
        scores=np.array([face.score for face in faces], np.float32),
        qualities=np.array([face.quality for face in faces], np.float32),
    )
