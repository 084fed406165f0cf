"""Where records live: SQLite with nothing to install, or MongoDB."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigError
from .base import Store
from .pages import Page, Place, Query

__all__ = ["Page", "Place", "Query", "Store", "open_store"]


def open_store(uri: str, *, migrate: bool = False) -> Store:
    """Open the store that an address names, making it where it does not exist.

    Args:
        uri: `sqlite:///relative/path.db`, `sqlite:////absolute/path.db` or `mongodb://host:port/database`.
        migrate: Also bring a database up to date where that takes something away.

    Raises:
        ConfigError: No store goes by this address.
        StorageError: The store cannot be opened, or is newer than this program.
    """
    scheme, _, rest = uri.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        from .sqlite import SqliteStore

        return SqliteStore(Path(rest[1:]), migrate=migrate)
    if scheme in ("mongodb", "mongodb+srv"):
        from .mongo import MongoStore

        return MongoStore(uri, migrate=migrate)
    raise ConfigError(
        f"database.uri {uri!r} names no store. Write sqlite:///data/facerec.db or mongodb://127.0.0.1:27017/facerec."
    )
