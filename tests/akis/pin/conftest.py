"""Cards to try PIN operations on: ``on`` in every way they go, ``issuer`` in the issuer's session."""

import pytest

from tests.akis.pin.operations import WAYS
from tests.akis.pin.outcomes import OPERATIONS
from tests.bench import SUITES, bench


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}-{way[1] or 'plain'}")
def on(request):
    name, role = request.param
    made = bench(name)
    return made.open(role) if role else made


@pytest.fixture(params=SUITES)
def issuer(request):
    return bench(request.param).open()


@pytest.fixture(params=SUITES)
def suite(request):
    return request.param


@pytest.fixture(params=OPERATIONS.values(), ids=OPERATIONS)
def operation(request):
    return request.param
