"""One authentication and one VERIFY for each algorithm, computed by hand: there is no outside judge for 8C and AES.

``exchange`` is CWA 14890-1 written down with plain cryptography calls; both sides of the toolkit must give its bytes.
"""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.sm.mutual_auth import CardAuthentication, DeviceKeys, TerminalAuthentication
from tests import by_hand

VERIFY = CommandApdu(0x00, 0x20, 0x00, 0x81, b"123456")
WRONG_PIN = ResponseApdu(sw=0x63C2)

RND_IFD, RND_ICC = bytes(range(0x10, 0x18)), bytes(range(0xF8, 0x100))
SN_IFD, SN_ICC = bytes(range(0x20, 0x28)), bytes(range(0x30, 0x38))
K_IFD, K_ICC = bytes(range(0x40, 0x60)), bytes(range(0x99, 0x79, -1))


def exchange(cipher: str, digest: str, key_length: int) -> SimpleNamespace:
    k_enc, k_mac = bytes(range(1, 1 + key_length)), bytes(range(101, 101 + key_length))

    def token(message: bytes) -> bytes:
        cryptogram = by_hand.encrypt(cipher, k_enc, message)
        return cryptogram + by_hand.mac(cipher, k_mac, by_hand.pad(cryptogram, by_hand.BLOCK[cipher]))[:8]

    shared = by_hand.xor(K_IFD, K_ICC)
    sk_enc = hashlib.new(digest, shared + b"\x00\x00\x00\x01").digest()[:key_length]
    sk_mac = hashlib.new(digest, shared + b"\x00\x00\x00\x02").digest()[:key_length]
    ssc = int.from_bytes(RND_ICC[4:] + RND_IFD[4:] if cipher == "3DES" else RND_ICC + RND_IFD, "big")
    keys = by_hand.Keys(cipher, sk_enc, sk_mac)
    return SimpleNamespace(
        k_enc=k_enc,
        k_mac=k_mac,
        token=token(RND_IFD + SN_IFD + RND_ICC + SN_ICC + K_IFD),
        answer=token(RND_ICC + SN_ICC + RND_IFD + SN_IFD + K_ICC),
        command=keys.command((ssc + 1).to_bytes(keys.block, "big"), VERIFY),
        response=keys.answer((ssc + 2).to_bytes(keys.block, "big"), b"", b"\x63\xc2"),
    )


@pytest.mark.parametrize(
    ("algorithm", "cipher", "digest", "key_length"),
    [
        pytest.param(0x0C, "3DES", "sha1", 16, id="0C"),
        pytest.param(0x8C, "3DES", "sha256", 16, id="8C"),
        pytest.param(0xAC, "AES", "sha256", 16, id="AC"),
        pytest.param(0xAD, "AES", "sha256", 24, id="AD"),
        pytest.param(0xAE, "AES", "sha256", 32, id="AE"),
    ],
)
def test_authentication_and_verify(algorithm: int, cipher: str, digest: str, key_length: int) -> None:
    expected = exchange(cipher, digest, key_length)
    keys = DeviceKeys(1, algorithm, expected.k_enc, expected.k_mac)

    terminal = TerminalAuthentication(keys, SN_IFD, SN_ICC, {8: RND_IFD, 32: K_IFD}.__getitem__)
    assert terminal.token(RND_ICC) == expected.token
    answer, card_session = CardAuthentication(keys, SN_ICC, {32: K_ICC}.__getitem__).answer(RND_ICC, expected.token)
    assert answer == expected.answer
    session = terminal.session(expected.answer)

    assert session.protect(VERIFY).to_bytes() == expected.command
    assert card_session.unprotect(CommandApdu.from_bytes(expected.command)) == VERIFY
    assert card_session.protect(WRONG_PIN).to_bytes() == expected.response
    assert session.unprotect(ResponseApdu.from_bytes(expected.response)) == WRONG_PIN
    assert session.alive
    assert card_session.alive
