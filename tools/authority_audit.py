"""``akis authority audit``: the audit log, shown or checked."""

from __future__ import annotations

import argparse
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .authority_options import add_database, describe, opened_store, when
from .exit_codes import Exit
from .json_stream import print_object
from .tell import tell
from .width import columns

if TYPE_CHECKING:
    from akis.authority.store.tables import AuditEntry

_EXPECTED = re.compile(r"([1-9][0-9]{0,15}):([0-9A-Fa-f]{64})")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the two things that can be done with it."""
    describe(
        parser,
        "The audit log: what was done, tried and refused, in lines that nobody can alter unseen.",
        "akis authority audit show --last 20",
        "akis authority audit verify",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    show = actions.add_parser(
        "show",
        allow_abbrev=False,
        help="list its lines, the oldest first",
    )
    describe(
        show,
        "List the lines of the audit log, the oldest first.",
        "akis authority audit show --last 20",
        "akis authority audit show --holder ayse",
    )
    add_database(show)
    show.add_argument("--card", metavar="SERIAL", help="those of this card only")
    show.add_argument("--holder", metavar="NAME", help="those of what this holder did, tried, or had done")
    show.add_argument("--last", type=int, metavar="N", help="the last N only")
    show.set_defaults(audit=_show)
    verify = actions.add_parser(
        "verify",
        allow_abbrev=False,
        help="check that no line was altered, taken out or put in; exit code 10 where one was",
    )
    describe(
        verify,
        "Check that no line was altered, taken out or put in. The number and hash that it prints, kept where nobody "
        "who can write to the database can write, show later that the log was not made anew.",
        "akis authority audit verify",
        'akis authority audit verify --expect "$LAST"',
    )
    add_database(verify)
    verify.add_argument(
        "--expect", metavar="NUMBER:HASH", type=_expected, help="a line that an earlier run named the last one"
    )
    verify.set_defaults(audit=_verify)


def run(args: argparse.Namespace) -> int:
    """Do it."""
    return int(args.audit(args))


def _show(args: argparse.Namespace) -> int:
    from akis.authority.people.operator import audit_lines
    from akis.errors import InvalidArgument

    if args.last is not None and args.last < 1:
        raise InvalidArgument("--last is a number from 1 up")
    with opened_store(args) as store, store.read() as session:
        lines = audit_lines(session, args.card, args.last, args.holder)
        if args.json:
            print_object({"card": args.card, "holder": args.holder}, "lines", map(as_json, lines), dict, args)
            return 0
        shown = False
        for line in lines:
            shown = True
            print("\n".join(as_text(line)))
    if not shown:
        print("There is no such line in the audit log." if args.card or args.holder else "The audit log is empty.")
    return 0


def _verify(args: argparse.Namespace) -> int:
    from akis.authority.audit import AuditBroken, verify

    with opened_store(args) as store:
        try:
            with store.read() as session:
                found = verify(session, args.expect)
        except AuditBroken as broken:
            if args.json:
                said = {"kind": "AuditBroken", "message": str(broken), "number": broken.number}
                print(json.dumps({"schema": 1, "error": said}, ensure_ascii=False, indent=2))
            tell(f"akis: {broken}")
            return Exit.DIFFERS
    hashed = found.head_hash.hex().upper()
    if args.json:
        print(json.dumps({"schema": 1, "count": found.count, "number": found.head_number, "hash": hashed}, indent=2))
    elif found.count == 0:
        print("The audit log is empty, and whole.")
    else:
        lines = "line" if found.count == 1 else "lines"
        print(f"The audit log is whole: {found.count} {lines}. Keep its last one elsewhere, for --expect:")
        print(f"{found.head_number}:{hashed}")
    return 0


def as_text(line: AuditEntry) -> Iterator[str]:
    """A line as people read it, and beneath it whatever else it says."""
    outcome = "" if line.outcome == "ok" else f": {line.outcome}"
    yield f"{line.number:>6}  {when(line.at)}  {line.actor}  {line.event}{outcome}"
    known = [("card", line.card), *sorted(line.details.items())]
    details = ", ".join(f"{name}: {_shown(value)}" for name, value in known if value is not None)
    if details:
        indent = " " * 8
        yield textwrap.fill(details, columns(), initial_indent=indent, subsequent_indent=indent)


def as_json(line: AuditEntry) -> Mapping[str, Any]:
    """A line as programs read it; ``hash`` covers it and ``previous``."""
    return {
        "number": line.number,
        "at": line.at.isoformat(),
        "actor": line.actor,
        "event": line.event,
        "outcome": line.outcome,
        "card": line.card,
        "details": line.details,
        "previous": line.previous.hex().upper(),
        "hash": line.hash.hex().upper(),
    }


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _expected(text: str) -> tuple[int, bytes]:
    found = _EXPECTED.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError("not NUMBER:HASH, as an earlier `akis authority audit verify` printed it")
    return int(found[1]), bytes.fromhex(found[2])
