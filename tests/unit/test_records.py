"""The table of records: every record can be kept and found, and every identifier is stable."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from src.records import INDEXES, KEYS, Record, now, stable_id


def test_every_record_has_a_key() -> None:
    assert set(get_args(Record)) == set(KEYS)


@pytest.mark.parametrize("kind", KEYS, ids=lambda kind: kind.__name__)
def test_keys_and_indexes_name_fields(kind: type) -> None:
    assert is_dataclass(kind)
    names = {field.name for field in fields(kind)}
    for columns in (KEYS[kind], *INDEXES.get(kind, ())):
        assert set(columns) <= names


@pytest.mark.parametrize("kind", KEYS, ids=lambda kind: kind.__name__)
def test_records_are_frozen_and_documented(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")


def test_indexes_are_of_records() -> None:
    assert set(INDEXES) <= set(KEYS)


def test_now_is_utc_to_the_second() -> None:
    moment = datetime.fromisoformat(now())
    assert moment.utcoffset() == timedelta(0)
    assert moment.microsecond == 0
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


class TestStableId:
    def test_is_the_same_in_every_run(self) -> None:
        # A stored database depends on these: they must never change.
        assert stable_id("video", 25, {"b": 1, "a": "ü"}) == "6ab0aafd372835e6"

    def test_does_not_mind_the_order_of_a_mapping(self) -> None:
        assert stable_id({"a": 1, "b": 2}) == stable_id({"b": 2, "a": 1})

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (("a", "b"), ("b", "a")),
            (("ab",), ("a", "b")),
            (("a", ""), ("a",)),
            ((1,), ("1",)),
            ((None,), ("None",)),
            ((), ("",)),
        ],
    )
    def test_tells_apart(self, one: tuple[object, ...], other: tuple[object, ...]) -> None:
        assert stable_id(*one) != stable_id(*other)

    def test_is_sixteen_hexadecimal_digits(self) -> None:
        assert len(stable_id("x")) == 16
        int(stable_id("x"), 16)
