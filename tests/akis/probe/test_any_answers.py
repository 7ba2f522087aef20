"""Cards that answer anything at all: errors of this library or a draft that can be read, and an end to it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akis.errors import AkisError, TransportError
from akis.probe.draft import draft
from akis.profile.load import parse
from akis.transport.base import Transport
from tests.akis.probe.probed import LOOKING, SECOND_GENERATION, STRANGER, ask
from tools.probe_text import as_text, describe

FIRST_GENERATION = "3BBA11008131FE4D55454B41452056312E30AE"
WORDS = st.sampled_from([0x9000, 0x6283, 0x6285, 0x6A82, 0x6982, 0x6C05, 0x6105, 0x63C2, 0x6F00])
FCIS = st.builds(
    lambda fid, flags, template: bytes((template, 7)) + b"\x83\x02" + fid + b"\x90\x01" + flags,
    st.sampled_from([b"\x3d\x00", b"\x3f\x00", b"\xff\xff", b"\x00\x00", b"\x50\x15"]),
    st.binary(min_size=1, max_size=1),
    st.sampled_from([0x6F, 0x62]),
)
OBJECTS = st.builds(
    lambda number, most, left, size: bytes((0xBF, 0x81, number, 9, 0x9A, 1, most, 0x9B, 1, left, 0x80, 1, size)),
    st.integers(1, 40),
    *[st.integers(0, 255)] * 3,
)
DATA = FCIS | OBJECTS | st.binary(max_size=90)
ANSWERS = st.lists(
    st.builds(lambda data, sw: data + sw.to_bytes(2, "big"), DATA, WORDS) | st.binary(max_size=6), min_size=1
)
ATRS = st.sampled_from([bytes.fromhex(atr) for atr in (FIRST_GENERATION, SECOND_GENERATION, STRANGER)]) | st.binary(
    max_size=40
)


class Oracle(Transport):
    """Gives the answers in turn, again and again."""

    atr = b""

    def __init__(self, atr: bytes, answers: list[bytes]) -> None:
        self.atr = atr
        self.answers = answers
        self.sent: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        return self.answers[(len(self.sent) - 1) % len(self.answers)]

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None: ...


@settings(max_examples=400)
@given(atr=ATRS, answers=ANSWERS)
def test_any_answers(atr: bytes, answers: list[bytes]) -> None:
    card = Oracle(atr, answers)
    with suppress(AkisError):
        found, _ = ask(card)
        made = draft(found)
        assert parse(made.to_toml(), "draft.toml") == made.profile
        assert made.profile.pin.empty_verify == made.profile.puk.empty_verify == "unknown"
        assert all(len(line) <= 80 for line in as_text(describe("a reader", found, made, "draft.toml")).splitlines())
    assert {command[1] for command in card.sent} <= LOOKING
    # Each question may have its Le corrected and its answer fetched in pieces; a transport ends that by itself.
    assert len(card.sent) <= 80 * 2 + 80 * 1025


@pytest.mark.parametrize("answer", [b"\x61\x00", b"\x61\x05", b"\x90", b""])
def test_a_card_that_never_comes_to_an_end(answer: bytes) -> None:
    card = Oracle(bytes.fromhex(STRANGER), [answer])
    with pytest.raises(AkisError):
        ask(card)
    assert len(card.sent) <= 1100


def test_a_card_that_is_taken_away() -> None:
    class Gone(Oracle):
        def transmit(self, command: bytes) -> bytes:
            if len(self.sent) == 7:
                raise TransportError("the card was removed")
            return super().transmit(command)

    with pytest.raises(TransportError, match="removed"):
        ask(Gone(bytes.fromhex(STRANGER), [b"\x90\x00"]))
