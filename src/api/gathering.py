"""What views of a whole project share: which of its videos are meant, whom a question names, and as of when an answer holds."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from typing import Annotated

from pydantic import AfterValidator, Field

from ..guard import Outside
from ..insights.programmes import Programme, dated, is_date, programmes_of
from ..insights.screentime import revision_of, stamps_of
from ..insights.together import Who
from ..records import Person, UnknownPerson
from ..schema import UNKNOWN
from . import overall
from .context import existing, store
from .problems import Problem

_UNKNOWN_PREFIX = "unknown:"
"""No folder is called so, and `person_id` is the name of a folder."""
_ALL = attrgetter(*(field.name for field in fields(Programme)))
"""All of a programme: `asdict` takes ten times as long, and there are hundreds of them."""
MOST_NAMED = 10
MOST_VIDEOS = 100
BETWEEN = "/"
"""Between the names of several: in no folder's name, and readable in an address."""


def _date(value: str) -> str:
    if value and not is_date(value):
        raise ValueError("is no date. Write 1938, 1938-09 or 1938-09-30")
    return value


FirstDate = Annotated[
    str,
    Field(
        alias="from", max_length=10, description="Programmes of this year, month or day (1938, 1938-09, 1938-09-30) or later"
    ),
    AfterValidator(_date),
]
LastDate = Annotated[
    str, Field(alias="to", max_length=10, description="Programmes of this year, month or day or earlier"), AfterValidator(_date)
]
Confidence = Annotated[
    float, Field(ge=0, le=1, description="Least confidence of a name; appearances of unknown people always count")
]
Human = Annotated[bool, Field(description="Only what a person decided")]
VideoIds = Annotated[
    str,
    Outside.KEPT,
    Field(max_length=MOST_VIDEOS * 65, description=f"Only these videos, {MOST_VIDEOS} at most, with `/` between their ids"),
]
Names = Annotated[str, Field(max_length=MOST_NAMED * 260)]
"""Longer than any ten names: what is no name is refused by itself."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which programmes of a project are meant.

    Attributes:
        programmes: Those. `local`: whether the server has the file of each.
        n_undated: Those that were left out because nobody knows their date.
        n_all: How many programmes the project has.
        stamps: The revision of the appearances of each, by analysis.
        state: Changes with all that is shown of them.
    """

    programmes: list[Programme]
    local: dict[str, bool]
    n_undated: int
    n_all: int
    stamps: dict[str, str]
    state: str

    @property
    def revision(self) -> str:
        """Of all their appearances together."""
        return revision_of(self.stamps)


def scope_of(project: str, first: str, last: str, video_ids: str = "") -> Scope:
    """Return the programmes from one date to another, of some videos where they are named.

    Raises:
        Problem: Too many videos are named.
    """
    wanted = set(filter(None, video_ids.split(BETWEEN)))
    if len(wanted) > MOST_VIDEOS:
        raise Problem("invalid", f"Name {MOST_VIDEOS} videos at most, or none for all of them.")
    everything = programmes_of(store(), project)
    known = [one for one in everything if not wanted or one.video_id in wanted]
    found = dated(known, first, last)
    n_undated = sum(not one.date for one in known) if first or last else 0
    local = {one.analysis_id: is_local(one) for one in found}
    text = json.dumps([[_ALL(one) for one in found], sorted(local.items()), n_undated])
    state = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Scope(found, local, n_undated, len(everything), stamps_of(store(), project, found), state)


def shown(one: Programme, scope: Scope) -> dict[str, object]:
    """Return `overall.Programme` as plain values."""
    return plain(one, scope.local[one.analysis_id])


def plain(one: Programme, local: bool) -> dict[str, object]:
    """Return `overall.Programme` as plain values, of a programme whose file the server has or has not."""
    values = asdict(one) | {"local": local}
    return {name: values[name] for name in overall.Programme.model_fields}


def is_local(one: Programme) -> bool:
    """Say whether the server has the file of a programme."""
    return bool(one.checksum) and os.path.isfile(one.media)


def named(project: str, names: str) -> list[overall.Whom]:
    """Return whom a parameter names: ids of people, and `unknown:3` for unknown ones, with `/` between them.

    Raises:
        Problem: One of them is not there, or they are too many.
    """
    wanted = list(dict.fromkeys(filter(None, names.split(BETWEEN))))
    if len(wanted) > MOST_NAMED:
        raise Problem("invalid", f"Name {MOST_NAMED} people at most.")
    return [_whom(project, name) for name in wanted]


def _whom(project: str, name: str) -> overall.Whom:
    number = name.removeprefix(_UNKNOWN_PREFIX)
    if number == name:
        person: Person = existing(Person, "person", project, name)
        return overall.Whom(person_id=person.person_id, unknown_id=None, name=person.name)
    if not (number.isascii() and number.isdigit() and len(number) <= 15):
        raise Problem("invalid", f"{name[:100]!r} is no unknown person. Write unknown: and a number, unknown:3.")
    unknown: UnknownPerson = existing(UnknownPerson, "unknown person", project, int(number))
    called = unknown.name or f"{UNKNOWN} {unknown.unknown_id}"
    return overall.Whom(person_id=None, unknown_id=unknown.unknown_id, name=called)


def who(whom: Sequence[overall.Whom]) -> tuple[Who, ...]:
    """Return them as a search takes them."""
    return tuple(Who(one.person_id, one.unknown_id) for one in whom)
