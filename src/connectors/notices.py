"""Records that describe one video, by address or as a file: EBUCore and Dublin Core, as XML and as RDF.

Elements and properties are known by their local names: archives mix versions of EBUCore, Dublin Core elements and terms in one
record, each under its own namespace. What a record says of a person is a name with an address where the record has one.

Source: EBU Tech 3293 (EBUCore), ISO 15836 (Dublin Core), RFC 5013; OAI-PMH 2.0 wraps such records (section 2.5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from ..errors import ConfigError, FetchError, MediaError
from ..mediafragments import EVERYTHING, names_a_part, read_fragment
from .asking import Answer, Asker, is_web
from .base import Connector, Found, Name, Segment, merged, seconds_of
from .notice import Notice
from .places import beside, is_readable, is_video_name

_ACCEPT = "application/rdf+xml, text/turtle;q=0.9, application/ld+json;q=0.8, application/xml;q=0.7, text/xml;q=0.7"
_SUFFIXES = (".xml", ".rdf", ".ttl", ".jsonld", ".nt")
_CONTAINERS = ("coreMetadata", "dc", "qualifieddc")
"""What stands around a record: of EBUCore, of Dublin Core, of qualified Dublin Core."""
_LARGEST_FILE = 50_000_000


class Notices(Connector):
    """Records in EBUCore or Dublin Core."""

    name = "notices"

    def __init__(self, patterns: tuple[str, ...], asker: Asker) -> None:
        """Begin.

        Args:
            patterns: What addresses of records look like, `*.rdf`.
            asker: Carries the requests.
        """
        self._patterns, self._asker = patterns, asker

    def takes(self, locator: str) -> bool:
        """Say whether an address looks like that of a record, or a file is one by its name."""
        if is_web(locator):
            bare = locator.partition("#")[0].lower()
            shown = (bare, bare.partition("?")[0])
            return any(fnmatchcase(one, pattern.lower()) for pattern in self._patterns for one in shown)
        return locator.lower().endswith(_SUFFIXES) and is_readable(locator)

    def resolve(self, locator: str) -> Found:
        """Read a record, and return the video that it describes."""
        answer = self._asker.ask(locator, accept=_ACCEPT) if is_web(locator) else Answer(_bytes_of(locator), "", locator)
        notice = read_notice(locator, answer)
        medium = next((one for one in (*notice.locators, *filter(is_video_name, notice.identifiers)) if one), "")
        if not medium:
            raise MediaError(locator, "describes no video that can be played: it has no locator. Check the record.")
        address, _, part = medium.partition("#")
        play = beside(locator, address if names_a_part(part) else medium)
        return Found(
            self.name,
            locator if is_web(locator) else play,
            play,
            play,
            notice.title,
            notice.date,
            tuple(sorted(notice.segments, key=lambda segment: (segment.start_npt, segment.title))),
            merged(tuple(notice.people)),
            notice.more,
            read_fragment(part).fragment if names_a_part(part) else EVERYTHING,
            self._asker.guard if is_web(play) else None,
        )


def read_notice(locator: str, answer: Answer) -> Notice:
    """Read a record in whatever form it comes.

    Args:
        locator: Its address or path.
        answer: What is there.

    Raises:
        FetchError: It is no record, or one in a form that is not read.
    """
    if answer.is_html:
        raise FetchError(locator, "answers a web page instead of a record: it is down, wants a login, or is not this address")
    data = _utf8(locator, answer.data)
    head, suffix = data[:4000].lstrip(), Path(urlsplit(locator).path).suffix.lower()
    is_json = head.startswith(b"{") or (head.startswith(b"[") and suffix != ".ttl")
    if head.startswith(b"<") and not (suffix in (".ttl", ".nt") or answer.kind in ("text/turtle", "application/n-triples")):
        return _of_xml(locator, data)
    from .notice_rdf import notice_of_rdf

    return notice_of_rdf(locator, data, "json-ld" if is_json else "turtle")


def _bytes_of(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as err:
        raise MediaError(path, f"cannot be read: {err.strerror}. Check who may read it.") from err
    if len(data) > _LARGEST_FILE:
        raise MediaError(path, f"is larger than {_LARGEST_FILE} bytes, which no record is.")
    return data


def _utf8(locator: str, data: bytes) -> bytes:
    """Return a record in UTF-8, without anything that its reader would have to fetch or to multiply."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
        data = text.replace('encoding="UTF-16"', 'encoding="UTF-8"', 1).encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"<!ENTITY" in data or b"\x00" in data:
        raise FetchError(locator, "is a record that defines entities or holds binary data, which is not read")
    return data


def _of_xml(locator: str, data: bytes) -> Notice:
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as err:
        raise FetchError(locator, f"is no well-formed XML: {err}. Check the record") from err
    if root.tag == "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF":
        from .notice_rdf import notice_of_rdf

        return notice_of_rdf(locator, data, "xml")
    refusal = next((one for one in root if _local(one) == "error"), None) if _local(root) == "OAI-PMH" else None
    if refusal is not None:
        raise MediaError(locator, f"is refused by the archive: {_text(refusal) or refusal.get('code', '')}. Check the address.")
    _refuse_several(locator, root)
    notice = Notice()
    described = next((one for one in root.iter() if _local(one) in ("coreMetadata", "dc", "record", "metadata")), root)
    # OAI-PMH has a record around the metadata, and headers with dates of their own.
    inner = next((one for one in described.iter() if _local(one) in _CONTAINERS), described)
    for element in inner:
        _take(notice, element)
    if not (notice.title or notice.locators or notice.identifiers):
        raise FetchError(locator, "is XML, but no record in EBUCore or Dublin Core: it has neither title nor locator")
    return notice


def _refuse_several(locator: str, root: ElementTree.Element) -> None:
    """Refuse a list of records: the first of them would pass for what was asked.

    Raises:
        ConfigError: There are several.
    """
    counted = Counter(name for one in root.iter() if (name := _local(one)) in _CONTAINERS)
    n = max(counted.values(), default=0)
    if n > 1:
        raise ConfigError(f"{locator} describes {n} videos, and one is meant. Give a record with one of them.")


def _take(notice: Notice, element: ElementTree.Element) -> None:
    """Take what one element of a record says."""
    name = _local(element)
    if name == "title":
        notice.add_title(_first_text(element))
    elif name in ("date", "issued", "created", "available"):
        _take_dates(notice, element)
    elif name in ("contributor", "creator"):
        notice.people += _people(element)
    elif name in ("locator", "hasFormat"):
        notice.locators.append(_first_text(element))
    elif name in ("identifier", "relation", "source"):
        notice.identifiers.append(_first_text(element))
    elif name == "format":
        notice.locators += [_text(one) for one in element.iter() if _local(one) == "locator" and _text(one)]
    elif name == "type":
        for genre in (one for one in element.iter() if _local(one) == "genre"):
            notice.add("genre", genre.get("typeLabel") or _text(genre))
    elif name == "part":
        _take_part(notice, element)
    elif name == "publicationHistory":
        _take_publication(notice, element)
    else:
        notice.add(name, _first_text(element))


def _take_part(notice: Notice, element: ElementTree.Element) -> None:
    """Take a part of a programme: with a beginning it is a segment."""
    for inner in (one for one in element if _local(one) == "part"):
        _take_part(notice, inner)
    times = {_local(one): _seconds(one) for one in element if _local(one) in ("partStartTime", "partDuration", "partEndTime")}
    title = element.get("partName", "") or next((_first_text(one) for one in element if _local(one) == "title"), "")
    people = tuple(name for one in element if _local(one) in ("contributor", "creator") for name in _people(one))
    start, end, lasts = (times.get(name) for name in ("partStartTime", "partEndTime", "partDuration"))
    if start is None:
        notice.people += people
        return
    end = start + lasts if end is None and lasts else end
    notice.segments.append(
        Segment(title, start, end if end is not None and end > start else None, element.get("partId", ""), people)
    )


def _take_publication(notice: Notice, element: ElementTree.Element) -> None:
    for one in element.iter():
        if _local(one) == "publicationDate":
            _take_dates(notice, one)
        elif _local(one) == "publicationServiceName":
            notice.add("channel", _text(one))
        elif _local(one) == "publicationService" and one.get("publicationServiceName"):
            notice.add("channel", one.get("publicationServiceName", ""))


def _people(element: ElementTree.Element) -> Iterator[Name]:
    """Yield the people whom a contributor or creator stands for: plain text, or details of a contact."""
    roles = [one.get("typeLabel") or _text(one) for one in element.iter() if _local(one) == "role"]
    role = next(filter(None, roles), "")
    details = [one for one in element if _local(one) == "contactDetails"]
    for detail in details:
        # Its own elements only: a contact may have contacts of others below it.
        parts = {_local(one): _text(one) for one in reversed(detail) if _text(one)}
        given, family = parts.get("givenName", ""), parts.get("familyName", "")
        name = parts.get("name") or " ".join(filter(None, (given, family)))
        uri = detail.get("contactId", "")
        if name:
            yield Name(name, uri if is_web(uri) else "", role)
    if not details and _text(element):
        yield Name(_text(element), "", role)


def _take_dates(notice: Notice, element: ElementTree.Element) -> None:
    """Take the dates of an element: its text, its attributes, and those of what is in it."""
    for one in element.iter():
        for text in (_text(one), *(one.get(name, "") for name in ("startDate", "startYear", "date"))):
            notice.add_date(text)


def _seconds(element: ElementTree.Element) -> float | None:
    """Return a time of EBUCore, in the first of its forms that can be understood: npt, time code, or counted in edit units."""
    found = (_counted(one) if _local(one).startswith("editUnit") else seconds_of(_text(one)) for one in element.iter())
    return next((seconds for seconds in found if seconds is not None), None)


def _counted(element: ElementTree.Element) -> float | None:
    """Return a time counted in frames or samples at a rate (EBU Tech 3293, editUnitNumberType); None without a rate."""
    try:
        rate = Fraction(element.get("editRate", "0"))
        rate *= Fraction(int(element.get("factorNumerator", "1")), int(element.get("factorDenominator", "1")))
        return float(int(_text(element)) / rate) if rate > 0 else None
    except (ValueError, ZeroDivisionError):
        return None


def _first_text(element: ElementTree.Element) -> str:
    """Return the first text in an element or below it; EBUCore puts Dublin Core elements into its own."""
    texts: Iterable[str] = (_text(one) for one in element.iter())
    return next(filter(None, texts), "")


def _text(element: ElementTree.Element) -> str:
    return " ".join((element.text or "").split())


def _local(element: ElementTree.Element) -> str:
    tag: Any = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
