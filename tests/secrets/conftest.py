"""The fixture of these tests: a card's life, with either suite."""

import pytest

from tests.bench import SUITES
from tests.secrets.story import Story


@pytest.fixture(params=SUITES)
def story(request, monkeypatch):
    return Story(request.param, monkeypatch)
