"""Messages of a secure session, good and bad, for tests of what it must not accept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import AkisError
from akis.sm import Suite
from tests.by_hand import Keys, encrypt, iv, tlv
from tests.sessions import SUITES, Pair

READ = CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=256)
READ_ODD = READ.replace(ins=0xB1)
WRITE = CommandApdu(0x00, 0xD6, 0x00, 0x00, b"PIN 27182818", ne=256)
DATA = b"PIN 31415926"
SW = b"\x90\x00"
STATUS = tlv(0x99, SW)

TWO_SUITES = pytest.mark.parametrize("kind", [(Suite.TDES, 16), (Suite.AES, 32)], ids=["3DES", "AES-256"])
ALL_SUITES = pytest.mark.parametrize("kind", SUITES)


def assert_shows_nothing(error: AkisError, pair: Pair, message: bytes) -> None:
    shown = f"{error} {error!r} {vars(error)!r}"
    for hidden in (DATA, WRITE.data, pair.k_enc, pair.k_mac, message):
        if len(hidden) >= 4:
            assert hidden.hex() not in shown.lower().replace(" ", "")
            assert repr(hidden)[2:-1] not in shown
    # Neither does anything that an unhandled error would print with it.
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


def foreign_keys(pair: Pair) -> list[Keys]:
    """Keys of which one or both are not those of the session."""
    pairs = (pair.k_enc, pair.k_enc), (pair.k_mac, pair.k_enc), (bytes(pair.key_length), pair.k_mac)
    return [Keys(pair.suite.value, *keys) for keys in pairs]


def good_answer(pair: Pair, data: bytes = DATA) -> ResponseApdu:
    return ResponseApdu.from_bytes(pair.by_hand.answer(pair.ssc(2), data, SW))


def good_command(pair: Pair, plain: CommandApdu = WRITE) -> CommandApdu:
    return CommandApdu.from_bytes(pair.by_hand.command(pair.ssc(1), plain))


def cryptogram(keys: Keys, ssc: bytes, padded: bytes, before: bytes = b"\x01") -> bytes:
    """DO'87' of what is not padded as it should be, or has another indicator."""
    return tlv(0x87, before + encrypt(keys.cipher, keys.k_enc, padded, iv(keys.cipher, keys.k_enc, ssc)))


def good_cryptogram(keys: Keys, ssc: bytes) -> bytes:
    return keys.cryptogram(ssc, DATA)


PADDED = DATA + b"\x80\x00\x00\x00"


BAD_CHECKSUMS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "none": lambda objects, mac: objects,
    "first": lambda objects, mac: tlv(0x8E, mac) + objects,
    "twice": lambda objects, mac: objects + tlv(0x8E, mac) * 2,
    "not last": lambda objects, mac: objects + tlv(0x8E, mac) + STATUS,
    "empty": lambda objects, mac: objects + tlv(0x8E, b""),
    "one byte": lambda objects, mac: objects + tlv(0x8E, mac[:1]),
    "four bytes": lambda objects, mac: objects + tlv(0x8E, mac[:4]),
    "a byte short": lambda objects, mac: objects + tlv(0x8E, mac[:7]),
    "a byte long": lambda objects, mac: objects + tlv(0x8E, mac + b"\x00"),
    "zeros": lambda objects, mac: objects + tlv(0x8E, bytes(8)),
    "in a length longer than needed": lambda objects, mac: objects + b"\x8e\x81\x08" + mac,
    "in another object": lambda objects, mac: objects + tlv(0x8F, mac),
}
