"""An emulated reader with everything that can happen to a card in it."""

from __future__ import annotations

from typing import Literal

from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import CardRemoved, CardReset, TransportError
from akis.transport.wrapper import TransportWrapper

Mishap = Literal["pulled before", "pulled after", "silent"]

_OUT = "the card was taken out of the emulated reader; put it back, then begin again"
_RESET = (
    "another program reset the card in the emulated reader, PIN state and secure session are gone; reset it, then "
    "begin again"
)
_SILENT = "the card in the emulated reader gave no answer; nobody can say whether the command took effect"


class EmulatedReader(TransportWrapper):
    """The way to an emulated card; it is taken out, silent, or reset by others when it is told so.

    After a reset by another program commands are refused until :meth:`reset`, as PC/SC does it.
    """

    inner: EmulatorTransport

    def __init__(self, card: EmulatedCard) -> None:
        super().__init__(EmulatorTransport(card))
        self._mishaps: dict[int, Mishap] = {}
        self._reset_by_another = False

    @property
    def way(self) -> EmulatedReader:
        """This."""
        return self

    def transmit(self, command: bytes) -> bytes:
        if self._reset_by_another:
            raise CardReset(_RESET)
        mishap = self._mishaps.pop(command[1], None)
        if mishap == "pulled before":
            self.inner.remove()
            raise CardRemoved(_OUT)
        answer = self.inner.transmit(command)
        if mishap == "pulled after":
            self.inner.remove()
            raise CardRemoved(_OUT)
        if mishap == "silent":
            raise TransportError(_SILENT)
        return answer

    def reset(self) -> bytes:
        self._reset_by_another = False
        return self.inner.reset()

    def pull_before(self, ins: int) -> None:
        """Take the card out before it has worked on the next command ``ins``."""
        self._mishaps[ins] = "pulled before"

    def pull_after(self, ins: int) -> None:
        """Take the card out once it has worked on the next command ``ins``, before its answer comes."""
        self._mishaps[ins] = "pulled after"

    def silence(self, ins: int) -> None:
        """Lose the answer to the next command ``ins``."""
        self._mishaps[ins] = "silent"

    def take_out(self) -> None:
        """Take the card out between two commands."""
        self.inner.remove()

    def put_back(self) -> None:
        """Insert the card again."""
        self.inner.insert()

    def reset_by_another(self) -> None:
        """Have another program reset the card."""
        self.inner.card.reset()
        self._reset_by_another = True
