"""61XX and 6CXX: what T=0, and some cards on T=1, leave to the driver (ISO/IEC 7816-4:2005 §5.1.3, §7.6.1)."""

from __future__ import annotations

from akis.codec.apdu import MAX_NE, CommandApdu, ResponseApdu
from akis.errors import CodecError, InvalidArgument, TransportError
from akis.transport.base import Transport
from akis.transport.class_byte import TO_READER, is_protected, same_channel
from akis.transport.wrapper import TransportWrapper

GET_RESPONSE = 0xC0
_MORE, _WRONG_LE = 0x61, 0x6C
_NEVER_TWICE = frozenset((0x20, 0x21, 0x24, 0x25, 0x26, 0x28, 0x2C, 0x2D))
"""VERIFY, CHANGE REFERENCE DATA, DISABLE and ENABLE VERIFICATION REQUIREMENT, RESET RETRY COUNTER."""


class GetResponseTransport(TransportWrapper):
    """Fetches what a card announces with 61XX, and corrects Le once where it asks for that with 6CXX.

    What the card sent in all its pieces comes back as one answer, with the last status word. All other status words
    end the exchange: 62XX and 63XX, 63CX among them, are never followed by GET RESPONSE.

    A command goes out a second time only after 6CXX, and only if it has an Le, presents no PIN and is not protected:
    the secure session has counted it already. In all other cases 6CXX is the answer.

    Raises :class:`TransportError` where a card announces more than ``max_bytes`` or in more than ``max_rounds`` pieces,
    or announces an answer and does not give it. The command itself has been carried out then.
    """

    def __init__(self, inner: Transport, max_bytes: int = MAX_NE, max_rounds: int = 1024) -> None:
        super().__init__(inner)
        if not 1 <= max_bytes <= MAX_NE or max_rounds < 1:
            raise InvalidArgument(f"max_bytes is 1 to {MAX_NE} and max_rounds at least 1")
        self.max_bytes = max_bytes
        self.max_rounds = max_rounds

    def transmit(self, command: bytes) -> bytes:
        answer = self.inner.transmit(command)
        if answer[-2:-1] not in (b"\x61", b"\x6c"):
            return answer
        try:
            asked, got = CommandApdu.from_bytes(command), ResponseApdu.from_bytes(answer)
        except CodecError:
            return answer
        if asked.cla == TO_READER:
            return answer
        if got.sw >> 8 == _WRONG_LE:
            if not may_be_sent_twice(asked):
                return answer
            got = self._ask(asked.replace(ne=_length(got)))
        if got.sw >> 8 == _MORE:
            got = self._rest(got, asked.cla)
        return got.to_bytes()

    def _rest(self, answer: ResponseApdu, cla: int) -> ResponseApdu:
        """All that follows a first answer of 61XX, with the data of that one in front."""
        parts, size = [answer.data], len(answer.data)
        for _ in range(self.max_rounds):
            answer = self._get_response(cla, _length(answer))
            parts.append(answer.data)
            size += len(answer.data)
            if size > self.max_bytes:
                raise TransportError(f"the card announces more than {self.max_bytes} bytes of answer")
            if answer.sw >> 8 != _MORE:
                return ResponseApdu(b"".join(parts), answer.sw)
        raise TransportError(f"the card announces its answer in more than {self.max_rounds} pieces")

    def _get_response(self, cla: int, length: int) -> ResponseApdu:
        command = CommandApdu(same_channel(cla), GET_RESPONSE, 0x00, 0x00, ne=length)
        answer = self._ask(command)
        if answer.sw >> 8 == _WRONG_LE:
            answer = self._ask(command.replace(ne=_length(answer)))
        if 0x64 <= answer.sw >> 8 <= 0x6F:
            # Not the outcome of the command: that was carried out, or there would have been no 61XX.
            raise TransportError(f"the card announced an answer and did not give it: {answer.sw}")
        return answer

    def _ask(self, command: CommandApdu) -> ResponseApdu:
        return ResponseApdu.from_bytes(self.inner.transmit(command.to_bytes()))


def may_be_sent_twice(command: CommandApdu) -> bool:
    """Whether a command that was refused for its Le can go out again with another one."""
    return command.ne is not None and command.ins not in _NEVER_TWICE and not is_protected(command.cla)


def _length(answer: ResponseApdu) -> int:
    """How many bytes 61XX announces, or 6CXX wants to be asked for."""
    return int(answer.sw & 0xFF) or 0x100
