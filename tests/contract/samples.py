"""One full and one bare record of every kind, and how two records are compared to the last bit."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from src.records import (
    KEYS,
    Analysis,
    Anchor,
    Appearance,
    AuditEvent,
    Decision,
    FaceQuality,
    Identification,
    IdentificationPart,
    Image,
    ImageState,
    Job,
    JobDelivery,
    JobEvent,
    JobName,
    JobStatus,
    Model,
    Owed,
    Person,
    Project,
    ProjectAccess,
    ProjectVideo,
    Provenance,
    Record,
    Role,
    Shot,
    Status,
    Target,
    Token,
    TokenUse,
    Track,
    TrackEmbeddings,
    TrackSamples,
    UnknownPerson,
    UnknownTrack,
    Verb,
    Video,
)
from src.schema import Box, Candidate

TEXT = "Ünïcødé 名前 שם 🎬 'quote\" \\ \n tab\t NUL\0 end"
BOX = Box(0.1, -2.5, 1e-30, 4096.25)


def full_records() -> list[Record]:
    """Return a record of every kind with every field filled, with the values that storage finds hardest."""
    rng = np.random.default_rng(7)
    embedding = rng.standard_normal(128).astype(np.float32)
    return [
        Project(
            "p", "sface", "1", "KNN", {"tracker": {"min_iou": 0.3}, TEXT: [1, 2.5, None, True]}, "2024-01-01T00:00:00+00:00"
        ),
        Person("p", "Ünï_名", TEXT, ("a", TEXT), TEXT, "http://x/1?q=ü", {"born": 1874, "tags": [TEXT]}, recognisable=False),
        Image(
            project="p",
            sha256="ab" * 32,
            person_id="Ünï_名",
            path="training_img/p/Ünï_名/1.jpg",
            provenance=Provenance("bing", TEXT, "http://x/ü", "http://x", "CC BY 4.0", "2024-01-01T00:00:00+00:00"),
            width=640,
            height=480,
            phash="ffff",
            state=ImageState.OUTLIER,
            reason=TEXT,
            state_by="ann",
            n_faces=2,
            aligned_path="training_img_aligned/p/Ünï_名/1_0.png",
            box=BOX,
            landmarks=rng.standard_normal((5, 2)).astype(np.float32),
            score=0.1,
            quality=FaceQuality(80.5, 0.1, 0.2, 0.3),
            engine="sface@1",
            embedding=embedding,
        ),
        Model("p", "m1", "sface@1", "SVM", ("A", TEXT), ("ab" * 32,), {"unknown": 0.1}, {"A": {"n": 3}}, "classifier/p/m1"),
        Video("v1", "video/ü.mp4", "/x/ü.mp4", "ü", TEXT, "1945", 0.1, 7680, 4320, "30000/1001", "cd" * 32, {"a": [1]}),
        Analysis(
            analysis_id="a1",
            video_id="v1",
            engine="sface@1",
            sampling={"video_speedup": 25},
            tracker={"min_iou": 0.3},
            fragment="t=10,20",
            status=Status.ERROR,
            progress=1 / 3,
            counts={"frames": 2**40},
            error=TEXT,
            versions={"av": "1"},
            checkpoint={"frame_index": 7, "open": [[1, 2]]},
        ),
        Shot("a1", 0, 0.0, 1 / 3, 0, 2**40, "dissolve"),
        Track("a1", 3, 0, 0.1, 0.2, 1, 2, 2, 0.1, 1, BOX, 0.9, bytes(range(256))),
        TrackSamples(
            analysis_id="a1",
            track_id=3,
            part=0,
            frame_index=np.array([0, 2**62], np.int64),
            npt=np.array([0.0, np.nextafter(0.1, 1)], np.float64),
            boxes_xywh=rng.standard_normal((2, 4)).astype(np.float32),
            landmarks=rng.standard_normal((2, 5, 2)).astype(np.float32),
            scores=np.array([0.5, np.nan], np.float32),
            qualities=np.array([np.inf, -0.0], np.float32),
        ),
        TrackEmbeddings(
            "a1",
            0,
            track_ids=np.array([3, 3], np.int64),
            frame_index=np.array([0, 2**62], np.int64),
            weights=np.array([0.5, np.nan], np.float32),
            embeddings=np.stack([embedding, -embedding]).astype(np.float16),
        ),
        ProjectVideo("p", "v1", "t=1,2", "a1", "2024-01-01T00:00:00+00:00"),
        Identification(
            "p",
            "0001-SVM",
            "a1",
            track_ids=np.array([3], np.int64),
            candidates=np.array([[1, 0]], np.int32),
            scores=np.array([[0.9, -0.1]], np.float32),
            confidences=np.array([[0.8, 0.1]], np.float32),
            sample_tracks=np.array([3], np.int64),
            sample_frames=np.array([0], np.int64),
            sample_people=np.array([1], np.int32),
            sample_confidences=np.array([0.5], np.float32),
            n_parts=2,
        ),
        IdentificationPart(
            "p",
            "0001-SVM",
            "a1",
            1,
            track_ids=np.array([4], np.int64),
            candidates=np.array([[0, 1]], np.int32),
            scores=np.array([[0.7, 0.1]], np.float32),
            confidences=np.array([[0.6, 0.2]], np.float32),
            sample_tracks=np.array([4], np.int64),
            sample_frames=np.array([25], np.int64),
            sample_people=np.array([0], np.int32),
            sample_confidences=np.array([0.25], np.float32),
        ),
        Decision(
            "p",
            "00000000000000000001-ab",
            Verb.SAME_PERSON,
            Target("track", "v1", "t=1,2", "a1", 3, (Anchor(1.5, BOX),)),
            person_id=TEXT.replace("\0", ""),
            name=TEXT,
            npt=0.1,
            other=Target("unknown", unknown_id=7),
            author=TEXT,
            created_at="2024-01-01T00:00:00+00:00",
        ),
        UnknownPerson("p", 7, embedding, 3, TEXT, "2024-01-01T00:00:00+00:00"),
        UnknownTrack("p", "a1", 3, 7, 2),
        Appearance(
            project="p",
            analysis_id="a1",
            track_id=3,
            name=TEXT,
            person_id="Ünï_名",
            start_npt=0.1,
            end_npt=0.2,
            start_frame=1,
            end_frame=2,
            start_sample=0,
            end_sample=1,
            confidence=0.1,
            merged_tracks=(3, 9),
            box=BOX,
            best_npt=0.1,
            candidates=(Candidate(TEXT, -0.5, 0.1), Candidate("B", 0.2, 0.0)),
            source="human",
            unknown_id=7,
            margin=0.25,
            accepted=False,
            reason=TEXT,
        ),
        Job(
            job_id="0001-ab",
            kind="track",
            project="p",
            params={"video": TEXT, "track_fps": 0.1},
            work="ef01",
            status=JobStatus.FAILED,
            progress=1 / 3,
            message=TEXT,
            error=TEXT,
            code="MediaError",
            result={"n": 2**40, TEXT: [None, True]},
            attempts=3,
            cancel_requested=True,
            owner="host-1-ab",
            lease_until=1.7e9 + 0.1,
            not_before=1.7e9 + 0.2,
            revision=2**40,
            submitted_by=TEXT,
            created_at="2024-01-01T00:00:00+00:00",
            started_at="2024-01-01T00:00:01+00:00",
            ended_at="2024-01-01T00:00:02+00:00",
        ),
        JobName("key:" + TEXT, "0001-ab", "ef01", "2024-01-01T00:00:00+00:00"),
        JobEvent("0001-ab", 2**40, "log", JobStatus.RUNNING, 0.1, TEXT, "2024-01-01T00:00:00+00:00"),
        Owed("p", "0001-ab", "2024-01-01T00:00:00+00:00"),
        JobDelivery("0001-ab", "cd", "https://x/ü?a=1", "failed", 7, 1.7e9 + 0.1, TEXT),
        Token(
            "0a1b2c3d", TEXT, Role.EDITOR, "p", "ab" * 32, TEXT, "2025-01-01T00:00:00+00:00", "2024-06-01T00:00:00+00:00", ""
        ),
        TokenUse("0a1b2c3d", "2024-01-01T00:00:00+00:00", "::1"),
        ProjectAccess("p", "v", "2024-01-01T00:00:00+00:00"),
        AuditEvent("0001", TEXT, "decide", TEXT, "failed", "127.0.0.1", "p", "2024-01-01T00:00:00+00:00"),
    ]


def bare_records() -> list[Record]:
    """Return a record of every kind with nothing in its optional fields, and empty arrays."""
    none = np.zeros(0, np.float32)
    return [
        Project("bare", ""),
        Person("bare", "A", "A"),
        Image("bare", "00", "A", "a.jpg", Provenance("folder"), 1, 1),
        Model("bare", "m", "e", "SVM", (), (), {}, {}, ""),
        Video("bare", "", "", ""),
        Analysis("bare", "v", "e", {}, {}),
        Shot("bare", 0, 0.0, 0.0, 0, 0),
        Track("bare", 0, 0, 0.0, 0.0, 0, 0, 0, 0.0, 0, Box(0, 0, 0, 0), 0.0),
        TrackSamples(
            analysis_id="bare",
            track_id=0,
            part=0,
            frame_index=np.zeros(0, np.int64),
            npt=np.zeros(0, np.float64),
            boxes_xywh=np.zeros((0, 4), np.float32),
            landmarks=np.zeros((0, 5, 2), np.float32),
            scores=none,
            qualities=none,
        ),
        TrackEmbeddings("bare", 0, np.zeros(0, np.int64), np.zeros(0, np.int64), none, np.zeros((0, 128), np.float16)),
        ProjectVideo("bare", "v", "", "a", ""),
        Identification(
            "bare",
            "m",
            "a",
            np.zeros(0, np.int64),
            np.zeros((0, 5), np.int32),
            np.zeros((0, 5), np.float32),
            np.zeros((0, 5), np.float32),
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
            np.zeros(0, np.int32),
            none,
        ),
        IdentificationPart(
            "bare",
            "m",
            "a",
            1,
            np.zeros(0, np.int64),
            np.zeros((0, 5), np.int32),
            np.zeros((0, 5), np.float32),
            np.zeros((0, 5), np.float32),
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
            np.zeros(0, np.int32),
            none,
        ),
        Decision("bare", "", Verb.UNDO, Target("decision"), created_at=""),
        UnknownPerson("bare", 1, none, 0, created_at=""),
        UnknownTrack("bare", "a", 0, 1),
        Appearance("bare", "a", 0, "Unknown 1", None, 0.0, 0.0, 0, 0, 0, 0, 0.0, (), Box(0, 0, 0, 0), 0.0),
        Job("bare", "", "bare", {}, created_at=""),
        JobName("bare", "bare", created_at=""),
        JobEvent("bare", 0, "", JobStatus.QUEUED, created_at=""),
        JobDelivery("bare", "", ""),
        Owed("bare", "bare", ""),
        Token("bare", "", Role.VIEWER, "", "", created_at=""),
        TokenUse("bare", ""),
        ProjectAccess("bare", "bare", ""),
        AuditEvent("bare", "", "", created_at=""),
    ]


def person(number: int, project: str = "p") -> Person:
    """Return one of many people, whose order by key is that of their numbers."""
    return Person(project, f"{number:06}", f"Person {number}")


def key_of(record: Record) -> tuple[Any, ...]:
    """Return the values that name a record."""
    return tuple(getattr(record, name) for name in KEYS[type(record)])


def assert_same(got: Any, wanted: Any) -> None:
    """Check that two values are of one type and equal, arrays bit by bit, negative zero and NaN included."""
    assert type(got) is type(wanted)
    if isinstance(wanted, np.ndarray):
        assert (got.dtype, got.shape, got.tobytes()) == (wanted.dtype, wanted.shape, wanted.tobytes())
    elif type(wanted) in KEYS:
        for field in fields(wanted):
            assert_same(getattr(got, field.name), getattr(wanted, field.name))
    else:
        assert got == wanted
