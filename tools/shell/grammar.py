"""The lines of the shell: a command, its arguments, and what of them is refused before anything happens."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from akis.errors import InvalidArgument

from .bench import Bench

Kind = Literal["file", "DF", "path", "keys", "record", "status word", "command", "apdu", ""]
"""What the arguments of a command are, for completing them."""
_SOURCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|fd:[0-9]{1,4}|file:.+")
_NEVER = "a PIN or PUK never stands on a line: it is asked for, or comes from env:NAME, fd:NUMBER or file:PATH"


class Parser(argparse.ArgumentParser):
    """The arguments of one command. What is wrong is a sentence that repeats nothing of the line."""

    def error(self, message: str) -> NoReturn:
        needs = message.startswith(("the following arguments are required", "expected"))
        said = f": {message}" if needs else ", or not in this form"
        raise InvalidArgument(f"{self.prog} does not take that{said}; see `help {self.prog}`")


@dataclass(frozen=True)
class Command:
    """One command: ``check`` refuses what is wrong with its arguments, ``run`` does it."""

    name: str
    summary: str
    example: str
    run: Callable[[Bench, argparse.Namespace], None]
    configure: Callable[[Parser], None] = lambda parser: None
    check: Callable[[Bench, argparse.Namespace], None] = lambda bench, args: None
    takes: Kind = ""
    parser: Parser = field(init=False)

    def __post_init__(self) -> None:
        parser = Parser(prog=self.name, description=self.summary, add_help=False, allow_abbrev=False)
        parser.epilog = f"example: {self.example}"
        self.configure(parser)
        object.__setattr__(self, "parser", parser)

    @property
    def options(self) -> list[tuple[str, str]]:
        """Its options and what they are for."""
        return [
            (action.option_strings[0], action.help or "") for action in self.parser._actions if action.option_strings
        ]


def words_of(line: str) -> list[str]:
    """The words of a line, without its comment; none of an empty one."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        raise InvalidArgument("a quotation mark in this line has no other end") from None


def understand(line: str, commands: Sequence[Command], bench: Bench) -> tuple[Command, argparse.Namespace] | None:
    """The command of a line and its arguments, none of which are wrong as far as can be told here; None of no command.

    Nothing is sent. :class:`InvalidArgument` repeats nothing of the line, which may have a PIN in the wrong place.
    """
    words = words_of(line)
    if not words:
        return None
    found = next((command for command in commands if command.name == words[0].lower()), None)
    if found is None:
        raise InvalidArgument("there is no such command; `help` lists them")
    args = found.parser.parse_args(words[1:])
    found.check(bench, args)
    return found, args


def source(text: str) -> str:
    """Where a PIN comes from, which is nothing that could be one."""
    if not _SOURCE.fullmatch(text):
        raise InvalidArgument(_NEVER)
    return text


def add_source(parser: Parser, name: str) -> None:
    """``--NAME SOURCE``; see :func:`check_sources`."""
    said = name.replace("-", " ").upper()
    parser.add_argument(f"--{name}", metavar="SOURCE", help=f"the {said} from env:NAME, fd:NUMBER or file:PATH")


def no_value(parser: Parser) -> None:
    """Take a word in the place of an option, to say that it does not belong there."""
    parser.add_argument("value", nargs="*", help=argparse.SUPPRESS)


def check_sources(_: Bench, args: argparse.Namespace) -> None:
    """Refuse what would be a PIN itself."""
    if args.value:
        raise InvalidArgument(_NEVER)
    for name in ("pin", "new_pin", "puk"):
        if getattr(args, name, None) is not None:
            source(getattr(args, name))
