"""A server that answers as archives document."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.archive import ANTRACT_GRAPH, MEMAD_GRAPH, LocalArchive, local_archive


@pytest.fixture
def archive() -> Iterator[LocalArchive]:
    with local_archive(ANTRACT_GRAPH + MEMAD_GRAPH) as opened:
        yield opened
