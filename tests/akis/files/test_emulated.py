"""The same calls on the emulated cards of both generations, in the clear and inside a secure session."""

from __future__ import annotations

from random import Random

import pytest

from akis.card import Card
from akis.emulator import EmulatorTransport
from akis.errors import CardError, PolicyRefused
from akis.files import Files
from akis.pin import Pin
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from tests.tools.emulated_files import LARGE, card_with_files

CARDS = [("akis-2.2", None), ("akis-2.2", "issuer"), ("akis-2.5", None), ("akis-2.5", "issuer"), ("akis-1.0", None)]
LARGE_EF, PIN_EF, ISSUER_EF, FIXED, CYCLIC, VARIABLE = ((0x3D00, fid) for fid in range(0x2F12, 0x2F18))


@pytest.fixture(params=CARDS, ids=lambda card: "-".join(filter(None, card)))
def card(request):
    name, role = request.param
    emulated = card_with_files(name)
    way = ChainingTransport(GetResponseTransport(EmulatorTransport(emulated)))
    found = Card(way, emulated.personality.card_profile())
    found.select_application()
    if role:
        key = emulated.personality.key(role)
        found.open_session(key.device_keys(key.algorithms[-1]), bytes(8), Random(7).randbytes)
    return found


def verify(card: Card) -> None:
    Pin(card).verify("123456", allow_last_try=True)


def test_a_large_file(card):
    if Files(card).lists_itself:  # the first generation is not known to reach behind byte 32767
        with pytest.raises(CardError, match="READ BINARY at byte 32940 failed: 6D00"):
            Files(card).read(LARGE_EF)
    else:
        assert Files(card).read(LARGE_EF) == LARGE


def test_a_large_file_is_updated_across_32767(card):
    verify(card)
    if Files(card).lists_itself:
        with pytest.raises(CardError, match=r"at byte 32955 failed \(488 of 700 bytes are written\): 6D00"):
            Files(card).update(LARGE_EF, b"\xee" * 700, 0x7FFF - 300)
        return
    Files(card).update(LARGE_EF, b"\xee" * 700, 0x7FFF - 300)
    expected = bytearray(LARGE)
    expected[0x7FFF - 300 : 0x7FFF + 400] = b"\xee" * 700
    assert Files(card).read(LARGE_EF) == expected


def test_a_file_behind_the_pin(card):
    with pytest.raises(CardError, match="6982"):
        Files(card).read(PIN_EF)
    verify(card)
    assert Files(card).read(PIN_EF) == b"behind the PIN"


def test_reading_elsewhere_and_coming_back_needs_the_pin_again(card):
    verify(card)
    Files(card).read((0x2F00,))
    with pytest.raises(CardError, match="6982"):
        Files(card).read(PIN_EF)


def test_a_file_that_only_the_issuer_updates(card):
    if card.session is None:
        with pytest.raises(CardError, match=r"nothing was written\): 6982"):
            Files(card).update(ISSUER_EF, b"mine")
    else:
        Files(card).update(ISSUER_EF, b"OUR")
        assert Files(card).read(ISSUER_EF) == b"OUR issuer's"


def test_what_does_not_fit(card):
    verify(card)
    with pytest.raises(PolicyRefused, match="14 bytes, too few for 15"):
        Files(card).update(PIN_EF, bytes(15))
    assert Files(card).read(PIN_EF) == b"behind the PIN"


def test_records(card):
    files = Files(card)
    assert files.records(FIXED) == (b"one.", b"two.")
    assert files.records(VARIABLE) == (b"short", b"a longer one")
    assert files.record(CYCLIC, 1) == b"new."
    files.append_record(CYCLIC, b"next")
    assert files.records(CYCLIC) == (b"next", b"new.")
    verify(card)
    files.update_record(FIXED, 2, b"TWO.")
    files.append_record(FIXED, b"3rd.")
    assert files.records(FIXED) == (b"one.", b"TWO.", b"3rd.")
    with pytest.raises(CardError, match="APPEND RECORD failed"):
        files.append_record(FIXED, b"4th.")


def test_listing_spends_no_try_and_changes_nothing(card):
    before = card.transport.inner.inner.card.save()
    listed = {file.path: file for file in Files(card).tree()}
    assert card.transport.inner.inner.card.save() == before
    assert {(), (0x3D00,), (0x3D00, 0x5031), (0x3D00, 0x2F10), LARGE_EF, FIXED} <= set(listed)
    assert listed[LARGE_EF].control.size == len(LARGE)
    assert (listed[FIXED].control.record_length, listed[FIXED].control.records) == (4, 2)
    below = [file.path for file in Files(card).list((0x3D00,))]
    assert below == [path for path in listed if path[:1] == (0x3D00,) and len(path) == 2]


def test_what_reading_and_updating_need_is_known_of_the_second_generation(card):
    files = Files(card)
    access = {fid: files.select((0x3D00, fid)).access for fid in (0x2F13, 0x2F14)}
    if files.lists_itself:
        assert set(access.values()) == {None}
        assert files.select(PIN_EF).flags & 0x34 == 0x34
    else:
        assert (access[0x2F13].read, access[0x2F13].update) == ("PIN", "PIN")
        assert (access[0x2F14].read, access[0x2F14].update) == ("always", "SM and external authentication")
