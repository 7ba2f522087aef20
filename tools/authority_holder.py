"""``akis authority holder``: show holders; lock one out, or let one in again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .authority_options import add_database, describe, now, opened_store
from .authority_table import table

if TYPE_CHECKING:
    from akis.authority.store.tables import Holder


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what can be done."""
    describe(
        parser,
        "The holders: who they are, what cards they have, whether they are let in.",
        "akis authority holder list",
        "akis authority holder show ayse",
        "akis authority holder lock ayse",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listed = actions.add_parser("list", allow_abbrev=False, help="list all holders, a line each")
    describe(listed, "List all holders, a line each.", "akis authority holder list")
    add_database(listed)
    listed.set_defaults(holder=_list)
    for name, locked, help_text in (
        ("show", None, "show a holder and the cards of this holder"),
        ("lock", True, "let the holder neither sign in nor unlock a card, from now on"),
        ("unlock", False, "let the holder sign in and unlock cards again"),
    ):
        made = actions.add_parser(name, allow_abbrev=False, help=help_text)
        describe(made, f"{help_text[0].upper()}{help_text[1:]}.", f"akis authority holder {name} ayse")
        made.add_argument("name", metavar="NAME", help="the name that the holder signs in with")
        add_database(made)
        made.set_defaults(holder=_show if locked is None else _set_locked, locked=locked)


def run(args: argparse.Namespace) -> int:
    """Do it."""
    return int(args.holder(args))


def as_json(holder: Holder) -> dict[str, Any]:
    """A holder as programs read it, without the phone number and the password."""
    from akis.authority.sms import masked

    return {
        "name": holder.name,
        "full_name": holder.full_name,
        "second_factor": holder.second_factor,
        "phone": None if holder.phone is None else masked(holder.phone),
        "locked": holder.locked,
        "cards": [{"serial": card.serial, "label": card.label, "revoked": card.revoked} for card in holder.cards],
    }


def _list(args: argparse.Namespace) -> int:
    from akis.authority.people.database import list_holders

    with opened_store(args) as store, store.read() as session:
        holders = [as_json(holder) for holder in list_holders(session)]
    if args.json:
        print(json.dumps({"schema": 1, "holders": holders}, ensure_ascii=False, indent=2))
    elif not holders:
        print("There is no holder yet.")
    else:
        rows = [
            (holder["name"], holder["full_name"], _factor(holder), str(len(holder["cards"])), _locked(holder))
            for holder in holders
        ]
        print("\n".join(table(("Name", "Full name", "Second factor", "Cards", "Locked"), rows)))
    return 0


def _show(args: argparse.Namespace) -> int:
    from akis.authority.people.database import known_holder

    with opened_store(args) as store, store.read() as session:
        holder = as_json(known_holder(session, args.name))
    if args.json:
        print(json.dumps({"schema": 1, **holder}, ensure_ascii=False, indent=2))
    else:
        print("\n".join(_in_words(holder)))
    return 0


def _set_locked(args: argparse.Namespace) -> int:
    """Do it and say whether it was so already."""
    from akis.authority.people.operator import set_locked

    with opened_store(args) as store:
        changed = set_locked(store, args.name, args.locked, now())
    if args.json:
        said = {"schema": 1, "holder": args.name, "locked": args.locked, "changed": changed}
        print(json.dumps(said, ensure_ascii=False))
    else:
        state = "locked" if args.locked else "not locked"
        print(f"{args.name} is {state}{'' if changed else ', as before'}.")
    return 0


def _in_words(holder: dict[str, Any]) -> Iterator[str]:
    yield f"{holder['full_name']} signs in as {holder['name']}."
    yield f"Second factor: {_factor(holder)}"
    yield f"Locked: {_locked(holder)}"
    if not holder["cards"]:
        yield "Cards: none"
        return
    yield "Cards:"
    for card in holder["cards"]:
        yield f"  {card['serial']}  {card['label']}{'  revoked' if card['revoked'] else ''}"


def _factor(holder: dict[str, Any]) -> str:
    return f"sms to {holder['phone']}" if holder["second_factor"] == "sms" else str(holder["second_factor"])


def _locked(holder: dict[str, Any]) -> str:
    return "yes" if holder["locked"] else "no"
