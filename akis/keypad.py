"""A PIN typed at the reader: the reader asks for it, puts it into the command and sends that; no program sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from akis.card import Card, Lost
from akis.codec.pin_entry import PinModification, PinVerification
from akis.commands import pin_entry
from akis.errors import PinOutcomeUnknown, PolicyRefused
from akis.profile.model import PinRules
from akis.status import StatusWord

if TYPE_CHECKING:
    from akis.transport.keypad import Keypad

What = Literal["verify", "change"]
_ENTRIES: Mapping[What, Callable[[PinRules, int | None, bool | None], PinVerification | PinModification]] = {
    "verify": pin_entry.verification,
    "change": pin_entry.modification,
}


def keypad_of(card: Card) -> Keypad | None:
    """The keypad of the card's reader; None without one, and in a secure session, around which it would send.

    No command goes to the card.
    """
    from akis.transport.keypad import find_keypad  # brings pyscard, which emulated cards do without

    return None if card.session is not None else find_keypad(card.transport)


def can_type(card: Card, rules: PinRules, what: What) -> bool:
    """Whether the PIN can be typed at the reader, as far as one knows without a command to the card."""
    try:
        keypad_for(card, rules, what)
        _ENTRIES[what](rules, _a_length(rules), None)
    except PolicyRefused:
        return False
    return True


def _a_length(rules: PinRules) -> int | None:
    """The bytes that a PIN might have, where the card says that; None where it does not."""
    if rules.tries_by != "get_data":
        return None
    return (rules.minimum + 1) // 2 if rules.encoding == "bcd" else rules.minimum


def keypad_for(card: Card, rules: PinRules, what: What) -> Keypad:
    """The same, where it can do ``what``; :class:`PolicyRefused` where it cannot, or there is none."""
    found = keypad_of(card)
    if found is None or getattr(found, what) is None:
        why = "the reader has no keypad for that" if card.session is None else "a secure session is open"
        raise PolicyRefused(f"the {rules.name} cannot be typed at the reader: {why}; nothing was sent")
    return found


def type_at(keypad: Keypad, what: What, card: Card, rules: PinRules, stored: int | None, lost: Lost) -> None:
    """Have the PIN typed and sent, once, and return where the card accepted it.

    ``stored`` is how many bytes the card has of it, None where it does not say. Raises what the answer means;
    :class:`PolicyRefused` where no keypad can type such a PIN; :class:`ReaderRefused` where this reader will not; where
    the answer is lost, what ``lost`` makes of that.
    """
    told = _ENTRIES[what](rules, stored, keypad.display).to_bytes()
    code = keypad.verify if what == "verify" else keypad.change
    assert code is not None, "keypad_for has seen to that"
    answer = card.control(code, told, lost)
    if len(answer) < 2:
        raise PinOutcomeUnknown(rules.name, "the reader gave no answer")
    pin_entry.raise_unless_typed(StatusWord(int.from_bytes(answer[-2:], "big")), rules)
