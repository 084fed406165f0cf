"""The second half of the work: faces are followed, embedded and stored, with a checkpoint now and then."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..engines import Engine
from ..progress import Task
from ..records import Analysis, Record, Shot, Status, Track, now
from ..schema import Detections, IntArray, Interval
from ..storage import Store
from ..tracking import AnyTracker
from ..video.sampling import Sampling
from ..video.shots import Transition
from ..video.stream import VideoInfo, VideoStream
from .ahead import ahead
from .buffers import TrackBuffer, embeddings_of, sampled_faces
from .finding import FaceLimits, Seen, embed_all, find_faces
from .following import Followed, Gap, faces_between, follow_faces
from .looks import OnDemandLooks, WindowLooks
from .reading import EndedShot, Reader

CHECKPOINT_EVERY = 64
"""Sampled frames between two checkpoints, at least: what an interruption costs. They fall between two windows of time."""


class Analyser:
    """Watches a video and stores what it sees. Memory does not grow with the video: finished tracks are let go."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        analysis: Analysis,
        limits: FaceLimits,
        tracker: AnyTracker,
        embed_period_s: float | None = None,
        track_fps: float | None = None,
        detect_period_s: float | None = None,
    ) -> None:
        """Begin, or go on from the analysis's checkpoint.

        Args:
            store: Where records go.
            engine: Finds and embeds faces.
            analysis: The record; its checkpoint says from where to go on.
            limits: Which faces are followed.
            tracker: A fresh one; it is brought to the state of the checkpoint.
            embed_period_s: Of a track the best face of each window of so many seconds is embedded; None embeds all.
            track_fps: Frames a second in which faces are followed between samples; None leaves these frames out.
            detect_period_s: A whole sample is searched for faces each so many seconds, in between only where faces were; None
                searches all of every sample. Together with `embed_period_s` only.
        """
        self._store, self._engine, self._limits, self._tracker = store, engine, limits, tracker
        self._buffers: dict[int, TrackBuffer] = {}
        self._shots: list[Shot] = []
        self._counts: dict[str, int] = {"n_samples": 0, "n_faces": 0, "n_tracks": 0, "n_faces_dropped": 0}
        self._done_frame, self._n_blocks = -1, 0
        self._window_s, self._window, self._unsaved = embed_period_s, -1, 0
        self._looks = WindowLooks(engine.embedder.embed)
        self._track_fps, self._detect_period_s = track_fps, detect_period_s if embed_period_s else None
        self._last_ids: IntArray = np.zeros(0, np.int64)
        self._last: Seen | None = None
        self._known: Detections | None = None
        self._told, self._reads_whole = 0.0, True
        self._open_shot: tuple[int, float, Transition] = (0, 0.0, "")
        self.analysis = analysis
        if analysis.checkpoint:
            self._restore(analysis.checkpoint)

    @property
    def window_s(self) -> float | None:
        """Length of a window, None where samples are sparse."""
        return self._window_s

    @property
    def track_fps(self) -> float | None:
        """Frames a second in which faces are followed between samples."""
        return self._track_fps

    @property
    def detect_period_s(self) -> float | None:
        """Seconds between samples that are searched for faces as a whole; None where all are."""
        return self._detect_period_s

    @property
    def done_frame(self) -> int:
        """Index of the last sample that was taken in; -1 before the first."""
        return self._done_frame

    @property
    def knows_what_is_done(self) -> bool:
        """Whether nothing up to the last sample taken in has to be read again."""
        return "open_shot" in (self.analysis.checkpoint or {})

    @property
    def open_shot(self) -> tuple[int, float, Transition]:
        """First frame of the shot that goes on, its time, and how it began; where none has ended, not known."""
        return self._open_shot

    def watch(self, stream: VideoStream, sampling: Sampling, interval: Interval, task: Task) -> Analysis:
        """Read a video to its end and return the complete analysis.

        Decoding and detection run ahead in threads of their own; what is found is the same as if they did not. What was done
        before the checkpoint is decoded again, to count frames and find the same cuts, but neither detected nor embedded.

        Raises:
            MediaError: Not one frame of the video can be decoded.
        """
        self.take_all(self._work(stream, sampling, interval), ended(interval, stream.info), task)
        return self.finish(stream.n_damaged, stream.damage)

    def take_all(self, works: Generator[Followed], interval: Interval, task: Task, *, whole: bool = True) -> None:
        """Take in what was found, in order. What raises between two windows can be gone on with by `watch`, or after `pause`.

        Args:
            works: What was found; closed in any case.
            interval: The part of the video, with its end, for telling how far the work is.
            task: Told how many seconds are done.
            whole: The video was read from its start. Else its frames are known to be undamaged up to here, and checkpoints
                say that who goes on need not read them.
        """
        self._reads_whole = whole
        start, total = interval.start_npt, (interval.end_npt or 0.0) - interval.start_npt
        self._told = max(self._told, start)
        with closing(works):
            for work in works:
                if work.seen and work.batch.window != self._window:
                    self._end_window(min((self._told - start) / total, 1.0) if total > 0 else 0.0)
                    self._window = work.batch.window
                self._take_batch(work)
                task.advance(max(work.batch.npt - self._told, 0.0))
                self._told = max(work.batch.npt, self._told)
        task.advance(max(start + total - self._told, 0.0))

    def pause(self) -> None:
        """Store what was taken in, between two windows: the analysis can be gone on with from here."""
        self._looks.end_window(self._tracker)
        self._checkpoint(self.analysis.progress)

    def finish(self, n_damaged: int, damage: str) -> Analysis:
        """Store the rest, and return the complete analysis.

        Args:
            n_damaged: Frames and packets that could not be decoded.
            damage: What was said of the last of them.
        """
        self._looks.end_window(self._tracker)
        self._counts["n_damaged"] = n_damaged
        self._put(self._flush(), Status.COMPLETE, 1.0, None, damage)
        return self.analysis

    def _work(self, stream: VideoStream, sampling: Sampling, interval: Interval) -> Generator[Followed]:
        """Yield what the threads that run ahead make of the video."""
        reader = Reader(stream, sampling, interval, self._done_frame, self._window_s, self._track_fps)
        decoded = ahead(reader.batches(), 1)
        found = find_faces(decoded, self._engine, self._limits, self._detect_period_s, self._known)
        followed = follow_faces(ahead(found, 1))
        return ahead(followed, 1) if self._track_fps else followed

    def _take_batch(self, work: Followed) -> None:
        self._counts["n_frames"] = work.batch.n_frames
        for shot in work.batch.shots:
            self._end_shot(shot)
        for seen, gap in zip(self._embedded(work.seen), work.gaps, strict=True):
            if seen.sample.is_known:
                self._last = seen if len(seen.faces) == len(self._last_ids) else None
            else:
                self._take(seen, gap)
        if work.tail is not None:
            self._add_followed(work.tail, None, self._last_ids)

    def _embedded(self, batch: list[Seen]) -> list[Seen]:
        """Return the samples with their embeddings; without, where these are made when they are needed, or are there."""
        is_needed = self._window_s is None and batch and not batch[0].sample.is_known and batch[0].embeddings is None
        return embed_all(self._engine, batch) if is_needed else batch

    def _take(self, seen: Seen, gap: Gap | None = None) -> None:
        """Follow the faces of a sample; without embeddings, those that are needed are made here."""
        frame, faces, embeddings = seen.frame, seen.faces, seen.embeddings
        if self._buffers and frame.shot != self._shot_of_live():
            self._tracker.end_shot()
        looks = OnDemandLooks(self._engine.embedder.embed, seen)
        ids = self._tracker.update(faces, looks if embeddings is None else embeddings, frame.npt)
        if gap is not None:
            self._add_followed(gap, seen, ids)
        for row, (track_id, face) in enumerate(zip(ids.tolist(), sampled_faces(frame, faces, seen.qualities), strict=True)):
            if not track_id:
                continue
            face.embedding = looks.known(row) if embeddings is None else embeddings[row]
            buffer = self._buffers.setdefault(track_id, TrackBuffer(track_id, frame.shot))
            buffer.add(face, partial(seen.thumbnail, row))
            if embeddings is None:
                self._looks.offer(track_id, face, seen.crops[row])
        self._counts["n_samples"] += 1
        n_followed = int((ids > 0).sum())
        self._counts["n_faces"] += n_followed
        self._counts["n_faces_dropped"] += seen.n_found - n_followed
        self._done_frame = frame.frame_index
        self._last, self._last_ids = seen, ids
        self._unsaved += 1

    def _add_followed(self, gap: Gap, seen: Seen | None, ids: IntArray) -> None:
        """Add the faces between the last sample and this one, or behind the last one."""
        if self._last is None:
            return
        n_followed = 0
        for track_id, face in faces_between(gap, self._last, self._last_ids, seen if gap.backward else None, ids):
            if track_id in self._buffers or (seen is not None and track_id in ids):
                self._buffers.setdefault(track_id, TrackBuffer(track_id, self._last.frame.shot)).pending.append(face)
                n_followed += 1
        self._counts["n_followed"] = self._counts.get("n_followed", 0) + n_followed

    def _shot_of_live(self) -> int:
        return max(buffer.shot for buffer in self._buffers.values())

    def _end_shot(self, shot: EndedShot) -> None:
        (start_frame, start_npt), (end_frame, end_npt) = shot.start, shot.end
        self._shots.append(
            Shot(self.analysis.analysis_id, shot.number, start_npt, end_npt, start_frame, end_frame, shot.transition)
        )
        self._open_shot = *shot.end, shot.then
        self._counts["n_shots"] = shot.number + 1

    def _end_window(self, progress: float) -> None:
        self._looks.end_window(self._tracker)
        if self._unsaved >= CHECKPOINT_EVERY:
            self._checkpoint(progress)
            self._unsaved = 0

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
            "last_ids": self._last_ids.tolist(),
        }
        if self._track_fps and self._detect_period_s and self._last is not None:
            # Faces are followed from this sample on, and what windows found a whole picture need not show again.
            state["last_faces"] = _as_lists(self._last.faces)
        if not self._reads_whole:
            state["open_shot"] = list(self._open_shot)
        self._put(records, Status.RUNNING, progress, state)

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
        self._last_ids = np.array(state.get("last_ids", []), np.int64)
        self._known = _as_detections(state["last_faces"]) if "last_faces" in state else None
        if "open_shot" in state:
            at, npt, how = state["open_shot"]
            self._open_shot = at, npt, how
        self._tracker.restore(state["tracker"])
        for kept in state["buffers"]:
            stored = self._store.get(Track, self.analysis.analysis_id, kept["track_id"])
            buffer = TrackBuffer(
                kept["track_id"], kept["shot"], kept["summary"], stored.thumbnail if stored else b"", kept["n_parts"]
            )
            self._buffers[buffer.track_id] = buffer


def _as_lists(faces: Detections) -> list[list[float]]:
    """Return a row of 15 numbers for each face: box, score and landmarks."""
    rows: list[list[float]] = np.concatenate(
        [faces.boxes_xywh, faces.scores[:, None], faces.landmarks.reshape(-1, 10)], axis=1
    ).tolist()
    return rows


def _as_detections(rows: list[list[float]]) -> Detections:
    """Return the faces of these rows, bit for bit as they were."""
    faces = np.array(rows, np.float32).reshape(-1, 15)
    return Detections(faces[:, :4], faces[:, 4], faces[:, 5:].reshape(-1, 5, 2))


def ended(interval: Interval, info: VideoInfo) -> Interval:
    """Return a part of a video with its end, as far as the container knows it; empty where nobody does.

    It ends with the video at the latest: how far the work is would not be known of a part that goes on behind it.
    """
    known = [end for end in (interval.end_npt, info.duration) if end]
    return Interval(interval.start_npt, min(known, default=interval.start_npt))
