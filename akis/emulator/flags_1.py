"""The byte in tag 90 of an FCI of AKİS 1.0, and in P2 where it makes a file, as open code names its bits."""

from __future__ import annotations

from enum import IntFlag


class Flags(IntFlag):
    """``READ`` and ``WRITE`` say what ``PIN_NEEDED`` is about (assumed)."""

    VALID = 0x02
    PIN_NEEDED = 0x04
    NEW_PIN = 0x08
    READ = 0x10
    WRITE = 0x20
    WRONG_ONCE = 0x40
    LAST_TRY = 0x80
