"""An authority that listens, for the tests in this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from akis.authority.store.store import Store
from tests.akis.authority.http.served import Lines, Served, logged, served


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the authority logs."""
    with logged() as found:
        yield found


@pytest.fixture
def authority(sqlite_store: Store, lines: Lines) -> Iterator[Served]:
    """An authority that listens."""
    with served(sqlite_store) as found:
        yield found
