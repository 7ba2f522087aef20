"""Files of packets in all their forms; what is in the packets does not matter here."""

from __future__ import annotations

import io
import struct

import dpkt
import pytest

from akis.errors import TraceError
from akis.trace.capture import Packet, packets

NOON = 1795366800


def read(raw: bytes) -> list[tuple[int, int, int, bytes]]:
    return [(packet.number, packet.time, packet.link, packet.raw) for packet in packets(io.BytesIO(raw))]


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str) -> bytes:
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str, link: int, *options: tuple[int, bytes]) -> bytes:
    told = b"".join(
        struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4) for code, value in options
    )
    return block(order, 1, struct.pack(order + "HHI", link, 0, 0) + told)


def packet(order: str, number: int, ticks: int, raw: bytes) -> bytes:
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(raw), len(raw))
    return block(order, 6, head + raw + bytes(-len(raw) % 4))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "ticks", "more"), [(0xA1B2C3D4, 5, 0), (0xA1B23C4D, 5000, 0), (0xA1B2CD34, 5, 8)])
def test_pcap(order: str, magic: int, ticks: int, more: int) -> None:
    """In both byte orders, with nanoseconds, and with the longer records of some Linux of old."""
    raw = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, 0x10000000 | 101)
    raw += struct.pack(order + "IIII", NOON, ticks, 3, 3) + bytes(more) + b"one"
    raw += struct.pack(order + "IIII", NOON + 1, 0, 0, 9) + bytes(more)
    assert read(raw) == [(1, NOON * 10**6 + 5, 101, b"one"), (2, (NOON + 1) * 10**6, 101, b"")]


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_with_interfaces_that_count_time_differently(order: str) -> None:
    raw = section(order) + interface(order, 1) + interface(order, 101, (2, b"lo"), (9, b"\x09"), (0, b""))
    raw += interface(order, 113, (9, b"\x8a"), (14, struct.pack(order + "q", NOON)))
    raw += packet(order, 0, NOON * 10**6 + 7, b"micro") + packet(order, 1, NOON * 10**9 + 7999, b"nano")
    raw += packet(order, 2, 512, b"half a second")
    assert read(raw) == [
        (1, NOON * 10**6 + 7, 1, b"micro"),
        (2, NOON * 10**6 + 7, 101, b"nano"),
        (3, NOON * 10**6 + 500_000, 113, b"half a second"),
    ]


def test_pcapng_of_sections_in_both_byte_orders() -> None:
    """As ``cat`` makes it; each section has interfaces of its own."""
    raw = b"".join(
        section(order) + interface(order, link) + packet(order, 0, 1, b"x") for order, link in (("<", 1), (">", 0))
    )
    assert read(raw) == [(1, 1, 1, b"x"), (2, 1, 0, b"x")]


def test_pcapng_of_other_blocks() -> None:
    """Names, statistics, whatever comes; old packets and simple ones, which have no time, count as packets."""
    old = struct.pack("<HHIIII", 0, 0, 0, 9, 3, 3) + b"old"
    simple = struct.pack("<I", 6) + b"simple"
    raw = section("<") + interface("<", 101) + block("<", 4, bytes(100)) + block("<", 2, old) + block("<", 3, simple)
    assert read(raw) == [(1, 9, 101, b"old"), (2, 9, 101, b"simple")]


def test_a_packet_longer_than_any_of_ours_is_passed_over() -> None:
    """It keeps its number, and takes no memory."""
    head = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 0, 101)
    long, short = struct.pack("<IIII", 1, 0, 2 << 20, 2 << 20), struct.pack("<IIII", 2, 0, 1, 1)
    assert read(head + long + bytes(2 << 20) + short + b"x") == [(2, 2_000_000, 101, b"x")]
    raw = section("<") + interface("<", 101) + packet("<", 0, 1, bytes(2 << 20)) + packet("<", 0, 2, b"x")
    assert read(raw) == [(2, 2, 101, b"x")]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (section("<") + packet("<", 0, 1, b"x"), "damaged at or before packet 1"),
        (section("<") + block("<", 3, struct.pack("<I", 1) + b"x"), "damaged at or before packet 1"),
        (section("<") + interface("<", 1) + block("<", 6, bytes(12)), "damaged at or before packet 1"),
        (section("<") + struct.pack("<III", 6, 8, 0), "a length that no block has"),
        (section("<") + struct.pack("<III", 6, 0xFFFFFFFC, 0), "cut off"),
        (section("<") + interface("<", 1, (1, b"\xff\xfe")), "damaged"),
        (section("<") + interface("<", 1) * 5000, "no machine has as many interfaces"),
        (struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 0, 1) + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 1), "cut off"),
    ],
    ids=["no interface", "simple, no interface", "short", "no length", "too long", "no text", "interfaces", "pcap"],
)
def test_damage(raw: bytes, reason: str) -> None:
    with pytest.raises(TraceError, match=reason):
        read(raw)


def test_a_packet_does_not_show_what_is_in_it() -> None:
    assert "654321" not in repr(Packet(1, 0, 101, b"pin 654321"))


def test_what_cannot_be_read() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().read(size)

    stream = io.BytesIO()
    dpkt.pcap.Writer(stream)
    with pytest.raises(TraceError, match="cannot be read: Input/output error"):
        list(packets(Broken(stream.getvalue())))
