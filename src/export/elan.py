"""ELAN files (`.eaf`): a tier for each person, and one for each unknown person.

Annotations of one tier never overlap in ELAN: somebody in two places at once (a mirror, a divided screen) has a second tier.
The participant of a tier is who it is about; whoever renames the tier gives its annotations to somebody else. Identifiers of
annotations are those of the appearances, `a58`.

In a file from elsewhere a tier whose kind has a controlled vocabulary tells by the value of each annotation who it is, another
one by its participant, or else by its name. Tiers that hang on others (words of a sentence, a translation) tell nothing of who
is seen when.

Source: Max Planck Institute for Psycholinguistics, ELAN Annotation Format (EAF), schema version 3.0.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from xml.etree import ElementTree

from ..disk.files import replacing
from ..schema import UNKNOWN
from .document import Document, Seen, lanes, one_line
from .markup import Lined, parse_xml, write_tree
from .reading import Claim, Reading, Source, interval_of, refuse, text_of, time_of
from .webvtt import number_of

Slots = Mapping[tuple[str, int], str]
"""Place in time of an appearance, by its key, 0 for the start and 1 for the end."""
SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_TYPES = ("person", "unknown person")
_ANALYSIS = "urn:facerec:analysis"
_NO_URI = {ord(sign): f"%{ord(sign):02X}" for sign in "%#[]"}
"""Signs in the name of a file that xs:anyURI does not take as they are; ELAN writes all others so."""
_CONSTRAINTS = (
    ("Time_Subdivision", "Time subdivision of parent annotation's time interval, no time gaps allowed within this interval"),
    (
        "Symbolic_Subdivision",
        "Symbolic subdivision of a parent annotation. Annotations refering to the same parent are ordered",
    ),
    ("Symbolic_Association", "1-1 association with a parent annotation"),
    ("Included_In", "Time alignable annotations within the parent annotation's time interval, gaps are allowed"),
)
"""What ELAN itself writes into every file."""


def write_elan(path: Path, document: Document) -> int:
    """Write an annotation an appearance, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    root = ElementTree.Element("ANNOTATION_DOCUMENT", _head(document))
    _add_header(root, document)
    slots = _add_times(root, document.people)
    names: set[str] = set()
    for name, lane in lanes(document.people):
        tier_id = next(free for free in _tier_ids(name) if free not in names)
        names.add(tier_id)
        _add_tier(root, tier_id, name, lane, slots)
    for kind in _TYPES:
        ElementTree.SubElement(
            root, "LINGUISTIC_TYPE", GRAPHIC_REFERENCES="false", LINGUISTIC_TYPE_ID=kind, TIME_ALIGNABLE="true"
        )
    for stereotype, text in _CONSTRAINTS:
        ElementTree.SubElement(root, "CONSTRAINT", DESCRIPTION=text, STEREOTYPE=stereotype)
    with replacing(path) as partial:
        write_tree(partial, root)
    return len(document.people)


def read_elan(source: Source) -> Reading:
    """Read the annotations of all tiers; the name of a tier says who it is.

    Raises:
        ConfigError: It is no such file; the message says in which line and what to do.
    """
    tree = parse_xml(source)
    if tree.root.tag != "ANNOTATION_DOCUMENT":
        raise refuse(source.name, 1, f"begins with {tree.root.tag!r}", "Give a file that ELAN saved as .eaf")
    header = tree.root.find("HEADER")
    if header is not None and header.get("TIME_UNITS", "milliseconds") != "milliseconds":
        raise refuse(source.name, tree.line(header), "counts in other units", "Save it with ELAN 5 or newer")
    clock = _Clock.of(tree, source.name)
    told = {kind.get("LINGUISTIC_TYPE_ID") for kind in tree.root.iterfind("LINGUISTIC_TYPE[@CONTROLLED_VOCABULARY_REF]")}
    tiers = [tier for tier in tree.root.iterfind("TIER") if tier.find("ANNOTATION") is not None]
    claims = [
        claim
        for tier in tiers
        if not tier.get("PARENT_REF")
        for claim in _read_tier(tier, clock, tree, source.name, by_value=tier.get("LINGUISTIC_TYPE_REF") in told)
    ]
    notes = tuple(_left_out(tier, tree) for tier in tiers if tier.get("PARENT_REF"))
    known = tree.root.find(f"HEADER/PROPERTY[@NAME='{_ANALYSIS}']")
    return Reading(tuple(claims), (known.text or "").strip() if known is not None else "", notes=notes)


def _head(document: Document) -> dict[str, str]:
    return {
        "AUTHOR": "FaceRec",
        "DATE": document.analysis.updated_at,
        "FORMAT": "3.0",
        "VERSION": "3.0",
        "xmlns:xsi": _XSI,
        "xsi:noNamespaceSchemaLocation": SCHEMA,
    }


def _add_header(root: ElementTree.Element, document: Document) -> None:
    header = ElementTree.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    media = document.video.media
    url = media if "://" in media else PurePath(media).as_uri() if PurePath(media).is_absolute() else media.translate(_NO_URI)
    kind = mimetypes.guess_type(media)[0] or "video/mp4"
    place = {"MEDIA_URL": url, "MIME_TYPE": kind}
    if "://" not in media:
        # ELAN looks beside its own file where the other place is gone.
        place["RELATIVE_MEDIA_URL"] = f"./{PurePath(media).name.translate(_NO_URI)}"
    ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", place)
    last = max((abs(seen.number) for seen in document.people), default=0)
    # ELAN numbers new annotations from here on, so that none is taken for one of ours.
    ElementTree.SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId").text = str(last)
    ElementTree.SubElement(header, "PROPERTY", NAME=_ANALYSIS).text = document.analysis.analysis_id
    if document.analysis.fragment:
        ElementTree.SubElement(header, "PROPERTY", NAME="urn:facerec:fragment").text = document.analysis.fragment


def _add_times(root: ElementTree.Element, people: Sequence[Seen]) -> Slots:
    """Add two places in time for each appearance, by time: with a common one, who moves an end in ELAN moves two."""
    order = ElementTree.SubElement(root, "TIME_ORDER")
    times = [(_ms(npt), side, seen.key) for seen in people for side, npt in enumerate((seen.start_npt, seen.end_npt))]
    slots = {}
    for number, (time, side, key) in enumerate(sorted(times), start=1):
        slots[key, side] = f"ts{number}"
        ElementTree.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=f"ts{number}", TIME_VALUE=str(time))
    return slots


def _add_tier(root: ElementTree.Element, tier_id: str, name: str, lane: Sequence[Seen], slots: Slots) -> None:
    kind = _TYPES[0 if lane[0].is_known else 1]
    tier = ElementTree.SubElement(root, "TIER", LINGUISTIC_TYPE_REF=kind, PARTICIPANT=name, TIER_ID=tier_id)
    for seen in lane:
        outer = ElementTree.SubElement(tier, "ANNOTATION")
        inner = ElementTree.SubElement(
            outer,
            "ALIGNABLE_ANNOTATION",
            ANNOTATION_ID=seen.key,
            TIME_SLOT_REF1=slots[seen.key, 0],
            TIME_SLOT_REF2=slots[seen.key, 1],
        )
        said = "a person" if seen.by_human else f"{seen.confidence:.2f}"
        ElementTree.SubElement(inner, "ANNOTATION_VALUE").text = f"{seen.name} ({said})"


def _tier_ids(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1


@dataclass(frozen=True, slots=True)
class _Clock:
    """The places in time of a file.

    Attributes:
        slots: By their identifiers.
        origin_s: Where in the video the file begins to count: ELAN keeps films in step with each other so.
        file: Its name, for messages.
    """

    slots: Mapping[str, ElementTree.Element]
    origin_s: float
    file: str

    @staticmethod
    def of(tree: Lined, file: str) -> _Clock:
        """Read them."""
        slots = {slot.get("TIME_SLOT_ID", ""): slot for slot in tree.root.iterfind("TIME_ORDER/TIME_SLOT")}
        media = tree.root.find("HEADER/MEDIA_DESCRIPTOR")
        origin = media.get("TIME_ORIGIN", "0") if media is not None else "0"
        if media is not None and re.fullmatch(r"-?\d{1,15}", origin, re.ASCII) is None:
            raise refuse(file, tree.line(media), f"TIME_ORIGIN is {origin[:40]!r}", "Write whole milliseconds, or leave it out")
        return _Clock(slots, int(origin) / 1000, file)

    def time(self, slot: str, line: int) -> float:
        """Return seconds from the start of the video.

        Raises:
            ConfigError: There is no such place, or it has no time.
        """
        if slot not in self.slots or self.slots[slot].get("TIME_VALUE") is None:
            raise refuse(self.file, line, f"begins or ends at {slot!r}, which has no time", "Align it in ELAN and save")
        value = self.slots[slot].get("TIME_VALUE", "")
        if not (value.isascii() and value.isdecimal() and len(value) < 16):
            raise refuse(self.file, line, f"{value!r} is no whole number of milliseconds", "Save the file once more with ELAN")
        return time_of(int(value) / 1000 + self.origin_s, self.file, line)


def _read_tier(tier: ElementTree.Element, clock: _Clock, tree: Lined, file: str, *, by_value: bool) -> Iterator[Claim]:
    name = "" if by_value else text_of(_owner_of(tier), file, tree.line(tier))
    for annotation in tier.iterfind("ANNOTATION/ALIGNABLE_ANNOTATION"):
        line = tree.line(annotation)
        start, end = interval_of(
            tuple(clock.time(annotation.get(f"TIME_SLOT_REF{side}", ""), line) for side in (1, 2)), file, line
        )
        who = name or one_line(annotation.findtext("ANNOTATION_VALUE", "")) or UNKNOWN
        yield Claim(f"line {line}", who, start, end, number_of(annotation.get("ANNOTATION_ID", "")))


def _owner_of(tier: ElementTree.Element) -> str:
    """Return who a tier is about: its participant, or its name where somebody renamed one of ours."""
    tier_id, participant = tier.get("TIER_ID", ""), tier.get("PARTICIPANT", "")
    ours = tier.get("LINGUISTIC_TYPE_REF") in _TYPES
    renamed = ours and re.fullmatch(rf"{re.escape(participant)}( \(\d+\))?", tier_id) is None
    return tier_id if renamed or not participant.strip() else participant


def _left_out(tier: ElementTree.Element, tree: Lined) -> str:
    return (
        f"line {tree.line(tier)}: the tier {tier.get('TIER_ID')!r} hangs on {tier.get('PARENT_REF')!r} and says nothing of who "
        "is seen when: it is left out. Who is meant in it needs a tier without a parent."
    )


def _ms(npt: float) -> int:
    return round(npt * 1000)
