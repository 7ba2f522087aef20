"""``akis authority``: the issuer's service, and what its operator does besides."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from .actions import Action, add_actions
from .authority_options import describe
from .extras import require

ACTIONS: Mapping[str, Action] = {
    "serve": Action("authority_serve", "run the service that holders and clients speak to"),
    "new-key": Action("authority_new_key", "make a master key and write it into a new file"),
    "migrate": Action("authority_migrate", "make the tables of the database, or bring them up to this version"),
    "import": Action("authority_import", "take holders and their cards from a file, all of it or nothing"),
    "demo-data": Action("authority_demo_data", "put invented holders into the database, and their cards into files"),
    "code": Action("authority_code", "issue a code for a holder who is at the counter"),
    "holder": Action("authority_holder", "show holders and their cards; lock one out, or let one in again"),
    "card": Action("authority_card", "show a card, or revoke it for good"),
    "sessions": Action("authority_sessions", "list the latest unlocks"),
    "audit": Action("authority_audit", "show the audit log, or check that nobody altered it"),
    "bench": Action("authority_bench", "measure how many unlocks the service does on this machine"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions; the arguments of each come from its own module."""
    describe(
        parser,
        "The issuer's service, which unlocks cards from afar, and what its operator does besides. `akis unlock "
        "--emulator` shows an authority, its client and a card at work on one machine.",
        "akis authority new-key master.key",
        "akis authority import people.csv",
        "akis authority serve",
        "akis authority code ayse",
        "akis authority sessions",
    )
    add_actions(parser, ACTIONS)


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    require("authority", "`akis authority`")
    return int(args.action(args))
