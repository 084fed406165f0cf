"""Arrays and fields on their way into a database and back."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from src.errors import StorageError
from src.storage.codec import pack, unpack, unpack_all
from src.storage.schema import SCHEMA
from tests.contract.samples import full_records


class TestArrays:
    @pytest.mark.parametrize(
        "array",
        [
            np.zeros(0, np.int64),
            np.zeros((0, 4), np.float32),
            np.array(3.5),
            np.arange(5, dtype=np.float16),
            np.arange(5, dtype=">i4"),
            np.asfortranarray(np.arange(12.0).reshape(3, 4)),
            np.arange(24).reshape(2, 3, 4)[:, ::2],
            np.array([np.nan, np.inf, -0.0]),
            np.array(["é", ""]),
        ],
    )
    def test_come_back_as_numpy_itself_reads_them(self, array: np.ndarray[Any, Any]) -> None:
        data = pack(array)
        found, wanted = unpack(data), np.load(io.BytesIO(data))
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
        assert found.flags.f_contiguous == wanted.flags.f_contiguous
        assert found.tobytes() == wanted.tobytes()

    def test_are_their_readers_own(self) -> None:
        data = pack(np.zeros(3))
        unpack(data)[0] = 1
        assert unpack(data).tolist() == [0, 0, 0]

    @pytest.mark.parametrize("length", [1, 7, 9, 20, 127, 130])
    def test_cut_off_are_refused(self, length: int) -> None:
        with pytest.raises(ValueError):
            unpack(pack(np.arange(5))[:length])

    def test_that_only_pickle_could_read_are_refused(self) -> None:
        buffer = io.BytesIO()
        np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
        with pytest.raises(ValueError, match="pickle"):
            unpack(buffer.getvalue())


class TestManyArrays:
    @pytest.mark.parametrize(
        "arrays",
        [
            [np.arange(5)],
            [np.arange(3.0), np.zeros(0), np.arange(2.0)],
            [np.arange(8, dtype=np.float32).reshape(2, 4), np.ones((1, 4), np.float32)],
            # Those that are told apart from the usual ones: other types, columns first, headers longer than most.
            [np.arange(3), np.arange(2.0)],
            [np.asfortranarray(np.arange(12.0).reshape(3, 4)), np.arange(4.0).reshape(1, 4)],
            [np.zeros((2, *[1] * 28)), np.ones((1, *[1] * 28))],
        ],
    )
    def test_lie_one_below_the_other(self, arrays: list[np.ndarray[Any, Any]]) -> None:
        found, sizes = unpack_all([pack(array) for array in arrays])
        wanted = np.concatenate(arrays)
        assert sizes == [len(array) for array in arrays]
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)

    @pytest.mark.parametrize("length", [1, 9, 100, 127, 130])
    def test_cut_off_are_refused(self, length: int) -> None:
        with pytest.raises(ValueError):
            unpack_all([pack(np.arange(5)), pack(np.arange(5))[:length]])

    def test_that_only_pickle_could_read_are_refused(self) -> None:
        buffer = io.BytesIO()
        np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
        with pytest.raises(ValueError, match="pickle"):
            unpack_all([buffer.getvalue()])


class TestPlainFields:
    @pytest.mark.parametrize("record", full_records(), ids=lambda record: type(record).__name__)
    def test_are_those_of_the_record(self, record: Any) -> None:
        layout = SCHEMA.layouts[type(record)]
        stored = layout.values(record)
        plain = layout.plain(dict(stored))
        again = layout.record(stored)
        for name, value in plain.items():
            if layout.types[name] in ("INTEGER", "REAL", "TEXT"):
                assert value == getattr(again, name)
                assert isinstance(value, bool) == isinstance(getattr(again, name), bool)
            elif layout.types[name] == "JSON":
                assert value is None or isinstance(value, list | dict)

    def test_that_are_damaged_name_the_record(self) -> None:
        (record,) = [record for record in full_records() if type(record).__name__ == "Appearance"][:1]
        layout = SCHEMA.layouts[type(record)]
        with pytest.raises(StorageError, match=r"Appearance is damaged .*Restore"):
            layout.plain(layout.values(record) | {"box": "{"})
