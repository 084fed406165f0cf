"""The samples of a track in a window of time, of which only those parts are read that have some in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .records import Track, TrackSamples
from .storage import Query, Store
from .storage.codec import unpack, unpack_all

SHOWN = ("frame_index", "npt", "boxes_xywh", "scores", "qualities")
"""The arrays of `TrackSamples` that are shown. Landmarks are not, and take half of the room."""

_EMPTY: dict[str, NDArray[Any]] = {
    "frame_index": np.zeros(0, np.int64),
    "npt": np.zeros(0, np.float64),
    "boxes_xywh": np.zeros((0, 4), np.float32),
    "scores": np.zeros(0, np.float32),
    "qualities": np.zeros(0, np.float32),
}
_FEW = 300
"""Samples of a track that are read at once: to look first which of them are wanted would take longer."""

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Extent:
    """What has to be known of a track before its samples are read; the fields of `Track`."""

    analysis_id: str
    track_id: int
    start_npt: float
    end_npt: float
    n_samples: int


def extent_of(track: Track) -> Extent:
    """Return it of a whole track."""
    return Extent(track.analysis_id, track.track_id, track.start_npt, track.end_npt, track.n_samples)


def read_window(store: Store, track: Extent, from_npt: float, to_npt: float) -> Arrays:
    """Return the samples of a track in a window of time.

    Args:
        store: Where they are.
        track: Which track.
        from_npt: Seconds; samples from here on.
        to_npt: Seconds; samples before here.

    Returns:
        The arrays of `SHOWN` with n rows each, in the order of time; n may be 0.
    """
    if not _is_seen(track, from_npt, to_npt):
        return _EMPTY
    key = {"analysis_id": track.analysis_id, "track_id": track.track_id}
    if track.n_samples <= _FEW or (from_npt <= track.start_npt and to_npt > track.end_npt):
        queries = [Query(key)]
    else:
        parts = store.cells(TrackSamples, ("part", "npt"), Query(key))
        queries = [Query({**key, "part": part}) for part, npt in parts if _touches(unpack(npt), from_npt, to_npt)]
    found = [_cut(cells, from_npt, to_npt) for query in queries for cells in store.cells(TrackSamples, SHOWN, query)]
    if len(found) == 1:
        return found[0]
    return {name: np.concatenate([arrays[name] for arrays in found]) for name in SHOWN} if found else _EMPTY


def read_windows(store: Store, tracks: Sequence[Extent], from_npt: float, to_npt: float) -> list[Arrays]:
    """Do what `read_window` does for many tracks of one analysis; the short ones, which most are, are read at once.

    Returns:
        Arrays for each track, in their order; they are not to be written to.
    """
    seen = [track for track in tracks if _is_seen(track, from_npt, to_npt)]
    short = [track.track_id for track in seen if track.n_samples <= _FEW]
    found = _read_whole(store, seen[0].analysis_id, short, from_npt, to_npt) if short else {}
    for track in seen:
        if track.n_samples > _FEW:
            found[track.track_id] = read_window(store, track, from_npt, to_npt)
    return [found.get(track.track_id, _EMPTY) for track in tracks]


def _read_whole(store: Store, analysis_id: str, track_ids: list[int], from_npt: float, to_npt: float) -> dict[int, Arrays]:
    """Read tracks whole, and return of each what lies in a window."""
    rows = sorted(store.cells_of(TrackSamples, ("track_id", "part", *SHOWN), track_ids, analysis_id), key=itemgetter(0, 1))
    if not rows:
        return {}
    owners, _, *columns = zip(*rows, strict=True)
    arrays: Arrays = {}
    sizes: list[int] = []
    for name, cells in zip(SHOWN, columns, strict=True):
        arrays[name], sizes = unpack_all(cells)
    inside = (arrays["npt"] >= from_npt) & (arrays["npt"] < to_npt)
    ids = list(dict.fromkeys(owners))
    places = {track_id: place for place, track_id in enumerate(ids)}
    owner = np.repeat([places[track_id] for track_id in owners], sizes)[inside]
    ends = np.cumsum(np.bincount(owner, minlength=len(ids))).tolist()
    kept = {name: array[inside] for name, array in arrays.items()}
    return {
        track_id: {name: array[start:end] for name, array in kept.items()}
        for track_id, start, end in zip(ids, [0, *ends], ends, strict=False)
    }


def best_rows(qualities: NDArray[Any], n: int) -> list[int]:
    """Return the rows of the best sample of each of n equal parts of a track: good pictures that differ.

    Args:
        qualities: (m,) of all samples in the order of time; 0 where the face was followed and not detected: such ones are only
            taken where there is nothing else. m may be 0.
        n: At most so many.
    """
    detected = np.flatnonzero(qualities > 0)
    rows = detected if len(detected) else np.arange(len(qualities))
    parts = np.array_split(rows, min(n, len(rows))) if len(rows) else []
    return [int(part[np.argmax(qualities[part])]) for part in parts]


def _is_seen(track: Extent, from_npt: float, to_npt: float) -> bool:
    return track.start_npt < to_npt and track.end_npt >= from_npt


def _touches(npt: NDArray[Any], from_npt: float, to_npt: float) -> bool:
    return bool(((npt >= from_npt) & (npt < to_npt)).any())


def _cut(cells: tuple[Any, ...], from_npt: float, to_npt: float) -> Arrays:
    arrays = {name: unpack(data) for name, data in zip(SHOWN, cells, strict=True)}
    inside = (arrays["npt"] >= from_npt) & (arrays["npt"] < to_npt)
    return arrays if inside.all() else {name: array[inside] for name, array in arrays.items()}
