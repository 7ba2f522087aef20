"""The arguments that every subcommand with a card has, and the card they lead to."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .tell import tell

if TYPE_CHECKING:
    from akis.card import Card
    from akis.connect import Connection
    from akis.sm.mutual_auth import DeviceKeys
    from akis.trace.entries import Header
    from akis.transport.base import Transport
    from akis.transport.recording import Recording

READER = "reader: part of its name or its number; or emulator:[NAME][,STATE][,extended][,INS=SW], an \
emulated card, with 24=6985 one that answers 6985 to each command 24; or replay:FILE, a recorded session that plays \
the card; default: AKIS_READER, or the only one"
SM_KEYS = "open a secure session with the device keys of this TOML file (alg, key, enc, mac, ifd_sn, in hex), or with \
the published test keys of an emulated card: emulator:NAME/ROLE; with replay:FILE, those of the recorded session"
PROFILE = (
    "what describes the card: akis-1 or akis-2, or a TOML file of your own; default: by the card's ATR, and akis-2 \
for a card that nobody knows"
)
LEAVE = "leave the card as it is; else it is reset at the end of whatever had to do with a PIN or a key"
_SILENCE = 1.5
"""Seconds; a healthy reader takes less to say what is in it."""


def add_card(parser: argparse.ArgumentParser) -> None:
    """``--reader``, ``--profile``, ``--exclusive``, ``--leave``, ``--trace`` and ``--json``."""
    parser.add_argument("--reader", metavar="R", help=READER)
    parser.add_argument("--profile", metavar="NAME|FILE", help=PROFILE)
    parser.add_argument("--exclusive", action="store_true", help="keep all other programs from the card meanwhile")
    parser.add_argument("--leave", action="store_true", help=LEAVE)
    add_trace(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_trace(parser: argparse.ArgumentParser) -> None:
    """``--trace`` and ``--unsafe-keep-secrets``."""
    parser.add_argument(
        "--trace", metavar="FILE", help="record every exchange with the card to FILE, PINs hidden; see `akis trace`"
    )
    parser.add_argument(
        "--unsafe-keep-secrets", action="store_true", help="record PINs as they are: for test cards only"
    )


def recording(args: argparse.Namespace) -> Recording | None:
    """What ``--trace`` asks for."""
    from akis.errors import InvalidArgument
    from akis.transport.recording import Recording

    if args.trace is None:
        if args.unsafe_keep_secrets:
            raise InvalidArgument("--unsafe-keep-secrets says how to record, and needs --trace FILE")
        return None
    return Recording(Path(args.trace), args.unsafe_keep_secrets)


def record(args: argparse.Namespace, way: Transport, header: Header) -> Transport:
    """``way`` to an emulated card that is not opened by its name, recorded where ``--trace`` asks for that."""
    from datetime import UTC, datetime

    from akis.profile.load import load

    wanted = recording(args)
    if wanted is None:
        return way
    profile = None if header.profile is None else load(header.profile)
    args.recorder = wanted.around(way, header, profile, datetime.now(UTC))
    return args.recorder  # type: ignore[no-any-return]


def tell_of_recording(args: argparse.Namespace) -> None:
    """Say so where the trace lacks what happened; what became of the card does not depend on it."""
    failure = None if getattr(args, "recorder", None) is None else args.recorder.failure
    if failure is not None:
        from akis.errors import AkisError

        # The text of an error that is not ours may hold the command.
        said = str(failure) if isinstance(failure, AkisError) else getattr(failure, "strerror", None)
        why = said or type(failure).__name__
        tell(f"The trace {args.trace} is incomplete: {why}.")


def tell_of_replay(args: argparse.Namespace) -> None:
    """Say so where PINs were taken for right that a recording in the place of the card could not compare."""
    if getattr(getattr(args, "way", None), "hidden", False):
        tell("Note: the recording hides its PINs and PUKs, so those given now were compared with nothing.")


def add_session(parser: argparse.ArgumentParser) -> None:
    """``--sm-keys``."""
    parser.add_argument("--sm-keys", metavar="FILE", help=SM_KEYS)


def open_way(args: argparse.Namespace, keys: Sequence[DeviceKeys] = ()) -> Connection:
    """The way to the card that the arguments name; nothing has been sent to it.

    ``keys`` open a recorded secure session, where the card is a recording. What records is left in ``args.recorder``,
    for :func:`tell_of_recording`, and the way itself in ``args.way``, for :func:`tell_of_replay`.
    """
    from akis.connect import connect

    wanted = recording(args)
    with waiting():
        connection = connect(
            args.reader,
            exclusive=getattr(args, "exclusive", False),
            recording=wanted,
            keys=keys,
            profile=args.profile,
            leave_card=getattr(args, "leave", False),
        )
    args.recorder, args.way = connection.recorder, connection.way
    return connection


def open_card(args: argparse.Namespace) -> tuple[Card, str]:
    """The card that the arguments name, its application selected and its session open where one is asked for.

    Returns the card and the name of where it is. Keys are read first: what is wrong with them reaches no card.
    """
    from .sm_keys import read_keys

    keys = None if args.sm_keys is None else read_keys(args.sm_keys)
    connection = open_way(args, () if keys is None else (keys.device,))
    with ExitStack() as until_open:
        card = until_open.enter_context(connection.card())
        if keys is not None:
            card.require_secure_messaging()
        card.select_application()
        if keys is not None:
            with keys:
                card.open_session(keys.device, keys.ifd_sn)
        until_open.pop_all()
    return card, connection.name


@contextmanager
def waiting() -> Iterator[None]:
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
    from akis.doctor.holders import named, others

    found = others()
    whom = f": {named(found)}" if found else ""
    tell(f"Waiting for the card; another program may keep it busy{whom}. Ctrl-C ends this.")
