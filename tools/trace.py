"""``akis trace``: recorded sessions, for people to read, compare and pass on."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple


class Action(NamedTuple):
    """Where an action lives in this package, and what it is good for, in a line."""

    module: str
    help: str


ACTIONS: Mapping[str, Action] = {
    "show": Action("trace_show", "name every byte of a session, as text, JSON or a page to attach to a report"),
    "decrypt": Action("trace_decrypt", "open what was said inside secure messaging, with keys"),
    "diff": Action("trace_diff", "compare two sessions by what they mean"),
    "redact": Action("trace_redact", "write a copy without secrets"),
    "convert": Action("trace_convert", "write a trace or another program's log in another format"),
    "stats": Action("trace_stats", "count commands, status words, bytes and time"),
}


class _ActionParser(argparse.ArgumentParser):
    """The parser of one action, which gets its arguments once it is the chosen one."""

    module = ""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.module:
            action = importlib.import_module(f".{self.module}", __package__)
            self.module = ""
            action.configure(self)
            self.set_defaults(action=action.run)
        return super().parse_known_args(args, namespace)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions; the arguments of each come from its own module."""
    parser.epilog = (
        "A trace comes from --trace FILE of any subcommand with a card; `akis trace ACTION --help` says more."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=_ActionParser)
    for name, action in ACTIONS.items():
        made: _ActionParser = actions.add_parser(name, help=action.help, description=action.help, allow_abbrev=False)
        made.module = action.module


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    return int(args.action(args))
