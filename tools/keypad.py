"""PINs that are typed at the reader, where it has a keypad: whether they are, and what is said to who has to type."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .tell import tell

if TYPE_CHECKING:
    from akis.keypad import What

HELP = "ask for PINs at the keyboard, even where the reader has a keypad of its own"
_LOOK = {
    "verify": "Look at the reader: type the PIN there and confirm it with its key.",
    "change": "Look at the reader: type the PIN there, then the new one twice, and confirm each with its key.",
}


def add_keypad(parser: argparse.ArgumentParser) -> None:
    """``--no-pinpad``."""
    parser.add_argument("--no-pinpad", action="store_true", help=HELP)


def typed_at_reader(args: argparse.Namespace, what: What, *sources: str | None) -> bool:
    """Whether to do ``what`` at the reader: it can, nothing says where PINs come from, and no session is wanted.

    No command goes to the card for that. What keeps one from the reader shows when the card is opened.
    """
    if args.no_pinpad or args.sm_keys is not None or any(source is not None for source in sources):
        return False
    from akis.connect import connect
    from akis.errors import AkisError
    from akis.pin import Pin

    from .card_options import waiting

    try:
        with waiting():
            connection = connect(args.reader, profile=args.profile, leave_card=True)
        with connection.transport:
            return Pin(connection.card()).has_keypad(what)
    except AkisError:
        return False


def tell_to_look(what: What, left: int | None, allow_last_try: bool) -> None:
    """Say where the PIN is to be typed; nothing where the guard of the last try will not let it come to that."""
    if left != 0 and (allow_last_try or (left is not None and left > 1)):
        tell(_LOOK[what])
