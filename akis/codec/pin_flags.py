"""What AKİS 1.0 says of a PIN in tag 90 of a DF's file control information: flags, and no counter."""

from __future__ import annotations

from dataclasses import dataclass

from akis.codec.fci import FCI, FCP
from akis.codec.tlv import find, parse
from akis.errors import CodecError

_TAG = 0x90
# As open code that talked to such cards has them; ISO/IEC 7816-4 leaves the tag free.
_NAMES = {
    0x01: "encrypted",
    0x02: "valid",
    0x04: "PIN needed",
    0x08: "new PIN",
    0x10: "read",
    0x20: "write",
    0x40: "wrong PIN entered once",
    0x80: "last try",
}
_WRONG_ONCE, _LAST_TRY = 0x40, 0x80


@dataclass(frozen=True, slots=True)
class PinFlags:
    """The flags of one DF, a byte from 00 to FF."""

    byte: int

    @classmethod
    def from_fci(cls, raw: bytes) -> PinFlags:
        """The flags in what SELECT answered; :class:`CodecError` where they are not there once, as one byte."""
        objects = parse(raw)
        if len(objects) != 1 or objects[0].tag not in (FCI, FCP):
            raise CodecError("file control information is one template, 62 or 6F", 0)
        inner = objects[0].children
        found = find(inner, _TAG)
        if found is None or len(found.value) != 1 or sum(item.tag == _TAG for item in inner) > 1:
            raise CodecError("tag 90 of file control information is not one byte, once")
        return cls(found.value[0])

    @property
    def names(self) -> tuple[str, ...]:
        """Every flag that is set, in words, lowest bit first."""
        return tuple(name for bit, name in _NAMES.items() if self.byte & bit)

    @property
    def tries_left(self) -> int | None:
        """1 at the last try, where a blocked PIN may say so too: it has no flag of its own. None for everything else.

        Neither the full number nor how many wrong ones come before the last is public, so none follows from a wrong PIN
        entered once, nor from no flag at all.
        """
        return 1 if self.byte & _LAST_TRY else None

    @property
    def wrong_entered(self) -> bool:
        """Whether a wrong PIN was entered and no right one since, as far as the flags tell."""
        return bool(self.byte & (_WRONG_ONCE | _LAST_TRY))
