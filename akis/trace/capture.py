"""Files of captured packets, pcap and pcapng, and the UDP datagrams in them; dpkt knows their layouts.

It comes with the extra ``akis[pcap]``. Its readers skip what they do not expect, and to them a file that was cut off is
one that ended, so only its layouts are used for reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO, Literal

from akis.errors import InvalidArgument, TraceError

SECOND = 1_000_000
"""Microseconds."""
LATEST = ((1 << 32) - 1) * SECOND
"""The last time that pcap can say."""
LONGEST_DATAGRAM = 0xFFFF - 20 - 8
"""Bytes that UDP carries over IPv4."""
_LONGEST = 1 << 20
_PIECE = 1 << 16
_MOST_INTERFACES = 4096
_RAW_IP = 101
_LOOPBACK = b"\x7f\x00\x00\x01"
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDER = b"\x1a\x2b\x3c\x4d"
_SUFFIX = {"little": "LE", "big": ""}
"""Of the names of dpkt's layouts."""
_MAGICS = tuple(bytes.fromhex(text) for text in ("A1B2C3D4", "A1B23C4D", "A1B2CD34"))


@dataclass(frozen=True, slots=True, repr=False)
class Packet:
    """One captured packet: its number in the file from 1, microseconds since 1970, kind of link, bytes."""

    number: int
    time: int
    link: int
    raw: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Datagram:
    """What UDP carried; not ``whole`` where it was cut short when it was captured, or is in fragments."""

    ports: tuple[int, int]
    data: bytes
    whole: bool


def is_capture(head: bytes) -> bool:
    """Whether a file that begins so is pcap or pcapng."""
    if head[:4] == _PCAPNG:
        return head[8:12] in (_BYTE_ORDER, _BYTE_ORDER[::-1])
    return head[:4] in _MAGICS or head[3::-1] in _MAGICS


def packets(stream: BinaryIO) -> Iterator[Packet]:
    """The packets of a capture, in order; raises :class:`TraceError` where it is damaged or cut off.

    Packets longer than a MiB, of whatever they are, are passed over.
    """
    dpkt = _dpkt()
    head = stream.read(12)
    if not is_capture(head):
        raise TraceError("this is no capture: it begins neither as pcap nor as pcapng")
    reader = _pcapng if head[:4] == _PCAPNG else _pcap
    try:
        yield from reader(dpkt, stream, head)
    except OSError as error:
        raise TraceError(f"the capture cannot be read: {error.strerror}") from None


def datagram(packet: Packet) -> Datagram | None:
    """What of UDP is in a packet; None for all other packets, and for those of a link that is not known here.

    Known are Ethernet, loopback, raw IP and Linux cooked capture in both versions, each with IPv4 and IPv6.
    """
    dpkt = _dpkt()
    try:
        inner = _frame(dpkt, packet)
        while isinstance(inner, dpkt.ip.IP | dpkt.ip6.IP6):
            inner = inner.data
    except Exception:
        # dpkt lets out whatever it stumbles on; it stumbles on what it takes for another protocol as well.
        return None
    if not isinstance(inner, dpkt.udp.UDP):
        return None
    data = bytes(inner.data)
    size = inner.ulen - 8 if inner.ulen else len(data)
    return Datagram((inner.sport, inner.dport), data[: max(size, 0)], 0 <= size <= len(data))


class Writer:
    """Writes a capture of datagrams from this machine to itself, over IPv4 without any link below it."""

    def __init__(self, stream: BinaryIO, port: int, pcapng: bool = False) -> None:
        self._dpkt = dpkt = _dpkt()
        self._port = port
        make = dpkt.pcapng.Writer if pcapng else dpkt.pcap.Writer
        self._writer = make(stream, snaplen=1 << 18, linktype=_RAW_IP)

    def write(self, time: int, data: bytes) -> None:
        """Add a datagram; ``time`` in microseconds since 1970, at most :data:`LATEST`."""
        dpkt = self._dpkt
        udp = dpkt.udp.UDP(sport=self._port, dport=self._port, data=data)
        udp.ulen = len(udp)
        ip = dpkt.ip.IP(src=_LOOPBACK, dst=_LOOPBACK, p=dpkt.ip.IP_PROTO_UDP, data=udp)
        self._writer.writepkt_time(bytes(ip), Fraction(time, SECOND))


def _dpkt() -> Any:
    try:
        import dpkt  # type: ignore[import-untyped]
        import dpkt.pcapng  # type: ignore[import-untyped]
        import dpkt.sll2  # type: ignore[import-untyped]
    except ImportError:
        raise InvalidArgument("captures need the package dpkt, which is not here; install akis[pcap]") from None
    return dpkt


def _pcap(dpkt: Any, stream: BinaryIO, head: bytes) -> Iterator[Packet]:
    head += _taken(stream, dpkt.pcap.FileHdr.__hdr_len__ - len(head))
    file = dpkt.pcap.FileHdr(head)
    layout = dpkt.pcap.MAGIC_TO_PKT_HDR[file.magic]
    if layout.__hdr_fmt__.startswith("<"):
        file = dpkt.pcap.LEFileHdr(head)
    nano = file.magic in (dpkt.pcap.TCPDUMP_MAGIC_NANO, dpkt.pcap.PMUDPCT_MAGIC_NANO)
    link = file.linktype & 0xFFFF  # the other bits tell of check bytes after each packet
    number = 0
    while raw := stream.read(layout.__hdr_len__):
        number += 1
        header = layout(raw + _taken(stream, layout.__hdr_len__ - len(raw)))
        time = header.tv_sec * SECOND + (header.tv_usec // 1000 if nano else header.tv_usec)
        if header.caplen > _LONGEST:
            _skip(stream, header.caplen)
            continue
        yield Packet(number, time, link, _taken(stream, header.caplen))


@dataclass(frozen=True, slots=True)
class _Interface:
    link: int
    ticks: int
    """In a second."""
    offset: int

    def time(self, count: int) -> int:
        return self.offset * SECOND + count * SECOND // self.ticks


def _pcapng(dpkt: Any, stream: BinaryIO, head: bytes) -> Iterator[Packet]:
    kinds = dpkt.pcapng
    with_packets = (kinds.PCAPNG_BT_EPB, kinds.PCAPNG_BT_PB, kinds.PCAPNG_BT_SPB)
    interfaces: list[_Interface] = []
    order: Literal["little", "big"] = "big"
    number, time = 0, 0
    while head:
        head += _taken(stream, 12 - len(head))
        if head[:4] == _PCAPNG:
            # A section: its own byte order, its own interfaces.
            order = "big" if head[8:] == _BYTE_ORDER else "little"
            interfaces = []
        kind, size = int.from_bytes(head[:4], order), int.from_bytes(head[4:8], order)
        if size < 12 or size % 4:
            raise TraceError("the capture is damaged: a block has a length that no block has")
        number += kind in with_packets
        if size > _LONGEST or kind not in (kinds.PCAPNG_BT_IDB, *with_packets):
            _skip(stream, size - len(head))
        else:
            block = head + _taken(stream, size - len(head))
            try:
                if kind == kinds.PCAPNG_BT_IDB:
                    interfaces.append(_interface(kinds, block, order))
                    packet = None
                else:
                    packet = _packet(kinds, block, order, interfaces, (number, time))
            except Exception:
                # dpkt lets out whatever it stumbles on.
                raise TraceError(f"the capture is damaged at or before packet {max(number, 1)}") from None
            if packet is not None:
                time = packet.time
                yield packet
        if len(interfaces) > _MOST_INTERFACES:
            raise TraceError("the capture is damaged: no machine has as many interfaces")
        head = stream.read(12)


def _packet(
    kinds: Any,
    block: bytes,
    order: Literal["little", "big"],
    interfaces: list[_Interface],
    last: tuple[int, int],
) -> Packet:
    """The packet of a block; ``last`` is its number and the time before."""
    kind, (number, time) = int.from_bytes(block[:4], order), last
    if kind == kinds.PCAPNG_BT_SPB:
        # Neither a time nor a layout in dpkt: its length on the link, then the packet of interface 0.
        return Packet(number, time, interfaces[0].link, block[12:-4][: int.from_bytes(block[8:12], order)])
    name = "EnhancedPacketBlock" if kind == kinds.PCAPNG_BT_EPB else "PacketBlock"
    packet = getattr(kinds, name + _SUFFIX[order])()
    packet.unpack_hdr(block)
    seen = interfaces[packet.iface_id]
    start = packet.__hdr_len__ - 4  # the last field of the layout comes after the packet
    raw = block[start : min(start + packet.caplen, len(block) - 4)]
    return Packet(number, seen.time(packet.ts_high << 32 | packet.ts_low), seen.link, raw)


def _interface(kinds: Any, raw: bytes, order: Literal["little", "big"]) -> _Interface:
    ticks, offset = SECOND, 0
    block = getattr(kinds, "InterfaceDescriptionBlock" + _SUFFIX[order])(raw)
    for option in block.opts:
        value = option.data[: option.len]
        if option.code == kinds.PCAPNG_OPT_IF_TSRESOL and value:  # a negative power of 10, with the first bit of 2
            ticks = (2 if value[0] & 0x80 else 10) ** (value[0] & 0x7F)
        elif option.code == kinds.PCAPNG_OPT_IF_TSOFFSET and len(value) == 8:  # in seconds
            offset = int.from_bytes(value, order, signed=True)
    return _Interface(block.linktype, ticks, offset)


def _frame(dpkt: Any, packet: Packet) -> Any:
    """The packet without its link."""
    links: dict[int, Callable[[bytes], Any]] = {
        0: dpkt.loopback.Loopback,
        1: dpkt.ethernet.Ethernet,
        108: dpkt.loopback.Loopback,
        113: dpkt.sll.SLL,
        276: dpkt.sll2.SLL2,
    }
    if packet.link in links:
        return links[packet.link](packet.raw).data
    if packet.link in (12, 14, _RAW_IP, 228, 229):
        return (dpkt.ip6.IP6 if packet.raw[0] >> 4 == 6 else dpkt.ip.IP)(packet.raw)
    return None


def _taken(stream: BinaryIO, size: int) -> bytes:
    raw = stream.read(size)
    if len(raw) < size:
        raise TraceError("the capture is cut off: it ends in the middle of a packet")
    return raw


def _skip(stream: BinaryIO, size: int) -> None:
    while size:
        size -= len(_taken(stream, min(size, _PIECE)))
