"""Subcommands that are several actions: each in a module of its own, of which only the chosen one is imported."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from .parser import Parser


class Action(NamedTuple):
    """Where an action lives in this package, and what it is good for, in a line."""

    module: str
    help: str


def add_actions(parser: argparse.ArgumentParser, actions: Mapping[str, Action]) -> None:
    """Add them by their names; the arguments of each come from its own module, which has ``configure`` and ``run``.

    The chosen one's ``run`` is the argument ``action`` then.
    """
    added = parser.add_subparsers(metavar="ACTION", required=True, parser_class=ActionParser)
    for name, action in actions.items():
        made: ActionParser = added.add_parser(name, help=action.help, description=action.help, allow_abbrev=False)
        made.module = action.module


class ActionParser(Parser):
    """The parser of one action, which gets its arguments once it is the chosen one."""

    module = ""

    def fill_in(self) -> None:
        """Add its arguments, once."""
        if self.module:
            action = importlib.import_module(f".{self.module}", __package__)
            self.module = ""
            action.configure(self)
            self.set_defaults(action=action.run)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self.fill_in()
        return super().parse_known_args(args, namespace)
