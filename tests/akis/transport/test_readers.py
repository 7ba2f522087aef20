"""Which reader is meant."""

import pytest

from akis.errors import InvalidArgument, NoCard, NoReader
from akis.transport.readers import Reader, choose, is_ignored

ATR = b"\x3b\x00"
ACS = Reader(0, "ACS ACR39U ICC Reader 00 00", None, "empty")
GEMALTO = Reader(1, "Gemalto PC Twin Reader 01 00", ATR, "card")
OMNIKEY = Reader(2, "HID OMNIKEY 3021 (K1) 02 00", None, "mute card")
DESK = [ACS, GEMALTO, OMNIKEY]


@pytest.mark.parametrize(
    ("target", "reader"),
    [
        ("0", ACS),
        ("2", OMNIKEY),
        ("gemalto", GEMALTO),
        (" Twin ", GEMALTO),
        ("OMNI", OMNIKEY),
        ("hid omnikey 3021 (k1) 02 00", OMNIKEY),
        (None, GEMALTO),
    ],
)
def test_a_reader_by_number_by_part_of_its_name_or_by_its_card(target, reader):
    assert choose(DESK, target) is reader


def test_the_only_reader_is_meant_card_or_not():
    assert choose([ACS]) is ACS


def test_a_whole_name_is_meant_even_if_it_is_part_of_another():
    short, long = Reader(0, "Reader", None, "empty"), Reader(1, "Reader 2", None, "empty")
    assert choose([long, short], "reader") is short


def test_a_number_is_never_part_of_a_name():
    with pytest.raises(NoReader, match="no reader '39'"):
        choose(DESK, "39")


def test_several_that_fit_are_named():
    with pytest.raises(InvalidArgument) as caught:
        choose(DESK, "reader")
    assert str(caught.value) == (
        "'reader' fits several readers, say which: 0 (ACS ACR39U ICC Reader 00 00), 1 (Gemalto PC Twin Reader 01 00)"
    )
    with pytest.raises(InvalidArgument, match=r"several readers have a card, say which: 1 \(Gem.*, 3 \(Other\)$"):
        choose([*DESK, Reader(3, "Other", ATR, "card, in use")])


def test_where_none_fits_it_says_what_there_is():
    with pytest.raises(NoReader, match=r"no reader 'cherry'; there are 0 \(ACS .*\), 1 \(Gem.*\), 2 \(HID .*\)"):
        choose(DESK, "cherry")
    with pytest.raises(NoReader, match="there is no card reader; plug one in"):
        choose([], "cherry")
    with pytest.raises(NoReader, match="there is no card reader; plug one in"):
        choose([])
    with pytest.raises(NoCard, match=r"no card in any of the readers 0 \(ACS .*\), 2 \(HID"):
        choose([ACS, OMNIKEY])


@pytest.mark.parametrize("target", ["", "  "])
def test_an_empty_text_means_no_reader_rather_than_any(target):
    with pytest.raises(InvalidArgument):
        choose(DESK, target)


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("", [ACS, GEMALTO, OMNIKEY]),
        (" , ;", [ACS, GEMALTO, OMNIKEY]),
        ("acs", [GEMALTO, OMNIKEY]),
        ("acs, Twin", [OMNIKEY]),
        ("acs;(k1)", [GEMALTO]),
        ("reader,omnikey", []),
    ],
)
def test_readers_to_leave_alone(ignore, left):
    assert [reader for reader in DESK if not is_ignored(reader.name, ignore)] == left
