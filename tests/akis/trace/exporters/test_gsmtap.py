"""A trace as a capture; what ``tshark`` makes of it is in ``tests/tools/test_tshark.py``."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path

import dpkt
import dpkt.pcapng
import pytest

from akis.codec.apdu import CommandApdu
from akis.errors import InvalidArgument, TraceError
from akis.trace.entries import Event, Exchanged, Failure, Header, Kept, Wire
from akis.trace.exporters.gsmtap import write
from tests.akis.trace.recorded_session import recorded
from tests.bench import NEW_PIN, PIN, WRONG_PIN

ATR, OTHER_ATR = bytes.fromhex("3B00"), bytes.fromhex("3B8001")
CREATED = "2026-11-22T17:00:00Z"
NOON = 1795366800
GET_CHALLENGE = Wire(bytes.fromhex("0084000008")), Wire(bytes(8) + b"\x90\x00")
ALWAYS = "durations, names of masked bytes, reader, protocol and profile have no place in a capture"


def packets(path: Path) -> list[tuple[float, int, bytes]]:
    """Time, sub-type and payload of each, as dpkt reads them."""
    made = []
    with path.open("rb") as stream:
        for time, raw in dpkt.pcap.UniversalReader(stream):
            udp = dpkt.ip.IP(raw).data
            assert (udp.sport, udp.dport, udp.data[:3]) == (4729, 4729, b"\x02\x04\x04")
            made.append((float(time), udp.data[12], udp.data[16:]))
    return made


def exchange(command: str, answer: str, start: int | None = 0) -> Exchanged:
    return Exchanged(Wire(bytes.fromhex(command)), Wire(bytes.fromhex(answer)), start)


@pytest.mark.parametrize("name", ["s.pcap", "s.pcapng", "s.PcapNG", "s.cap"])
def test_atr_exchanges_and_resets_are_packets_at_their_times(tmp_path: Path, name: str) -> None:
    entries = (
        Exchanged(*GET_CHALLENGE, start=1_500_000, duration=900),
        Event("reset", 2_000_001, OTHER_ATR),
        exchange("00200081", "63C3", 3_999_999),
    )
    assert write(Kept(Header(atr=ATR, created=CREATED), entries), tmp_path / name) == [ALWAYS]
    assert packets(tmp_path / name) == [
        (NOON, 1, ATR),
        (NOON + 1.5, 0, bytes.fromhex("0084000008") + bytes(8) + b"\x90\x00"),
        (pytest.approx(NOON + 2.000001, abs=1e-7), 1, OTHER_ATR),
        (pytest.approx(NOON + 3.999999, abs=1e-7), 0, bytes.fromhex("002000810063C3")),
    ]
    is_pcapng = (tmp_path / name).read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    assert is_pcapng is name.lower().endswith("ng")


def test_hidden_bytes_are_ff(tmp_path: Path) -> None:
    verify = Wire.from_text("0020008106************", ((5, 6, "pin"),))
    told = write(Kept(Header(created=CREATED), (Exchanged(verify, Wire(b"\x90\x00"), 0),)), tmp_path / "s.pcap")
    assert told == ["exchanges whose hidden bytes are written as FF: 1", ALWAYS]
    assert packets(tmp_path / "s.pcap")[0][2] == bytes.fromhex("0020008106 FFFFFFFFFFFF 9000")


def test_no_pin_of_a_session_is_in_its_capture(tmp_path: Path) -> None:
    told = write(recorded(tmp_path), tmp_path / "s.pcap")
    assert "exchanges whose hidden bytes are written as FF: 2" in told
    raw = (tmp_path / "s.pcap").read_bytes()
    for pin in (PIN, WRONG_PIN, NEW_PIN):
        assert pin.encode() not in raw


def test_what_the_trace_does_not_hide_is_there(tmp_path: Path) -> None:
    write(recorded(tmp_path, keep_secrets=True), tmp_path / "s.pcap")
    assert PIN.encode() in (tmp_path / "s.pcap").read_bytes()


def test_what_has_no_place_in_a_packet_is_told(tmp_path: Path) -> None:
    entries = (
        Exchanged(GET_CHALLENGE[0], None, 0, 5, Failure("CardRemoved")),
        Event("removed", 1),
        Event("inserted", 2),
        exchange("00A4000C093F00", "6700"),
        exchange("00B0000010", "6A82"),
        exchange("0084000008", "0000"),
        Exchanged(Wire(CommandApdu(0, 0xDA, 0, 0, bytes(40000)).to_bytes()), Wire(bytes(30000) + b"\x90\x00"), 0),
    )
    assert write(Kept(Header(created=CREATED), entries), tmp_path / "s.pcap") == [
        "exchanges without an answer, left out because a packet holds both: 1",
        "commands that are no APDU, of which only the header is written: 1",
        "exchanges too long for a packet, of which only header and status word are written: 1",
        "commands without their Le, or without the mark of extended lengths, for which a packet has no place: 1",
        "exchanges of which the packet does not tell where the command ends: 1",
        "events without an ATR, left out: 2",
        ALWAYS,
    ]
    assert [payload.hex() for _, _, payload in packets(tmp_path / "s.pcap")] == [
        "00a4000c006700",
        "00b00000006a82",
        "00840000000000",
        "00da0000009000",
    ]


@pytest.mark.parametrize("created", [None, "yesterday", "1914-07-28T00:00:00Z", "2200-01-01T00:00:00Z"])
def test_a_session_of_an_unknown_time_counts_from_1970(tmp_path: Path, created: str | None) -> None:
    entries = (exchange("00200081", "63C3", 7_000_000), exchange("00200081", "63C3", None))
    told = write(Kept(Header(created=created), entries), tmp_path / "s.pcap")
    assert told[:2] == [
        "packets whose time is not known, with that of the packet before: 1",
        "packets that count from 1970, as nobody knows when the session was recorded: 2",
    ]
    assert [time for time, _, _ in packets(tmp_path / "s.pcap")] == [7.0, 7.0]


def test_a_time_beyond_what_pcap_can_say_is_the_last_one_it_can(tmp_path: Path) -> None:
    write(Kept(Header(created=CREATED), (exchange("00200081", "63C3", 1 << 62),)), tmp_path / "s.pcap")
    assert packets(tmp_path / "s.pcap")[0][0] == 0xFFFFFFFF


def test_a_time_without_a_zone_is_utc(tmp_path: Path) -> None:
    for created in ("2026-11-22T17:00:00", "2026-11-22T20:00:00+03:00"):
        write(Kept(Header(atr=ATR, created=created)), tmp_path / "s.pcap")
        assert packets(tmp_path / "s.pcap") == [(NOON, 1, ATR)]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing" / "s.pcap", tmp_path / "a\x00b"):
        with pytest.raises(InvalidArgument, match="cannot be written"):
            write(Kept(Header()), path)


def test_others_may_not_read_it(tmp_path: Path) -> None:
    write(Kept(Header()), tmp_path / "s.pcap")
    assert (tmp_path / "s.pcap").stat().st_mode & 0o077 == 0


def test_a_damaged_trace_ends_it(tmp_path: Path) -> None:
    class Damaged:
        header = Header(created=CREATED)

        def entries(self):
            yield exchange("00200081", "63C3")
            raise TraceError("damaged, not a JSON object", 3)

    with pytest.raises(TraceError, match="line 3"):
        write(Damaged(), tmp_path / "s.pcap")
    assert len(packets(tmp_path / "s.pcap")) == 1


def test_without_dpkt_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dpkt", None)
    with pytest.raises(InvalidArgument, match=r"install akis\[pcap\]"):
        write(Kept(Header()), tmp_path / "s.pcap")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_trace(tmp_path: Path) -> None:
    class Long:
        header = Header(atr=ATR, created=CREATED)

        def __init__(self, count: int) -> None:
            self.count = count

        def entries(self):
            for number in range(self.count):
                yield Exchanged(*GET_CHALLENGE, start=number)

    def peak(count: int) -> int:
        tracemalloc.start()
        write(Long(count), tmp_path / "s.pcap")
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(10_000) < peak(2_000) + 50_000
