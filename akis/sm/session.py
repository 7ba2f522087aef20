"""Secure messaging: a command protected, its answer authenticated and opened, and the card's side of the same.

Both sides share a counter that moves by one before each cryptogram and checksum, so a session is a strict alternation.
A session that has failed once, in whatever way, is over: its contexts are dropped and nothing brings it back.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, Self

from akis.codec.apdu import MAX_DATA, MAX_NE, SM_BITS, CommandApdu, ResponseApdu
from akis.codec.sm_objects import (
    COMMAND_OBJECTS,
    CRYPTOGRAM,
    CRYPTOGRAM_TLV,
    PLAIN,
    RESPONSE_OBJECTS,
    SmGrammarError,
    SmObjects,
    with_checksum,
)
from akis.errors import CodecError, InvalidArgument, SecureMessagingError, WrongType
from akis.profile.model import SmRules
from akis.sm.suite import BytesLike, Encryption, Suite, pad, unpad

_OBJECTS_MISSING = 0x6987
_OBJECTS_WRONG = 0x6988


@dataclass(slots=True, repr=False)
class _Contexts:
    """What is left of the keys: cipher contexts."""

    encryption: Encryption
    mac: Callable[[bytes], bytes]


class _Session:
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
            raise self._refuse(out_of_turn, None if of_answer else _OBJECTS_WRONG)

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
            raise SecureMessagingError("checksum has the wrong length", _OBJECTS_WRONG)
        if not hmac.compare_digest(objects.checksum, expected):
            raise SecureMessagingError("checksum differs", _OBJECTS_WRONG)

    def _open(self, objects: SmObjects, odd_ins: bool) -> bytes:
        """The plain data of authenticated objects."""
        if not objects.tag:
            return b""
        if objects.tag == PLAIN:
            return objects.value
        # ISO/IEC 7816-4:2005 §6.2.2, table 29: BER-TLV data of odd instructions in DO'85', all else in DO'87'.
        if (objects.tag == CRYPTOGRAM_TLV) is not odd_ins:
            raise SecureMessagingError("cryptogram in the wrong data object", _OBJECTS_MISSING)
        if not objects.value or len(objects.value) % self._block:
            raise SecureMessagingError("cryptogram is not whole blocks", _OBJECTS_WRONG)
        try:
            return unpad(self._keyed.encryption.decrypt(objects.value, self.ssc), self._block)
        except ValueError:
            raise SecureMessagingError("padding inside the cryptogram is wrong", _OBJECTS_WRONG) from None

    def _cryptogram(self, data: bytes, odd_ins: bool) -> tuple[int, bytes]:
        """Tag and value of the object that carries ``data``."""
        return CRYPTOGRAM_TLV if odd_ins else CRYPTOGRAM, self._keyed.encryption.encrypt(
            pad(data, self._block), self.ssc
        )


class SecureSession(_Session):
    """The terminal's side: ``protect`` a command, send it, ``unprotect`` its answer, and so on in turn."""

    _odd_ins = False

    def protect(self, command: CommandApdu) -> CommandApdu:
        """The protected form of a plain command.

        Raises :class:`InvalidArgument` for a command that cannot be protected, which changes nothing, and
        :class:`SecureMessagingError` where an answer is due first, which ends the session.
        """
        _check_protectable(command)
        self._check_turn(of_answer=False)
        self._check_room(command)
        with self._step():
            self._odd_ins = bool(command.ins & 1)
            tag, value = 0, b""
            if command.data or self.rules.do87_when_empty:
                tag, value = self._cryptogram(command.data, self._odd_ins)
            covered = COMMAND_OBJECTS.cover(tag, value, self._le(command))
            cla = command.cla | SM_BITS
            header = bytes((cla, command.ins, command.p1, command.p2))
            checksum = self._command_checksum(header, covered)
            data = with_checksum(covered, checksum)
            self._expects_answer = True
            return self._wrap(command, cla, data)

    def unprotect(self, answer: ResponseApdu) -> ResponseApdu:
        """The plain answer inside a protected one, authenticated before a byte of it is used.

        Raises :class:`SecureMessagingError` for anything that is not the card's answer to the last command, a plain
        answer included; the session is then over, and ``sw`` is what came in the clear.
        """
        if not isinstance(answer, ResponseApdu):
            raise WrongType(f"an answer is a ResponseApdu, not {type(answer).__name__}")
        self._check_turn(of_answer=True)
        self._expects_answer = False
        try:
            with self._step():
                if not answer.data:
                    raise SecureMessagingError("plain answer")
                objects = RESPONSE_OBJECTS.parse(answer.data)
                self._check(objects, self._answer_checksum(objects.covered))
                if objects.second != answer.sw.to_bytes(2, "big"):
                    raise SecureMessagingError("status word differs from the authenticated one")
                return ResponseApdu(self._open(objects, self._odd_ins), answer.sw)
        except CodecError as error:
            reason = f"malformed answer, {error}"
        except SecureMessagingError as error:
            reason = error.reason
        raise SecureMessagingError(reason, answer.sw)

    def _check_room(self, command: CommandApdu) -> None:
        """Refuse data whose objects no extended length field can say, before the counter moves."""
        # Data padded to whole blocks in DO'87' (tag, 4 length bytes, indicator), DO'97' of 4 and DO'8E' of 10 bytes.
        if len(command.data) + self._block + 20 > MAX_DATA:
            raise InvalidArgument(f"{len(command.data)} bytes of data are too long to be protected in one command")

    def _le(self, command: CommandApdu) -> bytes | None:
        """The value of DO'97': Ne of the plain command on one or two bytes."""
        if command.ne is None:
            return None
        wide = command.extended if self.rules.do97 == "follow" else command.ne > 0x100
        return (command.ne & 0xFFFF).to_bytes(2, "big") if wide else bytes((command.ne & 0xFF,))

    def _wrap(self, command: CommandApdu, cla: int, data: bytes) -> CommandApdu:
        with_le = self.rules.extend == "with_le" and command.ne is not None
        extended = command.extended or with_le or len(data) > 0xFF
        # Le 00 or 0000: as much as there is, since how long the objects of the answer are is the card's to say.
        ne = command.ne if self.rules.outer_le == "follow" else MAX_NE if extended else 0x100
        return CommandApdu(cla, command.ins, command.p1, command.p2, data, ne, extended)


class CardSession(_Session):
    """The card's side: ``unprotect`` a command, run it, ``protect`` its answer, and so on in turn."""

    _odd_ins = False

    def unprotect(self, command: CommandApdu) -> CommandApdu:
        """The plain command inside a protected one.

        Raises :class:`SecureMessagingError` with ``sw`` 6987 (object missing, unknown, out of order) or 6988 (object
        wrong), which the card answers in the clear; the session is then over.
        """
        if not isinstance(command, CommandApdu):
            raise WrongType(f"a command is a CommandApdu, not {type(command).__name__}")
        self._check_turn(of_answer=False)
        if command.cla & SM_BITS != SM_BITS or command.cla & 0xC0 == 0x40:
            raise self._refuse("plain command", _OBJECTS_MISSING)
        try:
            with self._step():
                objects = COMMAND_OBJECTS.parse(command.data)
                self._check(objects, self._command_checksum(command.header, objects.covered))
                self._odd_ins = bool(command.ins & 1)
                plain = self._plain(command, objects, self._open(objects, self._odd_ins))
                self._expects_answer = True
                return plain
        except SmGrammarError as error:
            raise SecureMessagingError(f"malformed command, {error}", _OBJECTS_MISSING) from None
        except CodecError as error:
            raise SecureMessagingError(f"malformed command, {error}", _OBJECTS_WRONG) from None

    def protect(self, answer: ResponseApdu) -> ResponseApdu:
        """The protected form of a plain answer, its status word inside and out."""
        if not isinstance(answer, ResponseApdu):
            raise WrongType(f"an answer is a ResponseApdu, not {type(answer).__name__}")
        self._check_turn(of_answer=True)
        self._expects_answer = False
        with self._step():
            tag, value = self._cryptogram(answer.data, self._odd_ins) if answer.data else (0, b"")
            covered = RESPONSE_OBJECTS.cover(tag, value, answer.sw.to_bytes(2, "big"))
            checksum = self._answer_checksum(covered)
            return ResponseApdu(with_checksum(covered, checksum), answer.sw)

    def _plain(self, command: CommandApdu, objects: SmObjects, data: bytes) -> CommandApdu:
        """The command as the terminal had it before it was protected."""
        ne = None
        wide = False
        if objects.second is not None:
            if not 1 <= len(objects.second) <= 2:
                raise SecureMessagingError("DO'97' is not one or two bytes", _OBJECTS_WRONG)
            wide = len(objects.second) == 2
            ne = int.from_bytes(objects.second, "big") or (MAX_NE if wide else 0x100)
        # Extended length fields outside that neither the objects nor the rules ask for were the plain command's own.
        asked_for = len(command.data) > 0xFF or (self.rules.extend == "with_le" and ne is not None)
        extended = wide or (command.extended and not asked_for)
        return CommandApdu(command.cla & ~SM_BITS, command.ins, command.p1, command.p2, data, ne, extended)


def _check_protectable(command: CommandApdu) -> None:
    if not isinstance(command, CommandApdu):
        raise WrongType(f"a command is a CommandApdu, not {type(command).__name__}")
    if command.cla & 0xC0 == 0x40:
        raise InvalidArgument("secure messaging on logical channels 4 to 19 (CLA 4X to 7X) is not offered")
    if command.cla & SM_BITS:
        raise InvalidArgument(f"CLA {command.cla:02X} says that the command is protected already")
