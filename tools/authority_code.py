"""``akis authority code``: a code for a holder who cannot sign in at the portal, and whom the operator knows."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from .authority_options import add_database, add_master_key, describe, now, opened_authority, when
from .authority_refusals import refusals

if TYPE_CHECKING:
    from akis.authority.context import Authority
    from akis.authority.store.tables import Holder


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments."""
    describe(
        parser,
        "Issue a code for a holder who is at the counter. Whoever has the code still needs the card and the second "
        "factor. The master key is needed as well, the one that `serve` uses: codes are kept under it.",
        "akis authority code ayse",
        "akis authority code ayse --master-key master.key",
    )
    parser.add_argument("holder", metavar="HOLDER", help="the name that the holder signs in with")
    add_database(parser)
    add_master_key(parser)


def run(args: argparse.Namespace) -> int:
    """Issue it and show it."""
    from akis.authority.people.operator import OPERATOR
    from akis.authority.steps.codes import new_code
    from akis.unlock.code import grouped

    with opened_authority(args) as authority, refusals():
        holder = _holder(authority, args.holder)
        code, expires_at = new_code(authority, holder.id, OPERATOR, actor=OPERATOR)
    with code.secret:
        if args.json:
            said = {"holder": holder.name, "code": code.reveal(), "expires_at": expires_at.isoformat()}
            print(json.dumps({"schema": 1, **said}, ensure_ascii=False))
            return 0
        left = round((expires_at - now()).total_seconds())
        print(f"The code for {holder.full_name}: {grouped(code.reveal())}")
        print(f"It serves once, until {when(expires_at)} UTC, {left} seconds from now. Codes before it are cancelled.")
    return 0


def _holder(authority: Authority, name: str) -> Holder:
    from akis.authority.people.database import find_holder
    from akis.errors import InvalidArgument

    with authority.read() as session:
        found = find_holder(session, name)
    if found is None:
        raise InvalidArgument(f"there is no holder named {name!r}; no code was issued")
    return found
