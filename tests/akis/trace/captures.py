"""Captures of GSMTAP packets, made by dpkt."""

from __future__ import annotations

from pathlib import Path

import dpkt
import dpkt.pcapng

from akis.codec.gsmtap import SIM, GsmtapPacket, SimKind

ATR = bytes.fromhex("3B9F978131FE4580655443D2210831C073F6218081055B")
SELECT = bytes.fromhex("00A40004023F00611C")
"""A command, and its answer."""
NOON = 1795366800


def sim(payload: bytes, kind: SimKind = SimKind.APDU) -> bytes:
    return GsmtapPacket(SIM, kind, payload).to_bytes()


def udp(data: bytes, sport: int = 40000, dport: int = 4729) -> dpkt.udp.UDP:
    return dpkt.udp.UDP(sport=sport, dport=dport, ulen=8 + len(data), data=data)


def ip4(data: bytes) -> bytes:
    return bytes(dpkt.ip.IP(src=b"\x7f\0\0\1", dst=b"\x7f\0\0\1", p=17, data=udp(data)))


def ip6(data: bytes) -> bytes:
    return bytes(dpkt.ip6.IP6(src=bytes(15) + b"\1", dst=bytes(15) + b"\1", nxt=17, plen=8 + len(data), data=udp(data)))


def ethernet(packet: bytes) -> bytes:
    kind = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00"
    return (bytes(12) + kind + packet).ljust(60, b"\x55")


def capture(path: Path, *frames: bytes, link: int = 101, pcapng: bool = False) -> Path:
    with path.open("wb") as stream:
        made = (dpkt.pcapng if pcapng else dpkt.pcap).Writer(stream, linktype=link)
        for number, frame in enumerate(frames):
            made.writepkt_time(frame, NOON + number / 4)
    return path
