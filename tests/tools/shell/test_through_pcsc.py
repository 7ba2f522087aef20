"""The shell on a card in a reader: what it leaves behind there, and a card that goes away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from akis.transport.pcsc import PcscTransport
from tests.akis.transport.pcsc_cards import is_verified
from tests.pcsc_service import READERS, InsertedCard
from tests.tools.shell.shells import Script
from tools.exit_codes import Exit

pytestmark = pytest.mark.pcsc
Run = Callable[..., Script]


@pytest.mark.parametrize(("options", "left"), [((), False), (("--leave",), True)])
def test_the_card_is_reset_on_leaving_unless_it_is_to_stay(
    script: Run, inserted: InsertedCard, options: tuple[str, ...], left: bool
) -> None:
    done = script("verify --pin env:PIN", "expect 9000", reader=READERS[0], options=options)
    assert done.code == 0
    with PcscTransport(READERS[0]) as transport:
        assert is_verified(transport) is left


def test_a_card_that_is_gone(script: Run, inserted: InsertedCard, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.shell import bench

    def pulled(self: bench.Bench) -> None:
        inserted.pull()

    monkeypatch.setattr(bench.Bench, "reset", pulled)
    done = script("verify --pin env:PIN", "reset", "apdu 84/08", reader=READERS[0])
    assert done.code == Exit.NO_CARD
    assert "the card was taken out of Virtual PCD 00 00" in done.complaint
