"""What the tests of a card share."""

import pytest

from tests.bench import SUITES, bench


@pytest.fixture
def profile():
    return bench().card.profile


@pytest.fixture(params=SUITES)
def suite(request):
    return request.param
