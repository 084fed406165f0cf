"""The providers by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ..errors import ConfigError
from .addresses import Addresses
from .base import Provider
from .folder import Folder
from .search_engines import Baidu, Bing, Google
from .web import Web
from .wikimedia import Wikimedia

PROVIDERS: Mapping[str, Callable[[Web], Provider]] = {"bing": Bing, "google": Google, "baidu": Baidu, "wikimedia": Wikimedia}
"""Every provider that is asked over the network, by the name that settings and flags use."""

FILES: Mapping[str, Callable[[Path], Folder | Addresses]] = {"folder": Folder, "urls": Addresses}
"""Those that read a folder or a file, by their flag."""


def check_names(names: Iterable[str]) -> None:
    """Refuse names of providers that do not exist.

    Raises:
        ConfigError: A name is none of `PROVIDERS`.
    """
    for name in names:
        if name not in PROVIDERS:
            near = difflib.get_close_matches(name, PROVIDERS, n=1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            choice = f"Choose from {', '.join(PROVIDERS)}, or give --folder or --urls."
            raise ConfigError(f'There is no provider "{name}".{hint} {choice}')
