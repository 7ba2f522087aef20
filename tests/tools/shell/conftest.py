"""Fixtures for the tests of ``akis shell``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.tools.shell.shells import Script


@pytest.fixture
def script(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Script]:
    """Runs these lines."""
    return lambda *lines, **options: Script(capsys, monkeypatch, *lines, **options)
