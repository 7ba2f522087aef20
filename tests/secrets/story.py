"""A card's life with PINs and keys that nobody must see, and everything that came near them."""

from contextlib import suppress

import pytest

import akis.sm.mutual_auth
from akis.codec import tlv
from akis.codec.sm_objects import COMMAND_OBJECTS, RESPONSE_OBJECTS
from akis.errors import AkisError
from akis.pin import random_digits
from akis.secret import Secret
from akis.sm.mutual_auth import TerminalAuthentication
from tests.bench import Bench, bench
from tests.sessions import contexts

# Eight and seven digits, so that no encoding is so short that random bytes look like it.
PIN, NEW_PIN, WRONG_PIN = "48291573", "6194738", "97351846"
PUK, NEW_PUK, WRONG_PUK = "70359264", "25817039", "83140962"
PINS = (PIN, NEW_PIN, WRONG_PIN, PUK, NEW_PUK, WRONG_PUK)
K_ENC, K_MAC = bytes.fromhex("8FF38A7E52566100FAF06CD75910D24F"), bytes.fromhex("E05141A6BF9122209F0611238C5142E8")
KEY = K_ENC


def halves(*keys: bytes) -> tuple[bytes, ...]:
    """The keys, and their halves, each of which is a DES key."""
    return tuple(part for key in keys for part in (key, key[: len(key) // 2], key[len(key) // 2 :]))


class Story:
    """A card's life with everything in it that is secret, and everything that came near it."""

    def __init__(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[bytes] = []
        self.transport_pins: list[str] = []
        self.things: list[object] = []
        self.errors: list[BaseException] = []
        self._keep_derived_keys(monkeypatch)
        monkeypatch.setattr("akis.pin.random_digits", self._transport_pin)
        self.on = made(name)
        self._live(self.on)

    @property
    def secrets(self) -> list[str | bytes]:
        return [*PINS, *self.transport_pins, *halves(*self.keys)]

    def _keep_derived_keys(self, monkeypatch: pytest.MonkeyPatch) -> None:
        derive = akis.sm.mutual_auth.derive

        def kept(*args):
            self.keys += [args[0], derive(*args)]  # the shared secret, and the session key from it
            return self.keys[-1]

        monkeypatch.setattr(akis.sm.mutual_auth, "derive", kept)

    def _transport_pin(self, count, random):
        pin = random_digits(count, random)
        self.transport_pins.append(pin.decode())
        return pin

    def fails(self, call) -> None:
        try:
            call()
        except AkisError as error:
            self.errors.append(error)

    def _live(self, on: Bench) -> None:
        personality = on.emulated.personality
        key = personality.key("issuer")
        self.keys += [key.enc, key.mac]
        keys = key.device_keys(key.algorithms[-1])
        for role in (None, "issuer", "terminal"):
            if role:
                on.open(role)
            self.every_operation(on)
            self.things += [on.card, on.card.session, on.emulated._security.session, on.pin, on.puk, on.wire]
        authentication = TerminalAuthentication(keys, bytes(8), bytes(8), lambda count: bytes(count))
        authentication.token(bytes(8))
        memory, session = on.emulated.memory, on.card.session
        self.things += [keys, key, personality, authentication, *contexts(session), Secret(PIN)]
        pin_commands = on.emulated._commands.handlers[0x20].__self__
        self.things += [on.emulated, pin_commands, on.emulated._security, memory, memory.references]
        self.things += [*memory.references.values(), on.card.profile, on.wire.reader]
        for exchange in on.exchanges:
            self.things += [exchange, exchange.command, exchange.answer, exchange.plain_command, exchange.plain_answer]
            for layout, apdu in ((COMMAND_OBJECTS, exchange.command), (RESPONSE_OBJECTS, exchange.answer)):
                with suppress(AkisError):
                    self.things += [tlv.parse(apdu.data), layout.parse(apdu.data)]

    def every_operation(self, on: Bench) -> None:
        """Each with the right value and with wrong ones."""
        memory = on.emulated.memory
        for pin, puk in ((WRONG_PIN, WRONG_PUK), (PIN, PUK), (f"{PIN}9", f"{PUK}9"), (f"x{PIN[1:]}", f"x{PUK[1:]}")):
            for call in (
                lambda pin=pin: on.pin.verify(pin),
                lambda pin=pin: on.pin.change(pin, NEW_PIN),
                lambda pin=pin: on.pin.change_to(pin),
                lambda pin=pin: on.pin.reset_to(pin),
                lambda pin=pin: on.pin.unblock(pin),
                lambda puk=puk: on.puk.verify(puk, permit_puk=True),
                lambda puk=puk: on.puk.change(puk, NEW_PUK, permit_puk=True),
                lambda puk=puk: on.puk.unblock(puk, NEW_PIN, permit_puk=True),
                lambda puk=puk: on.puk.reset_counter(puk, permit_puk=True),
            ):
                memory.references[0x81].value, memory.references[0x81].state = PIN.encode(), "active"
                memory.references[0x82].value = PUK.encode()
                memory.references[0x81].left = memory.references[0x82].left = 3
                self.fails(call)
        memory.references[0x81].left = 1
        self.fails(lambda: on.pin.verify(WRONG_PIN))
        self.fails(lambda: on.pin.verify(WRONG_PIN, allow_last_try=True))
        self.fails(lambda: on.pin.verify(WRONG_PIN, allow_last_try=True))


def made(name: str) -> Bench:
    """A card on the bench with the PIN and PUK of these tests."""
    return bench(name, pin=PIN, puk=PUK)
