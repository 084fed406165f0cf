"""CVAT for video 1.1: a track of boxes for each face that is followed, the name as its attribute `person`.

Boxes are key frames where the face was seen; CVAT draws the ones between them in straight lines, as we do. Frames count from
0. The attribute `appearance` tells, when the file comes back, what it is about; a track without it is a new one, and is several
appearances where it lies outside of the picture in between.

Source: CVAT documentation, "CVAT for videos 1.1" (XML annotation format).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import TextIO
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from ..disk.files import replacing
from ..records import TrackSamples
from ..schema import UNKNOWN
from .document import Document, Seen, one_line
from .markup import Lined, parse_xml
from .reading import LAST_FRAME, Claim, Reading, Source, box_of, refuse, spots_of_frames, text_of
from .webvtt import number_of

_Place = tuple[int, tuple[float, float, float, float]]
"""A frame, and x, y, w and h of the box in it."""
LABEL = "face"
ATTRIBUTES = ("person", "appearance", "track", "confidence", "source")


def write_cvat(path: Path, document: Document) -> int:
    """Write all boxes, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    n_boxes = 0
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n')
        file.write(_meta(document))
        for number, (seen, samples) in enumerate(document.boxes()):
            n_boxes += _write_track(file, number, seen, samples, document)
        file.write("</annotations>\n")
    return n_boxes


def read_cvat(source: Source) -> Reading:
    """Read the tracks of a file; `person` is who it is, or the label of the track where there is no such attribute.

    Raises:
        ConfigError: It is no such file; the message says in which line and what to do.
    """
    tree = parse_xml(source)
    if tree.root.tag != "annotations":
        raise refuse(source.name, 1, f"begins with {tree.root.tag!r}", 'Export the task from CVAT as "CVAT for video 1.1"')
    if tree.root.find("image") is not None and tree.root.find("track") is None:
        raise refuse(source.name, 1, "holds single images", 'Export the task from CVAT as "CVAT for video 1.1"')
    tracks = list(tree.root.iterfind("track"))
    # Where one label says who it is, tracks of the others are of other things: cars, hands.
    named = any(track.find("box/attribute[@name='person']") is not None for track in tracks)
    told = [found for track in tracks for found in _claims(track, tree, source.name, named=named)]
    notes = [note for track in tracks if (note := _left_out(track, tree, named=named))]
    analyses = {analysis_id for _, analysis_id in told if analysis_id}
    claims = tuple(claim for claim, _ in told)
    return Reading(claims, analyses.pop() if len(analyses) == 1 else "", boxed=True, notes=tuple(notes))


def _meta(document: Document) -> str:
    size, video = _n_frames(document), document.video
    attributes = "".join(
        f"<attribute><name>{name}</name><mutable>False</mutable><input_type>text</input_type>"
        "<default_value></default_value><values></values></attribute>"
        for name in ATTRIBUTES
    )
    return (
        f"  <meta>\n    <task>\n      <name>{escape(document.title)}</name>\n      <size>{size}</size>\n"
        f"      <mode>interpolation</mode>\n      <overlap>0</overlap>\n      <bugtracker></bugtracker>\n"
        f"      <flipped>False</flipped>\n"
        f"      <start_frame>0</start_frame>\n      <stop_frame>{max(size - 1, 0)}</stop_frame>\n"
        f"      <frame_filter></frame_filter>\n"
        f"      <labels>\n        <label><name>{LABEL}</name><attributes>{attributes}</attributes></label>\n      </labels>\n"
        f"      <original_size><width>{video.width}</width><height>{video.height}</height></original_size>\n    </task>\n"
        f"    <source>{escape(one_line(PurePath(document.locator).name))}</source>\n  </meta>\n"
    )


def _n_frames(document: Document) -> int:
    """Return how many frames the video has, as far as its duration tells."""
    return math.ceil(document.duration * document.rate)


def _write_track(file: TextIO, number: int, seen: Seen, samples: TrackSamples, document: Document) -> int:
    source = "manual" if seen.by_human else "auto"
    file.write(f'  <track id="{number}" label="{LABEL}" source="{source}">\n')
    # CVAT keeps attributes, and nothing else that would tell where a track came from.
    told = (seen.name, f"{document.analysis.analysis_id}/{seen.key}", str(samples.track_id), f"{seen.confidence:.4f}", source)
    values = dict(zip(ATTRIBUTES, told, strict=True))
    inner = "".join(f"<attribute name={quoteattr(name)}>{escape(value)}</attribute>" for name, value in values.items())
    frames = samples.frame_index.tolist()
    for frame, box in zip(frames, samples.boxes_xywh.tolist(), strict=True):
        file.write(f"    {_box(frame, box, outside=0)}{inner}</box>\n")
    if frames[-1] + 1 < _n_frames(document):
        # Without it the last box would stay to the end of the video.
        file.write(f"    {_box(frames[-1] + 1, samples.boxes_xywh[-1].tolist(), outside=1)}{inner}</box>\n")
    file.write("  </track>\n")
    return len(frames)


def _box(frame: int, box: list[float], outside: int) -> str:
    x, y, w, h = box
    edges = f'xtl="{x:.2f}" ytl="{y:.2f}" xbr="{x + w:.2f}" ybr="{y + h:.2f}"'
    return f'<box frame="{frame}" outside="{outside}" occluded="0" keyframe="1" {edges} z_order="0">'


def _claims(track: ElementTree.Element, tree: Lined, file: str, *, named: bool) -> Iterator[tuple[Claim, str]]:
    """Yield what a track says, and of which analysis it was; nothing for one of which no box is to be seen."""
    boxes = list(track.iterfind("box"))
    shown = [box for box in boxes if box.get("outside") != "1"]
    if not shown or _is_other(shown[0], named):
        return
    line, said = tree.line(track), _attributes(shown[0])
    # CVAT numbers tracks anew; times follow from the frames.
    analysis_id, _, key = said.get("appearance", "").rpartition("/")
    number, own = number_of(key) if analysis_id else None, said.get("track", "")
    if number is not None:
        places = [_place(box, file, tree.line(box)) for box in shown]
        own_track = int(own) if own.isdecimal() and len(own) < 19 else None
        name = text_of(_name_of(track, shown[0]), file, line)
        yield _claim(f"line {line}", name, places, number, own_track), analysis_id
        return
    for first, places in _stays(boxes, tree, file):
        yield _claim(f"line {tree.line(first)}", text_of(_name_of(track, first), file, line), places), analysis_id


def _claim(where: str, name: str, places: Sequence[_Place], number: int | None = None, track: int | None = None) -> Claim:
    frames, rows = [frame for frame, _ in places], [row for _, row in places]
    return Claim(where, name, math.nan, math.nan, number, track, spots=spots_of_frames(frames, rows))


def _stays(boxes: Sequence[ElementTree.Element], tree: Lined, file: str) -> Iterator[tuple[ElementTree.Element, list[_Place]]]:
    """Yield each stretch of a track in which it is to be seen: its first box, and where it was."""
    placed = sorted(((_place(box, file, tree.line(box)), box) for box in boxes), key=lambda pair: pair[0][0])
    first, places = None, list[_Place]()
    for (frame, row), box in placed:
        if box.get("outside") != "1":
            first = box if first is None else first
            places.append((frame, row))
        elif first is not None:
            last, row = places[-1]
            # Between two key frames the box stays, up to the frame in which it is outside.
            yield first, places if frame - 1 <= last else [*places, (frame - 1, row)]
            first, places = None, []
    if first is not None:
        yield first, places


def _attributes(box: ElementTree.Element) -> dict[str, str]:
    return {attribute.get("name", ""): attribute.text or "" for attribute in box.iterfind("attribute")}


def _is_other(box: ElementTree.Element, named: bool) -> bool:
    return named and "person" not in _attributes(box)


def _name_of(track: ElementTree.Element, box: ElementTree.Element) -> str | None:
    """Return who a track is: nobody knows where a face has no name."""
    said, label = _attributes(box).get("person", ""), track.get("label")
    return said if said.strip() else UNKNOWN if label == LABEL else label


def _left_out(track: ElementTree.Element, tree: Lined, *, named: bool) -> str:
    """Return why a track is not read; empty where it is, or where nothing of it is to be seen."""
    where, label = f"line {tree.line(track)}", track.get("label", "")
    box = next((box for box in track.iterfind("box") if box.get("outside") != "1"), None)
    if box is not None and _is_other(box, named):
        return f"{where}: a track of {label!r} without the attribute person is left out: other tracks have it."
    if box is None and (shape := next((inner for inner in track if inner.tag != "box"), None)) is not None:
        return f"{where}: a track of {label!r} is drawn as {shape.tag} and left out. Draw it as boxes in CVAT."
    return ""


def _place(box: ElementTree.Element, file: str, line: int) -> _Place:
    try:
        frame = int(box.get("frame", ""))
        left, top, right, bottom = (float(box.get(edge, "")) for edge in ("xtl", "ytl", "xbr", "ybr"))
    except ValueError as err:
        raise refuse(file, line, f"is no box ({err})", "A box has frame, xtl, ytl, xbr and ybr") from err
    if not (0 <= frame < LAST_FRAME and left <= right and top <= bottom):
        raise refuse(file, line, "is a box without a frame or of no size", "Correct it in CVAT and export once more")
    return frame, box_of((left, top, right - left, bottom - top), file, line)
