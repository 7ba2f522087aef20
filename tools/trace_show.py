"""``akis trace show``: a session with a name for every byte, as text, JSON or a page."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from .parser import add_examples
from .trace_file import FILE, add_reading, open_file, tell_of_size

if TYPE_CHECKING:
    from pathlib import Path

    from akis.trace.entries import Trace
    from akis.trace.show import Style


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_examples(parser, "akis trace show session.jsonl --html session.html")
    parser.add_argument("file", metavar="FILE", help=FILE)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--wire", action="store_true", help="bytes only, without the fields")
    form.add_argument("--brief", action="store_true", help="one line an exchange: time, header, status word, name")
    form.add_argument("--json", action="store_true", help="print exchanges and fields as JSON")
    form.add_argument("--html", metavar="OUT", help="write one page that loads nothing, its name ending in .html")
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Show the trace."""
    from pathlib import Path

    out = None if args.html is None else _page(Path(args.html))
    trace = open_file(args.file, args)
    if out is not None:
        from akis.trace.save import save

        save(trace, out)
        tell_of_size(out)
        print(f"{out} written")
    elif args.json:
        _print_json(trace, args)
    else:
        _print_text(trace, "wire" if args.wire else "brief" if args.brief else "full")
    return 0


def _page(out: Path) -> Path:
    from akis.errors import InvalidArgument
    from akis.trace.save import check_free

    if out.suffix.lower() != ".html":
        raise InvalidArgument("--html writes a page; give it a name that ends in .html")
    check_free(out)
    return out


def _print_json(trace: Trace, args: argparse.Namespace) -> None:
    from akis.trace.as_json import entry_tables, header_table

    from .json_stream import print_object

    head = {"header": header_table(trace.header)}
    print_object(head, "entries", entry_tables(trace), lambda: {"cut": bool(getattr(trace, "cut", False))}, args)


def _print_text(trace: Trace, style: Style) -> None:
    from akis.trace.show import blocks

    if sys.stdout.isatty():
        from .terminal import paint

        paint(lambda width: blocks(trace, style, width))
        return
    write = sys.stdout.write
    for block in blocks(trace, style):
        write(block + "\n")
