"""What all command lines share: errors in one line, flags written with `_` or `-`, settings that flags win over."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from .errors import AnnotationError

F = TypeVar("F", bound=Callable[..., Any])

INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended."""

CONTEXT: dict[str, Any] = {
    "token_normalize_func": lambda token: token.replace("-", "_"),
    "help_option_names": ["-h", "--help"],
    "max_content_width": 110,
}
"""Settings of every click command: `--max-num` and `--max_num` are one flag."""


def run_command(command: click.Command, argv: Sequence[str] | None, name: str) -> int:
    """Run a command and return the status for the shell: 0 done, 1 failed, 2 wrong usage, 130 interrupted.

    A command returns None or its own status.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        status = command.main(args=list(sys.argv[1:] if argv is None else argv), prog_name=name, standalone_mode=False)
        return int(status or 0)
    except click.UsageError as err:
        err.show()
        return 2
    except click.exceptions.Exit as err:
        return err.exit_code
    except (KeyboardInterrupt, click.Abort):
        print("Interrupted. Run the same command again to go on from here.", file=sys.stderr)
        return INTERRUPTED
    except AnnotationError as err:
        print(f"Error: {err}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except OSError as err:
        # Errors that say more are raised where files are written; here is what slipped through, a full disk mostly.
        print(f"Error: {err.filename or name}: {err.strerror or err}. Check the disk and its permissions.", file=sys.stderr)
        return 1


def config_option(command: F) -> F:
    """Add `--config` to a command; its value arrives as `config`."""
    return click.option("--config", type=click.Path(path_type=Path), help="Settings file [config/config.yaml].")(command)


def device_option(command: F) -> F:
    """Add `--device` to a command that runs networks; its value arrives as `device` and wins over the setting."""
    text = "Where networks run: cpu, cuda, cuda:1, openvino, coreml [the setting device]."
    return click.option("--device", help=text)(command)


@contextmanager
def workspace_of(config: Path | None, device: str | None = None) -> Iterator[Any]:
    """Open the workspace that the settings describe, reporting to the terminal.

    Args:
        config: The file of settings; the usual one where None.
        device: Where networks run; as the settings say where None.
    """
    from .progress import for_terminal
    from .settings import load_settings
    from .workspace import open_workspace

    settings = load_settings(config)
    if device is not None:
        settings = settings.model_copy(update={"device": device})
    with open_workspace(settings, for_terminal()) as workspace:
        yield workspace
