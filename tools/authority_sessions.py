"""``akis authority sessions``: the latest unlocks, a line each."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from .authority_options import add_database, now, opened_store, when

if TYPE_CHECKING:
    from akis.authority.people import UnlockLine

_HEADINGS = ("Begun (UTC)", "Holder", "Card", "State", "Outcome", "Card holds")
_SERIAL_END = 8


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments."""
    parser.epilog = "example: akis authority sessions --last 5"
    add_database(parser)
    parser.add_argument("--last", type=int, default=20, metavar="N", help="how many; default: 20")


def run(args: argparse.Namespace) -> int:
    """Print them, the newest first."""
    from akis.authority.people import list_unlocks
    from akis.errors import InvalidArgument

    if args.last < 1:
        raise InvalidArgument("--last is a number from 1 up")
    moment = now()
    with opened_store(args) as store, store.read() as session:
        unlocks = list_unlocks(session, moment, ended=True, at_most=args.last)
    if args.json:
        print(json.dumps({"schema": 1, "unlocks": [_as_json(unlock, moment) for unlock in unlocks]}, indent=2))
    else:
        print("\n".join(_table(unlocks, moment)))
    return 0


def _as_json(unlock: UnlockLine, moment: datetime) -> dict[str, object]:
    times = {"started_at": unlock.started_at.isoformat(), "expires_at": unlock.expires_at.isoformat()}
    return {**asdict(unlock), **times, "state": _state(unlock, moment)}


def _table(unlocks: Sequence[UnlockLine], moment: datetime) -> Iterator[str]:
    if not unlocks:
        yield "No unlock was begun yet."
        return
    rows = [_HEADINGS, *(_row(unlock, moment) for unlock in unlocks)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(unlock: UnlockLine, moment: datetime) -> tuple[str, ...]:
    card = "" if unlock.serial is None else f"…{unlock.serial[-_SERIAL_END:]}"
    # Who was there knows it later than who was not, though nobody vouches for it.
    holds = (unlock.reported or unlock.holds or "").replace("_", " ")
    outcome = (unlock.outcome or "").replace("_", " ")
    return when(unlock.started_at), unlock.holder, card, _state(unlock, moment), outcome, holds


def _state(unlock: UnlockLine, moment: datetime) -> str:
    from akis.authority.people import LIVE

    return "expired" if unlock.state in LIVE and unlock.expires_at <= moment else unlock.state
