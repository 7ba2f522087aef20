"""The rest of an answer that was too long for one short response, and GET RESPONSE that fetches it."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator.status import MORE, WRONG_LE
from akis.transport.get_response import GET_RESPONSE

_HEADER = bytes((0x00, GET_RESPONSE, 0x00, 0x00))
_LONGEST = 0x100


class Continuation:
    """What is left to fetch. GET RESPONSE belongs to the exchange it continues, so it is plain even where that is not.

    ISO/IEC 7816-4:2005 §5.1.3 and §7.6.1.
    """

    def __init__(self) -> None:
        self._rest: ResponseApdu | None = None

    def forget(self) -> None:
        """Nothing is left to fetch."""
        self._rest = None

    def cut(self, answer: ResponseApdu) -> ResponseApdu:
        """The answer, or its beginning with 61XX where it is longer than a short Le can ask for."""
        return self._piece(answer, _LONGEST)

    def next(self, command: CommandApdu) -> ResponseApdu | None:
        """The next piece where ``command`` asks for it; for every other command None, and the rest is forgotten."""
        rest, self._rest = self._rest, None
        if rest is None or command.header != _HEADER or command.data or command.ne is None:
            return None
        if len(rest.data) < command.ne < _LONGEST:
            self._rest = rest
            return ResponseApdu(sw=WRONG_LE | len(rest.data))
        return self._piece(rest, min(command.ne, _LONGEST))

    def _piece(self, answer: ResponseApdu, length: int) -> ResponseApdu:
        if len(answer.data) <= length:
            return answer
        self._rest = ResponseApdu(answer.data[length:], answer.sw)
        left = len(answer.data) - length
        return ResponseApdu(answer.data[:length], MORE | (left if left < _LONGEST else 0))
