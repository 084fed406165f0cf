"""Whom the notice of a video names, as a list to search photos by: each person once, by one name, with an address.

Wikidata says who is meant where it can be reached, in the language of the notice first; else names are compared by their words.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..connectors import connectors_of
from ..errors import ConfigError, FetchError, InvalidNameError
from ..names import display_name, folder_name
from ..personnames import given_first, name_key, spellings
from ..records import Person, Video
from ..schema import WHOLE, Interval
from ..video.fragments import Fragment, split_locator
from ..videos import segments_of, settle, stored_video
from ..workspace import Workspace
from .base import Description
from .languages import language_code

_LOG = logging.getLogger(__name__)

Describe = Callable[[str, str], Description | None]
"""Says who a name, or an address in a knowledge graph, stands for; the language of whoever wrote the name may be empty."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody to search photos of.

    Attributes:
        name: What they are searched by.
        written: How the notice writes their name.
        uri: Theirs in a knowledge graph; None where there is none.
        description: A few words.
        aliases: Their other names.
        facts: What else is known, for their metadata.
        folder: That of somebody whom the project knows, who may have been renamed since; else empty.
    """

    name: str
    written: tuple[str, ...]
    uri: str | None = None
    description: str = ""
    aliases: tuple[str, ...] = ()
    facts: Mapping[str, Any] | None = None
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A crawl list.

    Attributes:
        people: Whom to search.
        unusable: Names that can be no folder, with the reason.
        offline: Why Wikidata was not asked, or not to the end; empty where it answered.
    """

    people: tuple[Wanted, ...]
    unusable: Mapping[str, str]
    offline: str = ""


def metadata_of(workspace: Workspace, video: str) -> tuple[Mapping[str, Any], Fragment]:
    """Return what is known of a video and the part of it that is meant: of one that is stored, else what its archive says.

    Raises:
        ConfigError: Nothing is known of it.
        FetchError: Its archive cannot be asked.
        MediaError: Its archive has no such video.
    """
    bare, fragment = split_locator(video)
    record = stored_video(workspace.store, bare)
    if record is not None:
        return record.metadata, settle(fragment, record)
    connectors = connectors_of(workspace)
    if not connectors.is_catalogued(bare):
        raise ConfigError(f"Nothing is known of {bare}: it has not been analysed, and no archive names it.")
    found = connectors.resolve(bare)
    said = found.metadata()
    return said, settle(fragment, Video("", bare, found.media, "", metadata=said))


def list_people(workspace: Workspace, project: str, video: str, describe: Describe | None) -> Listing:
    """Return whom the metadata of a video name.

    Args:
        workspace: Where to look.
        project: People whom it knows already keep the name that they have there; there need be no such project.
        video: As it was given to the tracker, or an address of an archive; with a fragment only who is named in that part.
        describe: Asks Wikidata; None to leave it out.

    Raises:
        ConfigError: Nothing is known of the video, or nobody is named.
        FetchError: Its archive cannot be asked.
        MediaError: Its archive has no such video.
    """
    metadata, fragment = metadata_of(workspace, video)
    named = list(_named(metadata, fragment.interval))
    if not named:
        raise ConfigError(f"The metadata of {video} name nobody. See them with: meta show --video {video}")
    grouped, offline = _grouped(named, describe, language_code(str(metadata.get("language", ""))))
    known = list(workspace.store.find(Person, project=folder_name(project, "project")))
    taken: dict[str, str | None] = {person.person_id: person.uri for person in known if person.uri}
    people, unusable = list[Wanted](), dict[str, str]()
    for wanted in grouped:
        own = _as_known(wanted, known)
        try:
            folder = own.folder or folder_name(own.name)
        except InvalidNameError as err:
            unusable[own.name] = err.why
            continue
        if _is_another(taken.setdefault(folder, own.uri), own):
            unusable[own.name] = f"is the name of somebody else ({taken[folder]}), and not that of {own.uri}"
        else:
            people.append(own)
    return Listing(tuple(people), unusable, offline)


def remember(workspace: Workspace, project: str, people: Iterable[Wanted]) -> int:
    """Write to the people of a project what is known of them, and return how many there were.

    What people wrote stays: only what is missing is added, and further names. Who has no picture yet is nobody yet.
    """
    n = 0
    for wanted in people:
        person = workspace.store.get(Person, project, wanted.folder or folder_name(wanted.name))
        if person is None:
            continue
        names = (*person.aliases, *wanted.written, *wanted.aliases)
        aliases = tuple(dict.fromkeys(name for name in names if name and name != person.name))
        changed = replace(
            person,
            uri=person.uri or wanted.uri,
            description=person.description or wanted.description,
            aliases=aliases,
            metadata={**(wanted.facts or {}), **person.metadata},
        )
        if changed != person:
            workspace.store.put(changed)
        n += 1
    return n


def _named(metadata: Mapping[str, Any], interval: Interval) -> Iterator[tuple[str, str]]:
    """Yield name and address of everybody whom metadata name in a part of the video."""
    people = _listed(metadata.get("people"))
    if interval != WHOLE:
        meant = [segment for segment, part in segments_of(metadata) if _meets(part, interval)]
        people = [person for segment in meant for person in _listed(segment.get("people"))]
    for person in people:
        name = person.get("name") if isinstance(person, Mapping) else person
        if isinstance(name, str) and name.strip():
            yield " ".join(name.split()), str(person.get("uri", "")) if isinstance(person, Mapping) else ""


def _listed(value: object) -> list[Any]:
    """Return a list as it is; people may have written something else in the metadata."""
    return list(value) if isinstance(value, list | tuple) else []


def _meets(part: Interval, other: Interval) -> bool:
    starts_before = other.end_npt is None or part.start_npt < other.end_npt
    return starts_before and (part.end_npt is None or part.end_npt > other.start_npt)


def _grouped(named: Iterable[tuple[str, str]], describe: Describe | None, language: str) -> tuple[list[Wanted], str]:
    """Return each person once, by the address that Wikidata or the notice has of them, else by the words of the name."""
    found: dict[object, Wanted] = {}
    keys: dict[object, object] = {}
    offline = "" if describe else "it was left out"
    for name, uri in named:
        known = keys.get(uri or None) or keys.get(name_key(name))
        described = None
        if known is None and not offline and describe is not None:
            try:
                described = _described(name, uri, describe, language)
            except FetchError as err:
                # One that does not answer is asked no further: each of hundreds of names would wait for it.
                offline = str(err)
                _LOG.warning("Wikidata is left out: %s", err)
        key = known or (described.uri if described else uri or name_key(name))
        found[key] = _merged(found.get(key), name, uri, described)
        keys.setdefault(name_key(name), key)
        if uri:
            keys.setdefault(uri, key)
    return list(found.values()), offline


def _described(name: str, uri: str, describe: Describe, language: str) -> Description | None:
    """Return who is meant: by address, else the first whom Wikidata knows by one of the ways to write the name."""
    if uri.partition("://")[2].startswith(("www.wikidata.org/entity/Q", "www.wikidata.org/wiki/Q")):
        return describe(uri, language)
    for spelling in spellings(name):
        said = describe(spelling, language)
        if said is not None and name_key(name) in map(name_key, (said.name, *said.aliases)):
            return said
    return None


def _merged(before: Wanted | None, name: str, uri: str, said: Description | None) -> Wanted:
    facts = {"notice_uri": uri} if uri and (said is None or said.uri != uri) else {}
    if before is not None:
        written = tuple(dict.fromkeys((*before.written, name)))
        return replace(before, written=written, uri=before.uri or uri or None, facts={**facts, **(before.facts or {})})
    if said is None:
        return Wanted(given_first(name), (name,), uri or None, facts={})
    return Wanted(said.name or given_first(name), (name,), said.uri, said.description, said.aliases, {**facts, **said.metadata})


def _as_known(wanted: Wanted, known: Iterable[Person]) -> Wanted:
    """Return somebody by the name that the project has for them: by the same address, else by the same words."""
    keys = set(map(name_key, (wanted.name, *wanted.written, *wanted.aliases)))
    for person in known:
        same_uri = not _addresses(wanted).isdisjoint((person.uri, str(person.metadata.get("notice_uri", ""))))
        same_words = keys & set(map(name_key, (person.name, *person.aliases)))
        if same_uri or (same_words and not _is_another(person.uri, wanted)):
            name = _searchable(person)
            return replace(wanted, name=name, written=(*wanted.written, wanted.name), folder=person.person_id)
    return wanted


def _searchable(person: Person) -> str:
    """Return the name that the project has for somebody; that of their folder where the name could be none."""
    try:
        folder_name(person.name)
    except InvalidNameError:
        return display_name(person.person_id)
    return person.name


def _is_another(uri: str | None, wanted: Wanted) -> bool:
    """Say whether an address is that of somebody else: the same graph has another one for them.

    Two graphs have two addresses for one person: without Wikidata, that of an archive says nothing of that of another one.
    """
    own = _addresses(wanted)
    return bool(uri) and uri not in own and _graph(uri) in map(_graph, own)


def _graph(uri: str | None) -> str:
    """Return the server of an address, which people may have written."""
    return (uri or "").partition("://")[2].partition("/")[0].lower()


def _addresses(wanted: Wanted) -> set[str]:
    """Return the addresses by which somebody is known."""
    return {str(one) for one in (wanted.uri, (wanted.facts or {}).get("notice_uri")) if one}
