"""Records to plain fields and back. Arrays become the bytes of a .npy file, which name their own shape and type."""

from __future__ import annotations

import io
import json
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, get_origin

import cattrs
import numpy as np
from pydantic_core import from_json

from ..errors import StorageError

T = TypeVar("T")

_VERSION_1 = np.lib.format.magic(1, 0)
"""How .npy files of the first version begin, which are all but those of odd types."""
_USUAL_HEADER = 128
"""Bytes before the numbers, in all files of version 1 but those of arrays of very many dimensions."""


def pack(array: np.ndarray[Any, Any]) -> bytes:
    """Return an array as the bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def unpack(data: bytes) -> np.ndarray[Any, Any]:
    """Return the array of a .npy file; one that would need pickle is refused with a ValueError."""
    if data[: len(_VERSION_1)] != _VERSION_1:
        other: np.ndarray[Any, Any] = np.load(io.BytesIO(data), allow_pickle=False)
        return other
    end = _end_of_header(data)
    shape, in_columns, dtype = _described(data[:end])
    flat = np.frombuffer(data, dtype, math.prod(shape), end)
    # A copy, since these bytes cannot be written to and an array of ours can.
    return flat.reshape(shape, order="F" if in_columns else "C").copy(order="A")


def unpack_all(files: Sequence[bytes]) -> tuple[np.ndarray[Any, Any], list[int]]:
    """Return the arrays of some .npy files one below the other, and how many rows each has; they are not to be written to.

    Of hundreds of small arrays most of the time would go into making each of them.

    Args:
        files: One at least, of arrays that differ in their number of rows alone.

    Raises:
        ValueError: They differ in more than that, or one would need pickle.
    """
    described = [_rows_of(data[:_USUAL_HEADER]) for data in files]
    kinds = {rows and (rows.rest, rows.dtype) for rows in described}
    if None in kinds or len(kinds) != 1:
        arrays = [unpack(data) for data in files]
        return np.concatenate(arrays), [len(array) for array in arrays]
    ((rest, dtype),) = kinds  # type: ignore[misc]
    pieces = [data[rows.begin : rows.end] for data, rows in zip(files, described, strict=True) if rows]
    sizes = [rows.n for rows in described if rows]
    return np.frombuffer(b"".join(pieces), dtype).reshape(sum(sizes), *rest), sizes


class _Rows(NamedTuple):
    """Where the rows of an array lie in its file, how many they are, and what each is."""

    begin: int
    end: int
    n: int
    rest: tuple[int, ...]
    dtype: np.dtype[Any]


@lru_cache(maxsize=4096)
def _rows_of(header: bytes) -> _Rows | None:
    """Return it by the first `_USUAL_HEADER` bytes; None where rows do not follow each other, or the header is longer."""
    begin = _end_of_header(header)
    if header[: len(_VERSION_1)] != _VERSION_1 or begin > len(header):
        return None
    shape, in_columns, dtype = _described(header[:begin])
    if in_columns or not shape:
        return None
    return _Rows(begin, begin + math.prod(shape) * dtype.itemsize, shape[0], shape[1:], dtype)


def _end_of_header(data: bytes) -> int:
    return len(_VERSION_1) + 2 + int.from_bytes(data[len(_VERSION_1) : len(_VERSION_1) + 2], "little")


@lru_cache(maxsize=4096)
def _described(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, whether columns come first, and type; kept, since most arrays are as long as many others."""
    shape, in_columns, dtype = np.lib.format.read_array_header_1_0(io.BytesIO(header[len(_VERSION_1) :]))
    if dtype.hasobject:
        raise ValueError("an array of Python objects, which only pickle could read")
    return shape, in_columns, dtype


def _is_array(kind: Any) -> bool:
    return kind is np.ndarray or get_origin(kind) is np.ndarray


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(unstruct_collection_overrides={tuple: list})
    converter.register_unstructure_hook_func(_is_array, pack)
    converter.register_structure_hook_func(_is_array, lambda data, _kind: unpack(data))
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
        plain: dict[str, Any] = _CONVERTER.unstructure(record)
    except Exception as err:  # whatever the record was filled with
        raise _refusal(type(record), str(err)) from err
    return plain


class Layout:
    """How one kind of record is kept: a value a field, each of one type.

    Attributes:
        kind: The dataclass.
        name: Of the table or collection, `track_samples`.
        key: The fields that name a record.
        types: INTEGER, REAL, TEXT or BLOB for each field, or JSON for lists, mappings and value types.
        optional: Fields that may be None.
    """

    def __init__(self, kind: type[Any], key: tuple[str, ...]) -> None:
        """Read the fields of a dataclass."""
        hints = typing.get_type_hints(kind)
        self.kind, self.key = kind, key
        self.name = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
        self.types = {f.name: _stored_type(hints[f.name]) for f in fields(kind)}
        self.optional = {f.name for f in fields(kind) if isinstance(hints[f.name], types.UnionType)}
        readers: dict[str, Callable[[Any], Any]] = {name: from_json for name, stored in self.types.items() if stored == "JSON"}
        self._readers = readers | {name: bool for name, hint in hints.items() if hint is bool}

    def values(self, record: Any) -> dict[str, Any]:
        """Return a record's fields as numbers, text and bytes; those of type JSON as text in JSON form.

        Raises:
            StorageError: A field holds what could not be read back as it was.
        """
        plain = to_fields(record)
        return {name: self._checked(name, plain[name]) for name in self.types}

    def record(self, values: Mapping[str, Any]) -> Any:
        """Build a record from what `values` returned; a field that is missing has its default.

        Raises:
            StorageError: The values do not make such a record.
        """
        try:
            decoded = {
                name: json.loads(value) if self.types[name] == "JSON" and value is not None else value
                for name, value in values.items()
            }
            return _CONVERTER.structure(decoded, self.kind)
        except Exception as err:  # whatever is wrong inside, the record is damaged
            raise self._damaged(values, err) from err

    def plain(self, values: dict[str, Any]) -> dict[str, Any]:
        """Turn stored values into those that JSON has, in place, without building the record: for lists of hundreds.

        Raises:
            StorageError: A value in JSON form is damaged.
        """
        try:
            for name, read in self._readers.items():
                value = values.get(name)
                if value is not None:
                    values[name] = read(value)
        except ValueError as err:
            raise self._damaged(values, err) from err
        return values

    def default(self, name: str) -> Any:
        """Return the stored value that older records get for a field that was added.

        Raises:
            StorageError: The field has no default.
        """
        field = next(f for f in fields(self.kind) if f.name == name)
        if field.default_factory is not MISSING:
            return self._checked(name, _CONVERTER.unstructure(field.default_factory()))
        if field.default is MISSING:
            raise StorageError(f"{self.kind.__name__}.{name} has no default for records made before there was such a field.")
        return self._checked(name, _CONVERTER.unstructure(field.default))

    def _damaged(self, values: Mapping[str, Any], err: Exception) -> StorageError:
        named = ", ".join(str(values.get(name)) for name in self.key)
        reason = " ".join(str(err).split())
        return StorageError(
            f"A stored {self.kind.__name__} is damaged ({named}): {reason}. Restore the database from a backup."
        )

    def _checked(self, name: str, value: Any) -> Any:
        if value is None and name in self.optional:
            return None
        try:
            return _encode(value, self.types[name])
        except (TypeError, ValueError) as err:
            raise _refusal(self.kind, f"{name}: {err}") from err


def _refusal(kind: type[Any], why: str) -> StorageError:
    return StorageError(f"A {kind.__name__} cannot be stored: {why}. Nothing was written.")


def _stored_type(hint: Any) -> str:
    """Return the type of a field in the store, or JSON for what is kept in JSON form."""
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if _is_array(hint) or hint is bytes:
        return "BLOB"
    if isinstance(hint, type):
        for python, stored in ((bool, "INTEGER"), (int, "INTEGER"), (float, "REAL"), (str, "TEXT")):
            if issubclass(hint, python):
                return stored
    return "JSON"


_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {"BLOB": bytes, "INTEGER": int, "REAL": (float, int), "TEXT": str}


def _encode(value: Any, stored: str) -> Any:
    """Return a value as every store keeps it.

    Raises:
        TypeError: The value is of another type than the field.
        ValueError: A store would refuse the value or, as with NaN, keep something else.
    """
    if value is None:
        raise ValueError("there is nothing where something must be")
    if stored == "JSON":
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        _check_integers(value)
        return _checked_text(text)
    if not isinstance(value, _PYTHON_TYPES[stored]):
        raise TypeError(f"{type(value).__name__} is no {stored}")
    if isinstance(value, float) and math.isnan(value):
        raise ValueError("not a number (NaN)")
    if isinstance(value, int):
        _check_integers(value)
    if isinstance(value, str):
        return _checked_text(value)
    return float(value) if isinstance(value, int) and stored == "REAL" else value


def _check_integers(value: Any) -> None:
    """Refuse integers that no database can hold, also inside lists and mappings."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            _check_integers(inner)
    elif isinstance(value, int) and value.bit_length() > 63:
        raise ValueError("an integer of more than 64 bits")


def _checked_text(text: str) -> str:
    """Return the text unless half of a character stands in it."""
    text.encode()
    # An enumeration's member is text too; what is stored is text and nothing else.
    return str.__str__(text)
