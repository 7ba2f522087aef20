"""MSE SET, GET CHALLENGE, MUTUAL AUTHENTICATE (ISO/IEC 7816-4:2005 §7.5), as in CWA 14890-1 device authentication."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu
from akis.codec.tlv import Tlv, build, parse
from akis.errors import CodecError, InvalidArgument

MSE = 0x22
GET_CHALLENGE = 0x84
MUTUAL_AUTHENTICATE = 0x82
ALGORITHM = 0x80
KEY = 0x83


def mse_set_authentication(algorithm: int, key: int) -> CommandApdu:
    """MSE SET of the control reference template A4 for mutual authentication: algorithm and key reference."""
    template = build([Tlv(ALGORITHM, _byte("an algorithm", algorithm)), Tlv(KEY, _byte("a key", key))])
    return CommandApdu(0x00, MSE, 0xC1, 0xA4, template)


def chosen_keys(command: CommandApdu) -> tuple[int, int] | None:
    """Algorithm and key reference that an MSE SET for mutual authentication chooses; None for any other command."""
    if (command.ins, command.p1, command.p2) != (MSE, 0xC1, 0xA4):
        return None
    try:
        found = {item.tag: item.value for item in parse(command.data)}
    except CodecError:
        return None
    algorithm, key = found.get(ALGORITHM, b""), found.get(KEY, b"")
    return (algorithm[0], key[0]) if len(algorithm) == len(key) == 1 else None


def get_challenge(length: int = 8) -> CommandApdu:
    """GET CHALLENGE: that many random bytes from the card, for the next authentication."""
    return CommandApdu(0x00, GET_CHALLENGE, 0x00, 0x00, ne=length)


def mutual_authenticate(token: bytes) -> CommandApdu:
    """MUTUAL AUTHENTICATE with the terminal's token; the card's, of the same length, comes back."""
    if not token:
        raise InvalidArgument("MUTUAL AUTHENTICATE carries a token")
    return CommandApdu(0x00, MUTUAL_AUTHENTICATE, 0x00, 0x00, token, len(token))


def _byte(what: str, reference: int) -> bytes:
    if not isinstance(reference, int) or not 0 <= reference <= 0xFF:
        raise InvalidArgument(f"{what} reference is one byte")
    return bytes((reference,))
