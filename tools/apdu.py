"""``akis apdu``: commands sent to a card as they are written, byte for byte, with a name for each field."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING

from .parser import add_examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akis.commands.written import WrittenCommand
    from akis.profile.model import CardProfile

_DESCRIPTION = """\
Send commands as they are written: exactly these bytes go out, even those that are no command, as far as the way to the
card takes them (PC/SC: 4 bytes at least). A command is [CLA]INS[P1P2][:DATA][/LE][=SW] in hex: 2 digits in front are
INS, 4 CLA INS, 6 INS P1 P2, 8 all four, and what is left out is 00; from 10 digits on it is a whole command in plain
hex. Lc is counted. LE has 2 digits, or 4 for extended length. =SW is the status word that must come, x in it any digit,
and = alone means 9000; the first that does not come ends the run with exit code 10. All goes in one transaction. PINs
on a command line are seen by every user of the machine: write {env:NAME} in the place of one, as in
00200081:{env:PIN}, which stands for the characters of that variable."""
_EXAMPLE = "akis apdu 00A4040C:504B43532D3135=9000 00CA0106/00= --reader emulator:"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    from .card_options import add_card

    parser.description = _DESCRIPTION
    add_examples(parser, _EXAMPLE)
    parser.add_argument(
        "commands", metavar="COMMAND", nargs="*", help="the commands; - alone reads a script from input"
    )
    parser.add_argument("--script", metavar="FILE", help="read the commands from FILE, one a line, # for comments")
    add_card(parser)
    parser.add_argument(
        "--sm-keys",
        metavar="FILE",
        help="open a secure session first, with these device keys (as in `akis pin unblock`), and send the commands "
        "inside it; plain and wire are both shown",
    )
    parser.add_argument(
        "--no-get-response", action="store_true", help="after 61XX and 6CXX send nothing that was not written"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the commands, send nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask before a try of a PIN or a key can be spent")
    parser.add_argument(
        "--accept-puk-risk", action="store_true", help="do not ask before a try of the PUK can be spent"
    )


def run(args: argparse.Namespace) -> int:
    """Read all of it, judge all of it, then send."""
    from .apdu_input import check_sendable, read_commands

    commands = read_commands(args)
    check_sendable(commands, inside=args.sm_keys is not None)
    with ExitStack() as held:
        for command in commands:
            held.enter_context(command.raw)  # wiped at the end
        return _dry_run(args, commands) if args.dry_run else _send(args, commands)


def _dry_run(args: argparse.Namespace, commands: Sequence[WrittenCommand]) -> int:
    from akis.commands.risk import risks

    from .apdu_output import Output
    from .apdu_session import dry

    profile = _profile(args)
    found = list(risks((command.raw.reveal() for command in commands), profile))
    Output(args, profile, len(commands), found, {"reader": None}).show(dry(commands, profile))
    return 0


def _send(args: argparse.Namespace, commands: Sequence[WrittenCommand]) -> int:
    from akis.commands.risk import risks

    from .apdu_input import confirm_risks
    from .apdu_output import Output
    from .apdu_session import Session
    from .card_options import open_way
    from .sm_keys import read_keys
    from .tell import tell

    with ExitStack() as held:
        keys = None if args.sm_keys is None else held.enter_context(read_keys(args.sm_keys))
        connection = open_way(args, () if keys is None else (keys.device,))
        session = Session(connection, helped=not args.no_get_response)
        with session.card:
            if keys is not None:
                session.card.require_secure_messaging()
            found = list(risks((command.raw.reveal() for command in commands), connection.profile))
            confirm_risks(args, commands, found)
            head = {"reader": connection.name, "atr": session.card.atr.hex().upper()}
            output = Output(args, connection.profile, len(commands), found, head)
            try:
                output.show(session.played(commands, found, keys))
            except KeyboardInterrupt:
                tell("akis: interrupted; if a command had left, its outcome is unknown")
                raise
    return 0


def _profile(args: argparse.Namespace) -> CardProfile:
    """What describes a card that is not looked at."""
    from akis.profile.load import DEFAULT, load_any

    return load_any(args.profile or DEFAULT)
