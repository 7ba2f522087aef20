"""The issuer's keys of each card, and the authority's own, by what they are for."""

from __future__ import annotations

from akis.authority.keys.derive import derive
from akis.authority.keys.master import MasterKey, MasterKeyError
from akis.errors import InvalidArgument, WrongType
from akis.secret import Secret
from akis.sm.mutual_auth import DeviceKeys, algorithm
from akis.sm.suite import Suite

SERIAL_LENGTH = 12
SECRET_LENGTH = 32
_ENC, _MAC = b"akis issuer K.ENC", b"akis issuer K.MAC"
_SERVICE = b"akis authority "


def card_keys(master: MasterKey, serial: bytes, reference: int, algorithm_reference: int) -> DeviceKeys:
    """K.ENC and K.MAC of the card with this serial number (12 bytes), to be wiped after use.

    The context of both is serial ‖ key reference ‖ algorithm, 14 bytes, so that keys of another algorithm are other
    keys. Their length is the algorithm's. Keys of 3DES (0C, 8C) are taken as they are derived: ciphers ignore the
    parity bits, and a pair of equal halves, which would be single DES, is refused with :class:`MasterKeyError`; it
    comes up once in 2^56 keys.
    """
    chosen = algorithm(algorithm_reference)
    if not isinstance(serial, bytes):
        raise WrongType(f"a serial number is bytes, not {type(serial).__name__}")
    if len(serial) != SERIAL_LENGTH:
        raise InvalidArgument(f"the serial number of a card is {SERIAL_LENGTH} bytes, not {len(serial)}")
    if type(reference) is not int:
        raise WrongType(f"a key reference is a number, not {type(reference).__name__}")
    if not 0 < reference <= 0xFF:
        raise InvalidArgument("a key reference is one byte, 01 to FF")
    context = serial + bytes([reference, chosen.reference])
    made: list[Secret] = []
    try:
        for label in (_ENC, _MAC):
            made.append(derive(master, label, context, chosen.key_length))
            if chosen.suite is Suite.TDES and _is_single_des(made[-1]):
                raise MasterKeyError("the derived 3DES key has two equal halves; give this card another algorithm")
        return DeviceKeys(reference, chosen.reference, *made)
    except BaseException:
        for key in made:
            key.wipe()
        raise


def service_secret(master: MasterKey, purpose: str) -> Secret:
    """32 bytes for one purpose of the authority's own, such as the HMACs of codes; ``purpose`` is a few ASCII words."""
    if not purpose.isascii() or not purpose.isprintable() or not purpose.strip():
        raise InvalidArgument("the purpose of a secret is a few words of ASCII")
    return derive(master, _SERVICE + purpose.encode("ascii"), b"", SECRET_LENGTH)


def _is_single_des(key: Secret) -> bool:
    """Whether K1 = K2 to the cipher, which does not look at the last bit of each byte."""
    halves = bytes(byte & 0xFE for byte in key.reveal())
    return halves[:8] == halves[8:]
