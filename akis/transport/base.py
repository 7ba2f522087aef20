"""The narrow waist: bytes to the card, bytes back.

PC/SC, emulator, replay and recorder each implement or wrap :class:`Transport`, one idea a class. Secure messaging is
above it, never inside.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from akis.errors import TransportError


class Transport(ABC):
    """A way to one card. Whatever goes wrong on it is a :class:`TransportError`.

    An error of another kind goes no further than its kind: its text may hold the command, a PIN in it. Bytes go out and
    come back as they are; :mod:`akis.transport.get_response` and :mod:`akis.transport.chaining` wrap a way whose card
    needs more than that.
    """

    @property
    @abstractmethod
    def atr(self) -> bytes:
        """The card's answer to its last reset."""

    @abstractmethod
    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU as it is and return the answer APDU as it came."""

    @abstractmethod
    def reset(self) -> bytes:
        """Reset the card; returns the new ATR. Secure session and PIN state are gone."""

    def control(self, code: int, data: bytes) -> bytes:
        """Talk to the reader itself, not to the card."""
        raise TransportError("this way to the card has no reader to control")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep others from the card for the time of a ``with``; does nothing where there are no others.

        Leaving it does not raise: what happened inside counts, not that others could not be let in again.
        """
        yield

    @abstractmethod
    def close(self) -> None:
        """Let go of the card. Closing twice does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
