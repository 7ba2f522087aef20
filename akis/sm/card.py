"""The card's side of secure messaging: a command authenticated and opened, its answer protected."""

from __future__ import annotations

from akis.codec.apdu import SM_BITS, CommandApdu, ResponseApdu
from akis.codec.sm_objects import COMMAND_OBJECTS, RESPONSE_OBJECTS, SmGrammarError, with_checksum
from akis.errors import CodecError, SecureMessagingError, WrongType
from akis.sm.session import OBJECTS_MISSING, OBJECTS_WRONG, Session


class CardSession(Session):
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
            raise self._refuse("plain command", OBJECTS_MISSING)
        try:
            with self._step():
                objects = COMMAND_OBJECTS.parse(command.data)
                self._check(objects, self._command_checksum(command.header, objects.covered))
                self._odd_ins = bool(command.ins & 1)
                plain = self._plain_command(command, objects, self._odd_ins)
                self._expects_answer = True
                return plain
        except SmGrammarError as error:
            raise SecureMessagingError(f"malformed command, {error}", OBJECTS_MISSING) from None
        except CodecError as error:
            raise SecureMessagingError(f"malformed command, {error}", OBJECTS_WRONG) from None

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
