"""The card's security status, and device authentication that changes it."""

from __future__ import annotations

from collections.abc import Callable

from akis.codec import tlv
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.commands.security import ALGORITHM, KEY
from akis.emulator.personality import Personality
from akis.emulator.status import (
    AUTHENTICATION_FAILED,
    CONDITIONS,
    DONE,
    NOT_FOUND,
    WRONG_DATA,
    WRONG_LE,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refuse,
    require,
)
from akis.errors import CodecError, SecureMessagingError
from akis.sm.card import CardSession
from akis.sm.mutual_auth import NONCE_LENGTH, TOKEN_LENGTH, CardAuthentication, DeviceKeys, serial_to_sn


class SecurityStatus:
    """What ends at reset: verified references, the role, the session, and what an authentication has got ready."""

    def __init__(self, personality: Personality, random: Callable[[int], bytes]) -> None:
        self._personality = personality
        self._random = random
        self._keys = {key.reference: key for key in personality.keys}
        self.verified: set[int] = set()
        self.role: str | None = None
        self.session: CardSession | None = None
        self._chosen: DeviceKeys | None = None
        self._challenge: bytes | None = None
        self._after: Callable[[], None] | None = None

    def reset(self) -> None:
        """Forget everything."""
        self.verified.clear()
        self._chosen = None
        self._challenge = None
        self._after = None
        self.end_session()

    def end_session(self) -> None:
        """Session and role are gone; what is verified stays."""
        if self.session is not None:
            self.session.close()
        self.session = None
        self.role = None

    def answered(self) -> None:
        """Do what had to wait for the answer: it still goes out under the session that its command came in."""
        after, self._after = self._after, None
        if after is not None:
            after()

    def mse_set(self, command: CommandApdu) -> ResponseApdu:
        """MSE SET of A4: choose key and algorithm for the next MUTUAL AUTHENTICATE."""
        require((command.p1, command.p2) == (0xC1, 0xA4), WRONG_P1P2)
        try:
            found = tlv.parse(command.data)
        except CodecError:
            raise Refuse(WRONG_DATA) from None
        objects = {item.tag: item.value for item in found}
        each_once = len(found) == 2 and set(objects) == {ALGORITHM, KEY}
        require(each_once and all(len(value) == 1 for value in objects.values()), WRONG_DATA)
        key = self._keys.get(objects[KEY][0])
        if key is None:
            raise Refuse(NOT_FOUND)
        require(objects[ALGORITHM][0] in key.algorithms, WRONG_DATA)
        if self._chosen is not None and self._chosen.reference != key.reference:
            self._after = self.end_session
        self._chosen = key.device_keys(objects[ALGORITHM][0])
        return DONE

    def get_challenge(self, command: CommandApdu) -> ResponseApdu:
        """GET CHALLENGE: eight random bytes that serve one authentication."""
        require((command.p1, command.p2) == (0, 0), WRONG_P1P2)
        if command.data or command.ne is None:
            raise Refuse(WRONG_LENGTH)
        require(command.ne >= NONCE_LENGTH, WRONG_LE | NONCE_LENGTH)
        self._challenge = self._random(NONCE_LENGTH)
        return ResponseApdu(self._challenge)

    def mutual_authenticate(self, command: CommandApdu) -> ResponseApdu:
        """MUTUAL AUTHENTICATE: both tokens checked, a session and the key's role. The challenge is spent either way."""
        require((command.p1, command.p2) == (0, 0), WRONG_P1P2)
        challenge, self._challenge = self._challenge, None
        if self._chosen is None or challenge is None:
            raise Refuse(CONDITIONS)
        self._after = self.end_session
        require(len(command.data) == TOKEN_LENGTH and command.ne, WRONG_LENGTH)
        require((command.ne or 0) >= TOKEN_LENGTH, WRONG_LE | TOKEN_LENGTH)
        own = CardAuthentication(
            self._chosen, serial_to_sn(self._personality.serial), self._random, self._personality.secure_messaging
        )
        try:
            answer, session = own.answer(challenge, command.data)
        except SecureMessagingError:
            raise Refuse(AUTHENTICATION_FAILED) from None
        role = self._keys[self._chosen.reference].role

        def start() -> None:
            self.end_session()
            self.session, self.role = session, role

        self._after = start
        return ResponseApdu(answer)
