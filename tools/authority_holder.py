"""``akis authority holder``: lock a holder out, or let one in again."""

from __future__ import annotations

import argparse
import json

from .authority_options import add_database, now, opened_store


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the two things that can be done."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, locked, help_text in (
        ("lock", True, "let the holder neither sign in nor unlock a card, from now on"),
        ("unlock", False, "let the holder sign in and unlock cards again"),
    ):
        made = actions.add_parser(
            name,
            allow_abbrev=False,
            help=help_text,
            description=f"{help_text[0].upper()}{help_text[1:]}.",
            epilog=f"example: akis authority holder {name} ayse",
        )
        made.add_argument("name", metavar="NAME", help="the name that the holder signs in with")
        add_database(made)
        made.set_defaults(locked=locked)


def run(args: argparse.Namespace) -> int:
    """Do it and say whether it was so already."""
    from akis.authority.operator import set_locked

    with opened_store(args) as store:
        changed = set_locked(store, args.name, args.locked, now())
    if args.json:
        said = {"schema": 1, "holder": args.name, "locked": args.locked, "changed": changed}
        print(json.dumps(said, ensure_ascii=False))
    else:
        state = "locked" if args.locked else "not locked"
        print(f"{args.name} is {state}{'' if changed else ', as before'}.")
    return 0
