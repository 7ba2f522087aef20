"""An authority for a whole file of tests, and who judges each cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from akis.authority.serving.serve import Serving
from tests.unlock.cuts.issuer import Issuer
from tests.unlock.cuts.kept_card import KeptCard
from tests.unlock.cuts.unlocking import Judge


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    """An authority, seen from inside."""
    made = Issuer(tmp_path_factory.mktemp("issuer"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def url(issuer: Issuer) -> Iterator[str]:
    """Where that authority listens, in this process."""
    with Serving(issuer.authority) as serving:
        yield serving.url


@pytest.fixture
def judged(record_property: Callable[[str, object], None]) -> Callable[[Issuer, KeptCard], Judge]:
    """Makes the :class:`Judge` of a test, which must be before anything is cut."""
    return lambda issuer, kept: Judge(issuer, kept, record_property)
