"""Knowledge graphs behind a SPARQL endpoint: one query says where a video is played from and what is known of it.

The query is a setting, so that another archive needs no code. `<URI>` in it stands for the address that was asked for. What it
selects is understood by name; only `?locator` is needed:

    locator, media, programme, title, date, channel, description, genre, language, publisher
    segment, segment_title, start, end       a part of the video, one a row
    person, person_name, role                somebody who is named; in a row with a segment, named there

Rows may repeat what they share: a value counts once.

Source: W3C SPARQL 1.1 Protocol (2.1.1 and 2.1.2), SPARQL 1.1 Query Results JSON Format (3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import ConfigError, FetchError, ForbiddenPathError, MediaError
from ..guard import confined
from .asking import Asker, Login, is_web, read_json, with_host
from .base import Connector, Found, Name, Segment, merged, seconds_of

RESULTS = "application/sparql-results+json"
MORE = ("media", "programme", "channel", "description", "genre", "language", "publisher")
"""Variables that become metadata as they are; several values become a list."""

_NO_IRI = re.compile(r'[\x00-\x20<>"{}|\\^`]')
_PATH = "/%?=&:~+,;@!$'()*"
_MAX_ROWS = 20_000
Row = Mapping[str, str]
Follow = Callable[[str], Found | None]
"""Asks the other connectors where a locator is played from; None where none of them knows it."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What is asked, and where.

    Attributes:
        name: Of the archive.
        prefixes: How the addresses begin that it knows.
        endpoint: Address of the SPARQL endpoint.
        query: As said above.
        login: For HTTP Basic authentication; None without.
        media_base: What relative locators start from: an address, or a folder of this machine.
        setting: Section of the settings, for messages.
    """

    name: str
    prefixes: tuple[str, ...]
    endpoint: str
    query: str
    login: Login | None = None
    media_base: str = ""
    setting: str = ""


class SparqlEndpoint:
    """Sends queries and reads their results."""

    def __init__(self, url: str, asker: Asker, login: Login | None = None) -> None:
        """Begin.

        Args:
            url: Of the endpoint. An administrator has set it, so its server may lie in a private network.
            asker: Carries the requests.
            login: For HTTP Basic authentication.
        """
        self._url, self._login = url, login
        self._asker = replace(asker, guard=with_host(asker.guard, url))

    def select(self, query: str) -> list[Row]:
        """Return the rows of a query: of each the variables that are bound.

        Raises:
            FetchError: The endpoint cannot be asked, refuses, or answers no results.
        """
        try:
            answer = self._asker.ask(self._url, form={"query": query}, accept=RESULTS, login=self._login)
        except FetchError as err:
            if err.why.startswith(("answers 401", "answers 403")):
                who = f'refuses the user "{self._login.user}"' if self._login else "wants a user and a password"
                raise FetchError(self._url, f"{who} ({err.why}). Check user and password in the settings") from err
            raise
        return rows_of(self._url, read_json(self._url, answer))


def rows_of(url: str, results: Any) -> list[Row]:
    """Read results in the JSON format of SPARQL 1.1.

    Args:
        url: Who answered, for messages.
        results: The JSON value.

    Raises:
        FetchError: They are none, or too many.
    """
    try:
        bindings = results["results"]["bindings"]
        if len(bindings) > _MAX_ROWS:
            raise FetchError(url, f"answers more than {_MAX_ROWS} rows. Narrow the query")
        return [
            {str(name): cell["value"].strip() for name, cell in row.items() if isinstance(cell["value"], str)}
            for row in bindings
        ]
    except (KeyError, TypeError, AttributeError) as err:
        raise FetchError(url, "answers JSON that holds no SPARQL results", passing=True) from err


class SparqlConnector(Connector):
    """An archive whose knowledge graph is asked by SPARQL."""

    def __init__(self, archive: Archive, asker: Asker, follow: Follow) -> None:
        """Begin.

        Args:
            archive: What is asked, and where.
            asker: Carries the requests.
            follow: Asks the other connectors about the locator that is found.
        """
        self.name, self._archive, self._asker, self._follow = archive.name, archive, asker, follow

    def takes(self, locator: str) -> bool:
        """Say whether an address begins like those of the archive."""
        return any(locator.startswith(prefix) for prefix in self._archive.prefixes)

    def resolve(self, locator: str) -> Found:
        """Ask for an address of the graph."""
        archive = self._archive
        if not archive.endpoint or not archive.query:
            what = "endpoint" if not archive.endpoint else "query"
            raise ConfigError(
                f"{locator} is an address of the archive {archive.name}, and {archive.setting}.{what} is not set."
            )
        if _NO_IRI.search(locator):
            raise ConfigError(f"{locator!r} is no address of a knowledge graph: blanks, quotes and brackets must be escaped.")
        endpoint = SparqlEndpoint(archive.endpoint, self._asker, archive.login)
        rows = endpoint.select(archive.query.replace("<URI>", f"<{locator}>"))
        if not rows:
            raise MediaError(locator, f"is not known to the archive {archive.name}. Check the address.")
        playable = next((row["locator"] for row in rows if row.get("locator")), "")
        if not playable:
            raise MediaError(
                locator, f"is known to the archive {archive.name}, which has no medium of it to be played (?locator)."
            )
        return self._described(locator, rows, self._played_from(locator, playable))

    def _played_from(self, locator: str, playable: str) -> Found:
        """Return where a locator of the graph leads: an address, or what another connector makes of it."""
        base = self._archive.media_base
        if not is_web(playable) and base and not is_web(base):
            try:
                path = str(confined(Path(base), playable.lstrip("/")))
            except ForbiddenPathError as err:
                raise MediaError(
                    locator, f"lies at {playable} of {self._archive.setting}.media_base, where nothing is."
                ) from err
            return Found(self.name, locator, path, path)
        address = playable if is_web(playable) else f"{base.rstrip('/')}/{quote(playable.lstrip('/'), safe=_PATH)}"
        # An address of another kind, file: or ftp:, is no path that anything could start from.
        if not is_web(address) or (address is not playable and ":" in playable.partition("/")[0]):
            raise MediaError(
                locator,
                f"lies at {playable[:200]!r}, which is no address. Set {self._archive.setting}.media_base to the folder or the "
                "address that such paths start from.",
            )
        followed = self._follow(address)
        return followed or Found(self.name, locator, address, address, guard=self._asker.guard)

    def _described(self, locator: str, rows: Sequence[Row], played: Found) -> Found:
        more: dict[str, Any] = dict(played.more)
        for name in MORE:
            values = distinct(rows, name)
            if values:
                more[name] = values[0] if len(values) == 1 else values
        titles, dates = distinct(rows, "title"), distinct(rows, "date")
        people = _people(row for row in rows if not row.get("segment"))
        return replace(
            played,
            connector=self.name,
            locator=locator,
            title=titles[0] if titles else played.title,
            date=min(dates) if dates else played.date,
            segments=_segments(rows) or played.segments,
            people=people or played.people,
            more=more,
        )


def distinct(rows: Iterable[Row], name: str) -> list[str]:
    """Return the values of a variable, each once, sorted: an endpoint answers in whatever order it likes."""
    return sorted({row[name] for row in rows if row.get(name)})


def _segments(rows: Sequence[Row]) -> tuple[Segment, ...]:
    """Return the segments that have a beginning, by time."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        if row.get("segment"):
            grouped.setdefault(row["segment"], []).append(row)
    found = []
    for uri, own in grouped.items():
        starts = [start for row in own if (start := seconds_of(row.get("start", ""))) is not None]
        ends = [end for row in own if (end := seconds_of(row.get("end", ""))) is not None]
        people = _people(own)
        title = next(iter(distinct(own, "segment_title")), "")
        if starts:
            end = max(ends) if ends and max(ends) > min(starts) else None
            found.append(Segment(title, min(starts), end, uri, people))
    return tuple(sorted(found, key=lambda segment: (segment.start_npt, segment.uri)))


def _people(rows: Iterable[Row]) -> tuple[Name, ...]:
    """Return whom rows name, by name and each once."""
    named = {_person(row) for row in rows if row.get("person_name")}
    return merged(tuple(sorted(named, key=lambda name: (name.name, name.uri, name.role))))


def _person(row: Row) -> Name:
    uri = row.get("person", "")
    return Name(row["person_name"], uri if is_web(uri) else "", row.get("role", ""))
