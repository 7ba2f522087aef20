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
