"""PINs and PUKs as they come in: from a prompt that hides them, or from where a script keeps them; no arguments."""

from __future__ import annotations

import argparse
import getpass
import sys

from akis.errors import InvalidArgument
from akis.secret import Secret
from akis.sources.secrets import read_secret as _from_source

from .tell import tell

HELP = "where the {} comes from: env:NAME, fd:NUMBER or file:PATH; asked for when left out"
PUK_RISK = "Three wrong PUKs destroy this card for good. The issuer's secure session (--sm-keys) unblocks without it."
PUK_WORD = "DESTROY"


def add_secret(parser: argparse.ArgumentParser, name: str) -> None:
    """``--NAME SOURCE``."""
    parser.add_argument(f"--{name}", metavar="SOURCE", help=HELP.format(name.replace("-", " ").upper()))


def read_secret(source: str | None, name: str, twice: bool = False) -> Secret:
    """The PIN or PUK ``name`` from ``source``, or from the terminal, where a new one is asked for ``twice``."""
    return _ask(name, twice) if source is None else _from_source(source, name)


def ask_value(name: str) -> Secret:
    """A value that is asked for on the terminal, and has no other place to come from."""
    if not _has_terminal():
        raise InvalidArgument(f"no terminal to ask for the {name} on; write {{env:NAME}} in its place")
    value = _typed(f"{name}: ")
    if not len(value):
        raise InvalidArgument(f"no {name} was typed; nothing was sent")
    return value


def announce_try(what: str, left: int | None) -> None:
    """Say that a wrong one spends a try, before it is sent; nothing of a blocked one, which is not compared."""
    if left != 0:
        tell(f"{what}: a wrong one spends a try, {'an unknown number' if left is None else left} left.")


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
    except UnicodeDecodeError:
        pass  # it would show a byte of what was typed, and so would its trace as a context
    raise InvalidArgument("what was typed is no text in the encoding of this terminal; nothing was sent")
