"""What ``akis apdu`` is to send: from arguments, a script or standard input; and the permission to risk a try."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from akis.errors import CodecError, InvalidArgument, PolicyRefused

from .pin_input import PUK_RISK, PUK_WORD, confirm
from .tell import tell

if TYPE_CHECKING:
    from akis.commands.risk import Risk
    from akis.commands.written import WrittenCommand

_LONGEST = 1 << 20
_WORD = "SEND"
_SHORTEST = 4


def read_commands(args: argparse.Namespace) -> list[WrittenCommand]:
    """The commands, all of them read and found well written; at least one."""
    from akis.commands.written import parse, parse_script

    from_input = args.commands == ["-"]
    if args.script is not None and args.commands:
        raise InvalidArgument("give commands, or --script FILE, not both; nothing was sent")
    if "-" in args.commands and not from_input:
        raise InvalidArgument("- reads all commands from standard input, and stands alone; nothing was sent")
    if args.script is None and not from_input:
        found = [parse(text, fill, f"command {number}") for number, text in enumerate(args.commands, 1)]
    else:
        found = list(parse_script(_text("-" if from_input else args.script), fill))
    if not found:
        raise InvalidArgument("there is no command to send; see --help for how to write one")
    return found


def check_sendable(commands: Sequence[WrittenCommand], inside: bool) -> None:
    """Refuse what would not arrive as it is written, or would be shown though it was kept out of sight.

    ``inside`` says that they go into a secure session, which takes nothing but whole and plain commands.
    """
    from akis.codec.apdu import CommandApdu
    from akis.trace.annotate import command_name, protected
    from akis.trace.redact import masks

    for number, written in enumerate(commands, 1):
        raw = written.raw.reveal()
        if len(raw) < _SHORTEST:
            raise InvalidArgument(f"command {number} has less than {_SHORTEST} bytes, which no reader takes")
        try:
            command = CommandApdu.from_bytes(raw)
        except CodecError as error:
            if inside:
                raise InvalidArgument(f"command {number} cannot go inside a secure session: {error}") from None
            continue
        if inside and protected(command.cla):
            raise InvalidArgument(f"command {number} is protected already; inside --sm-keys, write it in plain")
        if written.filled and not masks(command):
            raise InvalidArgument(
                f"command {number}: {{env:NAME}} is for PINs and PUKs, which are hidden wherever they would show, and "
                f"{command_name(command)} shows its data; nothing was sent"
            )


def confirm_risks(args: argparse.Namespace, commands: Sequence[WrittenCommand], found: Sequence[Risk | None]) -> None:
    """Say which commands can spend a try, and go on only where somebody has said yes to it.

    :class:`PolicyRefused`, with nothing sent, where nobody has. The PUK needs a word, and an option, of its own.
    """
    at_stake = [(number, name_of(commands[number - 1]), risk) for number, risk in enumerate(found, 1) if risk]
    for number, name, risk in at_stake:
        tell(f"Command {number}, {name}, {in_words(risk)}.")
    of_puk = next((place for place in at_stake if place[2].name == "PUK"), None)
    other = next((place for place in at_stake if place[2].name != "PUK"), None)
    if of_puk is not None and not args.accept_puk_risk and not confirm(PUK_RISK, PUK_WORD):
        raise _refused(of_puk, "--accept-puk-risk")
    if other is not None and not args.yes and not confirm("Nothing has been sent yet.", _WORD):
        raise _refused(other, "--yes")


def in_words(risk: Risk) -> str:
    """What a command does that can spend a try."""
    if risk.name == "key":
        return "proves a key, and what is wrong may spend a try of that key"
    if not risk.sure:
        return f"may compare the {risk.name} on some cards, and spend a try"
    return f"compares the {risk.name}: a wrong one spends a try"


def name_of(written: WrittenCommand) -> str:
    """The name of the command."""
    from akis.codec.apdu import CommandApdu
    from akis.trace.annotate import command_name

    raw = written.raw.reveal()
    try:
        return command_name(CommandApdu.from_bytes(raw))
    except CodecError:
        return f"{command_name(CommandApdu(*raw[:_SHORTEST]))}, malformed"


def _refused(place: tuple[int, str, Risk], option: str) -> PolicyRefused:
    number, name, risk = place
    return PolicyRefused(
        f"command {number}, {name}, can spend a try of the {risk.name}, and nobody has confirmed it; nothing was sent, "
        f"{option} lets it through"
    )


def fill(source: str) -> bytes:
    """The value for a placeholder: from ``env:NAME``, or asked for at a prompt that hides it."""
    from .pin_input import ask_value, read_secret

    with ask_value("value") if source == "ask" else read_secret(source, "value") as secret:
        return secret.reveal()


def _text(name: str) -> str:
    """A script."""
    said = "standard input" if name == "-" else name
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_LONGEST + 1)
        else:
            with Path(name).open("rb") as stream:
                data = stream.read(_LONGEST + 1)
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"{said} cannot be read: {getattr(error, 'strerror', None) or 'no such name'}") from None
    if len(data) > _LONGEST:
        raise InvalidArgument(f"{said} has more than {_LONGEST} bytes, too many for a script")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidArgument(f"{said} is no text in UTF-8") from None
