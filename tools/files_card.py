"""The card whose files ``akis files`` is about, and how it is opened: plain, in a session, with the PIN verified."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .card_options import add_card, add_session, open_card, open_way
from .pin_input import announce_try, read_secret

if TYPE_CHECKING:
    from akis.codec.file_path import FilePath
    from akis.files import Files

PATH = "file identifiers from the MF, such as 3D00/2F10; / or 3F00 is the MF"


def add_files(parser: argparse.ArgumentParser) -> None:
    """What all actions have: the card's arguments, those of a session, and those of a login."""
    add_card(parser)
    add_session(parser)
    parser.add_argument("--login", action="store_true", help="VERIFY the PIN first: what needs it can be read then")
    parser.add_argument(
        "--pin", metavar="SOURCE", help="where it comes from: env:NAME, fd:NUMBER or file:PATH; implies --login"
    )
    parser.add_argument(
        "--allow-last-try", action="store_true", help="go on with one try left, or an unknown number of tries"
    )


@contextmanager
def opened(args: argparse.Namespace) -> Iterator[tuple[Files, str]]:
    """The files of the card that the arguments name, and the name of where it is; the PIN verified if so wanted."""
    from akis.files import Files

    if not wants_login(args):
        if args.sm_keys is None:
            connection = open_way(args)  # a card without the application has files too
            card, name = connection.card(), connection.name
        else:
            card, name = open_card(args)
        with card:
            yield Files(card), name
        return
    from akis.pin import Pin

    with read_secret(args.pin, "PIN") as secret:
        card, name = open_card(args)
        with card:
            pin = Pin(card)
            announce_try("VERIFY compares the PIN first", pin.tries_left())
            pin.verify(secret, allow_last_try=args.allow_last_try)
            yield Files(card), name


def parsed(text: str) -> FilePath:
    """The path that an argument names."""
    from akis.codec.file_path import parse_path

    return parse_path(text)


def wants_login(args: argparse.Namespace) -> bool:
    """Whether the PIN is to be verified first."""
    return bool(args.login) or args.pin is not None
