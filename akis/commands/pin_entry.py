"""VERIFY and CHANGE REFERENCE DATA whose PINs the reader's keypad fills in, for each kind of PIN that a profile knows.

A keypad has digits only, and one place for a length (PC/SC part 10), so not every PIN can be typed there.
"""

from __future__ import annotations

from typing import NamedTuple

from akis.codec.pin_block import join
from akis.codec.pin_entry import (
    ASCII,
    BCD,
    BINARY,
    PinModification,
    PinVerification,
    block_string,
    format_string,
)
from akis.commands import pin as commands
from akis.errors import InvalidArgument, KeypadError, PolicyRefused
from akis.profile.model import PinRules
from akis.status import StatusWord

FILL = 0xFF
_KINDS = {"ascii": ASCII, "digits": BINARY, "bcd": BCD}
# ISO 9564-1 format 2: the length in the low half of the first byte, the digits in the seven behind it.
_FORMAT_2, _FORMAT_2_SIZE = b"\x20" + b"\xff" * 7, 7
_SAID_BY_READER = {
    0x6400: "nothing was typed at the reader in time",
    0x6401: "typing was cancelled at the reader",
    0x6402: "the new {name} was not the same both times",
    0x6403: "the {name} that was typed is too short or too long",
    0x6B80: "the reader does not take a {name} of this format; type it at the keyboard",
}
"""PC/SC part 10: the reader's own answers, in the place of the card's."""


class _Block(NamedTuple):
    """How a reader makes the block of one PIN: its three format bytes, digits, and what it fills, None for any size."""

    format: int
    block: int
    length_format: int
    minimum: int
    maximum: int
    template: bytes | None


def verification(rules: PinRules, stored: int | None, display: bool | None) -> PinVerification:
    """VERIFY of a PIN that the card has in ``stored`` bytes, None where the card does not say how many it has.

    ``display``: whether the reader has one, None where it does not say. :class:`PolicyRefused` where no keypad can
    type such a PIN.
    """
    block = _block(rules, stored)
    # An Lc of 0 is for the reader to fill as well, where it does not know the size before.
    data = b"\x00" if block.template is None else bytes((len(block.template),)) + block.template
    return PinVerification(
        format=block.format,
        block=block.block,
        length_format=block.length_format,
        minimum=block.minimum,
        maximum=block.maximum,
        command=bytes((0x00, commands.VERIFY, 0x00, rules.reference)) + data,
        messages=0 if display is False else 1,
    )


def modification(rules: PinRules, stored: int | None, display: bool | None) -> PinModification:
    """CHANGE REFERENCE DATA, as :func:`verification`; the new PIN is typed twice.

    Of a PIN that is not filled up, the reader takes the length of the stored one only, for old and new: it can put the
    new one in one place only, and a card that cuts the two at that length would store something nobody chose.
    """
    block = _block(rules, stored)
    if block.template is None:
        raise PolicyRefused(
            f"it is not known how long the {rules.name} is, so it cannot be changed at a keypad; nothing was sent"
        )
    data = join(block.template, block.template, rules.change)
    prefix = 1 if rules.change == "length-prefixed" else 0
    p1, reference = rules.change_place
    return PinModification(
        format=block.format,
        block=block.block,
        length_format=block.length_format,
        minimum=block.minimum,
        maximum=block.maximum,
        command=commands.change(reference, data, p1).to_bytes(),
        messages=0 if display is False else 3,
        old_at=prefix,
        new_at=2 * prefix + len(block.template),
    )


def is_said_by_reader(answer: bytes) -> bool:
    """Whether this is what a reader answers where nothing was typed that could be sent: the card had no command."""
    return len(answer) == 2 and int.from_bytes(answer, "big") in _SAID_BY_READER


def raise_unless_typed(sw: StatusWord, rules: PinRules) -> None:
    """Return when the card accepted what was typed; :class:`KeypadError` where nothing was that could be sent.

    Else as :func:`akis.commands.pin.raise_unless_accepted`.
    """
    said = _SAID_BY_READER.get(sw)
    if said is not None:
        raise KeypadError(said.format(name=rules.name), sw)
    commands.raise_unless_accepted(sw, rules.name, rules.locked_sw)


def _block(rules: PinRules, stored: int | None) -> _Block:
    if rules.characters != "digits":
        raise PolicyRefused(f"a keypad has digits only, the {rules.name} may have other characters; nothing was sent")
    try:
        if rules.encoding == "iso9564-2":
            template = _FORMAT_2.ljust(rules.pad_to, bytes((rules.pad_byte,)))
            start = format_string(BCD, 1), block_string(_FORMAT_2_SIZE, 4), 4
            return _Block(*start, rules.minimum, rules.maximum, template)
        minimum, maximum, size = _sizes(rules, stored)
        if rules.encoding == "bcd" and (not size or (rules.pad_to and rules.pad_byte & 0x0F != 0x0F)):
            # Of an odd number of digits, readers leave the last half of a byte as it was.
            raise InvalidArgument("a keypad cannot fill the last half of a byte")
        filled = bytes((rules.pad_byte if rules.pad_to else FILL,)) * size if size else None
        return _Block(format_string(_KINDS[rules.encoding]), block_string(size), 0, minimum, maximum, filled)
    except InvalidArgument as error:
        raise PolicyRefused(f"the {rules.name} cannot be typed at the reader: {error}; nothing was sent") from None


def _sizes(rules: PinRules, stored: int | None) -> tuple[int, int, int]:
    """The least and most digits to take, and the bytes of the block, 0 where that depends on what is typed."""
    least, most, in_a_byte = rules.minimum, rules.maximum, 2 if rules.encoding == "bcd" else 1
    if rules.pad_to:
        return least, most, rules.pad_to
    if stored is not None and least <= stored * in_a_byte and (stored - 1) * in_a_byte < most:
        return max(least, (stored - 1) * in_a_byte + 1), min(most, stored * in_a_byte), stored
    smallest, largest = -(-least // in_a_byte), -(-most // in_a_byte)
    return least, most, largest if smallest == largest else 0
