"""Lists, a page at a time: filtered, sorted, and continued by a cursor that stays where it is while others write."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from flask import Response, request
from pydantic import BaseModel, Field

from ..errors import StorageError
from ..storage import Page, Place, Query
from ..storage.pages import check_place, plan_of
from ..storage.schema import Columns
from .answers import answer, answer_plain
from .context import store
from .problems import Problem
from .validation import Parameters

T = TypeVar("T", bound=BaseModel)

MAX_LIMIT = 500
_LOOKS = 10
"""Pages that are read at most for one that shows only some of what it finds: an answer never takes long."""


class PageParameters(Parameters):
    """What every list takes."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="At most so many items")
    cursor: str = Field("", max_length=4000, description="`next` of the page before; empty for the first page")


class PageOf(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None = Field(description="Cursor of the next page; null on the last one")
    total: int | None = Field(description="Items on all pages, where counting is cheap; else null")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list shows.

    Attributes:
        kind: Of the records.
        query: Which of them; `descending` and `order` come from `sort`.
        orders: What each name that a client may sort by stands for; the first is the usual one.
        counted: Whether the page says how many there are on all pages.
        keep: Which of the records found are shown, for what no index serves. A page may then be short and not the last.
        fields: Only these are read, and `keep` and `shape` get a dict of them in the place of a record: lists of hundreds are
            answered in a third of the time.
    """

    kind: type[Any]
    query: Query
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"": ()})
    counted: bool = False
    keep: Callable[[Any], bool] | None = None
    fields: Columns = ()


def listed(
    listing: Listing,
    parameters: PageParameters,
    shape: Callable[[Any], Any],
    page: type[PageOf[Any]],
    sort: str = "",
    *,
    at_once: bool = False,
) -> Response:
    """Return a page of a list.

    Args:
        listing: What the list shows.
        parameters: Of the request.
        shape: Makes an item, a model, of a record; of a dict of fields a dict that has the form of the page's items.
        page: The model of the page.
        sort: What the client wants to sort by, with `-` before it for the last first.
        at_once: `shape` is given all that is on the page, and makes a list of items: where a look-up serves all of them.

    Raises:
        Problem: The cursor is none of this list.
    """
    name = sort.removeprefix("-") or next(iter(listing.orders))
    query = replace(listing.query, order=listing.orders[name], descending=sort.startswith("-"))
    mark = _mark(listing.kind, query)
    found = _found(listing, query, parameters.limit, _place(listing.kind, query, mark, parameters.cursor))
    total = store().count(listing.kind, **query.equals) if listing.counted else None
    following = None if found.end is None else cursor_of(mark, found.end)
    items = shape(found.items) if at_once else [shape(record) for record in found.items]
    if listing.fields:
        response = answer_plain({"items": items, "next": following, "total": total})
    else:
        response = answer(page(items=items, next=following, total=total))
    return linked(response, following)


def linked(response: Response, following: str | None) -> Response:
    """Return an answer whose header Link has the address of the next page, where there is one."""
    if following is not None:
        arguments = {**request.args.to_dict(), "cursor": following}
        # Escaped: a name in another script than ours is no text that a header can hold.
        response.headers["Link"] = f'<{quote(request.path)}?{urlencode(arguments)}>; rel="next"'
    return response


def _found(listing: Listing, query: Query, limit: int, place: Place | None) -> Page[Any]:
    if listing.keep is None:
        return _selected(listing, query, limit, place)
    kept: list[Any] = []
    for _ in range(_LOOKS):
        page = _selected(listing, query, limit - len(kept), place)
        kept += filter(listing.keep, page.items)
        place = page.end
        if place is None or len(kept) == limit:
            break
    return Page(tuple(kept), place)


def _selected(listing: Listing, query: Query, limit: int, place: Place | None) -> Page[Any]:
    if not listing.fields:
        return store().select(listing.kind, query, limit, place)
    page = store().select_cells(listing.kind, listing.fields, query, limit, place)
    plain = store().schema.layouts[listing.kind].plain
    return Page(tuple(plain(dict(zip(listing.fields, cells, strict=True))) for cells in page.items), page.end)


def _mark(kind: type[Any], query: Query) -> str:
    """Return what tells the cursors of one list from those of another, or of the same list with other filters."""
    return mark_of(kind.__name__, query.equals, query.order, query.at_least, query.below, query.descending)


def mark_of(*parts: object) -> str:
    """Return what tells the cursors of one list from those of all others."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:8]


def cursor_of(mark: str, place: Place) -> str:
    """Return the cursor of a page that begins after a place."""
    return base64.urlsafe_b64encode(json.dumps([mark, *place], ensure_ascii=False).encode()).decode().rstrip("=")


def _place(kind: type[Any], query: Query, mark: str, cursor: str) -> Place | None:
    def check(place: list[Any]) -> None:
        check_place(store().schema, kind, plan_of(store().schema, kind, query), place)

    return place_of(mark, cursor, check)


def place_of(mark: str, cursor: str, check: Callable[[list[Any]], None]) -> Place | None:
    """Return the place that a cursor stands for; None for the first page.

    Args:
        mark: Of the list.
        cursor: As it came.
        check: Raises ValueError, TypeError or StorageError where no page of the list ends there.

    Raises:
        Problem: The cursor is none of this list.
    """
    if not cursor:
        return None
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        found, *place = json.loads(data)
        if found != mark:
            raise ValueError("of another list")
        check(place)
        for value in place:
            if isinstance(value, str):
                value.encode()
    except (ValueError, TypeError, RecursionError, binascii.Error, StorageError) as err:
        raise Problem(
            "bad_cursor", "The cursor is not one of this list with these filters. Begin again without a cursor."
        ) from err
    return tuple(place)


def of_types(*types: type) -> Callable[[list[Any]], None]:
    """Return what checks that a place has values of these types, whole numbers of 63 bits at most."""

    def check(place: list[Any]) -> None:
        if len(place) != len(types) or any(type(value) is not kind for value, kind in zip(place, types, strict=True)):
            raise ValueError("other values")
        if any(isinstance(value, int) and value.bit_length() > 63 for value in place):
            raise ValueError("too large")

    return check
