"""The verb `token`: make, list and revoke the tokens of the service."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..records import Role
from .tokens import add_token, is_good, revoke_token, tokens


@click.group(context_settings=CONTEXT)
def command() -> None:
    """Make, list and revoke the tokens that the service asks for."""


@command.command()
@click.option("--name", required=True, help="What to call it: whose it is, or where it is used.")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.VIEWER.value, help="What it allows [viewer]."
)
@click.option("--project", help="The only project that it is for [all].")
@click.option("--days", type=click.IntRange(1, 3650), help="For how many days it is good [for ever].")
@config_option
def add(name: str, role: str, project: str | None, days: int | None, config: Path | None) -> None:
    """Make a token and print it, this once."""
    with workspace_of(config) as workspace:
        text, token = add_token(workspace.store, name, Role(role), project or "", days, getpass.getuser())
    click.echo(text)
    scope = f"project {token.project}" if token.project else "all projects"
    click.echo(f"This token ({token.role}, {scope}) is shown only now. Send it as: Authorization: Bearer TOKEN", err=True)


@command.command("list")
@config_option
def list_command(config: Path | None) -> None:
    """List all tokens, without what is secret of them."""
    with workspace_of(config) as workspace:
        for token, use in tokens(workspace.store):
            state = "good" if is_good(token) else "revoked" if token.revoked_at else "expired"
            ends = f", until {token.expires_at}" if token.expires_at else ""
            used = f"last used {use.last_used_at} from {use.address or 'here'}" if use else "never used"
            scope = token.project or "all projects"
            click.echo(f"{token.token_id}  {token.role:6}  {scope}  {token.name}  ({state}{ends}; {used})")


@command.command()
@click.argument("token_id")
@config_option
def revoke(token_id: str, config: Path | None) -> None:
    """End a token by the id that `list` shows."""
    with workspace_of(config) as workspace:
        token = revoke_token(workspace.store, token_id, getpass.getuser())
    click.echo(f"{token.token_id} ({token.name}) is revoked")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "token")


if __name__ == "__main__":
    sys.exit(main())
