"""Known faces with their names, and how much a probe looks like each person."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import GalleryError, ShapeError
from ..schema import BoolArray, FloatArray, IntArray

NEAREST = 3
"""Pictures of a person that a probe is compared with one by one; more make wrong pictures and odd poses count."""
_CHUNK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Embeddings of known people.

    Attributes:
        people: k names.
        embeddings: (n, d) float32, L2-normalised.
        labels: (n,) int64 in [0, k), or -1 for the face of a stranger.
    """

    people: tuple[str, ...]
    embeddings: FloatArray
    labels: IntArray

    def __post_init__(self) -> None:
        """Refuse what cannot be compared."""
        if self.embeddings.ndim != 2 or len(self.embeddings) != len(self.labels):
            raise ShapeError("embeddings", f"({len(self.labels)}, d)", self.embeddings.shape)
        if not np.isfinite(self.embeddings).all():
            raise GalleryError("The gallery holds embeddings that are not finite. Run the aligner again on its pictures.")

    @property
    def strangers(self) -> FloatArray:
        """(s, d) embeddings of faces that are nobody we know."""
        return self.embeddings[self.labels < 0]

    def known(self) -> Gallery:
        """Return the gallery without strangers."""
        return self.take(self.labels >= 0)

    def take(self, rows: IntArray | BoolArray) -> Gallery:
        """Return the gallery of these rows, people without a row included."""
        return replace(self, embeddings=self.embeddings[rows], labels=self.labels[rows])

    def evidence(self, probes: FloatArray) -> FloatArray:
        """Say how much each probe looks like each person.

        Half is the cosine to the person's mean, which forgives odd pictures; half the mean cosine to the three nearest
        pictures, which forgives a person who looks different at times.

        Args:
            probes: (m, d) float32, L2-normalised; m may be 0.

        Returns:
            (m, k) float32 in [-1, 1]; -1 for a person without pictures.
        """
        parts = [self._evidence(probes[start : start + _CHUNK]) for start in range(0, len(probes), _CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.people)), np.float32)

    def evidence_without_self(self) -> FloatArray:
        """Return `evidence` of the gallery's own pictures, each compared as if it were not in it.

        Returns:
            (n, k) float32; -1 where a person has no other picture.
        """
        cosine = self.embeddings @ self.embeddings.T
        np.fill_diagonal(cosine, -np.inf)
        result = np.full((len(self.embeddings), len(self.people)), -1.0, np.float32)
        for person in range(len(self.people)):
            own = self.labels == person
            total = self.embeddings[own].sum(axis=0)
            # Taking a picture out of its own person's mean, and only there.
            means = np.where(own[:, None], total - self.embeddings, total)
            lengths = np.linalg.norm(means, axis=1)
            enough = own.sum() - own > 0
            centre = (self.embeddings * means).sum(axis=1) / np.maximum(lengths, 1e-12)
            near = _mean_of_nearest(cosine[:, own], own.sum() - own)
            result[enough, person] = ((centre + near) / 2)[enough]
        return result

    def _evidence(self, probes: FloatArray) -> FloatArray:
        cosine = probes @ self.embeddings.T
        result = np.full((len(probes), len(self.people)), -1.0, np.float32)
        for person in range(len(self.people)):
            own = self.labels == person
            if own.any():
                mean = self.embeddings[own].mean(axis=0)
                centre = probes @ (mean / max(float(np.linalg.norm(mean)), 1e-12))
                count = np.full(len(probes), own.sum())
                result[:, person] = (centre + _mean_of_nearest(cosine[:, own], count)) / 2
        return result


def _mean_of_nearest(cosine: FloatArray, n_valid: IntArray) -> FloatArray:
    """Mean of the largest values of each row, at most NEAREST of the `n_valid` finite ones."""
    width = min(NEAREST, cosine.shape[1])
    largest = -np.partition(-cosine, width - 1, axis=1)[:, :width]
    largest = -np.sort(-largest, axis=1)
    used = np.arange(width)[None] < np.minimum(n_valid, width)[:, None]
    mean: FloatArray = np.where(used, largest, 0).sum(axis=1) / np.maximum(used.sum(axis=1), 1)
    return mean
