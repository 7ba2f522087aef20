"""Whether a new PIN is one that the card takes and that is not the first to be guessed."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import pairwise

from akis.errors import PinFormatError, PolicyRefused
from akis.profile.load import load, names
from akis.profile.model import PinRules
from akis.secret import Secret

ONE_DIGIT = "one digit"
REPEATED_GROUP = "repeated group"
RUN_UP = "run up"
RUN_DOWN = "run down"
KEYPAD_LINE = "line on the keypad"
SERIAL = "part of the serial number"

_IN_WORDS = {
    ONE_DIGIT: "all of it is the same digit",
    REPEATED_GROUP: "a group of digits is repeated",
    RUN_UP: "its digits count up",
    RUN_DOWN: "its digits count down",
    KEYPAD_LINE: "its digits stand in a line on the keypad",
    SERIAL: "it is a part of the card's serial number",
}

_LINES = ("147", "258", "369", "1470", "2580", "3690", "159", "357")
_KEYPAD = re.compile("|".join(line for down in _LINES for line in (down, down[::-1])).join(("(?:", ")+")).encode())


class UnfitPin(PinFormatError):
    """A PIN that is too short, too long or of other characters than the card with these ``rules`` takes."""

    def __init__(self, rules: PinRules) -> None:
        self.rules = rules
        size = f"{rules.minimum}" if rules.minimum == rules.maximum else f"{rules.minimum} to {rules.maximum}"
        what = "digits" if rules.characters == "digits" else "characters"
        super().__init__(f"the PIN of this card has {size} {what}; choose such a one, nothing was sent to the card")


class ObviousPin(PolicyRefused):
    """A PIN that is easy to guess; ``reason`` is one of the constants of this module."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        why = _IN_WORDS.get(reason, reason)
        super().__init__(f"this PIN is easy to guess, {why}; choose another, nothing was sent to the card")


def check_new_pin(pin: Secret, rules: PinRules, serial: bytes) -> None:
    """Return where ``pin`` (ASCII characters) will do for the card with this serial number.

    :class:`UnfitPin` for a wrong length or wrong characters. :class:`ObviousPin` for one digit all over (1111),
    a group repeated, the last time perhaps cut off (1212, 123123, 12312), a count up or down by one, going on
    from 9 to 0 or from 0 to 9 as keyboards do (2345, 7890, 3210, 1098), whole lines of a telephone's keypad one after
    the other, which are its columns, with or without the 0 below them, and its diagonals, up or down (2580, 0852,
    1470, 147369, 159357), and digits that stand in a row in the serial number: in its hex text, among the decimal
    digits of that text, or in its decimal value.
    """
    if not _fits(pin, rules):
        raise UnfitPin(rules)
    value = pin.reveal()
    reason = _obvious(value) or (SERIAL if _in_serial(value, serial) else None)
    if reason is not None:
        raise ObviousPin(reason)


def check_ahead(pin: Secret) -> None:
    """What :func:`check_new_pin` can say while the card is not known: :class:`PinFormatError` where none takes it.

    Those that are known here are meant, by their profiles.
    """
    if not any(_fits(pin, load(name).pin) for name in names()):
        raise PinFormatError(
            "no card that is known here takes this PIN: it is too short, too long, or not of digits alone; nothing "
            "was sent"
        )
    reason = _obvious(pin.reveal())
    if reason is not None:
        raise ObviousPin(reason)


def _fits(pin: Secret, rules: PinRules) -> bool:
    with suppress(PinFormatError):
        rules.block(pin.reveal())
        return True
    return False


def _obvious(pin: bytes) -> str | None:
    if len(set(pin)) == 1:
        return ONE_DIGIT
    if any(pin[group:] == pin[:-group] for group in range(2, len(pin) // 2 + 1)):
        return REPEATED_GROUP
    if _KEYPAD.fullmatch(pin):
        return KEYPAD_LINE
    # Digits go round; other characters, which some cards take, have an end.
    ring = 10 if pin.isdigit() else 0x100
    steps = {(after - before) % ring for before, after in pairwise(pin)}
    return {1: RUN_UP, ring - 1: RUN_DOWN}.get(steps.pop()) if len(steps) == 1 else None


def _in_serial(pin: bytes, serial: bytes) -> bool:
    text = serial.hex()
    digits = "".join(character for character in text if character.isdecimal())
    wanted = pin.decode("ascii").lower()
    return any(wanted in place for place in (text, digits, str(int.from_bytes(serial, "big"))))
