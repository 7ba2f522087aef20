"""Status words SW1-SW2: their value, what they say of tries, and their meaning in words."""

from __future__ import annotations

from collections.abc import Mapping

STANDARD_WORDS: Mapping[str, str] = {
    "9000": "done",
    "61xx": "done, more data to fetch with GET RESPONSE",
    "6281": "part of the returned data may be corrupted",
    "6282": "end of file reached before Ne bytes were read",
    "6283": "selected file deactivated",
    "6284": "file control information not formatted as it should be",
    "6285": "selected file in termination state",
    "6286": "no input data available from a sensor on the card",
    "62xx": "warning, memory unchanged",
    "6300": "failed, no counter given",
    "6381": "file filled up by the last write",
    "63Cx": "failed, x tries left",
    "63xx": "warning, memory changed",
    "6401": "immediate response required by the card",
    "64xx": "execution error, memory unchanged",
    "6581": "memory failure",
    "65xx": "execution error, memory changed",
    "66xx": "security-related issue",
    "67xx": "wrong length",
    "6881": "logical channel not supported",
    "6882": "secure messaging not supported",
    "6883": "last command of the chain expected",
    "6884": "command chaining not supported",
    "68xx": "function in CLA not supported",
    "6981": "command incompatible with file structure",
    "6982": "security status not satisfied",
    "6983": "authentication method blocked",
    "6984": "reference data not usable",
    "6985": "conditions of use not satisfied",
    "6986": "command not allowed, no current EF",
    "6987": "expected secure messaging data objects missing",
    "6988": "secure messaging data objects incorrect",
    "69xx": "command not allowed",
    "6A80": "incorrect parameters in the command data field",
    "6A81": "function not supported",
    "6A82": "file or application not found",
    "6A83": "record not found",
    "6A84": "not enough memory space in the file",
    "6A85": "Nc inconsistent with TLV structure",
    "6A86": "incorrect parameters P1-P2",
    "6A87": "Nc inconsistent with parameters P1-P2",
    "6A88": "referenced data or reference data not found",
    "6A89": "file already exists",
    "6A8A": "DF name already exists",
    "6Axx": "wrong parameters P1-P2",
    "6B00": "wrong parameters P1-P2 (offset outside the file)",
    "6Bxx": "wrong parameters P1-P2",
    "6Cxx": "wrong Le, xx bytes are available",
    "6Dxx": "instruction not supported",
    "6Exx": "class not supported",
    "6Fxx": "no precise diagnosis",
}
"""ISO/IEC 7816-4:2005 §5.1.3, tables 5 and 6. Keys are four hex digits; "x" stands for any digit, and the more precise
key counts."""


class StatusWord(int):
    """SW1-SW2 as one number from 0 to FFFF; prints as four hex digits.

    >>> StatusWord(0x63C2).tries_left
    2
    """

    __slots__ = ()

    @property
    def ok(self) -> bool:
        """Whether the command was done without any warning: 9000 and nothing else."""
        return self == 0x9000

    @property
    def nothing_done(self) -> bool:
        """Whether it says that the command was refused and the memory is as it was (ISO/IEC 7816-4:2005 §5.1.3).

        Checking errors 67 to 6E and execution errors 64 do. Warnings, 65 (memory changed), 66 and 6F (no precise
        diagnosis) do not.
        """
        return self >> 8 == 0x64 or 0x67 <= self >> 8 <= 0x6E

    @property
    def tries_left(self) -> int | None:
        """X of 63CX (ISO/IEC 7816-4 §5.1.3); None for every other status word."""
        return self & 0x0F if self & 0xFFF0 == 0x63C0 else None

    def meaning(self, card_table: Mapping[str, str] | None = None) -> str:
        """What the word says, in words.

        ``card_table`` has the same form as the generic table (``"6406"``, ``"64xx"``) and comes before it: a card's
        own meaning is more precise than the standard's.
        """
        for table in (card_table or {}, STANDARD_WORDS):
            for pattern in self._patterns():
                if pattern in table:
                    return self._filled(pattern, table[pattern])
        return "unknown status word"

    def _patterns(self) -> tuple[str, str, str]:
        digits = str(self)
        return digits, digits[:3] + "x", digits[:2] + "xx"

    def _filled(self, pattern: str, text: str) -> str:
        if pattern == "63Cx":
            left = self & 0x0F
            return text.replace("x tries", f"{left} {'try' if left == 1 else 'tries'}")
        if pattern == "6Cxx":
            return text.replace("xx bytes", f"{self & 0xFF or 256} bytes")
        return text

    def __str__(self) -> str:
        return f"{int(self):04X}"

    def __repr__(self) -> str:
        return f"StatusWord(0x{int(self):04X})"


OK = StatusWord(0x9000)
