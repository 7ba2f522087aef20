"""Every parser of the command line, filled in, as ``--help`` of each command and action has it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from tools.__main__ import SUBCOMMANDS, _parser
from tools.actions import ActionParser
from tools.parser import Parser


def every_parser() -> dict[str, Parser]:
    """By what is typed before ``--help``: ``akis``, ``akis pin``, ``akis pin status``, …"""
    found = {"akis": _parser([])}
    for name in SUBCOMMANDS:
        found.update(_below(_choices(_parser([name]))[name]))
    assert all(isinstance(parser, Parser) for parser in found.values())
    return found


def every_example() -> list[str]:
    """Each once, in the order of the commands."""
    return list(dict.fromkeys(line for parser in every_parser().values() for line in parser.examples))


def _below(parser: Parser) -> Iterator[tuple[str, Parser]]:
    if isinstance(parser, ActionParser):
        parser.fill_in()
    yield parser.prog, parser
    for action in _choices(parser).values():
        yield from _below(action)


def _choices(parser: Parser) -> dict[str, Parser]:
    added = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return next((dict(action.choices) for action in added), {})
