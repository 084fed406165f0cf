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
from ..guard import Guard, confined
from ..guard.policy import origin_of
from ..mediafragments import EVERYTHING, Fragment, names_a_part, read_fragment
from .asking import Answer, Asker, Login, escaped, is_web, with_host, with_login
from .base import Connector, Found, Name, Segment, merged, seconds_of
from .places import is_video_name
from .results import ACCEPT, Row, read_results

MORE = ("media", "programme", "channel", "description", "genre", "language", "publisher")
"""Variables that become metadata as they are; several values become a list."""

_NO_IRI = re.compile(r'[\x00-\x20<>"{}|\\^`]')
_PATH = "/%?=&:~+,;@!$'()*"
_NO_POST = ("answers 400", "answers 404", "answers 405", "answers 411", "answers 415", "answers 501")
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
        login: For HTTP Basic authentication at the endpoint and where its media lie; None without.
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
            answer = self._ask({"query": query})
        except FetchError as err:
            if err.why.startswith(("answers 401", "answers 403")):
                who = f'refuses the user "{self._login.user}"' if self._login else "wants a user and a password"
                raise FetchError(self._url, f"{who} ({err.why}). Check user and password in the settings") from err
            raise
        return read_results(self._url, answer)

    def _ask(self, query: Mapping[str, str]) -> Answer:
        """Send a query by POST, which has no limit of length; by GET to those that know nothing else."""
        try:
            return self._asker.ask(self._url, form=query, accept=ACCEPT, login=self._login)
        except FetchError as err:
            if not err.why.startswith(_NO_POST):
                raise
        return self._asker.ask(self._url, query=query, accept=ACCEPT, login=self._login)


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
        if not rows and locator.startswith("https://"):
            # Graphs are older than the habit of https: the same resource is known there by its first name.
            rows = endpoint.select(archive.query.replace("<URI>", f"<http://{locator.removeprefix('https://')}>"))
        if not rows:
            raise MediaError(locator, f"is not known to the archive {archive.name}. Check the address.")
        # A medium may lie there several times, as a picture and as sound too, and in whatever order the endpoint likes.
        lying = distinct(rows, "locator")
        playable = next((one for one in lying if is_video_name(one)), next(iter(lying), ""))
        if not playable:
            raise MediaError(
                locator, f"is known to the archive {archive.name}, which has no medium of it to be played (?locator)."
            )
        place, fragment = _divided(playable, lying)
        return self._described(locator, rows, replace(self._played_from(locator, place), fragment=fragment))

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
        address = escaped(playable) if is_web(playable) else f"{base.rstrip('/')}/{quote(playable.lstrip('/'), safe=_PATH)}"
        # An address of another kind, file: or ftp:, is no path that anything could start from.
        if not is_web(address) or (not is_web(playable) and ":" in playable.partition("/")[0]):
            raise MediaError(
                locator,
                f"lies at {playable[:200]!r}, which is no address. Set {self._archive.setting}.media_base to the folder or the "
                "address that such paths start from.",
            )
        followed = self._follow(address)
        return followed or Found(self.name, locator, address, address, guard=self._guard_of_media())

    def _guard_of_media(self) -> Guard:
        """Return what media are fetched through: the archive's own servers ask who wants them, and no other is told."""
        archive, guard = self._archive, self._asker.guard
        for server in dict.fromkeys(map(origin_of, (archive.endpoint, archive.media_base))):
            guard = with_login(guard, server, archive.login)
        return guard

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


def _divided(playable: str, lying: Sequence[str]) -> tuple[str, Fragment]:
    """Return a locator without the part of the medium behind it, and that part: all of it where several are named."""
    place, _, part = playable.partition("#")
    if not names_a_part(part):
        return playable, EVERYTHING
    alone = sum(one.partition("#")[0] == place for one in lying) == 1
    return place, read_fragment(part).fragment if alone else EVERYTHING


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
