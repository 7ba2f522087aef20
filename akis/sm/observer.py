"""A listener with the session keys: hears commands and answers on the wire, authenticates and opens both."""

from __future__ import annotations

from akis.codec.apdu import SM_BITS, CommandApdu, ResponseApdu
from akis.codec.sm_objects import COMMAND_OBJECTS, RESPONSE_OBJECTS, SmObjects
from akis.errors import CodecError, InvalidArgument, SecureMessagingError, WrongType
from akis.profile.model import SmRules
from akis.secret import Secret
from akis.sm.session import Session, _Contexts
from akis.sm.suite import BytesLike, Suite
from akis.sm.terminal import SecureSession


class SessionKeys:
    """The keys of one secure session, and the send sequence counter before its first command."""

    def __init__(self, suite: Suite, k_enc: Secret | bytes, k_mac: Secret | bytes, ssc: bytes) -> None:
        """``ssc`` is 8 bytes for 3DES, 16 for AES."""
        if not isinstance(suite, Suite):
            raise WrongType(f"the suite is a Suite, not {type(suite).__name__}")
        if not isinstance(ssc, bytes | bytearray | memoryview):
            raise WrongType(f"the send sequence counter is bytes, not {type(ssc).__name__}")
        self.suite = suite
        self.k_enc = Secret.of(k_enc)
        self.k_mac = Secret.of(k_mac)
        self.ssc = bytes(ssc)
        self.observer().close()  # what is wrong with the keys shows now

    def observer(self, rules: SmRules | None = None) -> Observer:
        """A listener to the session, from its beginning."""
        return Observer(self.suite, self.k_enc.reveal(), self.k_mac.reveal(), self.ssc, rules)

    def wipe(self) -> None:
        """Overwrite both keys; they cannot be used afterwards."""
        self.k_enc.wipe()
        self.k_mac.wipe()

    def __repr__(self) -> str:
        return f"SessionKeys({self.suite.value})"


class Observer(Session):
    """Hears both sides: :meth:`command` and :meth:`answer` in turn, as the messages come.

    Each message moves the counter by one. Unlike the two sides themselves a listener is not over when a message does
    not fit: it raises :class:`SecureMessagingError` saying what was wrong, and hears the next one. :meth:`resume` sets
    the counter where the listener has found out that it was another.
    """

    _odd_ins = False

    def __init__(
        self, suite: Suite, k_enc: BytesLike, k_mac: BytesLike, ssc: BytesLike, rules: SmRules | None = None
    ) -> None:
        super().__init__(suite, k_enc, k_mac, ssc, rules)
        self._swapped: _Contexts | None = _Contexts(suite.encryption(k_mac), suite.mac(k_enc))
        self._terminal = SecureSession(suite, k_enc, k_mac, ssc, rules)
        self._terminal.close()

    def close(self) -> None:
        super().close()
        self._swapped = None
        self._terminal.close()

    def command(self, command: CommandApdu) -> CommandApdu:
        """The plain command inside a protected one; :class:`SecureMessagingError` where it does not fit."""
        if not isinstance(command, CommandApdu):
            raise WrongType(f"a command is a CommandApdu, not {type(command).__name__}")
        if command.cla & SM_BITS != SM_BITS or command.cla & 0xC0 == 0x40:
            raise SecureMessagingError("plain command")
        self.pass_over()
        self._odd_ins = bool(command.ins & 1)
        try:
            objects = COMMAND_OBJECTS.parse(command.data)
        except CodecError as error:
            raise SecureMessagingError(f"malformed command, {error}") from None
        self._check(objects, self._command_checksum(command.header, objects.covered))
        return self.plain_command(command, objects)

    def answer(self, answer: ResponseApdu) -> ResponseApdu:
        """The plain answer inside a protected one; :class:`SecureMessagingError` where it does not fit.

        A plain answer moves no counter: whoever sent it was not, or no longer, inside the session.
        """
        if not isinstance(answer, ResponseApdu):
            raise WrongType(f"an answer is a ResponseApdu, not {type(answer).__name__}")
        if not answer.data:
            raise SecureMessagingError("plain answer", answer.sw)
        self.pass_over()
        try:
            objects = RESPONSE_OBJECTS.parse(answer.data)
        except CodecError as error:
            raise SecureMessagingError(f"malformed answer, {error}") from None
        self._check(objects, self._answer_checksum(objects.covered))
        if objects.second != answer.sw.to_bytes(2, "big"):
            raise SecureMessagingError("status word differs from the authenticated one")
        return self.plain_answer(answer, objects)

    def pass_over(self) -> None:
        """Count a message without looking at it: one that was lost, say."""
        if not self.alive:
            raise SecureMessagingError("the session is over")
        self._counter = int.from_bytes(self.ssc_at(1), "big")

    def resume(self, ssc: bytes) -> None:
        """Go on with ``ssc`` as the counter of the message heard last."""
        if len(ssc) != self._block:
            raise InvalidArgument(
                f"the send sequence counter of {self.suite.value} is {self._block} bytes, not {len(ssc)}"
            )
        self._counter = int.from_bytes(ssc, "big")

    def ssc_at(self, step: int) -> bytes:
        """The counter ``step`` messages after the one heard last, before it where ``step`` is negative."""
        return ((self._counter + step) % (1 << 8 * self._block)).to_bytes(self._block, "big")

    def swap_keys(self) -> None:
        """Take K.ENC for K.MAC and K.MAC for K.ENC from here on; doing it twice changes nothing."""
        self._contexts, self._swapped = self._swapped, self._contexts

    def checksum(self, message: bytes) -> bytes:
        """The whole MAC, 8 bytes (3DES) or 16 (AES), over a message of whole blocks, counter included."""
        if not message or len(message) % self._block:
            raise InvalidArgument(f"a message is whole blocks of {self._block} bytes")
        return self._keyed.mac(message)

    def opens(self, objects: SmObjects, step: int = 0) -> bool:
        """Whether the cryptogram ends in proper padding under the counter ``step`` away; no checksum is looked at."""
        before = self._counter
        self.resume(self.ssc_at(step))
        try:
            self._open(objects, self._odd_ins)
        except SecureMessagingError:
            return False
        finally:
            self._counter = before
        return True

    def plain_command(self, command: CommandApdu, objects: SmObjects) -> CommandApdu:
        """The plain form of a command with these objects, at the counter as it stands.

        For messages whose checksum is known to fit: it is not looked at.
        """
        return self._plain_command(command, objects, self._odd_ins)

    def plain_answer(self, answer: ResponseApdu, objects: SmObjects) -> ResponseApdu:
        """The plain form of an answer with these objects, as :meth:`plain_command` has it for commands."""
        return ResponseApdu(self._open(objects, self._odd_ins), answer.sw)

    def as_sent(self, plain: CommandApdu, rules: SmRules) -> CommandApdu:
        """What a terminal with ``rules`` makes of a plain command at the counter as it stands.

        Raises :class:`InvalidArgument` for a command that no terminal protects.
        """
        terminal = self._terminal
        terminal.rules = rules
        terminal._contexts = self._contexts
        terminal._counter = self._counter - 1  # it counts before it protects
        terminal._expects_answer = False
        try:
            return terminal.protect(plain)
        finally:
            terminal.close()
