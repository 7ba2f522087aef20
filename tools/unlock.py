"""``akis unlock``: a new PIN for one's own card, with a code of the issuer's portal and without a PUK."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from akis.errors import AkisError, InvalidArgument

from .card_options import READER
from .exit_codes import exit_code
from .extras import require
from .language import LANGUAGES, _, speak
from .parser import add_examples
from .tell import tell

if TYPE_CHECKING:
    from akis.connect import Connection
    from akis.unlock.cards import Connect

    from .unlock_answers import Answers
    from .unlock_flow import Where
    from .unlock_report import Report
    from .unlock_view import View

AUTHORITY = "AKIS_AUTHORITY"
"""The environment variable that names the authority."""
_UNATTENDED_WAIT = 60.0
"""Seconds for which a card is waited for where nobody is there to put it in."""
_SOURCE = "env:NAME, fd:NUMBER or file:PATH; asked for when left out"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_examples(parser, "akis unlock --authority https://pin.example.org", "akis unlock --emulator --non-interactive")
    parser.add_argument("--authority", metavar="URL", help=f"the issuer's authority; default: {AUTHORITY}")
    parser.add_argument("--ca", metavar="FILE", help="trust the CAs of this PEM file, and no others, for the authority")
    parser.add_argument("--code", metavar="SOURCE", help=f"where the 15 digits of the portal come from: {_SOURCE}")
    parser.add_argument("--new-pin", metavar="SOURCE", help=f"where the new PIN comes from: {_SOURCE}")
    parser.add_argument(
        "--answer", metavar="SOURCE", help=f"where the SMS code or the web password comes from: {_SOURCE}"
    )
    parser.add_argument("--reader", metavar="R", help=f"where to look for the card, by default everywhere; {READER}")
    parser.add_argument(
        "--terminal-keys",
        metavar="FILE",
        help="device keys of the terminal, as for --sm-keys, for cards that take a PIN only inside secure messaging",
    )
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=_seconds,
        help="how long to wait for the card; default: as long as the authority keeps the unlock open, and with "
        f"--non-interactive {_UNATTENDED_WAIT:.0f}",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.add_argument(
        "--non-interactive", action="store_true", help="ask nothing; every answer is given by an option"
    )
    parser.add_argument("--language", choices=LANGUAGES, help="the language; default: that of the locale")
    parser.add_argument(
        "--trace", metavar="FILE", help="record the exchanges with the card to FILE, PINs hidden; see `akis trace`"
    )
    parser.add_argument(
        "--emulator",
        nargs="?",
        const="",
        metavar="NAME,STATE",
        help="try it out: authority, client and an emulated card, all on this machine; akis-2.2 (a code by SMS) or "
        "akis-2.5 (the web password), new, blocked or last-try; default: akis-2.2,new",
    )
    parser.set_defaults(unsafe_keep_secrets=False)


def run(args: argparse.Namespace) -> int:
    """Unlock a card and tell what became of it."""
    speak(args.language)
    try:
        if args.emulator is not None:
            from .unlock_emulator import run_on_one_machine

            return run_on_one_machine(args, carry_out)
        require("unlock", "`akis unlock`")
        return carry_out(args, _where(args))
    except AkisError as error:
        # Before anything was asked or sent.
        return _end(args, error)
    except KeyboardInterrupt as interrupt:
        # Before the unlock began, or once all was told of it.
        _on_a_new_line()
        tell(f"akis: {_('interrupted')}")
        return exit_code(interrupt)


def carry_out(args: argparse.Namespace, where: Where, answers: Callable[[View], Answers] | None = None) -> int:
    """Go through the unlock of a card that is at ``where``, tell how it ended, and return the exit code.

    ``answers`` makes who answers, for the view that shows the unlock; by default the answers are those that the
    arguments give, or the holder's at the terminal. Raises AkisError only before anything was sent.
    """
    from .unlock_flow import unlock
    from .unlock_signals import Signals
    from .unlock_view import View

    view = View()
    given = _answers(args, view) if answers is None else answers(view)
    with Signals() as signals:
        return _told(args, unlock(where, given, view, signals))


def _answers(args: argparse.Namespace, view: View) -> Answers:
    """Where the answers come from by the arguments; :class:`InvalidArgument` where one is missing and none is asked."""
    from .unlock_answers import GivenAnswers

    sources = {"code": args.code, "new_pin": args.new_pin, "answer": args.answer}
    if args.non_interactive or sys.stdin is None or not sys.stdin.isatty():
        return GivenAnswers(sources)
    from .unlock_prompts import Prompts

    return Prompts(sources, view)


def _where(args: argparse.Namespace) -> Where:
    from pathlib import Path

    from akis.unlock.address import Address

    from .sm_keys import read_keys
    from .unlock_flow import Where

    authority = args.authority or os.environ.get(AUTHORITY)
    if not authority:
        raise InvalidArgument(
            _("no authority was named; its address goes with --authority URL, or into {}").format(AUTHORITY)
        )
    Address.from_text(authority)
    unattended = args.non_interactive and args.wait is None
    return Where(
        authority,
        None if args.ca is None else Path(args.ca),
        args.reader,
        None if args.terminal_keys is None else read_keys(args.terminal_keys),
        _UNATTENDED_WAIT if unattended else args.wait,
        _connect(args),
    )


def _connect(args: argparse.Namespace) -> Connect:
    """The way to a card; that through which the card is unlocked is recorded, where ``--trace`` asks for it."""
    from akis.connect import connect

    from .card_options import recording

    wanted = recording(args)
    if wanted is None:
        return connect
    wanted.check()

    def recorded(target: str, *, exclusive: bool, leave_card: bool) -> Connection:
        if not exclusive:
            return connect(target, exclusive=exclusive, leave_card=leave_card)  # a look, of which there are many
        if getattr(args, "recorder", None) is not None:
            # The card was busy: nothing was asked of it but its number, and now it all begins again.
            wanted.path.unlink(missing_ok=True)
        made = connect(target, exclusive=exclusive, leave_card=leave_card, recording=wanted)
        args.recorder, args.way = made.recorder, made.way
        return made

    return recorded


def _end(args: argparse.Namespace, error: AkisError) -> int:
    """Tell of what went wrong before there was an unlock to speak of."""
    from .unlock_report import Report

    return _told(args, Report.of(None, error))


def _told(args: argparse.Namespace, report: Report) -> int:
    """Say how it ended, and return the exit code."""
    done = report.outcome == "done"
    if report.outcome == "interrupted":
        _on_a_new_line()
    if not done:
        tell(f"akis: {report.message}")
    for text in report.advice:
        tell(text)
    text = json.dumps(report.as_json(), ensure_ascii=False, indent=2) if args.json else report.message if done else ""
    try:
        if text:
            print(text, flush=True)
    except OSError:
        if done:
            raise
        # What became of the card counts more than an output that nobody takes, and that nobody is to try again.
        with suppress(AttributeError, OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return report.code


def _on_a_new_line() -> None:
    """Ctrl-C may have come at a prompt."""
    if sys.stderr.isatty():
        with suppress(OSError):
            print(file=sys.stderr)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < 1_000_000:
        raise ValueError
    return seconds
