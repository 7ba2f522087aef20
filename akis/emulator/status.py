"""The status words the emulated card answers, by name, and the way a command's handler gives one up."""

from __future__ import annotations

from akis.codec.apdu import ResponseApdu

MORE = 0x6100
WRONG_LENGTH = 0x6700
CHANNEL_NOT_SUPPORTED = 0x6881
SM_NOT_SUPPORTED = 0x6882
CHAIN_END_EXPECTED = 0x6883
SECURITY_STATUS = 0x6982
BLOCKED = 0x6983
NOT_USABLE = 0x6984
CONDITIONS = 0x6985
NO_CURRENT_EF = 0x6986
WRONG_STRUCTURE = 0x6981
WRONG_DATA = 0x6A80
NOT_SUPPORTED = 0x6A81
FILE_NOT_FOUND = 0x6A82
RECORD_NOT_FOUND = 0x6A83
NO_SPACE = 0x6A84
WRONG_P1P2 = 0x6A86
NOT_FOUND = 0x6A88
FILE_EXISTS = 0x6A89
OUTSIDE_FILE = 0x6B00
WRONG_LE = 0x6C00
UNKNOWN_INS = 0x6D00
UNKNOWN_CLA = 0x6E00
AUTHENTICATION_FAILED = 0x6300
TRIES = 0x63C0
END_OF_FILE = 0x6282

DONE = ResponseApdu()


class Refuse(Exception):
    """Ends the handling of a command with this status word."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


def require(condition: object, sw: int) -> None:
    """Refuse with ``sw`` unless the condition holds."""
    if not condition:
        raise Refuse(sw)
