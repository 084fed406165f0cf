"""The loop over a video: cuts, samples, detection, embedding, tracks, and a checkpoint now and then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..engines import Engine
from ..errors import MediaError
from ..faces.quality import face_qualities
from ..progress import Task
from ..records import Analysis, Record, Shot, Status, Track, now
from ..schema import BoolArray, Detections, Frame, Interval
from ..storage import Store
from ..tracking import AnyTracker
from ..video.sampling import Sampling
from ..video.shots import ShotDetector
from ..video.stream import VideoStream
from .buffers import TrackBuffer, embeddings_of, sampled_faces

CHECKPOINT_EVERY = 64
"""Sampled frames between two checkpoints: what an interruption costs, and the longest part of a track in the store."""


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

    def keep(self, found: Detections) -> Detections:
        """Return the detections that are followed, best score first."""
        large: BoolArray = found.boxes_xywh[:, 2:].min(axis=1, initial=np.inf) >= self.min_face_px
        rows = np.flatnonzero(large & (found.scores >= self.min_score))
        return found.take(rows[: self.max_faces])


class Analyser:
    """Watches a video and stores what it sees. Memory does not grow with the video: finished tracks are let go."""

    def __init__(self, store: Store, engine: Engine, analysis: Analysis, limits: FaceLimits, tracker: AnyTracker) -> None:
        """Begin, or go on from the analysis's checkpoint.

        Args:
            store: Where records go.
            engine: Finds and embeds faces.
            analysis: The record; its checkpoint says from where to go on.
            limits: Which faces are followed.
            tracker: A fresh one; it is brought to the state of the checkpoint.
        """
        self._store, self._engine, self._limits, self._tracker = store, engine, limits, tracker
        self._buffers: dict[int, TrackBuffer] = {}
        self._shots: list[Shot] = []
        self._counts: dict[str, int] = {"n_samples": 0, "n_faces": 0, "n_tracks": 0, "n_faces_dropped": 0}
        self._done_frame, self._n_blocks = -1, 0
        self.analysis = analysis
        if analysis.checkpoint:
            self._restore(analysis.checkpoint)

    def watch(self, stream: VideoStream, sampling: Sampling, interval: Interval, task: Task) -> Analysis:
        """Read a video to its end and return the complete analysis.

        What was done before the checkpoint is decoded again, to count frames and find the same cuts, but neither detected
        nor embedded.

        Raises:
            MediaError: Not one frame of the video can be decoded.
        """
        total = (interval.end_npt or stream.info.duration or 0.0) - interval.start_npt
        unsaved, told = 0, interval.start_npt
        for frame, is_new in self._samples(stream, sampling, interval):
            task.advance(frame.npt - told)
            told = frame.npt
            if not is_new:
                continue
            self._take(frame)
            unsaved += 1
            if unsaved >= CHECKPOINT_EVERY:
                self._checkpoint(min((frame.npt - interval.start_npt) / total, 1.0) if total > 0 else 0.0)
                unsaved = 0
        task.advance(max(total - (told - interval.start_npt), 0.0))
        return self._finish(stream)

    def _samples(self, stream: VideoStream, sampling: Sampling, interval: Interval) -> Iterator[tuple[Frame, bool]]:
        """Yield the sampled frames, and whether each is new; keep the list of shots on the way."""
        shots, sampler = ShotDetector(), sampling.sampler()
        shot, start, last = -1, (0, 0.0), (0, 0.0)
        period = float(1 / stream.info.frame_rate)
        n_frames = 0
        for decoded in stream.frames(interval):
            if shots.update(decoded.thumbnail()) or shot < 0:
                if shot >= 0:
                    self._end_shot(shot, start, (decoded.frame_index, decoded.npt))
                shot, start = shot + 1, (decoded.frame_index, decoded.npt)
            last = (decoded.frame_index + 1, decoded.npt + period)
            n_frames += 1
            if sampler.wants(decoded.frame_index, decoded.npt):
                is_new = decoded.frame_index > self._done_frame
                image = decoded.rgb() if is_new else np.zeros((0, 0, 3), np.uint8)
                yield Frame(decoded.frame_index, decoded.npt, image, shot), is_new
        if shot < 0:
            raise MediaError(stream.info.locator, f"has no frame from {interval.start_npt:g} s on. It ends before.")
        self._end_shot(shot, start, last)
        self._counts["n_frames"] = n_frames

    def _take(self, frame: Frame) -> None:
        found = self._engine.detector.detect([frame.image])[0]
        kept = self._limits.keep(found)
        crops = self._engine.embedder.align(frame.image, kept)
        embeddings = self._engine.embedder.embed(crops)
        qualities = np.array([quality.overall for quality in face_qualities(kept, crops)], np.float32)
        if self._buffers and frame.shot != self._shot_of_live():
            self._tracker.end_shot()
        ids = self._tracker.update(kept, embeddings, frame.npt)
        for track_id, face in zip(ids.tolist(), sampled_faces(frame, kept, qualities, embeddings), strict=True):
            if not track_id:
                continue
            buffer = self._buffers.setdefault(track_id, TrackBuffer(track_id, frame.shot))
            buffer.add(face, frame.image)
        self._counts["n_samples"] += 1
        n_followed = int((ids > 0).sum())
        self._counts["n_faces"] += n_followed
        self._counts["n_faces_dropped"] += len(found) - n_followed
        self._done_frame = frame.frame_index

    def _shot_of_live(self) -> int:
        return max(buffer.shot for buffer in self._buffers.values())

    def _end_shot(self, shot: int, start: tuple[int, float], end: tuple[int, float]) -> None:
        self._shots.append(Shot(self.analysis.analysis_id, shot, start[1], end[1], start[0], end[0]))
        self._counts["n_shots"] = shot + 1

    def _checkpoint(self, progress: float) -> None:
        """Bring the store up to date in one step: all of it lands, or none and the last checkpoint holds."""
        records = self._flush()
        live = self._tracker.live_ids
        self._buffers = {track_id: buffer for track_id, buffer in self._buffers.items() if track_id in live}
        state: dict[str, Any] = {
            "frame_index": self._done_frame,
            "n_blocks": self._n_blocks,
            "tracker": self._tracker.state(),
            "buffers": [buffer.state() for buffer in self._buffers.values()],
            "counts": dict(self._counts),
        }
        self._put(records, Status.RUNNING, progress, state)

    def _finish(self, stream: VideoStream) -> Analysis:
        self._counts["n_damaged"] = stream.n_damaged
        self._put(self._flush(), Status.COMPLETE, 1.0, None, stream.damage)
        return self.analysis

    def _flush(self) -> list[Record]:
        blocks = embeddings_of(self.analysis.analysis_id, self._n_blocks, self._buffers.values())
        self._n_blocks += len(blocks)
        records: list[Record] = [*self._shots, *blocks]
        self._shots = []
        for buffer in self._buffers.values():
            self._counts["n_tracks"] += buffer.n_parts == 0 and bool(buffer.pending)
            records += buffer.flush(self.analysis.analysis_id)
        return records

    def _put(
        self, records: list[Record], status: Status, progress: float, state: dict[str, Any] | None, error: str = ""
    ) -> None:
        analysis = replace(
            self.analysis,
            status=status,
            progress=progress,
            counts=dict(self._counts),
            error=error,
            checkpoint=state,
            updated_at=now(),
        )
        # The analysis comes last: a store that writes one by one never has a checkpoint without its tracks.
        self._store.put(*records, analysis)
        # Only now: what failed to be stored must not count as done in what is stored of the failure.
        self.analysis = analysis

    def _restore(self, state: Any) -> None:
        self._done_frame, self._n_blocks = state["frame_index"], state["n_blocks"]
        self._counts = dict(state["counts"])
        self._tracker.restore(state["tracker"])
        for kept in state["buffers"]:
            stored = self._store.get(Track, self.analysis.analysis_id, kept["track_id"])
            buffer = TrackBuffer(
                kept["track_id"], kept["shot"], kept["summary"], stored.thumbnail if stored else b"", kept["n_parts"]
            )
            self._buffers[buffer.track_id] = buffer
