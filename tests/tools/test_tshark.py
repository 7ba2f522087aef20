"""Debian's ``tshark``, which nobody here wrote, reads our captures: it names instructions and status words as we do."""

from __future__ import annotations

import subprocess

import pytest

from akis.codec.apdu import CommandApdu
from akis.trace.entries import Event, Exchanged, Header, Kept, Wire
from akis.trace.exporters.gsmtap import write
from tests.akis.trace.recorded_session import recorded
from tests.installed import installed

FIELDS = (
    "gsm_sim.apdu.ins",
    "gsm_sim.apdu.sw",
    "_ws.malformed",
    "frame.time_epoch",
    "udp.payload",
    "ip.checksum.status",
)
SUFFIXES = [".pcap", ".pcapng"]
OF_THE_SIM = {0x12, 0x14, 0x88, 0xC2}
"""FETCH, TERMINAL RESPONSE, RUN GSM ALGORITHM, ENVELOPE: Wireshark looks for the fields they have on a SIM."""
ATR = bytes.fromhex("3B00")

pytestmark = pytest.mark.slow


@pytest.fixture
def tshark() -> str:
    return installed("tshark", "tshark")


def seen(tshark, path):
    """A row of FIELDS for each packet."""
    options = [word for field in FIELDS for word in ("-e", field)]
    checks = ("-o", "ip.check_checksum:TRUE")
    done = subprocess.run(
        [tshark, "-n", *checks, "-r", path, "-T", "fields", "-E", "separator=;", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [line.split(";") for line in done.stdout.splitlines()]


def named(rows):
    """Instruction and status word of each row."""
    return [tuple(int(text, 16) if text else None for text in row[:2]) for row in rows]


def exchange(command, answer):
    return Exchanged(Wire(command), Wire(answer))


def expected(entries):
    return [(entry.command.raw[1], int.from_bytes(entry.answer.raw[-2:], "big")) for entry in entries]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("card", ["akis-2.2", "akis-2.5,extended"])
def test_a_whole_session(tmp_path, tshark, suffix, card):
    trace = recorded(tmp_path, card)
    write(trace, tmp_path / f"session{suffix}")
    rows = seen(tshark, tmp_path / f"session{suffix}")
    entries = list(trace.entries())
    resets = [number for number, entry in enumerate(entries, 1) if isinstance(entry, Event)]
    assert len(rows) == 1 + len(entries)
    assert [rows[number][4][32:] for number in (0, *resets)] == [trace.header.atr.hex()] * (1 + len(resets))
    exchanges = [(row, entry) for row, entry in zip(rows[1:], entries, strict=True) if isinstance(entry, Exchanged)]
    assert named([row for row, _ in exchanges]) == expected([entry for _, entry in exchanges])
    assert {row[2] for row in rows} == {""}
    assert {row[5] for row in rows} == {"1"}
    begin = float(rows[0][3])
    for row, entry in exchanges:
        assert float(row[3]) - begin == pytest.approx(entry.start / 1e6, abs=2e-6)


SHAPES = {
    "case 1": lambda ins: exchange(bytes((0, ins, 1, 2)), b"\x6d\x00"),
    "case 2": lambda ins: exchange(bytes((0, ins, 1, 2, 0)), bytes(range(30)) + b"\x90\x00"),
    "case 2, all of 256": lambda ins: exchange(bytes((0, ins, 1, 2, 0)), bytes(range(256)) + b"\x90\x00"),
    "case 2, refused": lambda ins: exchange(bytes((0, ins, 1, 2, 16)), b"\x6a\x82"),
    "case 3": lambda ins: exchange(bytes((0, ins, 1, 2, 6)) + b"123456", b"\x63\xc2"),
    "case 4": lambda ins: exchange(bytes((0, ins, 4, 0, 7)) + b"PKCS-15\x00", bytes(range(19)) + b"\x90\x00"),
    "protected": lambda ins: exchange(
        bytes((0x0C, ins, 1, 2, 10)) + b"\x8e\x08" + b"checksum" + b"\x00",
        b"\x99\x02\x90\x00\x8e\x08checksum\x90\x00",
    ),
    "extended, short enough": lambda ins: exchange(
        CommandApdu(0, ins, 1, 2, b"7 bytes", 256, extended=True).to_bytes(), b"\x61\x10"
    ),
    "extended": lambda ins: exchange(CommandApdu(0, ins, 1, 2, bytes(300), 65536).to_bytes(), bytes(400) + b"\x90\x00"),
    "extended, for much data": lambda ins: exchange(
        CommandApdu(0, ins, 1, 2, ne=500).to_bytes(), bytes(500) + b"\x62\x82"
    ),
    "too long for a packet": lambda ins: exchange(
        CommandApdu(0, ins, 1, 2, bytes(40000)).to_bytes(), bytes(40000) + b"\x90\x00"
    ),
    "no APDU": lambda ins: exchange(bytes((0, ins, 1, 2, 9, 9)), b"\x67\x00"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_instruction_in_every_shape(tmp_path, tshark, shape):
    """SELECT by an identifier that is not two bytes is marked as malformed, and named all the same."""
    step = 16 if shape == "too long for a packet" else 1
    codes = [ins for ins in range(0, 256, step) if ins not in OF_THE_SIM]
    entries = tuple(SHAPES[shape](ins) for ins in codes)
    write(Kept(Header(), entries), tmp_path / "all.pcap")
    rows = seen(tshark, tmp_path / "all.pcap")
    assert named(rows) == expected(entries)
    assert {row[0] for row in rows if row[2]} <= {"0xa4"}


def test_of_the_instructions_of_the_sim_it_names_the_code_at_least(tmp_path, tshark):
    entries = tuple(SHAPES["case 3"](ins) for ins in sorted(OF_THE_SIM))
    write(Kept(Header(atr=ATR), entries), tmp_path / "sim.pcap")
    rows = seen(tshark, tmp_path / "sim.pcap")
    assert [row[0] for row in rows[1:]] == ["0x12", "0x14", "0x88", "0xc2"]
