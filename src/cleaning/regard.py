"""A second look at photos of several people: which of their faces is the person of the folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..disk.pictures import read_picture
from ..engines import Engine
from ..engines.finding import find_faces
from ..errors import MediaError
from ..records import Image, Project
from ..schema import Detections, FloatArray, IntArray, RgbImage
from ..training.trainingset import TrainingSet
from ..workspace import Workspace
from .agreement import Faces, Limits, agree

_BETTER = 0.05
"""Evidence that another face must have more than the one that was taken."""


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """All faces of a photo: detections, (n, size, size, 3) crops, (n, d) embeddings."""

    faces: Detections
    crops: RgbImage
    embeddings: FloatArray


class SecondLook:
    """Detects and embeds all faces of photos in which the largest one seems to be somebody else."""

    def __init__(self, workspace: Workspace, training_set: TrainingSet, owner: Project, limits: Limits) -> None:
        """Begin; the engine is opened only where there is something to look at."""
        self._workspace, self._training_set, self._owner, self._limits = workspace, training_set, owner, limits

    def choose(self, images: Sequence[Image], voting: IntArray, several: Sequence[int]) -> dict[int, Image]:
        """Choose in photos of several people the face that agrees with the other pictures, and cut it out.

        Args:
            images: Of one person.
            voting: Rows that say who is meant.
            several: Those of them whose other faces are looked at.

        Returns:
            The new records by row, of the photos in which another face was taken; they are stored.
        """
        engine = self._workspace.engine(self._owner.engine)
        found = {row: self._find(images[row], engine) for row in several if images[row].engine == engine.id}
        rows, own, embeddings = [], [], []
        for row in voting.tolist():
            looked = found.get(row)
            choices = looked.embeddings if looked is not None and len(looked.faces) else _embedding(images[row])[None]
            rows += [row] * len(choices)
            own += list(range(len(choices)))
            embeddings.append(choices)
        trusted = np.array([images[row].state_by != "machine" for row in rows], np.bool_)
        faces = Faces(np.concatenate(embeddings).astype(np.float32), np.array(rows, np.int64), trusted)
        agreement = agree(faces, self._limits)
        if not agreement.known:
            return {}
        result = {}
        for row, looked in found.items():
            here = np.flatnonzero(faces.pictures == row)
            best = int(here[np.argmax(agreement.evidence[here])])
            if looked is not None and self._is_better(faces, agreement.evidence, here, best, images[row]):
                face = own[best]
                result[row] = self._training_set.keep_face(
                    images[row], looked.faces.take(np.array([face])), looked.crops[face], looked.embeddings[face]
                )
        return result

    def _is_better(self, faces: Faces, evidence: FloatArray, here: IntArray, best: int, image: Image) -> bool:
        """Say whether the best face of a photo is another one than that of its record, and enough like the others."""
        alike = faces.embeddings[here] @ _embedding(image)
        taken = int(here[np.argmax(alike)])
        return best != taken and evidence[best] >= self._limits.wrong and evidence[best] >= evidence[taken] + _BETTER

    def _find(self, image: Image, engine: Engine) -> _Found | None:
        try:
            data = self._training_set.absolute(image.path).read_bytes()
            picture = read_picture(data, image.path, self._workspace.settings.crawler.max_pixels).image
        except (OSError, MediaError):
            return None
        faces = find_faces(engine.detector, [picture])[0]
        crops = engine.embedder.align(picture, faces)
        embeddings = engine.embedder.embed(crops)
        good = np.isfinite(embeddings).all(axis=1) & (np.linalg.norm(embeddings, axis=1) > 1e-6)
        return _Found(faces.take(good), crops[good], embeddings[good])


def _embedding(image: Image) -> FloatArray:
    assert image.embedding is not None
    result: FloatArray = (image.embedding / np.linalg.norm(image.embedding)).astype(np.float32)
    return result
