"""Known faces with their names, and how much a probe looks like each person."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import GalleryError, ShapeError
from ..schema import BoolArray, FloatArray, IntArray

NEAREST = 3
"""Pictures of a person that a probe is compared with one by one; more make wrong pictures and odd poses count."""
SHORTLIST = 8
"""People whose pictures are compared one by one with a probe: with hundreds of people the others cannot win any more."""
_CHUNK = 8192
"""Probes at a time: enough that looking at each person costs little, few enough to stay in the caches of the processor."""


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
    _pictures: dict[int, FloatArray] = field(init=False, repr=False)
    _centres: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be compared, and sort the rest by person once."""
        if self.embeddings.ndim != 2 or len(self.embeddings) != len(self.labels):
            raise ShapeError("embeddings", f"({len(self.labels)}, d)", self.embeddings.shape)
        if not np.isfinite(self.embeddings).all():
            raise GalleryError("The gallery holds embeddings that are not finite. Run the aligner again on its pictures.")
        order = np.argsort(self.labels, kind="stable")
        labels, starts = np.unique(self.labels[order], return_index=True)
        parts = np.split(self.embeddings[order], starts[1:])
        pictures = {int(label): part for label, part in zip(labels, parts, strict=True) if label >= 0}
        means = np.zeros((len(self.people), self.embeddings.shape[1]), np.float32)
        for person, faces in pictures.items():
            means[person] = faces.mean(axis=0)
        # The class is frozen for its users; what follows from its fields is worked out here, once.
        object.__setattr__(self, "_pictures", pictures)
        object.__setattr__(self, "_centres", means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12))

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
        result = probes @ self._centres.T
        result[:, ~self._centres.any(axis=1)] = -1.0
        if not len(self.people) or not len(probes):
            return result
        closest = min(SHORTLIST, len(self.people))
        shortlist = np.argpartition(result, len(self.people) - closest, axis=1)[:, -closest:]
        centre = np.take_along_axis(result, shortlist, axis=1)
        evidence = centre.copy()
        # Cells of the shortlist person by person: each person's pictures are compared with all their probes at once.
        order = np.argsort(shortlist, axis=None, kind="stable")
        bounds = np.searchsorted(shortlist.ravel()[order], np.arange(len(self.people) + 1))
        for person, pictures in self._pictures.items():
            cells = order[bounds[person] : bounds[person + 1]]
            near = _nearest(probes[cells // closest] @ pictures.T)
            evidence.ravel()[cells] = (centre.ravel()[cells] + near) / 2
        if closest < len(self.people):
            np.minimum(result, evidence.min(axis=1, keepdims=True), out=result)
        np.put_along_axis(result, shortlist, evidence, axis=1)
        return result


def _nearest(cosine: FloatArray) -> FloatArray:
    """Mean of the NEAREST largest values of each row, or of all where there are fewer."""
    count = cosine.shape[1]
    if count > NEAREST:
        cosine = np.partition(cosine, count - NEAREST, axis=1)[:, -NEAREST:]
    mean: FloatArray = cosine.mean(axis=1)
    return mean


def _mean_of_nearest(cosine: FloatArray, n_valid: IntArray) -> FloatArray:
    """Mean of the largest values of each row, at most NEAREST of the `n_valid` finite ones."""
    width = min(NEAREST, cosine.shape[1])
    largest = np.sort(np.partition(cosine, cosine.shape[1] - width, axis=1)[:, -width:], axis=1)[:, ::-1]
    used = np.arange(width)[None] < np.minimum(n_valid, width)[:, None]
    mean: FloatArray = np.where(used, largest, 0).sum(axis=1) / np.maximum(used.sum(axis=1), 1)
    return mean
