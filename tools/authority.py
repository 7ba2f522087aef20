"""``akis authority``: the issuer's service, and what its operator does besides."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from .extras import require


class Action(NamedTuple):
    """Where an action lives in this package, and what it is good for, in a line."""

    module: str
    help: str


ACTIONS: Mapping[str, Action] = {
    "serve": Action("authority_serve", "run the service that holders and clients speak to"),
    "new-key": Action("authority_new_key", "make a master key and write it into a new file"),
    "migrate": Action("authority_migrate", "make the tables of the database, or bring them up to this version"),
    "import": Action("authority_import", "take holders and their cards from a file, all of it or nothing"),
    "demo-data": Action("authority_demo_data", "put invented holders into the database, and their cards into files"),
    "code": Action("authority_code", "issue a code for a holder who is at the counter"),
    "holder": Action("authority_holder", "lock a holder out, or let one in again"),
    "card": Action("authority_card", "revoke a card for good"),
    "sessions": Action("authority_sessions", "list the latest unlocks"),
    "audit": Action("authority_audit", "show the audit log, or check that nobody altered it"),
    "bench": Action("authority_bench", "measure how many unlocks the service does on this machine"),
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
    parser.epilog = "`akis unlock --emulator` shows an authority, its client and a card at work on one machine."
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=_ActionParser)
    for name, action in ACTIONS.items():
        made: _ActionParser = actions.add_parser(name, help=action.help, description=action.help, allow_abbrev=False)
        made.module = action.module


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    require("authority", "`akis authority`")
    return int(args.action(args))
