"""What the folders of a project say of each other: one picture in two, two people who are one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..records import Image
from ..schema import FloatArray
from .agreement import MIN_CORE, Limits, evidence_for
from .duplicates import near_pairs
from .verdicts import Rivals

_SHOWN = 10
"""Pictures of two folders that are named one by one."""
_REFERENCES = 200
"""Faces of a person that others are compared with at most: evenly spread, so that one large folder costs little."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """The people of a project by the faces that stand for them.

    Attributes:
        references: (m, d) float32 of each person with a face.
        alike: Pairs of people whose faces are those of one person.
    """

    references: Mapping[str, FloatArray]
    alike: frozenset[frozenset[str]] = field(default_factory=frozenset)

    @staticmethod
    def of(references: Mapping[str, FloatArray], limits: Limits) -> People:
        """Compare all people.

        Args:
            references: (m, d) float32 by person; those with m = 0 are passed over.
            limits: Of the engine.
        """
        some = {name: _spread(faces) for name, faces in references.items() if len(faces)}
        names = list(some)
        if not names:
            return People({})
        centres = np.stack([faces.sum(axis=0) for faces in some.values()])
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
        near = np.argwhere(np.triu(centres @ centres.T >= limits.same, 1)).tolist()
        pairs = {
            frozenset((names[one], names[other])) for one, other in near if _one_person(some, names[one], names[other], limits)
        }
        return People(some, frozenset(pairs))

    def rivals(self, person_id: str, embeddings: FloatArray) -> Rivals:
        """Say whom of the others each face of a folder looks like most; somebody who looks the same is no rival."""
        names, best = [""] * len(embeddings), np.full(len(embeddings), -1.0, np.float32)
        for other, faces in self.references.items():
            if (
                other == person_id
                or len(faces) < MIN_CORE
                or frozenset((person_id, other)) in self.alike
                or not len(embeddings)
            ):
                continue
            evidence = evidence_for(embeddings, faces)
            for row in np.flatnonzero(evidence > best).tolist():
                names[row] = other.replace("_", " ")
            best = np.maximum(best, evidence)
        return Rivals(names, best)

    def warnings(self) -> list[str]:
        """Return a line for each two people who look like one."""
        return [
            f"{one} and {other} look like one person. Join their folders, or move the pictures that are in the wrong one"
            for one, other in sorted(sorted(pair) for pair in self.alike)
        ]


def shared_pictures(images: Sequence[Image], same: Callable[[Image, Image], bool]) -> list[str]:
    """Return a line for each picture that lies in the folders of two people.

    Args:
        images: Of all people.
        same: Looks at two pictures closely.
    """
    pairs = [
        (images[one], images[other]) for one, other in near_pairs(images) if images[one].person_id != images[other].person_id
    ]
    found = [(_short(one), _short(other)) for one, other in pairs if same(one, other)]
    lines = [f"{one} is the same picture as {other}: it can show only one of them" for one, other in found[:_SHOWN]]
    return lines + ([f"and {len(found) - _SHOWN} more pictures lie in two folders"] if len(found) > _SHOWN else [])


def _one_person(references: Mapping[str, FloatArray], one: str, other: str, limits: Limits) -> bool:
    """Say whether most faces of each of two people look like the other."""
    first, second = references[one], references[other]
    there, back = evidence_for(first, second), evidence_for(second, first)
    return min(float(np.median(there)), float(np.median(back))) >= limits.same


def _spread(faces: FloatArray) -> FloatArray:
    rows = np.unique(np.linspace(0, len(faces) - 1, min(len(faces), _REFERENCES)).astype(np.int64))
    return faces[rows]


def _short(image: Image) -> str:
    return "/".join(image.path.split("/")[-2:])
