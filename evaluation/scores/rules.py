"""The rules by which a face may be named: those of the product, and those that it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from src.recognition.calibration import OpenSet
from src.recognition.classifiers import CLASSIFIERS, SEED, Centroid, Svm
from src.recognition.gallery import Gallery
from src.recognition.identify import train_recognizer
from src.schema import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What holds for an engine before any gallery is seen.

    Attributes:
        prior: Where its scores part known people from strangers.
        strangers: (s, d) embeddings that come with the program; None where there are none of this engine.
    """

    prior: OpenSet
    strangers: FloatArray | None = None


Rule = Callable[[Gallery, Known, FloatArray], FloatArray]
"""Gallery, what is known of the engine and (m, d) probes to (m, k) scores of the gallery's people."""

CONFIDENCE = "confidence, "
"""What the names of rules begin with whose scores are confidences."""


def _centroid(gallery: Gallery, engine: Known, probes: FloatArray) -> FloatArray:
    rule = Centroid()
    rule.fit(gallery.embeddings, gallery.labels)
    return rule.scores(probes)


def _evidence(gallery: Gallery, engine: Known, probes: FloatArray) -> FloatArray:
    return gallery.evidence(probes)


def _margin(gallery: Gallery, engine: Known, probes: FloatArray) -> FloatArray:
    rule = Svm()
    rule.fit(gallery.embeddings, gallery.labels)
    return rule.scores(probes)


def _original(gallery: Gallery, engine: Known, probes: FloatArray) -> FloatArray:
    """Score by the probabilities of support vector machines, one against the rest, as the original FaceRec did.

    Source: Platt, Probabilistic outputs for support vector machines, 1999: a logistic curve over held-out margins.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.svm import SVC

    folds = int(min(5, np.bincount(gallery.labels).min()))
    machine = CalibratedClassifierCV(SVC(kernel="linear", random_state=SEED), cv=folds, ensemble=False)
    probabilities: FloatArray = (
        OneVsRestClassifier(machine).fit(gallery.embeddings, gallery.labels).predict_proba(probes).astype(np.float32)
    )
    return probabilities


def _confidence(classifier: str, gallery: Gallery, engine: Known, probes: FloatArray) -> FloatArray:
    recognizer, _ = train_recognizer(classifier, gallery, engine.prior, bundled=engine.strangers)
    return recognizer.predict(probes).confidences


RULES: Mapping[str, Rule] = {
    "SVC probability (the original)": _original,
    "linear SVM margin": _margin,
    "cosine to the mean": _centroid,
    "evidence": _evidence,
    **{f"{CONFIDENCE}{name}": partial(_confidence, name) for name in CLASSIFIERS},
}
"""Every rule by the name of its row."""
