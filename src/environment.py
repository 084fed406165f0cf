"""Settings written as variables: those of the process, and those of a file `.env`, which is written like them.

`FACEREC_SERVER__PORT` is the setting `server.port`. `FACEREC_SERVER__PORT_FILE` names a file that holds its value: how
containers are given secrets. Variables that do not begin with `FACEREC_` are other programs' and left alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import parse_stream

from .errors import ConfigError

PREFIX = "FACEREC_"
CONFIG_VARIABLE = "FACEREC_CONFIG"
ENV_FILE_VARIABLE = "FACEREC_ENV_FILE"
NO_SETTINGS = (CONFIG_VARIABLE, ENV_FILE_VARIABLE)
"""Variables that say where settings are, and are none."""

ENV_FILE = Path(".env")
_FILE = "_FILE"
_DATABASE_VARIABLES = ("FACEREC_DATABASE_URI", "FACEREC_DATABASE__URI")
"""The address of the store is what a server is most often given; it may be written with one underscore too."""
_LARGEST = 65_536


def of_process() -> dict[str, str]:
    """Return what the environment of this process sets: upper-case names that begin with `FACEREC_`, and their values.

    Raises:
        ConfigError: A setting is given twice and differently, or the file that holds a value cannot be read.
    """
    return _settled("The environment", os.environ)


def of_env_file() -> tuple[Path, dict[str, str]]:
    """Return the file of variables, and what it sets: the one that FACEREC_ENV_FILE names, else `.env` where there is one.

    An empty FACEREC_ENV_FILE stands for no file. Values are taken as they are: a `$` stands for itself.

    Raises:
        ConfigError: The file cannot be read, a line of it is no `NAME=value`, or a setting is given twice and differently.
    """
    named = os.environ.get(ENV_FILE_VARIABLE)
    if named == "" or (named is None and not ENV_FILE.is_file()):
        return ENV_FILE, {}
    path = Path(named) if named else ENV_FILE
    return path, _settled(str(path), _parsed(path))


def _parsed(path: Path) -> dict[str, str]:
    """Read the variables of a file; a line that nobody would understand is refused, not passed over."""
    found: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as err:
        why = err.strerror if isinstance(err, OSError) else "it is no UTF-8 text"
        raise ConfigError(f"{path} cannot be read: {why}. Check its permissions, or {ENV_FILE_VARIABLE}.") from err
    for binding in bindings:
        line = binding.original.line + binding.original.string[: _leading(binding.original.string)].count("\n")
        if binding.error or (binding.key is not None and binding.value is None):
            raise ConfigError(f"{path}, line {line}: write NAME=value there, or begin the line with # for a comment.")
        if binding.key is not None and binding.value is not None:
            if binding.key in found:
                raise ConfigError(f"{path}, line {line}: {binding.key} was set before. Remove one of the two lines.")
            found[binding.key] = binding.value
    return found


def _leading(text: str) -> int:
    return len(text) - len(text.lstrip())


def _settled(where: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return our variables under the one name of each, with the contents of files in the place of their paths."""
    result: dict[str, str] = {}
    for name, value in variables.items():
        variable = name.upper()
        if not variable.startswith(PREFIX):
            continue
        if variable.endswith(_FILE) and variable != ENV_FILE_VARIABLE:
            variable, value = variable.removesuffix(_FILE), _content(where, variable, value)
        if variable == _DATABASE_VARIABLES[0]:
            variable = _DATABASE_VARIABLES[1]
        if result.setdefault(variable, value) != value:
            both = " and ".join(_DATABASE_VARIABLES) if variable in _DATABASE_VARIABLES else f"{variable} and {variable}{_FILE}"
            what = "addresses" if variable in _DATABASE_VARIABLES else "values"
            raise ConfigError(f"{where} sets {both} to different {what}. Set one of them.")
    return result


def _content(where: str, variable: str, name: str) -> str:
    """Return what a file holds, without the line end that editors put behind it."""
    try:
        with Path(name).open(encoding="utf-8") as file:
            return file.read(_LARGEST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError, ValueError) as err:
        why = err.strerror if isinstance(err, OSError) else "it is no text"
        raise ConfigError(f"{where} sets {variable} to {name}, which cannot be read: {why}.") from err
