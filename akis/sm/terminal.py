"""The terminal's side of secure messaging: a command protected, its answer authenticated and opened."""

from __future__ import annotations

from akis.codec.apdu import MAX_DATA, MAX_NE, SM_BITS, CommandApdu, ResponseApdu
from akis.codec.sm_objects import COMMAND_OBJECTS, RESPONSE_OBJECTS, with_checksum
from akis.errors import CodecError, InvalidArgument, SecureMessagingError, WrongType
from akis.sm.session import Session


class SecureSession(Session):
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


def _check_protectable(command: CommandApdu) -> None:
    if not isinstance(command, CommandApdu):
        raise WrongType(f"a command is a CommandApdu, not {type(command).__name__}")
    if command.cla & 0xC0 == 0x40:
        raise InvalidArgument("secure messaging on logical channels 4 to 19 (CLA 4X to 7X) is not offered")
    if command.cla & SM_BITS:
        raise InvalidArgument(f"CLA {command.cla:02X} says that the command is protected already")
