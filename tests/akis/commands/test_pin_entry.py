"""What the reader is told for each kind of PIN that a profile may have, and which PINs no keypad can type."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.commands.pin_entry import is_said_by_reader, modification, raise_unless_typed, verification
from akis.errors import CardError, KeypadError, PinBlocked, PinOutcomeUnknown, PinRefused, PolicyRefused
from akis.profile.load import load
from akis.status import StatusWord

AKIS_1, AKIS_2 = load("akis-1").pin, load("akis-2").pin
IDENTITY_CARD = replace(AKIS_2, reference=0x01, minimum=6, maximum=6)
"""VERIFY 00 20 00 01 06 and six digits."""
FORMAT_2 = replace(AKIS_2, encoding="iso9564-2", maximum=12)


@pytest.mark.parametrize(
    ("rules", "stored", "form", "sizes", "command"),
    [
        pytest.param(IDENTITY_CARD, None, "820600", (6, 6), "0020000106FFFFFFFFFFFF", id="identity card"),
        pytest.param(AKIS_2, 6, "820600", (6, 6), "0020008106FFFFFFFFFFFF", id="2.x, length known"),
        pytest.param(AKIS_2, None, "820000", (4, 8), "0020008100", id="2.x, length unknown"),
        pytest.param(AKIS_2, 0, "820000", (4, 8), "0020008100", id="2.x without a PIN"),
        pytest.param(AKIS_2, 9, "820000", (4, 8), "0020008100", id="2.x, a length it cannot have"),
        pytest.param(AKIS_1, None, "820000", (4, 16), "0020008100", id="1.x"),
        pytest.param(replace(AKIS_1, encoding="digits"), 5, "800500", (5, 5), "0020008105FFFFFFFFFF", id="digits"),
        pytest.param(
            replace(AKIS_2, pad_to=8, pad_byte=0), 8, "820800", (4, 8), "00200081080000000000000000", id="filled up"
        ),
        pytest.param(replace(AKIS_2, encoding="bcd"), 3, "810300", (5, 6), "0020008103FFFFFF", id="BCD"),
        pytest.param(
            replace(AKIS_2, encoding="bcd", minimum=7, maximum=7),
            None,
            "810400",
            (7, 7),
            "0020008104FFFFFFFF",
            id="odd",
        ),
        pytest.param(FORMAT_2, 8, "894704", (4, 12), "002000810820FFFFFFFFFFFFFF", id="format 2"),
    ],
)
def test_verify(rules, stored, form, sizes, command):
    entry = verification(rules, stored, None)
    assert bytes((entry.format, entry.block, entry.length_format)).hex() == form
    assert (entry.minimum, entry.maximum) == sizes
    assert entry.command.hex().upper() == command
    assert entry.whole is (command[-2:] != "00" or rules.pad_to > 0)


@pytest.mark.parametrize(
    ("rules", "stored", "places", "sizes", "command"),
    [
        pytest.param(AKIS_2, 4, (0, 4), (4, 4), "0024008108" + "FF" * 8, id="2.x"),
        pytest.param(IDENTITY_CARD, None, (0, 6), (6, 6), "002400010C" + "FF" * 12, id="identity card"),
        pytest.param(AKIS_1, 4, (1, 6), (4, 4), "002402010A04FFFFFFFF04FFFFFFFF", id="1.x, length known"),
        pytest.param(replace(AKIS_2, pad_to=8), None, (0, 8), (4, 8), "0024008110" + "FF" * 16, id="filled up"),
        pytest.param(FORMAT_2, 8, (0, 8), (4, 12), "0024008110" + ("20" + "FF" * 7) * 2, id="format 2"),
    ],
)
def test_change(rules, stored, places, sizes, command):
    entry = modification(rules, stored, None)
    assert (entry.old_at, entry.new_at) == places
    assert (entry.minimum, entry.maximum) == sizes
    assert entry.command.hex().upper() == command
    assert entry.confirm == 0x03


@pytest.mark.parametrize(("display", "one", "three"), [(True, 1, 3), (None, 1, 3), (False, 0, 0)])
def test_messages_are_for_readers_that_can_show_them(display, one, three):
    assert verification(AKIS_2, 6, display).messages == one
    assert modification(AKIS_2, 6, display).messages == three


@pytest.mark.parametrize(
    "rules",
    [
        replace(AKIS_2, characters="printable"),
        replace(AKIS_2, encoding="bcd", pad_to=8, pad_byte=0x00),
        replace(AKIS_2, pad_to=16),
        replace(AKIS_2, minimum=16, maximum=16),
        replace(AKIS_2, encoding="bcd"),
    ],
)
def test_a_pin_that_no_keypad_can_type(rules):
    for told in (verification, modification):
        with pytest.raises(PolicyRefused, match="nothing was sent"):
            told(rules, None, None)


@pytest.mark.parametrize(("rules", "stored"), [(AKIS_2, None), (AKIS_2, 0), (AKIS_2, 9), (AKIS_1, None)])
def test_a_change_needs_to_know_where_the_old_one_ends(rules, stored):
    with pytest.raises(PolicyRefused, match=r"not known how long the PIN is, .*nothing was sent"):
        modification(rules, stored, None)


@pytest.mark.parametrize(
    ("sw", "says"),
    [
        (0x6400, "nothing was typed at the reader in time"),
        (0x6401, "typing was cancelled at the reader"),
        (0x6402, "the new PIN was not the same both times"),
        (0x6403, "the PIN that was typed is too short or too long"),
        (0x6B80, "does not take a PIN of this format; type it at the keyboard"),
    ],
)
def test_what_the_reader_says_itself(sw, says):
    assert is_said_by_reader(sw.to_bytes(2, "big"))
    with pytest.raises(
        KeypadError, match=rf"{says} \({sw:04X}\); nothing was sent to the card, no try was spent"
    ) as error:
        raise_unless_typed(StatusWord(sw), AKIS_2)
    assert error.value.sw == sw


@pytest.mark.parametrize(
    ("sw", "kind"), [(0x63C2, PinRefused), (0x6983, PinBlocked), (0x6985, CardError), (0x6F00, PinOutcomeUnknown)]
)
def test_what_the_card_says_means_what_it_always_does(sw, kind):
    assert not is_said_by_reader(sw.to_bytes(2, "big"))
    with pytest.raises(kind):
        raise_unless_typed(StatusWord(sw), AKIS_2)
    raise_unless_typed(StatusWord(0x9000), AKIS_2)
