"""What was found in a segment, on its way from one process to another: a file that is read while it is being written.

An entry is a line of JSON with its arrays behind it. Nothing in it is code, and nothing is kept that only the first process
needs: of a picture there are the thumbnails of its faces, of a followed frame its number and time.
"""

from __future__ import annotations

import json
import math
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from ..schema import Detections, Frame
from ..tracking.flow import Trail
from ..video.shots import Transition
from .finding import Seen
from .following import Gap
from .reading import Glance, Sample

_HEAD = struct.Struct("<QQ")
"""Bytes of the JSON, and of all its arrays."""
_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)

Cut = tuple[int, float, Transition]
"""Frame index and npt of the first frame of a shot, and how it begins; empty where it is the end of the video."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One batch of a segment.

    Attributes:
        npt: How far the reading is.
        window: As of `Batch`, counted in the segment where samples are sparse.
        cuts: Where shots end, since the entry before.
        seen: Its samples; the number of a shot is how many began in the segment so far.
        gaps: What lies before each sample; one more where there is no sample: it lies before the next one, of another segment.
        tail: What lies behind the last sample of all.
    """

    npt: float
    window: int
    cuts: tuple[Cut, ...] = ()
    seen: list[Seen] = field(default_factory=list)
    gaps: list[Gap | None] = field(default_factory=list)
    tail: Gap | None = None


class SpoolWriter:
    """Writes entries, each of them whole before the next one."""

    def __init__(self, path: Path) -> None:
        """Begin a file."""
        self._file = path.open("wb")

    def write(self, entry: Entry) -> None:
        """Append an entry, and let the reader see it."""
        arrays: list[np.ndarray[Any, Any]] = []
        text = json.dumps(_plain(_fields(entry), arrays)).encode()
        self._file.write(_HEAD.pack(len(text), sum(array.nbytes for array in arrays)) + text)
        for array in arrays:
            self._file.write(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
        self._file.flush()

    def __enter__(self) -> Self:
        """Close at the end of the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close, whatever happened."""
        self._file.close()


class SpoolReader:
    """Reads the entries of a file that may still grow."""

    def __init__(self, path: Path) -> None:
        """Begin before the first entry; the file need not be there yet."""
        self._path, self._at = path, 0

    def next(self) -> Entry | None:
        """Return the next entry, or None where it is not there yet as a whole."""
        if not self._path.exists():
            return None
        with self._path.open("rb") as file:
            n_left = os.fstat(file.fileno()).st_size - self._at - _HEAD.size
            if n_left < 0:
                return None
            file.seek(self._at)
            n_text, n_arrays = _HEAD.unpack(file.read(_HEAD.size))
            if n_left < n_text + n_arrays:
                return None
            plain, data = json.loads(file.read(n_text)), file.read(n_arrays)
        self._at += _HEAD.size + n_text + n_arrays
        return _entry(_full(plain, data, [0]))


def _plain(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    """Return what JSON can write, with the arrays taken out in order."""
    if isinstance(value, dict):
        return {key: _plain(inner, arrays) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, arrays) for inner in value]
    if isinstance(value, bytes):
        arrays.append(np.frombuffer(value, np.uint8))
        return {"bytes": len(value)}
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": [value.dtype.str, *value.shape]}
    return value


def _full(value: Any, data: bytes, at: list[int]) -> Any:
    """Put the arrays back, in the same order."""
    if isinstance(value, list):
        return [_full(inner, data, at) for inner in value]
    if not isinstance(value, dict):
        return value
    if "bytes" in value:
        at[0] += value["bytes"]
        return data[at[0] - value["bytes"] : at[0]]
    if "array" in value:
        kind, *shape = value["array"]
        array = np.frombuffer(data, np.dtype(kind), math.prod(shape), at[0]).reshape(shape)
        at[0] += array.nbytes
        return array
    return {key: _full(inner, data, at) for key, inner in value.items()}


def _fields(entry: Entry) -> dict[str, Any]:
    return {
        "npt": entry.npt,
        "window": entry.window,
        "cuts": entry.cuts,
        "seen": [_seen_fields(seen) for seen in entry.seen],
        "gaps": [_gap_fields(gap) for gap in entry.gaps],
        "tail": _gap_fields(entry.tail),
    }


def _entry(fields: dict[str, Any]) -> Entry:
    cuts = tuple((index, npt, how) for index, npt, how in fields.pop("cuts"))
    seen = [_seen(one) for one in fields.pop("seen")]
    gaps = [_gap(one) for one in fields.pop("gaps")]
    return Entry(cuts=cuts, seen=seen, gaps=gaps, tail=_gap(fields.pop("tail")), **fields)


def _seen_fields(seen: Seen) -> dict[str, Any]:
    frame, faces = seen.frame, seen.faces
    return {
        "frame": [frame.frame_index, frame.npt, frame.shot, seen.sample.is_known],
        "n_found": seen.n_found,
        "faces": [faces.boxes_xywh, faces.scores, faces.landmarks],
        "crops": seen.crops if seen.embeddings is None else None,
        "qualities": seen.qualities,
        "embeddings": seen.embeddings,
        "thumbnails": [seen.thumbnail(row) for row in range(len(faces))],
    }


def _seen(fields: dict[str, Any]) -> Seen:
    index, npt, shot, is_known = fields["frame"]
    return Seen(
        Sample(Frame(index, npt, _NO_PICTURE, shot), is_known),
        fields["n_found"],
        Detections(*fields["faces"]),
        _NO_PICTURE if fields["crops"] is None else fields["crops"],
        fields["qualities"],
        fields["embeddings"],
        tuple(fields["thumbnails"]),
    )


def _gap_fields(gap: Gap | None) -> dict[str, Any] | None:
    if gap is None:
        return None
    return {
        "glances": [[glance.frame_index, glance.npt] for glance in gap.glances],
        "forward": [gap.forward.boxes_xywh, gap.forward.known],
        "backward": None if gap.backward is None else [gap.backward.boxes_xywh, gap.backward.known],
        "end_npt": gap.end_npt,
    }


def _gap(fields: dict[str, Any] | None) -> Gap | None:
    if fields is None:
        return None
    glances = tuple(Glance(index, npt, _NO_PICTURE) for index, npt in fields["glances"])
    backward = None if fields["backward"] is None else Trail(*fields["backward"])
    return Gap(glances, Trail(*fields["forward"]), backward, fields["end_npt"])
