"""Records to plain fields and back. Arrays become the bytes of a .npy file, which name their own shape and type."""

from __future__ import annotations

import io
from typing import Any, TypeVar, get_origin

import cattrs
import numpy as np

from ..errors import StorageError

T = TypeVar("T")


def _pack(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _unpack(data: bytes) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = np.load(io.BytesIO(data), allow_pickle=False)
    return array


def _is_array(kind: Any) -> bool:
    return kind is np.ndarray or get_origin(kind) is np.ndarray


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(unstruct_collection_overrides={tuple: list})
    converter.register_unstructure_hook_func(_is_array, _pack)
    converter.register_structure_hook_func(_is_array, lambda data, _kind: _unpack(data))
    converter.register_unstructure_hook(bytes, lambda data: data)
    converter.register_structure_hook(bytes, lambda data, _kind: data)
    return converter


_CONVERTER = _converter()


def to_fields(record: Any) -> dict[str, Any]:
    """Return a record's fields as numbers, strings, bytes, lists and mappings.

    Raises:
        StorageError: A field holds something of another kind.
    """
    try:
        fields: dict[str, Any] = _CONVERTER.unstructure(record)
    except Exception as err:  # whatever the record was filled with
        raise StorageError(f"A {type(record).__name__} cannot be stored: {err}. Nothing was written.") from err
    return fields


def from_fields(kind: type[T], fields: dict[str, Any]) -> T:
    """Build a record from what `to_fields` returned.

    Raises:
        StorageError: The fields do not make such a record.
    """
    try:
        return _CONVERTER.structure(fields, kind)
    except Exception as err:  # whatever is wrong inside, the record is damaged
        raise StorageError(f"A stored {kind.__name__} is damaged: {err}. Restore the database from a backup.") from err
