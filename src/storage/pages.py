"""Pages of records: a few at a time, in the order of a key or an index, from where the page before ended.

What is asked of a page is served by one key or index alone: fields that equal something are its beginning, the fields that the
records are sorted by come next, and bounds are on fields of it. So a page costs what it holds, however much is stored. The
next page begins after the last record and not after a number of records: what is written in between moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ..errors import StorageError
from .schema import Columns, Schema

T = TypeVar("T")
Place = tuple[Any, ...]
"""Where a page ended: the values of the fields that its last record is sorted by."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which records of a kind, and in which order.

    Attributes:
        equals: Fields and their values.
        order: What to sort by; the fields after those of `equals` where nothing is given. The key decides between equals.
        at_least, below: Bounds of fields, `at_least` inside and `below` outside.
        descending: Whether the last comes first.
        omit: Fields that are not read and have their defaults: thumbnails, for those who want times.
    """

    equals: Mapping[str, object] = field(default_factory=dict)
    order: Columns = ()
    at_least: Mapping[str, object] = field(default_factory=dict)
    below: Mapping[str, object] = field(default_factory=dict)
    descending: bool = False
    omit: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some records, and where the next ones begin; None where these are the last."""

    items: tuple[T, ...]
    end: Place | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a query is served.

    Attributes:
        columns: The key or the index that serves it. `is_key`: whether it is the key.
        sort: The fields that records are sorted by, without those that are equal in all of them.
    """

    columns: Columns
    is_key: bool
    sort: Columns


def plan_of(schema: Schema, kind: type[Any], query: Query) -> Plan:
    """Return the key or index that serves a query, the shortest there is.

    Raises:
        StorageError: There is none: the store would have to read everything, or to sort it.
    """
    names, bounded = set(query.equals), set(query.at_least) | set(query.below)
    key = schema.keys[kind]
    for columns in (key, *sorted(schema.indexes.get(kind, ()), key=len)):
        rest = columns[len(names) :]
        if set(columns[: len(names)]) != names or rest[: len(query.order)] != query.order or not bounded <= set(rest):
            continue
        if columns is key and bounded:
            continue
        sort = tuple(dict.fromkeys(name for name in (*rest, *key) if name not in names))
        # Nothing is neither more nor less than something: the records that have nothing there would be lost.
        if not schema.layouts[kind].optional & set(sort):
            return Plan(columns, columns is key, sort)
    asked = f"by {sorted(names)}, in the order {list(query.order)}, with bounds of {sorted(bounded)}"
    raise StorageError(f"{kind.__name__} cannot be listed {asked}: declare an index in records.INDEXES.")


def check_place(schema: Schema, kind: type[Any], plan: Plan, place: Sequence[Any]) -> None:
    """Refuse a place that no page of this query ended at: it may come from outside.

    Raises:
        StorageError: It has other fields, or values of another type.
    """
    types = schema.layouts[kind].types
    wanted = {"INTEGER": int, "REAL": float, "TEXT": str}
    fits = len(place) == len(plan.sort) and all(
        isinstance(value, wanted[types[name]]) and not isinstance(value, bool)
        for name, value in zip(plan.sort, place, strict=True)
    )
    if not fits or any(isinstance(value, int) and value.bit_length() > 63 for value in place):
        raise StorageError(f"No page of {kind.__name__} ends there. Begin again with the first page.")
