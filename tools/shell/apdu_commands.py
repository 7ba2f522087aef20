"""``apdu`` and ``expect``: commands byte for byte, and the status word that came last."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable

from akis.commands.risk import risk
from akis.commands.written import WrittenCommand, parse, shows_value
from akis.errors import AnswerDiffers, CodecError, InvalidArgument
from akis.secret import Secret
from akis.trace.redact import masks
from akis.trace.show import Page

from ..apdu_input import check_sendable, confirm_risks, fill
from ..apdu_output import difference, noted
from ..apdu_session import Played, dry
from ..width import columns
from .bench import Bench
from .grammar import Command, Parser

_PAIR = re.compile(r"[0-9A-Fa-f]{2}")
_SHORTEST = 4
_SW = re.compile(r"[0-9A-Fa-fXx]{4}")


def _apdu_arguments(parser: Parser) -> None:
    parser.add_argument(
        "commands",
        metavar="COMMAND",
        nargs="+",
        help="[CLA]INS[P1P2][:DATA][/LE][=SW], or plain hex; {ask} in DATA is asked for, {env:NAME} is a variable",
    )
    parser.add_argument("--no-get-response", action="store_true", help="send nothing of akis' own after 61XX and 6CXX")
    parser.add_argument("--dry-run", action="store_true", help="show the commands, send nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask before a try of a PIN or a key can be spent")
    parser.add_argument(
        "--accept-puk-risk", action="store_true", help="do not ask before a try of the PUK can be spent"
    )


def _check_apdu(_: Bench, args: argparse.Namespace) -> None:
    args.commands = _joined(args.commands)
    for number, text in enumerate(args.commands, 1):
        with parse(text, lambda _: b"", f"command {number}").raw as raw:
            if _shows_secret(text, raw.reveal()):
                raise InvalidArgument(
                    f"command {number} has a PIN or PUK in it, which never stands on a line; write {{ask}} in its "
                    "place, or {env:NAME}"
                )


def _joined(words: list[str]) -> list[str]:
    """One command where all words are two digits each: bytes with spaces between them."""
    spaced = len(words) >= _SHORTEST and all(_PAIR.fullmatch(word) for word in words)
    return ["".join(words)] if spaced else words


def _shows_secret(text: str, raw: bytes) -> bool:
    """Whether a PIN or PUK can be read from what is written."""
    from akis.codec.apdu import CommandApdu

    try:
        command = CommandApdu.from_bytes(raw)
    except CodecError:
        return risk(raw) is not None
    return bool(masks(command)) and ("{" not in text or shows_value(text))


def _apdu(bench: Bench, args: argparse.Namespace) -> None:
    commands = [parse(text, fill, f"command {number}") for number, text in enumerate(args.commands, 1)]
    try:
        check_sendable(commands, inside=bool(bench.secure))
        if args.dry_run:
            _show(bench, dry(commands, bench.profile), len(commands), dry_run=True)
            return
        found = bench.at_stake(commands)
        confirm_risks(args, commands, found)
        bench.sent(commands)
        played = bench.session.played(commands, found, helped=not args.no_get_response)
        _show(bench, played, len(commands), dry_run=False)
    finally:
        for command in commands:
            command.raw.wipe()


def _show(bench: Bench, played: Iterable[Played], total: int, dry_run: bool) -> None:
    """Each exchange as it happens; :class:`AnswerDiffers` where another status word came than the one expected."""
    page = Page(bench.profile, "full", columns())
    differs = ""
    for done in played:
        if done.sw is not None:
            bench.last_sw = done.sw
        for shown in done.shown:
            _print(page.exchange(noted(shown), "done" if dry_run else shown.step.outcome))
        differs = difference(done, bench.profile, total)
    if differs:
        raise AnswerDiffers(differs)


def _print(block: str) -> None:
    if sys.stdout.isatty():
        from ..terminal import paint

        paint(lambda _: [block.strip("\n")])
    else:
        print(block.strip("\n"), flush=True)


def _expect_arguments(parser: Parser) -> None:
    parser.add_argument("sw", metavar="SW", help="four digits, x for any: 9000, 63Cx")


def _check_expect(_: Bench, args: argparse.Namespace) -> None:
    if not _SW.fullmatch(args.sw):
        raise InvalidArgument("a status word is four hex digits, x for any of them: 9000, 63Cx")


def _expect(bench: Bench, args: argparse.Namespace) -> None:
    if bench.last_sw is None:
        raise InvalidArgument("the card has not answered anything yet")
    wanted = args.sw.upper().replace("X", "x")
    if not WrittenCommand(Secret(b""), wanted).fits(bench.last_sw):
        meaning = bench.last_sw.meaning(bench.profile.status_words)
        raise AnswerDiffers(f"{wanted} was expected, the card answered {bench.last_sw}, {meaning}")
    print(f"{bench.last_sw} came, as expected.")


APDU = Command(
    "apdu",
    "send commands byte for byte and explain them",
    "apdu 00CA0106/00=9000",
    _apdu,
    _apdu_arguments,
    _check_apdu,
    takes="apdu",
)
EXPECT = Command(
    "expect",
    "check the last status word",
    "expect 63Cx",
    _expect,
    _expect_arguments,
    _check_expect,
    takes="status word",
)
