"""What both sides of secure messaging have in common.

Both sides share a counter that moves by one before each cryptogram and checksum, so a session is a strict alternation.
A session that has failed once, in whatever way, is over: its contexts are dropped and nothing brings it back.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, Self

from akis.codec.apdu import MAX_NE, SM_BITS, CommandApdu
from akis.codec.sm_objects import CRYPTOGRAM, CRYPTOGRAM_TLV, PLAIN, SmObjects
from akis.errors import InvalidArgument, SecureMessagingError, WrongType
from akis.profile.model import SmRules
from akis.sm.suite import BytesLike, Encryption, Suite, pad, unpad

OBJECTS_MISSING = 0x6987
OBJECTS_WRONG = 0x6988


@dataclass(slots=True, repr=False)
class _Contexts:
    """What is left of the keys: cipher contexts."""

    encryption: Encryption
    mac: Callable[[bytes], bytes]


class Session:
    """What both sides have: keys in their contexts, the counter, the rules, and one way to die."""

    def __init__(
        self,
        suite: Suite,
        k_enc: BytesLike,
        k_mac: BytesLike,
        ssc: BytesLike,
        rules: SmRules | None = None,
    ) -> None:
        """``ssc`` is the send sequence counter before the first command: 8 bytes for 3DES, 16 for AES."""
        if not isinstance(suite, Suite):
            raise WrongType(f"the suite is a Suite, not {type(suite).__name__}")
        rules = SmRules() if rules is None else rules
        if not isinstance(rules, SmRules):
            raise WrongType(f"the rules are SmRules, not {type(rules).__name__}")
        suite.check_key("the session key for encryption", k_enc)
        suite.check_key("the session key for the MAC", k_mac)
        if not isinstance(ssc, bytes | bytearray | memoryview):
            raise WrongType(f"the send sequence counter is bytes, not {type(ssc).__name__}")
        ssc = bytes(ssc)
        if len(ssc) != suite.block:
            raise InvalidArgument(f"the send sequence counter of {suite.value} is {suite.block} bytes, not {len(ssc)}")
        self.suite = suite
        self.rules = rules
        self._block = suite.block
        self._counter = int.from_bytes(ssc, "big")
        self._expects_answer = False
        # Reached through the session alone, never held in a variable: what a traceback keeps alive has no way to them.
        self._contexts: _Contexts | None = _Contexts(suite.encryption(k_enc), suite.mac(k_mac))

    @property
    def alive(self) -> bool:
        """Whether it can still protect and open messages."""
        return self._contexts is not None

    @property
    def ssc(self) -> bytes:
        """The send sequence counter as it stands: that of the last message."""
        return self._counter.to_bytes(self._block, "big")

    def close(self) -> None:
        """End the session; its keys are gone. Closing twice does nothing."""
        self._contexts = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.suite.value}, {'alive' if self.alive else 'over'})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise WrongType("a secure session is not copied or pickled")

    @property
    def _keyed(self) -> _Contexts:
        if self._contexts is None:
            raise SecureMessagingError("the session is over")
        return self._contexts

    @contextmanager
    def _step(self) -> Iterator[None]:
        """Move the counter; whatever goes wrong from here on, any exception included, ends the session."""
        self._counter = (self._counter + 1) % (1 << 8 * self._block)  # wraps to zero
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _check_turn(self, of_answer: bool) -> None:
        """Commands and their answers alternate; whoever breaks the turn ends the session."""
        if not self.alive:
            raise SecureMessagingError("the session is over")
        if self._expects_answer is not of_answer:
            out_of_turn = (
                "an answer without a command" if of_answer else "a second command before the answer to the first"
            )
            raise self._refuse(out_of_turn, None if of_answer else OBJECTS_WRONG)

    def _refuse(self, reason: str, sw: int | None = None) -> SecureMessagingError:
        self.close()
        return SecureMessagingError(reason, sw)

    def _command_checksum(self, header: bytes, covered: bytes) -> bytes:
        """DO'8E' of a command: over counter, padded header, objects (ISO/IEC 7816-4:2005 §6.2.3, ICAO 9303-11 §9.8)."""
        message = self.ssc + pad(header, self._block)
        if covered:
            message = pad(message + covered, self._block)
        elif self.rules.case1_padding == "double":
            message = pad(message, self._block)
        return self._keyed.mac(message)[: self.rules.mac_length]

    def _answer_checksum(self, covered: bytes) -> bytes:
        return self._keyed.mac(pad(self.ssc + covered, self._block))[: self.rules.mac_length]

    def _check(self, objects: SmObjects, expected: bytes) -> None:
        """Compare the checksum; takes the same time wherever the bytes differ."""
        if len(objects.checksum) != len(expected):
            raise SecureMessagingError("checksum has the wrong length", OBJECTS_WRONG)
        if not hmac.compare_digest(objects.checksum, expected):
            raise SecureMessagingError("checksum differs", OBJECTS_WRONG)

    def _open(self, objects: SmObjects, odd_ins: bool) -> bytes:
        """The plain data of authenticated objects."""
        if not objects.tag:
            return b""
        if objects.tag == PLAIN:
            return objects.value
        # ISO/IEC 7816-4:2005 §6.2.2, table 29: BER-TLV data of odd instructions in DO'85', all else in DO'87'.
        if (objects.tag == CRYPTOGRAM_TLV) is not odd_ins:
            raise SecureMessagingError("cryptogram in the wrong data object", OBJECTS_MISSING)
        if not objects.value or len(objects.value) % self._block:
            raise SecureMessagingError("cryptogram is not whole blocks", OBJECTS_WRONG)
        try:
            return unpad(self._keyed.encryption.decrypt(objects.value, self.ssc), self._block)
        except ValueError:
            raise SecureMessagingError("padding inside the cryptogram is wrong", OBJECTS_WRONG) from None

    def _cryptogram(self, data: bytes, odd_ins: bool) -> tuple[int, bytes]:
        """Tag and value of the object that carries ``data``."""
        return CRYPTOGRAM_TLV if odd_ins else CRYPTOGRAM, self._keyed.encryption.encrypt(
            pad(data, self._block), self.ssc
        )

    def _plain_command(self, command: CommandApdu, objects: SmObjects, odd_ins: bool) -> CommandApdu:
        """The command as the terminal had it before it was protected, from objects that are authenticated."""
        data = self._open(objects, odd_ins)
        ne = None
        wide = False
        if objects.second is not None:
            if not 1 <= len(objects.second) <= 2:
                raise SecureMessagingError("DO'97' is not one or two bytes", OBJECTS_WRONG)
            wide = len(objects.second) == 2
            ne = int.from_bytes(objects.second, "big") or (MAX_NE if wide else 0x100)
        # Extended length fields outside that neither the objects nor the rules ask for were the plain command's own.
        asked_for = len(command.data) > 0xFF or (self.rules.extend == "with_le" and ne is not None)
        extended = wide or (command.extended and not asked_for)
        return CommandApdu(command.cla & ~SM_BITS, command.ins, command.p1, command.p2, data, ne, extended)
