"""Pairs of sessions for tests: a terminal, its card, and the same keys by hand as their judge."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import SecureMessagingError
from akis.profile.model import SmRules
from akis.sm import CardSession, SecureSession, Suite
from tests.by_hand import Keys

SUITES = [pytest.param((suite, n), id=f"{suite.value}-{8 * n}") for suite in Suite for n in suite.key_lengths]
"""Every suite with every key length it takes, as arguments of a Pair."""

START = 0x1A2B3C4D5E6F7081
"""The counter before the first command."""


@dataclass
class Pair:
    """Keys, counter and rules that several sessions start from."""

    suite: Suite = Suite.AES
    key_length: int = 16
    rules: SmRules = field(default_factory=SmRules)
    start: int = START

    @property
    def k_enc(self) -> bytes:
        return bytes(range(0xA0, 0xA0 + self.key_length))

    @property
    def k_mac(self) -> bytes:
        return bytes(range(0xD0, 0xD0 + self.key_length))

    @property
    def by_hand(self) -> Keys:
        return Keys(self.suite.value, self.k_enc, self.k_mac)

    def ssc(self, step: int) -> bytes:
        """The counter ``step`` messages after the start: 1 is the first command, 2 its answer."""
        return ((self.start + step) % (1 << 8 * self.suite.block)).to_bytes(self.suite.block, "big")

    def terminal(self, step: int = 0) -> SecureSession:
        return SecureSession(self.suite, self.k_enc, self.k_mac, self.ssc(step), self.rules)

    def card(self, step: int = 0) -> CardSession:
        return CardSession(self.suite, self.k_enc, self.k_mac, self.ssc(step), self.rules)


def contexts(session: SecureSession | CardSession) -> list[object]:
    """The cipher and MAC objects that a session holds."""
    held = [*vars(session).values(), *(getattr(session._contexts, name, None) for name in ("encryption", "mac"))]
    return [value for value in held if type(value).__module__ == "akis.sm.suite" and not isinstance(value, Suite)]


def assert_over(session: SecureSession | CardSession) -> None:
    """It holds no context any more, refuses both directions, and its counter stands still."""
    assert not session.alive
    assert not contexts(session)
    counter = session.ssc
    command, answer = CommandApdu(0x0C, 0x20, 0x00, 0x81), ResponseApdu()
    if isinstance(session, SecureSession):
        calls = partial(session.protect, command.replace(cla=0x00)), partial(session.unprotect, answer)
    else:
        calls = partial(session.unprotect, command), partial(session.protect, answer)
    for call in calls:
        with pytest.raises(SecureMessagingError, match="the session is over"):
            call()
    assert session.ssc == counter


CASES = {
    "1": CommandApdu(0x00, 0x20, 0x00, 0x81),
    "2S": CommandApdu(0x00, 0xB0, 0x00, 0x04, ne=16),
    "3S": CommandApdu(0x80, 0x2C, 0x02, 0x81, b"12345678"),
    "4S": CommandApdu(0x10, 0xCA, 0x3F, 0xFF, b"\x4d\x02\x7f\x60", ne=256),
    "2E": CommandApdu(0x00, 0xB0, 0x00, 0x04, ne=200, extended=True),
    "3E": CommandApdu(0x03, 0xD6, 0x00, 0x04, bytes(range(250)), extended=True),
    "4E": CommandApdu(0x00, 0x2A, 0x9E, 0x9A, bytes(range(256)) * 2, ne=65536),
}
"""One command for each of the seven encodings."""
