"""Six ways to tell known people apart. Whether a face is anybody known is not their question; see `calibration`.

All take L2-normalised embeddings and give one score a person, higher for the likelier one. None is stored as a pickle.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import GalleryError
from ..schema import FloatArray, IntArray

SEED = 0
"""Where a method draws at random, it draws the same each time: two trainings on the same pictures are equal."""


class FaceClassifier(ABC):
    """Learns the people of a gallery by their labels 0 to k - 1."""

    @abstractmethod
    def fit(self, embeddings: FloatArray, labels: IntArray) -> None:
        """Learn from (n, d) float32 embeddings and (n,) labels; every label from 0 to the largest occurs."""

    @abstractmethod
    def scores(self, embeddings: FloatArray) -> FloatArray:
        """Return (m, k) scores for (m, d) embeddings; m may be 0."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was learned into an existing folder."""

    @abstractmethod
    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""


class Centroid(FaceClassifier):
    """Cosine to the mean of a person's pictures."""

    _FILE = "centroids.npy"

    def fit(self, embeddings: FloatArray, labels: IntArray) -> None:
        """Average."""
        means = np.stack([embeddings[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
        self._centroids = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)

    def scores(self, embeddings: FloatArray) -> FloatArray:
        """Return cosines."""
        cosine: FloatArray = embeddings @ self._centroids.T
        return cosine

    def save(self, folder: Path) -> None:
        """Write the means."""
        np.save(folder / self._FILE, self._centroids, allow_pickle=False)

    def load(self, folder: Path) -> None:
        """Read the means."""
        self._centroids = np.load(folder / self._FILE, allow_pickle=False)


class _Sklearn(FaceClassifier):
    """An estimator of scikit-learn, stored by skops, which loads nothing but the types listed here."""

    _FILE = "estimator.skops"
    _TRUSTED: tuple[str, ...] = ()

    @abstractmethod
    def _make(self, labels: IntArray) -> Any:
        """Return the untrained estimator."""

    def fit(self, embeddings: FloatArray, labels: IntArray) -> None:
        """Train the estimator."""
        self._estimator = self._make(labels)
        self._estimator.fit(embeddings, labels)

    def scores(self, embeddings: FloatArray) -> FloatArray:
        """Return the logarithms of the estimated probabilities."""
        if not len(embeddings):
            return np.zeros((0, len(self._estimator.classes_)), np.float32)
        # A forest or a vote of neighbours says 0 where it merely has seen nothing.
        logarithms: FloatArray = np.log(np.maximum(self._estimator.predict_proba(embeddings), 1e-3)).astype(np.float32)
        return logarithms

    def save(self, folder: Path) -> None:
        """Write the estimator."""
        from skops import io

        io.dump(self._estimator, folder / self._FILE)

    def load(self, folder: Path) -> None:
        """Read the estimator, refusing any type that ours does not need."""
        from skops import io

        self._estimator = io.load(folder / self._FILE, trusted=list(self._TRUSTED))


class Svm(_Sklearn):
    """Linear support vector machine, one against the rest; scored by margin, which parts strangers better than its vote.

    Source: Cortes and Vapnik, Support-vector networks, 1995.
    """

    def _make(self, labels: IntArray) -> Any:
        from sklearn.svm import LinearSVC

        return LinearSVC(C=1.0, class_weight="balanced", random_state=SEED)

    def scores(self, embeddings: FloatArray) -> FloatArray:
        """Return margins."""
        if not len(embeddings):
            return np.zeros((0, len(self._estimator.classes_)), np.float32)
        # What decision_function does, in half the time: single precision tells the same people apart.
        weights, bias = (np.asarray(part, np.float32) for part in (self._estimator.coef_, self._estimator.intercept_))
        margins: FloatArray = embeddings @ weights.T + bias
        return np.concatenate([-margins, margins], axis=1) if margins.shape[1] == 1 else margins


class Softmax(_Sklearn):
    """Multinomial logistic regression."""

    def _make(self, labels: IntArray) -> Any:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000, random_state=SEED)


class Knn(_Sklearn):
    """Vote of the five nearest pictures, closer ones counting more."""

    def _make(self, labels: IntArray) -> Any:
        from sklearn.neighbors import KNeighborsClassifier

        # Brute force: trees gain nothing in 128 dimensions. Of unit vectors Euclid and cosine give the same order.
        return KNeighborsClassifier(n_neighbors=min(5, len(labels)), weights="distance", algorithm="brute")


class RandomForest(_Sklearn):
    """Vote of 200 random trees.

    Source: Breiman, Random forests, 2001.
    """

    _TRUSTED = ("sklearn.tree._tree.Tree",)

    def _make(self, labels: IntArray) -> Any:
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(n_estimators=200, class_weight="balanced", random_state=SEED)

    def load(self, folder: Path) -> None:
        """Read the trees and check them: scikit-learn follows a tree's indices without looking where they lead."""
        super().load(folder)
        for tree in (estimator.tree_ for estimator in self._estimator.estimators_):
            inner = np.flatnonzero(tree.children_left != -1)
            children = np.stack([tree.children_left, tree.children_right])[:, inner]
            features = tree.feature[inner]
            # Children come after their parent, so that no walk can go round in circles.
            forward = (children > inner).all() and (children < tree.node_count).all()
            if not forward or ((features < 0) | (features >= tree.n_features)).any():
                raise ValueError("a decision tree points outside itself")


class XgBoost(FaceClassifier):
    """Gradient boosted trees.

    Source: Chen and Guestrin, XGBoost: a scalable tree boosting system, KDD 2016.
    """

    _FILE = "xgboost.json"

    def fit(self, embeddings: FloatArray, labels: IntArray) -> None:
        """Boost."""
        import xgboost

        self._n_people = int(labels.max()) + 1
        parameters = {
            "objective": "multi:softprob",
            "num_class": self._n_people,
            "max_depth": 3,
            "eta": 0.2,
            "seed": SEED,
            "verbosity": 0,
        }
        self._booster = xgboost.train(parameters, xgboost.DMatrix(embeddings, label=labels), num_boost_round=60)

    def scores(self, embeddings: FloatArray) -> FloatArray:
        """Return the logarithms of the estimated probabilities."""
        import xgboost

        if not len(embeddings):
            return np.zeros((0, self._n_people), np.float32)
        probabilities = self._booster.predict(xgboost.DMatrix(embeddings)).reshape(len(embeddings), self._n_people)
        logarithms: FloatArray = np.log(np.maximum(probabilities, 1e-3)).astype(np.float32)
        return logarithms

    def save(self, folder: Path) -> None:
        """Write the trees as JSON."""
        self._booster.save_model(folder / self._FILE)

    def load(self, folder: Path) -> None:
        """Read the trees."""
        import xgboost

        self._booster = xgboost.Booster(model_file=folder / self._FILE)
        shape = json.loads(self._booster.save_config())["learner"]["learner_model_param"]
        self._n_people = int(shape["num_class"])


CLASSIFIERS: Mapping[str, type[FaceClassifier]] = {
    "SVM": Svm,
    "KNN": Knn,
    "RF": RandomForest,
    "Softmax": Softmax,
    "XGBoost": XgBoost,
    "Centroid": Centroid,
}
"""The classifiers by the names of the command line."""


def make_classifier(name: str) -> FaceClassifier:
    """Return an untrained classifier.

    Raises:
        GalleryError: No classifier goes by this name.
    """
    if name not in CLASSIFIERS:
        raise GalleryError(f'There is no classifier "{name}". Choose one of: {", ".join(CLASSIFIERS)}.')
    return CLASSIFIERS[name]()
