"""What reading and updating a file needs: security attributes in compact form (ISO/IEC 7816-4:2005 §5.4.3)."""

from __future__ import annotations

from dataclasses import dataclass

_PROPRIETARY = 0x80
_UPDATE, _READ = 1, 0
_ALWAYS, _NEVER = 0x00, 0xFF
_ALL_OF_THEM = 0x80
_NOT_SAID = "not said"
_CONDITIONS = ((0x40, "SM"), (0x20, "external authentication"), (0x10, "PIN"))


@dataclass(frozen=True, slots=True)
class FileAccess:
    """The conditions of reading and updating an EF, in words: ``always``, ``never``, ``PIN``, ``SM and PIN`` …

    A condition that the card does not give is ``not said``.
    """

    read: str
    update: str

    @classmethod
    def from_compact(cls, raw: bytes) -> FileAccess | None:
        """Read an access mode byte and its security condition bytes; None where they are not those of one EF.

        Security attributes are for the card to apply: what cannot be read here is no error.
        """
        if not raw or raw[0] & _PROPRIETARY:
            return None
        # ISO/IEC 7816-4:2005 §5.4.3.1: a condition for each bit that is set, that of the highest bit first.
        modes = [bit for bit in range(6, -1, -1) if raw[0] >> bit & 1]
        if len(raw) != 1 + len(modes):
            return None  # several access mode bytes, or a cut
        words = dict(zip(modes, map(_in_words, raw[1:]), strict=True))
        return cls(words.get(_READ, _NOT_SAID), words.get(_UPDATE, _NOT_SAID))


def _in_words(condition: int) -> str:
    # The security condition byte: bits 7 to 5 name conditions, bit 8 says whether all of them or one is enough.
    if condition in (_ALWAYS, _NEVER):
        return "always" if condition == _ALWAYS else "never"
    named = [name for bit, name in _CONDITIONS if condition & bit]
    if not named:
        return f"condition {condition:02X}"
    environment = condition & 0x0F
    said = (" and " if condition & _ALL_OF_THEM else " or ").join(named)
    return f"{said} (environment {environment})" if environment else said


def compact(read: int, update: int) -> bytes:
    """The compact form for an EF that is read and updated under these conditions: 00 always, FF never, 90 PIN."""
    return bytes((1 << _UPDATE | 1 << _READ, update, read))
