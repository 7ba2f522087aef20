"""``akis authority card``: revoke a card."""

from __future__ import annotations

import argparse
import json

from .authority_options import add_database, now, opened_store


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the one thing that can be done."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    made = actions.add_parser(
        "revoke",
        allow_abbrev=False,
        help="never unlock this card again",
        description="Never unlock this card again: there is no way back. Its certificates are revoked elsewhere.",
        epilog="example: akis authority card revoke 414B4953020244454D4F0001",
    )
    made.add_argument("serial", metavar="SERIAL", help="its serial number, 24 digits in hex")
    add_database(made)


def run(args: argparse.Namespace) -> int:
    """Revoke it and say whether it was so already."""
    from akis.authority.operator import revoke

    with opened_store(args) as store:
        changed = revoke(store, args.serial, now())
    if args.json:
        print(json.dumps({"schema": 1, "card": args.serial.upper(), "revoked": True, "changed": changed}))
    else:
        print(f"The card {args.serial.upper()} is revoked{'' if changed else ', as before'}.")
    return 0
