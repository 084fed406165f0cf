"""The stores that the contract is checked on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.storage import Store, open_store

STORES = ["sqlite"]
"""A new store joins the contract here, and in `store_uri` with an address of an empty database of its kind."""


@pytest.fixture(params=STORES)
def store_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database, one for each test."""
    assert request.param == "sqlite"
    return f"sqlite:///{tmp_path / 'contract' / 'store.db'}"


@pytest.fixture
def store(store_uri: str) -> Iterator[Store]:
    """An open, empty store."""
    with open_store(store_uri) as opened:
        yield opened
