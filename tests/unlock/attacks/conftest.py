"""An authority that listens, for the tests in this folder; with ``store`` behind it they run on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from akis.authority.store.store import Store
from tests.akis.authority.http.served import Lines, Served, logged, served


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the authority logs."""
    with logged() as found:
        yield found


@pytest.fixture(scope="module")
def shared(_migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests of a file, for attacks of which there are many and each makes an unlock of its own."""
    path = shutil.copy(_migrated_sqlite, tmp_path_factory.mktemp("attacked") / "authority.db")
    store = Store(f"sqlite:///{path}")
    with served(store, sms_to_one=1000) as found:
        yield found
    store.close()


@pytest.fixture
def authority(sqlite_store: Store, lines: Lines) -> Iterator[Served]:
    with served(sqlite_store) as found:
        yield found
