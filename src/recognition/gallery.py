"""Known faces with their names, and how much a probe looks like each person."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import GalleryError, ShapeError
from ..schema import BoolArray, FloatArray, IntArray

NEAREST = 3
"""Pictures of a person that a probe is compared with one by one; more make wrong pictures and odd poses count."""
SHORTLIST = 8
"""People whose pictures are compared one by one with a probe: with hundreds of people the others cannot win any more."""
_CHUNK = 32768
"""Probes at a time: large enough that looking at each person costs little, small enough for a few hundred MB."""


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
        pictures, which forgives a person who looks different at times. Single pictures are compared for the eight people
        with the nearest means only; all others get the cosine to their mean, but no more than the least of the eight.

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
        centres = self._centres()
        result = probes @ centres.T
        result[:, ~centres.any(axis=1)] = -1.0
        if not len(self.people) or not len(probes):
            return result
        closest = min(SHORTLIST, len(self.people))
        shortlist = np.argpartition(-result, closest - 1, axis=1)[:, :closest]
        listed = np.zeros(result.shape, np.bool_)
        np.put_along_axis(listed, shortlist, True, axis=1)
        for person, pictures in self._pictures().items():
            rows = np.flatnonzero(listed[:, person])
            near = _mean_of_nearest(probes[rows] @ pictures.T, np.full(len(rows), len(pictures)))
            result[rows, person] = (result[rows, person] + near) / 2
        if closest < len(self.people):
            least = np.take_along_axis(result, shortlist, axis=1).min(axis=1, keepdims=True)
            np.minimum(result, least, out=result, where=~listed)
        return result

    def _centres(self) -> FloatArray:
        """Return (k, d) normalised means, zero for a person without pictures."""
        sums = np.zeros((len(self.people), self.embeddings.shape[1]), np.float32)
        for person, pictures in self._pictures().items():
            sums[person] = pictures.mean(axis=0)
        centres: FloatArray = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        return centres

    def _pictures(self) -> dict[int, FloatArray]:
        """Return the embeddings of each person who has any."""
        order = np.argsort(self.labels, kind="stable")
        labels, starts = np.unique(self.labels[order], return_index=True)
        parts = np.split(self.embeddings[order], starts[1:])
        return {int(label): part for label, part in zip(labels, parts, strict=True) if label >= 0}


def _mean_of_nearest(cosine: FloatArray, n_valid: IntArray) -> FloatArray:
    """Mean of the largest values of each row, at most NEAREST of the `n_valid` finite ones."""
    width = min(NEAREST, cosine.shape[1])
    largest = -np.partition(-cosine, width - 1, axis=1)[:, :width]
    largest = -np.sort(-largest, axis=1)
    used = np.arange(width)[None] < np.minimum(n_valid, width)[:, None]
    mean: FloatArray = np.where(used, largest, 0).sum(axis=1) / np.maximum(used.sum(axis=1), 1)
    return mean
