"""The page docs/exports.md: every format with what really comes out of it, made from the code."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from src.export import FORMATS, Document, Format
from src.export.document import Seen, by_time
from src.export.joining import csv_rows, json_lines, whole
from src.export.tables import PEOPLE, SAMPLES, people_rows, sample_rows
from src.records import Analysis, Shot, Status, TrackSamples, Video
from src.schema import Box

MAX_LINES = 48
MAX_COLUMNS = 180
_JOINED = {None: "archive (.zip)", csv_rows: "one table", json_lines: "JSON lines", whole: "one text"}
_LANGUAGES = {
    ".json": "json",
    ".jsonl": "json",
    ".jsonld": "json",
    ".otio": "json",
    ".eaf": "xml",
    ".xml": "xml",
    ".ttl": "turtle",
    ".csv": "csv",
}
_ANALYSIS = "6f1c2a9d0b3e4f58"


def sample() -> Document:
    """Return a newsreel of six seconds: two people, one unknown face, and somebody whom no track shows."""
    video = Video(
        "9b1f4e2d7c6a5b30",
        "video/newsreel.mp4",
        "video/newsreel.mp4",
        "newsreel",
        "Newsreel",
        "1963-01-22",
        6.0,
        640,
        360,
        "25/1",
        "5d" * 32,
    )
    analysis = Analysis(
        _ANALYSIS,
        video.video_id,
        "sface@1",
        {"sample_period_s": 1.0, "period_s": 1.0},
        {},
        status=Status.COMPLETE,
        updated_at="2026-01-01T12:00:00+00:00",
    )
    people = by_time(
        (
            Seen(
                1, "Konrad Adenauer", 0.0, 3.0, 0.97, (1,), Box(120.0, 60.0, 80.0, 96.0), 1.0, "Konrad_Adenauer",
                "http://www.wikidata.org/entity/Q2492",
            ),
            Seen(2, "Charles de Gaulle", 1.0, 3.0, 0.92, (2,), Box(360.0, 48.0, 84.0, 100.0), 2.0, "Charles_de_Gaulle",
                 "http://www.wikidata.org/entity/Q2042"),
            Seen(3, "Unknown 4", 3.0, 5.0, 0.88, (3,), Box(300.0, 70.0, 60.0, 72.0), 4.0, unknown_id=4),
            Seen(-1, "Ludwig Erhard", 5.0, 6.0, 1.0, (), None, 5.0, "Ludwig_Erhard", by_human=True),
        )
    )  # fmt: skip
    shots = (Shot(_ANALYSIS, 0, 0.0, 3.0, 0, 75), Shot(_ANALYSIS, 1, 3.0, 6.0, 75, 150, "cut"))
    return Document("leaders", video, analysis, people, lambda: _tracks(people), lambda: shots)


def exports_text() -> str:
    """Return the table of formats, and a chapter with a sample for each."""
    rows = [
        "| format | what it is | file | all of a project | read back | opened by |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    rows += [_row(name, found) for name, found in FORMATS.items()]
    document = sample()
    with tempfile.TemporaryDirectory() as folder:
        chapters = [_chapter(name, found, document, Path(folder)) for name, found in FORMATS.items()]
    return "\n".join(rows) + "\n\n" + "\n\n".join(chapters)


def _row(name: str, found: Format) -> str:
    read = "yes" if found.read else ""
    cells = (
        f"[`{name}`](#{name})",
        found.text,
        f"`{found.suffix}`, {found.media_type}",
        _JOINED[found.joined],
        read,
        found.tools,
    )
    return f"| {' | '.join(cells)} |"


def _chapter(name: str, found: Format, document: Document, folder: Path) -> str:
    what = found.text[0].upper() + found.text[1:]
    if name.startswith("parquet"):
        told = "The first, as `pyarrow.parquet.read_table(…).to_pylist()` gives it:"
        return f"### {name}\n\n{what}. {told}\n\n{_parquet(name, document)}"
    path = folder / f"{name}{found.suffix}"
    found.write(path, document)
    lines = path.read_text(encoding="utf-8-sig").rstrip("\n").split("\n")
    shown = [line if len(line) <= MAX_COLUMNS else f"{line[:MAX_COLUMNS]} …" for line in lines[:MAX_LINES]]
    more = [f"… ({len(lines) - MAX_LINES} lines more)"] if len(lines) > MAX_LINES else []
    return "\n".join([f"### {name}", "", f"{what}.", "", f"```{_LANGUAGES.get(found.suffix, 'text')}", *shown, *more, "```"])


def _parquet(name: str, document: Document) -> str:
    """Return the first row of a table as Python shows it: what is made here needs no library that is optional."""
    columns, rows = (SAMPLES, sample_rows(document)) if name.endswith("samples") else (PEOPLE, people_rows(document))
    row = next(rows)
    lines = [
        f"    {json.dumps(column)}: {json.dumps(row.get(column)) if row.get(column) is not None else None},"
        for column in columns
    ]
    return "\n".join(["```python", "{", *lines, "}", "```"])


def _tracks(people: tuple[Seen, ...]) -> Iterator[TrackSamples]:
    for seen in people:
        if seen.box is not None:
            yield _samples(seen, seen.box)


def _samples(seen: Seen, box: Box) -> TrackSamples:
    npt = np.arange(seen.start_npt, seen.end_npt, 1.0)
    n = len(npt)
    boxes = np.array([(box.x + 4 * row, box.y, box.w, box.h) for row in range(n)], np.float32)
    frames = (npt * 25).astype(np.int64)
    ones = np.full(n, 0.9375, np.float32)
    return TrackSamples(_ANALYSIS, seen.tracks[0], 0, frames, npt, boxes, np.zeros((n, 5, 2), np.float32), ones, ones)
