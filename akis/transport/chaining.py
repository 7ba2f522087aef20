"""Command chaining for cards without extended length (ISO/IEC 7816-4:2005 §5.1.1.1)."""

from __future__ import annotations

from akis.codec.apdu import CHAINED, CommandApdu
from akis.errors import CodecError, InvalidArgument
from akis.sm.chain import links
from akis.transport.base import Transport
from akis.transport.class_byte import TO_READER, is_protected
from akis.transport.wrapper import TransportWrapper

_SHORT_NE = 0x100


class ChainingTransport(TransportWrapper):
    """Sends a plain command with more data than ``max_data`` as a chain of commands the card can take.

    A link that is not answered with a bare 9000 ends the chain, and its answer is the answer; no link is sent twice.
    All other commands pass as they are.

    Raises :class:`InvalidArgument`, with nothing sent, for a protected command that is too long: cutting it here would
    break its checksum, so whoever protects it has to chain it. The same goes for a command that is already a link.
    """

    def __init__(self, inner: Transport, max_data: int = 0xFF) -> None:
        super().__init__(inner)
        if not 1 <= max_data <= 0xFF:
            raise InvalidArgument(f"max_data is 1 to 255, not {max_data}")
        self.max_data = max_data

    def transmit(self, command: bytes) -> bytes:
        if len(command) <= 5 + self.max_data:  # with or without Le, no such command has too much data
            return self.inner.transmit(command)
        try:
            whole = CommandApdu.from_bytes(command)
        except CodecError:
            return self.inner.transmit(command)
        if len(whole.data) <= self.max_data or whole.cla == TO_READER:
            return self.inner.transmit(command)
        if is_protected(whole.cla) or whole.cla & CHAINED:
            what = "protected command" if is_protected(whole.cla) else "link of a chain"
            raise InvalidArgument(f"a {what} with {len(whole.data)} bytes of data: this card takes {self.max_data}")
        if whole.ne is not None:
            whole = whole.replace(ne=min(whole.ne, _SHORT_NE))  # what exceeds that comes with 61XX
        *first, last = links(whole, self.max_data)
        for link in first:
            answer = self.inner.transmit(link.to_bytes())
            if answer != b"\x90\x00":
                return answer
        return self.inner.transmit(last.to_bytes())
