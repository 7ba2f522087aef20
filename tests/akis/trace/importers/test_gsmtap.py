"""Captures of cards, as they come from all sorts of machines."""

from __future__ import annotations

from pathlib import Path

import dpkt
import pytest

from akis.codec.apdu import CommandApdu
from akis.codec.gsmtap import GsmtapPacket, SimKind
from akis.trace.entries import Event, Header
from akis.trace.exporters.gsmtap import write
from akis.trace.importers import gsmtap
from akis.trace.importers.base import Imported
from tests.akis.trace.captures import ATR, SELECT, capture, ethernet, ip4, ip6, sim, udp
from tests.akis.trace.recorded_session import recorded


def heard(path: Path) -> list[tuple[str, str | None]]:
    """Commands and answers, and resets with their ATR."""
    return [
        (entry.kind, None if entry.atr is None else entry.atr.hex().upper())
        if isinstance(entry, Event)
        else (entry.command.hex().upper(), None if entry.answer is None else entry.answer.hex().upper())
        for entry in gsmtap.read(path)
    ]


@pytest.mark.parametrize("pcapng", [False, True], ids=["pcap", "pcapng"])
@pytest.mark.parametrize("ip", [ip4, ip6])
@pytest.mark.parametrize(
    ("link", "around"),
    [
        (101, lambda packet: packet),
        (12, lambda packet: packet),
        (1, ethernet),
        (1, lambda packet: ethernet(packet)[:12] + b"\x81\x00\x00\x07" + ethernet(packet)[12:]),
        (0, lambda packet: (b"\x02" if packet[0] >> 4 == 4 else b"\x1e") + bytes(3) + packet),
        (108, lambda packet: bytes(3) + (b"\x02" if packet[0] >> 4 == 4 else b"\x1e") + packet),
        (113, lambda packet: bytes(14) + ethernet(packet)[12:14] + packet),
        (276, lambda packet: ethernet(packet)[12:14] + bytes(18) + packet),
    ],
    ids=["raw", "raw of BSD", "Ethernet", "VLAN", "loopback", "loopback of OpenBSD", "cooked", "cooked 2"],
)
def test_links(tmp_path: Path, link: int, around, ip, pcapng: bool) -> None:
    frames = [around(ip(sim(payload, kind))) for payload, kind in ((ATR, SimKind.ATR), (SELECT, SimKind.APDU))]
    path = capture(tmp_path / "c", *frames, link=link, pcapng=pcapng)
    assert gsmtap.sniff(path.read_bytes())
    assert gsmtap.header(path) == Header(atr=ATR, created="2026-11-22T17:00:00Z")
    assert heard(path) == [("00A40004023F00", "611C")]


def test_everything_else_is_passed_over(tmp_path: Path) -> None:
    burst = GsmtapPacket(1, 0, bytes(20)).to_bytes()
    frames = [
        ip4(burst),
        ip4(b"\x03" + sim(SELECT)[1:]),
        ip4(b"not this protocol"),
        ip4(sim(b"\xff\x11", SimKind.PPS_REQUEST)),
        bytes(dpkt.ip.IP(src=bytes(4), dst=bytes(4), p=17, data=udp(sim(SELECT), 53, 53))),
        bytes(dpkt.ip.IP(src=bytes(4), dst=bytes(4), p=6, data=bytes(30))),
        b"",
        b"\x45",
        ip4(sim(SELECT)),
    ]
    path = capture(tmp_path / "c", *frames)
    assert heard(path) == [("00A40004023F00", "611C")]
    assert gsmtap.header(path) == Header(created="2026-11-22T17:00:02Z")


def test_times(tmp_path: Path) -> None:
    path = capture(tmp_path / "c", *[ip4(sim(SELECT))] * 3)
    assert [entry.start for entry in gsmtap.read(path)] == [0, 250_000, 500_000]


def test_an_atr_before_the_first_command_is_of_the_header_and_one_after_it_a_reset(tmp_path: Path) -> None:
    frames = [ip4(sim(ATR, SimKind.ATR)), ip4(sim(SELECT)), ip4(sim(b"\x3b\x00", SimKind.ATR)), ip4(sim(SELECT))]
    path = capture(tmp_path / "c", *frames)
    select = ("00A40004023F00", "611C")
    assert heard(path) == [select, ("reset", "3B00"), select]


def test_parts_of_t0_in_packets_of_their_own(tmp_path: Path) -> None:
    parts = [
        ("00A4040002", SimKind.TPDU_HEADER),
        ("3F", SimKind.TPDU_COMMAND),
        ("00", SimKind.TPDU_COMMAND),
        ("9000", SimKind.TPDU_STATUS),
        ("00B0000002", SimKind.TPDU_HEADER),
        ("AABB", SimKind.TPDU_RESPONSE),
        ("9000", SimKind.TPDU_STATUS),
        ("0020008100", SimKind.TPDU_HEADER),
        ("63C3", SimKind.TPDU_STATUS),
        ("0084000008", SimKind.TPDU_HEADER),
        ("0084000008", SimKind.TPDU_HEADER),
        ("6985", SimKind.TPDU_STATUS),
    ]
    path = capture(tmp_path / "c", *[ip4(sim(bytes.fromhex(text), kind)) for text, kind in parts])
    assert heard(path) == [
        ("00A40400023F00", "9000"),
        ("00B0000002", "AABB9000"),
        ("00200081", "63C3"),
        ("0084000008", None),
        ("0084000008", "6985"),
    ]
    entries = list(gsmtap.read(path))
    assert [entry.duration for entry in entries] == [750_000, 500_000, 250_000, None, 250_000]
    assert entries[3].failure.message == "the capture has no status word for this command"


@pytest.mark.parametrize("name", ["session.pcap", "session.pcapng"])
@pytest.mark.parametrize("card", ["akis-2.2", "akis-2.5,extended"])
def test_what_was_exported_comes_back(tmp_path: Path, name: str, card: str) -> None:
    """All but Le, and what is hidden: that is hidden again."""
    trace = recorded(tmp_path, card)
    write(trace, tmp_path / name)
    back = Imported(tmp_path / name, gsmtap)
    assert (back.header.atr, back.header.created) == (trace.header.atr, trace.header.created)
    assert (back.header.source, back.header.heuristic) == ("GSMTAP capture", True)
    before, after = list(trace.entries()), list(back.entries())
    assert len(before) == len(after) > 20
    for one, other in zip(before, after, strict=True):
        assert one.start == other.start
        if isinstance(one, Event):
            assert one == other
            continue
        assert one.answer == other.answer
        was, now = CommandApdu.from_bytes(one.command.raw), CommandApdu.from_bytes(other.command.raw)
        assert (now.header, len(now.data), now.extended) == (was.header, len(was.data), len(was.data) > 255)
        assert (now.ne is None) is (was.ne is None)
        assert one.command.hides is other.command.hides
        assert one.command.hides or was.data == now.data


def test_an_export_of_an_import_is_the_same_file(tmp_path: Path) -> None:
    write(recorded(tmp_path), tmp_path / "one.pcap")
    write(Imported(tmp_path / "one.pcap", gsmtap), tmp_path / "two.pcap")
    assert (tmp_path / "one.pcap").read_bytes() == (tmp_path / "two.pcap").read_bytes()
