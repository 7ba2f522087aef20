"""Status words: value, tries, meaning."""

import pytest

from akis.status import OK, StatusWord


def test_it_is_a_number_that_prints_as_four_hex_digits():
    sw = StatusWord(0x6A82)
    assert sw == 0x6A82
    assert (str(sw), f"{sw}", repr(sw)) == ("6A82", "6A82", "StatusWord(0x6A82)")
    assert str(StatusWord(0)) == "0000"


def test_only_9000_is_ok():
    assert OK.ok
    assert not any(StatusWord(value).ok for value in range(0x10000) if value != 0x9000)


@pytest.mark.parametrize(("sw", "left"), [(0x63C0, 0), (0x63C3, 3), (0x63CF, 15)])
def test_63cx_counts_tries(sw, left):
    assert StatusWord(sw).tries_left == left


@pytest.mark.parametrize("sw", [0x6300, 0x63BF, 0x63D0, 0x62C3, 0x6983, 0x9000, 0xC3])
def test_nothing_else_counts_tries(sw):
    assert StatusWord(sw).tries_left is None


@pytest.mark.parametrize(
    ("sw", "meaning"),
    [
        (0x9000, "done"),
        (0x610A, "done, more data to fetch with GET RESPONSE"),
        (0x63C0, "failed, 0 tries left"),
        (0x63C1, "failed, 1 try left"),
        (0x63CA, "failed, 10 tries left"),
        (0x6381, "file filled up by the last write"),
        (0x6342, "warning, memory changed"),
        (0x6983, "authentication method blocked"),
        (0x69FF, "command not allowed"),
        (0x6C10, "wrong Le, 16 bytes are available"),
        (0x6C00, "wrong Le, 256 bytes are available"),
        (0x0000, "unknown status word"),
        (0x9001, "unknown status word"),
    ],
)
def test_meaning_of_the_standard(sw, meaning):
    assert StatusWord(sw).meaning() == meaning


# Each word that the standard names (ISO/IEC 7816-4:2005 §5.1.3, tables 5 and 6), and how it is said here.
NAMED = {
    0x6281: "part of the returned data may be corrupted",
    0x6282: "end of file reached before Ne bytes were read",
    0x6283: "selected file deactivated",
    0x6284: "file control information not formatted as it should be",
    0x6285: "selected file in termination state",
    0x6286: "no input data available from a sensor on the card",
    0x6300: "failed, no counter given",
    0x6381: "file filled up by the last write",
    0x6401: "immediate response required by the card",
    0x6581: "memory failure",
    0x6881: "logical channel not supported",
    0x6882: "secure messaging not supported",
    0x6883: "last command of the chain expected",
    0x6884: "command chaining not supported",
    0x6981: "command incompatible with file structure",
    0x6982: "security status not satisfied",
    0x6983: "authentication method blocked",
    0x6984: "reference data not usable",
    0x6985: "conditions of use not satisfied",
    0x6986: "command not allowed, no current EF",
    0x6987: "expected secure messaging data objects missing",
    0x6988: "secure messaging data objects incorrect",
    0x6A80: "incorrect parameters in the command data field",
    0x6A81: "function not supported",
    0x6A82: "file or application not found",
    0x6A83: "record not found",
    0x6A84: "not enough memory space in the file",
    0x6A85: "Nc inconsistent with TLV structure",
    0x6A86: "incorrect parameters P1-P2",
    0x6A87: "Nc inconsistent with parameters P1-P2",
    0x6A88: "referenced data or reference data not found",
    0x6A89: "file already exists",
    0x6A8A: "DF name already exists",
    0x6B00: "wrong parameters P1-P2 (offset outside the file)",
}
CLASSES = {
    0x61: "done, more data to fetch with GET RESPONSE",
    0x62: "warning, memory unchanged",
    0x63: "warning, memory changed",
    0x64: "execution error, memory unchanged",
    0x65: "execution error, memory changed",
    0x66: "security-related issue",
    0x67: "wrong length",
    0x68: "function in CLA not supported",
    0x69: "command not allowed",
    0x6A: "wrong parameters P1-P2",
    0x6B: "wrong parameters P1-P2",
    0x6D: "instruction not supported",
    0x6E: "class not supported",
    0x6F: "no precise diagnosis",
}


@pytest.mark.parametrize(("sw", "meaning"), NAMED.items())
def test_meaning_of_a_word_the_standard_names(sw, meaning):
    assert StatusWord(sw).meaning() == meaning


@pytest.mark.parametrize("sw1", CLASSES)
def test_every_other_word_means_what_its_class_means(sw1):
    for sw2 in range(0x100):
        sw = sw1 << 8 | sw2
        if sw not in NAMED and sw >> 4 != 0x63C:
            assert StatusWord(sw).meaning() == CLASSES[sw1], f"{sw:04X}"


def test_every_word_of_the_classes_61_to_6f_means_something():
    assert all(StatusWord(value).meaning() != "unknown status word" for value in range(0x6100, 0x7000))


CARD = {"6406": "PIN not entered", "64xx": "error of this card", "63Cx": "wrong, x tries left", "9F01": "its own word"}


@pytest.mark.parametrize(
    ("sw", "meaning"),
    [
        (0x6406, "PIN not entered"),
        (0x6401, "error of this card"),
        (0x63C1, "wrong, 1 try left"),
        (0x9F01, "its own word"),
        (0x6982, "security status not satisfied"),
    ],
)
def test_the_cards_own_table_comes_first(sw, meaning):
    """Even its "64xx" comes before the 6401 of the standard."""
    assert StatusWord(sw).meaning(CARD) == meaning
