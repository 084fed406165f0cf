"""Looks at pixels where numbers leave something open."""

from __future__ import annotations

from functools import lru_cache

from ..disk.pictures import read_picture
from ..errors import MediaError
from ..faces.quality import shows_something
from ..faces.sameness import same_photo
from ..records import Image
from ..schema import RgbImage
from ..training.trainingset import TrainingSet


class Looks:
    """Opens photos and crops, as rarely as it can: copies come in pairs, so the last few photos are kept."""

    def __init__(self, training_set: TrainingSet, max_pixels: int) -> None:
        """Begin.

        Args:
            training_set: Where the files lie.
            max_pixels: Larger photos are not decoded.
        """
        self._training_set, self._max_pixels = training_set, max_pixels
        self._open = lru_cache(maxsize=4)(self._read)

    def same(self, one: Image, other: Image) -> bool:
        """Say whether two pictures whose hashes are alike are copies; not where one cannot be read."""
        first, second = self._open(one.path), self._open(other.path)
        if first is None or second is None or one.box is None or other.box is None:
            return False
        return same_photo(first, second, one.box) and same_photo(second, first, other.box)

    def has_contrast(self, image: Image) -> bool:
        """Say whether an aligned face shows anything at all: an even patch of colour is not a blurred face."""
        crop = self._open(image.aligned_path) if image.aligned_path else None
        return crop is None or shows_something(crop)

    def _read(self, path: str) -> RgbImage | None:
        try:
            return read_picture(self._training_set.absolute(path).read_bytes(), path, self._max_pixels).image
        except (OSError, MediaError):
            return None
