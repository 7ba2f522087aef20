"""What a session of the corpus is, and what it has in hand while it is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from akis.card import Card
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator.personality import Personality, Role, State
from akis.errors import AkisError
from akis.pin import Pin, Puk
from akis.transport.base import Transport
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport

from .reader import EmulatedReader

# Long ones, so that no other bytes of a session look like them; the card's own PIN and PUK are in its personality.
NEW_PIN, OTHER_PIN, WRONG_PIN, TRANSPORT_PIN = b"5047382", b"83016294", b"918273", b"72940618"
NEW_PUK, WRONG_PUK = b"60718293", b"13579086"
SECRETS = (NEW_PIN, OTHER_PIN, WRONG_PIN, TRANSPORT_PIN, NEW_PUK, WRONG_PUK)
"""What the sessions type in, none of which may be in a trace."""
PIN, PUK = 0x81, 0x82
_SN_IFD = bytes.fromhex("0000000000000001")


class Unplanned(AkisError):
    """A session did not go as its title says."""


class Reader(Protocol):
    """A reader, and the hand that takes the card out of it."""

    @property
    def way(self) -> Transport:
        """The way to the card."""

    def pull_after(self, ins: int) -> None:
        """Take the card out once it has worked on the next command ``ins``, before its answer comes."""

    def put_back(self) -> None:
        """Insert the card again."""

    def reset_by_another(self) -> None:
        """Have another program reset the card."""


@dataclass(frozen=True, slots=True)
class Session:
    """One file of the corpus: its name, a sentence on what happens, who does it, and the card it happens to."""

    name: str
    title: str
    play: Callable[[Driver], None]
    personality: str = "akis-2.2"
    state: State = ""
    extended: bool = False


class Driver:
    """A card as drivers have it, and ``way``, on which commands go out that no driver would send.

    ``way`` is recorded; ``random`` is where the driver's random numbers come from.
    """

    def __init__(
        self, personality: Personality, reader: Reader, way: Transport, random: Callable[[int], bytes]
    ) -> None:
        self.personality = personality
        self.reader = reader
        self.way = way
        self.random = random
        self.card = Card(ChainingTransport(GetResponseTransport(way)), personality.card_profile())
        self.pin = Pin(self.card)
        self.puk = Puk(self.card)
        self.own_pin = personality.pin.encode("ascii")
        self.own_puk = personality.puk.encode("ascii")

    @property
    def emulated(self) -> EmulatedReader:
        """The reader, for what only an emulated one can do."""
        if not isinstance(self.reader, EmulatedReader):
            raise Unplanned("this session is for an emulated reader")
        return self.reader

    def open(self, role: Role, algorithm: int | None = None) -> None:
        """Open a secure session with the card's own key, by its last algorithm unless told another."""
        key = self.personality.key(role)
        keys = key.device_keys(key.algorithms[-1] if algorithm is None else algorithm)
        self.card.open_session(keys, _SN_IFD, self.random)

    def select(self) -> None:
        """SELECT the application with PIN and keys."""
        self.card.select_application()

    def raw(self, command: CommandApdu | str, sw: int = 0x9000) -> ResponseApdu:
        """Send a command, or bytes in hex, as it is, past the driver; the card has to answer ``sw``."""
        raw = bytes.fromhex(command) if isinstance(command, str) else command.to_bytes()
        answer = ResponseApdu.from_bytes(self.way.transmit(raw))
        _check(answer.sw == sw, f"the card answered {answer.sw}, not {sw:04X}")
        return answer

    def send(self, command: CommandApdu, sw: int = 0x9000) -> ResponseApdu:
        """Send a command as drivers do, through the secure session where one is open; ``sw`` has to come back."""
        answer = self.card.send(command)
        _check(answer.sw == sw, f"the card answered {answer.sw}, not {sw:04X}")
        return answer

    def tries(self, pin: int, puk: int = 3) -> None:
        """Read both counters, which have to be these."""
        left = self.pin.tries_left(), self.puk.tries_left()
        _check(left == (pin, puk), f"there are {left} tries left, not {(pin, puk)}")


@contextmanager
def refused(kind: type[AkisError], **fields: object) -> Iterator[None]:
    """What is done in it has to fail with this error, whose ``fields`` have these values."""
    try:
        yield
    except kind as error:
        for name, value in fields.items():
            _check(getattr(error, name) == value, f"{name} is {getattr(error, name)}, not {value}")
    else:
        raise Unplanned(f"nothing failed, {kind.__name__} was expected")


def _check(true: bool, what: str) -> None:
    if not true:
        raise Unplanned(what)
