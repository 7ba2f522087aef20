"""Fixtures for the tests of ``akis emulate``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.akis.emulator.virtual_reader import VirtualReader


@pytest.fixture
def reader() -> Iterator[VirtualReader]:
    """A virtual reader without pcscd."""
    with VirtualReader() as found:
        yield found


@pytest.fixture
def free_port() -> int:
    """Where nobody listens."""
    with VirtualReader() as found:
        return found.port


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where there is no state file yet."""
    return tmp_path / "card.state"
