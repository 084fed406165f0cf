"""Embeddings of people whom hardly any project looks for: what "unknown" is calibrated with where a project has no strangers.

A file an engine lies beside this one, made by `python -m evaluation.strangers` from portraits in published packages;
`SOURCES.txt` names packages, pictures and boxes. The photos themselves are not here. An embedding of one version of an engine
means nothing to another, so that what was made with other weights or another alignment is not given out.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from importlib import resources
from typing import IO

import numpy as np

from ...schema import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """Faces of nobody in particular.

    Attributes:
        engine_id: Name and version of the engine that embedded them.
        embeddings: (n, d) float32, L2-normalised.
        people: (n,) int64, the same number for pictures of the same person, in every engine's file.
        sources: (n,) int64, the number of the face in `SOURCES.txt`.
    """

    engine_id: str
    embeddings: FloatArray
    people: IntArray
    sources: IntArray


def bundled_strangers(engine_id: str) -> FloatArray | None:
    """Return faces of strangers as an engine embeds them.

    Args:
        engine_id: Name and version, as `Engine.id` says.

    Returns:
        (n, d) float32, L2-normalised; None where there are none of this very version.
    """
    strangers = read_strangers(engine_id)
    return None if strangers is None else strangers.embeddings


def read_strangers(engine_id: str) -> Strangers | None:
    """Return faces of strangers, with the numbers of the people; None where there are none of this version of the engine."""
    file = resources.files(__name__) / f"{engine_id.partition('@')[0]}.npz"
    if not file.is_file():
        return None
    with file.open("rb") as opened:
        strangers = _load(opened)
    return strangers if strangers.engine_id == engine_id else None


def _load(file: IO[bytes]) -> Strangers:
    with np.load(file, allow_pickle=False) as arrays:
        vectors = arrays["embeddings"].astype(np.float32)
        # Half precision moves lengths by some 1e-4.
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        people, sources = arrays["people"].astype(np.int64), arrays["sources"].astype(np.int64)
        return Strangers(str(arrays["engine_id"]), vectors, people, sources)


def save_strangers(strangers: Strangers, file: IO[bytes]) -> None:
    """Write strangers so that the same faces give the same bytes, which `numpy.savez` with its clock does not.

    Args:
        strangers: What to write; embeddings become float16.
        file: Open for writing.
    """
    arrays = {
        "embeddings": strangers.embeddings.astype(np.float16),
        "engine_id": np.array(strangers.engine_id),
        "people": strangers.people.astype(np.int16),
        "sources": strangers.sources.astype(np.int16),
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
