"""PINs and PUKs as they come in: from a prompt that hides them, or from where a script keeps them; no arguments."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from akis.errors import InvalidArgument
from akis.secret import Secret

from .tell import tell

HELP = "where the {} comes from: env:NAME, fd:NUMBER or file:PATH; asked for when left out"
_LONGEST = 1024


def add_secret(parser: argparse.ArgumentParser, name: str) -> None:
    """``--NAME SOURCE``."""
    parser.add_argument(f"--{name}", metavar="SOURCE", help=HELP.format(name.replace("-", " ").upper()))


def read_secret(source: str | None, name: str, twice: bool = False) -> Secret:
    """The PIN or PUK ``name`` from ``source``, or from the terminal, where a new one is asked for ``twice``."""
    return _ask(name, twice) if source is None else Secret(_read(source, name))


def confirm(question: str, word: str) -> bool:
    """Ask on the terminal, and take nothing but ``word`` for a yes."""
    if not _has_terminal():
        return False
    tell(question)
    try:
        return input(f"Type {word} to go on: ").strip() == word
    except EOFError:
        return False


def _ask(name: str, twice: bool) -> Secret:
    option = "--" + name.lower().replace(" ", "-")
    if not _has_terminal():
        raise InvalidArgument(f"no terminal to ask for the {name} on; say where it comes from with {option} env:NAME")
    first = _typed(f"{name}: ")
    if not len(first):
        raise InvalidArgument(f"no {name} was typed; nothing was sent")
    if twice and _typed(f"{name} again: ") != first:
        raise InvalidArgument(f"the {name} was not the same both times; nothing was sent")
    return first


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _typed(prompt: str) -> Secret:
    try:
        return Secret(getpass.getpass(prompt))
    except EOFError:
        return Secret(b"")


def _read(source: str, name: str) -> bytes:
    kind, _, where = source.partition(":")
    try:
        if kind == "env":
            value = os.fsencode(os.environ.get(where, ""))
        elif kind == "fd":
            with open(int(where), "rb", closefd=False) as stream:  # a number, no path
                value = stream.read(_LONGEST + 1)  # to its end, however it comes in pieces
        elif kind == "file":
            with Path(where).open("rb") as stream:
                value = stream.read(_LONGEST + 1)
        else:
            raise InvalidArgument(
                f"the {name} comes from env:NAME, fd:NUMBER or file:PATH, never as an argument itself"
            )
    except InvalidArgument:
        raise
    except (OSError, ValueError, OverflowError, TypeError) as error:
        # Whatever followed the colon may be a PIN typed in the wrong place, so it is not repeated.
        reason = error.strerror if isinstance(error, OSError) else "that is no number"
        raise InvalidArgument(f"the {name} cannot be read from {kind}: {reason}") from None
    value = value.removesuffix(b"\n").removesuffix(b"\r")
    if not value:
        raise InvalidArgument(f"the {name} from {kind} is empty or not there; nothing was sent")
    if len(value) > _LONGEST:
        raise InvalidArgument(f"the {name} from {kind} is more than {_LONGEST} bytes long; nothing was sent")
    return value
