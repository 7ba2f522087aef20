"""``akis authority sessions``: the latest unlocks, and what became of each."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from .authority_options import add_database, describe, now, opened_store, when
from .authority_table import table
from .width import columns

if TYPE_CHECKING:
    from akis.authority.people.unlock_lines import UnlockLine

_HEADINGS = ("Begun (UTC)", "Holder", "Card", "What became of it")
_SERIAL_END = 8
_INDENT = " " * 8


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments."""
    describe(
        parser,
        "List the latest unlocks, the newest first. Beneath each: its id, as the audit log and the service's own log "
        "have it; how the authority's exchange with the card ended, and what the card held then; what the card holds "
        "in the end, as the client says; and the last thing that was refused.",
        "akis authority sessions --last 5",
        "akis authority sessions --holder ayse",
    )
    add_database(parser)
    parser.add_argument("--holder", metavar="NAME", help="those of this holder only")
    parser.add_argument("--card", metavar="SERIAL", help="those of this card only, 24 digits in hex")
    parser.add_argument("--last", type=int, default=20, metavar="N", help="how many; default: 20")


def run(args: argparse.Namespace) -> int:
    """Print them, the newest first."""
    from akis.authority.people.database import known_card, known_holder
    from akis.authority.people.unlock_lines import list_unlocks
    from akis.errors import InvalidArgument

    if args.last < 1:
        raise InvalidArgument("--last is a number from 1 up")
    moment = now()
    with opened_store(args) as store, store.read() as session:
        if args.holder is not None:
            known_holder(session, args.holder)
        if args.card is not None:
            known_card(session, args.card)
        unlocks = list_unlocks(session, moment, ended=True, at_most=args.last, holder=args.holder, serial=args.card)
    if args.json:
        print(json.dumps({"schema": 1, "unlocks": [_as_json(unlock, moment) for unlock in unlocks]}, indent=2))
    elif not unlocks:
        print("No unlock was begun yet.")
    else:
        print("\n".join(_text(unlocks, moment)))
    return 0


def _as_json(unlock: UnlockLine, moment: datetime) -> dict[str, object]:
    from akis.authority.people.unlock_lines import LIVE

    found = asdict(unlock)
    if unlock.refusal is not None:
        found["refusal"]["at"] = unlock.refusal.at.isoformat()
    found |= {"started_at": unlock.started_at.isoformat(), "expires_at": unlock.expires_at.isoformat()}
    if unlock.state in LIVE and unlock.expires_at <= moment:
        found["state"] = "expired"
    return {**found, "summary": unlock.summary(moment)}


def _text(unlocks: Sequence[UnlockLine], moment: datetime) -> Iterator[str]:
    rows = [(when(unlock.started_at), unlock.holder, _card(unlock), unlock.summary(moment)) for unlock in unlocks]
    headings, *lines = table(_HEADINGS, rows)
    yield headings
    for line, unlock in zip(lines, unlocks, strict=True):
        yield line
        for text in _beneath(unlock):
            yield textwrap.fill(text, columns(), initial_indent=_INDENT, subsequent_indent=_INDENT)


def _beneath(unlock: UnlockLine) -> Iterator[str]:
    yield f"unlock: {unlock.id}"
    exchange = _words(unlock.outcome) if unlock.exchanges or unlock.outcome else "none"
    card, client = _words(unlock.holds), _words(unlock.reported)
    yield f"exchange: {exchange}, card then: {card}, client reported: {client}"
    if unlock.refusal is not None:
        refusal = unlock.refusal
        yield f"last refused: {_words(refusal.event)}, {_words(refusal.kind)}, at {when(refusal.at)}"


def _card(unlock: UnlockLine) -> str:
    return "" if unlock.serial is None else f"…{unlock.serial[-_SERIAL_END:]}"


def _words(name: str | None) -> str:
    return "-" if name is None else name.replace("_", " ")
