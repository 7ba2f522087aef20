"""Both sides of a device authentication, and tokens by hand."""

from __future__ import annotations

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.profile.model import SmRules
from akis.sm import CardSession, SecureSession
from akis.sm.mutual_auth import ALGORITHMS, CardAuthentication, DeviceKeys, TerminalAuthentication
from tests import by_hand

RND_ICC, RND_IFD = b"card's 1", b"reader 1"
SN_ICC, SN_IFD = b"SN card.", b"SN of PC"
K_IFD, K_ICC = b"the terminal's half of a secret ", b"and the other half, by the card "

EVERY_ALGORITHM = pytest.mark.parametrize("alg", ALGORITHMS, ids=lambda alg: f"{alg:02X}")


def device_keys(alg: int, first: int = 1) -> DeviceKeys:
    length = ALGORITHMS[alg].key_length
    return DeviceKeys(2, alg, bytes(range(first, first + length)), bytes(range(first + 50, first + 50 + length)))


def terminal_side(alg: int, rules: SmRules | None = None) -> TerminalAuthentication:
    return TerminalAuthentication(device_keys(alg), SN_IFD, SN_ICC, {8: RND_IFD, 32: K_IFD}.__getitem__, rules)


def card_side(alg: int, rules: SmRules | None = None) -> CardAuthentication:
    return CardAuthentication(device_keys(alg), SN_ICC, {32: K_ICC}.__getitem__, rules)


def seal(alg: int, *fields: bytes) -> bytes:
    """A token whose cryptogram and MAC are right, whatever its fields say."""
    keys = device_keys(alg)
    return by_hand.seal(alg, keys.k_enc.reveal(), keys.k_mac.reveal(), *fields)


def assert_connected(terminal: SecureSession, card: CardSession) -> None:
    verify, wrong_pin = CommandApdu(0x00, 0x20, 0x00, 0x81, b"1234"), ResponseApdu(sw=0x63C1)
    assert card.unprotect(terminal.protect(verify)) == verify
    assert terminal.unprotect(card.protect(wrong_pin)) == wrong_pin
