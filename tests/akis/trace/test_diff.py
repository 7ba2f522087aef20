"""Two sessions compared by what they mean."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.trace.diff import Compared, compared, header_differences
from akis.trace.entries import Entry, Event, Header, Kept
from akis.trace.tally import Tally
from tests.akis.trace.sessions_of_many_kinds import ATR, HOSTILE, SESSION, exchanged, wire

SELECT = exchanged("00A40400 07 504B43532D3135 00", "9000")
COUNTER = exchanged("00CB3FFF 06 4D04BF810180 00", "BF810109 9A0103 9B0102 800106 9000")
LATER_COUNTER = exchanged("00CB3FFF 06 4D04BF810180 00", "BF810109 9A0103 9B0101 800106 9000")
CHALLENGE = exchanged("0084000008", "11111111111111119000")
OTHER_CHALLENGE = exchanged("0084000008", "22222222222222229000")
VERIFY = exchanged("00200081 04 31323334", "9000")
LONGER_PIN = exchanged("00200081 06 313233343536", "9000")
WRONG_PIN = exchanged("00200081 04 39393939", "63C2")
HIDDEN_PIN = exchanged(wire("00200081 04 ********", (5, 4, "pin")), "9000")
PROTECTED = exchanged(
    "0C200081 15 870901F96B94DA14B56CA5 8E08991E5AB8DF626001 00", "99029000 8E08D84433222EE7A583 9000"
)
PROTECTED_LATER = exchanged(
    "0C200081 1D 871101F96B94DA14B56CA5F96B94DA14B56CA6 8E08991E5AB8DF626001 00", "99029000 8E080000222EE7A58384 9000"
)
PROTECTED_WRONG = exchanged(
    "0C200081 15 870901F96B94DA14B56CA5 8E08991E5AB8DF626001 00", "990263C2 8E08D84433222EE7A583 9000"
)
GONE = exchanged("00200081 04 31323334", None)


def session(*entries: Entry) -> Kept:
    return Kept(Header(profile="akis-2"), entries)


def found(first: Kept, second: Kept, strict: bool = False) -> list[Compared]:
    return [pair for pair in compared(first, second, strict) if not pair.same]


def told(first: Entry, second: Entry, strict: bool = False) -> list[tuple[str, str, str]]:
    """The differences of two sessions of one entry each."""
    [pair] = compared(session(first), session(second), strict)
    return [(difference.field, difference.recorded, difference.now) for difference in pair.differences]


def test_a_session_is_the_same_as_itself() -> None:
    assert found(SESSION, SESSION) == []
    assert found(SESSION, SESSION, strict=True) == []


def test_time_is_no_difference() -> None:
    assert told(replace(VERIFY, start=1, duration=2), replace(VERIFY, start=100, duration=50), strict=True) == []


def test_a_field_of_a_data_object() -> None:
    assert told(COUNTER, LATER_COUNTER) == [("answer DO'9B'", "02 (tries left)", "01 (tries left)")]


def test_the_status_word_comes_first() -> None:
    assert told(VERIFY, WRONG_PIN) == [("answer SW", "90 00 (done)", "63 C2 (failed, 2 tries left)")]


def test_every_field_that_differs_is_told() -> None:
    read, other = exchanged("00B0000010", "AABB9000"), exchanged("00B0010020", "AACC6282")
    fields = [field for field, _, _ in told(read, other)]
    assert fields == ["command P1", "command Le", "answer SW", "answer data"]


@pytest.mark.parametrize(
    ("first", "second"), [(VERIFY, LONGER_PIN), (VERIFY, HIDDEN_PIN), (CHALLENGE, OTHER_CHALLENGE)]
)
def test_masked_bytes_are_no_difference(first: Entry, second: Entry) -> None:
    assert told(first, second) == []
    assert told(second, first) == []


def test_strict_compares_what_varies_and_shows_no_pin() -> None:
    assert told(CHALLENGE, OTHER_CHALLENGE, strict=True) == [
        (
            "answer data",
            "11 11 11 11 11 11 11 11 (RND.ICC, the card's challenge [challenge])",
            "22 22 22 22 22 22 22 22 (RND.ICC, the card's challenge [challenge])",
        )
    ]
    assert told(VERIFY, LONGER_PIN, strict=True) == [
        ("command Lc", "04 (4 bytes of data)", "06 (6 bytes of data)"),
        ("command data", "** ** ** ** (pin, hidden)", "** ** ** ** ** ** (pin, hidden)"),
    ]


def test_cryptograms_and_checksums_are_of_their_session() -> None:
    assert told(PROTECTED, PROTECTED_LATER) == []
    assert [field for field, _, _ in told(PROTECTED, PROTECTED_LATER, strict=True)] == [
        "command Lc",
        "command DO'87'",
        "answer DO'8E'",
    ]


def test_the_authenticated_status_word_is_compared() -> None:
    assert told(PROTECTED, PROTECTED_WRONG) == [
        (
            "answer DO'99'",
            "90 00 (authenticated status word: done)",
            "63 C2 (authenticated status word: failed, 2 tries left)",
        )
    ]


def test_a_missing_exchange_is_told_as_such_and_nothing_after_it() -> None:
    [pair] = found(session(SELECT, CHALLENGE, COUNTER, VERIFY), session(SELECT, COUNTER, VERIFY))
    assert pair.first is not None
    assert (pair.first.number, pair.first.title, pair.second) == (2, "GET CHALLENGE", None)


def test_an_extra_exchange() -> None:
    [pair] = found(session(SELECT, VERIFY), session(SELECT, COUNTER, VERIFY))
    assert pair.second is not None
    assert (pair.first, pair.second.number, pair.second.title) == (None, 2, "GET DATA")


def test_bytes_marked_by_hand_in_one_of_them_are_no_difference() -> None:
    plain = exchanged("00DA0101 04 AABBCCDD", "9000")
    marked = exchanged(wire("00DA0101 04 AA****DD", (6, 2, "holder")), "9000")
    other = exchanged(wire("00DA0101 04 EE****DD", (6, 2, "holder")), "9000")
    assert told(plain, marked) == told(marked, plain) == []
    assert told(plain, other) == [("command data", "AA", "EE")]


def test_an_answer_that_did_not_come() -> None:
    assert told(VERIFY, GONE) == [("answer", "90 00 (done)", "no answer, CardRemoved: the card was removed")]


def test_another_atr_after_a_reset() -> None:
    assert told(Event("reset", 1, ATR), Event("reset", 2, b"\x3b\x00"))[0][2] == "3B 00"
    assert told(Event("reset", 1, ATR), Event("reset", 2, ATR)) == []
    assert len(list(compared(session(Event("reset")), session(Event("removed"))))) == 2


def test_headers_of_different_cards() -> None:
    other = replace(SESSION.header, atr=b"\x3b\x00", protocol="T=0", reader="another", created="later")
    assert [difference.field for difference in header_differences(SESSION.header, other)] == ["ATR", "protocol"]
    assert header_differences(SESSION.header, SESSION.header) == ()


def test_what_only_one_of_the_headers_says_is_no_difference() -> None:
    emulated = Header(b"\x3b\x00", "T=1", profile="akis-2", personality="akis-2.2", state="blocked", extended=True)
    assert header_differences(emulated, Header()) == header_differences(Header(), emulated) == ()
    [difference] = header_differences(emulated, replace(emulated, state=""))
    assert str(difference) == "state: recorded blocked, now none"


def test_nothing_in_a_trace_steers_the_terminal() -> None:
    hostile = Header(protocol=HOSTILE)
    [difference] = header_differences(hostile, Header(protocol="T=1"))
    assert str(difference).isprintable()


def test_the_tally() -> None:
    tally = Tally()
    first, second = session(SELECT, CHALLENGE, COUNTER, PROTECTED), session(SELECT, LATER_COUNTER, PROTECTED, VERIFY)
    for pair in compared(first, second):
        tally.add(pair)
    assert (tally.same, tally.differing, tally.only_first, tally.only_second, tally.protected) == (2, 1, 1, 1, 1)
    assert tally.differs
    assert not any(clock.known for clock in tally.clocks)


def test_the_tally_adds_up_the_time_of_both() -> None:
    tally = Tally()
    for pair in compared(session(replace(SELECT, start=10, duration=5)), session(replace(SELECT, start=0, duration=7))):
        tally.add(pair)
    assert [(clock.session, clock.card) for clock in tally.clocks] == [(5, 5), (7, 7)]
    assert not tally.differs
