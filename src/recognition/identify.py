"""A trained model: who a face is, how sure that is, and everything needed to say so again from files."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import GalleryError
from ..schema import FloatArray, HalfArray, IntArray, Predictions
from .calibration import Negatives, OpenSet, fit_open_set, fit_temperature, softmax
from .classifiers import FaceClassifier, make_classifier
from .gallery import Gallery

FOLDS = 5
_META, _ARRAYS = "model.json", "gallery.npz"
_CHUNK = 4096
"""Faces at a time; see `gallery`."""


@dataclass(frozen=True, slots=True, eq=False)
class Recognizer:
    """Gallery, classifier and calibration together.

    The classifier says which of the known people a face is most like; the gallery's evidence, calibrated on held-out faces
    and on strangers, says whether it is anybody known at all. A confidence is the product of the two probabilities.
    """

    classifier_name: str
    gallery: Gallery
    classifier: FaceClassifier
    temperature: float
    open_set: OpenSet

    def predict(self, embeddings: FloatArray) -> Predictions:
        """Say who each face is.

        Args:
            embeddings: (m, d) float32, L2-normalised; m may be 0.

        Returns:
            Predictions for m faces over the gallery's people.
        """
        evidence = self.gallery.evidence(embeddings)
        share = softmax(self.classifier.scores(embeddings), self.temperature)
        share *= self.open_set.known_as(evidence)
        return Predictions(self.gallery.people, share, evidence)

    def best(self, embeddings: HalfArray | FloatArray) -> tuple[NDArray[np.int32], FloatArray]:
        """Say who each of many faces most likely is, in bounded memory.

        Args:
            embeddings: (m, d) float16 or float32, L2-normalised; m may be 0.

        Returns:
            (m,) positions in the gallery's people, and (m,) confidences.
        """
        from threadpoolctl import threadpool_limits

        def name(start: int) -> tuple[NDArray[np.int32], FloatArray]:
            found = self.predict(embeddings[start : start + _CHUNK].astype(np.float32)).confidences
            return found.argmax(axis=1).astype(np.int32), found.max(axis=1)

        if not len(embeddings):
            return np.zeros(0, np.int32), np.zeros(0, np.float32)
        # One thread a chunk, and none inside: the products are many and small, and threads that share one wait for each other.
        with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
            people, confidences = zip(*pool.map(name, range(0, len(embeddings), _CHUNK)), strict=True)
        return np.concatenate(people), np.concatenate(confidences)

    def save(self, folder: Path) -> None:
        """Write the model into a new folder, without any pickle."""
        folder.mkdir(parents=True)
        np.savez(folder / _ARRAYS, embeddings=self.gallery.embeddings, labels=self.gallery.labels)
        self.classifier.save(folder)
        meta = {
            "classifier": self.classifier_name,
            "people": list(self.gallery.people),
            "temperature": self.temperature,
            "open_set": self.open_set.to_dict(),
        }
        (folder / _META).write_text(json.dumps(meta, indent=2, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Recognizer:
        """Read what `save` wrote.

        Raises:
            GalleryError: The folder holds no model, or a damaged one.
        """
        try:
            meta, gallery = _read(folder)
            classifier = make_classifier(meta["classifier"])
            classifier.load(folder)
            numbers = meta["open_set"] | {"offsets": tuple(meta["open_set"].get("offsets", ()))}
            return cls(meta["classifier"], gallery, classifier, meta["temperature"], OpenSet(**numbers))
        except (OSError, ValueError, KeyError, TypeError) as err:
            raise _unreadable(folder, err) from err


def load_gallery(folder: Path) -> Gallery:
    """Read the known faces alone of what `Recognizer.save` wrote: without a classifier, whose package may be large.

    Raises:
        GalleryError: The folder holds no model, or a damaged one.
    """
    try:
        return _read(folder)[1]
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise _unreadable(folder, err) from err


def _read(folder: Path) -> tuple[dict[str, Any], Gallery]:
    meta = json.loads((folder / _META).read_text(encoding="utf-8"))
    with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
        return meta, Gallery(tuple(meta["people"]), arrays["embeddings"], arrays["labels"])


def _unreadable(folder: Path, err: Exception) -> GalleryError:
    return GalleryError(f"The model in {folder} cannot be read: {err}. Train again.")


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """What a classifier said of faces while they were held out.

    Attributes:
        rows: (h,) int64, the faces of the gallery that could be held out: those of people with two pictures or more.
        scores: (h, k) float32 of the classifier.
        evidence: (h, k) float32 of the gallery without these faces.
    """

    rows: IntArray
    scores: FloatArray
    evidence: FloatArray


def cross_validate(classifier_name: str, gallery: Gallery) -> CrossValidation:
    """Train on all folds but one and score that one, in turn.

    A person with one picture is always trained on and never held out.

    Args:
        classifier_name: One of `CLASSIFIERS`.
        gallery: Known people only.
    """
    folds = _folds(gallery.labels)
    shape = (len(gallery.labels), len(gallery.people))
    scores, evidence = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for fold in range(FOLDS):
        held = folds == fold
        if held.any():
            rest = gallery.take(~held)
            classifier = make_classifier(classifier_name)
            classifier.fit(rest.embeddings, rest.labels)
            scores[held] = classifier.scores(gallery.embeddings[held])
            evidence[held] = rest.evidence(gallery.embeddings[held])
    rows = np.flatnonzero(folds >= 0)
    return CrossValidation(rows, scores[rows], evidence[rows])


def train_recognizer(
    classifier_name: str,
    gallery: Gallery,
    prior: OpenSet,
    negatives: Negatives | None = None,
    bundled: FloatArray | None = None,
) -> tuple[Recognizer, CrossValidation]:
    """Train and calibrate on a gallery.

    Args:
        classifier_name: One of `CLASSIFIERS`.
        gallery: At least two people, each with a picture, and strangers where there are any.
        prior: What holds for the engine before any gallery is seen.
        negatives: Faces that somebody said are not one of the people.
        bundled: (s, d) embeddings of strangers, for a gallery that has none of its own.

    Returns:
        The trained model, and what it said of held-out faces.

    Raises:
        GalleryError: Fewer than two people, or somebody without a face.
    """
    known = gallery.known()
    counts = np.bincount(known.labels, minlength=len(known.people))
    without = [name for name, count in zip(known.people, counts, strict=True) if count == 0]
    if without:
        raise GalleryError(f"No face to train on for: {', '.join(without)}. Crawl more pictures or remove these people.")
    if len(known.people) < 2:
        raise GalleryError(
            f"A classifier needs two people or more, not {len(known.people)}. Crawl another name into the project."
        )
    held = cross_validate(classifier_name, known)
    classifier = make_classifier(classifier_name)
    classifier.fit(known.embeddings, known.labels)
    temperature = fit_temperature(held.scores, known.labels[held.rows])
    open_set = fit_open_set(gallery, prior, negatives, bundled)
    return Recognizer(classifier_name, known, classifier, temperature, open_set), held


def _folds(labels: IntArray) -> IntArray:
    """Spread each person's pictures evenly over the folds; -1 for a person's only picture."""
    folds = np.full(len(labels), -1, np.int64)
    for person in np.unique(labels):
        rows = np.flatnonzero(labels == person)
        if len(rows) > 1:
            folds[rows] = (np.arange(len(rows)) + person) % FOLDS
    return folds
