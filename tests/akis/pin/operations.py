"""Every operation of Pin and Puk, by name, and the cards to try them on."""

from itertools import product

from akis.codec.apdu import ResponseApdu
from tests.bench import NEW_PIN, NEW_PUK, PIN, PUK, SUITES, WRONG_PIN, WRONG_PUK, bench

STORED, NEW = PIN.encode(), NEW_PIN.encode()
WAYS = [*product(SUITES, ["issuer", "terminal"]), ("akis-2.2", None)]
"""Every personality with a session of each role, and in the clear."""

# Every call that compares a PIN or PUK, with the right value.
SPENDING = {
    "Pin.verify": lambda on, **how: on.pin.verify(PIN, **how),
    "Pin.change": lambda on, **how: on.pin.change(PIN, NEW_PIN, **how),
    "Puk.verify": lambda on, **how: on.puk.verify(PUK, permit_puk=True, **how),
    "Puk.change": lambda on, **how: on.puk.change(PUK, NEW_PUK, permit_puk=True, **how),
    "Puk.unblock": lambda on, **how: on.puk.unblock(PUK, NEW_PIN, permit_puk=True, **how),
    "Puk.reset_counter": lambda on, **how: on.puk.reset_counter(PUK, permit_puk=True, **how),
}
# The same with a wrong one.
WRONG = {
    "Pin.verify": lambda on, **how: on.pin.verify(WRONG_PIN, **how),
    "Pin.change": lambda on, **how: on.pin.change(WRONG_PIN, NEW_PIN, **how),
    "Puk.verify": lambda on, **how: on.puk.verify(WRONG_PUK, permit_puk=True, **how),
    "Puk.change": lambda on, **how: on.puk.change(WRONG_PUK, NEW_PUK, permit_puk=True, **how),
    "Puk.unblock": lambda on, **how: on.puk.unblock(WRONG_PUK, NEW_PIN, permit_puk=True, **how),
    "Puk.reset_counter": lambda on, **how: on.puk.reset_counter(WRONG_PUK, permit_puk=True, **how),
}
# Those that compare nothing and need the issuer's session.
ISSUED = {
    "Pin.change_to": lambda on: on.pin.change_to(NEW_PIN),
    "Pin.reset_to": lambda on: on.pin.reset_to(NEW_PIN),
    "Pin.reset_counter": lambda on: on.pin.reset_counter(),
    "Pin.unblock": lambda on: on.pin.unblock(NEW_PIN),
}


def left(on, name: str) -> int:
    """The tries left of what an operation compares."""
    return on.stored[2] if name.startswith("Pin") else on.puk_left


def answering(data: bytes = b"", sw: int = 0x9000):
    """A card whose GET DATA of the PIN object answers this."""
    on = bench()
    on.emulated._commands.handlers[0xCB] = lambda command: ResponseApdu(data, sw)
    return on
