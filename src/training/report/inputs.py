"""What the training report is made from: plain arrays and values, filled in one place by the training stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...records import FaceQuality
from ...schema import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What a model said of faces while it did not know them.

    Attributes:
        people: k names.
        rows: (h,) int64, which of the pictures that train each held-out face is; h may be 0.
        labels: (h,) int64 in [0, k), who each is.
        confidences: (h, k) float32 in [0, 1].
        scores: (h, k) float32, uncalibrated similarity, higher is closer; -1 for a person without another picture.
        stranger_confidences: (s, k) float32 in [0, 1], the same of faces that are none of the people; s may be 0.
        stranger_scores: (s, k) float32.
        named_from: (k,) float32, the confidence from which a face is given this name.
        strangers_are: Who the strangers are, as the end of a sentence: `pictures of the folder Unknown`.
    """

    people: tuple[str, ...]
    rows: IntArray
    labels: IntArray
    confidences: FloatArray
    scores: FloatArray
    stranger_confidences: FloatArray
    stranger_scores: FloatArray
    named_from: FloatArray
    strangers_are: str = ""

    def named(self) -> IntArray:
        """Return (h,) who each held-out face is taken for, -1 for nobody."""
        return named(self.confidences, self.named_from)

    def strangers_named(self) -> IntArray:
        """Return (s,) who each stranger is taken for, -1 for nobody."""
        return named(self.stranger_confidences, self.named_from)


def named(confidences: FloatArray, named_from: FloatArray) -> IntArray:
    """Return who faces are taken for: the likeliest person, if that is likely enough.

    Args:
        confidences: (n, k) float32 in [0, 1]; n and k may be 0.
        named_from: (k,) float32; a confidence of just this names.

    Returns:
        (n,) int64 in [0, k), -1 for nobody.
    """
    if not confidences.size:
        return np.full(len(confidences), -1, np.int64)
    best = confidences.argmax(axis=1)
    enough = confidences[np.arange(len(best)), best] >= named_from[best]
    return np.where(enough, best, -1).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a training set, whether it trains or not.

    Attributes:
        person: The name of whom it is filed under.
        shown: What people call it, `Person_Name/000001_0.png`.
        crop: Its aligned face; None where there is none.
        state: `active`, or why it does not train: `disabled`, `outlier`, `no_face`, …
        reason: The same in words; may be empty.
        turn: How far the face looks to a side, -1 fully to the left of the picture, 1 to the right; None if not known.
        quality: What is known of the face.
    """

    person: str
    shown: str
    crop: Path | None = None
    state: str = "active"
    reason: str = ""
    turn: float | None = None
    quality: FaceQuality | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TrainingPictures:
    """All pictures of a project, those that train apart from the others.

    Attributes:
        used: n pictures of known people, in the order of `embeddings`.
        embeddings: (n, d) float32, L2-normalised.
        labels: (n,) int64, whom each shows, a position in `HeldOut.people`.
        aside: The pictures that do not train.
        n_strangers: Pictures of strangers that train.
    """

    used: tuple[Picture, ...]
    embeddings: FloatArray
    labels: IntArray
    aside: tuple[Picture, ...] = ()
    n_strangers: int = 0


@dataclass(frozen=True, slots=True)
class About:
    """Which model a report is about.

    Attributes:
        project, model_id, engine, classifier, created_at: As in the model's record.
        settings: What the model was made with: numbers and short texts.
        versions: Of FaceRec and of the libraries that a model depends on.
    """

    project: str
    model_id: str
    engine: str
    classifier: str
    created_at: str
    settings: Mapping[str, float | int | str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
