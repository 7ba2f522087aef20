"""DIRECTORY of AKİS 1.0, ``80 18 00 00``: the files below the current DF, as open code reads it."""

from __future__ import annotations

from dataclasses import dataclass

from akis.codec.apdu import CommandApdu
from akis.errors import CodecError

DIRECTORY = 0x18
_CLA = 0x80
_ENTRY = 20
_KINDS = {0x2F: False, 0x3D: True}


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One file: its identifier; whether it is a DF, None where its first byte is neither 2F nor 3D.

    ``rest`` is the other 17 bytes, of which nothing is public.
    """

    fid: int
    is_df: bool | None
    rest: bytes

    def to_bytes(self) -> bytes:
        """Twenty bytes, as :func:`entries` reads them; an entry of unknown kind gets 00 for its first."""
        kind = next((byte for byte, is_df in _KINDS.items() if is_df is self.is_df), 0x00)
        return bytes((kind,)) + self.fid.to_bytes(2, "big") + self.rest


def directory() -> CommandApdu:
    """DIRECTORY of the current DF."""
    return CommandApdu(_CLA, DIRECTORY, 0x00, 0x00, ne=0x100)


def entries(answer: bytes) -> tuple[DirectoryEntry, ...]:
    """What DIRECTORY answered; :class:`CodecError` where that is not whole entries."""
    if len(answer) % _ENTRY:
        raise CodecError(f"DIRECTORY answers entries of {_ENTRY} bytes, not {len(answer)} bytes", len(answer))
    return tuple(_entry(answer[start : start + _ENTRY]) for start in range(0, len(answer), _ENTRY))


def _entry(raw: bytes) -> DirectoryEntry:
    return DirectoryEntry(int.from_bytes(raw[1:3], "big"), _KINDS.get(raw[0]), raw[3:])
