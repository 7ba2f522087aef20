"""GSMTAP, the header of Osmocom in front of what was heard on an interface of mobile networks, cards among them.

Libosmocore's ``gsmtap.h`` defines it. Packets travel in UDP datagrams to :data:`PORT`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from construct import Byte, Bytes, Const, GreedyBytes, Int16ub, Int32ub, Padding, Struct

from akis.codec.schema import build_layout, parse_layout
from akis.errors import CodecError

PORT = 4729
SIM = 0x04
"""The type of what passes between a card and its terminal."""
_VERSION = 2
_WORD = 4
_WORDS = 4

_PACKET = Struct(
    "version" / Const(_VERSION, Byte),
    "words" / Byte,  # of 4 bytes each, in the header
    "type" / Byte,
    # Of the radio interface; 0 for cards.
    "timeslot" / Byte,
    "arfcn" / Int16ub,
    "signal_dbm" / Byte,
    "snr_db" / Byte,
    "frame_number" / Int32ub,
    "sub_type" / Byte,
    "antenna" / Byte,
    "sub_slot" / Byte,
    Padding(1),
    "more" / Bytes(lambda this: _WORD * (this.words - _WORDS)),  # what later versions of the header append
    "payload" / GreedyBytes,
)
_ZEROS = ("timeslot", "arfcn", "signal_dbm", "snr_db", "frame_number", "antenna", "sub_slot")


class SimKind(IntEnum):
    """Sub-types of :data:`SIM`: what the payload is."""

    APDU = 0
    """A command and its answer, one after the other."""
    ATR = 1
    PPS_REQUEST = 2
    PPS_RESPONSE = 3
    TPDU_HEADER = 4
    """CLA INS P1 P2 P3 of T=0; the three that follow are the rest of the same exchange."""
    TPDU_COMMAND = 5
    TPDU_RESPONSE = 6
    TPDU_STATUS = 7


@dataclass(frozen=True, slots=True, repr=False)
class GsmtapPacket:
    """Type, sub-type, and what was heard; the fields of the radio interface are skipped, and written as zeros."""

    type: int
    sub_type: int
    payload: bytes

    @classmethod
    def from_bytes(cls, raw: bytes) -> GsmtapPacket:
        """Read one packet of version 2; raises :class:`CodecError` for anything else."""
        if len(raw) > 1 and raw[1] < _WORDS:
            raise CodecError(f"a GSMTAP header has at least {_WORDS} words", 1)
        return parse_layout(_PACKET, raw, "the GSMTAP packet", _packet)

    def to_bytes(self) -> bytes:
        """The packet as it travels; raises :class:`CodecError` where a type does not fit into its byte."""
        fields = {**dict.fromkeys(_ZEROS, 0), "words": _WORDS, "more": b""}
        return build_layout(
            _PACKET,
            {**fields, "type": self.type, "sub_type": self.sub_type, "payload": self.payload},
            "the GSMTAP packet",
        )


def _packet(found: Any) -> GsmtapPacket:
    return GsmtapPacket(found.type, found.sub_type, found.payload)
