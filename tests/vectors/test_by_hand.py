"""One authentication and one VERIFY for each algorithm, computed by hand: there is no outside judge for 8C and AES.

``exchange`` follows CWA 14890-1 with plain cryptography calls; both sides of the toolkit must give its bytes.
"""

from __future__ import annotations

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


def exchange(algorithm: int) -> SimpleNamespace:
    key_length = by_hand.ALGORITHMS[algorithm].key_length
    k_enc, k_mac = bytes(range(1, 1 + key_length)), bytes(range(101, 101 + key_length))
    keys, ssc = by_hand.session(algorithm, by_hand.xor(K_IFD, K_ICC), RND_ICC, RND_IFD)
    return SimpleNamespace(
        k_enc=k_enc,
        k_mac=k_mac,
        token=by_hand.seal(algorithm, k_enc, k_mac, RND_IFD, SN_IFD, RND_ICC, SN_ICC, K_IFD),
        answer=by_hand.seal(algorithm, k_enc, k_mac, RND_ICC, SN_ICC, RND_IFD, SN_IFD, K_ICC),
        command=keys.command((ssc + 1).to_bytes(keys.block, "big"), VERIFY),
        response=keys.answer((ssc + 2).to_bytes(keys.block, "big"), b"", b"\x63\xc2"),
    )


@pytest.mark.parametrize("algorithm", by_hand.ALGORITHMS, ids=lambda algorithm: f"{algorithm:02X}")
def test_authentication_and_verify(algorithm: int) -> None:
    expected = exchange(algorithm)
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
