"""An authority with the demo's holders, for a whole file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unlock.whole.service import Service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An authority that serves, on SQLite and with its key in a file."""
    made = Service(tmp_path_factory.mktemp("authority"))
    made.report("demo-data", "--cards", made.cards)
    with made:
        yield made
