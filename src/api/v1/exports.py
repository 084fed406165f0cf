"""Exports: what was seen in a video or in a project, in the formats of other programs, and what comes back in them."""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from apiflask import APIBlueprint
from flask import Response, request, send_file
from pydantic import Field

from ...guard.paths import confined
from ...names import display_name
from ...records import Analysis, Decision, Person, Project, Status, Video
from .. import shapes
from ..answers import answer
from ..choosing import FragmentText, member_of
from ..context import existing, existing_project, store, workspace
from ..deriving import follow_video, told_of
from ..media import file_by_ranges, sends
from ..multipart import sent_field, sent_file, takes_file
from ..permissions import author
from ..problems import Problem
from ..validation import Parameters
from .jobs import shape as shape_of_job
from .tracks import MAX_NPT, Seconds

if TYPE_CHECKING:
    from ...export import Document, Format
    from ...verbs.importing import ImportReport

exports = APIBlueprint("exports", __name__, url_prefix="/api/v1", tag="Exports")

FormatName = Annotated[str, Field(max_length=40, description="One of /exports; as the header Accept says where empty")]
_MAX_IMPORT_BYTES = 64_000_000
_AT_ONCE_BYTES = 500_000
"""A file with more is read by a process of its own, which takes half a second to begin; so much Turtle is read as quickly."""
_FORM = {name: {"type": "string", "maxLength": 200} for name in ("format", "author", "keep_missing", "dry_run")}


class ExportParameters(Parameters):
    """Which format is wanted, and of which stretch of the video."""

    format: FormatName = ""
    fragment: FragmentText = ""
    from_npt: Annotated[Seconds, Field(alias="from", description="Seconds; what is before is cut off")] = 0.0
    to_npt: Annotated[Seconds, Field(alias="to", description="Seconds; what is then or later is cut off")] = MAX_NPT


class ResultParameters(Parameters):
    """How a result is returned."""

    archive: bool = Field(False, description="The result is a folder: return its files as one archive (zip)")


class ProjectExportParameters(Parameters):
    """Which format is wanted of all videos."""

    format: FormatName = ""


class ImportParameters(Parameters):
    """Which part of a video a file is about."""

    fragment: FragmentText = ""


@exports.get("/exports")
@exports.output(shapes.FormatList)
def list_formats() -> Response:
    """List the formats that analyses are exported in."""
    from ...export import FORMATS

    items = [
        shapes.Format(
            format=name,
            text=found.text,
            suffix=found.suffix,
            media_type=found.media_type,
            rows=found.row,
            tools=found.tools,
            readable=found.read is not None,
        )
        for name, found in FORMATS.items()
    ]
    return answer(shapes.FormatList(items=items))


@exports.get("/projects/<project>/videos/<video_id>/export")
@exports.input(ExportParameters, location="query")
@exports.doc(responses=sends("*/*", what="The file"))
def get_export(project: str, video_id: str, query_data: ExportParameters) -> Response:
    """Return the analysis of a video that counts in a project, or of a stretch of it, in a format of other programs."""
    from ...export import FORMATS

    owner = existing_project(project).project
    analysis, video = _counting(owner, video_id, query_data.fragment)
    name = _chosen(query_data.format)
    chosen = FORMATS[name]
    document, part = _document(owner, analysis, chosen, query_data)
    folder = workspace().data_dir / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}{chosen.suffix}"
    try:
        chosen.write(path, document)
        response = send_file(
            path.open("rb"),
            chosen.media_type,
            as_attachment=True,
            download_name=f"{video.folder}{part}.{name}{chosen.suffix}",
        )
    finally:
        # The open file stays readable until the answer is sent.
        path.unlink(missing_ok=True)
    response.headers["Content-Type"] = _content_type(chosen)
    return _told(response, chosen)


@exports.get("/projects/<project>/export")
@exports.input(ProjectExportParameters, location="query")
@exports.doc(responses=sends("*/*", what="The stream"))
def get_project_export(project: str, query_data: ProjectExportParameters) -> Response:
    """Return all videos of a project in a format of other programs, as a stream: what is sent was made a moment before.

    Tables and texts follow each other, documents come in an archive or as JSON lines; see docs/exports.md.
    """
    from ...export import FORMATS, media_type_of
    from ...verbs.exporting import project_stream

    owner = existing_project(project).project
    name = _chosen(query_data.format)
    chosen, base = FORMATS[name], request.host_url
    suffix, media_type = media_type_of(chosen.suffix, chosen.media_type, chosen.joined)
    pieces = project_stream(workspace(), owner, chosen, base)
    # The first piece is made before the head is sent: what cannot be written at all is told as a problem.
    response = Response(_from(next(pieces, b""), pieces), mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=f"{owner}.{name}{suffix}")
    return _told(response, chosen)


@exports.get("/projects/<project>/results/<path:result>")
@exports.input(ResultParameters, location="query")
@exports.doc(responses=sends("*/*", what="The file") | sends("*/*", status=206, what="A range of the file"))
def get_result(project: str, result: str, query_data: ResultParameters) -> Response:
    """Return a file that a job wrote, a range of its bytes, or a folder as an archive: its result says `out/PROJECT/PATH`."""
    owner = existing_project(project).project
    file = confined(workspace().output_dir(owner, ""), result, must_exist=False)
    if query_data.archive and file.is_dir():
        return _archive(file)
    if not file.is_file():
        raise Problem("not_found", f"There is no result {result[:200]!r}. The result of the job names it.")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    response = file_by_ranges(file, kind, as_attachment=True, download_name=file.name, max_age=0)
    response.headers.update({"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"})
    return response


@exports.post("/projects/<project>/videos/<video_id>/import")
@exports.input(ImportParameters, location="query")
@exports.doc(extensions=takes_file("*/*", **_FORM))
@exports.output(shapes.ImportReport)
def import_file(project: str, video_id: str, query_data: ImportParameters) -> Response:
    """Read a file that was exported and edited, or made elsewhere; what it says anew becomes decisions of whoever sends it.

    Where the decisions touch many tracks, what follows from them is derived by the `job` of the answer.
    """
    from ...verbs.decide import keep

    known = existing_project(project)
    analysis, _ = _counting(known.project, video_id, query_data.fragment)
    report = _report(known, analysis)
    job = None
    if report.decisions and not _flag("dry_run"):
        keep(workspace(), known, report.decisions, report.told)
        job = follow_video(known, analysis, report.decisions)
    names = {person.person_id: person.name for person in store().find(Person, project=known.project)}
    body = shapes.ImportReport(
        decisions=[_said(decision, names) for decision in report.decisions],
        n_same=report.n_same,
        notes=list(report.notes),
        job=shape_of_job(job) if job else None,
    )
    return told_of(answer(body), job)


def _report(owner: Project, analysis: Analysis) -> ImportReport:
    """Return what the file of a request says anew of an analysis; a large one is read apart from the requests of others.

    Raises:
        Problem: It is too large, or another large one is being read.
        ConfigError: It cannot be read.
    """
    from ...verbs.importing import said_by_bytes
    from ..apart import done_apart

    file = sent_file()
    data = file.stream.read(_MAX_IMPORT_BYTES + 1)
    if len(data) > _MAX_IMPORT_BYTES:
        raise Problem("request_entity_too_large", f"A file has at most {_MAX_IMPORT_BYTES:,} bytes. Divide it.")
    what = (owner.project, analysis.analysis_id, data, (file.filename or "The file")[:100])
    more = (sent_field("format"), author(sent_field("author")))
    keep_missing = _flag("keep_missing")
    if len(data) <= _AT_ONCE_BYTES:
        return said_by_bytes(workspace(), *what, *more, keep_missing=keep_missing)
    return done_apart(workspace().settings, partial(said_by_bytes, keep_missing=keep_missing), *what, *more)


def _counting(owner: str, video_id: str, fragment: str) -> tuple[Analysis, Video]:
    """Return the complete analysis of a video that counts in a project.

    Raises:
        Problem: There is none.
    """
    member = member_of(owner, video_id, fragment)
    video: Video = existing(Video, "video in this project", video_id)
    analysis: Analysis = existing(Analysis, "analysis", member.analysis_id)
    if analysis.status is not Status.COMPLETE:
        raise Problem("conflict", f"The analysis of this video is not complete ({analysis.status}).")
    return analysis, video


def _document(owner: str, analysis: Analysis, chosen: Format, wanted: ExportParameters) -> tuple[Document, str]:
    """Return what is exported, and what the name of its file ends in where that is a stretch.

    Raises:
        ConfigError: The stretch is empty, or lies outside of the video.
    """
    from ...export import document_of
    from ...export.stretch import checked, document_within, marked, stretch_suffix

    if (wanted.from_npt, wanted.to_npt) == (0.0, MAX_NPT):
        return document_of(store(), owner, analysis, request.host_url), ""
    stretch = checked(wanted.from_npt, wanted.to_npt)
    document = document_within(store(), owner, analysis, stretch, request.host_url)
    return (marked(document, stretch) if chosen.read else document), stretch_suffix(stretch)


def _archive(folder: Path) -> Response:
    from ...export.joining import ZIP, archive_of

    response = Response(archive_of(folder), mimetype=ZIP)
    response.headers.set("Content-Disposition", "attachment", filename=f"{folder.name}.zip")
    response.headers.update({"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"})
    return response


def _told(response: Response, chosen: Format) -> Response:
    if chosen.profile:
        response.headers["Link"] = f'<{chosen.profile}>; rel="profile"'
    response.headers.update({"Cache-Control": "private, no-cache", "Vary": "Accept", "X-Content-Type-Options": "nosniff"})
    return response


def _content_type(chosen: Format) -> str:
    return f"{chosen.content_type}; charset=utf-8" if chosen.media_type.startswith("text/") else chosen.content_type


def _from(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


def _said(decision: Decision, names: dict[str, str]) -> shapes.ImportedDecision:
    target = decision.target
    return shapes.ImportedDecision(
        decision_id=decision.decision_id,
        verb=decision.verb,
        kind=target.kind,
        track_id=target.track_id if target.kind == "track" else None,
        start_npt=target.start_npt,
        end_npt=target.end_npt,
        person_id=decision.person_id,
        name=names.get(decision.person_id, display_name(decision.person_id)),
    )


def _flag(name: str) -> bool:
    """Return a part of the form that is true or false.

    Raises:
        Problem: It is neither.
    """
    text = sent_field(name, "false").lower()
    if text not in ("true", "false", "1", "0"):
        raise Problem("invalid", f"The part {name!r} is true or false.")
    return text in ("true", "1")


def _chosen(name: str) -> str:
    """Return the format that a request wants.

    Raises:
        Problem: There is no such format.
    """
    from ...export import FORMATS

    if name in FORMATS:
        return name
    if name:
        raise Problem("not_acceptable", f"There is no format {name!r}. Choose one of: {', '.join(FORMATS)}.")
    by_type = {found.media_type: known for known, found in reversed(list(FORMATS.items()))}
    wanted = request.accept_mimetypes
    if not wanted:
        return next(iter(FORMATS))
    # IIIF tells its manifests from other JSON-LD by a profile.
    for kind, _ in wanted:
        for known, found in FORMATS.items():
            if found.profile and found.profile in kind:
                return known
    best: str | None = wanted.best_match(list(FORMATS[known].media_type for known in _firsts(by_type)))
    if best is None:
        raise Problem("not_acceptable", f"Accept one of {', '.join(sorted(by_type))}, or give the parameter format.")
    return by_type[best]


def _firsts(by_type: dict[str, str]) -> list[str]:
    """Return the first format of each media type, in the order of the table."""
    from ...export import FORMATS

    return [name for name in FORMATS if name in by_type.values()]
