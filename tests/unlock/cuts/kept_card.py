"""An emulated card that outlives whatever is done to its clients, and whose PIN can be looked at from inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from akis.authority.demo.data import DemoCard, demo_card, demo_personality
from akis.connect import Connection
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.emulator.memory import PIN, PUK, Memory
from akis.emulator.personality import State
from akis.errors import CardRemoved
from akis.transport.wrapper import TransportWrapper
from akis.unlock.holds import Holds
from tests.bench import SEEDS
from tests.unlock.cuts.moments import COMMANDS, Cut

TDES, AES = demo_card("mehmet-2.2"), demo_card("mehmet-2.5")
"""Both of a holder whose second factor is the web password."""


@dataclass(frozen=True)
class Fault:
    """What happens at ``cut``; ``act`` may raise what the way to the card raises then."""

    cut: Cut
    act: Callable[[], None]


class KeptCard:
    """A demo card in a ``state``."""

    def __init__(self, which: DemoCard = TDES, state: State = "blocked") -> None:
        self.which = which
        self.state = state
        self._personality = demo_personality(which)
        self.emulated = EmulatedCard(
            self._personality, Memory.new(self._personality, state), Random(next(SEEDS)).randbytes
        )
        self.seen: list[int] = []
        """The instructions of the commands that came by the last way that was opened exclusively."""
        self._at_first = self._pin()
        self._way = self.way()

    def __str__(self) -> str:
        return f"{'3DES' if self.which.kind == 'akis-2.2' else 'AES'}, {self.state}"

    def holds(self, new_pin: str) -> Holds:
        """Which of the three states the card is in, as its memory says; it must be one of them, and its PUK unused."""
        value, state, left = self._pin()
        puk = self.emulated.memory.references[PUK]
        assert puk.left == puk.tries
        if (value, state, left) == self._at_first:
            return Holds.AS_BEFORE
        # A power cut in a comparison takes one try at most, and leaves enough to go on.
        assert left >= 2, self.emulated
        if state == "transport":
            assert value != new_pin
            return Holds.TRANSPORT_PIN
        assert (value, state) == (new_pin, "active"), "the PIN is none that the design names"
        return Holds.HOLDER_PIN

    def is_ready(self, pin: str) -> bool:
        """Whether the card holds this PIN, its counter full."""
        return self._pin() == (pin, "active", 3)

    def connect(self, fault: Fault | None = None) -> Callable[..., Connection]:
        """For UnlockRun: a way whose exclusive connection ``fault`` strikes."""

        def connected(target: str, *, exclusive: bool, leave_card: bool) -> Connection:
            way = self.way(fault) if exclusive else self.look()
            return Connection(way, target, self._personality.card_profile(), way, chosen_by="card")

        return connected

    def way(self, fault: Fault | None = None) -> Way:
        """A way that the client has for itself."""
        self.seen = []
        self._way = Way(self, fault)
        return self._way

    def look(self) -> EmulatorTransport:
        """A way that others may have at the same time; nothing strikes it."""
        return EmulatorTransport(self.emulated)

    def take_out(self) -> None:
        """Take it out of the reader, its power gone; the next run finds it in there again."""
        self.emulated.reset()
        self._way.is_out = True

    def lose_power_at_write(self, number: int, since: Cut) -> Fault:
        """A fault that takes its power right before the write with this number, counted from 1, of that command."""

        def armed() -> None:
            saved, writes = self.emulated.save(), 0

            def write(memory: Memory) -> None:
                nonlocal saved, writes
                writes += 1
                if writes == number:
                    # What was not written is not there when the power comes back.
                    self.emulated = EmulatedCard.restore(self._personality, saved, Random(next(SEEDS)).randbytes)
                    self._way.is_out = True
                    raise CardRemoved("the card lost its power")
                saved = memory.save()

            self.emulated.memory.on_commit = write

        return Fault(since, armed)

    def _pin(self) -> tuple[str, str, int]:
        pin = self.emulated.memory.references[PIN]
        return pin.value.decode("ascii"), pin.state, pin.left


class Way(TransportWrapper):
    """A way to the card that counts its commands, and that a fault strikes."""

    def __init__(self, kept: KeptCard, fault: Fault | None) -> None:
        super().__init__(EmulatorTransport(kept.emulated))
        self._kept = kept
        self._fault = fault
        self._number = 0
        self.is_out = False

    def transmit(self, command: bytes) -> bytes:
        at = COMMANDS[self._number]
        self._number += 1
        self._kept.seen.append(command[1])
        self._strike(Cut(at, "before"))
        answer = self.inner.transmit(command)
        self._strike(Cut(at, "after"))
        return answer

    def _strike(self, now: Cut) -> None:
        if self._fault is not None and self._fault.cut == now:
            self._fault.act()
        if self.is_out:
            raise CardRemoved("the card was pulled")
