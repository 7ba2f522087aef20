"""A way to a card that answers one thing only."""

from akis.commands import objects
from akis.transport.base import Transport

LIFE_CYCLE = objects.get_data(0x0104)


class Answers(Transport):
    """Answers the same to everything, or raises it; keeps what was sent."""

    atr = b"\x3b\x00"

    def __init__(self, answer=b"\x90\x00"):
        self.answer, self.sent, self.closed = answer, [], False

    def transmit(self, command):
        self.sent.append(command)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def reset(self):
        return self.atr

    def close(self):
        self.closed = True
