"""Protected answers too long for a short Le: 61XX, and GET RESPONSE that belongs to the exchange it continues."""

from __future__ import annotations

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator import EmulatedCard
from akis.sm import SecureSession
from tests.akis.emulator.cards import ALGORITHMS, PIN, SELECT, open_session, personality, protected_way, raw

READ = "00B00000 00"
GET_RESPONSE = "00C00000"
PROTECTED = "0CA40000 02 9900"
"""A protected command that no session takes: 6987 in one, 6985 without one."""


def opened(algorithm: int = 0x0C, label: int = 400, extended: bool = False) -> tuple[EmulatedCard, SecureSession]:
    """A card with a session and a current EF of more than ``label`` bytes."""
    card = EmulatedCard(personality(algorithm, label="x" * label, extended_length=extended))
    session = open_session(card, algorithm=algorithm)
    assert protected_way(card, session)("00A4000C 02 2F00") == "9000"
    return card, session


def sent(card: EmulatedCard, session: SecureSession, command: str = READ) -> str:
    """A command protected and sent; the answer as it came, up to its 61XX."""
    wire = session.protect(CommandApdu.from_bytes(bytes.fromhex(command)))
    return raw(card, wire.to_bytes().hex())


def opened_answer(session: SecureSession, *pieces: str) -> str:
    """The plain answer from its pieces, status words of all but the last left out."""
    whole = "".join(piece[:-4] for piece in pieces[:-1]) + pieces[-1]
    return session.unprotect(ResponseApdu.from_bytes(bytes.fromhex(whole))).to_bytes().hex().upper()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_rest_comes_with_get_response_and_the_session_goes_on(algorithm):
    card, session = opened(algorithm)
    first = sent(card, session)
    # 87 82 LLLL 01 …, 99 02 9000, 8E 08 …: 256 bytes are padded to 264 with 3DES and to 272 with AES.
    left = {8: 27, 16: 35}[session.suite.block]
    assert (len(first), first[-4:]) == (2 * 258, f"61{left:02X}")
    last = raw(card, f"{GET_RESPONSE} {left:02X}")
    assert (len(last), last[-4:]) == (2 * left + 4, "9000")
    answer = opened_answer(session, first, last)
    assert (len(answer), answer[-4:]) == (2 * 256 + 4, "9000")
    assert "78" * 200 in answer
    assert protected_way(card, session)(SELECT).endswith("9000")


def test_le_00_takes_all_that_is_left():
    card, session = opened()
    first = sent(card, session)
    assert opened_answer(session, first, raw(card, f"{GET_RESPONSE} 00")).endswith("9000")


def test_it_may_be_fetched_in_small_pieces():
    card, session = opened()
    pieces = [sent(card, session)]
    for left in (17, 7):
        pieces.append(raw(card, f"{GET_RESPONSE} 0A"))
        assert pieces[-1][20:] == f"61{left:02X}"
    pieces.append(raw(card, f"{GET_RESPONSE} 07"))
    assert pieces[-1][14:] == "9000"
    assert opened_answer(session, *pieces).endswith("9000")


def test_more_than_is_left_is_told_the_right_length_and_loses_nothing():
    card, session = opened()
    first = sent(card, session)
    assert raw(card, f"{GET_RESPONSE} 1C") == "6C1B"
    assert opened_answer(session, first, raw(card, f"{GET_RESPONSE} 1B")).endswith("9000")


@pytest.mark.parametrize("extended", [False, True])
def test_a_short_command_gets_a_short_answer_on_a_card_with_extended_length_too(extended):
    card, session = opened(extended=True)
    first = sent(card, session, "00B00000 000100" if extended else READ)
    assert first[-4:] == ("9000" if extended else "611B")


def test_the_last_piece_has_the_status_word_of_the_whole():
    card, session = opened(label=220)  # 244 bytes, padded to 248
    first = sent(card, session, "00B00000 F8")
    assert first[-4:].startswith("61")
    last = raw(card, f"{GET_RESPONSE} 00")
    assert last.endswith("6282")
    assert opened_answer(session, first, last).endswith("6282")


@pytest.mark.parametrize(
    "command",
    [
        "00A40000 02 3F00",
        f"00200081 06 {PIN}",
        GET_RESPONSE,  # without Le it fetches nothing
        f"{GET_RESPONSE} 01 00 00",
        "00C00001 00",
        "00C00100 00",
        "10C00000 00",
        "80C00000 00",
        "00C0",
    ],
)
def test_any_other_plain_command_ends_the_session_and_forgets_the_rest(command):
    card, session = opened()
    assert sent(card, session)[-4:] == "611B"
    raw(card, command)
    assert raw(card, f"{GET_RESPONSE} 1B") == "6D00"
    assert raw(card, PROTECTED) == "6985"


def test_a_protected_command_in_between_forgets_the_rest():
    card, session = opened()
    assert sent(card, session)[-4:] == "611B"
    assert raw(card, PROTECTED) == "6987"
    assert raw(card, f"{GET_RESPONSE} 1B") == "6D00"


def test_reset_forgets_the_rest():
    card, session = opened()
    assert sent(card, session)[-4:] == "611B"
    card.reset()
    assert raw(card, f"{GET_RESPONSE} 1B") == "6D00"


def test_with_nothing_left_it_is_a_plain_command_like_any_other():
    card, session = opened(label=20)
    assert protected_way(card, session)(READ).endswith("9000")
    assert raw(card, f"{GET_RESPONSE} 00") == "6D00"
    assert raw(card, PROTECTED) == "6985"


def test_a_plain_answer_of_256_bytes_is_whole():
    card, _ = opened()
    assert raw(card, "00A4000C 02 2F00") == "9000"
    answer = raw(card, READ)
    assert (len(answer), answer[-4:]) == (2 * 258, "9000")
