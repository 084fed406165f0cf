"""Faces made unrecognisable: everybody's, or those of all but a few people.

A face is covered from a sample's distance before it was seen first to as long after it was seen last, in its shot; between two
samples all of both places is covered, with a margin. What is covered keeps six by six colours, of which no face can be made
again. Between two tracks of one appearance both places are covered, where no track shows the face. Of somebody whom no track
shows, but who was said to be there, nobody knows the place: the whole picture is covered. What was not analysed is covered too:
the times and the part of the picture outside of the fragment.

A face that no sample found stays visible. The denser the sampling of the analysis, the fewer of these there are; look through a
video before it is given away.
"""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass

import cv2
import numpy as np

from ..errors import ConfigError
from ..mediafragments import Region, parse_fragment
from ..schema import RgbImage
from .courses import Edges, Running, courses_of
from .document import Document, one_line

EVERYONE, ALL_BUT = "everyone", "all-but:"
MARGIN = 0.35
"""Of a face's size on each side: detectors leave out hair, ears and chin."""
BLOCKS = 6
"""What is covered keeps so many colours a side."""
SPARSE_S = 0.5
"""From this distance of samples on, faces come and go unseen."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """Whose faces are covered.

    Attributes:
        kept: Names of the people whose faces are not.
    """

    kept: Set[str] = frozenset()


def parse_redaction(text: str, document: Document | None = None) -> Redaction:
    """Read `everyone` or `all-but:NAME;NAME`; names may also be divided by commas where no name has one.

    Args:
        text: As it was written.
        document: Where the names should be known; a name that nobody has there is no error, since it covers more and not less.

    Raises:
        ConfigError: It is neither, or names nobody.
    """
    if text == EVERYONE:
        return Redaction()
    names = text.removeprefix(ALL_BUT) if text.startswith(ALL_BUT) else ""
    known = {seen.name for seen in document.people} if document else set()
    divider = ";" if ";" in names else ","
    kept = {one_line(names)} if one_line(names) in known else {one_line(name) for name in names.split(divider)}
    kept.discard("")
    if not kept:
        raise ConfigError(f'--redact "{text}" says nobody. Write everyone, or all-but:NAME;NAME.')
    return Redaction(frozenset(kept))


class Redactor:
    """Covers faces."""

    def __init__(self, document: Document, redaction: Redaction) -> None:
        """Begin before the first picture."""
        courses = courses_of(document, everybody=True)
        hidden = [course for course in courses if course.seen is None or course.seen.name not in redaction.kept]
        self._running = Running(hidden)
        said = [seen for seen in document.people if not seen.tracks and seen.name not in redaction.kept]
        self._said = sorted((seen.start_npt, seen.end_npt) for seen in said)
        self._part = parse_fragment(document.analysis.fragment)
        self.notes = _notes(document, redaction, len(said))

    def __call__(self, image: RgbImage, npt: float) -> RgbImage:
        """Return the picture with covered faces."""
        image = np.array(image)
        is_said = any(start <= npt < end for start, end in self._said)
        if is_said or not self._part.interval.contains(npt):
            cover(image, (0, 0, image.shape[1], image.shape[0]))
            return image
        for edges in outside(self._part.region, image.shape[1], image.shape[0]):
            cover(image, edges)
        for course in self._running.at(npt):
            cover(image, course.reach_at(npt, MARGIN))
        return image


def outside(region: Region | None, width: int, height: int) -> tuple[Edges, ...]:
    """Return what lies above, below, left and right of a part of the picture; nothing where all of it is meant."""
    if region is None:
        return ()
    box = region.within(width, height)
    if box is None:
        return ((0, 0, width, height),)
    left, top, right, bottom = math.ceil(box.x), math.ceil(box.y), math.floor(box.x + box.w), math.floor(box.y + box.h)
    return ((0, 0, width, top), (0, bottom, width, height), (0, top, left, bottom), (right, top, width, bottom))


def redactor_of(document: Document, redaction: Redaction) -> Redactor:
    """Return what covers faces."""
    return Redactor(document, redaction)


def cover(image: RgbImage, edges: Edges) -> None:
    """Make a part of a picture unrecognisable, in place; what of it lies outside is passed over."""
    height, width = image.shape[:2]
    left, top = (int(max(np.floor(edge), 0)) for edge in edges[:2])
    right, bottom = int(min(np.ceil(edges[2]), width)), int(min(np.ceil(edges[3]), height))
    if right <= left or bottom <= top:
        return
    part = np.ascontiguousarray(image[top:bottom, left:right])
    coarse = cv2.resize(part, (min(BLOCKS, right - left), min(BLOCKS, bottom - top)), interpolation=cv2.INTER_AREA)
    image[top:bottom, left:right] = cv2.resize(coarse, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)


def _notes(document: Document, redaction: Redaction, n_said: int) -> list[str]:
    notes = ["Only faces that the analysis found are covered. Look through the video before you give it away."]
    if document.analysis.fragment:
        notes.append(f"Only {document.analysis.fragment} of the video was analysed: what lies outside of it is covered.")
    period_s = float(document.analysis.sampling.get("period_s", 1.0) or 1.0)
    if period_s > SPARSE_S:
        notes.append(f"Samples are {period_s:g} s apart: track the video with --sample_period 0.2 to miss fewer faces.")
    absent = redaction.kept - {seen.name for seen in document.people}
    notes += [f"Nobody is called {name} in this video." for name in sorted(absent)]
    if n_said:
        notes.append(f"At {n_said} times somebody is said to be seen and no face was found: the whole picture is covered then.")
    return notes
