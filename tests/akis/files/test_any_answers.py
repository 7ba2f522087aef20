"""Cards that answer anything at all: nothing but errors of this library, and an end to it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.card import Card
from akis.codec.fci import FileControl
from akis.errors import AkisError
from akis.files import Files
from akis.profile.load import load
from akis.transport.base import Transport
from tests.akis.files.file_card import FIRST_GENERATION, SECOND_GENERATION

EF = (0x3D00, 0x2F10)
WRITING = {0xD6, 0xD7, 0xDC, 0xE2}
CALLS = {
    "select": lambda files: files.select(EF),
    "read": lambda files: files.read(EF),
    "records": lambda files: files.records(EF),
    "record": lambda files: files.record(EF, 1),
    "list": lambda files: files.list(EF),
    "tree": lambda files: files.tree(),
    "update": lambda files: files.update(EF, b"ABCD", 2),
    "update_record": lambda files: files.update_record(EF, 1, b"ABCD"),
    "append_record": lambda files: files.append_record(EF, b"ABCD"),
}
CONTROLS = st.builds(
    FileControl,
    size=st.none() | st.integers(0, 0xFFFFFFFF),
    descriptor=st.none() | st.integers(0, 0xFF),
    life_cycle=st.none() | st.integers(0, 0xFF),
).map(lambda control: control.to_bytes() + b"\x90\x00")
WORDS = st.sampled_from([0x9000, 0x6282, 0x6283, 0x6B00, 0x6A82, 0x6A83, 0x6C05, 0x6982, 0x63C2, 0x6F00])
DATA = st.builds(lambda data, sw: data + sw.to_bytes(2, "big"), st.binary(max_size=60), WORDS)
ANSWERS = st.lists(CONTROLS | DATA | st.binary(max_size=8), min_size=1, max_size=12)


class Oracle(Transport):
    """Gives the answers in turn, the last one for ever; "for ever" ends after as many as a card may ever need."""

    atr = b""

    def __init__(self, atr: bytes, answers: list[bytes]) -> None:
        self.atr = atr
        self.answers = answers
        self.sent: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        assert len(self.sent) < 10_000
        return self.answers[min(len(self.sent), len(self.answers)) - 1]

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None: ...


@pytest.mark.parametrize("call", CALLS)
@given(answers=ANSWERS, ending=st.sampled_from([b"\x6f\x00", b"\x90\x00", b"\x6a\x82"]), first=st.booleans())
def test_any_answers(call: str, answers: list[bytes], ending: bytes, first: bool) -> None:
    wire = Oracle(FIRST_GENERATION if first else SECOND_GENERATION, [*answers, ending])
    with suppress(AkisError):
        CALLS[call](Files(Card(wire, load("akis-1" if first else "akis-2"))))
    written = [raw for raw in wire.sent if raw[1] in WRITING]
    assert len(written) <= (1 if call.startswith(("update", "append")) else 0)
