"""``akis trace redact``: a copy without secrets, in the format of akis."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from .parser import add_examples
from .tell import tell
from .trace_file import FILE, add_reading

if TYPE_CHECKING:
    from akis.trace.marked import Mark

_PLACE = re.compile(r"([0-9]{1,18}):(command|response):([0-9]{1,9})\+([0-9]{1,9})=(.*)", re.DOTALL)
_FORM = "N:command|response:START+LENGTH=SLOT"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_examples(parser, "akis trace redact opensc-debug.txt clean.jsonl --hide 12:response:0+16=holder-name")
    parser.add_argument("file", metavar="IN", help=FILE)
    parser.add_argument("out", metavar="OUT", help="the new file, its name ending in .jsonl")
    what = "bytes of exchange N, as `akis trace show --wire` counts them, START from 0"
    parser.add_argument(
        "--hide", metavar=_FORM, action="append", default=[], help=f"hide {what}; may be given more than once"
    )
    parser.add_argument(
        "--varies", metavar=_FORM, action="append", default=[], help=f"name, and do not hide, {what}, because they vary"
    )
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Write the copy."""
    from pathlib import Path

    from akis.errors import InvalidArgument
    from akis.trace.marked import Marked
    from akis.trace.open import open_trace
    from akis.trace.save import check_free, save

    marks = [*(_mark(text, True) for text in args.hide), *(_mark(text, False) for text in args.varies)]
    out = Path(args.out)
    if out.suffix.lower() != ".jsonl":
        raise InvalidArgument("redact writes the format of akis; give the copy a name that ends in .jsonl")
    check_free(out)
    trace = Marked(open_trace(args.file, args.profile, reader=args.from_reader), marks)
    save(trace, out)
    if trace.cut:
        tell(f"Note: the last line of {args.file} is cut off, and was left out.")
    print(f"{out} written")
    return 0


def _mark(text: str, hidden: bool) -> Mark:
    from akis.errors import InvalidArgument
    from akis.trace.marked import Mark

    found = _PLACE.fullmatch(text)
    if found is None:
        raise InvalidArgument(f"which bytes to mark is said as {_FORM}, such as 3:response:0+8=challenge")
    number, side, start, length, slot = found.groups()
    return Mark(int(number), "command" if side == "command" else "response", int(start), int(length), slot, hidden)
