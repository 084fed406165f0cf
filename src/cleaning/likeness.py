"""How much each picture of a person looks like those that train: the most doubtful first is a good order to look at them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..records import Image, ImageState
from ..training.trainingset import usable_embedding
from .agreement import evidence_for
from .stage import stack


def likeness(images: Sequence[Image]) -> dict[str, float]:
    """Return how much each face looks like the person, by the digest of its picture.

    A face that trains is compared with the others that do and never with itself, so one wrong picture among right ones stands
    out. Vectors of an engine that fewer of the pictures have are left out: they cannot be compared.

    Args:
        images: Of one person, in whatever state.

    Returns:
        Evidence in [-1, 1] as the cleaning weighs it; nothing for pictures without a usable face or anything to compare with.
    """
    known = [image for image in images if usable_embedding(image.embedding)]
    engines = Counter(image.engine for image in known)
    engine = max(engines, key=lambda name: (engines[name], name or ""), default=None)
    known = [image for image in known if image.engine == engine]
    training = np.array([row for row, image in enumerate(known) if image.state is ImageState.ACTIVE], np.int64)
    faces = stack(known)
    if not len(training):
        return {}
    evidence = evidence_for(faces, faces[training], training)
    return {image.sha256: round(float(value), 4) for image, value in zip(known, evidence, strict=True) if float(value) > -1.0}
