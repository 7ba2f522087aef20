"""Exchanges on the wire made into those that were meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.sm.chain import links
from akis.trace.entries import Entry, Event, Exchanged
from akis.trace.joined import Joined, joined
from tests.akis.trace.recorded import exchanged

RESET = Event("reset", atr=b"\x3b\x00")
LONG = CommandApdu(0x0C, 0xD6, 0x00, 0x00, bytes(range(256)) * 2, ne=256)
PIECES = [link.to_bytes() for link in links(LONG, 200)]
DONE, PROTECTED = "9000", "99029000 8E08 0000000000000000 9000"


def exchanges(*entries: Entry, chain: str | None = None) -> list[Joined]:
    return [found for found in joined(entries, chain) if isinstance(found, Joined)]


def test_what_stands_alone_stays_alone() -> None:
    one, other = exchanged("00A40000", DONE), exchanged("00B0000000", "1122 9000")
    assert exchanges(one, other) == [
        Joined((1,), (one,), CommandApdu(0, 0xA4, 0, 0), ResponseApdu()),
        Joined((2,), (other,), CommandApdu(0, 0xB0, 0, 0, ne=256), ResponseApdu(b"\x11\x22")),
    ]


def test_links_of_a_command_that_was_protected_as_a_whole() -> None:
    wire = [*(exchanged(piece, DONE) for piece in PIECES[:-1]), exchanged(PIECES[-1], PROTECTED)]
    (found,) = exchanges(*wire)
    assert (found.numbers, found.entries, found.links) == ((1, 2, 3), tuple(wire), 3)
    assert found.command == LONG
    assert found.answer == ResponseApdu.from_bytes(bytes.fromhex(PROTECTED))


def test_links_that_are_protected_each_by_itself_are_exchanges_of_their_own() -> None:
    assert [found.numbers for found in exchanges(*(exchanged(piece, PROTECTED) for piece in PIECES))] == [
        (1,),
        (2,),
        (3,),
    ]


@pytest.mark.parametrize(("chain", "made"), [("each", 3), ("whole", 1), (None, 1)])
def test_rules_say_whether_links_are_joined(chain: str | None, made: int) -> None:
    assert len(exchanges(*(exchanged(piece, DONE) for piece in PIECES), chain=chain)) == made


@pytest.mark.parametrize(
    "next_one",
    ["0CB00000 0A 8E08 0000000000000000 00", "0CD60001 0A 8E08 0000000000000000 00", "00D60000 01 00", "FFFF"],
)
def test_a_chain_that_another_command_breaks(next_one: str) -> None:
    found = exchanges(exchanged(PIECES[0], DONE), exchanged(next_one, DONE))
    assert [one.numbers for one in found] == [(1,), (2,)]


def test_a_chain_that_the_card_ends() -> None:
    found = exchanges(exchanged(PIECES[0], DONE), exchanged(PIECES[1], "6988"), exchanged(PIECES[2], "6985"))
    assert [(one.numbers, one.answer) for one in found] == [
        ((1, 2), ResponseApdu(sw=0x6988)),
        ((3,), ResponseApdu(sw=0x6985)),
    ]


def test_an_event_ends_a_chain() -> None:
    before, after = exchanged(PIECES[0], DONE), exchanged(PIECES[1], DONE)
    made = list(joined((before, RESET, after)))
    assert [found if isinstance(found, Event) else found.numbers for found in made] == [(1,), RESET, (2,)]


def test_plain_chains_stay_as_they_are() -> None:
    found = exchanges(exchanged("10D60000 01 11", DONE), exchanged("00D60000 01 22", DONE))
    assert [one.numbers for one in found] == [(1,), (2,)]


@pytest.mark.parametrize(("asked", "fetch"), [("0CB00000 00", "00C00000"), ("02B00000 00", "02C00000")])
def test_an_answer_fetched_in_pieces(asked: str, fetch: str) -> None:
    found = exchanges(
        exchanged(asked, "1111 6102"),
        exchanged(f"{fetch} 04", "6C02"),
        exchanged(f"{fetch} 02", "2222 6101"),
        exchanged(f"{fetch} 01", "33 6282"),
        exchanged("00A40000", DONE),
    )
    assert [one.numbers for one in found] == [(1, 2, 3, 4), (5,)]
    assert found[0].command == CommandApdu.from_bytes(bytes.fromhex(asked))
    assert found[0].answer == ResponseApdu(bytes.fromhex("1111222233"), 0x6282)


@pytest.mark.parametrize("other", ["00B00000 00", "01C00000 00", "00C00001 00", "0CC00000 00"])
def test_61_that_nobody_fetches(other: str) -> None:
    found = exchanges(exchanged("00B00000 00", "11 6102"), exchanged(other, DONE))
    assert [one.numbers for one in found] == [(1,), (2,)]
    assert found[0].answer == ResponseApdu(b"\x11", 0x6102)


def test_a_piece_that_never_came() -> None:
    (found,) = exchanges(exchanged("00B00000 00", "11 6102"), exchanged("00C00000 02", None))
    assert (found.numbers, found.answer) == ((1, 2), None)


def test_bytes_that_are_no_apdu() -> None:
    (found,) = exchanges(exchanged("00", "90"))
    assert (found.command, found.answer) == (None, None)


def test_a_card_that_never_stops() -> None:
    """However long it goes on, what is held at a time has an end."""
    made = exchanges(
        exchanged("00B00000 00", "6101"), *(exchanged("00C00000 01", f"{'AA' * 64} 6101") for _ in range(6000))
    )
    assert sum(len(found.numbers) for found in made) == 6001
    assert max(len(found.numbers) for found in made) <= 4096
    assert max(len(found.answer.data) for found in made) <= 65536


def test_each_comes_as_soon_as_it_is_known_to_be_complete() -> None:
    taken = 0

    def growing() -> Iterator[Exchanged]:
        nonlocal taken
        while True:
            taken += 1
            yield exchanged("00B00000 00", DONE if taken % 2 else "6100")

    stream = joined(growing())
    for _ in range(100):
        found = next(stream)
        assert isinstance(found, Joined)
        assert taken - found.numbers[-1] <= 1
