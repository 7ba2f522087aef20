"""``akis probe``: meets an unknown card, says what it learned, and writes a draft of a profile for it."""

from __future__ import annotations

import argparse
import json
from contextlib import suppress
from pathlib import Path

from .parser import add_examples

_SUFFIX = ".toml"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    from .card_options import READER, add_trace

    parser.description = (
        "Ask an unknown card what it is, by SELECT and GET DATA only: no try is spent, no session opened, nothing "
        "written to it. The answers make a draft of a profile, which every other command takes with --profile FILE."
    )
    add_examples(parser, "akis probe --reader emulator:akis-2.5 --out draft.toml")
    parser.add_argument("--reader", metavar="R", help=READER)
    parser.add_argument("--out", metavar=f"FILE{_SUFFIX}", help="write the draft there; nothing is overwritten")
    add_trace(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(profile=None)


def run(args: argparse.Namespace) -> int:
    """Ask the card, write the draft, say what was learned."""
    from akis.probe.ask import probe
    from akis.probe.draft import draft

    from . import probe_text
    from .card_options import open_way

    out = None if args.out is None else _free(args.out)
    connection = open_way(args)
    with connection.card() as card:
        found = probe(card)
    made = draft(found)
    if out is not None:
        _write_new(out, made.to_toml())
    report = probe_text.describe(connection.name, found, made, args.out)
    print(json.dumps(report, ensure_ascii=False, indent=2) if args.json else probe_text.as_text(report))
    return 0


def _free(name: str) -> Path:
    """Where the draft goes, found fit for it before the card is asked."""
    from akis.errors import InvalidArgument
    from akis.trace.save import check_free

    out = Path(name)
    if out.suffix != _SUFFIX:
        # Without it, --profile would take the word for the name of a profile of the library.
        raise InvalidArgument(f"the name of a profile's file ends in {_SUFFIX}, and {name} does not; nothing was sent")
    check_free(out)
    return out


def _write_new(out: Path, text: str) -> None:
    """The whole of it or nothing, and never over another file."""
    from akis.errors import InvalidArgument

    made = False
    try:
        with out.open("x", encoding="utf-8", newline="\n") as stream:
            made = True
            stream.write(text)
    except OSError as error:
        if made:
            with suppress(OSError):
                out.unlink()
        raise InvalidArgument(f"{out} cannot be written: {error.strerror or type(error).__name__}") from None
