"""The authority's end of an exchange without any network: an Issue, and a channel that talks to it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from akis.codec.apdu import ResponseApdu
from akis.emulator import EmulatedCard, EmulatorTransport, load_personality
from akis.emulator.memory import Memory
from akis.emulator.personality import Personality
from akis.errors import AkisError, AuthorityUnreachable
from akis.secret import Secret
from akis.sm.mutual_auth import DeviceKeys
from akis.transport.wrapper import TransportWrapper
from akis.unlock.issue import Issue, holds
from akis.unlock.kinds import Kind
from akis.unlock.messages import Answer, Command, Done, Failed, Message, Report
from tests.bench import SEEDS, SN_IFD

TRANSPORT_PIN, NEW_PIN = "80741592", "593827"
STEPS = ("SELECT", "GET DATA", "MSE", "GET CHALLENGE", "MUTUAL AUTHENTICATE", "RESET")
"""The commands of an exchange; its number is the place of each, counted from 1."""
RESET = 6

Said = Command | Done | Failed


def issuer_keys(personality: Personality) -> DeviceKeys:
    key = personality.key("issuer")
    return key.device_keys(key.algorithms[-1])


def new_card(name: str = "akis-2.2", state: str = "blocked") -> EmulatedCard:
    personality = load_personality(name)
    return EmulatedCard(personality, Memory.new(personality, state), Random(next(SEEDS)).randbytes)


def issue_for(personality: Personality, **changes) -> Issue:
    """An Issue that fits the card, with ``changes`` to what it is made from."""
    parts = {
        "profile": personality.card_profile(),
        "keys": issuer_keys(personality),
        "sn_ifd": SN_IFD,
        "serial": personality.serial,
        "transport_pin": Secret(TRANSPORT_PIN),
        "random": Random(next(SEEDS)).randbytes,
    }
    return Issue(**(parts | changes))


def stored(card: EmulatedCard) -> tuple[str, str, int]:
    """Value, state and tries left of the card's PIN."""
    pin = card.memory.references[0x81]
    return pin.value.decode(), pin.state, pin.left


class IssuerChannel:
    """A channel with an Issue at its other end. ``alter`` may change what the authority says, or raise in its place.

    What the client says is kept in ``heard``.
    """

    def __init__(self, issue: Issue, alter: Callable[[Said], Said] = lambda said: said) -> None:
        self.issue = issue
        self.heard: list[Message] = []
        self._alter = alter
        self._conversation = issue.conversation()
        self._next: Said | None = Command(1, next(self._conversation).to_bytes())

    def send(self, message: Message) -> None:
        self.heard.append(message)
        if not isinstance(message, Answer):
            self._conversation.close()
            return
        try:
            command = self._conversation.send(ResponseApdu.from_bytes(message.apdu))
            self._next = Command(message.n + 1, command.to_bytes())
        except StopIteration:
            self._next = Done(message.n + 1, Secret(TRANSPORT_PIN))
        except AkisError as error:
            self._next = Failed(message.n, Kind.CARD_REFUSED, str(error), holds(self.issue.stage))

    def receive(self) -> Said:
        said, self._next = self._next, None
        if said is None:
            raise AuthorityUnreachable("the authority has nothing more to say")
        return self._alter(said)

    @property
    def reports(self) -> list[Report]:
        return [message for message in self.heard if isinstance(message, Report)]


class Faulty(TransportWrapper):
    """A way to an emulated card on which ``fault`` strikes at the command with the number ``at``, counted from 1.

    "lost": the card does it, and its answer is lost. "removed": the card is out before. "interrupted": Ctrl-C while
    the card does it. "mangled": an answer of 1 byte.
    """

    def __init__(self, card: EmulatedCard, fault: str = "", at: int = 0) -> None:
        super().__init__(EmulatorTransport(card))
        self.sent: list[bytes] = []
        self._fault, self._at = fault, at

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        if not self._fault or len(self.sent) != self._at:
            return self.inner.transmit(command)
        if self._fault == "removed":
            self.inner.remove()
        answer = self.inner.transmit(command)
        if self._fault == "interrupted":
            raise KeyboardInterrupt
        if self._fault == "mangled":
            return answer[:1]
        raise ConnectionError(f"no answer to {command.hex()}")
