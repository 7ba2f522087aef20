"""``akis authority card``: show a card, or revoke it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .authority_options import add_database, describe, now, opened_store

if TYPE_CHECKING:
    from akis.authority.store.tables import IssuedCard

_EXAMPLE = "414B4953020244454D4F0001"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the two things that can be done."""
    describe(
        parser,
        "A card by its serial number: whose it is, or that it is never unlocked again.",
        f"akis authority card show {_EXAMPLE}",
        f"akis authority card revoke {_EXAMPLE}",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, run_action, help_text, text in (
        ("show", _show, "show a card: whose it is, what is on it", "Show a card: whose it is, and what is on it."),
        (
            "revoke",
            _revoke,
            "never unlock this card again",
            "Never unlock this card again: there is no way back. Its certificates are revoked elsewhere.",
        ),
    ):
        made = actions.add_parser(name, allow_abbrev=False, help=help_text)
        describe(made, text, f"akis authority card {name} {_EXAMPLE}")
        made.add_argument("serial", metavar="SERIAL", help="its serial number, 24 digits in hex")
        add_database(made)
        made.set_defaults(card=run_action)


def run(args: argparse.Namespace) -> int:
    """Do it."""
    return int(args.card(args))


def _show(args: argparse.Namespace) -> int:
    from akis.authority.people.database import known_card

    with opened_store(args) as store, store.read() as session:
        card = _as_json(known_card(session, args.serial))
    if args.json:
        print(json.dumps({"schema": 1, **card}, ensure_ascii=False, indent=2))
    else:
        print("\n".join(_in_words(card)))
    return 0


def _revoke(args: argparse.Namespace) -> int:
    """Revoke it and say whether it was so already."""
    from akis.authority.people.operator import revoke

    with opened_store(args) as store:
        changed = revoke(store, args.serial, now())
    if args.json:
        print(json.dumps({"schema": 1, "card": args.serial.upper(), "revoked": True, "changed": changed}))
    else:
        print(f"The card {args.serial.upper()} is revoked{'' if changed else ', as before'}.")
    return 0


def _as_json(card: IssuedCard) -> dict[str, Any]:
    return {
        "serial": card.serial,
        "label": card.label,
        "revoked": card.revoked,
        "holder": {"name": card.holder.name, "full_name": card.holder.full_name, "locked": card.holder.locked},
        "profile": card.profile,
        "key_reference": f"{card.key_reference:02X}",
        "algorithm": f"{card.algorithm:02X}",
        "certificates": [
            {
                "subject": certificate.subject,
                "not_before": certificate.not_before.isoformat(),
                "not_after": certificate.not_after.isoformat(),
            }
            for certificate in card.certificates
        ],
    }


def _in_words(card: dict[str, Any]) -> Iterator[str]:
    holder = card["holder"]
    yield f"{card['serial']}, {card['label']}"
    yield f"Holder: {holder['full_name']} ({holder['name']}){', locked' if holder['locked'] else ''}"
    yield f"Revoked: {'yes' if card['revoked'] else 'no'}"
    yield f"Profile {card['profile']}, issuer's key {card['key_reference']}, algorithm {card['algorithm']}"
    yield "Certificates:" if card["certificates"] else "Certificates: none"
    for found in card["certificates"]:
        yield f"  {found['subject']}, {found['not_before'][:10]} to {found['not_after'][:10]}"
