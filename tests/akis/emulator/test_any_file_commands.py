"""Any commands on files, of both generations: an answer every time, and a memory that can be saved and had again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akis.codec.apdu import CommandApdu
from akis.emulator import EmulatedCard
from akis.emulator.state_file import StateFile
from akis.emulator.wanted import wanted
from akis.errors import InvalidArgument
from tests.akis.emulator.cards import SELECT, plain_way, raw
from tests.akis.emulator.file_cards import SELECT_1_0, VERIFY

BYTE = st.integers(0, 255)
FIDS = st.sampled_from([b"\x3f\x00", b"\x3d\x00", b"\x41\x18", b"\x41\x19", b"\x2f\x10", b"\x2f\x1a", b"\x3d\x01"])
PATHS = st.lists(FIDS, max_size=3).map(b"".join)
OFFSETS = st.binary(min_size=1, max_size=4).map(lambda offset: bytes((0x54, len(offset))) + offset)
OBJECTS = st.tuples(OFFSETS, st.binary(max_size=5).map(lambda data: bytes((0x53, len(data))) + data)).map(b"".join)
DATA = st.binary(max_size=20) | PATHS | OFFSETS | OBJECTS | FIDS.map(lambda fid: fid + b"\x02")


@st.composite
def commands(draw):
    """Bytes that look like commands on files, most of the time."""
    ins = draw(st.sampled_from([0xA4, 0xB0, 0xB1, 0xB2, 0xD6, 0xD7, 0xDC, 0xE2, 9, 0x10, 0x15, 0x16, 0x18, 0x1A]))
    p1 = draw(st.sampled_from([0, 1, 2, 4, 8, 0x80, 0x41, 0x43, 0x45, 0x98, 0x99]) | BYTE)
    p2 = draw(st.sampled_from([0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0xC4, 0xCC, 0xB0, 0x34]) | BYTE)
    ne = draw(st.none() | st.integers(1, 256))
    return CommandApdu(0x80 if ins < 0x20 else 0x00, ins, p1, p2, draw(DATA), ne).to_bytes()


@settings(max_examples=200, deadline=None)
@given(st.lists(commands() | st.binary(max_size=12), max_size=15), st.sampled_from(["akis-2.2", "akis-1.0", "blank"]))
def test_always_an_answer_and_a_memory(sent, name):
    card = EmulatedCard.named(name)
    first = SELECT_1_0 if name == "akis-1.0" else SELECT
    for command in (bytes.fromhex(first.replace(" ", "")), bytes.fromhex(VERIFY.replace(" ", "")), *sent):
        answer = card.process(command)
        assert answer[-2:] == b"\x90\x00" or answer[-2] >> 4 == 6
    again = EmulatedCard.restore(card.personality, card.save())
    assert again.save() == card.save()
    if name != "blank" and not card.memory.dead:
        assert raw(again, first).endswith("9000")


def test_files_are_kept_in_a_state_file(tmp_path):
    path, personality = tmp_path / "card.state", wanted("akis-1.0").personality
    with StateFile(path, personality) as file:
        send = plain_way(file.card)
        for command in (SELECT_1_0, VERIFY, "801580B0 02 2F1A"):
            assert send(command).endswith("9000")
        for place in range(0, 0x7F00, 0xF0):
            assert send(f"00D6{place:04X} F0 {'5A' * 0xF0}") == "9000"
    with StateFile(path, personality) as file:
        send = plain_way(file.card)
        assert send("00A40800 04 3D002F1A 00").startswith("6F0E80027F80")
        assert send("00B07F70 10") == "5A" * 16 + "9000"


def test_a_card_of_1_0_takes_no_extended_length():
    with pytest.raises(InvalidArgument, match=r"extended_length is not for dialect 1\.0"):
        wanted("akis-1.0,extended")
