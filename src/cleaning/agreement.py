"""Which faces of a folder are the same person: most of them, and the others by how much they look like those.

Pure arithmetic on embeddings. How alike two faces of one person are depends on the engine; all limits follow from its
`ScorePrior`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..recognition.gallery import NEAREST
from ..schema import BoolArray, FloatArray, IntArray

MIN_PICTURES = 5
"""Pictures from which on a folder can say who is meant. In a smaller one two wrong pictures would be half of it."""
MIN_CORE = 3
"""Pictures that agree with each other before anything is concluded from them."""
MIN_SHARE = 1 / 3
"""Share of the folder that the largest group must have; below, nobody can say whom the folder is meant for."""
SECOND_SHARE = 0.3
"""Share of the largest group from which on a second one makes the folder a mixed one."""
EVEN_SHARE = 0.8
"""Share of the largest group from which on nobody can say which of the two was meant."""
TRUSTED = 3.0
"""What a picture counts that a person switched on, in pictures: somebody looked at it."""

RIVAL = 1.0
"""Share of `Limits.wrong` that a second group's mean evidence for the first stays below: pictures of one person in another
age or light also form groups of their own, but nearer ones."""

NEAR_SHARE = 0.2
"""Share of a person's pictures that count as the nearest: of many pictures three are like anybody."""

_LINKED = 2000
"""Faces that are grouped; of more, so many spread over the folder: the time grows with the square."""
_ROUNDS = 20
"""So often at most the group and its mean are found anew; it settles after two or three."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What similarity means for an engine.

    Attributes:
        link: Mean cosine from which two groups of faces are one person.
        wrong: Evidence below which a face is somebody else. `Gallery.evidence` says what evidence is.
        clear: Evidence from which a face is the person, however small or blurred it is.
        same: Evidence at which a face is likelier a person than a stranger.
    """

    link: float
    wrong: float
    clear: float
    same: float

    @staticmethod
    def of(alike: float) -> Limits:
        """Return the limits of an engine from its `EngineEntry.alike`.

        Most pictures of a folder are right, while most faces of the world are strangers: a picture stays in its folder with
        less evidence than it would need to be given the name. The factors were fitted on the sample photos and on folders
        with known wrong pictures; `evaluation/README.md` says how.
        """
        return Limits(0.6 * alike, 0.6 * alike, 0.8 * alike, alike)


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The faces of one folder. A photo of several people may have several.

    Attributes:
        embeddings: (n, d) float32, L2-normalised.
        pictures: (n,) int64 in [0, p), which picture each face is of.
        trusted: (n,) bool, faces that a person switched on.
    """

    embeddings: FloatArray
    pictures: IntArray
    trusted: BoolArray

    def weight(self, rows: IntArray) -> float:
        """Return how many pictures these faces count for; several faces of one picture count once."""
        _, first = np.unique(self.pictures[rows], return_index=True)
        return float(np.where(self.trusted[rows][first], TRUSTED, 1.0).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Who a folder is of.

    Attributes:
        known: Whether that can be said.
        core: Faces that agree with each other, the person's as far as that is known; sorted.
        second: Faces of another single person, where there are enough to make this a mixed folder; sorted.
        even: Whether the second person has about as many pictures as the first.
        evidence: (n,) float32, how much each face looks like the core without itself; -1 where the core is empty.
    """

    known: bool
    core: IntArray
    second: IntArray
    even: bool
    evidence: FloatArray


def agree(faces: Faces, limits: Limits) -> Agreement:
    """Find the person that most pictures of a folder show.

    Faces are grouped by average linkage; the group with most pictures is the first guess. Then all faces that look enough
    like the group become the group, until nothing changes: linkage tends to leave out odd pictures, and the mean of a larger
    group is a better one. The largest group that this leaves outside is the rival: a face that looks more like it is not
    taken in, for a second person would otherwise be drawn in one by one. A rival that is large enough is a second person.

    Args:
        faces: Of the folder; there may be none.
        limits: Of the engine.
    """
    none = np.zeros(0, np.int64)
    n_pictures = len(np.unique(faces.pictures))
    if not n_pictures:
        return Agreement(False, none, none, False, np.zeros(0, np.float32))
    groups = sorted(_groups(faces, limits.link), key=faces.weight, reverse=True)
    rival = next((group for group in groups[1:] if _is_somebody_else(faces, group, groups[0], limits)), none)
    core, rival = _settle(faces, groups[0], rival, limits.wrong)
    if faces.weight(rival) > faces.weight(core):
        core, rival = rival, core
    evidence = evidence_for(faces.embeddings, faces.embeddings[core], core)
    if len(rival):
        # Whoever looks more like the second person is not the first, however much the two look alike.
        against = evidence_for(faces.embeddings, faces.embeddings[rival], rival)
        evidence = np.where(against > evidence, np.minimum(evidence, limits.wrong - 1e-3), evidence).astype(np.float32)
    size, other = faces.weight(core), faces.weight(rival)
    known = n_pictures >= MIN_PICTURES and size >= MIN_CORE and size >= MIN_SHARE * n_pictures
    mixed = other >= max(MIN_CORE, SECOND_SHARE * size)
    even = mixed and other >= EVEN_SHARE * size
    return Agreement(known and not even, core, rival if mixed else none, even, evidence)


def evidence_for(probes: FloatArray, person: FloatArray, own: IntArray | None = None) -> FloatArray:
    """Say how much faces look like a person: half cosine to the mean, half mean cosine to the nearest pictures.

    Args:
        probes: (n, d) float32, L2-normalised.
        person: (m, d) float32, the person's faces; m may be 0.
        own: (m,) which row of `probes` each of the person's faces is, where it is one: a face is not compared with itself.

    Returns:
        (n,) float32 in [-1, 1]; -1 where there is nothing to compare with.
    """
    result = np.full(len(probes), -1.0, np.float32)
    n_others = np.full(len(probes), len(person))
    if not len(person):
        return result
    cosine = probes @ person.T
    means = np.broadcast_to(person.sum(axis=0), probes.shape)
    if own is not None:
        n_others[own] -= 1
        cosine[own, np.arange(len(own))] = -np.inf
        means = means.copy()
        means[own] -= person
    centre = (probes * means).sum(axis=1) / np.maximum(np.linalg.norm(means, axis=1), 1e-12)
    width = min(max(NEAREST, round(NEAR_SHARE * len(person))), len(person))
    nearest = np.partition(cosine, len(person) - width, axis=1)[:, -width:]
    finite = np.isfinite(nearest)
    near = np.where(finite, nearest, 0).sum(axis=1) / np.maximum(finite.sum(axis=1), 1)
    some = n_others > 0
    result[some] = ((centre + near) / 2)[some]
    return result


def _is_somebody_else(faces: Faces, group: IntArray, core: IntArray, limits: Limits) -> bool:
    """Say whether a group is large enough and far enough from another one to be a second person, and not an older picture."""
    if faces.weight(group) < MIN_CORE:
        return False
    apart = evidence_for(faces.embeddings[group], faces.embeddings[core])
    return float(np.mean(apart)) < RIVAL * limits.wrong


def _settle(faces: Faces, core: IntArray, rival: IntArray, wrong: float) -> tuple[IntArray, IntArray]:
    """Return the faces that look like each of two groups, again and again until they stay the same; one of each picture."""
    groups = core, rival
    for _ in range(_ROUNDS):
        evidence = [evidence_for(faces.embeddings, faces.embeddings[group], group) for group in groups]
        first = (evidence[0] >= wrong) & (evidence[0] >= evidence[1])
        second = (evidence[1] >= wrong) & ~first
        masks = zip((first, second), evidence, strict=True)
        found = tuple(_one_a_picture(faces, np.flatnonzero(mask), values) for mask, values in masks)
        if not len(found[0]) or all(np.array_equal(new, old) for new, old in zip(found, groups, strict=True)):
            break
        groups = found[0], found[1]
    return groups


def _one_a_picture(faces: Faces, rows: IntArray, evidence: FloatArray) -> IntArray:
    """Return of each picture the face with the most evidence, sorted."""
    order = rows[np.argsort(-evidence[rows], kind="stable")]
    _, first = np.unique(faces.pictures[order], return_index=True)
    return np.sort(order[first])


def _groups(faces: Faces, link: float) -> list[IntArray]:
    """Group faces by average linkage.

    Source: Day and Edelsbrunner, Efficient algorithms for agglomerative hierarchical clustering methods, 1984 (SciPy's form).
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    rows = np.unique(np.linspace(0, len(faces.embeddings) - 1, min(len(faces.embeddings), _LINKED)).astype(np.int64))
    if len(rows) == 1:
        return [rows]
    distance = np.clip(1 - faces.embeddings[rows] @ faces.embeddings[rows].T, 0, 2)
    np.fill_diagonal(distance, 0)
    labels = fcluster(linkage(squareform(distance, checks=False), "average"), 1 - link, "distance")
    return [rows[labels == label] for label in np.unique(labels)]
