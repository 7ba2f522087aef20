"""A card on the test bench: the emulated card, the driver, and a wire between them that remembers and can be cut."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from typing import Any

from akis.card import Card
from akis.emulator import EmulatedCard, EmulatorTransport, load_personality
from akis.emulator.memory import Memory
from akis.pin import Pin, Puk
from akis.profile.model import SmRules
from akis.trace.model import Exchange
from akis.transport.base import Transport

PIN, NEW_PIN, WRONG_PIN = "123456", "5938274", "000000"
PUK, NEW_PUK, WRONG_PUK = "87654321", "11223344", "00000000"
SUITES = ("akis-2.2", "akis-2.5")
"""The personalities of the two suites, 3DES and AES."""
SN_IFD = bytes(range(8))
SEEDS = count()
"""Other nonces for each card and session, the same in each run: no PIN turns up in them by chance one day."""

Forward = Callable[[bytes], bytes]
Fault = Callable[[bytes, Forward], bytes]
"""Takes one command in the transport's place, and the way on to the card; gives the answer or raises."""


def is_pin_command(raw: bytes) -> bool:
    """Whether this is a command that can spend a try or change a PIN: 20, 24, 2C with data, or 2C with P1 = 03."""
    has_data = raw[5:6] == b"\x87" if raw[0] & 0x0C else len(raw) > 5
    return raw[1] in (0x20, 0x24, 0x2C) and (has_data or raw[1:3] == b"\x2c\x03")


class Logged(AbstractContextManager[None]):
    """A transaction that writes down when it is begun and ended. One that is only dropped has no end."""

    def __init__(self, log: list[bytes | str], transaction: AbstractContextManager[None]) -> None:
        self.log, self.transaction = log, transaction

    def __enter__(self) -> None:
        self.transaction.__enter__()
        self.log.append("begin")

    def __exit__(self, *error: Any) -> None:
        self.log.append("end")
        self.transaction.__exit__(*error)


class Wire(Transport):
    """The way to an emulated card. It keeps what was ``sent``, what ``arrived`` at the card, and the ``answers``.

    Its ``log`` has "begin" and "end" of every transaction among what was sent.
    A ``fault`` strikes once, at the PIN command with that number; everything else passes.
    """

    def __init__(self, emulated: EmulatedCard) -> None:
        self.reader = EmulatorTransport(emulated)
        self.sent: list[bytes] = []
        self.arrived: list[bytes] = []
        self.answers: list[bytes] = []
        self.log: list[bytes | str] = []
        self._fault: Fault | None = None
        self._number = 0

    def break_at(self, fault: Fault, number: int = 1) -> None:
        """Have ``fault`` strike at the PIN command with this number, counted from now on."""
        self._fault, self._number = fault, len(self.pin_commands) + number

    @property
    def pin_commands(self) -> list[bytes]:
        return [raw for raw in self.sent if is_pin_command(raw)]

    @property
    def pin_commands_arrived(self) -> list[bytes]:
        return [raw for raw in self.arrived if is_pin_command(raw)]

    @property
    def atr(self) -> bytes:
        return self.reader.atr

    @property
    def transactions(self) -> list[list[bytes]]:
        """What was sent in each outermost transaction of the log; all are over, and nothing was sent outside of one."""
        depth, found = 0, []
        for entry in self.log:
            if entry == "begin":
                found += [[]] if depth == 0 else []
                depth += 1
            elif entry == "end":
                depth -= 1
            else:
                assert depth, "a command was sent outside of any transaction"
                found[-1].append(entry)
        assert depth == 0, "a transaction was left open"
        return found

    def transaction(self) -> Logged:
        return Logged(self.log, self.reader.transaction())

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        self.log.append(command)
        if self._fault is None or not is_pin_command(command) or len(self.pin_commands) != self._number:
            return self._forward(command)
        fault, self._fault = self._fault, None
        return fault(command, self._forward)

    def reset(self) -> bytes:
        return self.reader.reset()

    def close(self) -> None:
        self.reader.close()

    def _forward(self, command: bytes) -> bytes:
        self.arrived.append(command)
        self.answers.append(self.reader.transmit(command))
        return self.answers[-1]


@dataclass
class Bench:
    emulated: EmulatedCard
    wire: Wire
    card: Card
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def pin(self) -> Pin:
        return Pin(self.card)

    @property
    def puk(self) -> Puk:
        return Puk(self.card)

    @property
    def stored(self) -> tuple[bytes, str, int]:
        """What the card holds of its PIN: value, state, tries left."""
        data = self.emulated.memory.references[0x81]
        return data.value, data.state, data.left

    @property
    def puk_left(self) -> int:
        return self.emulated.memory.references[0x82].left

    def open(self, role: str = "issuer") -> Bench:
        """With a secure session of this role's key."""
        key = self.emulated.personality.key(role)
        self.card.open_session(key.device_keys(key.algorithms[-1]), SN_IFD, Random(next(SEEDS)).randbytes)
        return self


def bench(
    name: str = "akis-2.2", state: str = "", *, rules: SmRules | None = None, pin_rules: Any = None, **own: Any
) -> Bench:
    """A card of this personality and state with its application selected.

    ``rules`` are for card and driver, ``pin_rules`` change those of PIN and PUK, the rest is for the personality.
    """
    personality = replace(load_personality(name), **own)
    profile = personality.card_profile()
    if pin_rules:
        pin, puk = (replace(old, **pin_rules) for old in (profile.pin, profile.puk))
        profile = replace(profile, pin=pin, puk=puk)
    if rules:
        personality, profile = replace(personality, secure_messaging=rules), replace(profile, secure_messaging=rules)
    emulated = EmulatedCard(personality, Memory.new(personality, state), Random(next(SEEDS)).randbytes)
    wire, exchanges = Wire(emulated), []
    made = Bench(emulated, wire, Card(wire, profile, watch=exchanges.append), exchanges)
    made.card.select_application()
    return made
