"""A command and its answer as one piece, as T=0 has them on the line and SIM tracers keep them; and the two cut again.

The piece is CLA INS P1 P2 P3, data of the command, data of the answer, status word. P3 counts the data of the command
or, where it has none, of the answer; there is no other length (ISO/IEC 7816-3:2006 §10.3.2, ETSI TS 102 221 §7.3.1).
Lengths that do not fit into P3 stand as extended fields, 00 and two bytes, in its place.
"""

from __future__ import annotations

from akis.codec.apdu import SM_BITS, CommandApdu
from akis.errors import CodecError

# Commands that send no data when they are plain (ISO/IEC 7816-4:2005 §7, ETSI TS 102 221 table 10.5).
_OUTGOING = frozenset((0x12, 0x70, 0x84, 0xB0, 0xB2, 0xC0, 0xCA, 0xF2))
_SHORT = 0xFF
_ALL = 0x100


def joined(command: bytes, answer: bytes) -> bytes:
    """One piece of a command, at least its header, and an answer, at least its status word.

    Of a command that is no APDU only the header is there.
    """
    header, got = command[:4], len(answer) - 2
    try:
        sent = CommandApdu.from_bytes(command)
    except CodecError:
        sent = CommandApdu(*header)
    if len(sent.data) > _SHORT:
        length = b"\x00" + len(sent.data).to_bytes(2, "big")
    elif sent.data:
        length = bytes((len(sent.data),))
    elif got <= _ALL:
        # T=0 asks again with what there is (6CXX), so P3 is what came, whatever Le was.
        length = bytes((got & _SHORT,))
    else:
        length = b"\x00" + (0 if sent.ne is None else sent.ne & 0xFFFF).to_bytes(2, "big")
    return header + length + sent.data + answer


def shortened(piece: bytes) -> bytes:
    """Header and status word of a piece that is too long for where it goes."""
    return piece[:4] + b"\x00" + piece[-2:]


def cut(piece: bytes) -> tuple[bytes, bytes] | None:
    """Command APDU and answer of one piece, None where it is none; where the cut lies is a conclusion.

    - A status word is 61XX to 6FXX or 9XXX.
    - Data that is just as long as P3 says is the answer's where the instruction is one that fetches data and was not
      refused, else the command's. Secure messaging always has data in the command.
    - Data that is shorter is the answer's, of longer data what P3 says is the command's.
    - P3 = 00 is 256 bytes of answer at most; longer data begins with an extended length.
    - Without any data, P3 = 00 is a command without Le unless its instruction fetches data.
    - A command with data has no Le on the line. It gets 00 where data came back, and none where not.
    """
    if len(piece) < 6 or not _is_status(piece[-2]):
        return None
    header, body, sw = piece[:4], piece[5:-2], piece[-2:]
    if len(piece) == 6:
        return header, sw
    p3 = piece[4]
    fetches = piece[1] in _OUTGOING and not piece[0] & SM_BITS
    if not p3 and len(body) > _ALL:
        return _cut_extended(header, body, sw, fetches)
    if not body and not p3:
        return (header + b"\x00" if fetches else header), sw
    if not body and not fetches:
        return header, sw  # refused before it sent its data
    refused = 0x64 <= sw[0] <= 0x6F
    if not p3 or len(body) < p3 or (len(body) == p3 and fetches and not refused):
        return piece[:5], body + sw
    return piece[: 5 + p3] + (b"\x00" if len(body) > p3 else b""), body[p3:] + sw


def _cut_extended(header: bytes, body: bytes, sw: bytes, fetches: bool) -> tuple[bytes, bytes]:
    length, rest = int.from_bytes(body[:2], "big"), body[2:]
    if fetches or not _SHORT < length <= len(rest):
        return header + b"\x00" + body[:2], rest + sw
    answer = rest[length:]
    return header + b"\x00" + body[: 2 + length] + (b"\x00\x00" if answer else b""), answer + sw


def _is_status(first: int) -> bool:
    """SW1 (ISO/IEC 7816-4:2005 §5.1.3); 60 is a procedure byte of T=0."""
    return 0x61 <= first <= 0x6F or 0x90 <= first <= 0x9F
