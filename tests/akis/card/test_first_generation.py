"""A card of the first generation: its application by path, and no secure session, whatever keys there are."""

from __future__ import annotations

import pytest

from akis.card import Card
from akis.errors import CardError, PolicyRefused
from akis.profile.load import load
from akis.sm.mutual_auth import DeviceKeys
from tests.akis.card.answers import LIFE_CYCLE, Answers

PROFILE = load("akis-1")
KEYS = DeviceKeys(0x01, 0x0C, bytes(range(16)), bytes(range(16, 32)))


def test_the_application_is_selected_by_its_path():
    way = Answers(bytes.fromhex("6F0783023D009001029000"))
    found = Card(way, PROFILE).select_application()
    assert [raw.hex().upper() for raw in way.sent] == ["00A40800023D0000"]
    assert (found.fid, found.flags) == (0x3D00, 0x02)


def test_where_it_is_not():
    with pytest.raises(CardError, match="SELECT of the application failed: 6A82"):
        Card(Answers(b"\x6a\x82"), PROFILE).select_application()


def test_no_session_is_opened_and_nothing_is_sent():
    way = Answers()
    card = Card(way, PROFILE)
    for _ in range(2):
        with pytest.raises(PolicyRefused, match=r"no secure messaging is known on this card \(AKİS 1\.x\)"):
            card.open_session(KEYS, bytes(8))
    assert way.sent == []
    # Since no session was wanted that could be had, commands in the clear go on.
    card.send(LIFE_CYCLE)
    assert len(way.sent) == 1


def test_serial_and_life_cycle_are_read_as_on_any_card():
    information = bytes(55) + b"123456789012" + bytes(10) + b"\x90\x00"
    assert Card(Answers(information), PROFILE).serial() == b"123456789012"
    assert Card(Answers(bytes(6) + b"\xa5" + bytes(3) + b"\x90\x00"), PROFILE).life_cycle() == "operation"
