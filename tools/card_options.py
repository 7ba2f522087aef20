"""The arguments that every subcommand with a card has, and the card they lead to."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .tell import tell

if TYPE_CHECKING:
    from akis.card import Card
    from akis.connect import Connection

READER = "reader: part of its name or its number, or emulator:[NAME][,STATE]; default: AKIS_READER, or the only one"
SM_KEYS = "open a secure session with the device keys of this TOML file (alg, key, enc, mac, ifd_sn, in hex), or with \
the published test keys of an emulated card: emulator:NAME/ROLE"
_SILENCE = 1.5
"""Seconds; a healthy reader takes less to say what is in it."""


def add_card(parser: argparse.ArgumentParser) -> None:
    """``--reader`` and ``--json``."""
    parser.add_argument("--reader", metavar="R", help=READER)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_session(parser: argparse.ArgumentParser) -> None:
    """``--sm-keys``."""
    parser.add_argument("--sm-keys", metavar="FILE", help=SM_KEYS)


def open_way(args: argparse.Namespace) -> Connection:
    """The way to the card that the arguments name; nothing has been sent to it."""
    from akis.connect import connect

    with _waiting():
        return connect(args.reader)


def open_card(args: argparse.Namespace) -> tuple[Card, str]:
    """The card that the arguments name, its application selected and its session open where one is asked for.

    Returns the card and the name of where it is. Keys are read first: what is wrong with them reaches no card.
    """
    from .sm_keys import read_keys

    keys = None if args.sm_keys is None else read_keys(args.sm_keys)
    connection = open_way(args)
    card = connection.card()
    try:
        card.select_application()
        if keys is not None:
            with keys:
                card.open_session(keys.device, keys.ifd_sn)
    except BaseException:
        card.close()
        raise
    return card, connection.name


@contextmanager
def _waiting() -> Iterator[None]:
    """For the time of connecting, where PC/SC may wait for another program: say so, and let Ctrl-C end the process.

    PC/SC returns only once the card is free, so until then Python would not get to see the signal.
    """
    note = threading.Timer(_SILENCE, _say_that_it_waits)
    note.daemon = True
    note.start()
    ours = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT) if ours else None
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        note.cancel()
        if before is signal.default_int_handler:
            signal.signal(signal.SIGINT, before)


def _say_that_it_waits() -> None:
    tell("Waiting for the card; another program may keep it busy. Ctrl-C ends this.")
