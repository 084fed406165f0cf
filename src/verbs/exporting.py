"""The stage that writes what was seen in a video, or in all videos of a project, in a format of other programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..connectors import connectors_of
from ..disk.files import replacing
from ..errors import AnnotationError, ConfigError
from ..export import BASE, FORMATS, Document, Format, document_of, joined, media_type_of
from ..export.document import is_complete
from ..export.redaction import parse_redaction
from ..export.stretch import Stretch, document_within, marked, stretch_named, stretch_suffix, with_itself
from ..guard import Guard
from ..mediafragments import joined as with_fragment
from ..records import Analysis, ProjectVideo, Video, stable_id
from ..videos import find_analysis, find_video
from ..workspace import Workspace

PROFILES = ("ebucore", "memad")
_NAME_LETTERS = 30
"""So much of the names of people stands in that of a file, which may have 255 bytes."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What a run wrote.

    Attributes:
        video: Of which video.
        analysis: Which analysis of it.
        output: The file.
        n_rows: Boxes, or whatever the format has, in it.
        notes: What somebody who uses the file has to know.
    """

    video: Video
    analysis: Analysis
    output: Path
    n_rows: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AllReport:
    """What a run over all videos of a project wrote.

    Attributes:
        reports: One a video.
        failures: Of the videos that could not be read or written, with the reason.
    """

    reports: tuple[ExportReport, ...]
    failures: tuple[str, ...]


def run(
    workspace: Workspace,
    project: str,
    video: str,
    format_name: str,
    output: Path | None = None,
    base: str = BASE,
    stretch: Stretch | None = None,
) -> ExportReport:
    """Write the analysis of a video that counts in a project.

    Args:
        workspace: Where to work.
        project: Whose analysis.
        video: As it was given to the tracker.
        format_name: One of `FORMATS`.
        output: The file, replaced where there is one; by default one named after the format among the video's results.
        base: Address of the service, for formats that need one for everything.
        stretch: The part of the video that is written; None for all of it.

    Raises:
        ConfigError: There is no such project, format, video or complete analysis, or the stretch lies outside of the video.
        ExportError: The file cannot be written.
    """
    chosen, document = format_named(format_name), document_named(workspace, project, video, base, stretch)
    path = output or _place(workspace, document, f"{format_name}{stretch_suffix(stretch) if stretch else ''}{chosen.suffix}")
    if stretch is not None and chosen.read is not None:
        document = marked(document, stretch)
    return ExportReport(document.video, document.analysis, path, chosen.write(path, document))


def run_project(workspace: Workspace, project: str, format_name: str, output: Path | None = None, base: str = BASE) -> Path:
    """Write the analyses of all videos that count in a project as one file, one video at a time; return where.

    Args:
        workspace: Where to work.
        project: Whose analyses.
        format_name: One of `FORMATS`.
        output: The file; by default one named after the format among the project's results.
        base: Address of the service.

    Raises:
        ConfigError: There is no such project or format.
        ExportError: The file cannot be written.
    """
    chosen, owner = format_named(format_name), workspace.project(project)
    suffix, _ = media_type_of(chosen.suffix, chosen.media_type, chosen.joined)
    path = output or workspace.data_dir / "out" / owner.project / f"{format_name}{suffix}"
    with replacing(path) as partial, partial.open("wb") as file:
        for piece in project_stream(workspace, owner.project, chosen, base):
            file.write(piece)
    return path


def project_stream(workspace: Workspace, project: str, chosen: Format, base: str = BASE) -> Iterator[bytes]:
    """Yield the export of all videos of a project that were analysed completely, piece by piece.

    Args:
        workspace: Where they are.
        project: Its slug.
        chosen: How to write them.
        base: Address of the service.
    """
    return joined(documents_of(workspace, project, base), chosen.write, chosen.suffix, chosen.joined, chosen.empty)


def documents_of(workspace: Workspace, project: str, base: str = BASE) -> Iterator[Document]:
    """Yield what is known of each video of a project, those that were analysed completely, one at a time."""
    for member in workspace.store.find(ProjectVideo, project=project):
        analysis = workspace.store.get(Analysis, member.analysis_id)
        if analysis is not None and is_complete(analysis):
            yield document_of(workspace.store, project, analysis, base)


def document_named(
    workspace: Workspace, project: str, video: str, base: str = BASE, stretch: Stretch | None = None
) -> Document:
    """Return what is known of a video.

    Args:
        workspace: Where to work.
        project: Whose analysis.
        video: As it was given to the tracker.
        base: Address of the service.
        stretch: Of which part of it; None for all.

    Raises:
        ConfigError: There is no such project, video or complete analysis, or the stretch lies outside of the video.
    """
    owner = workspace.project(project)
    record, fragment = find_video(workspace.store, video)
    analysis = find_analysis(workspace.store, record, owner.engine, fragment, owner.project)
    if stretch is not None:
        return document_within(workspace.store, owner.project, analysis, stretch, base)
    return document_of(workspace.store, owner.project, analysis, base)


def format_named(name: str) -> Format:
    """Return a format.

    Raises:
        ConfigError: There is none of this name.
    """
    if name not in FORMATS:
        raise ConfigError(f'There is no format "{name}". Choose one of: {", ".join(FORMATS)}.')
    return FORMATS[name]


def write_clips(
    workspace: Workspace, project: str, video: str, output: Path | None = None, stretch: Stretch | None = None
) -> ExportReport:
    """Cut the appearances out of a video without coding it anew; a folder of clips and a table of them.

    Of a stretch the first clip is all of it, and the others are what of the appearances lies in it.

    Args:
        workspace: Where to work.
        project: Whose analysis.
        video: As it was given to the tracker.
        output: The folder; by default `clips` among the video's results.
        stretch: The part of the video that is cut; None for all of it.

    Raises:
        ConfigError: There is no such project, video or complete analysis, or the stretch lies outside of the video.
        ExportError: A file cannot be written.
        MediaError: The video cannot be read any more.
    """
    return _clips(workspace, document_named(workspace, project, video, stretch=stretch), output, stretch)


def write_picture(workspace: Workspace, project: str, video: str, redact: str = "", output: Path | None = None) -> ExportReport:
    """Write the video with frames and names on it, or with blurred faces; its sound stays, to the bit, and its times.

    Args:
        workspace: Where to work.
        project: Whose analysis.
        video: As it was given to the tracker.
        redact: `everyone` or `all-but:NAME;NAME`: whose faces are blurred. Empty for frames and names.
        output: The file; by default `annotated`, `redacted` or `redacted_but_NAMES` among the video's results.

    Raises:
        ConfigError: There is no such project, video or complete analysis, or nobody of a name that is not to be blurred.
        ExportError: The file cannot be written.
        MediaError: The video cannot be read any more.
    """
    return _picture(workspace, document_named(workspace, project, video), redact, output)


def write_all(workspace: Workspace, project: str, *, clips: bool = False, redact: str = "") -> AllReport:
    """Do for all videos of a project what `write_clips` or `write_picture` does for one, one video at a time.

    A video that cannot be read or written any more is recorded and passed over.

    Args:
        workspace: Where to work.
        project: Whose analyses.
        clips: Whether clips are wanted, and no pictures with something drawn on them.
        redact: As for `write_picture`.

    Raises:
        ConfigError: There is no such project, or nobody's faces are left out.
    """
    owner = workspace.project(project)
    if redact:
        parse_redaction(redact)
    reports: list[ExportReport] = []
    failures: list[str] = []
    for document in documents_of(workspace, owner.project):
        try:
            reports.append(_clips(workspace, document) if clips else _picture(workspace, document, redact))
        except AnnotationError as err:
            failures.append(f"{document.locator}: {err}")
    return AllReport(tuple(reports), tuple(failures))


def _clips(
    workspace: Workspace, document: Document, output: Path | None = None, stretch: Stretch | None = None
) -> ExportReport:
    from ..export.clips import cut_clips

    folder = output or _place(workspace, document, f"clips{stretch_suffix(stretch) if stretch else ''}")
    if stretch is not None:
        document = with_itself(document, stretch)
    with (
        _played(workspace, document) as (played, guard),
        workspace.progress.task("Clips", len(document.people), "clips") as task,
    ):
        clips = cut_clips(played, folder, task.advance, guard)
    early = max((clip.wanted_start_npt - clip.start_npt for clip in clips), default=0.0)
    notes = (f"Clips begin at key frames, up to {early:.1f} s early; clips.csv says where.",) if clips else ()
    return ExportReport(document.video, document.analysis, folder, len(clips), notes)


def _picture(workspace: Workspace, document: Document, redact: str, output: Path | None = None) -> ExportReport:
    from ..export.burning import painter_of
    from ..export.redaction import redactor_of
    from ..export.rendering import render, suffix_for

    redaction = parse_redaction(redact, document) if redact else None
    draw = painter_of(document) if redaction is None else redactor_of(document, redaction)
    name = "annotated" if redaction is None else _redacted(redaction.kept)
    path = output or _place(workspace, document, name + suffix_for(document))
    with (
        _played(workspace, document) as (played, guard),
        workspace.progress.task("Drawing", round(document.duration * document.rate), "frames") as task,
    ):
        report = render(played, path, draw, task.advance, guard)
    return ExportReport(document.video, document.analysis, path, report.n_frames, tuple(draw.notes))


@contextmanager
def _played(workspace: Workspace, document: Document) -> Iterator[tuple[Document, Guard | None]]:
    """Yield a document whose video is named by where it is played from now, and what that is fetched through.

    What is stored of a video of an archive is an address that stays: a link to it may hold for an hour, and have a key in it.

    Raises:
        ConfigError: A setting, a password or a package is missing.
        FetchError: The archive or the video cannot be fetched.
        MediaError: The archive has the video no more, or it cannot be read.
    """
    found = connectors_of(workspace).reopen(document.video)
    with found.named_in_errors():
        yield replace(document, video=replace(document.video, media=found.play)), found.guard or workspace.guard


def _redacted(kept: Set[str]) -> str:
    """Return the name of a redacted video: one that shows somebody never takes the place of one that shows nobody."""
    if not kept:
        return "redacted"
    names = sorted(kept)
    text = "".join(sign if sign.isalnum() else "_" for sign in " ".join(names))[:_NAME_LETTERS]
    return f"redacted_but_{text}_{stable_id(*names)[:8]}"


def _place(workspace: Workspace, document: Document, name: str) -> Path:
    return workspace.output_dir(document.project, document.video.folder, document.analysis.fragment) / name


@click.command(context_settings=CONTEXT)
@click.option("--project", required=True, help="Project whose analysis is written.")
@click.option("--video", help="As it was given to the tracker [all videos of the project, as one file].")
@click.option("--format", "format_name", type=click.Choice(tuple(FORMATS)), help="How to write it.")
@click.option("--profile", type=click.Choice(PROFILES), help="Which terms the format turtle uses [ebucore].")
@click.option("--clips", is_flag=True, help="Cut the appearances out of the video, at key frames, without coding it anew.")
@click.option("--burn_in", is_flag=True, help="Write the video with frames and names on it.")
@click.option("--redact", default="", help="Write the video with blurred faces: everyone, or all-but:NAME;NAME.")
@click.option("--interval", help="Only this stretch of the video, as START,END; goes with --format and --clips.")
@click.option("--output", type=click.Path(path_type=Path), help="File, or folder of clips [data/out/PROJECT/VIDEO/FORMAT.*].")
@click.option("--base_uri", default=BASE, show_default=True, help="Address of the service, for formats that need one.")
@config_option
def command(
    project: str,
    video: str | None,
    format_name: str | None,
    profile: str | None,
    clips: bool,
    burn_in: bool,
    redact: str,
    interval: str | None,
    output: Path | None,
    base_uri: str,
    config: Path | None,
) -> int:
    """Write what was seen in a video, or in all videos of a project, in a format of other programs."""
    if [bool(format_name), clips, burn_in, bool(redact)].count(True) != 1:
        raise click.UsageError("Say one thing to write: --format, --clips, --burn_in, or --redact.")
    if video is None and not format_name and output is not None:
        raise click.UsageError("--output goes with --video, or with --format.")
    if interval is not None and (video is None or burn_in or redact):
        raise click.UsageError("--interval goes with --video, and with --format or --clips.")
    name = _with_profile(format_name, profile)
    stretch = None if interval is None else stretch_named(interval)
    with workspace_of(config) as workspace:
        if video is None and name:
            click.echo(f"{run_project(workspace, project, name, output, base_uri)}: all videos of {project}")
            return 0
        if video is None:
            return _told_of_all(write_all(workspace, project, clips=clips, redact=redact), clips)
        if name:
            report = run(workspace, project, video, name, output, base_uri, stretch)
        elif clips:
            report = write_clips(workspace, project, video, output, stretch)
        else:
            report = write_picture(workspace, project, video, redact, output)
    _tell(report, FORMATS[name].row if name else "clips" if clips else "frames")
    return 0


def _told_of_all(report: AllReport, clips: bool) -> int:
    for one in report.reports:
        _tell(one, "clips" if clips else "frames")
    for failure in report.failures:
        click.echo(failure, err=True)
    click.echo(f"{len(report.reports)} videos written, {len(report.failures)} failed", err=True)
    return 1 if report.failures else 0


def _tell(report: ExportReport, rows: str) -> None:
    named = with_fragment(report.video.locator, report.analysis.fragment)
    click.echo(f"{report.output}: {report.n_rows} {rows} of {named}")
    for note in report.notes:
        click.echo(note, err=True)


def _with_profile(format_name: str | None, profile: str | None) -> str:
    if profile is not None and format_name not in ("turtle", "memad"):
        raise click.UsageError("--profile goes with --format turtle.")
    return "memad" if profile == "memad" else format_name or ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "export")


if __name__ == "__main__":
    sys.exit(main())
