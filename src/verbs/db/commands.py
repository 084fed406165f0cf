"""The verb `db`: check, migrate, export, import."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path

import click

from ...access import note
from ...cli import CONTEXT, config_option, run_command, workspace_of


@click.group(context_settings=CONTEXT)
def command() -> None:
    """Check the database, bring it up to date, or move a project out of it or into it."""


@command.command()
@config_option
def check(config: Path | None) -> int:
    """Check the database, read every record, and look for the files that records name."""
    from .checking import check_database

    with workspace_of(config) as workspace:
        report = check_database(workspace)
    for name, count in report.counts.items():
        click.echo(f"{name}: {count}")
    for fault in report.faults:
        click.echo(f"WRONG {fault}")
    click.echo(f"{len(report.faults)} faults" if report.faults else "All is well")
    return 1 if report.faults else 0


@command.command()
@config_option
def migrate(config: Path | None) -> None:
    """Bring the database up to date, also where that takes something away. Make a backup first."""
    from ...settings import load_settings
    from ...storage import open_store

    with open_store(load_settings(config).database.uri, migrate=True) as store:
        click.echo(f"{store.place} has schema version {store.schema.version}")


@command.command("export")
@click.argument("project")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--with_files", is_flag=True, help="Also the photos and their aligned faces.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@config_option
def export_command(project: str, file: Path, with_files: bool, overwrite: bool, config: Path | None) -> int:
    """Write a project, its models and the analyses it uses to one archive."""
    from .exporting import export_project, refuse_existing

    if not overwrite:
        refuse_existing(file)
    with workspace_of(config) as workspace:
        report = export_project(workspace, project, file, with_files=with_files)
    n_records = sum(report.manifest.counts.values())
    click.echo(f"{file}: {n_records} records and {report.manifest.n_files} files of project {report.manifest.project}")
    for path in report.missing:
        click.echo(f"Not there, and so not in the archive: {path}")
    return 1 if report.missing else 0


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "name", help="Import under another name.")
@click.option("--replace", "replace_existing", is_flag=True, help="Forget a project that has this name.")
@config_option
def import_command(file: Path, name: str | None, replace_existing: bool, config: Path | None) -> None:
    """Read a project from an archive, into any kind of store."""
    from .importing import import_project

    with workspace_of(config) as workspace:
        report = import_project(workspace, file, name=name, replace_existing=replace_existing)
        n_records = sum(report.counts.values())
        what = f"records {n_records} files {report.n_files}"
        note(workspace.store, "db.import", what, project=report.project, who=getpass.getuser())
    click.echo(f'Project "{report.project}" imported: {n_records} records, {report.n_files} files')
    if report.n_known:
        click.echo(f"{report.n_known} analyses were here already")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "db")
