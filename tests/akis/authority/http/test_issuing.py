"""Keys and transport PIN of one exchange are gone once it is over, and where it could not even begin."""

from __future__ import annotations

from typing import Any

import pytest

from akis.authority.http import issuing as module
from akis.authority.http.issuing import Issuing
from akis.authority.steps.exchanges import Begun, begin_exchange
from akis.errors import InvalidArgument, PolicyRefused
from akis.secret import Secret
from tests.akis.authority.http.served import CARD, Served


@pytest.fixture
def begun(authority: Served) -> Begun:
    return begin_exchange(authority.authority, authority.confirmed(), "192.0.2.7")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Secret]:
    """Every secret that is made for an exchange."""
    found: list[Secret] = []
    issue = module.Issue

    def watched(profile: Any, keys: Any, sn: bytes, serial: bytes, pin: Secret, random: Any) -> Any:
        found.extend((keys.k_enc, keys.k_mac, pin))
        return issue(profile, keys, sn, serial, pin, random)

    monkeypatch.setattr(module, "Issue", watched)
    return found


def all_wiped(secrets: list[Secret]) -> None:
    assert len(secrets) == 3
    for secret in secrets:
        with pytest.raises(InvalidArgument, match="wiped"):
            secret.reveal()


def test_after_the_exchange(authority: Served, begun: Begun, made: list[Secret]) -> None:
    with Issuing(authority.authority, begun) as issuing:
        assert issuing.transport_pin.reveal().isdigit()
    all_wiped(made)


def test_where_there_is_no_way_of_resetting_the_pin(
    authority: Served, begun: Begun, made: list[Secret], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = module.Issue

    def refused(*arguments: Any) -> Any:
        watched(*arguments)
        raise PolicyRefused("no way of resetting the PIN is known on this card")

    monkeypatch.setattr(module, "Issue", refused)
    with pytest.raises(PolicyRefused):
        Issuing(authority.authority, begun)
    all_wiped(made)
    assert begun.serial == CARD.serial
