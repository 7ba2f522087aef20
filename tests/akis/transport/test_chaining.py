"""Command chaining beneath plain commands, and everything a wrapper hands on."""

from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.apdu import CommandApdu
from akis.errors import InvalidArgument
from akis.transport.base import Transport
from akis.transport.chaining import ChainingTransport

UPDATE = 0xD6


class Notebook(Transport):
    """Answers 9000, or what ``refusals`` says for the command with that number, and writes everything down."""

    atr = b"\x3b\x00"

    def __init__(self, **refusals: str) -> None:
        self.refusals = {int(number[1:]): bytes.fromhex(answer) for number, answer in refusals.items()}
        self.sent: list[bytes] = []
        self.done: list[object] = []

    @property
    def commands(self) -> list[CommandApdu]:
        return [CommandApdu.from_bytes(raw) for raw in self.sent]

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        return self.refusals.get(len(self.sent), b"\x90\x00")

    def reset(self) -> bytes:
        self.done.append("reset")
        return self.atr

    def control(self, code: int, data: bytes) -> bytes:
        self.done.append((code, data))
        return b"\x00"

    @contextmanager
    def transaction(self):
        self.done.append("begin")
        yield
        self.done.append("end")

    def close(self) -> None:
        self.done.append("close")


def test_long_data_goes_out_as_a_chain():
    card = Notebook()
    data = bytes(range(256)) * 2
    answer = ChainingTransport(card).transmit(CommandApdu(0x00, UPDATE, 0x01, 0x02, data, ne=16).to_bytes())
    assert answer == b"\x90\x00"
    first, second, last = card.commands
    assert [first.cla, second.cla, last.cla] == [0x10, 0x10, 0x00]
    assert {(link.ins, link.p1, link.p2) for link in card.commands} == {(UPDATE, 0x01, 0x02)}
    assert [len(link.data) for link in card.commands] == [255, 255, 2]
    assert first.data + second.data + last.data == data
    assert [first.ne, second.ne, last.ne] == [None, None, 16]
    assert not any(link.extended for link in card.commands)


@given(st.integers(1, 255), st.binary(min_size=1, max_size=700), st.none() | st.integers(1, 65536))
def test_a_chain_carries_the_same_data_in_links_that_fit(room, data, ne):
    command = CommandApdu(0x80, 0xDA, 0x01, 0x02, data, ne)
    card = Notebook()
    ChainingTransport(card, room).transmit(command.to_bytes())
    if len(data) <= room:
        assert card.sent == [command.to_bytes()]
        return
    assert b"".join(link.data for link in card.commands) == data
    assert all(len(link.data) <= room and not link.extended for link in card.commands)
    assert [link.cla for link in card.commands] == [0x90] * (len(card.sent) - 1) + [0x80]


def test_more_answer_than_256_bytes_is_not_asked_for_at_the_end_of_a_chain():
    card = Notebook()
    ChainingTransport(card).transmit(CommandApdu(0x00, UPDATE, 0, 0, bytes(300), ne=65536).to_bytes())
    assert card.commands[-1].ne == 256


@pytest.mark.parametrize("answer", ["6883", "63C2", "6983", "6101", "AA9000", "9001"])
def test_a_link_that_is_not_accepted_ends_the_chain_and_is_the_answer(answer):
    card = Notebook(_2=answer)
    raw = CommandApdu(0x00, UPDATE, 0, 0, bytes(600)).to_bytes()
    assert ChainingTransport(card).transmit(raw) == bytes.fromhex(answer)
    assert len(card.sent) == 2


def test_a_pin_in_several_links_is_sent_once_whatever_the_card_says():
    for answer in ("6C05", "6700", "6CFF"):
        card = Notebook(_2=answer)
        raw = CommandApdu(0x00, 0x24, 0x00, 0x81, bytes(12), ne=256).to_bytes()
        assert ChainingTransport(card, max_data=8).transmit(raw) == bytes.fromhex(answer)
        assert [len(link.data) for link in card.commands] == [8, 4]


@pytest.mark.parametrize("cla", [0x0C, 0x04, 0x08, 0x1C, 0x60, 0x8C])
def test_a_protected_command_is_not_cut(cla):
    card = Notebook()
    with pytest.raises(InvalidArgument, match="protected command with 300 bytes"):
        ChainingTransport(card).transmit(CommandApdu(cla, UPDATE, 0, 0, bytes(300)).to_bytes())
    assert card.sent == []


def test_nor_is_a_link_of_another_chain():
    card = Notebook()
    with pytest.raises(InvalidArgument, match="link"):
        ChainingTransport(card).transmit(CommandApdu(0x10, UPDATE, 0, 0, bytes(300)).to_bytes())
    assert card.sent == []


@pytest.mark.parametrize(
    "command",
    [
        CommandApdu(0x0C, UPDATE, 0, 0, bytes(255), ne=256).to_bytes(),
        CommandApdu(0x00, UPDATE, 0, 0, bytes(255), ne=65536).to_bytes(),
        CommandApdu(0x00, UPDATE, 0, 0, bytes(255), extended=True).to_bytes(),
        CommandApdu(0xFF, UPDATE, 0, 0, bytes(300)).to_bytes(),
        b"\x00\xd6\x00\x00\x02" + bytes(300),
        b"\x00\xa4",
        b"",
    ],
    ids=[
        "protected, short",
        "long answer only",
        "extended, little data",
        "to the reader",
        "no command",
        "stump",
        "nothing",
    ],
)
def test_all_else_passes_as_it_is(command):
    card = Notebook()
    ChainingTransport(card).transmit(command)
    assert card.sent == [command]


def test_the_room_is_what_a_short_command_can_have():
    for room in (0, 256):
        with pytest.raises(InvalidArgument):
            ChainingTransport(Notebook(), room)


def test_a_wrapper_hands_on_what_it_has_nothing_to_do_with():
    card = Notebook()
    with ChainingTransport(card) as way:
        assert way.atr == card.atr
        assert way.reset() == card.atr
        with way.transaction():
            assert way.control(0x42000D48, b"\x01") == b"\x00"
    assert card.done == ["reset", "begin", (0x42000D48, b"\x01"), "end", "close"]
